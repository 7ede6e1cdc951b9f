//! Runs plugins: WebAssembly components that understand, minimize and judge, and reach nothing.
//!
//! # Promises
//!
//! - Every entry into a plugin, instantiation and `configure` included, has a deadline, a memory limit and
//!   an output limit ([`limits::Limits`]). Breaking one costs that call and that instance, never the process.
//! - A plugin is handed nothing but its arguments and a rate-limited local log: no clock, randomness, file,
//!   network or environment is linked; at most, where the gateway says so, a WASI that has none of it either
//!   ([`wasi`]).
//! - A component is compiled once; the result is kept under a keyed digest, and a file that this gateway did
//!   not write is never loaded.
//!
//! This crate knows frames, readings and verdicts, and nothing of the gateway. It is the only one that names
//! `wasmtime`.

pub mod bindings;
pub mod cache;
pub mod engine;
pub mod limits;
pub mod plugin;
pub mod sandbox;
pub mod wasi;
