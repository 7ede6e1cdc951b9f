//! Reads what Shelly devices of the second generation and later (Gen2, 3, 4) publish over MQTT.
//!
//! # Promises
//!
//! - Notifications (`NotifyStatus`, `NotifyFullStatus`, `NotifyEvent`), replies to `Shelly.GetStatus`, single
//!   status topics and `online` are read; any other topic is not ours.
//! - Networks (`ssid`, addresses), names and configurations never become a field.
//! - A value that is `null`, or that the device says is in error, becomes no field.

mod component;
mod event;

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
    config,
    fields::Fields,
    json::{self, Object, Value},
    number,
};
use serde::Deserialize;

/// The adapter. It has no settings.
#[derive(Debug)]
pub struct Shelly;

hushgate_sdk::adapter!(Shelly);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {}

impl Adapter for Shelly {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings {} = config::parse(json)?;
        Ok(Self)
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        let mut topic = frame.channel.rsplit('/');
        match (topic.next(), topic.next()) {
            (Some("online"), Some(_)) => online(&frame.body),
            (Some("rpc"), Some(_)) => rpc(&frame.body),
            (Some(component), Some("status")) => single(component, &frame.body),
            _ => Err(DecodeError::NotMine),
        }
    }
}

/// The topic `online`: `true`, or `false` as the last will.
fn online(body: &[u8]) -> Result<Vec<Reading>, DecodeError> {
    let online = match body {
        b"true" => true,
        b"false" => false,
        _ => return Err(malformed("neither true nor false")),
    };
    Ok(vec![Reading::now("online", vec![Field::without_unit("online", Scalar::Flag(online))])])
}

/// A topic of one component, such as `status/switch:0`.
fn single(component: &str, body: &[u8]) -> Result<Vec<Reading>, DecodeError> {
    let status = Value::Object(json::object(body)?);
    let mut fields = Fields::default();
    component::read(component, &status, &mut fields)?;
    fields.reading(None, "status")
}

fn rpc(body: &[u8]) -> Result<Vec<Reading>, DecodeError> {
    let rpc = json::object(body)?;
    match (rpc.member("method"), rpc.member("result")) {
        (Some(Value::String(method)), _) => notification(method, rpc.member("params")),
        (Some(_), _) => Err(malformed("the method is no text")),
        (None, Some(Value::Object(result))) => reply(result),
        (None, None) if rpc.member("error").is_some() => Ok(Vec::new()),
        (None, _) => Err(DecodeError::NotMine),
    }
}

/// What a device says unasked. Any other method is a command on its way to a device.
fn notification(method: &str, params: Option<&Value<'_>>) -> Result<Vec<Reading>, DecodeError> {
    if !["NotifyStatus", "NotifyFullStatus", "NotifyEvent"].contains(&method) {
        return Err(DecodeError::NotMine);
    }
    let params = params.and_then(Value::as_object);
    let params = params.ok_or_else(|| malformed("a notification without parameters"))?;
    if method == "NotifyEvent" { event::read(params) } else { status(params, params.get("ts")) }
}

/// The reply to `Shelly.GetStatus`. A reply to a command for one component does not say which one it is.
fn reply(result: &Object<'_>) -> Result<Vec<Reading>, DecodeError> {
    if !result.iter().any(|(name, _)| component::is_known(name)) {
        return Err(DecodeError::Unsupported("a reply that names no component".to_owned()));
    }
    status(result, result.get("sys").and_then(|sys| sys.get("unixtime")))
}

fn status(
    components: &Object<'_>,
    seconds: Option<&Value<'_>>,
) -> Result<Vec<Reading>, DecodeError> {
    let mut fields = Fields::default();
    for (name, status) in components {
        component::read(name, status, &mut fields)?;
    }
    fields.reading(seconds.and_then(number::unix_seconds_ms), "status")
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

#[cfg(test)]
mod tests;
