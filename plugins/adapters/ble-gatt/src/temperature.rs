//! Temperature Measurement, 0x2A1C, and Intermediate Temperature, 0x2A1E, which has the same structure.
//!
//! # Promises
//!
//! - A temperature that is still changing has a path of its own: it is not yet the body's.

use hushgate_sdk::{Reading, adapter::DecodeError, bytes::Bytes};

use crate::{
    clock::{self, Clock},
    fields::Fields,
    flags::Flags,
    medfloat::float,
};

const FAHRENHEIT: u16 = 1;
const TIME: u16 = 1 << 1;
const SITE: u16 = 1 << 2;
const ASSIGNED: u16 = FAHRENHEIT | TIME | SITE;

/// Temperature Type, 0x2A1D, from 1 on; the other codes are reserved.
const SITES: [&str; 9] = [
    "armpit",
    "body",
    "ear",
    "finger",
    "gastro-intestinal-tract",
    "mouth",
    "rectum",
    "toe",
    "tympanum",
];

pub(crate) fn read(value: Bytes, clock: Clock) -> Result<Reading, DecodeError> {
    let (fields, at_ms) = parts(value, clock, "body-temperature")?;
    Ok(fields.reading("body-temperature", at_ms))
}

pub(crate) fn read_intermediate(value: Bytes, clock: Clock) -> Result<Reading, DecodeError> {
    let (fields, at_ms) = parts(value, clock, "body-temperature.intermediate")?;
    Ok(fields.reading("intermediate-temperature", at_ms))
}

fn parts(mut value: Bytes, clock: Clock, path: &str) -> Result<(Fields, Option<u64>), DecodeError> {
    let flags = Flags::of_u8(&mut value, ASSIGNED)?;
    let unit = if flags.has(FAHRENHEIT) { "[degF]" } else { "Cel" };
    let mut fields = Fields::default();
    fields.real(path, unit, float(&mut value)?);
    let shown = if flags.has(TIME) { clock::date_time(&mut value)? } else { None };
    let at_ms = clock.place(shown, &mut fields);
    if flags.has(SITE) {
        let site = usize::from(value.u8()?).checked_sub(1).and_then(|it| SITES.get(it)).copied();
        fields.word("measurement-site", site);
    }
    flags.end(value)?;
    Ok((fields, at_ms))
}
