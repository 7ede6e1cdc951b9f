//! Decides what may leave, for whom, how finely and how often. Default deny.
//!
//! # Promises
//!
//! - A [`release::Consented`] exists only for fields that a valid grant names, each inside its range and on its
//!   step. Only `consent::release` makes one, and the outbox accepts nothing else.
//! - Deny overrides: a device with several subjects releases only what all of them granted.
//! - An unknown clock counts as denied: a grant has an end, and nobody can tell whether it came.
//! - For any plugin, however hostile, a recipient learns at most [`capacity::Capacity`] bits in an hour.

pub mod capacity;
pub mod decision;
pub mod ending;
pub mod entropy;
pub mod field;
pub mod glass;
pub mod grant;
pub mod linkage;
pub mod operator;
pub mod purpose;
pub mod record;
pub mod release;
pub mod schema;
pub mod signed;
pub mod stage;
pub mod unit;
pub mod validity;
pub mod withdrawal;
