//! Numbers of JSON, as they were written (RFC 8259, section 6).
//!
//! # Promises
//!
//! - 18.9 is 189 tenths, never what an `f64` makes of it, up to 18 digits; beyond that it is the nearest `f64`, of
//!   which 37 digits decide.

use crate::{decimal::Decimal, nearest::nearest};

/// Below it there is room for one digit more: 18 in all.
const SHORT_MAX: i64 = 100_000_000_000_000_000;

/// The same, for what has too many: 36, and one that stands for the rest.
const LONG_MAX: i128 = 1_000_000_000_000_000_000_000_000_000_000_000_000;

/// Powers of ten beyond this, either way, are infinite or nothing whatever the digits of a body.
const POWER_MAX: i64 = 1_000_000;

/// Exponents with which 19 digits are never beyond the largest `f64`; of what is smaller no sensor tells.
const EXPONENT_MIN: i16 = -400;
const EXPONENT_MAX: i16 = 280;

/// A number of JSON.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Written without a fraction and a power of ten.
    Whole(i64),
    /// The same, beyond the largest `i64`.
    Large(u64),
    /// Written with a fraction or a power of ten, of which zeros at the end are left out: 21.50 is 215 tenths.
    Decimal(Decimal),
    /// The nearest to what has too many digits for these, or zero with a sign.
    Near(f64),
}

impl Number {
    /// The number of at most 18 digits, without a power of ten, with which `json` begins, and what is behind it. `None`
    /// where there is another one, or none.
    pub(super) fn short(json: &[u8]) -> Option<(Self, &[u8])> {
        let unsigned = json.strip_prefix(b"-").unwrap_or(json);
        let (mut value, mut at, mut point) = (0_i64, 0, None);
        while let Some(byte) = unsigned.get(at) {
            match byte {
                b'0'..=b'9' if value < SHORT_MAX => value = value * 10 + i64::from(byte - b'0'),
                b'.' if point.is_none() => point = Some(at),
                b'0'..=b'9' | b'.' | b'e' | b'E' => return None,
                _ => break,
            }
            at += 1;
        }
        let (digits, behind) = unsigned.split_at_checked(at)?;
        let whole = point.unwrap_or(at);
        let places = point.map_or(0, |point| at - point - 1);
        let is_form = matches!((digits, whole), ([b'0', ..], 1) | ([b'1'..=b'9', ..], 1..));
        if !is_form || (point.is_some() && places == 0) {
            return None;
        }
        let is_negative = unsigned.len() < json.len();
        let value = if is_negative { -value } else { value };
        let number = match (value, point) {
            (0, _) if is_negative => Self::Near(-0.0),
            (_, None) => Self::Whole(value),
            (_, Some(_)) => Self::Decimal(trimmed(value, -i16::try_from(places).ok()?)),
        };
        Some((number, behind))
    }

    /// The number that `text` is, which has the form of one. `None` beyond the largest `f64`.
    #[inline(never)]
    pub(super) fn long(text: &[u8]) -> Option<Self> {
        let mut parts = text.splitn(2, |byte| matches!(byte, b'e' | b'E'));
        let mantissa = parts.next().unwrap_or_default();
        let power = parts.next();
        let (mut digits, mut exponent) = (0_i128, power.map_or(0, exponent_of));
        let (mut is_fraction, mut is_more) = (false, false);
        for byte in mantissa {
            match byte {
                b'-' => {}
                b'.' => is_fraction = true,
                _ if digits < LONG_MAX => {
                    digits = digits * 10 + i128::from(byte.wrapping_sub(b'0'));
                    exponent -= i64::from(is_fraction);
                }
                _ => {
                    is_more |= *byte != b'0';
                    exponent += i64::from(!is_fraction);
                }
            }
        }
        if is_more {
            (digits, exponent) = (digits * 10 + 1, exponent - 1);
        }
        let is_negative = mantissa.starts_with(b"-");
        if is_negative && digits == 0 {
            return Some(Self::Near(-0.0));
        }
        let digits = if is_negative { -digits } else { digits };
        let is_whole = power.is_none() && !is_fraction;
        if let (true, 0, Ok(whole)) = (is_whole, exponent, i64::try_from(digits)) {
            return Some(Self::Whole(whole));
        }
        if let (true, 0, Ok(large)) = (is_whole, exponent, u64::try_from(digits)) {
            return Some(Self::Large(large));
        }
        match (i64::try_from(digits), i16::try_from(exponent)) {
            (Ok(0), _) => Some(Self::Decimal(Decimal::new(0, 0))),
            (Ok(digits), Ok(exponent @ EXPONENT_MIN..=EXPONENT_MAX)) => {
                Some(Self::Decimal(trimmed(digits, exponent)))
            }
            _ => {
                let near = nearest(digits, i32::try_from(exponent).ok()?);
                near.is_finite().then_some(Self::Near(near))
            }
        }
    }

    /// The decimal that it was written as. `None` if that has more digits than a [`Decimal`] holds.
    #[must_use]
    pub fn decimal(self) -> Option<Decimal> {
        match self {
            Self::Whole(whole) => Some(Decimal::new(whole, 0)),
            Self::Decimal(decimal) => Some(decimal),
            Self::Near(near) => Decimal::shortest(near),
            Self::Large(_) => None,
        }
    }

    /// Whether it is neither infinite nor no number: always where JSON was read.
    #[must_use]
    pub const fn is_finite(self) -> bool {
        match self {
            Self::Near(near) => near.is_finite(),
            Self::Whole(_) | Self::Large(_) | Self::Decimal(_) => true,
        }
    }

    /// The nearest `f64`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the nearest is meant")]
    pub fn to_f64(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Large(large) => large as f64,
            Self::Decimal(decimal) => decimal.to_f64(),
            Self::Near(near) => near,
        }
    }
}

/// Without zeros at the end of its fraction.
fn trimmed(mut digits: i64, mut exponent: i16) -> Decimal {
    while exponent < 0 && digits % 10 == 0 {
        (digits, exponent) = (digits / 10, exponent + 1);
    }
    Decimal::new(digits, exponent)
}

/// The power of ten that digits with or without a sign say.
fn exponent_of(text: &[u8]) -> i64 {
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let size = digits
        .iter()
        .fold(0, |size, byte| (size * 10 + i64::from(byte.wrapping_sub(b'0'))).min(POWER_MAX));
    if text.starts_with(b"-") { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        let long = Number::long(text.as_bytes()).unwrap();
        match Number::short(text.as_bytes()) {
            Some((short, behind)) => assert_eq!((short, behind), (long, &[][..]), "{text}"),
            None => assert!(text.len() > 17 || text.contains(['e', 'E']), "{text}"),
        }
        long
    }

    #[test]
    fn numbers_are_what_was_written() {
        for (text, expected) in [
            ("0", Number::Whole(0)),
            ("-3", Number::Whole(-3)),
            ("9223372036854775807", Number::Whole(i64::MAX)),
            ("-9223372036854775808", Number::Whole(i64::MIN)),
            ("18446744073709551615", Number::Large(u64::MAX)),
            ("18446744073709551616", Number::Near(18_446_744_073_709_551_616.0)),
            ("20.6", Number::Decimal(Decimal::new(206, -1))),
            ("21.50", Number::Decimal(Decimal::new(215, -1))),
            ("21.0", Number::Decimal(Decimal::new(21, 0))),
            ("0.0", Number::Decimal(Decimal::new(0, 0))),
            ("-0", Number::Near(-0.0)),
            ("-0.0", Number::Near(-0.0)),
            ("1631186545.04", Number::Decimal(Decimal::new(163_118_654_504, -2))),
            ("0.1234567890123456", Number::Decimal(Decimal::new(1_234_567_890_123_456, -16))),
            ("1.5e-7", Number::Decimal(Decimal::new(15, -8))),
            ("2E+3", Number::Decimal(Decimal::new(2, 3))),
            ("1e-20", Number::Decimal(Decimal::new(1, -20))),
            ("0e999999999999999999999", Number::Decimal(Decimal::new(0, 0))),
            ("1e-999999999999999999999", Number::Near(0.0)),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
        for beyond in ["1e309", "-1e400", "1e999999999999999999999", &"9".repeat(400)] {
            assert_eq!(Number::long(beyond.as_bytes()), None, "{beyond}");
        }
    }

    #[test]
    fn the_nearest_is_the_one_of_the_standard_parser() {
        let zeros = "0".repeat(70);
        for text in [
            "0.1",
            "-273.15",
            "5e-324",
            "1.7976931348623157e308",
            "0.1000000000000000055511151231257827021181583404541015625",
            "123456789012345678901234567890123456789012345678901234567890",
            "9007199254740993",
            "9007199254740992.99999999999999999999999999999999999999",
            "9007199254740993.00000000000000000000000000000000000001",
            &format!("0.{zeros}12345"),
            &format!("1{zeros}.5e-70"),
        ] {
            let expected: f64 = text.parse().unwrap();
            assert_eq!(number(text).to_f64().to_bits(), expected.to_bits(), "{text}");
        }
    }
}
