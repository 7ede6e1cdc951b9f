//! Adapters understand one kind of device: frame to readings.

use crate::{ConfigError, Frame, Reading};

pub use crate::bindings::adapter::exports::hushgate::plugin::adapter::DecodeError;

/// Understands one kind of device. Export it with [`adapter!`](crate::adapter!).
pub trait Adapter: Sized {
    /// Makes the adapter from a JSON object (`{}` when the owner set nothing).
    ///
    /// # Errors
    ///
    /// Names the setting that is missing or wrong; see [`config::parse`](crate::config::parse).
    fn configure(json: &str) -> Result<Self, ConfigError>;

    /// Decodes one frame, independently of earlier ones, to at most 64 readings and 64 KiB.
    ///
    /// # Errors
    ///
    /// Any of them sends the frame to quarantine. The texts may quote the device: they are never logged.
    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError>;
}

/// Exports a type that implements [`Adapter`](crate::adapter::Adapter) as the component's adapter.
///
/// Once for each crate. It does something in a build for WebAssembly only: elsewhere the plugin is a plain
/// library, to be tested as such.
#[macro_export]
macro_rules! adapter {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Component;

            ::std::thread_local! {
                static PLUGIN: $crate::slot::Slot<$plugin> = const { $crate::slot::Slot::empty() };
            }

            impl $crate::bindings::adapter::exports::hushgate::plugin::adapter::Guest for Component {
                fn configure(json: ::std::string::String) -> ::std::result::Result<(), $crate::ConfigError> {
                    PLUGIN.with(|slot| slot.fill(<$plugin as $crate::adapter::Adapter>::configure(&json)))
                }

                fn decode(
                    frame: $crate::Frame,
                ) -> ::std::result::Result<::std::vec::Vec<$crate::Reading>, $crate::adapter::DecodeError> {
                    PLUGIN.with(|slot| {
                        slot.ask($crate::adapter::DecodeError::Unsupported, |plugin| {
                            $crate::adapter::Adapter::decode(plugin, frame)
                        })
                    })
                }
            }

            $crate::bindings::adapter::export_adapter!(Component with_types_in $crate::bindings::adapter);
        };
    };
}
