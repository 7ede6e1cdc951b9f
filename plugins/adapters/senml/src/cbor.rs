//! Reads packs in CBOR (RFC 8949, with the labels of RFC 8428, section 6).
//!
//! # Promises
//!
//! - Every byte is accounted for. Nesting is bounded, and nothing is reserved by a length that was only claimed.

use std::borrow::Cow;

use hushgate_sdk::{adapter::DecodeError, bytes::Bytes, json::Number};

use super::{
    exact, malformed,
    record::{Content, Record, nearest},
    unsupported,
};

/// How deep a field that nobody knows may be nested.
const DEPTH_MAX: u8 = 16;

/// Labels from -6 to 8 (RFC 8428, table 4).
const LABELS: [&str; 15] =
    ["bs", "bv", "bu", "bt", "bn", "bver", "n", "u", "v", "vs", "vb", "s", "t", "ut", "vd"];

/// What comes before the content of an item.
struct Head {
    major: u8,
    length: Length,
}

#[derive(Clone, Copy)]
enum Length {
    /// The number itself, a count or a length; the count of its bytes tells simple values and floats apart.
    Of(u64, u8),
    /// Until a break.
    Open,
}

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const SIMPLE: u8 = 7;

const BREAK: u8 = 0xFF;

const TAG_POSITIVE_BIGNUM: u64 = 2;
const TAG_NEGATIVE_BIGNUM: u64 = 3;
const TAG_DECIMAL: u64 = 4;
const TAG_SELF_DESCRIBED: u64 = 55_799;

/// The records of a pack.
pub(crate) fn records(body: &[u8]) -> Result<Vec<Record<'_>>, DecodeError> {
    let mut bytes = Bytes::new(body);
    let mut head = head(&mut bytes)?;
    if let Head { major: TAG, length: Length::Of(TAG_SELF_DESCRIBED, _) } = head {
        head = self::head(&mut bytes)?;
    }
    if head.major != ARRAY {
        return Err(malformed("a pack is an array"));
    }
    let mut records = Vec::new();
    each(&mut bytes, head.length, |bytes| {
        records.push(record(bytes)?);
        Ok(())
    })?;
    bytes.end()?;
    Ok(records)
}

fn record<'a>(bytes: &mut Bytes<'a>) -> Result<Record<'a>, DecodeError> {
    let Head { major: MAP, length } = head(bytes)? else {
        return Err(malformed("a record is a map"));
    };
    let mut record = Record::default();
    each(bytes, length, |bytes| {
        let label = label(bytes)?;
        record.set(&label, content(bytes, 0)?)
    })?;
    Ok(record)
}

/// A label as JSON has it.
fn label(bytes: &mut Bytes<'_>) -> Result<String, DecodeError> {
    let head = head(bytes)?;
    if let Some(number) = head.integer() {
        let place = usize::try_from(number.saturating_add(6)).ok();
        let label = place.and_then(|place| LABELS.get(place));
        return label.map(|it| (*it).to_owned()).ok_or_else(|| malformed("no such label"));
    }
    match head.major {
        TEXT => text(bytes, head.length),
        _ => Err(malformed("a label is a number or a text")),
    }
}

fn content<'a>(bytes: &mut Bytes<'a>, depth: u8) -> Result<Content<'a>, DecodeError> {
    if depth > DEPTH_MAX {
        return Err(unsupported("it is nested too deeply"));
    }
    let head = head(bytes)?;
    if let Some(whole) = head.integer() {
        return Ok(Content::Number(number(whole)));
    }
    match (head.major, head.length) {
        (BYTES, length) => string(bytes, BYTES, length).map(Content::Bytes),
        (TEXT, length) => text(bytes, length).map(|it| Content::Text(Cow::Owned(it))),
        (ARRAY, length) => {
            each(bytes, length, |bytes| content(bytes, depth + 1).map(drop))?;
            Ok(Content::Other)
        }
        (MAP, length) => {
            each(bytes, length, |bytes| {
                content(bytes, depth + 1)?;
                content(bytes, depth + 1).map(drop)
            })?;
            Ok(Content::Other)
        }
        (TAG, Length::Of(TAG_DECIMAL, _)) => decimal(bytes),
        (TAG, Length::Of(..)) => content(bytes, depth + 1).map(|_| Content::Other),
        (SIMPLE, Length::Of(value, width)) => simple(value, width),
        _ => Err(malformed("no item begins so")),
    }
}

/// A float, `true`, `false`, or something that is neither.
fn simple(value: u64, width: u8) -> Result<Content<'static>, DecodeError> {
    Ok(match (width, value) {
        (0, 20) => Content::Flag(false),
        (0, 21) => Content::Flag(true),
        (1, 0..32) => return Err(malformed("a simple value is written too long")),
        (2, bits) => real(of_half(bits)),
        (4, bits) => real(f32::from_bits(u32::try_from(bits).unwrap_or_default()).into()),
        (8, bits) => real(f64::from_bits(bits)),
        _ => Content::Other,
    })
}

fn number(whole: i128) -> Number {
    i64::try_from(whole).map_or_else(|_| Number::Near(nearest(whole)), Number::Whole)
}

const fn real(number: f64) -> Content<'static> {
    Content::Number(Number::Near(number))
}

/// Half precision: one bit of sign, five of exponent, ten of mantissa.
fn of_half(bits: u64) -> f64 {
    let mantissa = nearest((bits & 0x3FF).into());
    let size = match bits >> 10 & 0x1F {
        0 => mantissa / 16_777_216.0,
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => {
            let power = i32::try_from(exponent).unwrap_or_default() - 25;
            (mantissa + 1024.0) * 2_f64.powi(power)
        }
    };
    if bits & 0x8000 == 0 { size } else { -size }
}

/// A decimal fraction (RFC 8949, section 3.4.4): exponent and mantissa.
fn decimal(bytes: &mut Bytes<'_>) -> Result<Content<'static>, DecodeError> {
    let Head { major: ARRAY, length } = head(bytes)? else {
        return Err(malformed("a decimal fraction is an array"));
    };
    let mut parts = Vec::new();
    each(bytes, length, |bytes| {
        parts.push(integer(bytes)?);
        Ok(())
    })?;
    let [exponent, mantissa] = parts[..] else {
        return Err(malformed("a decimal fraction has two parts"));
    };
    let exponent = i64::try_from(exponent).map_err(|_| unsupported("a number is too long"))?;
    Ok(real(exact::of_decimal(mantissa, exponent)))
}

fn integer(bytes: &mut Bytes<'_>) -> Result<i128, DecodeError> {
    let head = head(bytes)?;
    if let Some(whole) = head.integer() {
        return Ok(whole);
    }
    let size = match (head.major, head.length) {
        (TAG, Length::Of(TAG_POSITIVE_BIGNUM | TAG_NEGATIVE_BIGNUM, _)) => bignum(bytes)?,
        _ => return Err(malformed("a whole number is expected")),
    };
    match head.length {
        Length::Of(TAG_NEGATIVE_BIGNUM, _) => Ok(-1 - size),
        _ => Ok(size),
    }
}

fn bignum(bytes: &mut Bytes<'_>) -> Result<i128, DecodeError> {
    let Head { major: BYTES, length } = head(bytes)? else {
        return Err(malformed("a large number is a string of bytes"));
    };
    let digits = string(bytes, BYTES, length)?;
    let zeros = digits.iter().take_while(|byte| **byte == 0).count();
    if digits.len() - zeros > 8 {
        return Err(unsupported("a number is too long"));
    }
    Ok(digits.into_iter().fold(0, |size, byte| size << 8 | i128::from(byte)))
}

fn text(bytes: &mut Bytes<'_>, length: Length) -> Result<String, DecodeError> {
    String::from_utf8(string(bytes, TEXT, length)?).map_err(|_| malformed("a text is not UTF-8"))
}

/// A string of one piece, or of pieces of the same type up to a break.
fn string(bytes: &mut Bytes<'_>, major: u8, length: Length) -> Result<Vec<u8>, DecodeError> {
    let Length::Open = length else { return piece(bytes, length).map(<[u8]>::to_vec) };
    let mut whole = Vec::new();
    each(bytes, length, |bytes| {
        let head = head(bytes)?;
        if head.major != major {
            return Err(malformed("a string has a piece of another type"));
        }
        let piece = piece(bytes, head.length)?;
        if major == TEXT && std::str::from_utf8(piece).is_err() {
            return Err(malformed("a text is not UTF-8"));
        }
        whole.extend_from_slice(piece);
        Ok(())
    })?;
    Ok(whole)
}

fn piece<'a>(bytes: &mut Bytes<'a>, length: Length) -> Result<&'a [u8], DecodeError> {
    match length {
        Length::Of(length, _) => bytes.take(usize::try_from(length).unwrap_or(usize::MAX)),
        Length::Open => Err(malformed("a piece of a string is open itself")),
    }
}

/// Reads as many items as `length` says, or up to a break.
fn each<'a>(
    bytes: &mut Bytes<'a>,
    length: Length,
    mut read: impl FnMut(&mut Bytes<'a>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    match length {
        Length::Of(count, _) => {
            for _ in 0..count {
                read(bytes)?;
            }
        }
        Length::Open => {
            while bytes.rest().first() != Some(&BREAK) {
                read(bytes)?;
            }
            bytes.u8()?;
        }
    }
    Ok(())
}

fn head(bytes: &mut Bytes<'_>) -> Result<Head, DecodeError> {
    let first = bytes.u8()?;
    let major = first >> 5;
    let length = match first & 0x1F {
        small @ 0..=23 => Length::Of(small.into(), 0),
        wide @ 24..=27 => {
            let width = 1_u8 << (wide - 24);
            Length::Of(bytes.uint_be(width.into())?, width)
        }
        31 if matches!(major, BYTES | TEXT | ARRAY | MAP) => Length::Open,
        _ => return Err(malformed("no item begins so")),
    };
    Ok(Head { major, length })
}

impl Head {
    fn integer(&self) -> Option<i128> {
        match (self.major, self.length) {
            (UNSIGNED, Length::Of(value, _)) => Some(value.into()),
            (NEGATIVE, Length::Of(value, _)) => Some(-1 - i128::from(value)),
            _ => None,
        }
    }
}
