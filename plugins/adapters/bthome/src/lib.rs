//! Reads BTHome v2, the open format in which sensors broadcast over Bluetooth, encrypted or not.
//!
//! # Promises
//!
//! - With a bind key, only what was encrypted and authenticated with it is read: a frame that is not encrypted is
//!   refused, however well formed it is.
//! - The counter of an encrypted frame becomes `sequence`, for whoever has a memory to refuse replays with.
//! - Every byte is accounted for, up to the first object that is unknown: there parsing ends, as the format
//!   says, and what came before counts.
//! - A device address in a frame is compared, used to decrypt, and never told.

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading,
    adapter::{Adapter, DecodeError},
    bytes::{self, Bytes},
    config,
    decimal::Decimal,
};
use serde::Deserialize;

use advertisement::Advertisement;
use service_data::{BindKey, Mac};

mod advertisement;
mod numbering;
mod objects;
mod service_data;
mod value;

#[cfg(test)]
mod tests;

/// The adapter, as its owner set it.
#[derive(Debug)]
pub struct BtHome {
    encoding: Encoding,
    mac: Option<Mac>,
    bind_key: Option<BindKey>,
}

hushgate_sdk::adapter!(BtHome);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Settings {
    #[serde(default)]
    encoding: Encoding,
    mac: Option<String>,
    bind_key: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Raw,
    Hex,
    Theengs,
}

impl Adapter for BtHome {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { encoding, mac, bind_key } = config::parse(json)?;
        let mac = read(mac.as_deref(), Mac::parse)
            .map_err(|()| config::invalid("mac", "must be six bytes, such as 54:48:E6:8F:80:A5"))?;
        let bind_key = read(bind_key.as_deref(), BindKey::parse)
            .map_err(|()| config::invalid("bind-key", "must be 32 hexadecimal digits"))?;
        if bind_key.is_some() && mac.is_none() && encoding != Encoding::Theengs {
            // Decryption needs it, and the bytes alone seldom have it.
            return Err(ConfigError::Missing("mac".to_owned()));
        }
        Ok(Self { encoding, mac, bind_key })
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        match self.encoding {
            Encoding::Raw => self.reading(&frame.body, self.mac, None),
            Encoding::Hex => self.reading(&bytes::of_hex(&frame.body)?, self.mac, None),
            Encoding::Theengs => {
                let heard = Advertisement::of_json(&frame.body)?;
                let mac = same(self.mac, heard.mac)?;
                self.reading(&heard.service_data, mac, heard.rssi)
            }
        }
    }
}

impl BtHome {
    fn reading(
        &self,
        service_data: &[u8],
        mac: Option<Mac>,
        rssi: Option<i64>,
    ) -> Result<Vec<Reading>, DecodeError> {
        let plain = service_data::open(service_data, mac, self.bind_key.as_ref())?;
        let (mut fields, at_ms) = numbering::fields(objects::read(Bytes::new(&plain.objects))?);
        if let Some(counter) = plain.counter {
            let sequence = Decimal::new(counter.into(), 0).scalar();
            fields.push(Field::without_unit("sequence", sequence));
        }
        if let Some(rssi) = rssi {
            fields.push(Field::with_unit("signal", Decimal::new(rssi, 0).real(), "{dBm}"));
        }
        Ok(vec![Reading::at(at_ms, "bthome", fields)])
    }
}

/// The address that is known, from one side or both.
fn same(set: Option<Mac>, heard: Option<Mac>) -> Result<Option<Mac>, DecodeError> {
    match (set, heard) {
        (Some(set), Some(heard)) if set != heard => Err(DecodeError::NotMine),
        _ => Ok(set.or(heard)),
    }
}

/// A setting that need not be there, and must be right if it is.
fn read<T>(text: Option<&str>, parse: fn(&str) -> Option<T>) -> Result<Option<T>, ()> {
    text.map(|it| parse(it).ok_or(())).transpose()
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

fn unsupported(why: &str) -> DecodeError {
    DecodeError::Unsupported(why.to_owned())
}
