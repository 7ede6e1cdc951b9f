//! The recipient's side: opens releases, keeps them for as long as was agreed, signs for them, shows them.
//!
//! # Promises
//!
//! - A receipt is signed only when the release is on disk.
//! - A release is stored once, however often it comes.
//! - Only gateways that were invited are heard; what they send is opened as from them or not at all.
//! - The page needs a password wherever the hub is reached from elsewhere, and no JavaScript anywhere.

pub(crate) mod page;
pub mod running;
pub mod server;
pub mod settings;
pub(crate) mod store;
