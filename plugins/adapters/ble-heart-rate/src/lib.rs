//! Reads the Heart Rate Measurement of the Bluetooth heart rate service (characteristic 0x2A37).
//!
//! # Promises
//!
//! - Every byte is accounted for: a value that ends early or goes on too long is malformed, never a guess.
//! - A frame becomes one reading with `heart-rate` (`/min`), `contact` if the sensor can tell, and `energy`
//!   (`kJ`, since the last reset) if it was sent.
//! - Each RR interval becomes a reading of its own after that, oldest first, with `rr-interval` (`s`). They
//!   identify people: a grant that does not name the path lets none of them out.
//!
//! # Settings
//!
//! `encoding`: `raw` (the bytes as the sensor sent them, the default) or `hex` (two hexadecimal digits a byte,
//! white space between bytes allowed).

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
    config,
};
use serde::Deserialize;

/// Bytes in an attribute value, by the Bluetooth core specification.
const VALUE_BYTES_MAX: usize = 512;

/// RR intervals in one value: with the heart rate's own, 64 readings, which the contract allows.
/// A notification of the usual size has at most 9.
const RR_INTERVALS_MAX: usize = 63;

const FLAG_WIDE: u8 = 1;
const FLAG_CONTACT: u8 = 1 << 1;
const FLAG_CONTACT_SUPPORTED: u8 = 1 << 2;
const FLAG_ENERGY: u8 = 1 << 3;
const FLAG_RR_INTERVALS: u8 = 1 << 4;
const FLAGS_RESERVED: u8 = 0b1110_0000;

/// The adapter, with the encoding that its owner chose.
#[derive(Debug)]
pub struct BleHeartRate {
    encoding: Encoding,
}

hushgate_sdk::adapter!(BleHeartRate);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    encoding: Encoding,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Raw,
    Hex,
}

impl Adapter for BleHeartRate {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { encoding } = config::parse(json)?;
        Ok(Self { encoding })
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        match self.encoding {
            Encoding::Raw => measurement(&frame.body),
            Encoding::Hex => measurement(&bytes_of_hex(&frame.body)?),
        }
    }
}

fn measurement(value: &[u8]) -> Result<Vec<Reading>, DecodeError> {
    if value.len() > VALUE_BYTES_MAX {
        return Err(malformed("it is longer than an attribute may be"));
    }
    let mut rest = value;
    let flags = take_u8(&mut rest)?;
    if flags & FLAGS_RESERVED != 0 {
        return Err(DecodeError::Unsupported("a reserved flag is set".to_owned()));
    }
    let rate =
        if flags & FLAG_WIDE == 0 { take_u8(&mut rest)?.into() } else { take_u16(&mut rest)? };
    let mut fields = vec![Field::with_unit("heart-rate", Scalar::Int(rate.into()), "/min")];
    if flags & FLAG_CONTACT_SUPPORTED != 0 {
        fields.push(Field::without_unit("contact", Scalar::Flag(flags & FLAG_CONTACT != 0)));
    }
    if flags & FLAG_ENERGY != 0 {
        fields.push(Field::with_unit("energy", Scalar::Int(take_u16(&mut rest)?.into()), "kJ"));
    }
    let mut readings = vec![Reading::now("heart-rate", fields)];
    if flags & FLAG_RR_INTERVALS != 0 {
        readings.extend(rr_intervals(rest)?);
    } else if !rest.is_empty() {
        return Err(malformed("bytes are left over"));
    }
    Ok(readings)
}

fn rr_intervals(bytes: &[u8]) -> Result<impl Iterator<Item = Reading>, DecodeError> {
    let (intervals, []) = bytes.as_chunks::<2>() else {
        return Err(malformed("the last RR interval is cut off"));
    };
    if intervals.is_empty() {
        return Err(malformed("RR intervals are announced and missing"));
    }
    if intervals.len() > RR_INTERVALS_MAX {
        return Err(DecodeError::Unsupported("there are more than 63 RR intervals".to_owned()));
    }
    Ok(intervals.iter().map(|interval| {
        let seconds = f64::from(u16::from_le_bytes(*interval)) / 1024.0;
        Reading::now(
            "rr-interval",
            vec![Field::with_unit("rr-interval", Scalar::Real(seconds), "s")],
        )
    }))
}

fn take_u8(rest: &mut &[u8]) -> Result<u8, DecodeError> {
    let (byte, after) = rest.split_first().ok_or_else(|| malformed("it ends early"))?;
    *rest = after;
    Ok(*byte)
}

fn take_u16(rest: &mut &[u8]) -> Result<u16, DecodeError> {
    let low = take_u8(rest)?;
    Ok(u16::from_le_bytes([low, take_u8(rest)?]))
}

fn bytes_of_hex(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut bytes = Vec::new();
    let mut rest = text.trim_ascii();
    while let [high, low, after @ ..] = rest {
        let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low)) else { break };
        bytes.push(high << 4 | low);
        rest = after.trim_ascii_start();
    }
    if rest.is_empty() { Ok(bytes) } else { Err(malformed("the text is not hexadecimal")) }
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

#[cfg(test)]
mod tests;
