//! What a value must be for the glass to break.
//!
//! # Promises
//!
//! - A value that is not shown, of another kind, in another unit or no number meets no condition.

use hushgate_sdk::{Scalar, policy::FieldView};
use serde::Deserialize;

/// What a condition must be, for its owner.
pub(crate) const MUST_BE: &str =
    "each a path with above, below or both, or a text as is, or a flag";

/// A condition on one field.
#[derive(Debug)]
pub(crate) struct Condition {
    path: String,
    unit: Option<String>,
    test: Test,
}

#[derive(Debug)]
enum Test {
    /// More than the first, less than the second.
    Between(f64, f64),
    Text(String),
    Flag(bool),
}

/// As written.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Written {
    path: String,
    unit: Option<String>,
    above: Option<f64>,
    below: Option<f64>,
    is: Option<String>,
    flag: Option<bool>,
}

impl Condition {
    /// Checks what is written.
    pub(crate) fn new(written: Written) -> Option<Self> {
        let Written { path, unit, above, below, is, flag } = written;
        let test = match (above, below, is, flag) {
            (None, None, Some(text), None) => Test::Text(text),
            (None, None, None, Some(flag)) => Test::Flag(flag),
            (None, None, None, None) | (_, _, Some(_), _) | (_, _, _, Some(_)) => return None,
            (above, below, None, None) => {
                Test::Between(above.unwrap_or(f64::NEG_INFINITY), below.unwrap_or(f64::INFINITY))
            }
        };
        (!path.is_empty()).then_some(Self { path, unit, test })
    }

    /// Whether the field meets it.
    pub(crate) fn holds(&self, field: &FieldView) -> bool {
        let same_unit = self.unit.is_none() || self.unit == field.unit;
        let Some(value) = &field.value else { return false };
        field.path == self.path && same_unit && self.test.holds(value)
    }
}

impl Test {
    fn holds(&self, value: &Scalar) -> bool {
        match (self, value) {
            (Self::Between(above, below), Scalar::Real(number)) => {
                number.is_finite() && above < number && number < below
            }
            #[expect(clippy::cast_precision_loss, reason = "limits are as inexact as that")]
            (Self::Between(above, below), Scalar::Int(number)) => {
                *above < *number as f64 && (*number as f64) < *below
            }
            (Self::Flag(expected), Scalar::Flag(flag)) => expected == flag,
            (Self::Text(expected), Scalar::Text(text)) => expected == text,
            _ => false,
        }
    }
}
