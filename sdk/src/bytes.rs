//! Reads binary formats from their start: every byte is accounted for, and what ends early is malformed.
//!
//! # Promises
//!
//! - Nothing panics and nothing is guessed: asked for more than is left, it answers `malformed` and takes
//!   nothing.

use crate::adapter::DecodeError;

/// What is left of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// All of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// What is left.
    #[must_use]
    pub const fn rest(self) -> &'a [u8] {
        self.0
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    ///
    /// Malformed: fewer are left. So for all that follow.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(ends_early)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next `N` bytes as an array, for `u32::from_be_bytes` and the like.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(ends_early)?;
        self.0 = rest;
        Ok(*taken)
    }

    /// The next byte.
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array().map(|[byte]| byte)
    }

    /// The next two bytes, the least significant first.
    pub fn u16_le(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_le_bytes)
    }

    /// The next two bytes, the most significant first.
    pub fn u16_be(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    /// The next four bytes, the least significant first.
    pub fn u32_le(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next four bytes, the most significant first.
    pub fn u32_be(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    /// The next `count` bytes (8 at most) as an unsigned number, the least significant first.
    pub fn uint_le(&mut self, count: usize) -> Result<u64, DecodeError> {
        let digits = self.at_most_eight(count)?;
        Ok(digits.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// The next `count` bytes (8 at most) as an unsigned number, the most significant first.
    pub fn uint_be(&mut self, count: usize) -> Result<u64, DecodeError> {
        let digits = self.at_most_eight(count)?;
        Ok(digits.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// The next `count` bytes (1 to 8) in two's complement, the least significant first.
    pub fn int_le(&mut self, count: usize) -> Result<i64, DecodeError> {
        self.uint_le(count).map(|value| signed(value, count))
    }

    /// The next `count` bytes (1 to 8) in two's complement, the most significant first.
    pub fn int_be(&mut self, count: usize) -> Result<i64, DecodeError> {
        self.uint_be(count).map(|value| signed(value, count))
    }

    /// Nothing may be left.
    ///
    /// # Errors
    ///
    /// Malformed: bytes are left over.
    pub fn end(self) -> Result<(), DecodeError> {
        if self.is_empty() {
            return Ok(());
        }
        Err(DecodeError::Malformed("bytes are left over".to_owned()))
    }

    fn at_most_eight(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        if count > 8 {
            return Err(DecodeError::Unsupported("the number has more than 64 bits".to_owned()));
        }
        self.take(count)
    }
}

/// `value` has `count` bytes; its uppermost bit is the sign.
fn signed(value: u64, count: usize) -> i64 {
    let unused = 64_u32.saturating_sub(u32::try_from(count).unwrap_or(8) * 8).min(63);
    (value << unused).cast_signed() >> unused
}

/// The bytes of hexadecimal text, two digits a byte, white space between bytes and around them allowed.
///
/// # Errors
///
/// Malformed: it is something else.
pub fn of_hex(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut rest = text.trim_ascii();
    while let [high, low, after @ ..] = rest {
        let Some(byte) = of_digits(*high, *low) else { break };
        bytes.push(byte);
        rest = after.trim_ascii_start();
    }
    if rest.is_empty() {
        return Ok(bytes);
    }
    Err(DecodeError::Malformed("the text is not hexadecimal".to_owned()))
}

/// The byte of two hexadecimal digits.
#[must_use]
pub fn of_digits(high: u8, low: u8) -> Option<u8> {
    Some(hex_digit(high)? << 4 | hex_digit(low)?)
}

const fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The bytes of base64 text (RFC 4648, section 4), padded, white space around it allowed.
///
/// # Errors
///
/// Malformed: it is something else, or has bits that stand for nothing.
pub fn of_base64(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let wrong = || DecodeError::Malformed("the text is not base64".to_owned());
    let (groups, []) = text.trim_ascii().as_chunks::<4>() else { return Err(wrong()) };
    let mut bytes = Vec::with_capacity(groups.len() * 3);
    for (at, group) in groups.iter().enumerate() {
        let padding = group.iter().rev().take_while(|digit| **digit == b'=').count();
        let is_last = at + 1 == groups.len();
        let count = 3_usize.checked_sub(padding).filter(|it| *it > 0 && (*it == 3 || is_last));
        let digits = group.iter().take(4 - padding).chain(b"AAAA").take(4);
        let bits = digits
            .map(|digit| base64_digit(*digit))
            .try_fold(0, |bits, digit| digit.map(|digit| bits << 6 | u32::from(digit)));
        let [_, decoded @ ..] = bits.ok_or_else(wrong)?.to_be_bytes();
        let decoded = count.and_then(|count| decoded.split_at_checked(count));
        let (decoded, unused) = decoded.ok_or_else(wrong)?;
        if unused.iter().any(|it| *it != 0) {
            return Err(wrong());
        }
        bytes.extend(decoded);
    }
    Ok(bytes)
}

const fn base64_digit(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

fn ends_early() -> DecodeError {
    DecodeError::Malformed("it ends early".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_of_any_width_in_both_orders() {
        let bytes = |it: &'static [u8]| Bytes::new(it);
        assert_eq!(bytes(&[1, 2]).u16_le(), Ok(0x0201));
        assert_eq!(bytes(&[1, 2]).u16_be(), Ok(0x0102));
        assert_eq!(bytes(&[1, 2, 3, 4]).u32_be(), Ok(0x0102_0304));
        assert_eq!(bytes(&[1, 2, 3]).uint_le(3), Ok(0x03_0201));
        assert_eq!(bytes(&[0xFE, 0xFF, 0xFF]).int_le(3), Ok(-2));
        assert_eq!(bytes(&[0x7F, 0xFF, 0xFF]).int_be(3), Ok(0x7F_FFFF));
        assert_eq!(bytes(&[0xFF; 8]).int_be(8), Ok(-1));
        assert_eq!(bytes(&[0x80, 0, 0, 0, 0, 0, 0, 0]).int_be(8), Ok(i64::MIN));
        assert_eq!(bytes(&[]).int_be(0), Ok(0));
        assert!(bytes(&[0; 9]).uint_le(9).is_err());
    }

    #[test]
    fn what_ends_early_is_malformed_and_takes_nothing() {
        let mut bytes = Bytes::new(&[7]);
        assert_eq!(bytes.u16_le(), Err(ends_early()));
        assert_eq!(bytes.take(2), Err(ends_early()));
        assert!(bytes.end().is_err());
        assert_eq!(bytes.u8(), Ok(7));
        assert_eq!(bytes.end(), Ok(()));
        assert_eq!(bytes.u8(), Err(ends_early()));
    }

    #[test]
    fn hexadecimal_text_is_two_digits_a_byte() {
        assert_eq!(of_hex(b" 0a FF\n10"), Ok(vec![10, 255, 16]));
        assert_eq!(of_hex(b""), Ok(vec![]));
        for wrong in ["0", "0 a", "0g", "0x10"] {
            assert!(of_hex(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn base64_text_is_four_digits_for_three_bytes() {
        let check = |text: &str, expected: &[u8]| {
            assert_eq!(of_base64(text.as_bytes()), Ok(expected.to_vec()), "{text}");
        };
        check("", b"");
        check(" Zg==\n", b"f");
        check("Zm8=", b"fo");
        check("Zm9v", b"foo");
        check("Zm9vYmFy", b"foobar");
        check("+/AA", &[0xFB, 0xF0, 0]);
        for wrong in [
            "Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zg==Zg==", "Zm 8", "-_AA", "====", "Z===",
            "=AAA",
        ] {
            assert!(of_base64(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
