//! What the author of a plugin needs: the types of the contract, one trait and one macro for each kind.
//!
//! # Promises
//!
//! - A plugin is an ordinary value: made once from its configuration, then asked, never changed. So it can be
//!   tested on any machine, without WebAssembly.
//! - The component imports nothing but [`log`]: no clock, network, file or random number.
//! - Nothing here panics. What was not configured answers every call with an error.
//!
//! # A plugin
//!
//! ```
//! use hushgate_sdk::{
//!     adapter::{Adapter, DecodeError},
//!     ConfigError, Field, Frame, Reading, Scalar,
//! };
//!
//! struct OneByte;
//!
//! impl Adapter for OneByte {
//!     fn configure(_json: &str) -> Result<Self, ConfigError> {
//!         Ok(Self)
//!     }
//!
//!     fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
//!         let [pulse] = frame.body[..] else {
//!             return Err(DecodeError::Malformed("one byte is expected".to_owned()));
//!         };
//!         let field = Field::with_unit("heart-rate", Scalar::Int(pulse.into()), "/min");
//!         Ok(vec![Reading::now("heart-rate", vec![field])])
//!     }
//! }
//!
//! hushgate_sdk::adapter!(OneByte);
//! ```
//!
//! Build it as a `cdylib` for `wasm32-unknown-unknown` with the linker `wasm-component-ld`, and put its
//! `plugin.toml` beside it.

pub mod adapter;
pub mod bytes;
pub mod config;
pub mod decimal;
pub mod exact;
pub mod fields;
pub mod flag;
// Of components alone, and tested where tests run.
#[cfg(any(target_arch = "wasm32", test))]
mod heap;
pub mod json;
pub mod log;
pub mod mapping;
pub mod minimizer;
pub mod naming;
mod nearest;
mod notation;
pub mod number;
pub mod path;
pub mod policy;
mod reading;
pub mod state;
pub mod testing;
pub mod time;
mod typed;
pub mod unit;
pub mod window;

// For the macros alone: they expand in the plugin's crate and must name these.
#[doc(hidden)]
pub mod bindings;
#[doc(hidden)]
pub mod slot;

// The generated path of these names the package and world, which no author should have to write.
pub use bindings::adapter::hushgate::plugin::types::{ConfigError, Field, Frame, Reading, Scalar};

/// Small, and frees: an instance answers many calls, within 8 MiB unless its manifest says more.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: heap::Heap<rlsf::SmallGlobalTlsf> = heap::Heap::new(rlsf::SmallGlobalTlsf::new());
