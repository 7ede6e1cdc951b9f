//! Adds numbers as they are written.
//!
//! # Promises
//!
//! - 20.1 + 0.2 is 20.3, not 20.300000000000001: the nearest `f64` to the sum of the shortest decimals that
//!   stand for both. Only numbers too far apart for that are added in binary.

/// Powers of ten by which 17 digits may be multiplied within 128 bits.
const POWER_MAX: u32 = 20;

/// The sum of two finite numbers.
pub(crate) fn add(left: f64, right: f64) -> f64 {
    if left == 0.0 || right == 0.0 {
        return left + right;
    }
    decimal_sum(left, right).unwrap_or(left + right)
}

/// `digits` × 10^`exponent`, rounded once. Infinite if none is near.
pub(crate) fn of_decimal(digits: i128, exponent: i64) -> f64 {
    format!("{digits}e{exponent}").parse().unwrap_or(f64::NAN)
}

fn decimal_sum(left: f64, right: f64) -> Option<f64> {
    let (left, right) = (decimal(left)?, decimal(right)?);
    let exponent = left.1.min(right.1);
    let digits = scaled(left, exponent)?.checked_add(scaled(right, exponent)?)?;
    Some(of_decimal(digits, exponent))
}

fn scaled((digits, from): (i128, i64), to: i64) -> Option<i128> {
    let power = u32::try_from(from.checked_sub(to)?).ok().filter(|power| *power <= POWER_MAX)?;
    digits.checked_mul(10_i128.checked_pow(power)?)
}

/// Digits and exponent of the shortest decimal that stands for `number`.
fn decimal(number: f64) -> Option<(i128, i64)> {
    let notation = format!("{number:e}");
    let (mantissa, exponent) = notation.split_once('e')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}").parse().ok()?;
    let exponent: i64 = exponent.parse().ok()?;
    Some((digits, exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?))
}
