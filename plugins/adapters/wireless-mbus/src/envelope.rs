//! What receivers put around a telegram when they hand it on.

use hushgate_sdk::{
    adapter::DecodeError,
    bytes,
    json::{self, Value},
};

use crate::malformed;

/// How the bytes of a telegram are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Raw,
    Hex,
    /// Hexadecimal in a member of a JSON object, as `rtl_433` writes it.
    Json,
    /// A line of `rtl_wmbus`: `MODE;CRC;3OUTOF6;TIME;RSSI;RSSI;ID;0xTELEGRAM`.
    RtlWmbus,
}

impl Encoding {
    /// The one that a setting names.
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name {
            "raw" => Some(Self::Raw),
            "hex" => Some(Self::Hex),
            "json" => Some(Self::Json),
            "rtl-wmbus" => Some(Self::RtlWmbus),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) encoding: Encoding,
    pub(crate) member: String,
    /// Bytes that the receiver appends, such as the strength of the signal.
    pub(crate) trailing: usize,
}

/// The telegram alone.
pub(crate) fn bytes(body: &[u8], envelope: &Envelope) -> Result<Vec<u8>, DecodeError> {
    let mut bytes = match envelope.encoding {
        Encoding::Raw => body.to_vec(),
        Encoding::Hex => bytes::of_hex(body)?,
        Encoding::Json => of_json(body, &envelope.member)?,
        Encoding::RtlWmbus => of_line(body)?,
    };
    let length = bytes
        .len()
        .checked_sub(envelope.trailing)
        .ok_or_else(|| malformed("it is shorter than what the receiver appends"))?;
    bytes.truncate(length);
    Ok(bytes)
}

fn of_json(body: &[u8], member: &str) -> Result<Vec<u8>, DecodeError> {
    let object: Value = json::value(body)?;
    match object.get(member) {
        Some(Value::String(text)) => bytes::of_hex(text.as_bytes()),
        Some(_) => Err(malformed("the member is not text")),
        None => Err(DecodeError::NotMine),
    }
}

fn of_line(line: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut columns = line.trim_ascii().split(|byte| *byte == b';');
    match (columns.nth(1), columns.nth(5), columns.next()) {
        (Some(b"1"), Some([b'0', b'x', digits @ ..]), None) => bytes::of_hex(digits),
        (Some(_), Some(_), None) => Err(malformed("the receiver found its checksum wrong")),
        _ => Err(DecodeError::NotMine),
    }
}
