//! Minimizers make less of what an adapter understood: they drop, average, count.

use crate::{ConfigError, Field, Reading};

pub use crate::bindings::minimizer::exports::hushgate::plugin::minimizer::Step;

/// The most fields that a reading may have.
const FIELDS_MAX: usize = 256;

/// Makes less of readings. Export it with [`minimizer!`](crate::minimizer!).
pub trait Minimizer: Sized {
    /// Makes the minimizer from a JSON object (`{}` when the owner set nothing).
    ///
    /// # Errors
    ///
    /// Names the setting that is missing or wrong; see [`config::parse`](crate::config::parse).
    fn configure(json: &str) -> Result<Self, ConfigError>;

    /// Returns what may go on, and the state for the next call (at most 16 KiB).
    ///
    /// `state` is what the call before returned, for this device and grant; `now_ms` counts from 1970-01-01
    /// (UTC). The result must depend on the arguments alone.
    ///
    /// # Errors
    ///
    /// Any error withholds the frame and leaves the state as it was.
    fn minimize(
        &self,
        state: Option<Vec<u8>>,
        now_ms: u64,
        readings: Vec<Reading>,
    ) -> Result<Step, String>;
}

impl Step {
    /// What goes on when nothing needs to be remembered.
    #[must_use]
    pub const fn stateless(readings: Vec<Reading>) -> Self {
        Self { state: None, readings }
    }
}

/// The readings with what `change` makes of each field: without the fields of which it makes nothing, and without
/// readings that have none left. Of one reading, at most 256 fields go on.
pub fn change_fields<I: IntoIterator<Item = Field>>(
    mut readings: Vec<Reading>,
    mut change: impl FnMut(Field) -> I,
) -> Vec<Reading> {
    for reading in &mut readings {
        let fields = std::mem::take(&mut reading.fields).into_iter();
        reading.fields = fields.flat_map(&mut change).take(FIELDS_MAX).collect();
    }
    readings.retain(|reading| !reading.fields.is_empty());
    readings
}

/// Exports a type that implements [`Minimizer`](crate::minimizer::Minimizer) as the component's minimizer.
///
/// Once for each crate. It does something in a build for WebAssembly only: elsewhere the plugin is a plain
/// library, to be tested as such.
#[macro_export]
macro_rules! minimizer {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Component;

            ::std::thread_local! {
                static PLUGIN: $crate::slot::Slot<$plugin> = const { $crate::slot::Slot::empty() };
            }

            impl $crate::bindings::minimizer::exports::hushgate::plugin::minimizer::Guest for Component {
                fn configure(json: ::std::string::String) -> ::std::result::Result<(), $crate::ConfigError> {
                    PLUGIN.with(|slot| slot.fill(<$plugin as $crate::minimizer::Minimizer>::configure(&json)))
                }

                fn minimize(
                    state: ::std::option::Option<::std::vec::Vec<u8>>,
                    now_ms: u64,
                    readings: ::std::vec::Vec<$crate::Reading>,
                ) -> ::std::result::Result<$crate::minimizer::Step, ::std::string::String> {
                    PLUGIN.with(|slot| {
                        slot.ask(::std::convert::identity, |plugin| {
                            $crate::minimizer::Minimizer::minimize(plugin, state, now_ms, readings)
                        })
                    })
                }
            }

            $crate::bindings::minimizer::export_minimizer!(Component with_types_in $crate::bindings::minimizer);
        };
    };
}
