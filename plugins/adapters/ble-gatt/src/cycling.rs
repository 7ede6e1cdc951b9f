//! CSC Measurement, 0x2A5B: how often wheel and crank had turned, and when they last did.
//!
//! # Promises
//!
//! - Counts are told as they are. A speed needs two values and the wheel's size, which nobody here knows.

use hushgate_sdk::{Reading, adapter::DecodeError, bytes::Bytes};

use crate::{fields::Fields, flags::Flags};

const WHEEL: u16 = 1;
const CRANK: u16 = 1 << 1;
const ASSIGNED: u16 = WHEEL | CRANK;

pub(crate) fn read(mut value: Bytes) -> Result<Reading, DecodeError> {
    let flags = Flags::of_u8(&mut value, ASSIGNED)?;
    let mut fields = Fields::default();
    if flags.has(WHEEL) {
        fields.count("wheel-revolutions", "{rev}", value.u32_le()?);
        fields.seconds_1024("wheel-event-time", value.u16_le()?);
    }
    if flags.has(CRANK) {
        fields.count("crank-revolutions", "{rev}", value.u16_le()?);
        fields.seconds_1024("crank-event-time", value.u16_le()?);
    }
    flags.end(value)?;
    Ok(fields.reading("cycling", None))
}
