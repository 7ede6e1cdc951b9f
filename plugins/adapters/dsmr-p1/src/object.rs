//! The objects of the electricity meter itself that have one value, and the fields that they become.

use hushgate_sdk::{Field, Scalar, adapter::DecodeError, decimal::Decimal};

use crate::{malformed, telegram::Line};

/// How a unit is written in a telegram, and in UCUM.
type Unit = (&'static str, &'static str);

const ACTIVE_ENERGY: &[Unit] = &[("kWh", "kW.h"), ("Wh", "W.h")];
const REACTIVE_ENERGY: &[Unit] = &[("kvarh", "kvar.h"), ("varh", "var.h")];
const ACTIVE_POWER: &[Unit] = &[("kW", "kW"), ("W", "W")];
const REACTIVE_POWER: &[Unit] = &[("kvar", "kvar"), ("var", "var")];
const APPARENT_POWER: &[Unit] = &[("kVA", "kV.A"), ("VA", "V.A")];
const VOLTAGE: &[Unit] = &[("V", "V")];
const CURRENT: &[Unit] = &[("A", "A")];
const FREQUENCY: &[Unit] = &[("Hz", "Hz")];

/// What a value is.
#[derive(Clone, Copy)]
enum Quantity {
    Count,
    Ratio,
    Measured(&'static [Unit]),
}

use Quantity::{Count, Measured, Ratio};

/// Of electricity, by the groups C, D and E.
const ELECTRICITY: &[([u8; 3], &str, Quantity)] = &[
    ([1, 8, 0], "energy", Measured(ACTIVE_ENERGY)),
    ([1, 8, 1], "energy.tariff-1", Measured(ACTIVE_ENERGY)),
    ([1, 8, 2], "energy.tariff-2", Measured(ACTIVE_ENERGY)),
    ([1, 8, 3], "energy.tariff-3", Measured(ACTIVE_ENERGY)),
    ([1, 8, 4], "energy.tariff-4", Measured(ACTIVE_ENERGY)),
    ([2, 8, 0], "energy-exported", Measured(ACTIVE_ENERGY)),
    ([2, 8, 1], "energy-exported.tariff-1", Measured(ACTIVE_ENERGY)),
    ([2, 8, 2], "energy-exported.tariff-2", Measured(ACTIVE_ENERGY)),
    ([2, 8, 3], "energy-exported.tariff-3", Measured(ACTIVE_ENERGY)),
    ([2, 8, 4], "energy-exported.tariff-4", Measured(ACTIVE_ENERGY)),
    ([3, 8, 0], "energy-reactive", Measured(REACTIVE_ENERGY)),
    ([3, 8, 1], "energy-reactive.tariff-1", Measured(REACTIVE_ENERGY)),
    ([3, 8, 2], "energy-reactive.tariff-2", Measured(REACTIVE_ENERGY)),
    ([4, 8, 0], "energy-reactive-exported", Measured(REACTIVE_ENERGY)),
    ([4, 8, 1], "energy-reactive-exported.tariff-1", Measured(REACTIVE_ENERGY)),
    ([4, 8, 2], "energy-reactive-exported.tariff-2", Measured(REACTIVE_ENERGY)),
    ([5, 8, 0], "energy-reactive-q1", Measured(REACTIVE_ENERGY)),
    ([6, 8, 0], "energy-reactive-q2", Measured(REACTIVE_ENERGY)),
    ([7, 8, 0], "energy-reactive-q3", Measured(REACTIVE_ENERGY)),
    ([8, 8, 0], "energy-reactive-q4", Measured(REACTIVE_ENERGY)),
    ([1, 7, 0], "power", Measured(ACTIVE_POWER)),
    ([2, 7, 0], "power-exported", Measured(ACTIVE_POWER)),
    ([3, 7, 0], "power-reactive", Measured(REACTIVE_POWER)),
    ([4, 7, 0], "power-reactive-exported", Measured(REACTIVE_POWER)),
    ([5, 7, 0], "power-reactive-q1", Measured(REACTIVE_POWER)),
    ([6, 7, 0], "power-reactive-q2", Measured(REACTIVE_POWER)),
    ([7, 7, 0], "power-reactive-q3", Measured(REACTIVE_POWER)),
    ([8, 7, 0], "power-reactive-q4", Measured(REACTIVE_POWER)),
    ([9, 7, 0], "power-apparent", Measured(APPARENT_POWER)),
    ([10, 7, 0], "power-apparent-exported", Measured(APPARENT_POWER)),
    ([21, 7, 0], "power-l1", Measured(ACTIVE_POWER)),
    ([41, 7, 0], "power-l2", Measured(ACTIVE_POWER)),
    ([61, 7, 0], "power-l3", Measured(ACTIVE_POWER)),
    ([22, 7, 0], "power-exported-l1", Measured(ACTIVE_POWER)),
    ([42, 7, 0], "power-exported-l2", Measured(ACTIVE_POWER)),
    ([62, 7, 0], "power-exported-l3", Measured(ACTIVE_POWER)),
    ([23, 7, 0], "power-reactive-l1", Measured(REACTIVE_POWER)),
    ([43, 7, 0], "power-reactive-l2", Measured(REACTIVE_POWER)),
    ([63, 7, 0], "power-reactive-l3", Measured(REACTIVE_POWER)),
    ([24, 7, 0], "power-reactive-exported-l1", Measured(REACTIVE_POWER)),
    ([44, 7, 0], "power-reactive-exported-l2", Measured(REACTIVE_POWER)),
    ([64, 7, 0], "power-reactive-exported-l3", Measured(REACTIVE_POWER)),
    ([1, 4, 0], "power-average", Measured(ACTIVE_POWER)),
    ([2, 4, 0], "power-exported-average", Measured(ACTIVE_POWER)),
    ([32, 7, 0], "voltage-l1", Measured(VOLTAGE)),
    ([52, 7, 0], "voltage-l2", Measured(VOLTAGE)),
    ([72, 7, 0], "voltage-l3", Measured(VOLTAGE)),
    ([31, 7, 0], "current-l1", Measured(CURRENT)),
    ([51, 7, 0], "current-l2", Measured(CURRENT)),
    ([71, 7, 0], "current-l3", Measured(CURRENT)),
    ([31, 4, 0], "current-limit", Measured(CURRENT)),
    ([13, 7, 0], "power-factor", Ratio),
    ([33, 7, 0], "power-factor-l1", Ratio),
    ([53, 7, 0], "power-factor-l2", Ratio),
    ([73, 7, 0], "power-factor-l3", Ratio),
    ([14, 7, 0], "frequency", Measured(FREQUENCY)),
    ([32, 32, 0], "voltage-sags-l1", Count),
    ([52, 32, 0], "voltage-sags-l2", Count),
    ([72, 32, 0], "voltage-sags-l3", Count),
    ([32, 36, 0], "voltage-swells-l1", Count),
    ([52, 36, 0], "voltage-swells-l2", Count),
    ([72, 36, 0], "voltage-swells-l3", Count),
];

/// Of the meter as a device. The list is short on purpose: most of the others identify the home.
const DEVICE: &[([u8; 3], &str, Quantity)] = &[
    ([96, 14, 0], "tariff", Count),
    ([96, 7, 21], "power-failures", Count),
    ([96, 7, 9], "power-failures-long", Count),
    ([96, 3, 10], "breaker", Count),
    ([17, 0, 0], "power-limit", Measured(ACTIVE_POWER)),
];

/// The field of an object, or `None` for one that is not known or has no value.
pub(crate) fn field(line: &Line) -> Result<Option<Field>, DecodeError> {
    let known = match (line.code.medium, line.code.channel) {
        (0, 0) => DEVICE,
        (1, 0 | 1) => ELECTRICITY,
        _ => return Ok(None),
    };
    let Some((code, path, quantity)) = known.iter().find(|(code, ..)| *code == line.code.value)
    else {
        return Ok(None);
    };
    let value = match line.groups[..] {
        // Luxembourg: one limit for what is drawn, and one for what is given back.
        [drawn, _] if *code == [31, 4, 0] => drawn,
        // DSMR 3 limits the current, as one value of the same object.
        [limit] if *code == [17, 0, 0] && limit.ends_with("*A") => {
            return measured("current-limit", limit, CURRENT);
        }
        _ => line.one()?,
    };
    match quantity {
        Count => number(value).map(|it| it.map(|it| Field::without_unit(path, it.scalar()))),
        Ratio => number(value).map(|it| it.map(|it| Field::without_unit(path, it.real()))),
        Measured(units) => measured(path, value, units),
    }
}

fn measured(path: &str, value: &str, units: &[Unit]) -> Result<Option<Field>, DecodeError> {
    Ok(amount(value, units)?.map(|(value, unit)| Field::with_unit(path, value, unit)))
}

/// A value such as `00123.456*kWh`, exactly, with its unit in UCUM.
pub(crate) fn amount(
    text: &str,
    units: &[Unit],
) -> Result<Option<(Scalar, &'static str)>, DecodeError> {
    let (value, unit) = text.split_once('*').unwrap_or((text, ""));
    amount_in(value, unit, units)
}

/// The same of a value and a unit that stand apart.
pub(crate) fn amount_in(
    value: &str,
    unit: &str,
    units: &[Unit],
) -> Result<Option<(Scalar, &'static str)>, DecodeError> {
    let Some(value) = number(value)? else { return Ok(None) };
    // Meters do not agree on capitals (`kvarh`, `kVArh`), and no two units here differ by them.
    units
        .iter()
        .find(|(written, _)| written.eq_ignore_ascii_case(unit))
        .map(|(_, ucum)| Some((value.real(), *ucum)))
        .ok_or_else(|| malformed("a value has a unit that does not fit"))
}

fn number(text: &str) -> Result<Option<Decimal>, DecodeError> {
    if text.is_empty() {
        return Ok(None);
    }
    Decimal::parse(text).map(Some).ok_or_else(|| malformed("a value is not a number"))
}
