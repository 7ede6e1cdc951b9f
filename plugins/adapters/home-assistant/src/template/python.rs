//! Real numbers as Python writes and rounds them, without what formats them in Rust: a tenth of the component.

use std::cmp::Ordering;

use hushgate_sdk::decimal::Decimal;

/// The digits before the point beyond which, and the zeros behind it from which, a power of ten is written.
const WHOLE_DIGITS_MAX: i64 = 16;
const ZEROS_MAX: i64 = 3;

/// As `repr` writes it: `21.0`, `1e-05`, `1.5e+16`. `None` if it is not finite.
pub(super) fn repr(real: f64) -> Option<String> {
    let shortest = Decimal::shortest(real)?;
    let (mut digits, mut exponent) = (shortest.digits.unsigned_abs(), i64::from(shortest.exponent));
    while digits != 0 && digits.is_multiple_of(10) {
        (digits, exponent) = (digits / 10, exponent + 1);
    }
    let written = digits.to_string();
    let point = i64::try_from(written.len()).ok()? + exponent;
    if digits == 0 || (-ZEROS_MAX..=WHOLE_DIGITS_MAX).contains(&point) {
        let fraction = if exponent < 0 && digits != 0 { "" } else { ".0" };
        return Some(shortest.plain() + fraction);
    }
    let sign = if real < 0.0 { "-" } else { "" };
    let (first, rest) = written.split_at_checked(1)?;
    let dot = if rest.is_empty() { "" } else { "." };
    let power = point - 1;
    let side = if power < 0 { "-" } else { "+" };
    let zero = if power.abs() < 10 { "0" } else { "" };
    Some([sign, first, dot, rest, "e", side, zero, &power.abs().to_string()].concat())
}

/// To the nearest of so many places, of two as near the even one: of what the `f64` is, not of how it is written.
/// 2.675 is a little less than that, and becomes 2.67.
pub(super) fn round(real: f64, places: usize) -> Option<Decimal> {
    let shortest = Decimal::shortest(real)?;
    let exponent = -i16::try_from(places).ok()?;
    let Some(fewer) = exponent.checked_sub(shortest.exponent).filter(|fewer| *fewer > 0) else {
        // It has no more places: zeros behind it, as far as there is room for them.
        let zeros = Decimal::new(0, exponent);
        return Some(shortest.plus(zeros).unwrap_or(shortest));
    };
    let size = shortest.digits.unsigned_abs();
    // More places than there are digits: nothing is left.
    let power = 10_u64.checked_pow(u32::try_from(fewer).ok()?).unwrap_or(u64::MAX);
    let (below, rest) = (size / power, size % power);
    let up = match rest.cmp(&(power - rest)) {
        Ordering::Equal => match beside(real.abs(), size, shortest.exponent) {
            Ordering::Equal => !below.is_multiple_of(2),
            side => side.is_gt(),
        },
        side => side.is_gt(),
    };
    let rounded = i64::try_from(below + u64::from(up)).ok()?;
    Some(Decimal::new(if shortest.digits < 0 { -rounded } else { rounded }, exponent))
}

/// On which side of `digits` × 10^`exponent` a positive `f64` is that stands for it. Equal where that takes more than
/// 128 bits to say.
fn beside(real: f64, digits: u64, exponent: i16) -> Ordering {
    const FRACTION_BITS: u32 = 52;
    let bits = real.to_bits();
    let (power, fraction) = (bits >> FRACTION_BITS, bits & ((1 << FRACTION_BITS) - 1));
    let significand = if power == 0 { fraction } else { fraction | 1 << FRACTION_BITS };
    // real = significand / 2^halvings
    let halvings =
        (1023 + FRACTION_BITS).checked_sub(u32::try_from(power.max(1)).unwrap_or(u32::MAX));
    let compare = || {
        let tens = 10_u128.checked_pow(exponent.unsigned_abs().into())?;
        let left = u128::from(significand).checked_mul(tens)?;
        let right = u128::from(digits).checked_mul(1_u128.checked_shl(halvings?)?)?;
        Some(left.cmp(&right))
    };
    compare().filter(|_| exponent < 0).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        for (real, expected) in [
            (0.0, "0.0"),
            (21.0, "21.0"),
            (-0.5, "-0.5"),
            (1000.0, "1000.0"),
            (0.0001, "0.0001"),
            (0.000_012_5, "1.25e-05"),
            (1e-5, "1e-05"),
            (-1e-300, "-1e-300"),
            (123_456_789.125, "123456789.125"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e16, "1.5e+16"),
            (0.1 + 0.2, "0.30000000000000004"),
        ] {
            assert_eq!(repr(real).as_deref(), Some(expected));
        }
        assert_eq!(repr(f64::NAN), None);
    }

    /// Rust's own text rounds the same way.
    #[test]
    fn rounding_is_that_of_the_number_itself() {
        let reals = (-4000..4000).map(|it| f64::from(it) / 1000.0);
        let others = [2.675, 1.005, 0.125, 2.5, 1e15 + 0.5, 1e22, 5e-324, 123_456.785, 0.045, 1e-9];
        for real in reals.chain(others) {
            for places in 0..5 {
                let expected: f64 = format!("{real:.places$}").parse().unwrap();
                let found = round(real, places).unwrap();
                assert_eq!(found.to_f64(), expected, "{real} {places} {found:?}");
            }
        }
        assert_eq!(round(2.675, 2), Some(Decimal::new(267, -2)));
        assert_eq!(round(21.0, 2), Some(Decimal::new(2100, -2)));
        assert_eq!(round(0.5, 0), Some(Decimal::new(0, 0)));
        assert_eq!(round(-2.5, 0), Some(Decimal::new(-2, 0)));
        assert_eq!(round(1e-9, 2), Some(Decimal::new(0, -2)));
    }
}
