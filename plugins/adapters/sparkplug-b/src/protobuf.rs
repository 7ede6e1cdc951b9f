//! Reads protocol buffers: fields one after the other, without knowing their messages.
//!
//! # Promises
//!
//! - A length that goes beyond its message, and a number of more than 64 bits, are malformed.
//! - Nothing is kept: a field is a view of the frame.

use hushgate_sdk::{adapter::DecodeError, bytes::Bytes};

/// The fields that are left of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a>(Bytes<'a>);

/// A field: its number in the schema, and its value as the wire has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Field<'a> {
    pub(crate) number: u32,
    pub(crate) value: Wire<'a>,
}

/// A value as the wire has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wire<'a> {
    Number(u64),
    Eight([u8; 8]),
    Four([u8; 4]),
    Bytes(&'a [u8]),
}

impl<'a> Message<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(Bytes::new(bytes))
    }

    /// The next field, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Field<'a>>, DecodeError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.number()?;
        let number = u32::try_from(key >> 3).ok().filter(|it| (1..1 << 29).contains(it));
        let number = number.ok_or_else(|| malformed("a field has no number"))?;
        let value = match key & 7 {
            0 => Wire::Number(self.number()?),
            1 => Wire::Eight(self.0.array()?),
            2 => {
                let length = self.number()?;
                let length = usize::try_from(length).map_err(|_| malformed("it ends early"))?;
                Wire::Bytes(self.0.take(length)?)
            }
            5 => Wire::Four(self.0.array()?),
            // Groups are older than this schema, which has none.
            _ => return Err(malformed("a field is of a kind that there is not")),
        };
        Ok(Some(Field { number, value }))
    }

    /// Seven bits a byte, the least significant first.
    fn number(&mut self) -> Result<u64, DecodeError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.0.u8()?;
            let bits = u64::from(byte & 0x7F);
            // Of the tenth byte, one bit is left.
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(malformed("a number has more than 64 bits"))
    }
}

impl<'a> Wire<'a> {
    /// Unsigned, whatever the schema says of its width.
    pub(crate) fn number(self) -> Result<u64, DecodeError> {
        match self {
            Self::Number(number) => Ok(number),
            _ => Err(malformed("a field is not the number that it should be")),
        }
    }

    pub(crate) fn flag(self) -> Result<bool, DecodeError> {
        self.number().map(|number| number != 0)
    }

    pub(crate) fn bytes(self) -> Result<&'a [u8], DecodeError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(malformed("a field has not the bytes that it should have")),
        }
    }

    pub(crate) fn text(self) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| malformed("a text is not UTF-8"))
    }

    pub(crate) fn float(self) -> Result<f32, DecodeError> {
        match self {
            Self::Four(bytes) => Ok(f32::from_le_bytes(bytes)),
            _ => Err(malformed("a field is not the number that it should be")),
        }
    }

    pub(crate) fn double(self) -> Result<f64, DecodeError> {
        match self {
            Self::Eight(bytes) => Ok(f64::from_le_bytes(bytes)),
            _ => Err(malformed("a field is not the number that it should be")),
        }
    }
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}
