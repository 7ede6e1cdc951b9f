//! Body Composition Measurement, 0x2A9C.
//!
//! # Promises
//!
//! - A measurement that comes in several packets becomes a reading for each, flagged: they are not put together,
//!   because nothing depends on earlier values.

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
const BASAL_METABOLISM: u16 = 1 << 3;
const MUSCLE: u16 = 1 << 4;
const MUSCLE_MASS: u16 = 1 << 5;
const FAT_FREE_MASS: u16 = 1 << 6;
const SOFT_LEAN_MASS: u16 = 1 << 7;
const BODY_WATER: u16 = 1 << 8;
const IMPEDANCE: u16 = 1 << 9;
const WEIGHT: u16 = 1 << 10;
const HEIGHT: u16 = 1 << 11;
const MORE_PACKETS: u16 = 1 << 12;
const ASSIGNED: u16 = 0x1FFF;

pub(crate) fn read(mut value: Bytes, clock: Clock) -> Result<Reading, DecodeError> {
    let flags = Flags::of_u16(&mut value, ASSIGNED)?;
    let mut fields = Fields::default();
    quantity::PERCENTAGE.read("body-fat", &mut value, &mut fields)?;
    let shown = if flags.has(TIME) { clock::date_time(&mut value)? } else { None };
    let at_ms = clock.place(shown, &mut fields);
    if flags.has(USER) {
        fields.user(value.u8()?);
    }
    let mass = quantity::mass(flags.has(IMPERIAL));
    let parts = [
        (BASAL_METABOLISM, "basal-metabolism", quantity::ENERGY),
        (MUSCLE, "muscle", quantity::PERCENTAGE),
        (MUSCLE_MASS, "muscle-mass", mass),
        (FAT_FREE_MASS, "fat-free-mass", mass),
        (SOFT_LEAN_MASS, "soft-lean-mass", mass),
        (BODY_WATER, "body-water", mass),
        (IMPEDANCE, "impedance", quantity::IMPEDANCE),
        (WEIGHT, "body-weight", mass),
        (HEIGHT, "body-height", quantity::height(flags.has(IMPERIAL))),
    ];
    for (flag, path, quantity) in parts {
        if flags.has(flag) {
            quantity.read(path, &mut value, &mut fields)?;
        }
    }
    if flags.has(MORE_PACKETS) {
        fields.flag("several-packets", true);
    }
    flags.end(value)?;
    Ok(fields.reading("body-composition", at_ms))
}
