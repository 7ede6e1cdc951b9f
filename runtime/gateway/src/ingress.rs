//! Where frames come in: an embedded MQTT broker, an existing one, and HTTP.
//!
//! # Promises
//!
//! - A device is who its secret says; what a frame says about its sender is not believed.
//! - A device publishes on its own topics only. Anything else is refused, and the ledger says so.
//! - The acknowledgement (PUBACK, 2xx) comes after the commit. While the disk takes nothing it is withheld, or
//!   HTTP answers 503 with Retry-After.

pub mod broker;
pub mod credentials;
pub mod http;
pub mod serve;
pub mod subscriber;
pub mod topics;
pub mod visitor;
