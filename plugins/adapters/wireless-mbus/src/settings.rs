//! What the owner says of the receiver and the meter.

use hushgate_sdk::{ConfigError, bytes, config};
use serde::Deserialize;

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

/// As written.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct File {
    encoding: Option<String>,
    member: Option<String>,
    format: Option<String>,
    trailing: Option<i64>,
    key: Option<String>,
    unencrypted: Option<String>,
    meter: Option<String>,
    #[serde(default)]
    formats: Vec<String>,
    utc_offset_minutes: Option<i64>,
}

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
    pub(crate) fn parse(file: File) -> Result<Self, ConfigError> {
        let key = file.key.as_deref().map(|digits| hex("key", digits)).transpose()?.map(Key::new);
        let meter = file.meter.as_deref().map(|digits| hex("meter", digits)).transpose()?;
        let trailing = usize::try_from(file.trailing.unwrap_or_default())
            .ok()
            .filter(|trailing| *trailing <= TRAILING_MAX)
            .ok_or_else(|| config::invalid("trailing", "must be 0 to 16"))?;
        if file.utc_offset_minutes.is_some_and(|it| !(-OFFSET_MAX..=OFFSET_MAX).contains(&it)) {
            return Err(config::invalid("utc-offset-minutes", "must be -840 to 840"));
        }
        let encoding = Encoding::of(file.encoding.as_deref().unwrap_or("raw"))
            .ok_or_else(|| config::invalid("encoding", "must be raw, hex, json or rtl-wmbus"))?;
        let format = Format::of(file.format.as_deref().unwrap_or("auto"))
            .ok_or_else(|| config::invalid("format", FORMATS))?;
        if file.member.is_some() && encoding != Encoding::Json {
            return Err(config::invalid("member", "goes with `encoding = \"json\"` alone"));
        }
        if file.formats.len() > FORMATS_MAX {
            return Err(config::invalid("formats", "must be 16 at most"));
        }
        let formats = file.formats.iter().map(|digits| {
            let of_hex = bytes::of_hex(digits.as_bytes()).ok();
            of_hex.ok_or_else(|| config::invalid("formats", "must be hexadecimal digits"))
        });
        let formats = formats.collect::<Result<_, _>>()?;
        let plain_allowed = match file.unencrypted.as_deref() {
            None => key.is_none(),
            Some("accept") => true,
            Some("refuse") => false,
            Some(_) => return Err(config::invalid("unencrypted", "must be accept or refuse")),
        };
        Ok(Self {
            envelope: Envelope {
                encoding,
                member: file.member.unwrap_or_else(|| "data".to_owned()),
                trailing,
            },
            format,
            security: Security { key, plain_allowed, meter: meter.map(reversed) },
            formats,
            utc_offset_minutes: file.utc_offset_minutes,
        })
    }
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
