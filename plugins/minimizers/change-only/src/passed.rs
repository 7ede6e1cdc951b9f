//! What went on last of one field.
//!
//! # Promises
//!
//! - A number or flag is remembered as it was; of a text or blob, 64 bits that change with it.

use hushgate_sdk::{Scalar, bytes::Bytes, exact::Exact, state::Memory, window};

/// When something went on last, and what it was.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Passed {
    pub(crate) last: Option<(u64, Value)>,
}

/// A value, or what is remembered of one.
#[derive(Debug, PartialEq)]
pub(crate) enum Value {
    Flag(bool),
    Int(i64),
    Real(f64),
    Text(u64),
    Blob(u64),
}

impl Value {
    pub(crate) fn of(scalar: &Scalar) -> Self {
        match scalar {
            Scalar::Flag(flag) => Self::Flag(*flag),
            Scalar::Int(int) => Self::Int(*int),
            Scalar::Real(real) => Self::Real(*real),
            Scalar::Text(text) => Self::Text(hash(text.as_bytes())),
            Scalar::Blob(blob) => Self::Blob(hash(blob)),
        }
    }

    pub(crate) fn number(&self) -> Option<Exact> {
        match self {
            Self::Int(int) => Some(Exact::new((*int).into(), 0)),
            Self::Real(real) => Exact::of_real(*real),
            Self::Flag(_) | Self::Text(_) | Self::Blob(_) => None,
        }
    }
}

/// FNV-1a. A device that looks for two texts of one hash only hides its own change.
fn hash(bytes: &[u8]) -> u64 {
    const START: u64 = 0xCBF2_9CE4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01B3;
    bytes.iter().fold(START, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

/// Kind of the value (1 byte; 0 nothing, 1 flag, 2 integer, 3 real, 4 text, 5 blob), the value or its hash (8), when
/// it went on (8).
impl Memory for Passed {
    fn write(&self, out: &mut Vec<u8>) {
        let (at_ms, kind, value) = match &self.last {
            None => (0, 0, [0; 8]),
            Some((at_ms, Value::Flag(flag))) => (*at_ms, 1, u64::from(*flag).to_le_bytes()),
            Some((at_ms, Value::Int(int))) => (*at_ms, 2, int.to_le_bytes()),
            Some((at_ms, Value::Real(real))) => (*at_ms, 3, real.to_le_bytes()),
            Some((at_ms, Value::Text(hash))) => (*at_ms, 4, hash.to_le_bytes()),
            Some((at_ms, Value::Blob(hash))) => (*at_ms, 5, hash.to_le_bytes()),
        };
        out.push(kind);
        out.extend(value);
        out.extend(at_ms.to_le_bytes());
    }

    fn read(rest: &mut Bytes<'_>) -> Option<Self> {
        let kind = rest.u8().ok()?;
        let mut value = Bytes::new(rest.take(8).ok()?);
        let value = match kind {
            1 => Value::Flag(value.uint_le(8).ok()? != 0),
            2 => Value::Int(value.int_le(8).ok()?),
            3 => Value::Real(window::real(&mut value)?),
            4 => Value::Text(value.uint_le(8).ok()?),
            5 => Value::Blob(value.uint_le(8).ok()?),
            _ => return None,
        };
        Some(Self { last: Some((rest.uint_le(8).ok()?, value)) })
    }
}
