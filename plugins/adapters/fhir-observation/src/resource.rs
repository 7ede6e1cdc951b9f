//! Finds the Observations of a body: one, an array of them, or those of a Bundle.
//!
//! # Promises
//!
//! - What else is in a Bundle (patients, devices, headers) is not looked at.

use hushgate_sdk::{
    adapter::DecodeError::{self, NotMine},
    json::{self, Value},
};
use serde::{Deserialize, de::IgnoredAny};

use super::{answer::Answer, malformed, unsupported};

/// Observations in one body: each becomes a reading, of which the contract allows so many.
const OBSERVATIONS_MAX: usize = 64;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle<'a> {
    #[serde(rename = "type")]
    kind: BundleKind,
    implicit_rules: Option<String>,
    #[serde(default)]
    #[serde(borrow)]
    entry: Vec<Entry<'a>>,
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
struct Entry<'a> {
    #[serde(default)]
    modifier_extension: Vec<IgnoredAny>,
    #[serde(borrow)]
    resource: Option<Value<'a>>,
}

/// The Observations in `body`, in order.
///
/// # Errors
///
/// Not mine: there is no FHIR resource, or one of another type. Unsupported: a kind of Bundle that tells of
/// the past or of what somebody else did, or too many Observations.
pub(crate) fn observations(body: &[u8]) -> Result<Vec<Answer>, DecodeError> {
    let found = match json::strict(body)? {
        Value::Array(resources) => some(only_observations(resources)?)?,
        resource => match kind(&resource)? {
            Some("Observation") => vec![shaped(resource)?],
            Some("Bundle") => of_bundle(shaped(resource)?)?,
            _ => return Err(NotMine),
        },
    };
    if found.len() > OBSERVATIONS_MAX {
        return Err(unsupported("there are more than 64 observations"));
    }
    Ok(found)
}

fn of_bundle(bundle: Bundle<'_>) -> Result<Vec<Answer>, DecodeError> {
    if !bundle.kind.tells_what_is() {
        return Err(unsupported("bundles of this type are not read"));
    }
    let altered = bundle.entry.iter().any(|entry| !entry.modifier_extension.is_empty());
    if altered || bundle.implicit_rules.is_some() {
        return Err(unsupported("the bundle follows rules of its own"));
    }
    only_observations(bundle.entry.into_iter().filter_map(|entry| entry.resource))
}

fn only_observations<'a>(
    resources: impl IntoIterator<Item = Value<'a>>,
) -> Result<Vec<Answer>, DecodeError> {
    let mut observations = Vec::new();
    for resource in resources {
        if kind(&resource)? == Some("Observation") {
            observations.push(shaped(resource)?);
        }
    }
    Ok(observations)
}

fn some(observations: Vec<Answer>) -> Result<Vec<Answer>, DecodeError> {
    if observations.is_empty() { Err(NotMine) } else { Ok(observations) }
}

fn kind<'a>(resource: &'a Value<'_>) -> Result<Option<&'a str>, DecodeError> {
    let members = resource.as_object().ok_or_else(|| malformed("a resource is an object"))?;
    match members.get("resourceType") {
        Some(Value::String(kind)) => Ok(Some(kind)),
        None | Some(Value::Null) => Ok(None),
        Some(_) => Err(malformed("the type of a resource is a text")),
    }
}

fn shaped<'a, T: Deserialize<'a>>(resource: Value<'a>) -> Result<T, DecodeError> {
    json::typed(resource).map_err(|_| malformed("a member of a resource is of another type"))
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
