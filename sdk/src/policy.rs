//! Policies tighten what a grant allows; they can never loosen it.

use crate::ConfigError;

pub use crate::bindings::policy::exports::hushgate::plugin::policy::{
    FieldView, Obligation, Request, Verdict,
};

/// Judges releases. Export it with [`policy!`](crate::policy!).
pub trait Policy: Sized {
    /// Makes the policy from a JSON object (`{}` when the owner set nothing).
    ///
    /// # Errors
    ///
    /// Names the setting that is missing or wrong; see [`config::parse`](crate::config::parse).
    fn configure(json: &str) -> Result<Self, ConfigError>;

    /// Judges one release.
    ///
    /// # Errors
    ///
    /// Any error withholds it.
    fn evaluate(&self, request: Request) -> Result<Verdict, String>;
}

/// Exports a type that implements [`Policy`](crate::policy::Policy) as the component's policy.
///
/// Once for each crate. It does something in a build for WebAssembly only: elsewhere the plugin is a plain
/// library, to be tested as such.
#[macro_export]
macro_rules! policy {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Component;

            ::std::thread_local! {
                static PLUGIN: $crate::slot::Slot<$plugin> = const { $crate::slot::Slot::empty() };
            }

            impl $crate::bindings::policy::exports::hushgate::plugin::policy::Guest for Component {
                fn configure(json: ::std::string::String) -> ::std::result::Result<(), $crate::ConfigError> {
                    PLUGIN.with(|slot| slot.fill(<$plugin as $crate::policy::Policy>::configure(&json)))
                }

                fn evaluate(
                    request: $crate::policy::Request,
                ) -> ::std::result::Result<$crate::policy::Verdict, ::std::string::String> {
                    PLUGIN.with(|slot| {
                        slot.ask(::std::convert::identity, |plugin| {
                            $crate::policy::Policy::evaluate(plugin, request)
                        })
                    })
                }
            }

            $crate::bindings::policy::export_policy!(Component with_types_in $crate::bindings::policy);
        };
    };
}
