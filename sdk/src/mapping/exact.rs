//! Decimals that are calculated with as they were written.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

use crate::decimal::Decimal;

/// The longest text of a number, in bytes.
const TEXT_BYTES_MAX: usize = 64;

/// Exponents beyond this, either way, belong to no quantity.
const EXPONENT_MAX: i32 = 400;

/// The number `digits` × 10^`exponent`. 7.0 is 7.
#[derive(Clone, Copy, Debug)]
pub struct Exact {
    digits: i128,
    exponent: i32,
}

impl Exact {
    /// 0.
    pub const ZERO: Self = Self { digits: 0, exponent: 0 };

    /// 1.
    pub const ONE: Self = Self { digits: 1, exponent: 0 };

    /// 1000.
    pub const THOUSAND: Self = Self { digits: 1, exponent: 3 };

    /// Reads decimal notation, such as `-12.50` or `1.25e-3`: digits, a sign before, a fraction and a power of ten
    /// after them if need be, 64 bytes and 38 digits at most.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, power) = match text.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, whole_number(power)?),
            None => (text, 0),
        };
        let unsigned = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (unsigned, ""),
        };
        if text.len() > TEXT_BYTES_MAX || whole.is_empty() {
            return None;
        }
        let digits = whole.bytes().chain(fraction.bytes()).try_fold(0_i128, |value, byte| {
            let digit = byte.is_ascii_digit().then(|| i128::from(byte - b'0'))?;
            value.checked_mul(10)?.checked_add(digit)
        })?;
        let digits = if mantissa.starts_with('-') { -digits } else { digits };
        Self::new(digits, power.checked_sub(i32::try_from(fraction.len()).ok()?)?)
    }

    /// This whole number.
    #[must_use]
    pub fn of_whole(number: i64) -> Self {
        Self { digits: number.into(), exponent: 0 }
    }

    /// The product, if it has not too many digits.
    #[must_use]
    pub fn times(self, factor: Self) -> Option<Self> {
        let digits = self.digits.checked_mul(factor.digits)?;
        Self::new(digits, self.exponent.checked_add(factor.exponent)?)
    }

    /// The sum, if it has not too many digits.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        if other.digits == 0 {
            return Some(self);
        }
        let exponent = self.exponent.min(other.exponent);
        let digits = self.digits_at(exponent)?.checked_add(other.digits_at(exponent)?)?;
        Self::new(digits, exponent)
    }

    /// The whole number that it is.
    #[must_use]
    pub fn whole(self) -> Option<i64> {
        i64::try_from(self.shortest().digits_at(0)?).ok()
    }

    /// The largest whole number that is not above it.
    #[must_use]
    pub fn floor(self) -> Option<i64> {
        let places = u32::try_from(-self.exponent.min(0)).ok()?;
        match 10_i128.checked_pow(places) {
            Some(power) if places > 0 => i64::try_from(self.digits.div_euclid(power)).ok(),
            Some(_) => self.whole(),
            None => Some(if self.digits < 0 { -1 } else { 0 }),
        }
    }

    /// The nearest `f64`. Infinite if none is near.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        match (i64::try_from(self.digits), i16::try_from(self.exponent)) {
            (Ok(digits), Ok(exponent)) => Decimal::new(digits, exponent).to_f64(),
            _ => format!("{}e{}", self.digits, self.exponent).parse().unwrap_or(f64::NAN),
        }
    }

    fn new(digits: i128, exponent: i32) -> Option<Self> {
        (exponent.abs() <= EXPONENT_MAX).then_some(Self { digits, exponent })
    }

    /// The same without zeros at its end.
    fn shortest(mut self) -> Self {
        while self.digits != 0 && self.digits % 10 == 0 {
            self.digits /= 10;
            self.exponent = self.exponent.saturating_add(1);
        }
        if self.digits == 0 { Self::ZERO } else { self }
    }

    /// Its digits, were its exponent this smaller one.
    fn digits_at(self, exponent: i32) -> Option<i128> {
        let zeros = u32::try_from(self.exponent.checked_sub(exponent)?).ok()?;
        self.digits.checked_mul(10_i128.checked_pow(zeros)?)
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        let (one, two) = (self.shortest(), other.shortest());
        one.digits == two.digits && one.exponent == two.exponent
    }
}

impl Eq for Exact {}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = match Value::deserialize(deserializer)? {
            Value::Number(number) => Self::parse(&number.to_string()),
            Value::String(text) => Self::parse(&text),
            _ => None,
        };
        number.ok_or_else(|| D::Error::custom("a decimal number, or its text"))
    }
}

/// A power of ten: few enough digits that nothing overflows.
fn whole_number(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number = (1..=6).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit());
    number.then(|| text.parse().ok())?
}
