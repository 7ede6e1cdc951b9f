//! The `f64` that is nearest to a decimal of any size.
//!
//! # Promises
//!
//! - It is the one that Rust's own parser makes of the same notation, halves to even, infinite beyond the largest.
//!   That parser brings 17 kB of tables and code; this needs none, and is slower: for what a plugin seldom meets.

/// Decimals beyond this, either way, are infinite or nothing: 39 digits of 128 bits, and 308 before or 324 after.
const EXPONENT_MAX: i32 = 400;

/// Bits of a number with [`EXPONENT_MAX`] zeros after 128 bits, and some to spare.
const LIMBS: usize = 50;

/// By which power of ten limbs are multiplied and divided at once.
const STEP: i32 = 9;

/// Bits of the significand, with the one that is not written.
const SIGNIFICAND_BITS: i32 = 53;

/// The exponent of the last bit of the smallest numbers.
const EXPONENT_MIN: i32 = -1074;

/// `digits` × 10^`exponent`.
pub(crate) fn nearest(digits: i128, exponent: i32) -> f64 {
    let size = magnitude(digits.unsigned_abs(), exponent);
    if digits < 0 { -size } else { size }
}

fn magnitude(digits: u128, exponent: i32) -> f64 {
    if digits == 0 || exponent < -EXPONENT_MAX {
        return 0.0;
    }
    if exponent > EXPONENT_MAX {
        return f64::INFINITY;
    }
    // So many bits that after all divisions more than a significand is left.
    let shift = if exponent < 0 { 128 + exponent.abs() * 10 / 3 / 32 * 32 } else { 0 };
    let mut number = Whole::new(digits, shift);
    let mut left = exponent.abs();
    while left > 0 {
        let step = left.min(STEP);
        let power = 10_u32.pow(step.unsigned_abs());
        if exponent < 0 {
            number.divide(power)
        } else {
            number.multiply(power)
        }
        left -= step;
    }
    number.to_f64(-shift)
}

/// A whole number, the lowest limb first, and whether something was lost below it.
struct Whole {
    limbs: [u32; LIMBS],
    lost: bool,
}

impl Whole {
    /// `digits` × 2^`shift`, which is a multiple of 32.
    fn new(digits: u128, shift: i32) -> Self {
        let mut limbs = [0; LIMBS];
        let above = limbs.iter_mut().skip(usize::try_from(shift / 32).unwrap_or_default());
        for (limb, place) in above.zip([0, 32, 64, 96]) {
            *limb = (digits >> place) as u32;
        }
        Self { limbs, lost: false }
    }

    fn multiply(&mut self, by: u32) {
        let mut carry = 0;
        for limb in &mut self.limbs {
            carry += u64::from(*limb) * u64::from(by);
            *limb = carry as u32;
            carry >>= 32;
        }
    }

    fn divide(&mut self, by: u32) {
        let mut rest = 0;
        for limb in self.limbs.iter_mut().rev() {
            rest = rest << 32 | u64::from(*limb);
            *limb = (rest / u64::from(by)) as u32;
            rest %= u64::from(by);
        }
        self.lost |= rest != 0;
    }

    /// It × 2^`exponent`, rounded once.
    fn to_f64(&self, exponent: i32) -> f64 {
        let Some(top) = self.limbs.iter().rposition(|limb| *limb != 0) else { return 0.0 };
        let limb = |at: usize| self.limbs.get(at).copied().unwrap_or_default();
        // The highest 64 bits and more, so that at most one limb below counts for bits of its own.
        let below = top.saturating_sub(2);
        let high = (0..3).fold(0_u128, |all, at| all | u128::from(limb(below + at)) << (32 * at));
        let is_more = self.lost || self.limbs.iter().take(below).any(|limb| *limb != 0);
        let exponent = exponent + i32::try_from(32 * below).unwrap_or(i32::MAX);
        let bits = 128 - i32::try_from(high.leading_zeros()).unwrap_or_default();
        // How far to the right for 53 bits, or fewer where the number is that small.
        let shift = (bits - SIGNIFICAND_BITS).max(EXPONENT_MIN - exponent);
        rounded(high, shift, is_more, exponent)
    }
}

fn rounded(high: u128, shift: i32, is_more: bool, exponent: i32) -> f64 {
    let (kept, rest, half) = match u32::try_from(shift) {
        Ok(0) => (high, 0, 1),
        Ok(128..) => (0, 0, 1),
        Ok(shift) => (high >> shift, high & ((1 << shift) - 1), 1 << (shift - 1)),
        Err(_) => (high << shift.unsigned_abs(), 0, 1),
    };
    let up = rest > half || (rest == half && (is_more || kept & 1 == 1));
    let significand = (kept + u128::from(up)) as u64;
    let exponent = exponent + shift;
    // A significand that became a power of two by rounding fits as well: its bits carry into the exponent's.
    let places = u64::try_from(exponent - EXPONENT_MIN).unwrap_or_default();
    let bits = significand + (places << (SIGNIFICAND_BITS - 1));
    let infinite = f64::INFINITY.to_bits();
    f64::from_bits(bits.min(infinite))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(digits: i128, exponent: i32) {
        let parsed: f64 = format!("{digits}e{exponent}").parse().unwrap();
        assert_eq!(nearest(digits, exponent).to_bits(), parsed.to_bits(), "{digits}e{exponent}");
    }

    #[test]
    fn is_what_the_standard_parser_makes_of_it() {
        let mut seed = 1_u128;
        for exponent in -420..=420 {
            for _ in 0..60 {
                seed = seed.wrapping_mul(0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645).wrapping_add(1);
                let digits = (seed >> (seed >> 121)) as i128;
                check(digits, exponent);
                check(-(digits >> 64), exponent);
            }
        }
    }

    #[test]
    fn halves_go_to_even_and_edges_are_met() {
        let halves =
            [(1 << 53) + 1, (1 << 53) + 3, (1 << 54) + 2, (1 << 54) + 6, (1 << 60) + (1 << 7)];
        for half in halves {
            for digits in [half - 1, half, half + 1, -half] {
                check(digits, 0);
            }
        }
        // The largest, what is just beyond it, the smallest normal one, the smallest of all and its half.
        check(17_976_931_348_623_157, 292);
        check(17_976_931_348_623_158_079_372_897_140_530_341_507, 271);
        check(17_976_931_348_623_159, 292);
        check(22_250_738_585_072_014, -324);
        check(22_250_738_585_072_011, -324);
        check(49_406_564_584_124_654, -340);
        check(24_703_282_292_062_327, -340);
        check(24_703_282_292_062_328, -340);
        for (digits, exponent) in [
            (0, 7),
            (i128::MAX, 0),
            (i128::MIN, 0),
            (i128::MIN, -400),
            (1, i32::MAX),
            (1, i32::MIN),
        ] {
            check(digits, exponent);
        }
    }
}
