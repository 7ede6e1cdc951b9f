//! RSC Measurement, 0x2A53: speed and cadence of somebody who walks or runs.
//!
//! # Promises
//!
//! - `running` is told only where it is so: a sensor that cannot tell says the same as one that sees walking.

use hushgate_sdk::{Reading, adapter::DecodeError, bytes::Bytes, decimal::Decimal};

use crate::{fields::Fields, flags::Flags};

const STRIDE_LENGTH: u16 = 1;
const DISTANCE: u16 = 1 << 1;
const RUNNING: u16 = 1 << 2;
const ASSIGNED: u16 = STRIDE_LENGTH | DISTANCE | RUNNING;

pub(crate) fn read(mut value: Bytes) -> Result<Reading, DecodeError> {
    let flags = Flags::of_u8(&mut value, ASSIGNED)?;
    let mut fields = Fields::default();
    fields.speed_256("speed", value.u16_le()?);
    fields.real("cadence", "/min", Some(Decimal::new(value.u8()?.into(), 0)));
    if flags.has(STRIDE_LENGTH) {
        let centimetres = value.u16_le()?;
        fields.real("stride-length", "m", Some(Decimal::new(centimetres.into(), -2)));
    }
    if flags.has(DISTANCE) {
        let decimetres = value.u32_le()?;
        fields.real("distance", "m", Some(Decimal::new(decimetres.into(), -1)));
    }
    if flags.has(RUNNING) {
        fields.flag("running", true);
    }
    flags.end(value)?;
    Ok(fields.reading("running", None))
}
