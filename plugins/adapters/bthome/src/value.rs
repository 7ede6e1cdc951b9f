//! How the value of an object is written.
//!
//! # Promises
//!
//! - A flag that is neither 0 nor 1, an event that is "none" or unknown, and an empty text become no value.
//!   They keep their place among the objects of their kind.

use hushgate_sdk::{Scalar, adapter::DecodeError, bytes::Bytes, decimal::Decimal};

use crate::malformed;

/// How a value is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    /// So many steps of a unit; the unit is empty where there is none.
    Measured {
        bytes: usize,
        signed: bool,
        step: Decimal,
        unit: &'static str,
    },
    Count {
        bytes: usize,
        signed: bool,
    },
    /// 1 for `set`, 0 for the opposite.
    Flag {
        set: bool,
    },
    Button,
    Dimmer,
    Command,
    /// Seconds since 1970.
    Timestamp,
    Text,
    Raw,
    /// The most significant number comes last.
    Version {
        bytes: usize,
    },
}

/// What an object says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Nothing,
    One(Scalar, &'static str),
    /// Seconds since 1970.
    Moment(u32),
    /// What was done, and what belongs to it, under a path of its own.
    Event(&'static str, Option<(&'static str, Scalar)>),
}

/// `bytes` long, in steps of `digits` × 10^`exponent`.
pub(crate) const fn unsigned(
    bytes: usize,
    (digits, exponent): (i64, i16),
    unit: &'static str,
) -> Form {
    Form::Measured { bytes, signed: false, step: Decimal::new(digits, exponent), unit }
}

/// The same in two's complement.
pub(crate) const fn signed(
    bytes: usize,
    (digits, exponent): (i64, i16),
    unit: &'static str,
) -> Form {
    Form::Measured { bytes, signed: true, step: Decimal::new(digits, exponent), unit }
}

const BUTTON_EVENTS: [(u8, &str); 8] = [
    (0x01, "press"),
    (0x02, "double-press"),
    (0x03, "triple-press"),
    (0x04, "long-press"),
    (0x05, "long-double-press"),
    (0x06, "long-triple-press"),
    (0x80, "hold-press"),
    (0x81, "hold-release"),
];
const DIMMER_EVENTS: [(u8, &str); 2] = [(0x01, "rotate-left"), (0x02, "rotate-right")];
const COMMANDS: [(u8, &str); 5] =
    [(0x00, "off"), (0x01, "on"), (0x02, "toggle"), (0x03, "step-up"), (0x04, "step-down")];

/// The upper bits of a command's length are reserved.
const COMMAND_LENGTH: u8 = 0b1_1111;

impl Form {
    pub(crate) fn read(self, bytes: &mut Bytes) -> Result<Value, DecodeError> {
        match self {
            Self::Measured { bytes: count, signed, step, unit } => {
                let steps = whole(bytes, count, signed)?;
                // Four bytes times 35 at most.
                let exact = Decimal::new(steps * step.digits, step.exponent);
                Ok(Value::One(exact.real(), unit))
            }
            Self::Count { bytes: count, signed } => {
                Ok(Value::One(Scalar::Int(whole(bytes, count, signed)?), ""))
            }
            Self::Flag { set } => Ok(match bytes.u8()? {
                0 => Value::One(Scalar::Flag(!set), ""),
                1 => Value::One(Scalar::Flag(set), ""),
                _ => Value::Nothing,
            }),
            Self::Button => Ok(event(&BUTTON_EVENTS, bytes.u8()?, None)),
            Self::Dimmer => {
                let action = bytes.u8()?;
                let steps = Scalar::Int(bytes.u8()?.into());
                Ok(event(&DIMMER_EVENTS, action, Some(("dimmer-steps", steps))))
            }
            Self::Command => command(bytes),
            Self::Timestamp => Ok(Value::Moment(bytes.u32_le()?)),
            Self::Text => text(bytes),
            Self::Raw => Ok(written(hex(counted(bytes)?))),
            Self::Version { bytes: count } => Ok(version(bytes.take(count)?)),
        }
    }
}

fn whole(bytes: &mut Bytes, count: usize, signed: bool) -> Result<i64, DecodeError> {
    if signed {
        return bytes.int_le(count);
    }
    // Four bytes at most.
    bytes.uint_le(count).map(u64::cast_signed)
}

fn event(known: &[(u8, &'static str)], code: u8, with: Option<(&'static str, Scalar)>) -> Value {
    match known.iter().find(|(it, _)| *it == code) {
        Some((_, name)) => Value::Event(name, with),
        None => Value::Nothing,
    }
}

fn command(bytes: &mut Bytes) -> Result<Value, DecodeError> {
    let length = bytes.u8()? & COMMAND_LENGTH;
    let code = bytes.u8()?;
    let arguments = bytes.take(length.into())?;
    let arguments = (!arguments.is_empty()).then(|| Scalar::Text(hex(arguments)));
    Ok(event(&COMMANDS, code, arguments.map(|it| ("command-arguments", it))))
}

fn text(bytes: &mut Bytes) -> Result<Value, DecodeError> {
    let text = std::str::from_utf8(counted(bytes)?).map_err(|_| malformed("a text is no UTF-8"))?;
    Ok(written(text.to_owned()))
}

fn counted<'a>(bytes: &mut Bytes<'a>) -> Result<&'a [u8], DecodeError> {
    let count = bytes.u8()?;
    bytes.take(count.into())
}

fn version(bytes: &[u8]) -> Value {
    let numbers: Vec<String> = bytes.iter().rev().map(u8::to_string).collect();
    written(numbers.join("."))
}

fn written(text: String) -> Value {
    if text.is_empty() { Value::Nothing } else { Value::One(Scalar::Text(text), "") }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
