//! Reads JSON as its owner's settings say: which value becomes which field.
//!
//! # Promises
//!
//! - Nothing is emitted that the settings do not name: neither what else is in the message, nor its topic.
//! - A value of another type than its rule's makes the message malformed; one that is not there becomes no
//!   field, or makes it malformed where it is required.
//! - A message without what `when` asks for is not mine.

use hushgate_sdk::{
    ConfigError, Frame, Reading,
    adapter::{Adapter, DecodeError},
    config,
    json::{self, Pointer, Value},
    mapping::{self, At, Moment, Raw, Rule, When},
};
use serde::Deserialize;

/// Readings of one frame, by the contract.
const READINGS_MAX: usize = 64;

/// The adapter, with what its owner said of the messages, and where each value is.
#[derive(Debug)]
pub struct JsonMap {
    fields: Vec<(Pointer, Rule)>,
    at: Option<(Pointer, At)>,
    when: Option<(Pointer, When)>,
    /// Points to an array whose elements are readings.
    each: Option<Pointer>,
}

hushgate_sdk::adapter!(JsonMap);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    fields: Vec<Rule>,
    at: Option<At>,
    when: Option<When>,
    each: Option<String>,
}

impl Adapter for JsonMap {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { fields, at, when, each } = config::parse(json)?;
        mapping::check(&fields).map_err(|must_be| config::invalid("fields", must_be))?;
        if let Some(at) = &at {
            at.check().map_err(|must_be| config::invalid("at", must_be))?;
        }
        Ok(Self {
            fields: fields
                .into_iter()
                .map(|rule| Ok((pointer("fields", &rule.source)?, rule)))
                .collect::<Result<_, _>>()?,
            at: at.map(|at| Ok((pointer("at", &at.source)?, at))).transpose()?,
            when: when.map(|when| Ok((pointer("when", &when.source)?, when))).transpose()?,
            each: each.map(|each| pointer("each", &each)).transpose()?,
        })
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        let message = json::value(&frame.body)?;
        if !self.when.as_ref().is_none_or(|(at, when)| when.holds(raw(&message, at))) {
            return Err(DecodeError::NotMine);
        }
        let read = |part| self.reading(&message, part).transpose();
        parts(&message, self.each.as_ref())?.iter().filter_map(read).collect()
    }
}

impl JsonMap {
    fn reading(
        &self,
        message: &Value<'_>,
        part: &Value<'_>,
    ) -> Result<Option<Reading>, DecodeError> {
        let mut fields = Vec::with_capacity(self.fields.len());
        for (at, rule) in &self.fields {
            fields.extend(rule.field(raw(part, at))?);
        }
        Ok(mapping::reading(self.moment(message, part)?, fields))
    }

    /// A part without a time of its own has that of the message.
    fn moment(&self, message: &Value<'_>, part: &Value<'_>) -> Result<Moment, DecodeError> {
        match &self.at {
            Some((source, at)) => at.moment(raw(part, source).or_else(|| raw(message, source))),
            None => Ok(Moment::Unknown),
        }
    }
}

/// What becomes a reading each.
fn parts<'v, 'a>(
    message: &'v Value<'a>,
    each: Option<&Pointer>,
) -> Result<&'v [Value<'a>], DecodeError> {
    let Some(each) = each else { return Ok(std::slice::from_ref(message)) };
    match each.find(message) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(parts)) if parts.len() <= READINGS_MAX => Ok(parts),
        Some(Value::Array(_)) => {
            Err(DecodeError::Unsupported("there are more than 64 elements".to_owned()))
        }
        Some(_) => Err(DecodeError::Malformed("it is no array".to_owned())),
    }
}

fn raw<'v>(value: &'v Value<'_>, at: &Pointer) -> Option<Raw<'v>> {
    at.find(value).map(Raw::from)
}

fn pointer(setting: &str, text: &str) -> Result<Pointer, ConfigError> {
    Pointer::parse(text).ok_or_else(|| {
        config::invalid(setting, "with pointers as RFC 6901 writes them, such as /sensors/0/t")
    })
}

#[cfg(test)]
mod tests;
