//! The flags at the start of a value: which fields follow, and in which units.
//!
//! # Promises
//!
//! - A reserved flag changes nothing in what is read (GATT Specification Supplement, "Reserved for Future Use":
//!   a receiver ignores it and does not reject the value because of it).
//! - Bytes after the last field are malformed, unless a reserved flag is set: a later version of the format
//!   may announce a field by it, and such fields come last, or today's receivers could not ignore the flag.

use hushgate_sdk::{adapter::DecodeError, bytes::Bytes};

/// Flags, and which of them had a meaning when this was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flags {
    bits: u16,
    assigned: u16,
}

impl Flags {
    pub(crate) fn of_u8(bytes: &mut Bytes, assigned: u16) -> Result<Self, DecodeError> {
        Ok(Self { bits: bytes.u8()?.into(), assigned })
    }

    pub(crate) fn of_u16(bytes: &mut Bytes, assigned: u16) -> Result<Self, DecodeError> {
        Ok(Self { bits: bytes.u16_le()?, assigned })
    }

    pub(crate) const fn has(self, flag: u16) -> bool {
        self.bits & flag != 0
    }

    pub(crate) const fn has_reserved(self) -> bool {
        self.bits & !self.assigned != 0
    }

    /// Nothing may be left but what a reserved flag announces.
    pub(crate) fn end(self, bytes: Bytes) -> Result<(), DecodeError> {
        if self.has_reserved() { Ok(()) } else { bytes.end() }
    }
}
