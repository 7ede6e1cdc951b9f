//! Exact numbers from what devices and owners write.

use serde::{Deserialize, Deserializer, de::Error};

use super::Exact;
use crate::{
    Scalar,
    decimal::Decimal,
    json::{Number, Value},
    notation::Notation,
};

/// Exponents beyond this, either way, belong to no quantity.
const EXPONENT_MAX: u16 = 400;

impl Exact {
    /// Reads decimal notation, such as `-12.50` or `1.25e-3`: digits, a sign before, a fraction and a power of ten
    /// after them if need be, 64 bytes and 38 digits at most.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // Of the most numbers the digits fit into 64 bits, with which WebAssembly calculates at once.
        let short = Decimal::parse_scientific(text).map(Self::from);
        short
            .filter(|it| it.exponent.unsigned_abs() <= EXPONENT_MAX.into())
            .or_else(|| Self::long(text))
    }

    fn long(text: &str) -> Option<Self> {
        let notation = Notation::scientific(text)?;
        let digits = notation
            .digits()
            .try_fold(0_i128, |value, digit| value.checked_mul(10)?.checked_add(digit.into()))?;
        let digits = if notation.is_negative() { -digits } else { digits };
        let exponent = notation.exponent().filter(|it| it.unsigned_abs() <= EXPONENT_MAX)?;
        Some(Self::new(digits, exponent.into()))
    }

    /// The number that `value` is; `None` where it is none, or not finite.
    #[must_use]
    pub fn of(value: &Scalar) -> Option<Self> {
        match value {
            Scalar::Int(int) => Some((*int).into()),
            Scalar::Real(real) => Self::of_real(*real),
            Scalar::Flag(_) | Scalar::Text(_) | Scalar::Blob(_) => None,
        }
    }

    /// The decimal that `real` stands for; `None` where it is not finite.
    #[must_use]
    pub fn of_real(real: f64) -> Option<Self> {
        Decimal::shortest(real).map(Self::from)
    }

    /// The decimal that a number of JSON was written as, for all that sensors write; `None` beyond 38 digits.
    #[must_use]
    pub fn of_json(number: Number) -> Option<Self> {
        match number {
            Number::Large(large) => Some(Self::new(large.into(), 0)),
            number => number.decimal().map(Self::from),
        }
    }

    /// The number that a setting is, or that its text is.
    pub(crate) fn of_setting(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Number(number) => Self::of_json(*number),
            Value::String(text) => Self::parse(text),
            _ => None,
        }
    }
}

impl From<i64> for Exact {
    fn from(whole: i64) -> Self {
        Self::new(whole.into(), 0)
    }
}

impl From<Decimal> for Exact {
    fn from(decimal: Decimal) -> Self {
        Self::new(decimal.digits.into(), decimal.exponent.into())
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Self::of_setting(&Value::deserialize(deserializer)?);
        number.ok_or_else(|| D::Error::custom("a decimal number, or its text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_they_are_written() {
        let exact = |text: &str| Exact::parse(text).unwrap();
        assert_eq!(exact("-12.50").parts(), (-1250, -2));
        assert_eq!(exact("0.1"), exact("1.00e-1"));
        assert_eq!(exact("1e400").parts(), (1, 400));
        let most = exact("99999999999999999999999999999999999999");
        assert_eq!(most.times(most), None);
        assert_eq!(most.plus(most), None);
        for wrong in ["1e401", "1e9999999", "1e+-1", "e1", "1e", "--1", "", "+", "1_0", "1.e1"] {
            assert_eq!(Exact::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn settings_write_numbers_or_their_texts() {
        let read = |json: &str| serde_json::from_str::<Exact>(json).ok();
        assert_eq!(read("0.1"), Some(Exact::new(1, -1)));
        assert_eq!(read("\"0.1\""), Some(Exact::new(1, -1)));
        assert_eq!(read("18446744073709551615"), Some(Exact::new(u64::MAX.into(), 0)));
        for wrong in ["true", "null", "\"\"", "[1]"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
