//! Lets less leave while somebody is there, or while nobody is, by what a field of the same release says.
//!
//! # Promises
//!
//! - While it is so, or nobody can tell, the fields of `drop` do not leave, those of `coarsen` leave in such steps,
//!   or nothing leaves at all (`withhold`). At other times nothing is added to what the grant asks.
//! - Nobody can tell: the field is not there, the owner did not allow the policy to see values, its value is of
//!   a kind that says nothing, or several readings disagree.

use std::collections::{BTreeMap, BTreeSet};

use hushgate_sdk::{
    ConfigError, Scalar, config,
    policy::{FieldView, Obligation, Policy, Request, Verdict},
};
use serde::Deserialize;

/// The policy.
#[derive(Debug)]
pub struct PresenceAware {
    presence: String,
    texts: Option<BTreeSet<String>>,
    tight: When,
    withhold: bool,
    drop: BTreeSet<String>,
    coarsen: BTreeMap<String, f64>,
}

hushgate_sdk::policy!(PresenceAware);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    presence: String,
    texts: Option<BTreeSet<String>>,
    #[serde(default, rename = "while")]
    tight: When,
    #[serde(default)]
    withhold: bool,
    #[serde(default)]
    drop: BTreeSet<String>,
    #[serde(default)]
    coarsen: BTreeMap<String, f64>,
}

/// Whether somebody is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum When {
    #[default]
    Present,
    Absent,
}

impl Policy for PresenceAware {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { presence, texts, tight, withhold, drop, coarsen } = config::parse(json)?;
        if presence.is_empty() {
            return Err(config::invalid("presence", "the path of a field"));
        }
        if texts.as_ref().is_some_and(BTreeSet::is_empty) {
            return Err(config::invalid("texts", "at least one text that means presence"));
        }
        if !coarsen.values().all(|it| it.is_finite() && *it > 0.0) {
            return Err(config::invalid("coarsen", "steps above 0"));
        }
        if !withhold && drop.is_empty() && coarsen.is_empty() {
            return Err(config::invalid("drop", "given, or coarsen, or withhold"));
        }
        Ok(Self { presence, texts, tight, withhold, drop, coarsen })
    }

    fn evaluate(&self, request: Request) -> Result<Verdict, String> {
        Ok(match (self.is_certain_not_to_be(&request.fields), self.withhold) {
            (true, _) => Verdict::Release(Vec::new()),
            (false, true) => Verdict::Withhold("by presence".to_owned()),
            (false, false) => self.tighten(&request.fields),
        })
    }
}

impl PresenceAware {
    fn is_certain_not_to_be(&self, fields: &[FieldView]) -> bool {
        let mut told = fields.iter().filter(|it| it.path == self.presence).peekable();
        told.peek().is_some()
            && told.all(|it| {
                let told = it.value.as_ref().and_then(|it| self.presence(it));
                told.is_some_and(|it| it != self.tight)
            })
    }

    fn presence(&self, value: &Scalar) -> Option<When> {
        let present = match (value, &self.texts) {
            (Scalar::Flag(flag), None) => *flag,
            (Scalar::Int(count), None) => *count > 0,
            (Scalar::Real(number), None) if number.is_finite() => *number > 0.0,
            (Scalar::Text(text), Some(texts)) => texts.contains(text),
            _ => return None,
        };
        Some(if present { When::Present } else { When::Absent })
    }

    fn tighten(&self, fields: &[FieldView]) -> Verdict {
        let paths: BTreeSet<_> = fields.iter().map(|it| it.path.as_str()).collect();
        let (dropped, left): (Vec<_>, Vec<_>) =
            paths.into_iter().partition(|it| self.drop.contains(*it));
        if left.is_empty() {
            return Verdict::Withhold("by presence, all of it".to_owned());
        }
        let steps = left.into_iter().filter_map(|path| {
            let step = self.coarsen.get(path)?;
            Some(Obligation::Coarsen((path.to_owned(), *step)))
        });
        let dropped = dropped.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let dropped = (!dropped.is_empty()).then_some(Obligation::Drop(dropped));
        Verdict::Release(dropped.into_iter().chain(steps).collect())
    }
}

#[cfg(test)]
mod tests;
