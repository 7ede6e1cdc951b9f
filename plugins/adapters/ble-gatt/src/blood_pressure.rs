//! Blood Pressure Measurement, 0x2A35, and Intermediate Cuff Pressure, 0x2A36, which has the same structure.
//!
//! # Promises
//!
//! - The pressure in the cuff while it is measured has a path of its own: it is not a blood pressure, and a grant
//!   of one does not let out the other. What stands in the two places behind it is unused, and not told.

use hushgate_sdk::{Reading, adapter::DecodeError, bytes::Bytes};

use crate::{
    clock::{self, Clock},
    fields::Fields,
    flags::Flags,
    medfloat::sfloat,
};

const KILOPASCALS: u16 = 1;
const TIME: u16 = 1 << 1;
const PULSE_RATE: u16 = 1 << 2;
const USER: u16 = 1 << 3;
const STATUS: u16 = 1 << 4;
const ASSIGNED: u16 = KILOPASCALS | TIME | PULSE_RATE | USER | STATUS;

/// Bits 3 and 4 are one number: 0 within the range, 1 above it, 2 below it, 3 reserved.
const STATUS_BITS: [(u8, &str); 4] =
    [(0, "body-movement"), (1, "cuff-loose"), (2, "irregular-pulse"), (5, "improper-position")];
const PULSE_RATE_RANGES: [Option<&str>; 4] =
    [None, Some("pulse-rate-high"), Some("pulse-rate-low"), None];

const BLOOD_PRESSURE: [&str; 3] =
    ["blood-pressure.systolic", "blood-pressure.diastolic", "blood-pressure.mean"];
const CUFF_PRESSURE: [&str; 1] = ["cuff-pressure"];

pub(crate) fn read(value: Bytes, clock: Clock) -> Result<Reading, DecodeError> {
    let (fields, at_ms) = parts(value, clock, &BLOOD_PRESSURE)?;
    Ok(fields.reading("blood-pressure", at_ms))
}

pub(crate) fn read_intermediate(value: Bytes, clock: Clock) -> Result<Reading, DecodeError> {
    let (fields, at_ms) = parts(value, clock, &CUFF_PRESSURE)?;
    Ok(fields.reading("cuff-pressure", at_ms))
}

fn parts(
    mut value: Bytes,
    clock: Clock,
    paths: &[&str],
) -> Result<(Fields, Option<u64>), DecodeError> {
    let flags = Flags::of_u8(&mut value, ASSIGNED)?;
    let unit = if flags.has(KILOPASCALS) { "kPa" } else { "mm[Hg]" };
    let pressures = [sfloat(&mut value)?, sfloat(&mut value)?, sfloat(&mut value)?];
    let mut fields = Fields::default();
    for (path, pressure) in paths.iter().zip(pressures) {
        fields.real(path, unit, pressure);
    }
    let shown = if flags.has(TIME) { clock::date_time(&mut value)? } else { None };
    let at_ms = clock.place(shown, &mut fields);
    if flags.has(PULSE_RATE) {
        fields.real("pulse-rate", "/min", sfloat(&mut value)?);
    }
    if flags.has(USER) {
        fields.user(value.u8()?);
    }
    if flags.has(STATUS) {
        status(value.u16_le()?, &mut fields);
    }
    flags.end(value)?;
    Ok((fields, at_ms))
}

fn status(status: u16, fields: &mut Fields) {
    fields.set_bits(status.into(), &STATUS_BITS);
    let range = PULSE_RATE_RANGES.get(usize::from(status >> 3 & 3)).copied().flatten();
    if let Some(name) = range {
        fields.flag(name, true);
    }
}
