//! What an expression can be, and what can be done with it.
//!
//! # Promises
//!
//! - Sums, differences, products and quotients are the decimals that they are on paper; only a quotient that
//!   never ends is rounded, once, to the nearest `f64`.
//! - What Home Assistant would refuse to calculate with is no value.

use std::borrow::Cow;

use hushgate_sdk::{
    decimal::Decimal,
    json::{Number, Object, Value},
};

use super::{Comparison, Math, python};

/// How many more digits a quotient may have than its dividend.
const QUOTIENT_DIGITS_MAX: u32 = 17;

/// Exponents beyond this are no measured values.
const EXPONENT_MAX: u16 = 64;

/// The value of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term<'a> {
    /// A key that is not there.
    Undefined,
    None,
    Flag(bool),
    Number(Decimal),
    Text(Cow<'a, str>),
    List(&'a [Value<'a>]),
    Object(&'a Object<'a>),
}

impl<'a> Term<'a> {
    /// A value of JSON.
    pub(crate) fn of(json: &'a Value<'a>) -> Self {
        match json {
            Value::Null => Self::None,
            Value::Bool(flag) => Self::Flag(*flag),
            Value::Number(number) => decimal(*number).map_or(Self::Undefined, Self::Number),
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            Value::Array(list) => Self::List(list),
            Value::Object(object) => Self::Object(object),
        }
    }

    pub(super) const fn whole(number: i64) -> Self {
        Self::Number(Decimal::new(number, 0))
    }

    /// As Home Assistant writes it. Lists and objects are not written.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Undefined => Some(String::new()),
            Self::None => Some("None".to_owned()),
            Self::Flag(true) => Some("True".to_owned()),
            Self::Flag(false) => Some("False".to_owned()),
            Self::Number(number) if number.exponent == 0 => Some(number.digits.to_string()),
            Self::Number(number) => python::repr(number.to_f64()),
            Self::Text(text) => Some(text.to_string()),
            Self::List(_) | Self::Object(_) => None,
        }
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Undefined | Self::None => false,
            Self::Flag(flag) => *flag,
            Self::Number(number) => number.digits != 0,
            Self::Text(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Object(object) => !object.is_empty(),
        }
    }

    /// What stands under a key. Of what is not there itself, nothing can be asked.
    pub(super) fn key(&self, key: &str) -> Option<Self> {
        match self {
            Self::Undefined => None,
            Self::Object(object) => Some(object.get(key).map_or(Self::Undefined, Self::of)),
            _ => Some(Self::Undefined),
        }
    }

    pub(super) fn index(&self, at: usize) -> Option<Self> {
        match self {
            Self::Undefined => None,
            Self::List(list) => Some(list.get(at).map_or(Self::Undefined, Self::of)),
            _ => Some(Self::Undefined),
        }
    }

    /// The number that it is or writes.
    pub(crate) fn number(&self) -> Option<Decimal> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Flag(flag) => Some(Decimal::new((*flag).into(), 0)),
            Self::Text(text) => Decimal::parse_scientific(text.trim()),
            _ => None,
        }
    }

    /// A whole number gets a fraction: `21` becomes 21.0.
    pub(super) fn float(&self) -> Option<Self> {
        self.number().map(with_fraction).map(Self::Number)
    }

    pub(super) fn int(&self) -> Option<Self> {
        let number = self.number()?;
        let power = 10_i64.checked_pow(number.exponent.unsigned_abs().into())?;
        let whole = if number.exponent < 0 {
            number.digits / power
        } else {
            number.digits.checked_mul(power)?
        };
        Some(Self::whole(whole))
    }

    /// As Python rounds: the nearest, of two as near the even one.
    pub(super) fn round(&self, places: usize) -> Option<Self> {
        python::round(self.number()?.to_f64(), places).map(Self::Number)
    }

    pub(super) fn abs(&self) -> Option<Self> {
        let Self::Number(number) = self else { return None };
        Some(Self::Number(Decimal::new(number.digits.checked_abs()?, number.exponent)))
    }

    /// Texts are not calculated with, as in Python.
    pub(super) fn math(&self, math: Math, other: &Self) -> Option<Self> {
        let (Self::Number(left), Self::Number(right)) = (self, other) else { return None };
        match math {
            Math::Add => left.plus(*right),
            Math::Subtract => left.plus(Decimal::new(right.digits.checked_neg()?, right.exponent)),
            Math::Multiply => Some(Decimal::new(
                left.digits.checked_mul(right.digits)?,
                left.exponent.checked_add(right.exponent)?,
            )),
            Math::Divide => quotient(*left, *right),
        }
        .filter(|it| it.exponent.unsigned_abs() <= EXPONENT_MAX)
        .map(Self::Number)
    }

    pub(super) fn compare(&self, how: Comparison, other: &Self) -> Option<bool> {
        let order = match (self, other) {
            (Self::Number(left), Self::Number(right)) => {
                left.to_f64().partial_cmp(&right.to_f64())?
            }
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            // Python compares others for equality alone; true is 1 there.
            _ => {
                let equal = self == other
                    || matches!(
                        (self, other),
                        (Self::Flag(_), Self::Number(_)) | (Self::Number(_), Self::Flag(_))
                    ) && self.number().map(Decimal::to_f64)
                        == other.number().map(Decimal::to_f64);
                return match how {
                    Comparison::Equal => Some(equal),
                    Comparison::NotEqual => Some(!equal),
                    _ => None,
                };
            }
        };
        Some(match how {
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
        })
    }
}

/// A number that was written with a fraction keeps one: `21.0` is not `21` in Python.
fn decimal(number: Number) -> Option<Decimal> {
    match number {
        Number::Whole(_) => number.decimal(),
        _ => number.decimal().map(with_fraction),
    }
}

fn with_fraction(number: Decimal) -> Decimal {
    match number.digits.checked_mul(10) {
        Some(digits) if number.exponent == 0 => Decimal::new(digits, -1),
        _ => number,
    }
}

fn quotient(left: Decimal, right: Decimal) -> Option<Decimal> {
    if right.digits == 0 {
        return None;
    }
    for more in 0..=QUOTIENT_DIGITS_MAX {
        let Some(digits) = 10_i64.checked_pow(more).and_then(|it| left.digits.checked_mul(it))
        else {
            break;
        };
        if digits.checked_rem(right.digits)? == 0 {
            let exponent = left.exponent.checked_sub(right.exponent)?;
            let exponent = exponent.checked_sub(i16::try_from(more).ok()?)?;
            return Some(Decimal::new(digits.checked_div(right.digits)?, exponent));
        }
    }
    Decimal::shortest(left.to_f64() / right.to_f64())
}
