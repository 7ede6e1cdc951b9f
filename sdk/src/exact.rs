//! Calculates with decimals: what can be said in 38 digits is exact, and nothing is rounded unless asked.
//!
//! # Promises
//!
//! - A real number stands for the shortest decimal that reads back as it: 0.1 is one tenth.
//! - What does not fit in 38 digits is `None`, never something near.
//! - Halves are rounded to even, as a grant's steps are: of many values, as many go up as down.

mod written;

use std::cmp::Ordering;

use crate::{Scalar, decimal::Decimal, nearest::nearest};

/// The digits of a quotient that does not end: more than an `f64` holds.
const QUOTIENT_MIN: u128 = 1_000_000_000_000_000_000;

/// The digits up to which an `f64` holds all of them.
const SHORT_MAX: u128 = 1 << 53;

/// The number `digits` × 10^`exponent`. 7.0 is 7.
#[derive(Clone, Copy, Debug)]
pub struct Exact {
    digits: i128,
    exponent: i32,
}

impl Exact {
    /// Nothing at all.
    pub const ZERO: Self = Self::new(0, 0);

    /// 1.
    pub const ONE: Self = Self::new(1, 0);

    /// `digits` × 10^`exponent`.
    #[must_use]
    pub const fn new(digits: i128, exponent: i32) -> Self {
        Self { digits, exponent }
    }

    /// Its digits and by which power of ten they are multiplied.
    #[must_use]
    pub const fn parts(self) -> (i128, i32) {
        (self.digits, self.exponent)
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let (ours, theirs, exponent) = self.aligned(other)?;
        Some(Self::new(ours.checked_add(theirs)?, exponent))
    }

    /// The difference.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        let (ours, theirs, exponent) = self.aligned(other)?;
        Some(Self::new(ours.checked_sub(theirs)?, exponent))
    }

    /// The product.
    #[must_use]
    pub fn times(self, other: Self) -> Option<Self> {
        let exponent = self.exponent.checked_add(other.exponent)?;
        Some(Self::new(self.digits.checked_mul(other.digits)?, exponent))
    }

    /// The quotient, where it does not end to 18 digits or more. `None` unless `divisor` is above 0.
    #[must_use]
    pub fn over(self, divisor: i128) -> Option<Self> {
        let Self { mut digits, mut exponent } = self;
        while digits.checked_rem(divisor)? != 0
            && digits.checked_div(divisor)?.unsigned_abs() < QUOTIENT_MIN
        {
            digits = digits.checked_mul(10)?;
            exponent = exponent.checked_sub(1)?;
        }
        Some(Self::new(quotient(digits, divisor)?, exponent))
    }

    /// The nearest multiple of `step`. `None` unless `step` is above 0.
    #[must_use]
    pub fn to_multiple(self, step: Self) -> Option<Self> {
        let (value, step, exponent) = self.aligned(step)?;
        Some(Self::new(quotient(value, step)?.checked_mul(step)?, exponent))
    }

    /// How far it is from 0.
    #[must_use]
    pub fn size(self) -> Option<Self> {
        Some(Self::new(self.digits.checked_abs()?, self.exponent))
    }

    /// The nearest `f64`. Infinite if none is near.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        let Self { mut digits, mut exponent } = self;
        while exponent < 0 && digits.unsigned_abs() > SHORT_MAX && digits % 10 == 0 {
            digits /= 10;
            exponent += 1;
        }
        match (i64::try_from(digits), i16::try_from(exponent)) {
            (Ok(digits), Ok(exponent)) => Decimal::new(digits, exponent).to_f64(),
            _ => nearest(digits, exponent),
        }
    }

    /// The nearest real number, if one is near.
    #[must_use]
    pub fn real(self) -> Option<Scalar> {
        Some(self.to_f64()).filter(|real| real.is_finite()).map(Scalar::Real)
    }

    /// The whole number that it is.
    #[must_use]
    pub fn whole(self) -> Option<i64> {
        let (digits, _, exponent) = self.aligned(Self::new(1, 0))?;
        let one = 10_i128.checked_pow(exponent.unsigned_abs())?;
        (digits % one == 0).then(|| i64::try_from(digits / one).ok())?
    }

    /// The largest whole number that is not above it.
    #[must_use]
    pub fn floor(self) -> Option<i64> {
        if self.exponent >= 0 {
            return self.whole();
        }
        match 10_i128.checked_pow(self.exponent.unsigned_abs()) {
            Some(one) => i64::try_from(self.digits.div_euclid(one)).ok(),
            None => Some(if self.digits < 0 { -1 } else { 0 }),
        }
    }

    /// The digits of both, as so many times the same power of ten.
    fn aligned(self, other: Self) -> Option<(i128, i128, i32)> {
        let exponent = match (self.digits, other.digits) {
            (0, _) => other.exponent,
            (_, 0) => self.exponent,
            _ => self.exponent.min(other.exponent),
        };
        Some((self.digits_at(exponent)?, other.digits_at(exponent)?, exponent))
    }

    fn digits_at(self, exponent: i32) -> Option<i128> {
        if self.digits == 0 {
            return Some(0);
        }
        let zeros = u32::try_from(self.exponent.checked_sub(exponent)?).ok()?;
        10_i128.checked_pow(zeros)?.checked_mul(self.digits)
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Exact {}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        match self.aligned(*other) {
            Some((ours, theirs, _)) => ours.cmp(&theirs),
            // The one with the larger power of ten has too many digits for the other's: it is farther from 0.
            None if self.exponent > other.exponent => self.digits.cmp(&0),
            None => 0.cmp(&other.digits),
        }
    }
}

/// To the nearest whole number, halves to even.
fn quotient(dividend: i128, divisor: i128) -> Option<i128> {
    if divisor <= 0 {
        return None;
    }
    let (below, rest) = (dividend.div_euclid(divisor), dividend.rem_euclid(divisor));
    let up = match rest.cmp(&(divisor - rest)) {
        Ordering::Less => false,
        Ordering::Equal => below % 2 != 0,
        Ordering::Greater => true,
    };
    below.checked_add(up.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(real: f64) -> Exact {
        Exact::of_real(real).unwrap()
    }

    #[test]
    fn a_real_number_stands_for_its_shortest_notation() {
        for real in [0.1, -0.1, 18.9, 1e-7, 5e-324, f64::MAX, 1e22, 123.456, 0.0, 9e15, 1e16] {
            assert_eq!(exact(real).to_f64(), real);
        }
        assert_eq!(exact(18.9).parts(), (189, -1));
        assert_eq!(exact(1.0 / 3.0).parts(), (3_333_333_333_333_333, -16));
        assert_eq!(exact(1e300).parts(), (1, 300));
        assert!(Exact::of_real(f64::NAN).is_none());
        assert!(Exact::of_real(f64::INFINITY).is_none());
        assert!(Exact::of(&Scalar::Flag(true)).is_none());
        assert_eq!(Exact::of(&Scalar::Int(i64::MIN)).unwrap().whole(), Some(i64::MIN));
    }

    #[test]
    fn sums_and_products_are_exact() {
        assert_eq!(exact(0.1).plus(exact(0.2)).unwrap().to_f64(), 0.3);
        assert_eq!(exact(0.3).minus(exact(0.2)).unwrap().to_f64(), 0.1);
        assert_eq!(exact(1.1).times(exact(1.1)).unwrap().to_f64(), 1.21);
        assert!(exact(1e300).plus(exact(1e-300)).is_none(), "600 digits");
        assert!(exact(1e300).plus(Exact::ZERO).is_some());
    }

    #[test]
    fn quotients_are_exact_where_they_end() {
        let check = |value: f64, divisor: i128, expected: f64| {
            assert_eq!(exact(value).over(divisor).unwrap().to_f64(), expected, "{value}/{divisor}");
        };
        check(37.9, 2, 18.95);
        check(1.0, 3, 1.0 / 3.0);
        check(-2.0, 3, -2.0 / 3.0);
        check(0.0, 7, 0.0);
        check(1.0, 10_i128.pow(18), 1e-18);
        assert!(exact(1.0).over(0).is_none());
        assert!(exact(1.0).over(-1).is_none());
        assert!(Exact::new(i128::MAX, 0).over(1 << 90).is_none());
    }

    #[test]
    fn halves_go_to_even_multiples() {
        let check = |value: f64, step: f64, expected: f64| {
            let rounded = exact(value).to_multiple(exact(step)).unwrap();
            assert_eq!(rounded.to_f64(), expected, "{value} to {step}");
        };
        check(2.5, 1.0, 2.0);
        check(3.5, 1.0, 4.0);
        check(-2.5, 1.0, -2.0);
        check(-2.6, 1.0, -3.0);
        check(0.15, 0.1, 0.2);
        check(0.25, 0.1, 0.2);
        check(0.35, 0.1, 0.4);
        check(72.4, 5.0, 70.0);
        check(1e20, 1e-3, 1e20);
        assert!(exact(1e300).to_multiple(exact(0.1)).is_none());
        assert!(exact(1.0).to_multiple(exact(-1.0)).is_none());
        assert!(exact(1.0).to_multiple(Exact::ZERO).is_none());
    }

    #[test]
    fn all_can_be_compared() {
        let check = |a: f64, b: f64, expected| {
            assert_eq!(exact(a).cmp(&exact(b)), expected, "{a} {b}");
        };
        check(0.1, 0.10, Ordering::Equal);
        check(1e300, 1e-300, Ordering::Greater);
        check(-1e300, 1e-300, Ordering::Less);
        check(0.0, 1e300, Ordering::Less);
        check(5e-324, 0.0, Ordering::Greater);
        check(-1e300, -1e-300, Ordering::Less);
        let most = Exact::new(i128::MAX, -1);
        assert_eq!(Exact::new(i128::MAX / 10 + 1, 0).cmp(&most), Ordering::Greater);
        assert_eq!(Exact::new(700, -2), Exact::new(7, 0));
        assert_eq!(Exact::new(0, 400), Exact::ZERO);
    }

    #[test]
    fn whole_numbers_are_told_apart() {
        assert_eq!(Exact::new(-5, -1).floor(), Some(-1));
        assert_eq!(Exact::new(-1, -300).floor(), Some(-1));
        assert_eq!(Exact::new(75, -1).floor(), Some(7));
        assert_eq!(Exact::new(1, 30).floor(), None);
        assert_eq!(Exact::new(700, -2).whole(), Some(7));
        assert_eq!(Exact::new(7, 2).whole(), Some(700));
        assert_eq!(Exact::new(705, -2).whole(), None);
        assert_eq!(Exact::new(1, 30).whole(), None);
    }
}
