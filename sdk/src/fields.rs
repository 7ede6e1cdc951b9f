//! The fields of one reading, as an adapter finds them.
//!
//! # Promises
//!
//! - What comes out fits the contract, whatever a device sent: finite numbers, texts of 1 to 1,024 bytes, paths
//!   of 64 bytes at most, 256 fields at most, no path twice.

use std::borrow::Cow;

use crate::{Field, Reading, Scalar, adapter::DecodeError, naming};

/// Fields that one reading may have.
pub const FIELDS_MAX: usize = 256;

/// Fields that most readings have room for at once.
const FIELDS_USUAL: usize = 8;

/// The longest text, in bytes.
pub const TEXT_BYTES_MAX: usize = 1024;

/// Fields that come together in one reading.
#[derive(Debug, Default)]
pub struct Fields {
    fields: Vec<Field>,
    too_many: bool,
}

impl Fields {
    /// Adds a field. One that could not be in a reading is left out: a number that is not finite, an empty or too
    /// long text, a path that is too long or there already.
    pub fn push<'a>(&mut self, path: impl Into<Cow<'a, str>>, value: Scalar, unit: Option<&str>) {
        self.add(path.into(), value, unit);
    }

    fn add(&mut self, path: Cow<'_, str>, value: Scalar, unit: Option<&str>) {
        if path.len() > naming::PATH_BYTES_MAX || !fits(&value) || self.has(&path) {
            return;
        }
        if self.fields.len() == FIELDS_MAX {
            self.too_many = true;
            return;
        }
        if self.fields.is_empty() {
            self.fields.reserve(FIELDS_USUAL);
        }
        let unit = unit.map(str::to_owned);
        self.fields.push(Field { path: path.into_owned(), value, unit });
    }

    /// Whether the path is there already.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.fields.iter().any(|field| field.path == path)
    }

    /// One reading of these fields, or none if there are none.
    ///
    /// # Errors
    ///
    /// Unsupported: there were more than a reading may have.
    pub fn reading(self, at_ms: Option<u64>, kind: &str) -> Result<Vec<Reading>, DecodeError> {
        if self.too_many {
            return Err(DecodeError::Unsupported("there are more than 256 values".to_owned()));
        }
        if self.fields.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![Reading::at(at_ms, kind, self.fields)])
    }
}

fn fits(value: &Scalar) -> bool {
    match value {
        Scalar::Real(real) => real.is_finite(),
        Scalar::Text(text) => (1..=TEXT_BYTES_MAX).contains(&text.len()),
        Scalar::Flag(_) | Scalar::Int(_) | Scalar::Blob(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_fits_a_reading_is_in_it() {
        let mut fields = Fields::default();
        fields.push("temperature", Scalar::Real(21.0), Some("Cel"));
        fields.push("temperature", Scalar::Real(22.0), Some("Cel"));
        fields.push("humidity", Scalar::Real(f64::NAN), Some("%"));
        fields.push("action", Scalar::Text(String::new()), None);
        fields.push("action", Scalar::Text("a".repeat(1025)), None);
        fields.push("a".repeat(65), Scalar::Int(1), None);
        let expected = vec![Field::with_unit("temperature", Scalar::Real(21.0), "Cel")];
        assert_eq!(
            fields.reading(Some(7), "state").unwrap(),
            [Reading::at(Some(7), "state", expected)]
        );
        assert!(Fields::default().reading(None, "state").unwrap().is_empty());
    }

    #[test]
    fn more_than_a_reading_may_have_is_refused() {
        let mut fields = Fields::default();
        for number in 0..FIELDS_MAX {
            fields.push(format!("other.{number}"), Scalar::Int(0), None);
        }
        fields.push("other.0", Scalar::Int(1), None);
        assert_eq!(fields.reading(None, "state").unwrap()[0].fields.len(), FIELDS_MAX);

        let mut fields = Fields::default();
        for number in 0..=FIELDS_MAX {
            fields.push(format!("other.{number}"), Scalar::Int(0), None);
        }
        assert!(matches!(fields.reading(None, "state"), Err(DecodeError::Unsupported(_))));
    }
}
