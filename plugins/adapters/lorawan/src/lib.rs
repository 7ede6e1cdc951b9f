//! Reads what a LoRaWAN network server says of a device: The Things Stack v3, ChirpStack v4 and v3, as JSON.
//!
//! # Promises
//!
//! - An uplink becomes what the network decoded of it, and how the best gateway heard it. What was normalized has its
//!   unit; what the owner mapped has the owner's; everything else keeps its name and has none.
//! - No name, EUI, address or tag of a device or a gateway, and no gateway's place, becomes a field.
//! - Nothing that a device sent can pass for `sequence`, `port`, `signal` or `signal-noise-ratio`.
//! - Numbers are rounded to 12 significant digits: what decoders compute in binary (18.900000000000002) becomes what
//!   the device measured (18.9). Whole numbers keep all of their digits.
//!
//! # Settings
//!
//! `fields`: what decoded names stand for, such as `{"TempC_SHT": {"path": "temperature", "unit": "Cel", "scale": 1}}` ·
//! `simulated`: take uplinks that somebody typed into the console, too (false).

mod chirpstack;
mod fields;
mod names;
mod normalized;
mod radio;
mod settings;
mod things_stack;

use hushgate_sdk::{
    ConfigError, Frame, Reading,
    adapter::{Adapter, DecodeError},
    json,
};
use settings::Settings;

/// The adapter, with what its owner set.
#[derive(Debug)]
pub struct Lorawan {
    settings: Settings,
}

hushgate_sdk::adapter!(Lorawan);

impl Adapter for Lorawan {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        Settings::parse(json).map(|settings| Self { settings })
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        // What does not even begin like an object is of somebody else.
        if frame.body.trim_ascii_start().first() != Some(&b'{') {
            return Err(DecodeError::NotMine);
        }
        let message = json::object(&frame.body)?;
        let has = |name: &str| message.member(name).is_some();
        if has("uplink_message") || has("end_device_ids") {
            things_stack::readings(&message, &self.settings)
        } else if has("deviceInfo") || has("devEUI") {
            chirpstack::readings(&frame.channel, &message, &self.settings)
        } else {
            Err(DecodeError::NotMine)
        }
    }
}

#[cfg(test)]
mod tests;
