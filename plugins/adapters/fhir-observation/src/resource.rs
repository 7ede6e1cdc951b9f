//! Finds the Observations of a body: one, an array of them, or those of a Bundle.
//!
//! # Promises
//!
//! - What else is in a Bundle (patients, devices, headers) is not looked at.

use hushgate_sdk::{
    adapter::DecodeError::{self, NotMine},
    json::{Object, Value},
};

use super::{answer, malformed, unsupported};

/// Observations in one body: each becomes a reading, of which the contract allows so many.
const OBSERVATIONS_MAX: usize = 64;

/// The Observations in `body`, in order.
///
/// # Errors
///
/// Not mine: there is no FHIR resource, or one of another type. Unsupported: a kind of Bundle that tells of
/// the past or of what somebody else did, or too many Observations.
pub(crate) fn observations<'a>(body: &'a Value<'a>) -> Result<Vec<&'a Object<'a>>, DecodeError> {
    let found = match body {
        Value::Array(resources) => some(only_observations(resources)?)?,
        resource => match typed(resource)? {
            (Some("Observation"), observation) => vec![observation],
            (Some("Bundle"), bundle) => of_bundle(bundle)?,
            _ => return Err(NotMine),
        },
    };
    if found.len() > OBSERVATIONS_MAX {
        return Err(unsupported("there are more than 64 observations"));
    }
    Ok(found)
}

fn of_bundle<'a>(bundle: &'a Object<'a>) -> Result<Vec<&'a Object<'a>>, DecodeError> {
    if !tells_what_is(bundle)? {
        return Err(unsupported("bundles of this type are not read"));
    }
    let mut resources = Vec::new();
    let mut is_altered = bundle.member("implicitRules").is_some();
    for entry in bundle.array("entry")?.unwrap_or_default() {
        let entry = entry.as_object().ok_or_else(|| malformed("an entry is an object"))?;
        is_altered |= answer::has_modifiers(entry)?;
        resources.extend(entry.member("resource"));
    }
    if is_altered {
        return Err(unsupported("the bundle follows rules of its own"));
    }
    only_observations(resources)
}

/// Whether it is of a type (FHIR R4, bundle-type) that tells neither of the past nor of what somebody else did.
fn tells_what_is(bundle: &Object<'_>) -> Result<bool, DecodeError> {
    match bundle.text("type")? {
        Some("collection" | "batch" | "transaction" | "message" | "searchset") => Ok(true),
        Some("document" | "history" | "batch-response" | "transaction-response") => Ok(false),
        _ => Err(malformed("there is no such type of bundle")),
    }
}

fn only_observations<'a>(
    resources: impl IntoIterator<Item = &'a Value<'a>>,
) -> Result<Vec<&'a Object<'a>>, DecodeError> {
    let mut observations = Vec::new();
    for resource in resources {
        if let (Some("Observation"), observation) = typed(resource)? {
            observations.push(observation);
        }
    }
    Ok(observations)
}

fn some<T>(observations: Vec<T>) -> Result<Vec<T>, DecodeError> {
    if observations.is_empty() { Err(NotMine) } else { Ok(observations) }
}

/// A resource and its type.
fn typed<'a>(resource: &'a Value<'a>) -> Result<(Option<&'a str>, &'a Object<'a>), DecodeError> {
    let resource = resource.as_object().ok_or_else(|| malformed("a resource is an object"))?;
    Ok((resource.text("resourceType")?, resource))
}
