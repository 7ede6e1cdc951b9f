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

/// Whether a telegram needs one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Checksum {
    #[default]
    Required,
    Optional,
}

/// What is between the identification and the exclamation mark, once the checksum was found right.
pub(crate) fn data(body: &[u8], checksum: Checksum) -> Result<&str, DecodeError> {
    let body = body.trim_ascii();
    match body.first() {
        Some(b'/') => {}
        Some(&ENCRYPTED) => {
            return Err(DecodeError::Unsupported("the telegram is encrypted".to_owned()));
        }
        _ => return Err(DecodeError::NotMine),
    }
    let before_mark = body
        .windows(2)
        .position(|pair| pair == b"\n!")
        .and_then(|newline| newline.checked_add(1))
        .ok_or_else(|| malformed("the telegram has no end"))?;
    let (data, rest) = body.split_at_checked(before_mark).unwrap_or_default();
    let (mark, written) = rest.split_at_checked(1).unwrap_or_default();
    check(&[data, mark], written, checksum)?;
    let data = str::from_utf8(data).map_err(|_| malformed("the telegram is not text"))?;
    let (identification, lines) = data.split_once('\n').unwrap_or_default();
    match identification.as_bytes() {
        [b'/', a, b, c, _, ..] if [a, b, c].iter().all(|it| it.is_ascii_alphabetic()) => Ok(lines),
        _ => Err(malformed("the identification is broken")),
    }
}

fn check(covered: &[&[u8]], written: &[u8], checksum: Checksum) -> Result<(), DecodeError> {
    if written.is_empty() && checksum == Checksum::Optional {
        return Ok(());
    }
    let written = str::from_utf8(written)
        .ok()
        .filter(|digits| digits.len() == 4 && digits.bytes().all(|it| it.is_ascii_hexdigit()))
        .and_then(|digits| u16::from_str_radix(digits, 16).ok())
        .ok_or_else(|| malformed("the checksum is missing"))?;
    let as_sent = || covered.iter().copied().flatten().copied();
    if crc(as_sent()) == written {
        return Ok(());
    }
    // Some readers hand lines on without the CR that the meter's checksum covers.
    let restored = as_sent().flat_map(|byte| [(byte == b'\n').then_some(b'\r'), Some(byte)]);
    if as_sent().all(|byte| byte != b'\r') && crc(restored.flatten()) == written {
        return Ok(());
    }
    Err(malformed("the checksum is wrong"))
}

/// CRC-16/ARC: x^16 + x^15 + x^2 + 1, least significant bit first, from 0.
pub(crate) fn crc(bytes: impl Iterator<Item = u8>) -> u16 {
    bytes.fold(0, |crc, byte| {
        let [low, high] = crc.to_le_bytes();
        CRC_TABLE[usize::from(low ^ byte)] ^ u16::from(high)
    })
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
    fn parse(text: &str) -> Option<Self> {
        let (medium, rest) = text.split_once('-')?;
        let (channel, value) = rest.split_once(':')?;
        let value = match value.split_once('*') {
            Some((value, billing)) => number(billing).map(|_| value)?,
            None => value,
        };
        let (c, rest) = value.split_once('.')?;
        let (d, e) = rest.split_once('.')?;
        let value = [number(c)?, number(d)?, number(e)?];
        Some(Self { medium: number(medium)?, channel: number(channel)?, value })
    }
}

fn number(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

/// An object: its code, and its values, which in DSMR 2 and 3 go on in the next line.
#[derive(Default)]
pub(crate) struct Line<'a> {
    pub(crate) code: Code,
    pub(crate) groups: Vec<&'a str>,
}

impl<'a> Line<'a> {
    /// Takes the next object from `rest`; false at its end. The vector is used again for each of them.
    pub(crate) fn read(&mut self, rest: &mut &'a str) -> Result<bool, DecodeError> {
        self.groups.clear();
        let text = rest.trim_ascii_start();
        if text.is_empty() {
            return Ok(false);
        }
        let broken = || malformed("a line is broken");
        let (code, _) = text.split_once('(').ok_or_else(broken)?;
        self.code = Code::parse(code).ok_or_else(broken)?;
        *rest = text.get(code.len()..).unwrap_or_default();
        while let Some(after) = rest.trim_ascii_start().strip_prefix('(') {
            let (group, after) = after.split_once(')').ok_or_else(broken)?;
            if group.contains(['(', '\n']) || self.groups.len() == GROUPS_MAX {
                return Err(broken());
            }
            self.groups.push(group);
            *rest = after;
        }
        let ends_its_line = rest.is_empty() || rest.starts_with(['\r', '\n', ' ']);
        if ends_its_line { Ok(true) } else { Err(broken()) }
    }

    /// Its only value.
    pub(crate) fn one(&self) -> Result<&'a str, DecodeError> {
        match self.groups[..] {
            [group] => Ok(group),
            _ => Err(malformed("an object does not have one value")),
        }
    }
}
