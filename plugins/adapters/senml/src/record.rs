//! One record as it was sent, whichever encoding it came in.
//!
//! # Promises
//!
//! - Every field has the type that RFC 8428 gives it and appears once. A field that is not known is passed
//!   over, unless its label ends in `_`: then it must be understood (section 4.4), and the pack is refused.

use std::{borrow::Cow, fmt};

use hushgate_sdk::adapter::DecodeError;
use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::malformed;

/// What a field may hold.
pub(crate) enum Content {
    Number(f64),
    Text(String),
    Flag(bool),
    Bytes(Vec<u8>),
    /// `null`, an array, an object: nothing that a known field could hold.
    Other,
}

/// A value, of which a record has one at most.
#[derive(Debug, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    Text(String),
    Flag(bool),
    Bytes(Vec<u8>),
}

/// One record, nothing resolved.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) base_name: Option<String>,
    pub(crate) base_time: Option<f64>,
    pub(crate) base_unit: Option<String>,
    pub(crate) base_value: Option<f64>,
    pub(crate) base_sum: Option<f64>,
    pub(crate) base_version: Option<f64>,
    pub(crate) name: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) time: Option<f64>,
    pub(crate) update_time: Option<f64>,
    pub(crate) sum: Option<f64>,
    pub(crate) value: Option<Value>,
    /// A field that must be understood, and is not.
    pub(crate) is_strange: bool,
}

impl Record {
    /// Puts a field into its place.
    pub(crate) fn set(&mut self, label: &str, content: Content) -> Result<(), DecodeError> {
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

fn number(content: Content) -> Result<f64, DecodeError> {
    match content {
        Content::Number(number) => Ok(number),
        _ => Err(malformed("a number is expected")),
    }
}

fn finite(content: Content) -> Result<f64, DecodeError> {
    match number(content)? {
        number if number.is_finite() => Ok(number),
        _ => Err(malformed("a finite number is expected")),
    }
}

fn text(content: Content) -> Result<String, DecodeError> {
    match content {
        Content::Text(text) => Ok(text),
        _ => Err(malformed("a text is expected")),
    }
}

fn flag(content: Content) -> Result<Value, DecodeError> {
    match content {
        Content::Flag(flag) => Ok(Value::Flag(flag)),
        _ => Err(malformed("true or false is expected")),
    }
}

/// JSON has no bytes: there they are base64url without padding (section 5).
fn bytes(content: Content) -> Result<Value, DecodeError> {
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

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RecordVisitor)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = Record;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
        let mut record = Record::default();
        while let Some((label, content)) = map.next_entry::<Cow<'_, str>, Content>()? {
            record.set(&label, content).map_err(|_| de::Error::custom("a field is wrong"))?;
        }
        Ok(record)
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("anything")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Content, E> {
        Ok(Content::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Content, E> {
        Ok(Content::Number(nearest(number.into())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Content, E> {
        Ok(Content::Number(nearest(number.into())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Content, E> {
        Ok(Content::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Content, E> {
        Ok(Content::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Content, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Content::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Content::Other)
    }
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
