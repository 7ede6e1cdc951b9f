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
    json, number,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The adapter. It has no settings.
#[derive(Debug)]
pub struct Shelly;

hushgate_sdk::adapter!(Shelly);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {}

/// A frame of JSON-RPC 2.0, with what we look at.
#[derive(Deserialize)]
struct Rpc {
    method: Option<String>,
    params: Option<Map<String, Value>>,
    result: Option<Value>,
    error: Option<Value>,
}

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
    let rpc: Rpc = json::parse(body)?;
    match (rpc.method.as_deref(), rpc.params, rpc.result) {
        (Some("NotifyStatus" | "NotifyFullStatus"), Some(params), _) => {
            status(&params, params.get("ts"))
        }
        (Some("NotifyEvent"), Some(params), _) => event::read(&params),
        (Some("NotifyStatus" | "NotifyFullStatus" | "NotifyEvent"), None, _) => {
            Err(malformed("a notification without parameters"))
        }
        // A command, on its way to a device.
        (Some(_), ..) => Err(DecodeError::NotMine),
        (None, _, Some(Value::Object(result))) => reply(&result),
        (None, _, None) if rpc.error.is_some() => Ok(Vec::new()),
        (None, ..) => Err(DecodeError::NotMine),
    }
}

/// The reply to `Shelly.GetStatus`. A reply to a command for one component does not say which one it is.
fn reply(result: &Map<String, Value>) -> Result<Vec<Reading>, DecodeError> {
    if !result.keys().any(|key| component::is_known(key)) {
        return Err(DecodeError::Unsupported("a reply that names no component".to_owned()));
    }
    status(result, result.get("sys").and_then(|sys| sys.get("unixtime")))
}

fn status(
    components: &Map<String, Value>,
    seconds: Option<&Value>,
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
