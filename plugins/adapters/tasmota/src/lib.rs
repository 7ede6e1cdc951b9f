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
    flag,
    json::{self, Object, Value},
    naming,
};
use serde::Deserialize;

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
        // `tele/X/SENSOR`, or `X/tele/SENSOR`: what it is comes last in both.
        let (before, what) = frame.channel.rsplit_once('/').ok_or(DecodeError::NotMine)?;
        if what == "cmnd" || before.split('/').any(|segment| segment == "cmnd") {
            return Err(DecodeError::NotMine);
        }
        match what {
            "SENSOR" => self.sensors(&json::object(&frame.body)?),
            "STATE" | "RESULT" => self.state(&json::object(&frame.body)?),
            "STATUS0" | "STATUS8" | "STATUS10" | "STATUS11" => self.status(&frame.body),
            "ZbReceived" => self.zigbee(&json::object(&frame.body)?),
            "LWT" => connection(&frame.body),
            topic => match state::power(topic) {
                Some(path) => relay(&path, &frame.body),
                None => Err(DecodeError::NotMine),
            },
        }
    }
}

impl Tasmota {
    fn sensors(&self, body: &Object<'_>) -> Result<Vec<Reading>, DecodeError> {
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

    fn state(&self, body: &Object<'_>) -> Result<Vec<Reading>, DecodeError> {
        let mut fields = Fields::default();
        let at_ms = self.clock.read(body, &mut fields);
        state::read(body, &mut fields);
        state::switches(body, &mut fields);
        reading(fields, at_ms, "state")
    }

    /// The replies to `Status 8`, `10` and `11`, and to `Status 0`, which has all of them.
    fn status(&self, body: &[u8]) -> Result<Vec<Reading>, DecodeError> {
        let body = json::object(body)?;
        let (sensors, state) = (body.object("StatusSNS")?, body.object("StatusSTS")?);
        let mut readings = Vec::new();
        if let Some(sensors) = sensors {
            readings.extend(self.sensors(sensors)?);
        }
        if let Some(state) = state {
            readings.extend(self.state(state)?);
        }
        Ok(readings)
    }

    /// The topic of its own that `SetOption118` gives Zigbee devices.
    fn zigbee(&self, devices: &Object<'_>) -> Result<Vec<Reading>, DecodeError> {
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
