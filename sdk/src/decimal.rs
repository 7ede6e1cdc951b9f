//! Numbers as devices mean them: so many tenths, hundredths, thousandths.
//!
//! # Promises
//!
//! - A decimal becomes the `f64` that is nearest to it, the one that its decimal notation stands for: 189
//!   tenths are 18.9, never 18.900000000000002.

use ryu::Buffer;

use crate::{Scalar, nearest::nearest, notation::Notation};

/// Powers of ten that an `f64` holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The largest whole number up to which an `f64` holds all of them.
const EXACT_MAX: u64 = 1 << 53;

/// Below it, digits after which nothing is lost in an `f64`: 15 of them.
const SHORT_MAX: f64 = 1e15;

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
        Self::written(Notation::plain(text)?)
    }

    /// Reads plain notation, or one with a power of ten, as JSON has it: `1.5e-7`.
    #[must_use]
    pub fn parse_scientific(text: &str) -> Option<Self> {
        Self::written(Notation::scientific(text)?)
    }

    /// The decimal that `real` stands for. `None` if it takes more than 15 digits or is very small.
    #[must_use]
    pub fn of_real(real: f64) -> Option<Self> {
        (0..).zip(POWERS).find_map(|(places, power): (i16, f64)| {
            let digits = (real * power).round_ties_even();
            let is_it = digits.abs() < SHORT_MAX && digits / power == real;
            is_it.then_some(Self::new(digits as i64, -places))
        })
    }

    /// The shortest decimal that `real` stands for, however many digits it takes. `None` if it is not finite.
    #[must_use]
    pub fn shortest(real: f64) -> Option<Self> {
        // As Rust's own text of it has: of a crate whose tables are a tenth as large.
        let text = || {
            real.is_finite().then(|| Self::parse_scientific(Buffer::new().format_finite(real)))?
        };
        Self::of_real(real).or_else(text)
    }

    /// The whole number that it is.
    #[must_use]
    pub fn whole(self) -> Option<i64> {
        let power = 10_i64.checked_pow(self.exponent.unsigned_abs().into());
        match power {
            Some(power) if self.exponent >= 0 => self.digits.checked_mul(power),
            Some(power) => (self.digits % power == 0).then_some(self.digits / power),
            None => (self.digits == 0).then_some(0),
        }
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
            _ => nearest(self.digits.into(), self.exponent.into()),
        }
    }

    /// Its plain notation, without zeros at the end of a fraction: `18.9`, and `0.00001` for `1.0e-5`.
    #[must_use]
    pub fn plain(self) -> String {
        let Self { mut digits, mut exponent } = self;
        while exponent < 0 && digits % 10 == 0 {
            (digits, exponent) = (digits / 10, exponent + 1);
        }
        let sign = if digits < 0 { "-" } else { "" };
        let mut text = digits.unsigned_abs().to_string();
        let places = usize::from(exponent.unsigned_abs());
        if exponent > 0 && digits != 0 {
            text.push_str(&"0".repeat(places));
        } else if exponent < 0 {
            text.insert_str(0, &"0".repeat((places + 1).saturating_sub(text.len())));
            text.insert(text.len() - places, '.');
        }
        text.insert_str(0, sign);
        text
    }

    /// The sum of both, if its digits fit.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let exponent = self.exponent.min(other.exponent);
        let digits = self.digits_at(exponent)?.checked_add(other.digits_at(exponent)?)?;
        Some(Self::new(digits, exponent))
    }

    /// Its digits where it is written with a smaller exponent.
    fn digits_at(self, exponent: i16) -> Option<i64> {
        let more = u32::try_from(self.exponent.checked_sub(exponent)?).ok()?;
        self.digits.checked_mul(10_i64.checked_pow(more)?)
    }

    /// The largest whole number that is not above it.
    #[must_use]
    pub fn floor(self) -> Option<i64> {
        match 10_i64.checked_pow(self.exponent.unsigned_abs().into()) {
            Some(power) if self.exponent < 0 => Some(self.digits.div_euclid(power)),
            Some(power) => self.digits.checked_mul(power),
            None if self.exponent < 0 => Some(if self.digits < 0 { -1 } else { 0 }),
            None => None,
        }
    }

    /// A whole number, where it was given without a fraction, or the nearest real one.
    #[must_use]
    pub fn scalar(self) -> Scalar {
        let whole = self.whole().filter(|_| self.exponent >= 0);
        whole.map_or_else(|| self.real(), Scalar::Int)
    }

    /// The nearest real number, also where it is whole: for quantities that have fractions.
    #[must_use]
    pub fn real(self) -> Scalar {
        Scalar::Real(self.to_f64())
    }

    fn written(notation: Notation<'_>) -> Option<Self> {
        let digits = notation.digits().try_fold(0_i64, |value, digit| {
            // Checked without a product of 128 bits, which WebAssembly has to calculate in parts.
            (value <= i64::MAX / 10).then(|| value * 10)?.checked_add(digit.into())
        })?;
        let digits = if notation.is_negative() { -digits } else { digits };
        Some(Self::new(digits, notation.exponent()?))
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
                let notation: f64 =
                    format!("{}e{}", decimal.digits, decimal.exponent).parse().unwrap();
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
    fn powers_of_ten_are_read_where_they_may_be() {
        assert_eq!(Decimal::parse_scientific("1.5e-7"), Some(Decimal::new(15, -8)));
        assert_eq!(Decimal::parse_scientific("2E+3"), Some(Decimal::new(2, 3)));
        for wrong in ["", "e", "1e", "1e+", "1e+-1", "1e99999", "0x1", "1e5e5"] {
            assert_eq!(Decimal::parse_scientific(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_real_number_stands_for_its_shortest_decimal() {
        for digits in (-20_000..20_000).chain([999_999_999_999_999, 123_456_789_012_345]) {
            for exponent in -22..=0 {
                let decimal = Decimal::new(digits, exponent);
                let found = Decimal::of_real(decimal.to_f64()).unwrap();
                assert!(found.exponent >= exponent, "{decimal:?} {found:?}");
                assert_eq!(found.to_f64().to_bits() << 1, decimal.to_f64().to_bits() << 1);
            }
        }
        assert_eq!(Decimal::of_real(18.9), Some(Decimal::new(189, -1)));
        assert_eq!(Decimal::of_real(1e3), Some(Decimal::new(1000, 0)));
        for none in [1.0 / 3.0, 1e15, 1e-300, f64::NAN, f64::INFINITY] {
            assert_eq!(Decimal::of_real(none), None, "{none}");
        }
    }

    #[test]
    fn whole_numbers_are_told_apart() {
        let check = |digits, exponent, whole, floor| {
            let decimal = Decimal::new(digits, exponent);
            assert_eq!((decimal.whole(), decimal.floor()), (whole, floor), "{decimal:?}");
        };
        check(700, -2, Some(7), Some(7));
        check(7, 2, Some(700), Some(700));
        check(-705, -2, None, Some(-8));
        check(-5, -300, None, Some(-1));
        check(900_719_925_474_099_301, -1, None, Some(90_071_992_547_409_930));
        check(0, 300, Some(0), None);
        check(1, 19, None, None);
    }

    #[test]
    fn sums_are_exact_or_none() {
        let tenth = Decimal::new(1, -1);
        assert_eq!(tenth.plus(Decimal::new(2, -1)), Some(Decimal::new(3, -1)));
        assert_eq!(Decimal::new(7, 2).plus(Decimal::new(-705, -2)), Some(Decimal::new(69295, -2)));
        assert_eq!(tenth.plus(Decimal::new(1, 30)), None);
        assert_eq!(Decimal::new(i64::MAX, 0).plus(Decimal::new(1, 0)), None);
    }

    #[test]
    fn whole_numbers_stay_whole() {
        assert_eq!(Decimal::new(7, 0).scalar(), Scalar::Int(7));
        assert_eq!(Decimal::new(7, 2).scalar(), Scalar::Int(700));
        assert_eq!(Decimal::new(70, -1).scalar(), Scalar::Real(7.0));
        assert_eq!(Decimal::new(7, 30).scalar(), Scalar::Real(7e30));
    }

    #[test]
    fn a_real_number_is_written_as_rust_writes_it() {
        let reals = [
            0.0,
            1.0,
            -0.5,
            18.9,
            1e-5,
            5e-324,
            1e21,
            1e300,
            1_234_567_890_123_456.0,
            0.1 + 0.2,
            f64::MAX,
        ];
        for real in reals {
            for real in [real, -real - 1.0, real / 3.0] {
                let expected = (real + 0.0).to_string();
                assert_eq!(Decimal::shortest(real).unwrap().plain(), expected);
                assert_eq!(Decimal::shortest(real).unwrap().to_f64(), real);
            }
        }
        assert_eq!(Decimal::shortest(f64::NAN), None);
    }
}
