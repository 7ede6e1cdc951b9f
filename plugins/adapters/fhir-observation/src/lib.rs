//! Reads Observations of HL7 FHIR R4 (4.0.1) in JSON: one, an array of them, or a Bundle.
//!
//! # Promises
//!
//! - An Observation becomes one reading (more only where its components repeat a path), at the time that it
//!   says. Bodies hold at most 64.
//! - A value is emitted in the unit that was sent, if its path has that unit; nothing is converted.
//! - What is absent, only bounded (`<`, `>=`), withdrawn, cancelled or of unknown standing is no field.
//! - Subject, performer, identifiers, notes and narrative are never read.
//!
//! # Settings
//!
//! `codes`: more codes, such as `{"codes": {"8280-0": {"path": "waist", "unit": "cm"}}}`. A name is a LOINC
//! code or `system|code`. A code without a unit takes flags, texts and codes, too. At most 64.

mod answer;
mod codes;
pub mod codings;
mod observation;
mod resource;
mod time;
mod units;

use std::collections::BTreeMap;

use hushgate_sdk::{
    ConfigError, Frame, Reading,
    adapter::{Adapter, DecodeError},
    config, json,
};
use serde::Deserialize;

use codes::{Added, Codes};
use observation::Outcome;

/// Readings of one frame, by the contract.
const READINGS_MAX: usize = 64;

/// The adapter, with the codes that its owner added.
#[derive(Debug)]
pub struct FhirObservation {
    codes: Codes,
}

hushgate_sdk::adapter!(FhirObservation);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    codes: BTreeMap<String, Added>,
}

impl Adapter for FhirObservation {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { codes } = config::parse(json)?;
        Ok(Self { codes: Codes::new(codes)? })
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        if frame.content_type.as_deref().is_some_and(is_another_version) {
            return Err(unsupported("it is of another version than FHIR R4"));
        }
        if frame.body.trim_ascii_start().first() == Some(&b'<') {
            return Err(unsupported("FHIR in XML is not read"));
        }
        let body = json::strict(&frame.body)?;
        let outcomes = resource::observations(&body)?
            .into_iter()
            .map(|observation| observation::read(observation, &self.codes))
            .collect::<Result<Vec<_>, _>>()?;
        readings(outcomes)
    }
}

/// What was understood. A body of which nothing was goes to quarantine, where its owner can find the codes.
fn readings(outcomes: Vec<Outcome>) -> Result<Vec<Reading>, DecodeError> {
    let is_unread = |outcome: &Outcome| matches!(outcome, Outcome::Unread);
    if !outcomes.is_empty() && outcomes.iter().all(is_unread) {
        return Err(unsupported("none of its codes, with this unit and form of value, is known"));
    }
    let readings = outcomes.into_iter().flat_map(|outcome| match outcome {
        Outcome::Readings(readings) => readings,
        Outcome::Nothing | Outcome::Unread => Vec::new(),
    });
    let readings = readings.collect::<Vec<_>>();
    if readings.len() > READINGS_MAX {
        return Err(unsupported("there are more than 64 readings"));
    }
    Ok(readings)
}

/// FHIR R4, section 3.1.0.1.12: the media type may say the version. 4.3 (R4B) has the same Observation.
fn is_another_version(content_type: &str) -> bool {
    let mut parameters = content_type.split(';').skip(1).filter_map(|it| it.split_once('='));
    parameters.any(|(name, value)| {
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("fhirVersion") && !value.starts_with("4.")
    })
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

fn unsupported(why: &str) -> DecodeError {
    DecodeError::Unsupported(why.to_owned())
}

#[cfg(test)]
mod tests;
