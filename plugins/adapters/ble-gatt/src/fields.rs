//! The fields of one reading, in the order of the format.
//!
//! # Promises
//!
//! - What is not known becomes no field.

use hushgate_sdk::{Field, Reading, Scalar, decimal::Decimal, time::Civil};

/// Fields to become a reading.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<Field>);

impl Fields {
    /// Something measured.
    pub(crate) fn real(&mut self, path: &str, unit: &str, value: Option<Decimal>) {
        if let Some(value) = value {
            self.0.push(Field::with_unit(path, value.real(), unit));
        }
    }

    /// Something counted in a unit.
    pub(crate) fn count(&mut self, path: &str, unit: &str, value: impl Into<i64>) {
        self.0.push(Field::with_unit(path, Scalar::Int(value.into()), unit));
    }

    /// A number that has no unit.
    pub(crate) fn int(&mut self, path: &str, value: impl Into<i64>) {
        self.0.push(Field::without_unit(path, Scalar::Int(value.into())));
    }

    /// So many 1024ths of a second: exact, as halves are.
    pub(crate) fn seconds_1024(&mut self, path: &str, value: u16) {
        self.0.push(Field::with_unit(path, Scalar::Real(f64::from(value) / 1024.0), "s"));
    }

    /// So many 256ths of a metre a second: exact, as halves are.
    pub(crate) fn speed_256(&mut self, path: &str, value: u16) {
        self.0.push(Field::with_unit(path, Scalar::Real(f64::from(value) / 256.0), "m/s"));
    }

    /// One of the words that stand for a code.
    pub(crate) fn word(&mut self, path: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.0.push(Field::without_unit(path, Scalar::Text(value.to_owned())));
        }
    }

    /// Yes or no, where the device can tell both.
    pub(crate) fn flag(&mut self, path: &str, value: bool) {
        self.0.push(Field::without_unit(path, Scalar::Flag(value)));
    }

    /// The bits that are set, each by the name that it has.
    pub(crate) fn set_bits(&mut self, bits: u32, names: &[(u8, &str)]) {
        for (bit, name) in names {
            if bits >> bit & 1 == 1 {
                self.flag(name, true);
            }
        }
    }

    /// Who of several users was measured; 255 is nobody that the device knows.
    pub(crate) fn user(&mut self, id: u8) {
        if id != u8::MAX {
            self.int("user-id", id);
        }
    }

    /// What a clock showed that does not place anything in time.
    pub(crate) fn device_time(&mut self, shown: Option<Civil>) {
        self.word("device-time", shown.map(Civil::iso).as_deref());
    }

    /// The reading of a moment that the device named, or of the frame's.
    pub(crate) fn reading(self, kind: &str, at_ms: Option<u64>) -> Reading {
        Reading::at(at_ms, kind, self.0)
    }
}
