//! Reads the telegrams that meters of water, heat, gas and electricity send by wireless M-Bus.
//!
//! # Promises
//!
//! - Every byte is accounted for: lengths, checksums, the check of a decryption and the last data record.
//! - Where a key is set, nothing counts that was not encrypted with it, unless the owner said so.
//! - What identifies the home (addresses, fabrication numbers, customer texts) is never taken out.
//! - A value now is one path, and what the meter remembers of earlier is another: a grant that names
//!   `heat-energy` gets no history.
//! - A value whose meaning is not known for certain becomes no field.

use hushgate_sdk::{
    ConfigError, Frame, Reading,
    adapter::{Adapter, DecodeError},
    bytes::Bytes,
};

mod cipher;
mod compact;
mod envelope;
mod link;
mod quantity;
mod readings;
mod record;
mod security;
mod settings;
mod transport;
mod value;

use readings::Readings;
use settings::Settings;

/// The adapter of one receiver, or of one of the meters that it hears.
#[derive(Debug)]
pub struct WirelessMbus(Settings);

hushgate_sdk::adapter!(WirelessMbus);

impl Adapter for WirelessMbus {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        Settings::parse(json).map(Self)
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        let Self(settings) = self;
        let bytes = envelope::bytes(&frame.body, &settings.envelope)?;
        let link = link::read(&bytes, settings.format)?;
        let message = transport::read(&link, &settings.security, &settings.formats)?;
        let mut readings = Readings::new(&message, settings.utc_offset_minutes);
        let mut rest = Bytes::new(&message.records);
        while let Some(record) = record::next(&mut rest)? {
            readings.take(&record)?;
        }
        Ok(readings.finish())
    }
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

fn unsupported(why: &str) -> DecodeError {
    DecodeError::Unsupported(why.to_owned())
}

#[cfg(test)]
mod tests;
