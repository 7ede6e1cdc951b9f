//! Reaches and hosts onion services, and keeps at it through outages.
//!
//! # Promises
//!
//! - Nothing is ever sent to anything but a version 3 onion address: there is no way to name an
//!   ordinary host, and no name is looked up.
//! - [`Tor::start`] and [`Tor::host`] work while the network is away; everything comes up by itself
//!   once it is back.
//! - Streams with different isolation never share a circuit.
//! - Every call ends by its own deadline.
//! - Nothing that was sent, and no address, is ever logged here.

mod client;
mod connect;
mod keeper;
mod onion;
mod progress;
mod service;
mod settings;
mod stream;
mod tor;
mod watchdog;

pub use connect::ConnectError;
pub use onion::{AddressError, check_onion};
pub use progress::Progress;
pub use service::{HostError, Service};
pub use settings::{Settings, StartError};
pub use stream::Stream;
pub use tor::Tor;
