//! Finds the Observations of a body: one, an array of them, or those of a Bundle.
//!
//! # Promises
//!
//! - What else is in a Bundle (patients, devices, headers) is not looked at.
//! - A body is read once, and nothing of it is kept but what is looked at; only members that come before
//!   `resourceType` are, until it is known.

use std::fmt;

use hushgate_sdk::{
    adapter::DecodeError::{self, NotMine},
    json,
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

use super::{answer::Answer, unsupported};

/// Observations in one body: each becomes a reading, of which the contract allows so many.
const OBSERVATIONS_MAX: usize = 64;

/// A resource, by its `resourceType`.
enum Resource {
    Observation(Box<Answer>),
    Bundle(Bundle),
    Other,
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
    resource: Option<Resource>,
}

/// The Observations in `body`, in order.
///
/// # Errors
///
/// Not mine: there is no FHIR resource, or one of another type. Unsupported: a kind of Bundle that tells of
/// the past or of what somebody else did, or too many Observations.
pub(crate) fn observations(body: &[u8]) -> Result<Vec<Answer>, DecodeError> {
    let found = if body.trim_ascii_start().first() == Some(&b'[') {
        some(only_observations(json::parse::<Vec<Resource>>(body)?))?
    } else {
        match json::parse(body)? {
            Resource::Observation(observation) => vec![*observation],
            Resource::Bundle(bundle) => of_bundle(bundle)?,
            Resource::Other => return Err(NotMine),
        }
    };
    if found.len() > OBSERVATIONS_MAX {
        return Err(unsupported("there are more than 64 observations"));
    }
    Ok(found)
}

fn of_bundle(bundle: Bundle) -> Result<Vec<Answer>, DecodeError> {
    if !bundle.kind.tells_what_is() {
        return Err(unsupported("bundles of this type are not read"));
    }
    let altered = bundle.entry.iter().any(|entry| !entry.modifier_extension.is_empty());
    if altered || bundle.implicit_rules.is_some() {
        return Err(unsupported("the bundle follows rules of its own"));
    }
    Ok(only_observations(bundle.entry.into_iter().filter_map(|entry| entry.resource)))
}

fn only_observations(resources: impl IntoIterator<Item = Resource>) -> Vec<Answer> {
    let observations = resources.into_iter().filter_map(|resource| match resource {
        Resource::Observation(observation) => Some(*observation),
        Resource::Bundle(_) | Resource::Other => None,
    });
    observations.collect()
}

fn some(observations: Vec<Answer>) -> Result<Vec<Answer>, DecodeError> {
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

impl<'de> Deserialize<'de> for Resource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ResourceVisitor)
    }
}

struct ResourceVisitor;

impl<'de> Visitor<'de> for ResourceVisitor {
    type Value = Resource;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a resource")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Resource, A::Error> {
        let mut before = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if name != "resourceType" {
                before.push((name, map.next_value()?));
                continue;
            }
            let kind: String = map.next_value()?;
            let before = before.into_iter();
            let members = MapAccessDeserializer::new(Members { before, value: None, after: map });
            return match kind.as_str() {
                "Observation" => Deserialize::deserialize(members).map(Resource::Observation),
                "Bundle" => Deserialize::deserialize(members).map(Resource::Bundle),
                _ => IgnoredAny::deserialize(members).map(|_| Resource::Other),
            };
        }
        Ok(Resource::Other)
    }
}

/// The members of a resource: those that came before its type, then the others.
struct Members<A> {
    before: std::vec::IntoIter<(String, Value)>,
    value: Option<Value>,
    after: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some((name, value)) = self.before.next() else { return self.after.next_key_seed(seed) };
        self.value = Some(value);
        seed.deserialize(Value::String(name)).map(Some).map_err(A::Error::custom)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match self.value.take() {
            Some(value) => seed.deserialize(value).map_err(A::Error::custom),
            None => self.after.next_value_seed(seed),
        }
    }
}
