//! Reads Sensor Measurement Lists (SenML, RFC 8428) in JSON and CBOR.
//!
//! # Promises
//!
//! - Records are resolved: base fields are applied, names checked, times made absolute. Records of one moment
//!   become one reading, unless a path repeats.
//! - Sums of a base and a value are decimal: 20.1 + 0.2 is 20.3. Units become UCUM.
//! - A pack with a record that breaks the format, or one that must be understood and is not, says nothing.
//! - Identifiers of devices stay out of paths: only the last part of a name becomes one.
//!
//! # Settings
//!
//! `names`: paths for names, resolved or their last part, such as `{"names": {"temp": "temperature"}}`; at most
//! 256. `format`: `json` or `cbor`, where neither the content type nor the first byte tells.

mod cbor;
mod exact;
mod pack;
mod record;
mod units;

use std::collections::BTreeMap;

use hushgate_sdk::{
    ConfigError, Frame, Reading,
    adapter::{Adapter, DecodeError},
    config, json, naming,
};
use serde::Deserialize;

use pack::Names;

/// Names that one configuration may map.
const NAMES_MAX: usize = 256;

/// The adapter, with what its owner set.
#[derive(Debug)]
pub struct Senml {
    format: Option<Format>,
    names: Names,
}

hushgate_sdk::adapter!(Senml);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    format: Option<String>,
    #[serde(default)]
    names: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Json,
    Cbor,
}

impl Adapter for Senml {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { format, names } = config::parse(json)?;
        let format = match format.as_deref() {
            None => None,
            Some("json") => Some(Format::Json),
            Some("cbor") => Some(Format::Cbor),
            Some(_) => return Err(config::invalid("format", "must be json or cbor")),
        };
        if names.len() > NAMES_MAX {
            return Err(config::invalid("names", "at most 256 names"));
        }
        if names.keys().any(|name| !pack::is_name(name)) {
            return Err(config::invalid("names", "each name as SenML has it"));
        }
        if names.values().any(|path| !naming::is_path(path)) {
            return Err(config::invalid(
                "names",
                "each name for a path in lower-case words joined by hyphens and grouped by dots",
            ));
        }
        Ok(Self { format, names: Names::new(names) })
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        let records = match self.format_of(&frame)? {
            Format::Json => record::of_json(json::strict(&frame.body)?)?,
            Format::Cbor => cbor::records(&frame.body)?,
        };
        pack::readings(&records, frame.received_ms, &self.names)
    }
}

impl Senml {
    fn format_of(&self, frame: &Frame) -> Result<Format, DecodeError> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let content_type = frame.content_type.as_deref().unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        match media_type.to_ascii_lowercase().as_str() {
            "application/senml+json" => Ok(Format::Json),
            "application/senml+cbor" => Ok(Format::Cbor),
            "application/senml+xml" | "application/senml-exi" => {
                Err(unsupported("SenML in XML is not read"))
            }
            other if other.starts_with("application/sensml") => {
                Err(unsupported("streams of SenML are not read"))
            }
            _ => sniffed(&frame.body),
        }
    }
}

/// By the first byte: `[` of JSON is no array in CBOR.
fn sniffed(body: &[u8]) -> Result<Format, DecodeError> {
    match body.trim_ascii_start().first() {
        Some(b'[') => Ok(Format::Json),
        _ => match body.first() {
            Some(0x80..=0x9F | 0xD9) => Ok(Format::Cbor),
            _ => Err(DecodeError::NotMine),
        },
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
