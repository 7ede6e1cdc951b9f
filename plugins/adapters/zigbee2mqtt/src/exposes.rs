//! The `exposes` of a device's definition: what its properties are called, which unit and which values they have.
//!
//! # Promises
//!
//! - A property whose unit is not one that its name stands for keeps its own name, behind `other.`.

use std::collections::BTreeMap;

use hushgate_sdk::{ConfigError, config, mapping::Literal, unit};
use serde::Deserialize;

use crate::{
    property::{self, Kind},
    rule::{self, Form, Rule},
};

/// Properties that one definition may have. The largest device known has less than 200.
const PROPERTIES_MAX: usize = 1024;

/// An entry: a generic one for a property, or a specific one (`light`, `climate`) around others.
#[derive(Debug, Deserialize)]
pub(crate) struct Expose {
    r#type: String,
    name: Option<String>,
    property: Option<String>,
    endpoint: Option<String>,
    unit: Option<String>,
    value_on: Option<Literal>,
    value_off: Option<Literal>,
    value_max: Option<f64>,
    features: Option<Vec<Self>>,
}

/// Rules by property; of nested ones, with dots between.
pub(crate) fn rules(exposes: &[Expose]) -> Result<BTreeMap<String, Rule>, ConfigError> {
    let mut rules = BTreeMap::new();
    collect("", exposes, &mut rules);
    if rules.len() > PROPERTIES_MAX {
        return Err(config::invalid("exposes", "at most 1024 properties"));
    }
    Ok(rules)
}

/// How deep it goes is limited by the JSON reader, which refuses more than 128 levels.
fn collect(within: &str, exposes: &[Expose], rules: &mut BTreeMap<String, Rule>) {
    for expose in exposes {
        let property = expose.property.as_deref().or(expose.name.as_deref());
        match (&expose.features, property) {
            // Specific types have no property: their features are properties of the device itself.
            (Some(features), Some(property)) if expose.r#type == "composite" => {
                collect(&format!("{within}{property}."), features, rules);
            }
            (Some(features), _) => collect(within, features, rules),
            (None, Some(property)) => {
                let key = format!("{within}{property}");
                if let Some(rule) = expose.rule(&key) {
                    rules.insert(key, rule);
                }
            }
            (None, None) => {}
        }
    }
}

impl Expose {
    fn rule(&self, key: &str) -> Option<Rule> {
        let endpoint = self.endpoint.as_deref();
        let name = match endpoint {
            Some(endpoint) => {
                key.strip_suffix(endpoint).and_then(|name| name.strip_suffix('_')).unwrap_or(key)
            }
            None => key,
        };
        let known = property::find(name)
            .and_then(|(word, kind)| Some((word_of(word, kind, self.ucum()), self.form(kind)?)));
        match known {
            Some((word, form)) => Rule::known(word, endpoint, form),
            None => Rule::other(key, self.own_form()),
        }
    }

    /// The form of a property with a known name. `None` if it is something else here.
    fn form(&self, kind: Kind) -> Option<Form> {
        match kind {
            Kind::Measured(units) | Kind::Stated(units) => {
                let unit = self.ucum().filter(|unit| units.contains(unit))?;
                Some(Form::Real(Some(unit)))
            }
            Kind::Percent if self.unit.is_some() && self.ucum() != Some("%") => None,
            Kind::Volt => match self.ucum()? {
                "mV" => Some(Form::Thousandths("V")),
                "V" => Some(Form::Real(Some("V"))),
                _ => None,
            },
            Kind::Brightness if self.ucum() == Some("%") => Some(Form::Real(Some("%"))),
            Kind::Brightness => self.value_max.filter(|max| *max >= 1.0).map(Form::Part),
            Kind::Flag => match self.own_form() {
                flag @ Form::Values(..) => Some(flag),
                _ => None,
            },
            _ => rule::by_kind(kind),
        }
    }

    /// The form of a property by its definition alone.
    fn own_form(&self) -> Form {
        match (self.r#type.as_str(), &self.value_on, &self.value_off) {
            ("numeric", ..) => Form::Real(self.ucum()),
            ("binary", Some(yes), Some(no)) => Form::Values(yes.clone(), no.clone()),
            ("enum" | "text", ..) => Form::Text,
            _ => Form::Any,
        }
    }

    fn ucum(&self) -> Option<&'static str> {
        unit::ucum(self.unit.as_deref()?)
    }
}

/// A `voltage` in millivolts is that of the battery.
fn word_of(word: &'static str, kind: Kind, unit: Option<&str>) -> &'static str {
    match (kind, unit) {
        (Kind::Volt, Some("mV")) => "battery-voltage",
        _ => word,
    }
}
