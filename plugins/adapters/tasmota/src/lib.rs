//! Reads the telemetry and the replies of devices with the firmware Tasmota.
//!
//! # Promises
//!
//! - Sensors, states, replies and the last will are read, in either order of the topic's parts; commands are not
//!   ours.
//! - Temperatures and pressures have the unit that the frame states.
//! - A text of a sensor (the number of a card, an address) and the name of a network never become a field.
//!
//! # Settings
//!
//! `utc-offset-minutes`: how far the device's clock is ahead of UTC; without it a time without a zone stays text.
//! `names`: what comes behind the hyphen for a sensor, such as `{"DS18B20-1": "outside", "BME280": ""}`.

mod clock;
mod energy;
mod sensor;
mod state;

use std::collections::BTreeMap;

use clock::Clock;
use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
    config,
    fields::Fields,
    flag, json, naming,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Sensors that an owner may name.
const NAMES_MAX: usize = 64;

/// The adapter, with what its owner knows of the device.
#[derive(Debug)]
pub struct Tasmota {
    clock: Clock,
    names: BTreeMap<String, String>,
}

hushgate_sdk::adapter!(Tasmota);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    utc_offset_minutes: Option<i16>,
    #[serde(default)]
    names: BTreeMap<String, String>,
}

impl Adapter for Tasmota {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { utc_offset_minutes, names } = config::parse(json)?;
        let clock = Clock::new(utc_offset_minutes)
            .ok_or_else(|| config::invalid("utc-offset-minutes", "must be within a day"))?;
        if names.len() > NAMES_MAX {
            return Err(config::invalid("names", "at most 64 sensors"));
        }
        if !names.values().all(|name| name.is_empty() || naming::is_path(name)) {
            return Err(config::invalid("names", "each empty or words of lower-case letters"));
        }
        Ok(Self { clock, names })
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        let mut segments: Vec<_> = frame.channel.split('/').collect();
        // `tele/X/SENSOR`, or `X/tele/SENSOR`: what it is comes last in both.
        if segments.len() < 2 || segments.contains(&"cmnd") {
            return Err(DecodeError::NotMine);
        }
        match segments.pop() {
            Some("SENSOR") => self.sensors(&json::object(&frame.body)?),
            Some("STATE" | "RESULT") => self.state(&json::object(&frame.body)?),
            Some("STATUS0" | "STATUS8" | "STATUS10" | "STATUS11") => self.status(&frame.body),
            Some("ZbReceived") => self.zigbee(&json::object(&frame.body)?),
            Some("LWT") => connection(&frame.body),
            Some(topic) => match state::power(topic) {
                Some(path) => relay(&path, &frame.body),
                None => Err(DecodeError::NotMine),
            },
            None => Err(DecodeError::NotMine),
        }
    }
}

impl Tasmota {
    fn sensors(&self, body: &Map<String, Value>) -> Result<Vec<Reading>, DecodeError> {
        let mut fields = Fields::default();
        let at_ms = self.clock.read(body, &mut fields);
        if let Some(energy) = body.get("ENERGY").and_then(Value::as_object) {
            energy::read(energy, &mut fields);
        }
        sensor::read(body, &self.names, &mut fields);
        state::switches(body, &mut fields);
        if let Some(devices) = body.get("ZbReceived").and_then(Value::as_object) {
            sensor::zigbee(devices, &mut fields);
        }
        reading(fields, at_ms, "sensor")
    }

    fn state(&self, body: &Map<String, Value>) -> Result<Vec<Reading>, DecodeError> {
        let mut fields = Fields::default();
        let at_ms = self.clock.read(body, &mut fields);
        state::read(body, &mut fields);
        state::switches(body, &mut fields);
        reading(fields, at_ms, "state")
    }

    /// The replies to `Status 8`, `10` and `11`, and to `Status 0`, which has all of them.
    fn status(&self, body: &[u8]) -> Result<Vec<Reading>, DecodeError> {
        #[derive(Deserialize)]
        struct Status {
            #[serde(rename = "StatusSNS")]
            sensors: Option<Map<String, Value>>,
            #[serde(rename = "StatusSTS")]
            state: Option<Map<String, Value>>,
        }
        let Status { sensors, state } = json::parse(body)?;
        let mut readings = Vec::new();
        if let Some(sensors) = sensors {
            readings.extend(self.sensors(&sensors)?);
        }
        if let Some(state) = state {
            readings.extend(self.state(&state)?);
        }
        Ok(readings)
    }

    /// The topic of its own that `SetOption118` gives Zigbee devices.
    fn zigbee(&self, devices: &Map<String, Value>) -> Result<Vec<Reading>, DecodeError> {
        let mut fields = Fields::default();
        sensor::zigbee(devices, &mut fields);
        reading(fields, self.clock.read(devices, &mut Fields::default()), "sensor")
    }
}

/// A time alone says nothing.
fn reading(fields: Fields, at_ms: Option<u64>, kind: &str) -> Result<Vec<Reading>, DecodeError> {
    let readings = fields.reading(at_ms, kind)?;
    let says = |reading: &Reading| reading.fields.iter().any(|it| it.path != clock::PATH);
    Ok(readings.into_iter().filter(says).collect())
}

fn connection(body: &[u8]) -> Result<Vec<Reading>, DecodeError> {
    flagged("online", text(body).and_then(flag::online))
}

fn relay(path: &str, body: &[u8]) -> Result<Vec<Reading>, DecodeError> {
    flagged(path, text(body).and_then(flag::on_off))
}

fn flagged(path: &str, value: Option<bool>) -> Result<Vec<Reading>, DecodeError> {
    let flag = value
        .ok_or_else(|| DecodeError::Malformed("a word that the topic does not have".to_owned()))?;
    Ok(vec![Reading::now("state", vec![Field::without_unit(path, Scalar::Flag(flag))])])
}

fn text(body: &[u8]) -> Option<&str> {
    std::str::from_utf8(body).ok()
}

#[cfg(test)]
mod tests;
