//! Reads plain text by patterns of its owner's: `T={temperature} C, H={humidity}%`.
//!
//! # Promises
//!
//! - A text is of a pattern from its first to its last character, or it is malformed: nothing is searched for.
//! - Nothing is emitted that has no hole in the pattern.
//! - Deciding takes time in proportion to the text and the number of patterns, whatever they are.

mod pattern;

use std::collections::BTreeMap;

use hushgate_sdk::{
    ConfigError, Frame, Reading,
    adapter::{Adapter, DecodeError},
    config,
    mapping::{self, Kind, Literal, Moment, Raw, Rule},
};
use pattern::Pattern;
use serde::Deserialize;

/// Patterns that one configuration may have.
const PATTERNS_MAX: usize = 16;

/// What stands for yes and for no, if the owner does not say it.
const TRUE_WORDS: [&str; 4] = ["on", "ON", "true", "1"];
const FALSE_WORDS: [&str; 4] = ["off", "OFF", "false", "0"];

/// The adapter, with the patterns of its owner.
#[derive(Debug)]
pub struct TextPattern {
    patterns: Vec<Pattern>,
    decimal: char,
}

hushgate_sdk::adapter!(TextPattern);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    patterns: Vec<Written>,
    #[serde(default)]
    units: BTreeMap<String, String>,
    #[serde(default)]
    true_values: Vec<Literal>,
    #[serde(default)]
    false_values: Vec<Literal>,
    #[serde(default)]
    none_values: Vec<Literal>,
    #[serde(default = "point")]
    decimal: char,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(rename = "match")]
    text: String,
}

impl Adapter for TextPattern {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let settings: Settings = config::parse(json)?;
        if !(1..=PATTERNS_MAX).contains(&settings.patterns.len()) {
            return Err(config::invalid("patterns", "1 to 16 of them"));
        }
        if !matches!(settings.decimal, '.' | ',') {
            return Err(config::invalid("decimal", "a point or a comma"));
        }
        let read = |written: &Written| settings.pattern(&written.text);
        let patterns = settings.patterns.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let has = |path: &str| patterns.iter().flat_map(Pattern::rules).any(|it| it.path == path);
        if !settings.units.keys().all(|path| has(path)) {
            return Err(config::invalid("units", "each for the path of a hole"));
        }
        Ok(Self { patterns, decimal: settings.decimal })
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        let text =
            std::str::from_utf8(&frame.body).map_err(|_| malformed("the body is not UTF-8"))?;
        let values = self
            .patterns
            .iter()
            .find_map(|pattern| pattern.values(text, self.decimal))
            .ok_or_else(|| malformed("the text is of no pattern"))?;
        let field = |(rule, text)| self.field(rule, text).transpose();
        let fields = values.into_iter().filter_map(field).collect::<Result<_, _>>()?;
        Ok(mapping::reading(Moment::Unknown, fields).into_iter().collect())
    }
}

impl TextPattern {
    fn field(&self, rule: &Rule, text: &str) -> Result<Option<hushgate_sdk::Field>, DecodeError> {
        let numeric = matches!(rule.kind, Kind::Real | Kind::Int);
        let with_point = (numeric && self.decimal == ',').then(|| text.replace(',', "."));
        let value = match with_point.as_deref().unwrap_or(text) {
            "" => Raw::Nothing,
            text => Raw::Text(text),
        };
        rule.field(Some(value))
    }
}

impl Settings {
    fn pattern(&self, text: &str) -> Result<Pattern, ConfigError> {
        let invalid = |must_be| config::invalid("patterns", must_be);
        let mut pattern = Pattern::parse(text).map_err(invalid)?;
        for rule in pattern.rules_mut() {
            rule.unit = self.units.get(&rule.path).cloned();
            rule.none_values.clone_from(&self.none_values);
            if rule.kind == Kind::Flag {
                rule.true_values = words(&self.true_values, TRUE_WORDS);
                rule.false_values = words(&self.false_values, FALSE_WORDS);
            }
            if rule.unit.as_deref().is_some_and(|unit| !mapping::is_unit(unit)) {
                return Err(config::invalid("units", "each as UCUM writes it"));
            }
        }
        let rules = pattern.rules().cloned().collect::<Vec<_>>();
        mapping::check(&rules).map_err(invalid)?;
        Ok(pattern)
    }
}

fn words(chosen: &[Literal], usual: [&str; 4]) -> Vec<Literal> {
    match chosen {
        [] => usual.iter().map(|word| Literal::Text((*word).to_owned())).collect(),
        chosen => chosen.to_vec(),
    }
}

const fn point() -> char {
    '.'
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

#[cfg(test)]
mod tests;
