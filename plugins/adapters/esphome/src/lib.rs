//! Reads what devices with the firmware ESPHome publish over MQTT: one topic for each value.
//!
//! # Promises
//!
//! - ESPHome writes numbers without units. A sensor is read as the owner's settings say, and not at all without
//!   them: no unit is ever guessed from a name.
//! - What has one meaning in the firmware itself (switches, locks, covers, thermostats) needs no settings.
//! - `nan`, `None` and an empty text become no field. Commands are not ours.
//!
//! # Settings
//!
//! `sensors`: by the last part of a sensor's name in its topic, the path and the unit (UCUM) of its values, such as
//! `{"living_room_temperature": {"path": "temperature", "unit": "Cel"}}`.

mod component;

use std::collections::BTreeMap;

use component::Component;
use hushgate_sdk::{
    ConfigError, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
    config,
    decimal::Decimal,
    fields::Fields,
    flag, naming,
};
use serde::Deserialize;

/// Sensors that one device may have.
const SENSORS_MAX: usize = 256;

/// Bytes in a unit.
const UNIT_BYTES_MAX: usize = 32;

/// The adapter, with what its owner says of the sensors.
#[derive(Debug)]
pub struct Esphome {
    sensors: BTreeMap<String, Sensor>,
}

hushgate_sdk::adapter!(Esphome);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    sensors: BTreeMap<String, Sensor>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sensor {
    path: String,
    unit: Option<String>,
}

impl Adapter for Esphome {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { sensors } = config::parse(json)?;
        if sensors.len() > SENSORS_MAX {
            return Err(config::invalid("sensors", "at most 256"));
        }
        if !sensors.values().all(|sensor| naming::is_path(&sensor.path)) {
            return Err(config::invalid("sensors", "each `path` words of lower-case letters"));
        }
        if !sensors.values().filter_map(|sensor| sensor.unit.as_deref()).all(is_unit) {
            return Err(config::invalid("sensors", "each `unit` in UCUM, such as `Cel` for °C"));
        }
        Ok(Self { sensors })
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        let segments: Vec<_> = frame.channel.split('/').collect();
        let body = std::str::from_utf8(&frame.body);
        let text = || body.map_err(|_| malformed("the body is not UTF-8"));
        match segments[..] {
            [_, .., "status"] => online(text()?),
            [_, .., component, name, "state"] if component::is_main(component) => {
                self.main(component, name, text()?)
            }
            [_, .., component, name, property, "state"] => component::property(component, property)
                .ok_or(DecodeError::NotMine)?
                .read(name, text()?),
            _ => Err(DecodeError::NotMine),
        }
    }
}

impl Esphome {
    fn main(&self, component: &str, name: &str, text: &str) -> Result<Vec<Reading>, DecodeError> {
        match (self.sensors.get(name), component) {
            (Some(sensor), "sensor" | "number") => sensor.number(text),
            (Some(sensor), "binary_sensor") => sensor.flag(text),
            (Some(sensor), "text_sensor" | "text" | "select") => {
                Ok(field(&sensor.path, Scalar::Text(text.to_owned()), None))
            }
            // A number that nobody says the unit of.
            (_, "sensor" | "number") => quantity(text).map(|_| Vec::new()),
            _ => Component::find(component).ok_or(DecodeError::NotMine)?.read(name, text),
        }
    }
}

impl Sensor {
    fn number(&self, text: &str) -> Result<Vec<Reading>, DecodeError> {
        Ok(match quantity(text)? {
            Some(value) => field(&self.path, value, self.unit.as_deref()),
            None => Vec::new(),
        })
    }

    fn flag(&self, text: &str) -> Result<Vec<Reading>, DecodeError> {
        let flag = flag::on_off(text).ok_or_else(|| malformed("neither ON nor OFF"))?;
        Ok(field(&self.path, Scalar::Flag(flag), None))
    }
}

/// A number, or `None` for the words that the firmware has for none.
fn quantity(text: &str) -> Result<Option<Scalar>, DecodeError> {
    if ["nan", "-nan", "inf", "-inf", "none"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Ok(None);
    }
    match Decimal::parse_scientific(text) {
        Some(decimal) => Ok(Some(decimal.real())),
        None => Err(malformed("no number")),
    }
}

fn online(text: &str) -> Result<Vec<Reading>, DecodeError> {
    let online = flag::online(text).ok_or_else(|| malformed("neither online nor offline"))?;
    Ok(field("online", Scalar::Flag(online), None))
}

/// One reading of one field, or none if the contract does not allow it.
fn field(path: &str, value: Scalar, unit: Option<&str>) -> Vec<Reading> {
    let mut fields = Fields::default();
    fields.push(path, value, unit);
    fields.reading(None, "state").unwrap_or_default()
}

/// Not a spelling of makers, such as `°C`: those are not ASCII, or not units of anything here.
fn is_unit(unit: &str) -> bool {
    (1..=UNIT_BYTES_MAX).contains(&unit.len()) && unit.bytes().all(|byte| byte.is_ascii_graphic())
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

#[cfg(test)]
mod tests;
