//! Reads the measurements of the Bluetooth health and fitness services, as a GATT client receives them.
//!
//! # Promises
//!
//! - One value of one characteristic becomes readings, whoever sent it: nothing depends on earlier values.
//! - Every byte is accounted for: a value that ends early, or goes on where nothing announced it, is malformed,
//!   never a guess. Reserved flags are ignored, as the specifications ask receivers to.
//! - What a device does not know (NaN, NRes, infinities, reserved codes, "unsuccessful") becomes no field.
//! - A status bit becomes a flag only where it is set: where it is not, the device may not be able to tell.
//!
//! One module for each characteristic; README.md says from which document each was written.

use std::ops::RangeInclusive;

use hushgate_sdk::{
    ConfigError, Frame, Reading,
    adapter::{Adapter, DecodeError},
    bytes::{self, Bytes},
    config, json,
};
use serde::Deserialize;

use characteristic::Characteristic;
use clock::Clock;

mod characteristic;
mod clock;
mod fields;
mod flags;
mod medfloat;
mod quantity;

mod battery;
mod blood_pressure;
mod body_composition;
mod continuous_glucose;
mod cycling;
mod glucose;
mod heart_rate;
mod oximeter;
mod running;
mod temperature;
mod weight;

#[cfg(test)]
mod tests;

/// Bytes in an attribute value (Bluetooth Core 5.4, volume 3, part F, section 3.2.9).
const VALUE_BYTES_MAX: usize = 512;

/// How far a clock may be ahead of UTC.
const OFFSET_MINUTES: RangeInclusive<i64> = -1440..=1440;

/// The adapter, as its owner set it.
#[derive(Debug)]
pub struct BleGatt {
    characteristic: Option<Characteristic>,
    encoding: Encoding,
    clock: Clock,
    crc: continuous_glucose::Crc,
}

hushgate_sdk::adapter!(BleGatt);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Settings {
    characteristic: Option<String>,
    #[serde(default)]
    encoding: Encoding,
    utc_offset_minutes: Option<i64>,
    #[serde(default)]
    e2e_crc: bool,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Raw,
    Hex,
    OpenMqttGateway,
}

impl Adapter for BleGatt {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let settings: Settings = config::parse(json)?;
        let characteristic = match settings.characteristic {
            Some(name) => Some(Characteristic::of_uuid(&name).ok_or_else(|| {
                config::invalid("characteristic", "must be one that README.md lists, such as 2A37")
            })?),
            None => None,
        };
        let offset_minutes = settings.utc_offset_minutes;
        if offset_minutes.is_some_and(|it| !OFFSET_MINUTES.contains(&it)) {
            return Err(config::invalid("utc-offset-minutes", "must be -1440 to 1440"));
        }
        Ok(Self {
            characteristic,
            encoding: settings.encoding,
            clock: Clock::new(offset_minutes),
            crc: continuous_glucose::Crc::asked(settings.e2e_crc),
        })
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        match self.encoding {
            Encoding::Raw => self.value(self.of_channel(&frame)?, &frame.body),
            Encoding::Hex => self.value(self.of_channel(&frame)?, &bytes::of_hex(&frame.body)?),
            Encoding::OpenMqttGateway => self.gateway_read(&frame.body),
        }
    }
}

impl BleGatt {
    /// The setting, or else the last level of the channel.
    fn of_channel(&self, frame: &Frame) -> Result<Characteristic, DecodeError> {
        let level = frame.channel.rsplit('/').next().unwrap_or_default();
        self.characteristic.or_else(|| Characteristic::of_uuid(level)).ok_or(DecodeError::NotMine)
    }

    /// What `OpenMQTTGateway` publishes after it read a characteristic with the value type `HEX`.
    fn gateway_read(&self, body: &[u8]) -> Result<Vec<Reading>, DecodeError> {
        let message = json::object(body)?;
        let (Some(uuid), Some(hex)) = (message.text("characteristic")?, message.text("read")?)
        else {
            return Err(DecodeError::NotMine);
        };
        let characteristic = Characteristic::of_uuid(uuid).ok_or(DecodeError::NotMine)?;
        if self.characteristic.is_some_and(|it| it != characteristic) {
            return Err(DecodeError::NotMine);
        }
        self.value(characteristic, &bytes::of_hex(hex.as_bytes())?)
    }

    fn value(&self, it: Characteristic, value: &[u8]) -> Result<Vec<Reading>, DecodeError> {
        if value.len() > VALUE_BYTES_MAX {
            return Err(malformed("it is longer than an attribute may be"));
        }
        let (value, clock) = (Bytes::new(value), self.clock);
        match it {
            Characteristic::HeartRate => return heart_rate::read(value),
            Characteristic::ContinuousGlucose => return continuous_glucose::read(value, self.crc),
            Characteristic::BloodPressure => blood_pressure::read(value, clock),
            Characteristic::CuffPressure => blood_pressure::read_intermediate(value, clock),
            Characteristic::Temperature => temperature::read(value, clock),
            Characteristic::IntermediateTemperature => temperature::read_intermediate(value, clock),
            Characteristic::OximeterSpotCheck => oximeter::read_spot_check(value, clock),
            Characteristic::OximeterContinuous => oximeter::read_continuous(value),
            Characteristic::Glucose => glucose::read(value, clock),
            Characteristic::Weight => weight::read(value, clock),
            Characteristic::BodyComposition => body_composition::read(value, clock),
            Characteristic::Cycling => cycling::read(value),
            Characteristic::Running => running::read(value),
            Characteristic::Battery => battery::read(value),
        }
        .map(|reading| vec![reading])
    }
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

fn unsupported(why: &str) -> DecodeError {
    DecodeError::Unsupported(why.to_owned())
}
