//! What the codes of the tables measure, in which unit and with which power of ten (EN 13757-3:2018, tables 10, 12
//! and 14).
//!
//! What identifies the meter or its owner (78 to 7A; FD 09 to FD 16) is not here, on purpose.

use crate::record::{Information, Table};

/// A range of codes whose last bits count powers of ten.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quantity {
    first: u8,
    last: u8,
    pub(crate) path: &'static str,
    pub(crate) kind: Kind,
    /// UCUM; empty for none.
    pub(crate) unit: &'static str,
    exponent: i16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Measured,
    Counted,
    Flags,
    Moment,
}

use Kind::{Counted, Flags, Measured, Moment};

impl Quantity {
    /// What is measured, and the power of ten that belongs to it; `None` where it is not known for certain.
    pub(crate) fn of(information: &Information) -> Option<(Self, i16)> {
        let Information { table, code, exponent, standard_content, unknown, .. } = *information;
        let known = match table {
            Table::Primary => PRIMARY,
            Table::First => FIRST,
            Table::Second => SECOND,
            Table::PlainText => &[],
        };
        let quantity = known.iter().find(|it| (it.first..=it.last).contains(&code))?;
        let understood = !unknown && (!standard_content || quantity.kind == Flags);
        let steps = i16::from(code - quantity.first);
        understood.then_some((*quantity, quantity.exponent + steps + exponent))
    }
}

const fn measured(
    codes: (u8, u8),
    path: &'static str,
    unit: &'static str,
    exponent: i16,
) -> Quantity {
    Quantity { first: codes.0, last: codes.1, path, kind: Measured, unit, exponent }
}

const fn other(code: u8, path: &'static str, kind: Kind) -> Quantity {
    Quantity { first: code, last: code, path, kind, unit: "", exponent: 0 }
}

/// Energy and volume are named after what the meter measures.
pub(crate) const ENERGY: &str = "energy";
pub(crate) const VOLUME: &str = "volume";
pub(crate) const TIME: &str = "device-time";

const PRIMARY: &[Quantity] = &[
    measured((0x00, 0x07), ENERGY, "kW.h", -6),
    measured((0x08, 0x0F), ENERGY, "MJ", -6),
    measured((0x10, 0x17), VOLUME, "m3", -6),
    measured((0x18, 0x1F), "mass", "kg", -3),
    measured((0x20, 0x20), "on-time", "s", 0),
    measured((0x21, 0x21), "on-time", "min", 0),
    measured((0x22, 0x22), "on-time", "h", 0),
    measured((0x23, 0x23), "on-time", "d", 0),
    measured((0x24, 0x24), "operating-time", "s", 0),
    measured((0x25, 0x25), "operating-time", "min", 0),
    measured((0x26, 0x26), "operating-time", "h", 0),
    measured((0x27, 0x27), "operating-time", "d", 0),
    measured((0x28, 0x2F), "power", "W", -3),
    measured((0x30, 0x37), "power", "kJ/h", -3),
    measured((0x38, 0x3F), "flow", "m3/h", -6),
    measured((0x40, 0x47), "flow", "m3/min", -7),
    measured((0x48, 0x4F), "flow", "m3/s", -9),
    measured((0x50, 0x57), "mass-flow", "kg/h", -3),
    measured((0x58, 0x5B), "flow-temperature", "Cel", -3),
    measured((0x5C, 0x5F), "return-temperature", "Cel", -3),
    measured((0x60, 0x63), "temperature-difference", "K", -3),
    measured((0x64, 0x67), "temperature", "Cel", -3),
    measured((0x68, 0x6B), "pressure", "bar", -3),
    other(0x6C, TIME, Moment),
    other(0x6D, TIME, Moment),
    other(0x6E, "heat-cost-units", Counted),
    measured((0x70, 0x70), "averaging-duration", "s", 0),
    measured((0x71, 0x71), "averaging-duration", "min", 0),
    measured((0x72, 0x72), "averaging-duration", "h", 0),
    measured((0x73, 0x73), "averaging-duration", "d", 0),
    measured((0x74, 0x74), "value-age", "s", 0),
    measured((0x75, 0x75), "value-age", "min", 0),
    measured((0x76, 0x76), "value-age", "h", 0),
    measured((0x77, 0x77), "value-age", "d", 0),
];

/// Behind FB.
const FIRST: &[Quantity] = &[
    measured((0x00, 0x01), ENERGY, "kW.h", 2),
    measured((0x02, 0x03), "energy-reactive", "kvar.h", 0),
    measured((0x04, 0x05), "energy-apparent", "kV.A.h", 0),
    measured((0x08, 0x09), ENERGY, "GJ", -1),
    measured((0x10, 0x11), VOLUME, "m3", 2),
    measured((0x14, 0x17), "power-reactive", "kvar", -3),
    measured((0x18, 0x19), "mass", "kg", 5),
    measured((0x1A, 0x1B), "humidity", "%", -1),
    measured((0x28, 0x29), "power", "W", 5),
    measured((0x2C, 0x2F), "frequency", "Hz", -3),
    measured((0x30, 0x31), "power", "kJ/h", 5),
    measured((0x34, 0x37), "power-apparent", "kV.A", -3),
];

/// Behind FD.
const SECOND: &[Quantity] = &[
    other(0x17, "error-code", Flags),
    other(0x1A, "digital-output", Flags),
    other(0x1B, "digital-input", Flags),
    other(0x3A, "count", Counted),
    measured((0x40, 0x4F), "voltage", "V", -9),
    measured((0x50, 0x5F), "current", "A", -12),
    other(0x60, "reset-count", Counted),
    measured((0x6C, 0x6C), "battery-age", "h", 0),
    measured((0x6D, 0x6D), "battery-age", "d", 0),
    measured((0x6E, 0x6E), "battery-age", "mo", 0),
    measured((0x6F, 0x6F), "battery-age", "a", 0),
    measured((0x74, 0x74), "battery-remaining", "d", 0),
];
