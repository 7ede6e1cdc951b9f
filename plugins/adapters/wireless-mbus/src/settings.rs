//! What the owner says of the receiver and the meter.

use hushgate_sdk::{
    ConfigError, bytes,
    config::{self, Parts},
    json::Value,
};

use crate::{
    cipher::Key,
    envelope::{Encoding, Envelope},
    link::Format,
    security::Security,
};

const OFFSET_MAX: i64 = 840;
const TRAILING_MAX: usize = 16;
const FORMATS_MAX: usize = 16;
const FORMATS: &str = "must be auto, a, b, stripped, b-stripped or no-length";

/// Their names.
const KNOWN: [&str; 9] = [
    "encoding",
    "member",
    "format",
    "trailing",
    "key",
    "unencrypted",
    "meter",
    "formats",
    "utc-offset-minutes",
];

/// As meant.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) envelope: Envelope,
    pub(crate) format: Format,
    pub(crate) security: Security,
    /// Of compact frames.
    pub(crate) formats: Vec<Vec<u8>>,
    pub(crate) utc_offset_minutes: Option<i64>,
}

impl Settings {
    pub(crate) fn parse(json: &str) -> Result<Self, ConfigError> {
        let parts = Parts::parse(json, &KNOWN)?;
        let key = parts.text("key")?.map(|digits| hex("key", digits)).transpose()?.map(Key::new);
        let meter = parts.text("meter")?.map(|digits| hex("meter", digits)).transpose()?;
        let utc_offset_minutes = parts.whole("utc-offset-minutes")?;
        if utc_offset_minutes.is_some_and(|it| !(-OFFSET_MAX..=OFFSET_MAX).contains(&it)) {
            return Err(config::invalid("utc-offset-minutes", "must be -840 to 840"));
        }
        let plain_allowed = match parts.text("unencrypted")? {
            None => key.is_none(),
            Some("accept") => true,
            Some("refuse") => false,
            Some(_) => return Err(config::invalid("unencrypted", "must be accept or refuse")),
        };
        Ok(Self {
            envelope: envelope(&parts)?,
            format: Format::of(parts.text("format")?.unwrap_or("auto"))
                .ok_or_else(|| config::invalid("format", FORMATS))?,
            security: Security { key, plain_allowed, meter: meter.map(reversed) },
            formats: formats(&parts)?,
            utc_offset_minutes,
        })
    }
}

fn envelope(parts: &Parts<'_>) -> Result<Envelope, ConfigError> {
    let encoding = Encoding::of(parts.text("encoding")?.unwrap_or("raw"))
        .ok_or_else(|| config::invalid("encoding", "must be raw, hex, json or rtl-wmbus"))?;
    let member = parts.text("member")?;
    if member.is_some() && encoding != Encoding::Json {
        return Err(config::invalid("member", "goes with `encoding = \"json\"` alone"));
    }
    let trailing = usize::try_from(parts.whole("trailing")?.unwrap_or_default())
        .ok()
        .filter(|trailing| *trailing <= TRAILING_MAX)
        .ok_or_else(|| config::invalid("trailing", "must be 0 to 16"))?;
    Ok(Envelope { encoding, member: member.unwrap_or("data").to_owned(), trailing })
}

/// Of compact frames.
fn formats(parts: &Parts<'_>) -> Result<Vec<Vec<u8>>, ConfigError> {
    let of_hex = |digits: &Value<'_>| bytes::of_hex(digits.as_str()?.as_bytes()).ok();
    let formats = parts.list("formats", "must be hexadecimal digits", of_hex)?;
    if formats.len() > FORMATS_MAX {
        return Err(config::invalid("formats", "must be 16 at most"));
    }
    Ok(formats)
}

/// The digits of an address are sent with the last first.
fn reversed([a, b, c, d]: [u8; 4]) -> [u8; 4] {
    [d, c, b, a]
}

fn hex<const N: usize>(setting: &str, digits: &str) -> Result<[u8; N], ConfigError> {
    bytes::of_hex(digits.as_bytes())
        .ok()
        .filter(|_| digits.len() == N * 2)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| config::invalid(setting, &format!("must be {} hexadecimal digits", N * 2)))
}
