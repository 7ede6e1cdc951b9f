//! One record as it was sent, whichever encoding it came in.
//!
//! # Promises
//!
//! - Every field has the type that RFC 8428 gives it and appears once. A field that is not known is passed
//!   over, unless its label ends in `_`: then it must be understood (section 4.4), and the pack is refused.

use std::borrow::Cow;

use hushgate_sdk::{
    adapter::DecodeError,
    json::{self, Number},
};

use super::malformed;

/// What a field may hold.
pub(crate) enum Content<'a> {
    Number(Number),
    Text(Cow<'a, str>),
    Flag(bool),
    Bytes(Vec<u8>),
    /// `null`, an array, an object: nothing that a known field could hold.
    Other,
}

/// A value, of which a record has one at most.
#[derive(Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Number(Number),
    Text(Cow<'a, str>),
    Flag(bool),
    Bytes(Vec<u8>),
}

/// One record, nothing resolved.
#[derive(Debug, Default)]
pub(crate) struct Record<'a> {
    pub(crate) base_name: Option<Cow<'a, str>>,
    pub(crate) base_time: Option<Number>,
    pub(crate) base_unit: Option<Cow<'a, str>>,
    pub(crate) base_value: Option<Number>,
    pub(crate) base_sum: Option<Number>,
    pub(crate) base_version: Option<Number>,
    pub(crate) name: Option<Cow<'a, str>>,
    pub(crate) unit: Option<Cow<'a, str>>,
    pub(crate) time: Option<Number>,
    pub(crate) update_time: Option<Number>,
    pub(crate) sum: Option<Number>,
    pub(crate) value: Option<Value<'a>>,
    /// A field that must be understood, and is not.
    pub(crate) is_strange: bool,
}

impl<'a> Record<'a> {
    /// Puts a field into its place.
    pub(crate) fn set(&mut self, label: &str, content: Content<'a>) -> Result<(), DecodeError> {
        match label {
            "bn" => put(&mut self.base_name, text(content)?),
            "bt" => put(&mut self.base_time, finite(content)?),
            "bu" => put(&mut self.base_unit, text(content)?),
            "bv" => put(&mut self.base_value, finite(content)?),
            "bs" => put(&mut self.base_sum, finite(content)?),
            "bver" => put(&mut self.base_version, finite(content)?),
            "n" => put(&mut self.name, text(content)?),
            "u" => put(&mut self.unit, text(content)?),
            "t" => put(&mut self.time, finite(content)?),
            "ut" => put(&mut self.update_time, finite(content)?),
            "s" => put(&mut self.sum, number(content)?),
            "v" => put(&mut self.value, Value::Number(number(content)?)),
            "vs" => put(&mut self.value, Value::Text(text(content)?)),
            "vb" => put(&mut self.value, flag(content)?),
            "vd" => put(&mut self.value, bytes(content)?),
            _ => {
                self.is_strange |= label.ends_with('_');
                Ok(())
            }
        }
    }
}

fn put<T>(place: &mut Option<T>, value: T) -> Result<(), DecodeError> {
    if place.replace(value).is_some() {
        return Err(malformed("a record has a field, or a value, twice"));
    }
    Ok(())
}

fn number(content: Content<'_>) -> Result<Number, DecodeError> {
    match content {
        Content::Number(number) => Ok(number),
        _ => Err(malformed("a number is expected")),
    }
}

fn finite(content: Content<'_>) -> Result<Number, DecodeError> {
    match number(content)? {
        number if number.is_finite() => Ok(number),
        _ => Err(malformed("a finite number is expected")),
    }
}

fn text(content: Content<'_>) -> Result<Cow<'_, str>, DecodeError> {
    match content {
        Content::Text(text) => Ok(text),
        _ => Err(malformed("a text is expected")),
    }
}

fn flag(content: Content<'_>) -> Result<Value<'_>, DecodeError> {
    match content {
        Content::Flag(flag) => Ok(Value::Flag(flag)),
        _ => Err(malformed("true or false is expected")),
    }
}

/// JSON has no bytes: there they are base64url without padding (section 5).
fn bytes(content: Content<'_>) -> Result<Value<'_>, DecodeError> {
    match content {
        Content::Bytes(bytes) => Ok(Value::Bytes(bytes)),
        Content::Text(text) => of_base64url(text.as_bytes())
            .map(Value::Bytes)
            .ok_or_else(|| malformed("data is not base64url")),
        _ => Err(malformed("data is expected")),
    }
}

fn of_base64url(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.chunks(4) {
        let digits = group.iter().try_fold(0_u32, |all, digit| Some(all << 6 | sextet(*digit)?))?;
        let [_, first, second, third] = (digits << (6 * (4 - group.len()))).to_be_bytes();
        match group.len() {
            4 => bytes.extend([first, second, third]),
            3 if third == 0 => bytes.extend([first, second]),
            2 if second == 0 && third == 0 => bytes.push(first),
            _ => return None,
        }
    }
    Some(bytes)
}

fn sextet(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    };
    Some(value.into())
}

/// The records of a pack in JSON.
pub(crate) fn of_json(pack: json::Value<'_>) -> Result<Vec<Record<'_>>, DecodeError> {
    let json::Value::Array(records) = pack else {
        return Err(malformed("a pack is an array"));
    };
    let mut all = Vec::with_capacity(records.len());
    for fields in records {
        let json::Value::Object(fields) = fields else {
            return Err(malformed("a record is an object"));
        };
        all.push(Record::default());
        if let Some(record) = all.last_mut() {
            fill(record, fields)?;
        }
    }
    Ok(all)
}

fn fill<'a>(record: &mut Record<'a>, fields: json::Object<'a>) -> Result<(), DecodeError> {
    for (label, value) in fields {
        let content = match value {
            json::Value::Number(number) => Content::Number(number),
            json::Value::String(text) => Content::Text(text),
            json::Value::Bool(flag) => Content::Flag(flag),
            json::Value::Null | json::Value::Array(_) | json::Value::Object(_) => Content::Other,
        };
        record.set(&label, content)?;
    }
    Ok(())
}

/// The nearest `f64`.
pub(crate) const fn nearest(whole: i128) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "SenML's numbers are `f64`: the nearest is meant"
    )]
    let number = whole as f64;
    number
}
