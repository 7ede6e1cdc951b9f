//! What the device itself does: its relays, lamps, shutters, switches and buttons.
//!
//! # Promises
//!
//! - A relay, lamp or switch with a number has it behind its path: `POWER2` is `on-2`.

use hushgate_sdk::{Scalar, fields::Fields, flag, number};
use serde_json::{Map, Value};

/// The path of a relay's topic or key: `POWER`, `POWER1` and so on.
pub(crate) fn power(name: &str) -> Option<String> {
    numbered(name, "POWER", "on")
}

/// Reads what is on, how bright, how far; how long the device runs, and how well it receives.
pub(crate) fn read(body: &Map<String, Value>, fields: &mut Fields) {
    for (name, value) in body {
        if let Some(path) = power(name) {
            push(&path, flag_of(value), None, fields);
        } else if let Some(path) = numbered(name, "Dimmer", "brightness") {
            push(&path, number::real(value), Some("%"), fields);
        }
    }
    let uptime = body.get("UptimeSec").and_then(number::real);
    push("uptime", uptime, Some("s"), fields);
    push("other.vcc", body.get("Vcc").and_then(number::real), Some("V"), fields);
    // `RSSI` is beside it: a quality in percent, whatever its name says.
    let signal = body.get("Wifi").and_then(|wifi| wifi.get("Signal")).and_then(number::real);
    push("signal", signal, Some("{dBm}"), fields);
}

/// Reads contacts of switches (`"Switch1":"ON"`), what was done to them, and where shutters are.
pub(crate) fn switches(body: &Map<String, Value>, fields: &mut Fields) {
    for (name, value) in body {
        if let Some(path) = numbered(name, "Switch", "input") {
            push(&path, flag_of(value), None, fields);
        }
        if let Some(path) = numbered(name, "Shutter", "position") {
            push(&path, value.get("Position").and_then(number::real), Some("%"), fields);
        }
        let action = numbered(name, "Switch", "action-switch")
            .or_else(|| numbered(name, "Button", "action-button"));
        if let (Some(path), Some(done)) = (action, value.get("Action").and_then(Value::as_str)) {
            fields.push(&path, Scalar::Text(done.to_owned()), None);
        }
    }
}

fn push(path: &str, value: Option<Scalar>, unit: Option<&str>, fields: &mut Fields) {
    if let Some(value) = value {
        fields.push(path, value, unit);
    }
}

fn flag_of(value: &Value) -> Option<Scalar> {
    flag::on_off(value.as_str()?).map(Scalar::Flag)
}

/// The path for a name that is `word` and, if it is one of several, its number.
fn numbered(name: &str, word: &str, path: &str) -> Option<String> {
    match name.strip_prefix(word)? {
        "" => Some(path.to_owned()),
        number if number.len() <= 2 && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(format!("{path}-{number}"))
        }
        _ => None,
    }
}
