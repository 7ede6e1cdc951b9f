//! Numbers of JSON as the decimals that were written.
//!
//! # Promises
//!
//! - Nothing is lost on the way to a decimal: `3005` divided by 1000 is 3.005, `1631186545.04` seconds are
//!   1631186545040 milliseconds.

use serde_json::{Number, Value};

use crate::{Scalar, decimal::Decimal};

/// The decimal that a number of JSON was written as. `None` if it has more digits than a decimal holds.
#[must_use]
pub fn decimal(number: &Number) -> Option<Decimal> {
    if let Some(whole) = number.as_i64() {
        return Some(Decimal::new(whole, 0));
    }
    // The shortest that stands for it: what was written, for all that sensors write.
    number.as_f64().filter(|_| number.is_f64()).and_then(Decimal::shortest)
}

/// A measured quantity: real also where it is whole. `None` for what is not a number.
#[must_use]
pub fn real(value: &Value) -> Option<Scalar> {
    value.as_f64().map(Scalar::Real)
}

/// A measured quantity, multiplied by a power of ten.
#[must_use]
pub fn scaled(value: &Value, exponent: i16) -> Option<Scalar> {
    let Value::Number(number) = value else { return None };
    let decimal = decimal(number)?;
    Some(Decimal { exponent: decimal.exponent.checked_add(exponent)?, ..decimal }.real())
}

/// The whole number of a value that counts: `3` and `3.0`, not `3.5`.
#[must_use]
pub fn int(value: &Value) -> Option<Scalar> {
    let Value::Number(number) = value else { return None };
    decimal(number)?.whole().map(Scalar::Int)
}

/// Milliseconds since 1970 of a Unix time in seconds, with a fraction or without. `None` for times of a clock
/// that was never set: before 2001-09-09.
#[must_use]
pub fn unix_seconds_ms(value: &Value) -> Option<u64> {
    let Value::Number(number) = value else { return None };
    let seconds = decimal(number)?;
    let ms = Decimal { exponent: seconds.exponent.checked_add(3)?, ..seconds }.floor()?;
    u64::try_from(ms).ok().filter(|ms| *ms >= 1_000_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn decimals_are_what_was_written() {
        for (json, digits, exponent) in [
            ("20.6", 206, -1),
            ("-3", -3, 0),
            ("21.0", 21, 0),
            ("1.5e-7", 15, -8),
            ("1631186545.04", 163_118_654_504, -2),
            ("0.1234567890123456", 1_234_567_890_123_456, -16),
            ("1e-20", 1, -20),
        ] {
            let Value::Number(number) = value(json) else { panic!("{json}") };
            assert_eq!(decimal(&number), Some(Decimal::new(digits, exponent)), "{json}");
        }
    }

    #[test]
    fn quantities_are_real_and_scaled_exactly() {
        assert_eq!(real(&value("21")), Some(Scalar::Real(21.0)));
        assert_eq!(scaled(&value("3005"), -3), Some(Scalar::Real(3.005)));
        assert_eq!(scaled(&value("2.95"), -1), Some(Scalar::Real(0.295)));
        for nothing in ["null", "\"21\"", "true", "[1]", "{}"] {
            assert_eq!(real(&value(nothing)), None, "{nothing}");
            assert_eq!(scaled(&value(nothing), -3), None, "{nothing}");
            assert_eq!(int(&value(nothing)), None, "{nothing}");
        }
    }

    #[test]
    fn counts_are_whole() {
        assert_eq!(int(&value("3")), Some(Scalar::Int(3)));
        assert_eq!(int(&value("3.0")), Some(Scalar::Int(3)));
        assert_eq!(int(&value("-3.0")), Some(Scalar::Int(-3)));
        for wrong in ["3.5", "-0.5", "1e300", "1e-300"] {
            assert_eq!(int(&value(wrong)), None, "{wrong}");
        }
    }

    #[test]
    fn unix_times_are_kept_to_the_millisecond() {
        assert_eq!(unix_seconds_ms(&value("1631186545.04")), Some(1_631_186_545_040));
        assert_eq!(unix_seconds_ms(&value("1631186545")), Some(1_631_186_545_000));
        assert_eq!(unix_seconds_ms(&value("1631186545.0499")), Some(1_631_186_545_049));
        for never in ["0", "12.5", "-1631186545", "1e300", "null", "\"1631186545\""] {
            assert_eq!(unix_seconds_ms(&value(never)), None, "{never}");
        }
    }
}
