//! Decimal notation, as JSON has it and people write it.
//!
//! # Promises
//!
//! - Digits, a sign before and a fraction after them if need be, 64 bytes at most. Not `inf`, `.5` or `5.`, which
//!   Rust's own parser takes.

/// The longest text of a number, in bytes.
const TEXT_BYTES_MAX: usize = 64;

/// A number as it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notation<'a> {
    is_negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i16,
}

impl<'a> Notation<'a> {
    /// Reads `-12.50`.
    pub(crate) fn plain(text: &'a str) -> Option<Self> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (unsigned, ""),
        };
        let notation = Self { is_negative: text.starts_with('-'), whole, fraction, exponent: 0 };
        let is_number = text.len() <= TEXT_BYTES_MAX
            && !whole.is_empty()
            && notation.digits().all(|digit| digit < 10);
        is_number.then_some(notation)
    }

    /// Reads `-12.50` and `1.25e-3`.
    pub(crate) fn scientific(text: &'a str) -> Option<Self> {
        let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
            return Self::plain(text);
        };
        let exponent = exponent.parse().ok().filter(|_| text.len() <= TEXT_BYTES_MAX)?;
        Some(Self { exponent, ..Self::plain(mantissa)? })
    }

    pub(crate) const fn is_negative(&self) -> bool {
        self.is_negative
    }

    /// From the first to the last.
    pub(crate) fn digits(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.whole.bytes().chain(self.fraction.bytes()).map(|byte| byte.wrapping_sub(b'0'))
    }

    /// By which power of ten the digits are multiplied.
    pub(crate) fn exponent(&self) -> Option<i16> {
        self.exponent.checked_sub(i16::try_from(self.fraction.len()).ok()?)
    }
}
