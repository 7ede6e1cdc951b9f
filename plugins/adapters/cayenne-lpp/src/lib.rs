//! Reads Cayenne LPP: values with a channel and a type each, as many LoRaWAN devices send them.
//!
//! # Promises
//!
//! - Every byte is accounted for: a payload that ends within a value is malformed, and one with a type that is
//!   not known here is unsupported, because nobody knows how long its value is.
//! - A value of channel 3 becomes `temperature-3`, or what the owner calls it. Values of a payload are one
//!   reading; one that comes a second time begins the next.
//! - A single time in a payload is the time of its readings as well.

mod names;
mod types;

use std::collections::BTreeMap;

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
    bytes::{self, Bytes},
    config,
    decimal::Decimal,
};
use names::Names;
use serde::Deserialize;
use types::{DataType, Meaning, Part, Step};

/// Fields in one reading, by the contract.
const FIELDS_MAX: usize = 256;

/// Readings of one frame, by the contract.
const READINGS_MAX: usize = 64;

/// The adapter, with the encoding and the names that its owner chose.
#[derive(Debug)]
pub struct CayenneLpp {
    encoding: Encoding,
    names: Names,
}

hushgate_sdk::adapter!(CayenneLpp);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    encoding: Encoding,
    #[serde(default)]
    names: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Raw,
    Hex,
    Base64,
}

impl Adapter for CayenneLpp {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { encoding, names } = config::parse(json)?;
        Ok(Self { encoding, names: Names::of(names)? })
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        match self.encoding {
            Encoding::Raw => self.payload(&frame.body),
            Encoding::Hex => self.payload(&bytes::of_hex(&frame.body)?),
            Encoding::Base64 => self.payload(&bytes::of_base64(&frame.body)?),
        }
    }
}

impl CayenneLpp {
    fn payload(&self, payload: &[u8]) -> Result<Vec<Reading>, DecodeError> {
        let mut rest = Bytes::new(payload);
        let mut values = Vec::new();
        // An empty payload is cut off, too.
        loop {
            let channel = rest.u8()?;
            let DataType { parts, .. } = types::of_code(rest.u8()?)
                .ok_or_else(|| unsupported("it has a value of a type that is not known"))?;
            for part in *parts {
                let (value, unit) = scalar(part, &mut rest)?;
                let path = self.names.path(channel, part, parts.len() == 1);
                values.push(Field { path, value, unit: unit.map(str::to_owned) });
            }
            if rest.is_empty() {
                break;
            }
        }
        let at_ms = only_time(&values);
        readings(values, at_ms)
    }
}

fn scalar(
    part: &Part,
    rest: &mut Bytes<'_>,
) -> Result<(Scalar, Option<&'static str>), DecodeError> {
    Ok(match part.meaning {
        Meaning::Int(unit) => (Scalar::Int(unsigned(part, rest)?), unit),
        Meaning::Flag => (Scalar::Flag(unsigned(part, rest)? != 0), None),
        Meaning::Real(step, unit) => (real(unsigned(part, rest)?, step), unit),
        Meaning::Signed(step, unit) => (real(rest.int_be(part.bytes)?, step), unit),
        Meaning::Colour => (Scalar::Text(format!("#{:06x}", unsigned(part, rest)?)), None),
    })
}

/// No value has more than 4 bytes.
fn unsigned(part: &Part, rest: &mut Bytes<'_>) -> Result<i64, DecodeError> {
    rest.uint_be(part.bytes).map(u64::cast_signed)
}

fn real(count: i64, step: Step) -> Scalar {
    Decimal::new(count.saturating_mul(step.digits), step.exponent).real()
}

/// The time that the payload says, if it says one. Two would be times of something else.
fn only_time(values: &[Field]) -> Option<u64> {
    let mut times = values.iter().filter(|field| is_time(field));
    match (times.next(), times.next()) {
        (Some(Field { value: Scalar::Int(seconds), .. }), None) => {
            u64::try_from(*seconds).ok()?.checked_mul(1000)
        }
        _ => None,
    }
}

/// No other value has this unit.
fn is_time(field: &Field) -> bool {
    field.unit.as_deref() == Some("s")
}

fn readings(values: Vec<Field>, at_ms: Option<u64>) -> Result<Vec<Reading>, DecodeError> {
    let mut readings = vec![Reading::at(at_ms, "cayenne-lpp", Vec::new())];
    for value in values {
        match readings.last_mut() {
            Some(Reading { fields, .. }) if !fields.iter().any(|it| it.path == value.path) => {
                fields.push(value);
            }
            _ => readings.push(Reading::at(at_ms, "cayenne-lpp", vec![value])),
        }
        if readings.len() > READINGS_MAX || readings.last().is_some_and(is_too_long) {
            return Err(unsupported("it has more values than a frame of LoRaWAN"));
        }
    }
    Ok(readings)
}

fn is_too_long(reading: &Reading) -> bool {
    reading.fields.len() > FIELDS_MAX
}

fn unsupported(why: &str) -> DecodeError {
    DecodeError::Unsupported(why.to_owned())
}

#[cfg(test)]
mod tests;
