//! Reads the state that Zigbee2MQTT publishes of a Zigbee device, and whether the device is there.
//!
//! # Promises
//!
//! - With the device's own `exposes` every property has the unit that its definition states. Without them the
//!   common properties have the unit that Zigbee2MQTT's presets give them, and all others none.
//! - `contact` is true while a door is closed: it becomes its opposite, `open`.
//! - What has no word in docs/fields.md stays under its own name, behind `other.`.
//! - Names and addresses of the device (`device`) never become a field.
//!
//! # Settings
//!
//! `exposes`: the array of the device's definition, as it is in `zigbee2mqtt/bridge/devices`.

mod exposes;
mod property;
mod rule;

use std::collections::BTreeMap;

use exposes::Expose;
use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
    config,
    fields::Fields,
    flag,
    json::{self, Object, Value},
    time,
};
use rule::Rule;
use serde::Deserialize;

/// How deep values may be nested; what is deeper is left out.
const DEPTH_MAX: usize = 4;

/// Properties that are no value of the device: what names it, when it was seen, what can be installed.
const PASSED_OVER: [&str; 4] = ["device", "last_seen", "update", "update_available"];

/// The adapter, with what the device's definition says of its properties.
#[derive(Debug)]
pub struct Zigbee2mqtt {
    rules: BTreeMap<String, Rule>,
}

hushgate_sdk::adapter!(Zigbee2mqtt);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    exposes: Vec<Expose>,
}

impl Adapter for Zigbee2mqtt {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { exposes } = config::parse(json)?;
        Ok(Self { rules: exposes::rules(&exposes)? })
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        let segments: Vec<_> = frame.channel.split('/').skip(1).collect();
        match segments[..] {
            [] => Err(DecodeError::NotMine),
            _ if segments.iter().any(|it| ["set", "get", "bridge"].contains(it)) => {
                Err(DecodeError::NotMine)
            }
            [.., "availability"] => availability(&frame.body),
            _ => self.state(&json::object(&frame.body)?),
        }
    }
}

impl Zigbee2mqtt {
    fn state(&self, state: &Object<'_>) -> Result<Vec<Reading>, DecodeError> {
        let mut fields = Fields::default();
        let mut found = |key: &str, value: &Value<'_>| {
            if let Some((path, value, unit)) = self.field(key, value, state) {
                fields.push(path, value, unit);
            }
        };
        for (name, value) in state {
            if !PASSED_OVER.contains(&name) {
                each(name, value, &mut found);
            }
        }
        fields.reading(state.get("last_seen").and_then(last_seen_ms), "state")
    }

    fn field(&self, key: &str, value: &Value<'_>, state: &Object<'_>) -> Option<rule::Found> {
        match self.rules.get(key) {
            Some(rule) => rule.field(value),
            None => rule::preset(key, state)?.field(value),
        }
    }
}

/// Finds the single values. The key of one has the names of all that it is nested in, with dots between.
fn each(key: &str, value: &Value<'_>, found: &mut dyn FnMut(&str, &Value<'_>)) {
    let Value::Object(nested) = value else { return found(key, value) };
    if key.split('.').count() < DEPTH_MAX {
        for (name, value) in nested {
            each(&format!("{key}.{name}"), value, found);
        }
    }
}

/// `online`, or `{"state":"online"}`.
fn availability(body: &[u8]) -> Result<Vec<Reading>, DecodeError> {
    let online = match body {
        [b'{', ..] => json::object(body)?.text("state")?.and_then(flag::online),
        _ => std::str::from_utf8(body).ok().and_then(flag::online),
    };
    let online =
        online.ok_or_else(|| DecodeError::Malformed("neither online nor offline".to_owned()))?;
    Ok(vec![Reading::now("online", vec![Field::without_unit("online", Scalar::Flag(online))])])
}

/// A text with its zone, or milliseconds since 1970, as its owner chose. Not a text such as `1 minute ago`.
fn last_seen_ms(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::String(text) => time::rfc3339_ms(text),
        _ => value.as_u64().filter(|ms| *ms > 0),
    }
}

#[cfg(test)]
mod tests;
