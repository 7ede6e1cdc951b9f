//! Names, paths and units of metrics.

use std::{borrow::Cow, collections::BTreeMap};

use hushgate_sdk::{ConfigError, config, mapping, naming};
use serde::Deserialize;

use crate::{datatype::DataType, payload::Metric};

/// Metrics that one configuration may name.
const NAMES_MAX: usize = 1024;

/// Words for units in the property `engUnit`, and UCUM's. Those that are UCUM's anyway are here as well: others are
/// not taken at their word.
const UNITS: [(&str, &str); 58] = [
    ("%", "%"),
    ("%RH", "%"),
    ("% RH", "%"),
    ("percent", "%"),
    ("Percent", "%"),
    ("°C", "Cel"),
    ("degC", "Cel"),
    ("deg C", "Cel"),
    ("C", "Cel"),
    ("Cel", "Cel"),
    ("Celsius", "Cel"),
    ("°F", "[degF]"),
    ("degF", "[degF]"),
    ("deg F", "[degF]"),
    ("F", "[degF]"),
    ("Fahrenheit", "[degF]"),
    ("K", "K"),
    ("V", "V"),
    ("mV", "mV"),
    ("A", "A"),
    ("mA", "mA"),
    ("W", "W"),
    ("kW", "kW"),
    ("VA", "V.A"),
    ("var", "var"),
    ("Wh", "W.h"),
    ("kWh", "kW.h"),
    ("J", "J"),
    ("kJ", "kJ"),
    ("MJ", "MJ"),
    ("Hz", "Hz"),
    ("Pa", "Pa"),
    ("hPa", "hPa"),
    ("kPa", "kPa"),
    ("mbar", "mbar"),
    ("bar", "bar"),
    ("psi", "[psi]"),
    ("PSI", "[psi]"),
    ("m", "m"),
    ("mm", "mm"),
    ("cm", "cm"),
    ("km", "km"),
    ("m/s", "m/s"),
    ("km/h", "km/h"),
    ("°", "deg"),
    ("deg", "deg"),
    ("L", "L"),
    ("l", "L"),
    ("m3", "m3"),
    ("m³", "m3"),
    ("L/min", "L/min"),
    ("m3/h", "m3/h"),
    ("m³/h", "m3/h"),
    ("kg", "kg"),
    ("lx", "lx"),
    ("lux", "lx"),
    ("ppm", "[ppm]"),
    ("s", "s"),
];

/// What the owner said of metrics.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Names {
    /// What numbers stand for which names, as the device's births say.
    #[serde(default)]
    aliases: BTreeMap<String, String>,
    #[serde(default)]
    names: BTreeMap<String, Name>,
}

/// What the owner said of one metric.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Name {
    path: String,
    unit: Option<String>,
    /// For messages that do not say it.
    #[serde(rename = "type")]
    pub(crate) data_type: Option<DataType>,
}

impl Names {
    pub(crate) fn parse(json: &str) -> Result<Self, ConfigError> {
        let names: Self = config::parse(json)?;
        if names.aliases.len() > NAMES_MAX || !names.aliases.keys().all(|it| is_alias(it)) {
            return Err(config::invalid("aliases", "at most 1024, each a number in digits"));
        }
        if names.names.len() > NAMES_MAX {
            return Err(config::invalid("names", "at most 1024 of them"));
        }
        for Name { path, unit, .. } in names.names.values() {
            if !naming::is_path(path) || unit.as_deref().is_some_and(|it| !mapping::is_unit(it)) {
                return Err(config::invalid(
                    "names",
                    "each with a `path` of lower-case words, and a `unit` as UCUM writes it, or none",
                ));
            }
        }
        Ok(names)
    }

    /// The metric's name: its own, or what its alias stands for.
    pub(crate) fn name<'a>(&'a self, metric: &Metric<'a>) -> Option<&'a str> {
        let of_alias = || self.aliases.get(&metric.alias?.to_string()).map(String::as_str);
        metric.name.filter(|name| !name.is_empty()).or_else(of_alias)
    }

    /// What the owner said of it.
    pub(crate) fn named(&self, name: &str) -> Option<&Name> {
        self.names.get(name)
    }
}

impl Name {
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }
}

/// The unit that a metric's property means, if it is known.
pub(crate) fn unit(eng_unit: &str) -> Option<&'static str> {
    UNITS.iter().find(|(word, _)| *word == eng_unit).map(|(_, ucum)| *ucum)
}

/// The path of a metric that the owner did not name: `Inputs/Room Temp` is `inputs.room-temp`. None if nothing is left of
/// it, or it is too long.
pub(crate) fn path(name: &str) -> Option<Cow<'_, str>> {
    if naming::is_path(name) {
        return Some(Cow::Borrowed(name));
    }
    let mut path = String::with_capacity(name.len());
    let mut between = "";
    for c in name.chars() {
        match (c, between) {
            ('/' | '.', _) => between = ".",
            (c, _) if c.is_ascii_alphanumeric() => {
                path.push_str(if path.is_empty() { "" } else { between });
                path.push(c.to_ascii_lowercase());
                between = "";
            }
            (_, "") => between = "-",
            _ => {}
        }
    }
    naming::is_path(&path).then_some(Cow::Owned(path))
}

/// As a number is written, so that each is found.
fn is_alias(text: &str) -> bool {
    text.parse::<u64>().is_ok_and(|number| number.to_string() == text)
}
