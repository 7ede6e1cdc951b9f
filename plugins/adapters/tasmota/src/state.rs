//! What the device itself does: its relays, lamps, shutters, switches and buttons.
//!
//! # Promises
//!
//! - A relay, lamp or switch with a number has it behind its path: `POWER2` is `on-2`.

use std::borrow::Cow;

use hushgate_sdk::{
    Scalar,
    fields::Fields,
    flag,
    json::{Object, Value},
    number,
};

/// The path of a relay's topic or key: `POWER`, `POWER1` and so on.
pub(crate) fn power(name: &str) -> Option<Cow<'static, str>> {
    number_of(name, "POWER").map(|number| path_of("on", number))
}

/// Reads what is on, how bright, how far; how long the device runs, and how well it receives.
pub(crate) fn read(body: &Object<'_>, fields: &mut Fields) {
    for (name, value) in body {
        if let Some(path) = power(name) {
            push(path, flag_of(value), None, fields);
        } else if let Some(number) = number_of(name, "Dimmer") {
            push(path_of("brightness", number), number::real(value), Some("%"), fields);
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
pub(crate) fn switches(body: &Object<'_>, fields: &mut Fields) {
    for (name, value) in body {
        if let Some(number) = number_of(name, "Switch") {
            push(path_of("input", number), flag_of(value), None, fields);
            action(path_of("action-switch", number), value, fields);
        } else if let Some(number) = number_of(name, "Button") {
            action(path_of("action-button", number), value, fields);
        } else if let Some(number) = number_of(name, "Shutter") {
            let position = value.get("Position").and_then(number::real);
            push(path_of("position", number), position, Some("%"), fields);
        }
    }
}

fn action(path: Cow<'_, str>, value: &Value<'_>, fields: &mut Fields) {
    if let Some(done) = value.get("Action").and_then(Value::as_str) {
        fields.push(path, Scalar::Text(done.to_owned()), None);
    }
}

fn push<'a>(
    path: impl Into<Cow<'a, str>>,
    value: Option<Scalar>,
    unit: Option<&str>,
    fields: &mut Fields,
) {
    if let Some(value) = value {
        fields.push(path, value, unit);
    }
}

fn flag_of(value: &Value<'_>) -> Option<Scalar> {
    flag::on_off(value.as_str()?).map(Scalar::Flag)
}

/// The number behind `word` in a name of two digits at most: none where the device has one of the kind.
fn number_of<'a>(name: &'a str, word: &str) -> Option<&'a str> {
    let number = name.strip_prefix(word)?;
    (number.len() <= 2 && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(number)
}

/// The path, with the number where there is one.
fn path_of(path: &'static str, number: &str) -> Cow<'static, str> {
    if number.is_empty() { path.into() } else { format!("{path}-{number}").into() }
}
