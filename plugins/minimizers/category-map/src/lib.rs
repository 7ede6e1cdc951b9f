//! Tells one of a few words, and not the value.
//!
//! # Promises
//!
//! - Of a named field goes on the word that its table has for its value, as a text without unit; else `default`,
//!   if there is one; else nothing. Never the value itself.
//! - Texts are compared byte for byte. A flag is `true` or `false`; a number is its decimal notation without
//!   needless zeros: 21, -0.5. What is not finite, and blobs, have no word, not even `default`.
//! - Other fields go on unchanged.
//!
//! # Settings
//!
//! `fields`: by path, required; one that ends in `*` stands for all that begin so. Of each: `map`, from values to
//! words, at most 256 · `default`: the word for all other values. Words have 1 to 64 bytes.

use std::collections::BTreeMap;

use hushgate_sdk::{
    ConfigError, Field, Reading, Scalar, config,
    decimal::Decimal,
    minimizer::{self, Minimizer, Step},
    path::Table,
};
use serde::Deserialize;

const VALUES_MAX: usize = 256;
/// No grant names longer texts.
const WORD_BYTES_MAX: usize = 64;

/// The minimizer: the words of each path.
#[derive(Debug)]
pub struct CategoryMap {
    fields: Table<Words>,
}

hushgate_sdk::minimizer!(CategoryMap);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    fields: Table<Words>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    map: BTreeMap<String, String>,
    default: Option<String>,
}

impl Minimizer for CategoryMap {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { fields } = config::parse(json)?;
        if !fields.values().all(|words| words.map.len() <= VALUES_MAX) {
            return Err(config::invalid("fields", "at most 256 values of each"));
        }
        if !fields.values().flat_map(Words::all).all(is_word) {
            return Err(config::invalid("fields", "words of 1 to 64 bytes"));
        }
        Ok(Self { fields })
    }

    fn minimize(
        &self,
        _state: Option<Vec<u8>>,
        _now_ms: u64,
        readings: Vec<Reading>,
    ) -> Result<Step, String> {
        let change = |field: Field| match self.fields.get(&field.path) {
            Some(words) => words.of(&field),
            None => Some(field),
        };
        Ok(Step::stateless(minimizer::change_fields(readings, change)))
    }
}

impl Words {
    fn all(&self) -> impl Iterator<Item = &str> {
        self.map.values().chain(&self.default).map(String::as_str)
    }

    fn of(&self, field: &Field) -> Option<Field> {
        let word = match &field.value {
            Scalar::Text(text) => self.map.get(text),
            Scalar::Flag(flag) => self.map.get(if *flag { "true" } else { "false" }),
            Scalar::Int(int) => self.map.get(&int.to_string()),
            Scalar::Real(real) => self.map.get(&Decimal::shortest(*real)?.plain()),
            Scalar::Blob(_) => return None,
        };
        let word = word.or(self.default.as_ref())?;
        Some(Field::without_unit(&field.path, Scalar::Text(word.clone())))
    }
}

fn is_word(word: &str) -> bool {
    (1..=WORD_BYTES_MAX).contains(&word.len())
}

#[cfg(test)]
mod tests;
