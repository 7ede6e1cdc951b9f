//! Lets less leave while somebody is there, or while nobody is, by what a field of the same release says.
//!
//! # Promises
//!
//! - While it is so, or nobody can tell, the fields of `drop` do not leave, those of `coarsen` leave in such steps,
//!   or nothing leaves at all (`withhold`). At other times nothing is added to what the grant asks.
//! - Nobody can tell: the field is not there, the owner did not allow the policy to see values, its value is of
//!   a kind that says nothing, or several readings disagree.

use std::collections::BTreeMap;

use hushgate_sdk::{
    ConfigError, Scalar, config,
    policy::{FieldView, Obligation, Policy, Request, Verdict},
};
use serde::Deserialize;

/// The policy.
#[derive(Debug)]
pub struct PresenceAware {
    presence: String,
    texts: Option<Vec<String>>,
    tight: When,
    withhold: bool,
    drop: Vec<String>,
    coarsen: BTreeMap<String, f64>,
}

hushgate_sdk::policy!(PresenceAware);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    presence: String,
    texts: Option<Vec<String>>,
    #[serde(default, rename = "while")]
    tight: When,
    #[serde(default)]
    withhold: bool,
    #[serde(default)]
    drop: Vec<String>,
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
        if texts.as_ref().is_some_and(Vec::is_empty) {
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
        let asked = |path: &String| fields.iter().any(|it| it.path == *path);
        if fields.iter().all(|it| self.drop.contains(&it.path)) {
            return Verdict::Withhold("by presence, all of it".to_owned());
        }
        let dropped: Vec<_> = self.drop.iter().filter(|it| asked(it)).cloned().collect();
        let coarser = self.coarsen.iter().filter(|it| asked(it.0) && !dropped.contains(it.0));
        let steps: Vec<_> =
            coarser.map(|(path, step)| Obligation::Coarsen((path.clone(), *step))).collect();
        let dropped = (!dropped.is_empty()).then_some(Obligation::Drop(dropped));
        Verdict::Release(dropped.into_iter().chain(steps).collect())
    }
}

#[cfg(test)]
mod tests;
