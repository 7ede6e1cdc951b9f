//! A privacy gateway: readings come in from devices, and only what their subjects agreed to goes out, through
//! Tor, sealed to its recipient, with a receipt for each delivery.
//!
//! One message crosses the modules below from top to bottom. [`intake`] runs the inbound half and [`delivery`]
//! the outbound half; the file of [`store`] is the only thing they share.
//!
//! ```text
//! device -> ingress -> intake( pipeline: decode, decide, minimize, oblige, clamp, seal ) -> outbox
//!                                                                                             |
//!            witness <- ledger <- receipt <- hub <- transport <- delivery <-------------------+
//! ```
//!
//! `tests/tidy.rs` holds the table of which module may name which, and fails when it is broken.

// The path of one message, in order.
pub mod consent;
pub mod delivery;
pub mod ingress;
pub mod intake;
pub mod ledger;
pub mod message;
pub mod outbox;
pub mod outcome;
pub mod pipeline;
pub mod transport;
#[cfg(feature = "matrix")]
pub mod witness;

// What the path stands on.
pub mod contract;
pub mod home;
pub mod html;
pub mod keys;
pub mod plugins;
pub mod secret;
pub mod signature;
pub mod source;
pub mod store;
pub mod wire;

// What people can see of it, in numbers and pictures, and what subjects can ask for.
pub mod control;
pub mod page;
pub mod report;
pub mod rights;
pub mod telemetry;

// The recipient's side, what starts everything, and who asks for it.
pub mod cli;
pub mod config;
pub mod gateway;
pub mod hub;
