//! Numbers as devices mean them: so many tenths, hundredths, thousandths.
//!
//! # Promises
//!
//! - A decimal becomes the `f64` that is nearest to it, the one that its decimal notation stands for: 189
//!   tenths are 18.9, never 18.900000000000002.

use crate::Scalar;

/// Powers of ten that an `f64` holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The largest whole number up to which an `f64` holds all of them.
const EXACT_MAX: u64 = 1 << 53;

/// The longest text of a number, in bytes.
const TEXT_BYTES_MAX: usize = 64;

/// The number `digits` × 10^`exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// Its digits, with the sign.
    pub digits: i64,
    /// By which power of ten they are multiplied.
    pub exponent: i16,
}

impl Decimal {
    /// `digits` × 10^`exponent`.
    #[must_use]
    pub const fn new(digits: i64, exponent: i16) -> Self {
        Self { digits, exponent }
    }

    /// Reads plain decimal notation, such as `-12.50`: digits, a sign before and a fraction after them if need
    /// be, 64 bytes and 18 digits at most. Not `inf`, `1e9`, `.5` or `5.`, which Rust's own parser takes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (unsigned, ""),
        };
        if text.len() > TEXT_BYTES_MAX || whole.is_empty() {
            return None;
        }
        let digits = whole.bytes().chain(fraction.bytes()).try_fold(0_i64, |value, byte| {
            let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
            value.checked_mul(10)?.checked_add(digit)
        })?;
        let digits = if text.starts_with('-') { -digits } else { digits };
        Some(Self { digits, exponent: -i16::try_from(fraction.len()).ok()? })
    }

    /// The nearest `f64`. Infinite if none is near.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        let power = POWERS.get(usize::from(self.exponent.unsigned_abs()));
        match power {
            // Both are exact, so that the one operation rounds once (Clinger 1990).
            Some(power) if self.digits.unsigned_abs() <= EXACT_MAX => {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "compared with the largest exact one"
                )]
                let digits = self.digits as f64;
                if self.exponent < 0 { digits / power } else { digits * power }
            }
            _ => self.notation().parse().unwrap_or(f64::NAN),
        }
    }

    /// A whole number, where it was given without a fraction, or the nearest real one.
    #[must_use]
    pub fn scalar(self) -> Scalar {
        match u32::try_from(self.exponent).ok().and_then(|it| 10_i64.checked_pow(it)) {
            Some(power) => match self.digits.checked_mul(power) {
                Some(whole) => Scalar::Int(whole),
                None => self.real(),
            },
            None => self.real(),
        }
    }

    /// The nearest real number, also where it is whole: for quantities that have fractions.
    #[must_use]
    pub fn real(self) -> Scalar {
        Scalar::Real(self.to_f64())
    }

    fn notation(self) -> String {
        format!("{}e{}", self.digits, self.exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_the_number_that_its_notation_stands_for() {
        for digits in (-20_000..20_000).chain([1 << 53, (1 << 53) + 1, i64::MAX, i64::MIN]) {
            for exponent in -25..=25 {
                let decimal = Decimal::new(digits, exponent);
                let notation: f64 = decimal.notation().parse().unwrap();
                assert_eq!(decimal.to_f64().to_bits() << 1, notation.to_bits() << 1, "{decimal:?}");
            }
        }
        assert_eq!(Decimal::new(189, -1).real(), Scalar::Real(18.9));
        assert!(Decimal::new(1, 400).to_f64().is_infinite());
    }

    #[test]
    fn plain_notation_is_read_and_nothing_else() {
        assert_eq!(Decimal::parse("-12.50"), Some(Decimal::new(-1250, -2)));
        assert_eq!(Decimal::parse("+7"), Some(Decimal::new(7, 0)));
        assert_eq!(Decimal::parse("0.0"), Some(Decimal::new(0, -1)));
        for wrong in ["", "-", ".5", "5.", "1e9", "inf", "NaN", " 1", "1 ", "--1", "1.2.3", "1,5"] {
            assert_eq!(Decimal::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Decimal::parse(&"9".repeat(19)), None, "more than an i64 holds");
        assert_eq!(Decimal::parse(&format!("0.{}", "0".repeat(80))), None, "too long");
    }

    #[test]
    fn whole_numbers_stay_whole() {
        assert_eq!(Decimal::new(7, 0).scalar(), Scalar::Int(7));
        assert_eq!(Decimal::new(7, 2).scalar(), Scalar::Int(700));
        assert_eq!(Decimal::new(70, -1).scalar(), Scalar::Real(7.0));
        assert_eq!(Decimal::new(7, 30).scalar(), Scalar::Real(7e30));
    }
}
