//! What a metric's value means, by its data type (Sparkplug 3.0, section 6.4.16).

use hushgate_sdk::{Scalar, adapter::DecodeError, decimal::Decimal};
use serde::Deserialize;

use crate::payload::Value;

/// The most bytes of a text, by the contract.
const TEXT_BYTES_MAX: usize = 1024;

/// Decimal places that a number of 32 bits is tried with.
const PLACES_MAX: i16 = 9;

/// The data types that single values have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum DataType {
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Float,
    Double,
    Boolean,
    String,
    DateTime,
    Text,
    #[serde(rename = "UUID")]
    Uuid,
}

/// In the order of their numbers, from 1.
const DATA_TYPES: [DataType; 15] = [
    DataType::Int8,
    DataType::Int16,
    DataType::Int32,
    DataType::Int64,
    DataType::UInt8,
    DataType::UInt16,
    DataType::UInt32,
    DataType::UInt64,
    DataType::Float,
    DataType::Double,
    DataType::Boolean,
    DataType::String,
    DataType::DateTime,
    DataType::Text,
    DataType::Uuid,
];

/// How a metric says its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Announced {
    /// It has this one.
    As(DataType),
    /// It has one of several values, or one that came later.
    Unread,
    /// It has none: messages of data leave it out.
    Nowhere,
}

impl Announced {
    /// By its number.
    pub(crate) fn of(code: Option<u64>) -> Self {
        let Some(code) = code else { return Self::Nowhere };
        let at = usize::try_from(code).ok().and_then(|it| it.checked_sub(1));
        at.and_then(|at| DATA_TYPES.get(at)).map_or(Self::Unread, |it| Self::As(*it))
    }
}

/// The value and its unit, or `None` where it is not read or nothing is known.
pub(crate) fn scalar(
    announced: Announced,
    value: Value<'_>,
) -> Result<Option<Scalar>, DecodeError> {
    match (announced, value) {
        (Announced::Unread, _) | (_, Value::Other) => Ok(None),
        (Announced::Nowhere, value) => Ok(of_no_type(value)),
        (Announced::As(data_type), value) => {
            of_type(data_type, value).map(|scalar| scalar.filter(is_allowed))
        }
    }
}

fn of_type(data_type: DataType, value: Value<'_>) -> Result<Option<Scalar>, DecodeError> {
    Ok(match (data_type, value) {
        (DataType::Float | DataType::Double, Value::Float(it)) => Some(float(it)),
        (DataType::Float | DataType::Double, Value::Double(it)) => Some(Scalar::Real(it)),
        (DataType::Boolean, Value::Flag(it)) => Some(Scalar::Flag(it)),
        (DataType::String | DataType::Text | DataType::Uuid, Value::Text(it)) => {
            Some(Scalar::Text(it.to_owned()))
        }
        (data_type, Value::Int(it)) => Some(int(data_type, it, 32)?),
        (data_type, Value::Long(it)) => Some(int(data_type, it, 64)?),
        _ => return Err(mismatch()),
    })
}

/// Where only the settings or an earlier message would know the type. A number that would be negative in two's complement
/// may be large or negative: nobody knows.
fn of_no_type(value: Value<'_>) -> Option<Scalar> {
    match value {
        Value::Int(it) => i32::try_from(it).ok().map(|it| Scalar::Int(it.into())),
        Value::Long(it) => i64::try_from(it).ok().map(Scalar::Int),
        Value::Float(it) => Some(float(it)),
        Value::Double(it) => Some(Scalar::Real(it)),
        Value::Flag(it) => Some(Scalar::Flag(it)),
        Value::Text(it) => Some(Scalar::Text(it.to_owned())),
        Value::Other => None,
    }
    .filter(is_allowed)
}

/// A number of a whole type, in a field of `carried` bits. Signed ones come in two's complement: of their own width, as some
/// implementations write them, or of the field's.
fn int(data_type: DataType, value: u64, carried: u32) -> Result<Scalar, DecodeError> {
    let (bits, is_signed) = match data_type {
        DataType::Int8 => (8, true),
        DataType::Int16 => (16, true),
        DataType::Int32 => (32, true),
        DataType::Int64 => (64, true),
        DataType::UInt8 => (8, false),
        DataType::UInt16 => (16, false),
        DataType::UInt32 => (32, false),
        DataType::UInt64 | DataType::DateTime => (64, false),
        _ => return Err(mismatch()),
    };
    if !is_signed {
        return if value >> (bits - 1) > 1 { Err(mismatch()) } else { Ok(unsigned(value)) };
    }
    let of_field = extend(value, carried);
    let of_type = extend(value, bits);
    // What is above the type's own bits repeats its sign, or is 0.
    let fits = of_field == of_type || (bits < carried && value >> bits == 0);
    if fits { Ok(Scalar::Int(of_type)) } else { Err(mismatch()) }
}

/// The lowest `bits` (1 to 64) of a number in two's complement.
const fn extend(value: u64, bits: u32) -> i64 {
    let unused = 64_u32.saturating_sub(bits);
    (value << unused).cast_signed() >> unused
}

fn unsigned(value: u64) -> Scalar {
    i64::try_from(value).map_or_else(|_| wide(value), Scalar::Int)
}

#[expect(clippy::cast_precision_loss, reason = "no whole number of the contract is as large")]
const fn wide(value: u64) -> Scalar {
    Scalar::Real(value as f64)
}

/// The shortest decimal that stands for the same 32 bits: 21.3, never 21.299999237060547.
fn float(value: f32) -> Scalar {
    let wide = f64::from(value);
    let decimal = (0..=PLACES_MAX).find_map(|places| {
        let digits = (wide * 10_f64.powi(places.into())).round();
        let near = Decimal::new(whole(digits)?, -places).to_f64();
        is_same(near, value).then_some(near)
    });
    Scalar::Real(decimal.unwrap_or(wide))
}

#[expect(clippy::cast_possible_truncation, reason = "compared with what does not truncate")]
fn whole(digits: f64) -> Option<i64> {
    (digits.abs() < 1e15).then_some(digits as i64)
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to 32 bits is the question")]
fn is_same(decimal: f64, value: f32) -> bool {
    (decimal as f32).to_bits() == value.to_bits()
}

fn is_allowed(scalar: &Scalar) -> bool {
    match scalar {
        Scalar::Real(real) => real.is_finite(),
        Scalar::Text(text) => text.len() <= TEXT_BYTES_MAX,
        Scalar::Flag(_) | Scalar::Int(_) | Scalar::Blob(_) => true,
    }
}

fn mismatch() -> DecodeError {
    DecodeError::Malformed("a value is not of its data type".to_owned())
}
