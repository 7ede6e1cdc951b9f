//! Weight Measurement, 0x2A9D.
//!
//! # Promises
//!
//! - Weight and height are told in the units that the scale shows.

use hushgate_sdk::{Reading, adapter::DecodeError, bytes::Bytes};

use crate::{
    clock::{self, Clock},
    fields::Fields,
    flags::Flags,
    quantity,
};

const IMPERIAL: u16 = 1;
const TIME: u16 = 1 << 1;
const USER: u16 = 1 << 2;
const BMI_AND_HEIGHT: u16 = 1 << 3;
const ASSIGNED: u16 = IMPERIAL | TIME | USER | BMI_AND_HEIGHT;

pub(crate) fn read(mut value: Bytes, clock: Clock) -> Result<Reading, DecodeError> {
    let flags = Flags::of_u8(&mut value, ASSIGNED)?;
    let imperial = flags.has(IMPERIAL);
    let mut fields = Fields::default();
    quantity::mass(imperial).read("body-weight", &mut value, &mut fields)?;
    let shown = if flags.has(TIME) { clock::date_time(&mut value)? } else { None };
    let at_ms = clock.place(shown, &mut fields);
    if flags.has(USER) {
        fields.user(value.u8()?);
    }
    if flags.has(BMI_AND_HEIGHT) {
        quantity::BMI.read("bmi", &mut value, &mut fields)?;
        quantity::height(imperial).read("body-height", &mut value, &mut fields)?;
    }
    flags.end(value)?;
    Ok(fields.reading("body-weight", at_ms))
}
