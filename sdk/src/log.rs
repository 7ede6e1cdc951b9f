//! Writes to the gateway's local log, which is off unless the owner asks for it.
//!
//! At most 10 lines in 10 seconds, 256 bytes each; the gateway drops the rest. Never write a value that a
//! device sent. Outside WebAssembly these do nothing.

use crate::bindings::adapter::hushgate::plugin::log::Level;

/// For the plugin's author.
pub fn debug(line: &str) {
    write(Level::Debug, line);
}

/// For the owner: something changed.
pub fn info(line: &str) {
    write(Level::Info, line);
}

/// For the owner: something is wrong and can be put right.
pub fn warn(line: &str) {
    write(Level::Warn, line);
}

#[cfg(target_arch = "wasm32")]
fn write(level: Level, line: &str) {
    crate::bindings::adapter::hushgate::plugin::log::write(level, line);
}

#[cfg(not(target_arch = "wasm32"))]
const fn write(_level: Level, _line: &str) {}
