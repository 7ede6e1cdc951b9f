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
    config, json,
    mapping::{self, At, Moment, Raw, Rule, When},
};
use serde::Deserialize;
use serde_json::Value;

/// Readings of one frame, by the contract.
const READINGS_MAX: usize = 64;

/// The longest pointer, in bytes.
const POINTER_BYTES_MAX: usize = 256;

/// The adapter, with what its owner said of the messages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonMap {
    fields: Vec<Rule>,
    at: Option<At>,
    when: Option<When>,
    /// Points to an array whose elements are readings.
    each: Option<String>,
}

hushgate_sdk::adapter!(JsonMap);

impl Adapter for JsonMap {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let settings: Self = config::parse(json)?;
        let Self { fields, at, when, each } = &settings;
        mapping::check(fields).map_err(|must_be| config::invalid("fields", must_be))?;
        for rule in fields {
            check_pointer("fields", &rule.source)?;
        }
        if let Some(at) = at {
            at.check().map_err(|must_be| config::invalid("at", must_be))?;
            check_pointer("at", &at.source)?;
        }
        if let Some(when) = when {
            check_pointer("when", &when.source)?;
        }
        if let Some(each) = each {
            check_pointer("each", each)?;
        }
        Ok(settings)
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        let message: Value = json::value(&frame.body)?;
        if !self.when.as_ref().is_none_or(|when| when.holds(raw(&message, &when.source))) {
            return Err(DecodeError::NotMine);
        }
        let read = |part| self.reading(&message, part).transpose();
        parts(&message, self.each.as_deref())?.iter().filter_map(read).collect()
    }
}

impl JsonMap {
    fn reading(&self, message: &Value, part: &Value) -> Result<Option<Reading>, DecodeError> {
        let read = |rule: &Rule| rule.field(raw(part, &rule.source)).transpose();
        let fields = self.fields.iter().filter_map(read).collect::<Result<_, _>>()?;
        Ok(mapping::reading(self.moment(message, part)?, fields))
    }

    /// A part without a time of its own has that of the message.
    fn moment(&self, message: &Value, part: &Value) -> Result<Moment, DecodeError> {
        match &self.at {
            Some(at) => at.moment(raw(part, &at.source).or_else(|| raw(message, &at.source))),
            None => Ok(Moment::Unknown),
        }
    }
}

/// What becomes a reading each.
fn parts<'a>(message: &'a Value, each: Option<&str>) -> Result<&'a [Value], DecodeError> {
    let Some(each) = each else { return Ok(std::slice::from_ref(message)) };
    match message.pointer(each) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(parts)) if parts.len() <= READINGS_MAX => Ok(parts),
        Some(Value::Array(_)) => {
            Err(DecodeError::Unsupported("there are more than 64 elements".to_owned()))
        }
        Some(_) => Err(DecodeError::Malformed("it is no array".to_owned())),
    }
}

fn raw<'a>(value: &'a Value, pointer: &str) -> Option<Raw<'a>> {
    value.pointer(pointer).map(Raw::from)
}

/// RFC 6901, section 3: empty, or names behind a slash each, where `~` stands in `~0` and `~1` alone.
fn check_pointer(setting: &str, pointer: &str) -> Result<(), ConfigError> {
    let escaped = pointer.split('~').skip(1).all(|after| after.starts_with(['0', '1']));
    let begins = pointer.is_empty() || pointer.starts_with('/');
    if begins && escaped && pointer.len() <= POINTER_BYTES_MAX {
        return Ok(());
    }
    Err(config::invalid(setting, "with pointers as RFC 6901 writes them, such as /sensors/0/t"))
}

#[cfg(test)]
mod tests;
