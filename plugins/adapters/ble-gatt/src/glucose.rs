//! Glucose Measurement, 0x2A18: one record of a glucose meter.
//!
//! # Promises
//!
//! - Concentrations are told as meters show them, mg/dL or mmol/L: the point moves, no digit changes.
//! - A record whose time offset overran, or whose clock had a fault, is not placed in time.
//! - The number of a record is no `sequence`: a collector may ask for old records again.

use hushgate_sdk::{Reading, adapter::DecodeError, bytes::Bytes, decimal::Decimal, time::Civil};

use crate::{
    clock::{self, Clock},
    fields::Fields,
    flags::Flags,
    medfloat::sfloat,
};

const TIME_OFFSET: u16 = 1;
const CONCENTRATION: u16 = 1 << 1;
const MOLAR: u16 = 1 << 2;
const STATUS: u16 = 1 << 3;
const CONTEXT_FOLLOWS: u16 = 1 << 4;
const ASSIGNED: u16 = TIME_OFFSET | CONCENTRATION | MOLAR | STATUS | CONTEXT_FOLLOWS;

/// Minutes that stand for "further than can be said", before and after the base time.
const TIME_OFFSET_UNKNOWN: [i64; 2] = [i16::MIN as i64, i16::MAX as i64];

const TIME_FAULT: u8 = 11;
const STATUS_BITS: [(u8, &str); 12] = [
    (0, "battery-low"),
    (1, "sensor-malfunction"),
    (2, "sample-insufficient"),
    (3, "strip-insertion-error"),
    (4, "strip-type-incorrect"),
    (5, "result-too-high"),
    (6, "result-too-low"),
    (7, "sensor-temperature-high"),
    (8, "sensor-temperature-low"),
    (9, "strip-pulled-early"),
    (10, "fault"),
    (TIME_FAULT, "time-fault"),
];

/// From 1 on; the other codes are reserved.
const SAMPLE_TYPES: [&str; 10] = [
    "capillary-whole-blood",
    "capillary-plasma",
    "venous-whole-blood",
    "venous-plasma",
    "arterial-whole-blood",
    "arterial-plasma",
    "undetermined-whole-blood",
    "undetermined-plasma",
    "interstitial-fluid",
    "control-solution",
];
/// From 1 on; 15 is "not available", the other codes are reserved.
const SAMPLE_LOCATIONS: [&str; 4] = ["finger", "alternate-site", "earlobe", "control-solution"];

pub(crate) fn read(mut value: Bytes, clock: Clock) -> Result<Reading, DecodeError> {
    let flags = Flags::of_u8(&mut value, ASSIGNED)?;
    let mut fields = Fields::default();
    fields.int("record-number", value.u16_le()?);
    let shown = clock::date_time(&mut value)?;
    let offset = if flags.has(TIME_OFFSET) { value.int_le(2)? } else { 0 };
    let offset = (!TIME_OFFSET_UNKNOWN.contains(&offset)).then_some(offset);
    if let (true, Some(minutes)) = (flags.has(TIME_OFFSET), offset) {
        fields.count("time-offset", "min", minutes);
    }
    if flags.has(CONCENTRATION) {
        concentration(&mut value, flags, &mut fields)?;
    }
    let status = if flags.has(STATUS) { value.u16_le()? } else { 0 };
    fields.set_bits(status.into(), &STATUS_BITS);
    if flags.has(CONTEXT_FOLLOWS) {
        fields.flag("context-follows", true);
    }
    flags.end(value)?;
    let reliable = status >> TIME_FAULT & 1 == 0;
    let at_ms = shown.filter(|_| reliable).and_then(|it| moment(clock, it, offset?));
    if at_ms.is_none() {
        fields.device_time(shown);
    }
    Ok(fields.reading("glucose", at_ms))
}

fn concentration(value: &mut Bytes, flags: Flags, fields: &mut Fields) -> Result<(), DecodeError> {
    // 1 mol/L is 10^3 mmol/L, and 1 kg/L is 10^6 mg in 10 dL.
    let (unit, shift) = if flags.has(MOLAR) { ("mmol/L", 3) } else { ("mg/dL", 5) };
    let shifted = |it: Decimal| Decimal::new(it.digits, it.exponent + shift);
    fields.real("glucose", unit, sfloat(value)?.map(shifted));
    let codes = value.u8()?;
    fields.word("sample-type", word(&SAMPLE_TYPES, codes & 0x0F));
    fields.word("sample-location", word(&SAMPLE_LOCATIONS, codes >> 4));
    Ok(())
}

fn word(words: &[&'static str], code: u8) -> Option<&'static str> {
    usize::from(code).checked_sub(1).and_then(|it| words.get(it)).copied()
}

/// The clock that people see shows the base time and the offset together.
fn moment(clock: Clock, base: Civil, offset_minutes: i64) -> Option<u64> {
    clock.ms(base)?.checked_add_signed(offset_minutes * 60_000)
}
