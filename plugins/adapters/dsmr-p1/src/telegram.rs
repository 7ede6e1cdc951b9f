//! The envelope of a telegram and the lines in it (DSMR P1 Companion Standard, chapter 6; IEC 62056-21).
//!
//! # Promises
//!
//! - No line is looked at before the checksum was found right.

use hushgate_sdk::adapter::DecodeError;
use serde::Deserialize;

use crate::malformed;

/// The first byte of a telegram that is encrypted as in Luxembourg: the tag `general-glo-ciphering` of DLMS.
const ENCRYPTED: u8 = 0xDB;

/// Groups of values in one line: the peaks of 13 months have 42, and nothing is known to have more.
const GROUPS_MAX: usize = 160;

/// Stands for a message of the energy supplier in another encoding; no object that is looked at has such a value.
const NOT_TEXT: &str = "?";

/// Whether a telegram needs one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Checksum {
    #[default]
    Required,
    Optional,
}

/// What is between the identification and the exclamation mark, once the checksum was found right.
pub(crate) fn data(body: &[u8], checksum: Checksum) -> Result<&[u8], DecodeError> {
    let body = body.trim_ascii();
    match body.first() {
        Some(b'/') => {}
        Some(&ENCRYPTED) => {
            return Err(DecodeError::Unsupported("the telegram is encrypted".to_owned()));
        }
        _ => return Err(DecodeError::NotMine),
    }
    let mark = body
        .windows(2)
        .position(|pair| pair == b"\n!")
        .and_then(|newline| newline.checked_add(2))
        .ok_or_else(|| malformed("the telegram has no end"))?;
    let (covered, written) = body.split_at_checked(mark).unwrap_or_default();
    check(covered, written, checksum)?;
    let data = covered.strip_suffix(b"!").unwrap_or_default();
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or_default();
    let (identification, lines) = data.split_at_checked(end).unwrap_or_default();
    match identification {
        [b'/', a, b, c, _, ..] if [a, b, c].iter().all(|it| it.is_ascii_alphabetic()) => Ok(lines),
        _ => Err(malformed("the identification is broken")),
    }
}

fn check(covered: &[u8], written: &[u8], checksum: Checksum) -> Result<(), DecodeError> {
    if written.is_empty() && checksum == Checksum::Optional {
        return Ok(());
    }
    let written = str::from_utf8(written)
        .ok()
        .filter(|digits| digits.len() == 4 && digits.bytes().all(|it| it.is_ascii_hexdigit()))
        .and_then(|digits| u16::from_str_radix(digits, 16).ok())
        .ok_or_else(|| malformed("the checksum is missing"))?;
    if crc(covered) == written {
        return Ok(());
    }
    // Some readers hand lines on without the CR that the meter's checksum covers.
    let restored = || {
        covered.iter().fold(0, |crc, byte| match byte {
            b'\n' => next_crc(next_crc(crc, b'\r'), b'\n'),
            _ => next_crc(crc, *byte),
        })
    };
    if !covered.contains(&b'\r') && restored() == written {
        return Ok(());
    }
    Err(malformed("the checksum is wrong"))
}

/// CRC-16/ARC: x^16 + x^15 + x^2 + 1, least significant bit first, from 0.
pub(crate) fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| next_crc(crc, *byte))
}

fn next_crc(crc: u16, byte: u8) -> u16 {
    let [low, high] = crc.to_le_bytes();
    CRC_TABLE[usize::from(low ^ byte)] ^ u16::from(high)
}

const CRC_TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut index: u16 = 0;
    while index < 256 {
        let mut crc = index;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xA001 };
            bit += 1;
        }
        table[index as usize] = crc;
        index += 1;
    }
    table
};

/// An OBIS code `A-B:C.D.E` (IEC 62056-6-1); a group F behind it is read and does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Code {
    /// Group A: 0 is the meter itself or what is connected to it, 1 is electricity.
    pub(crate) medium: u8,
    /// Group B.
    pub(crate) channel: u8,
    /// Groups C, D and E.
    pub(crate) value: [u8; 3],
}

impl Code {
    /// Takes it and the parenthesis behind it.
    fn take(rest: &mut &[u8]) -> Option<Self> {
        let medium = number(rest, b'-')?;
        let channel = number(rest, b':')?;
        let (c, d) = (number(rest, b'.')?, number(rest, b'.')?);
        let mut after = *rest;
        let e = match number(&mut after, b'(') {
            Some(e) => e,
            None => {
                after = rest;
                let e = number(&mut after, b'*')?;
                let _billing = number(&mut after, b'(')?;
                e
            }
        };
        *rest = after;
        Some(Self { medium, channel, value: [c, d, e] })
    }
}

/// Takes digits and the sign behind them.
fn number(rest: &mut &[u8], end: u8) -> Option<u8> {
    let mut value: u8 = 0;
    for (index, byte) in rest.iter().copied().enumerate() {
        if byte == end && index > 0 {
            *rest = rest.get(index + 1..)?;
            return Some(value);
        }
        let digit = byte.is_ascii_digit().then_some(byte & 0x0F)?;
        value = value.checked_mul(10)?.checked_add(digit)?;
    }
    None
}

/// An object: its code, and its values, which in DSMR 2 and 3 go on in the next line.
#[derive(Default)]
pub(crate) struct Line<'a> {
    pub(crate) code: Code,
    pub(crate) groups: Vec<&'a str>,
}

impl<'a> Line<'a> {
    /// Takes the next object from `rest`; false at its end. The vector is used again for each of them.
    pub(crate) fn read(&mut self, rest: &mut &'a [u8]) -> Result<bool, DecodeError> {
        *rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return Ok(false);
        }
        self.groups.clear();
        self.code = Code::take(rest).ok_or_else(broken)?;
        self.take_group(rest)?;
        loop {
            let ends_its_line = matches!(rest, [] | [b'\r' | b'\n' | b' ', ..]);
            match rest.trim_ascii_start() {
                [b'(', after @ ..] => *rest = after,
                _ if ends_its_line => return Ok(true),
                _ => return Err(broken()),
            }
            self.take_group(rest)?;
        }
    }

    /// What is left of a group whose parenthesis was taken.
    fn take_group(&mut self, rest: &mut &'a [u8]) -> Result<(), DecodeError> {
        let is_end = |byte: &u8| matches!(byte, b')' | b'(' | b'\n');
        let end = rest.iter().position(is_end).ok_or_else(broken)?;
        let (group, after) = rest.split_at_checked(end).ok_or_else(broken)?;
        *rest = after.strip_prefix(b")").ok_or_else(broken)?;
        if self.groups.len() == GROUPS_MAX {
            return Err(broken());
        }
        self.groups.push(str::from_utf8(group).unwrap_or(NOT_TEXT));
        Ok(())
    }

    /// Its only value.
    pub(crate) fn one(&self) -> Result<&'a str, DecodeError> {
        match self.groups[..] {
            [group] => Ok(group),
            _ => Err(malformed("an object does not have one value")),
        }
    }
}

fn broken() -> DecodeError {
    malformed("a line is broken")
}
