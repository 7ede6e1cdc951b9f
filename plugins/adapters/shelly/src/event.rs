//! Events: what somebody did to a button.
//!
//! # Promises
//!
//! - Each event is a reading of its own, at its own time. Events that are not of a button (an update, a
//!   connection) become none.

use hushgate_sdk::{
    Field, Reading, Scalar,
    adapter::DecodeError,
    fields,
    json::{Object, Value},
    number,
};

use crate::{component, malformed};

/// Readings that one answer may have.
const READINGS_MAX: usize = 64;

/// Components that people press, turn or shake.
const BUTTONS: [&str; 2] = ["input", "bthomedevice"];

/// The events of a `NotifyEvent`.
pub(crate) fn read(params: &Object<'_>) -> Result<Vec<Reading>, DecodeError> {
    let Some(Value::Array(events)) = params.get("events") else {
        return Err(malformed("there is no list of events"));
    };
    let readings: Vec<_> = events.iter().filter_map(|event| button(event, params)).collect();
    if readings.len() > READINGS_MAX {
        return Err(DecodeError::Unsupported("there are more than 64 events".to_owned()));
    }
    Ok(readings)
}

fn button(event: &Value<'_>, params: &Object<'_>) -> Option<Reading> {
    let (kind, number) = component::split(event.get("component")?.as_str()?)?;
    let action = event.get("event")?.as_str()?;
    if !BUTTONS.contains(&kind) || !(1..=fields::TEXT_BYTES_MAX).contains(&action.len()) {
        return None;
    }
    let at_ms = event.get("ts").or_else(|| params.get("ts")).and_then(number::unix_seconds_ms);
    let path = component::numbered("action", number);
    let field = Field::without_unit(&path, Scalar::Text(action.to_owned()));
    Some(Reading::at(at_ms, "action", vec![field]))
}
