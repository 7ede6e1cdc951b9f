//! What crosses the network between a gateway and a hub: one place for both ends.
//!
//! # Promises
//!
//! - A release is sealed with HPKE (RFC 9180) in auth mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
//!   ChaCha20-Poly1305. Only the recipient can open it, and only the sender can have made it.
//! - Envelopes of one contract have one size: what is inside is padded before it is sealed.
//! - Parsing takes hostile bytes: every length is checked, nothing panics.

pub mod deposit;
pub mod envelope;
pub mod invite;
pub mod letter;
pub mod pairing;
pub mod receipt;
pub mod withdrawal;
