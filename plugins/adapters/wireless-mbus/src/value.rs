//! The ways to write a value (EN 13757-3:2018, clause 6.3.3 and Annex A: types A to K).
//!
//! # Promises
//!
//! - What the standard reserves for "not known" is no value: the lowest number of a signed type, BCD digits that
//!   are none, times whose bit says so, dates that no calendar has.

use hushgate_sdk::{Scalar, adapter::DecodeError, bytes::Bytes, decimal::Decimal, time::Civil};

use crate::unsupported;

/// What a record carries, by how it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Nothing,
    /// Least significant byte first, in two's complement or as flags.
    Binary(&'a [u8]),
    /// Two digits a byte, the least significant first; the first digit may be the sign.
    Bcd(&'a [u8]),
    /// As above, with the sign in the length.
    NegativeBcd(&'a [u8]),
    Real(f32),
    /// Text, or a number that is too long for one.
    Other,
}

/// What a clock or a calendar shows, without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Date(Civil),
    /// With whether summer time counts.
    Time(Civil, bool),
}

impl<'a> Value<'a> {
    pub(crate) fn read(field: u8, rest: &mut Bytes<'a>) -> Result<Self, DecodeError> {
        Ok(match field {
            0 | 8 => Self::Nothing,
            1..=4 => Self::Binary(rest.take(field.into())?),
            5 => Self::Real(f32::from_le_bytes(rest.array()?)),
            6 => Self::Binary(rest.take(6)?),
            7 => Self::Binary(rest.take(8)?),
            9..=12 => Self::Bcd(rest.take(usize::from(field) - 8)?),
            14 => Self::Bcd(rest.take(6)?),
            _ => Self::read_variable(rest)?,
        })
    }

    /// The length says what it is, too (EN 13757-3, table 5).
    fn read_variable(rest: &mut Bytes<'a>) -> Result<Self, DecodeError> {
        let length = rest.u8()?;
        let low = usize::from(length & 0x0F);
        Ok(match length {
            0x00..=0xBF => rest.take(length.into()).map(|_| Self::Other)?,
            0xC0..=0xC9 => Self::Bcd(rest.take(low)?),
            0xD0..=0xD9 => Self::NegativeBcd(rest.take(low)?),
            0xE0..=0xEF => match rest.take(low)? {
                number @ [_, ..] if low <= 8 => Self::Binary(number),
                _ => Self::Other,
            },
            0xF0..=0xF4 => rest.take(4 * (low + 4)).map(|_| Self::Other)?,
            0xF5 => rest.take(48).map(|_| Self::Other)?,
            0xF6 => rest.take(64).map(|_| Self::Other)?,
            _ => return Err(unsupported("a length of a value is reserved")),
        })
    }

    /// A quantity, multiplied by 10^`exponent`.
    pub(crate) fn real(self, exponent: i16) -> Option<Scalar> {
        match self {
            Self::Real(real) => scaled(real, exponent),
            _ => self.digits().map(|digits| Decimal::new(digits, exponent).real()),
        }
    }

    /// A number of pieces.
    pub(crate) fn count(self, exponent: i16) -> Option<Scalar> {
        match self {
            Self::Real(real) => scaled(real, exponent),
            _ => self.digits().map(|digits| Decimal::new(digits, exponent).scalar()),
        }
    }

    /// Bits, each with its own meaning (type D): none is reserved.
    pub(crate) fn flags(self) -> Option<Scalar> {
        match self {
            Self::Binary(bytes) => Bytes::new(bytes).uint_le(bytes.len()).ok(),
            Self::Bcd(_) => self.digits().and_then(|digits| digits.try_into().ok()),
            _ => None,
        }
        .and_then(|bits: u64| bits.try_into().ok())
        .map(Scalar::Int)
    }

    fn digits(self) -> Option<i64> {
        match self {
            Self::Binary(bytes) => signed(bytes),
            Self::Bcd(bytes) => bcd(bytes),
            Self::NegativeBcd(bytes) => bcd(bytes).map(|digits| -digits),
            Self::Nothing | Self::Real(_) | Self::Other => None,
        }
    }

    /// Types F, G and I; others are times of day or intervals alone.
    pub(crate) fn moment(self) -> Option<Moment> {
        let moment = match self {
            Self::Binary([low, high]) => Moment::Date(date(*low, *high, 0)),
            Self::Binary([minute, hour, low, high]) if minute & 0x80 == 0 => {
                let date = date(*low, *high, hour >> 5 & 3);
                let [minute, time] = [i64::from(minute & 0x3F), i64::from(hour & 0x1F)];
                Moment::Time(Civil { hour: time, minute, ..date }, hour & 0x80 != 0)
            }
            Self::Binary([second, minute, hour, low, high, _week]) if minute & 0x80 == 0 => {
                let [time, minute] = [i64::from(hour & 0x1F), i64::from(minute & 0x3F)];
                let summer = second & 0x40 != 0;
                let second = i64::from(second & 0x3F);
                Moment::Time(Civil { hour: time, minute, second, ..date(*low, *high, 0) }, summer)
            }
            _ => return None,
        };
        let (Moment::Date(civil) | Moment::Time(civil, _)) = moment;
        civil.ms(0).map(|_| moment)
    }
}

fn signed(bytes: &[u8]) -> Option<i64> {
    let value = Bytes::new(bytes).int_le(bytes.len()).ok()?;
    let unknown = matches!(bytes, [lower @ .., 0x80] if lower.iter().all(|byte| *byte == 0));
    (!unknown && !bytes.is_empty()).then_some(value)
}

/// A first digit of F is the sign; every other one that is above 9 makes the value unknown (type A).
fn bcd(bytes: &[u8]) -> Option<i64> {
    let (highest, lower) = bytes.split_last()?;
    let (highest, sign) = if highest >> 4 == 0x0F { (highest & 0x0F, -1) } else { (*highest, 1) };
    let digits = [highest].into_iter().chain(lower.iter().rev().copied());
    let value =
        digits.flat_map(|byte| [byte >> 4, byte & 0x0F]).try_fold(0_i64, |value, digit| {
            (digit <= 9).then(|| value.checked_mul(10)?.checked_add(digit.into()))?
        })?;
    Some(sign * value)
}

fn scaled(real: f32, exponent: i16) -> Option<Scalar> {
    let power = Decimal::new(1, exponent.abs()).to_f64();
    let real = f64::from(real);
    let real = if exponent < 0 { real / power } else { real * power };
    real.is_finite().then_some(Scalar::Real(real))
}

/// The year has two digits and, in type F, the number of its century since 1900, which old meters leave at 0.
fn date(low: u8, high: u8, century: u8) -> Civil {
    let year = i64::from(low >> 5 | high >> 1 & 0x78);
    let year = match century {
        _ if year > 99 => 0,
        0 if year <= 80 => 2000 + year,
        _ => 1900 + 100 * i64::from(century) + year,
    };
    let (month, day) = ((high & 0x0F).into(), (low & 0x1F).into());
    Civil { year, month, day, hour: 0, minute: 0, second: 0 }
}
