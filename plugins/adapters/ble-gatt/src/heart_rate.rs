//! Heart Rate Measurement, 0x2A37.
//!
//! # Promises
//!
//! - One reading with the heart rate, then one for each RR interval, oldest first. They identify people: a
//!   grant that does not name their path lets none of them out.

use hushgate_sdk::{Reading, adapter::DecodeError, bytes::Bytes};

use crate::{fields::Fields, flags::Flags, malformed, unsupported};

/// RR intervals in one value: with the heart rate's own, 64 readings, which the contract allows.
/// A notification of the usual size has at most 9.
const RR_INTERVALS_MAX: usize = 63;

const WIDE: u16 = 1;
const CONTACT: u16 = 1 << 1;
const CONTACT_SUPPORTED: u16 = 1 << 2;
const ENERGY: u16 = 1 << 3;
const RR_INTERVALS: u16 = 1 << 4;
const ASSIGNED: u16 = WIDE | CONTACT | CONTACT_SUPPORTED | ENERGY | RR_INTERVALS;

pub(crate) fn read(mut value: Bytes) -> Result<Vec<Reading>, DecodeError> {
    let flags = Flags::of_u8(&mut value, ASSIGNED)?;
    let rate = if flags.has(WIDE) { value.u16_le()? } else { value.u8()?.into() };
    let mut fields = Fields::default();
    fields.count("heart-rate", "/min", rate);
    if flags.has(CONTACT_SUPPORTED) {
        fields.flag("contact", flags.has(CONTACT));
    }
    if flags.has(ENERGY) {
        fields.count("energy-expended", "kJ", value.u16_le()?);
    }
    let mut readings = vec![fields.reading("heart-rate", None)];
    if flags.has(RR_INTERVALS) {
        readings.extend(rr_intervals(value.rest())?);
    } else {
        flags.end(value)?;
    }
    Ok(readings)
}

fn rr_intervals(bytes: &[u8]) -> Result<impl Iterator<Item = Reading>, DecodeError> {
    let (intervals, []) = bytes.as_chunks::<2>() else {
        return Err(malformed("the last RR interval is cut off"));
    };
    if intervals.is_empty() {
        return Err(malformed("RR intervals are announced and missing"));
    }
    if intervals.len() > RR_INTERVALS_MAX {
        return Err(unsupported("there are more than 63 RR intervals"));
    }
    Ok(intervals.iter().map(|interval| {
        let mut fields = Fields::default();
        fields.seconds_1024("rr-interval", u16::from_le_bytes(*interval));
        fields.reading("rr-interval", None)
    }))
}
