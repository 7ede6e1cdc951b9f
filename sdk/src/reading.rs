//! Short ways to make readings.

use crate::{Field, Reading, Scalar};

impl Field {
    /// A field with a UCUM unit, such as `/min`.
    #[must_use]
    pub fn with_unit(path: &str, value: Scalar, unit: &str) -> Self {
        Self { path: path.to_owned(), value, unit: Some(unit.to_owned()) }
    }

    /// A field that has no unit.
    #[must_use]
    pub fn without_unit(path: &str, value: Scalar) -> Self {
        Self { path: path.to_owned(), value, unit: None }
    }
}

impl Reading {
    /// A reading whose device did not say when it was observed: the time of its frame counts.
    #[must_use]
    pub fn now(kind: &str, fields: Vec<Field>) -> Self {
        Self { kind: kind.to_owned(), at_ms: None, fields }
    }

    /// A reading of a moment that the device named, in milliseconds since 1970; `None` is the time of its frame.
    #[must_use]
    pub fn at(at_ms: Option<u64>, kind: &str, fields: Vec<Field>) -> Self {
        Self { kind: kind.to_owned(), at_ms, fields }
    }
}
