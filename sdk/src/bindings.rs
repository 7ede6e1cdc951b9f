//! Generated from `wit/`: one module for each world, all three sharing one set of types.

// Documented in `wit/`, whose comments the generator copies.
pub mod adapter {
    wit_bindgen::generate!({
        path: "../wit",
        world: "adapter-plugin",
        pub_export_macro: true,
        default_bindings_module: "hushgate_sdk::bindings::adapter",
        export_macro_name: "export_adapter",
        additional_derives: [PartialEq],
    });
}

pub mod minimizer {
    wit_bindgen::generate!({
        path: "../wit",
        world: "minimizer-plugin",
        pub_export_macro: true,
        default_bindings_module: "hushgate_sdk::bindings::minimizer",
        export_macro_name: "export_minimizer",
        additional_derives: [PartialEq],
        with: {
            "hushgate:plugin/types@0.1.0": crate::bindings::adapter::hushgate::plugin::types,
            "hushgate:plugin/log@0.1.0": crate::bindings::adapter::hushgate::plugin::log,
        },
    });
}

pub mod policy {
    wit_bindgen::generate!({
        path: "../wit",
        world: "policy-plugin",
        pub_export_macro: true,
        default_bindings_module: "hushgate_sdk::bindings::policy",
        export_macro_name: "export_policy",
        additional_derives: [PartialEq],
        with: {
            "hushgate:plugin/types@0.1.0": crate::bindings::adapter::hushgate::plugin::types,
            "hushgate:plugin/log@0.1.0": crate::bindings::adapter::hushgate::plugin::log,
        },
    });
}
