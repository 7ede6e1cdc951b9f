//! Reads data points of Open mHealth and IEEE 1752.1: a header that names a schema, and a body that obeys it.
//!
//! # Promises
//!
//! - A body that its schema does not allow is malformed as a whole; a schema or version that is not in the
//!   table is unsupported.
//! - A body becomes one reading, at its `date_time` or at the end of its `time_interval`.
//! - A value that is a statistic says so (`descriptive-statistic`). One that says how values spread or how
//!   many there were (deviation, variance, count) is no value of the body: it becomes no field.
//! - Identifiers, notes and the origin of the data are never emitted.
//!
//! # Settings
//!
//! `schema`: what bodies without a header are, such as `omh:heart-rate:2.0`.

mod instance;
mod point;
mod properties;
mod rule;
mod schemas;
mod time;

use hushgate_sdk::{
    ConfigError, Frame, Reading,
    adapter::{Adapter, DecodeError},
    config, json,
};
use serde::Deserialize;

use schemas::Schema;

/// The adapter, with the schema of bodies that do not name one.
#[derive(Debug)]
pub struct OpenMhealth {
    schema: Option<&'static Schema>,
}

hushgate_sdk::adapter!(OpenMhealth);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    schema: Option<String>,
}

impl Adapter for OpenMhealth {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { schema: name } = config::parse(json)?;
        let Some(name) = name else { return Ok(Self { schema: None }) };
        let parts = name.split(':').collect::<Vec<_>>();
        let schema = match parts[..] {
            [namespace, name, version] => schemas::find(namespace, name, version),
            _ => None,
        };
        match schema {
            Some(schema) => Ok(Self { schema: Some(schema) }),
            None => Err(config::invalid("schema", "one that is read, such as omh:heart-rate:2.0")),
        }
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        point::readings(&json::value(&frame.body)?, self.schema)
    }
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

fn unsupported(why: &str) -> DecodeError {
    DecodeError::Unsupported(why.to_owned())
}

#[cfg(test)]
mod tests;
