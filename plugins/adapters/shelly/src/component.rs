//! Status objects of components: which of their properties is which field.
//!
//! # Promises
//!
//! - The component with the number 0 has the plain path, any other its number behind it: `switch:0` is `on`,
//!   `switch:1` is `on-1`, `temperature:100` is `temperature-100`. It does not depend on what else is in a frame.

use std::borrow::Cow;

use hushgate_sdk::{Scalar, adapter::DecodeError, fields::Fields, json::Value, number};

use crate::malformed;

/// What a property holds.
#[derive(Clone, Copy)]
enum Form {
    Real(&'static str),
    /// A number that has no unit.
    Ratio,
    Int,
    Flag,
    /// The state of a cover: `open` or `closed`; any other, such as `opening`, is neither.
    Open,
}

use Form::{Flag, Int, Open, Ratio, Real};

/// Where in the status object, the path, and what it holds.
type Property = (&'static str, &'static str, Form);

/// Kinds of components and their properties. Of two properties with one path, the first that has a value counts.
const COMPONENTS: [(&str, &[&[Property]]); 27] = [
    ("switch", &[OUTPUT, METER]),
    ("light", &[OUTPUT, DIMMER, METER]),
    ("rgb", &[OUTPUT, DIMMER, METER]),
    ("rgbw", &[OUTPUT, DIMMER, METER]),
    ("cct", &[OUTPUT, DIMMER, METER]),
    ("rgbcct", &[OUTPUT, DIMMER, METER]),
    ("cover", &[COVER, METER]),
    ("pm1", &[METER]),
    ("em", &[EM_TOTAL, EM_A, EM_B, EM_C]),
    ("emdata", &[EM_DATA]),
    ("em1", &[EM1]),
    (
        "em1data",
        &[&[
            ("total_act_energy", "energy", Real("W.h")),
            ("total_act_ret_energy", "energy-exported", Real("W.h")),
        ]],
    ),
    ("input", &[&[("state", "input", Flag), ("percent", "input-level", Real("%"))]]),
    (
        "temperature",
        &[&[("tC", "temperature", Real("Cel")), ("tF", "temperature", Real("[degF]"))]],
    ),
    ("humidity", &[&[("rh", "humidity", Real("%"))]]),
    ("illuminance", &[&[("lux", "illuminance", Real("lx"))]]),
    ("voltmeter", &[&[("voltage", "voltage", Real("V"))]]),
    (
        "devicepower",
        &[&[
            ("battery.percent", "battery", Real("%")),
            ("battery.V", "battery-voltage", Real("V")),
            ("external.present", "external-power", Flag),
        ]],
    ),
    ("smoke", &[&[("alarm", "smoke", Flag)]]),
    ("flood", &[&[("alarm", "water-leak", Flag)]]),
    ("presence", &[&[("num_objects", "people", Int)]]),
    (
        "presencezone",
        &[&[
            ("value", "occupancy", Flag),
            ("state", "occupancy", Flag),
            ("num_objects", "people", Int),
        ]],
    ),
    (
        "thermostat",
        &[&[
            ("current_C", "temperature", Real("Cel")),
            ("current_humidity", "humidity", Real("%")),
            ("target_C", "set-temperature", Real("Cel")),
            ("output", "heating", Flag),
        ]],
    ),
    (
        "blutrv",
        &[&[
            ("current_C", "temperature", Real("Cel")),
            ("target_C", "set-temperature", Real("Cel")),
            ("pos", "position", Real("%")),
            ("battery", "battery", Real("%")),
            ("rssi", "signal", Real("{dBm}")),
        ]],
    ),
    (
        "bthomedevice",
        &[&[
            ("battery", "battery", Real("%")),
            ("rssi", "signal", Real("{dBm}")),
            ("packet_id", "sequence", Int),
        ]],
    ),
    ("sys", &[&[("uptime", "uptime", Real("s"))]]),
    ("wifi", &[&[("rssi", "signal", Real("{dBm}"))]]),
];

const OUTPUT: &[Property] = &[("output", "on", Flag)];

const DIMMER: &[Property] = &[("brightness", "brightness", Real("%"))];

const COVER: &[Property] = &[("state", "open", Open), ("current_pos", "position", Real("%"))];

const METER: &[Property] = &[
    ("apower", "power", Real("W")),
    ("voltage", "voltage", Real("V")),
    ("current", "current", Real("A")),
    ("pf", "power-factor", Ratio),
    ("freq", "frequency", Real("Hz")),
    ("aenergy.total", "energy", Real("W.h")),
    ("ret_aenergy.total", "energy-exported", Real("W.h")),
    ("temperature.tC", "device-temperature", Real("Cel")),
    ("temperature.tF", "device-temperature", Real("[degF]")),
];

const EM1: &[Property] = &[
    ("act_power", "power", Real("W")),
    ("aprt_power", "power-apparent", Real("V.A")),
    ("voltage", "voltage", Real("V")),
    ("current", "current", Real("A")),
    ("pf", "power-factor", Ratio),
    ("freq", "frequency", Real("Hz")),
];

const EM_TOTAL: &[Property] = &[
    ("total_act_power", "power", Real("W")),
    ("total_aprt_power", "power-apparent", Real("V.A")),
    ("total_current", "current", Real("A")),
    ("n_current", "current-n", Real("A")),
];

const EM_A: &[Property] = &[
    ("a_act_power", "power-l1", Real("W")),
    ("a_aprt_power", "power-apparent-l1", Real("V.A")),
    ("a_voltage", "voltage-l1", Real("V")),
    ("a_current", "current-l1", Real("A")),
    ("a_pf", "power-factor-l1", Ratio),
    ("a_freq", "frequency-l1", Real("Hz")),
];

const EM_B: &[Property] = &[
    ("b_act_power", "power-l2", Real("W")),
    ("b_aprt_power", "power-apparent-l2", Real("V.A")),
    ("b_voltage", "voltage-l2", Real("V")),
    ("b_current", "current-l2", Real("A")),
    ("b_pf", "power-factor-l2", Ratio),
    ("b_freq", "frequency-l2", Real("Hz")),
];

const EM_C: &[Property] = &[
    ("c_act_power", "power-l3", Real("W")),
    ("c_aprt_power", "power-apparent-l3", Real("V.A")),
    ("c_voltage", "voltage-l3", Real("V")),
    ("c_current", "current-l3", Real("A")),
    ("c_pf", "power-factor-l3", Ratio),
    ("c_freq", "frequency-l3", Real("Hz")),
];

const EM_DATA: &[Property] = &[
    ("total_act", "energy", Real("W.h")),
    ("total_act_ret", "energy-exported", Real("W.h")),
    ("a_total_act_energy", "energy-l1", Real("W.h")),
    ("a_total_act_ret_energy", "energy-exported-l1", Real("W.h")),
    ("b_total_act_energy", "energy-l2", Real("W.h")),
    ("b_total_act_ret_energy", "energy-exported-l2", Real("W.h")),
    ("c_total_act_energy", "energy-l3", Real("W.h")),
    ("c_total_act_ret_energy", "energy-exported-l3", Real("W.h")),
];

/// Whether the name, such as `switch:0`, is that of a component whose status is read.
pub(crate) fn is_known(name: &str) -> bool {
    split(name).is_some_and(|(kind, _)| properties(kind).is_some())
}

/// Reads the status of one component. One of a kind that is not in the table says nothing.
pub(crate) fn read(name: &str, status: &Value<'_>, fields: &mut Fields) -> Result<(), DecodeError> {
    let Some((kind, number)) = split(name) else { return Ok(()) };
    let Some(properties) = properties(kind) else { return Ok(()) };
    if status.is_null() {
        return Ok(());
    }
    if status.as_object().is_none() {
        return Err(malformed("the status of a component is no object"));
    }
    for (at, path, form) in properties.iter().copied().flatten() {
        if let Some(value) = find(status, at).and_then(|value| form.scalar(value)) {
            fields.push(numbered(path, number), value, form.unit());
        }
    }
    Ok(())
}

/// The path for the component with this number.
pub(crate) fn numbered(path: &str, number: u16) -> Cow<'_, str> {
    if number == 0 { path.into() } else { format!("{path}-{number}").into() }
}

/// `switch:1` in its kind and number. What has no number is the only one of its kind.
pub(crate) fn split(name: &str) -> Option<(&str, u16)> {
    match name.split_once(':') {
        Some((kind, number)) => Some((kind, number.parse().ok()?)),
        None => Some((name, 0)),
    }
}

fn properties(kind: &str) -> Option<&'static [&'static [Property]]> {
    COMPONENTS.iter().find(|(known, _)| *known == kind).map(|(_, properties)| *properties)
}

fn find<'a>(status: &'a Value<'a>, at: &str) -> Option<&'a Value<'a>> {
    at.split('.').try_fold(status, |value, key| value.get(key))
}

impl Form {
    fn scalar(self, value: &Value<'_>) -> Option<Scalar> {
        match self {
            Real(_) | Ratio => number::real(value),
            Int => number::int(value),
            Flag => value.as_bool().map(Scalar::Flag),
            Open => match value.as_str() {
                Some("open") => Some(Scalar::Flag(true)),
                Some("closed") => Some(Scalar::Flag(false)),
                _ => None,
            },
        }
    }

    const fn unit(self) -> Option<&'static str> {
        match self {
            Real(unit) => Some(unit),
            Ratio | Int | Flag | Open => None,
        }
    }
}
