//! What each code stands for: the table's codes, and those that the owner added.

use std::collections::BTreeMap;

use hushgate_sdk::{ConfigError, config, naming};
use serde::Deserialize;

use super::{
    answer::{Code, Concept},
    codings::{CODINGS, LOINC, PANELS, STEPS},
    units,
};

/// Codes that one configuration may add.
const CODES_MAX: usize = 64;

/// Bytes in a unit: more than any that is in use.
const UNIT_BYTES_MAX: usize = 32;

/// The codes that the owner added; they come before the table's.
#[derive(Debug, Default)]
pub(crate) struct Codes(BTreeMap<String, Added>);

/// What an added code stands for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Added {
    path: String,
    unit: Option<String>,
}

/// What a concept stands for.
pub(crate) enum Meaning<'a> {
    Measure(Measure<'a>),
    /// Its components are the answer.
    Panel,
}

/// One naming, and the units that its value may have.
pub(crate) struct Measure<'a> {
    pub(crate) path: &'a str,
    units: Units<'a>,
}

enum Units<'a> {
    OneOf(&'a [&'a str]),
    /// What the owner said: exactly this, or none.
    Given(Option<&'a str>),
}

impl Codes {
    pub(crate) fn new(added: BTreeMap<String, Added>) -> Result<Self, ConfigError> {
        let wrong = |must_be| Err(config::invalid("codes", must_be));
        if added.len() > CODES_MAX {
            return wrong("at most 64 codes");
        }
        if added.keys().any(|name| !is_code(name)) {
            return wrong("each a LOINC code, or `system|code`");
        }
        if added.values().any(|it| !naming::is_path(&it.path)) {
            return wrong("each path in lower-case words joined by hyphens and grouped by dots");
        }
        let units = added.values().filter_map(|it| it.unit.as_ref());
        if units.into_iter().any(|unit| unit.is_empty() || unit.len() > UNIT_BYTES_MAX) {
            return wrong("each unit in UCUM, 32 bytes at most");
        }
        Ok(Self(added))
    }

    /// What `concept` stands for, by the first of its codings that is known.
    pub(crate) fn meaning(&self, concept: &Concept<'_>) -> Option<Meaning<'_>> {
        concept.coding.iter().find_map(|coding| self.meaning_of(coding))
    }

    fn meaning_of(&self, coding: &Code<'_>) -> Option<Meaning<'_>> {
        let (system, code) = (coding.system?, coding.code?);
        if let Some(added) = self.added(system, code) {
            let units = Units::Given(added.unit.as_deref());
            return Some(Meaning::Measure(Measure { path: &added.path, units }));
        }
        if system != LOINC {
            return None;
        }
        if PANELS.iter().any(|(panel, _)| *panel == code) {
            return Some(Meaning::Panel);
        }
        let known = CODINGS.iter().find(|it| it.code == code)?;
        Some(Meaning::Measure(Measure { path: known.path, units: Units::OneOf(known.units) }))
    }

    fn added(&self, system: &str, code: &str) -> Option<&Added> {
        if self.0.is_empty() {
            return None;
        }
        let by_code = (system == LOINC).then(|| self.0.get(code)).flatten();
        by_code.or_else(|| self.0.get(&format!("{system}|{code}")))
    }
}

impl Measure<'_> {
    /// The unit to emit for a quantity in `unit`, or `None` if this cannot be measured so.
    pub(crate) fn unit(&self, unit: &str) -> Option<Option<&str>> {
        let counts = unit == "1";
        match self.units {
            Units::OneOf(units) => units
                .iter()
                .find(|it| **it == unit || (counts && **it == STEPS))
                .map(|unit| Some(*unit)),
            Units::Given(None) => counts.then_some(None),
            Units::Given(Some(given)) => (units::of_ucum(given) == unit).then_some(Some(given)),
        }
    }

    /// The unit of a value that came without one, if there can be only one.
    pub(crate) fn certain_unit(&self) -> Option<Option<&str>> {
        match self.units {
            Units::OneOf([unit, ..]) if *unit == STEPS => Some(Some(unit)),
            Units::OneOf(_) => None,
            Units::Given(unit) => Some(unit),
        }
    }
}

fn is_code(name: &str) -> bool {
    let (system, code) = name.split_once('|').unwrap_or((LOINC, name));
    !system.is_empty() && !code.is_empty() && !code.contains(char::is_whitespace)
}
