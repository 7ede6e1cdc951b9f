//! What `wit/` says, as Rust types. What a plugin returned is untrusted until the gateway has checked it.

#![expect(missing_docs, reason = "generated; the documentation is in wit/")]

/// The shared types and the world of adapters.
pub mod adapter {
    wasmtime::component::bindgen!({ path: "../../wit", world: "adapter-plugin" });
}

/// The world of minimizers.
pub mod minimizer {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "minimizer-plugin",
        with: {
            "hushgate:plugin/types@0.1.0": crate::bindings::adapter::hushgate::plugin::types,
            "hushgate:plugin/log@0.1.0": crate::bindings::adapter::hushgate::plugin::log,
        },
    });
}

/// The world of policies.
pub mod policy {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "policy-plugin",
        with: {
            "hushgate:plugin/types@0.1.0": crate::bindings::adapter::hushgate::plugin::types,
            "hushgate:plugin/log@0.1.0": crate::bindings::adapter::hushgate::plugin::log,
        },
    });
}

pub use adapter::{
    exports::hushgate::plugin::adapter::DecodeError,
    hushgate::plugin::{
        log,
        types::{self, ConfigError, Field, Frame, Reading, Scalar},
    },
};
pub use minimizer::exports::hushgate::plugin::minimizer::Step;
pub use policy::exports::hushgate::plugin::policy::{FieldView, Obligation, Request, Verdict};
