//! Plugins on this machine: what they say of themselves, how they are loaded, and who uses them.
//!
//! # Promises
//!
//! - A message sees one generation of plugins: plans are built as a whole and swapped behind one pointer.
//! - A plugin that does not load, fit or accept its settings never becomes part of a plan.

pub mod library;
pub mod lock;
pub mod manifest;
pub mod named;
pub mod pace;
pub mod plan;
pub mod settings;
pub mod shelf;
pub mod table;
pub mod trust;
