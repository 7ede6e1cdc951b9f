//! Numbers of JSON as the decimals that were written.
//!
//! # Promises
//!
//! - Nothing is lost on the way to a decimal: `3005` divided by 1000 is 3.005, `1631186545.04` seconds are
//!   1631186545040 milliseconds.

use crate::{Scalar, decimal::Decimal, json::Value};

/// A measured quantity: real also where it is whole. `None` for what is not a number.
#[must_use]
pub fn real(value: &Value<'_>) -> Option<Scalar> {
    value.as_f64().map(Scalar::Real)
}

/// A measured quantity, multiplied by a power of ten.
#[must_use]
pub fn scaled(value: &Value, exponent: i16) -> Option<Scalar> {
    let Value::Number(number) = value else { return None };
    let decimal = number.decimal()?;
    Some(Decimal { exponent: decimal.exponent.checked_add(exponent)?, ..decimal }.real())
}

/// The whole number of a value that counts: `3` and `3.0`, not `3.5`.
#[must_use]
pub fn int(value: &Value<'_>) -> Option<Scalar> {
    let Value::Number(number) = value else { return None };
    number.decimal()?.whole().map(Scalar::Int)
}

/// Milliseconds since 1970 of a Unix time in seconds, with a fraction or without. `None` for times of a clock
/// that was never set: before 2001-09-09.
#[must_use]
pub fn unix_seconds_ms(value: &Value<'_>) -> Option<u64> {
    let Value::Number(number) = value else { return None };
    let seconds = number.decimal()?;
    let ms = Decimal { exponent: seconds.exponent.checked_add(3)?, ..seconds }.floor()?;
    u64::try_from(ms).ok().filter(|ms| *ms >= 1_000_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Value<'_> {
        crate::json::value(json.as_bytes()).unwrap()
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
