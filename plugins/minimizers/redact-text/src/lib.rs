//! Takes what looks like addresses, numbers and codes out of texts. Weak: read the README before relying on it.
//!
//! # Promises
//!
//! - A text goes on only if its path is named; what its masks find is a `*` then, whatever its length, and of
//!   the rest the first `keep-chars` characters stay. Blobs do not go on. Numbers and flags go on unchanged.
//! - A text never becomes longer, and one of which nothing is left does not go on.
//! - The same text gives the same answer, in time that grows with its length and no faster.
//!
//! # Settings
//!
//! `fields`: by path, required; one that ends in `*` stands for all that begin so. Of each: `mask`: of `e-mail`,
//! `phone`, `digits`, `long-words` (all of them) · `keep-chars`: 1 to 1,024 (1,024).

mod mask;

use hushgate_sdk::{
    ConfigError, Field, Reading, Scalar, config,
    minimizer::{self, Minimizer, Step},
    path::Table,
};
use mask::Mask;
use serde::Deserialize;

/// The most bytes that a text may have, and so the most characters.
const CHARS_MAX: usize = 1024;

/// The minimizer: what stays of the texts of each path.
#[derive(Debug)]
pub struct RedactText {
    fields: Table<Rule>,
}

hushgate_sdk::minimizer!(RedactText);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    fields: Table<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
struct Rule {
    mask: Vec<Mask>,
    keep_chars: usize,
}

impl Default for Rule {
    fn default() -> Self {
        Self { mask: Mask::ALL.to_vec(), keep_chars: CHARS_MAX }
    }
}

impl Minimizer for RedactText {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { fields } = config::parse(json)?;
        if !fields.values().all(|rule| (1..=CHARS_MAX).contains(&rule.keep_chars)) {
            return Err(config::invalid("fields", "`keep-chars` of 1 to 1024"));
        }
        Ok(Self { fields })
    }

    fn minimize(
        &self,
        _state: Option<Vec<u8>>,
        _now_ms: u64,
        readings: Vec<Reading>,
    ) -> Result<Step, String> {
        Ok(Step::stateless(minimizer::change_fields(readings, |field| self.change(field))))
    }
}

impl RedactText {
    fn change(&self, field: Field) -> Option<Field> {
        let text = match &field.value {
            Scalar::Text(text) => text,
            Scalar::Blob(_) => return None,
            Scalar::Flag(_) | Scalar::Int(_) | Scalar::Real(_) => return Some(field),
        };
        let text = self.fields.get(&field.path)?.redacted(text);
        (!text.is_empty()).then_some(Field { value: Scalar::Text(text), ..field })
    }
}

impl Rule {
    fn redacted(&self, text: &str) -> String {
        mask::masked(text, &self.mask).chars().take(self.keep_chars).collect()
    }
}

#[cfg(test)]
mod tests;
