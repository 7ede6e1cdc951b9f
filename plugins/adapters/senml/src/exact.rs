//! Adds numbers as they are written.
//!
//! # Promises
//!
//! - 20.1 + 0.2 is 20.3, not 20.300000000000001: the nearest `f64` to the sum of the shortest decimals that
//!   stand for both. Only numbers too far apart for that are added in binary.

use hushgate_sdk::{exact::Exact, json::Number};

/// Exponents beyond this are infinite or nothing, whatever the digits.
const EXPONENT_MAX: i64 = 10_000;

/// The sum of two finite numbers.
pub(crate) fn add(left: Number, right: Number) -> f64 {
    let near = (left.to_f64(), right.to_f64());
    if near.0 == 0.0 || near.1 == 0.0 {
        return near.0 + near.1;
    }
    if let Some(sum) =
        left.decimal().zip(right.decimal()).and_then(|(left, right)| left.plus(right))
    {
        return sum.to_f64();
    }
    let sum = || Exact::of_json(left)?.plus(Exact::of_json(right)?);
    sum().map_or(near.0 + near.1, Exact::to_f64)
}

/// `digits` × 10^`exponent`, rounded once. Infinite if none is near.
pub(crate) fn of_decimal(digits: i128, exponent: i64) -> f64 {
    let exponent = exponent.clamp(-EXPONENT_MAX, EXPONENT_MAX);
    Exact::new(digits, i32::try_from(exponent).unwrap_or_default()).to_f64()
}
