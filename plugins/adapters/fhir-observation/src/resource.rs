//! Finds the Observations of a body: one, an array of them, or those of a Bundle.
//!
//! # Promises
//!
//! - What else is in a Bundle (patients, devices, headers) is not looked at.

use hushgate_sdk::{
    adapter::DecodeError::{self, NotMine},
    json,
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use super::unsupported;

/// Observations in one body: each becomes a reading, of which the contract allows so many.
const OBSERVATIONS_MAX: usize = 64;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tag {
    resource_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    #[serde(rename = "type")]
    kind: BundleKind,
    implicit_rules: Option<String>,
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum BundleKind {
    Collection,
    Batch,
    Transaction,
    Message,
    Searchset,
    Document,
    History,
    BatchResponse,
    TransactionResponse,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    modifier_extension: Vec<IgnoredAny>,
    resource: Option<Box<RawValue>>,
}

/// The JSON text of each Observation in `body`, in order.
///
/// # Errors
///
/// Not mine: there is no FHIR resource, or one of another type. Unsupported: a kind of Bundle that tells of
/// the past or of what somebody else did, or too many Observations.
pub(crate) fn observations(body: &str) -> Result<Vec<Box<RawValue>>, DecodeError> {
    let found = if body.trim_start().starts_with('[') {
        some(only_observations(json::parse(body.as_bytes())?)?)?
    } else {
        let Tag { resource_type } = json::parse(body.as_bytes())?;
        match resource_type.as_deref() {
            Some("Observation") => vec![json::parse(body.as_bytes())?],
            Some("Bundle") => of_bundle(json::parse(body.as_bytes())?)?,
            _ => return Err(NotMine),
        }
    };
    if found.len() > OBSERVATIONS_MAX {
        return Err(unsupported("there are more than 64 observations"));
    }
    Ok(found)
}

fn of_bundle(bundle: Bundle) -> Result<Vec<Box<RawValue>>, DecodeError> {
    if !bundle.kind.tells_what_is() {
        return Err(unsupported("bundles of this type are not read"));
    }
    let altered = bundle.entry.iter().any(|entry| !entry.modifier_extension.is_empty());
    if altered || bundle.implicit_rules.is_some() {
        return Err(unsupported("the bundle follows rules of its own"));
    }
    only_observations(bundle.entry.into_iter().filter_map(|entry| entry.resource).collect())
}

fn only_observations(resources: Vec<Box<RawValue>>) -> Result<Vec<Box<RawValue>>, DecodeError> {
    let mut observations = Vec::new();
    for resource in resources {
        let Tag { resource_type } = json::parse(resource.get().as_bytes())?;
        if resource_type.as_deref() == Some("Observation") {
            observations.push(resource);
        }
    }
    Ok(observations)
}

fn some(observations: Vec<Box<RawValue>>) -> Result<Vec<Box<RawValue>>, DecodeError> {
    if observations.is_empty() { Err(NotMine) } else { Ok(observations) }
}

impl BundleKind {
    const fn tells_what_is(&self) -> bool {
        match self {
            Self::Collection
            | Self::Batch
            | Self::Transaction
            | Self::Message
            | Self::Searchset => true,
            Self::Document | Self::History | Self::BatchResponse | Self::TransactionResponse => {
                false
            }
        }
    }
}
