//! The sensor `ENERGY`: one phase, or a list of several.
//!
//! # Promises
//!
//! - Its paths are always the plain ones; of several phases they end in `-l1`, `-l2` and so on.

use hushgate_sdk::{
    fields::Fields,
    json::{Object, Value},
    naming, number,
};

/// Phases or tariffs that a list may have.
const LIST_MAX: usize = 8;

/// Names, paths and units.
const MEASURES: [(&str, &str, Option<&str>); 12] = [
    ("Total", "energy", Some("kW.h")),
    ("Today", "energy-today", Some("kW.h")),
    ("Yesterday", "energy-yesterday", Some("kW.h")),
    ("ExportActive", "energy-exported", Some("kW.h")),
    ("Power", "power", Some("W")),
    ("ApparentPower", "power-apparent", Some("V.A")),
    ("ReactivePower", "power-reactive", Some("var")),
    ("Factor", "power-factor", None),
    ("Frequency", "frequency", Some("Hz")),
    ("Voltage", "voltage", Some("V")),
    ("Current", "current", Some("A")),
    ("Period", "other.energy.period", Some("W.h")),
];

/// Lists of tariffs, not of phases.
const TARIFFS: [(&str, &str); 2] = [("TotalTariff", "energy"), ("ExportTariff", "energy-exported")];

/// Reads all that is measured.
pub(crate) fn read(energy: &Object<'_>, fields: &mut Fields) {
    for (name, value) in energy {
        if let Some((_, path, unit)) = MEASURES.iter().find(|(known, ..)| *known == name) {
            push(path, value, *unit, fields);
        } else if let Some((_, path)) = TARIFFS.iter().find(|(known, _)| *known == name) {
            list(value, |number, value| {
                push(&format!("{path}.tariff-{number}"), value, Some("kW.h"), fields);
            });
        } else if let Some(name) = naming::words(name) {
            push(&format!("other.energy.{name}"), value, None, fields);
        }
    }
}

fn push(path: &str, value: &Value<'_>, unit: Option<&str>, fields: &mut Fields) {
    if let Some(value) = number::real(value) {
        fields.push(path, value, unit);
    }
    list(value, |phase, value| {
        if let Some(value) = number::real(value) {
            fields.push(format!("{path}-l{phase}"), value, unit);
        }
    });
}

/// Each of a list, counted from 1.
fn list(value: &Value<'_>, mut each: impl FnMut(usize, &Value<'_>)) {
    for (at, value) in value.as_array().into_iter().flatten().take(LIST_MAX).enumerate() {
        each(at + 1, value);
    }
}
