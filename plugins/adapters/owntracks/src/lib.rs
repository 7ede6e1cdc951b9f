//! Reads OwnTracks: where phones and trackers are, and when they come and go.
//!
//! # Promises
//!
//! - What names a network, a person or a device is never emitted: neither `SSID`, `BSSID`, `tid`, the topic, nor the
//!   lists of regions that a phone is in.
//! - A negative accuracy, speed or course, which iOS writes for none, becomes no field.
//! - Messages that hold no observation (settings, commands, cards, places somebody defined) are not mine.

mod location;

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
    config,
    json::{self, Value},
};
use location::Elements;
use serde::Deserialize;

/// The longest name of a region, by the contract.
const TEXT_BYTES_MAX: usize = 1024;

/// The adapter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnTracks {}

hushgate_sdk::adapter!(OwnTracks);

impl Adapter for OwnTracks {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        config::parse(json)
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        let Value::Object(elements) = json::value(&frame.body)? else {
            return Err(DecodeError::NotMine);
        };
        let Some(Value::String(kind)) = elements.get("_type") else {
            return Err(DecodeError::NotMine);
        };
        let reading = match &**kind {
            "location" => place(&elements)?,
            "transition" => transition(&elements)?,
            "steps" => steps(&elements)?,
            "lwt" => gone(),
            "card" | "cmd" | "configuration" | "request" | "status" | "waypoint" | "waypoints" => {
                return Err(DecodeError::NotMine);
            }
            "encrypted" => return Err(unsupported("it is encrypted")),
            _ => return Err(unsupported("it is of a type that is not read")),
        };
        Ok(Vec::from_iter(reading))
    }
}

fn place(elements: &Elements<'_>) -> Result<Option<Reading>, DecodeError> {
    let mut fields = Vec::from(location::place(elements)?);
    fields.extend(location::measures(elements)?);
    fields.extend(location::states(elements));
    Ok(Some(Reading::at(location::time(elements, "tst")?, "location", fields)))
}

/// Somebody came to a place that has a name, or left it.
fn transition(elements: &Elements<'_>) -> Result<Option<Reading>, DecodeError> {
    let event = match elements.get("event") {
        Some(Value::String(event)) if event == "enter" || event == "leave" => event.to_string(),
        _ => return Err(malformed("it is neither enter nor leave")),
    };
    let mut fields = vec![Field::without_unit("region-event", Scalar::Text(event))];
    if let Some(Value::String(name)) = elements.get("desc")
        && name.len() <= TEXT_BYTES_MAX
    {
        fields.push(Field::without_unit("region", Scalar::Text(name.to_string())));
    }
    // Beacons are nowhere.
    if elements.contains_key("lat") || elements.contains_key("lon") {
        fields.extend(location::place(elements)?);
    }
    let accuracy = location::measures(elements)?.into_iter().find(|it| it.path == "accuracy");
    fields.extend(accuracy);
    Ok(Some(Reading::at(location::time(elements, "tst")?, "transition", fields)))
}

/// Steps of a while that ended at `to`. -1 if the phone does not count any.
fn steps(elements: &Elements<'_>) -> Result<Option<Reading>, DecodeError> {
    let steps = elements.get("steps").and_then(location::whole);
    let steps = steps.ok_or_else(|| malformed("it has no steps"))?;
    let ended = match location::time(elements, "to")? {
        Some(ms) => Some(ms),
        None => location::time(elements, "tst")?,
    };
    let reading = |steps| {
        Reading::at(ended, "steps", vec![Field::with_unit("steps", Scalar::Int(steps), "{steps}")])
    };
    Ok((steps >= 0).then(|| reading(steps)))
}

/// The last will: the time in it is that of the beginning, when the broker was given it.
fn gone() -> Option<Reading> {
    Some(Reading::now("lwt", vec![Field::without_unit("online", Scalar::Flag(false))]))
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

fn unsupported(why: &str) -> DecodeError {
    DecodeError::Unsupported(why.to_owned())
}

#[cfg(test)]
mod tests;
