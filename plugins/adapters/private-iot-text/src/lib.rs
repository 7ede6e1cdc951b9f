//! Reads the messages of the Private IoT prototype: a number and a unit word, as text or wrapped in JSON.
//!
//! # Promises
//!
//! - `Tension: 120.00 mmHg ` and `{"device":"patient","topic":"bpm","payload":" 70.00 bpm "}` are read
//!   whatever the channel and content type. What counts is the text after the last `:`.
//! - A frame becomes one reading with one field, or an error. A number that is not a plain decimal, and a unit
//!   word that nobody declared, become no value at all.
//! - Whether the number is plausible is not judged here: the grant's release schema has the range.
//!
//! # Settings
//!
//! `units`: more words for what is known already, such as `{"units": {"Puls/min": "heart-rate"}}`. At most 32;
//! the number is taken as it is.

use std::collections::BTreeMap;

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
    config,
    exact::Exact,
    json,
};
use serde::Deserialize;

/// Unit words that one configuration may add.
const UNITS_MAX: usize = 32;

/// Bytes in a number, sign and point included: enough for any sensor, too few to overflow an `f64`.
const NUMBER_BYTES_MAX: usize = 32;

/// What can be measured: field path, and unit in UCUM. The manifest declares the same.
const MEASURES: [(&str, &str); 4] = [
    ("heart-rate", "/min"),
    ("blood-pressure", "mm[Hg]"),
    ("temperature", "Cel"),
    ("humidity", "%"),
];

/// The words that devices write, and the path each stands for.
const UNIT_WORDS: [(&str, &str); 5] = [
    ("bpm", "heart-rate"),
    ("mmHg", "blood-pressure"),
    ("C", "temperature"),
    ("°C", "temperature"),
    ("%", "humidity"),
];

/// The adapter, with the unit words that its owner added.
#[derive(Debug)]
pub struct PrivateIotText {
    units: BTreeMap<String, String>,
}

hushgate_sdk::adapter!(PrivateIotText);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    units: BTreeMap<String, String>,
}

impl Adapter for PrivateIotText {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { units } = config::parse(json)?;
        if units.len() > UNITS_MAX {
            return Err(config::invalid("units", "at most 32 words"));
        }
        if units.keys().any(|word| !is_unit_word(word)) {
            return Err(config::invalid(
                "units",
                "each word without spaces and colons, not starting like a number",
            ));
        }
        if units.values().any(|path| measure(path).is_none()) {
            return Err(config::invalid(
                "units",
                "each word for one of heart-rate, blood-pressure, temperature, humidity",
            ));
        }
        Ok(Self { units })
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        let body =
            std::str::from_utf8(&frame.body).map_err(|_| malformed("the body is not UTF-8"))?;
        let (number, word) = if body.trim_start().starts_with('{') {
            let body = json::value(&frame.body);
            let payload = body.as_ref().ok().and_then(|it| it.get("payload")?.as_str());
            let none = || malformed("the body is not JSON with a text as `payload`");
            quantity(payload.ok_or_else(none)?)?
        } else {
            quantity(body)?
        };
        let (path, unit) = self
            .measure_of(&word)
            .ok_or_else(|| DecodeError::Unsupported("the unit word is not known".to_owned()))?;
        Ok(vec![Reading::now(path, vec![Field::with_unit(path, Scalar::Real(number), unit)])])
    }
}

impl PrivateIotText {
    fn measure_of(&self, word: &str) -> Option<(&'static str, &'static str)> {
        let known = UNIT_WORDS.iter().find(|(known, _)| *known == word).map(|(_, path)| *path);
        measure(self.units.get(word).map(String::as_str).or(known)?)
    }
}

fn measure(path: &str) -> Option<(&'static str, &'static str)> {
    MEASURES.into_iter().find(|(known, _)| *known == path)
}

fn is_unit_word(word: &str) -> bool {
    !word.is_empty()
        && !word.contains(|c: char| c == ':' || c.is_whitespace() || c.is_control())
        && !word.starts_with(is_number_char)
}

/// Splits `Tension: 120.00 mmHg ` into 120 and `mmHg`.
fn quantity(text: &str) -> Result<(f64, String), DecodeError> {
    let value = text.rsplit(':').next().unwrap_or(text).trim();
    let number_end = value.find(|c| !is_number_char(c)).unwrap_or(value.len());
    let (number, word) = value.split_at_checked(number_end).unwrap_or_default();
    let word = word.trim_start();
    let number = decimal(number).ok_or_else(|| malformed("there is no plain decimal number"))?;
    if is_unit_word(word) {
        Ok((number, word.to_owned()))
    } else {
        Err(malformed("there is not exactly one unit word after the number"))
    }
}

const fn is_number_char(c: char) -> bool {
    matches!(c, '0'..='9' | '+' | '-' | '.')
}

/// Reads `-12.50`: digits, with a sign before and a fraction after them if need be.
fn decimal(text: &str) -> Option<f64> {
    Exact::parse(text).filter(|_| text.len() <= NUMBER_BYTES_MAX).map(Exact::to_f64)
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

#[cfg(test)]
mod tests;
