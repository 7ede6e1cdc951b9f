//! The messages of The Things Stack v3, over MQTT or as webhooks.

use hushgate_sdk::{Reading, adapter::DecodeError, json, time};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value};

use crate::{
    fields::Fields,
    normalized,
    radio::{Radio, Reception},
    settings::Settings,
};

/// Readings in one answer.
const READINGS_MAX: usize = 64;

#[derive(Deserialize)]
struct Message {
    received_at: Option<String>,
    simulated: Option<bool>,
    uplink_message: Option<Uplink>,
    uplink_normalized: Option<Normalized>,
    location_solved: Option<Solved>,
}

#[derive(Deserialize)]
struct Uplink {
    received_at: Option<String>,
    f_cnt: Option<u32>,
    f_port: Option<u8>,
    decoded_payload: Option<Map<String, Value>>,
    normalized_payload: Option<Vec<Map<String, Value>>>,
    rx_metadata: Option<Vec<Reception>>,
    settings: Option<TxSettings>,
}

/// A measurement that is published by itself, beside the uplink that held it.
#[derive(Deserialize)]
struct Normalized {
    received_at: Option<String>,
    normalized_payload: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct TxSettings {
    data_rate: Option<DataRate>,
}

#[derive(Deserialize)]
struct DataRate {
    lora: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Solved {
    location: Option<Location>,
}

/// Where the device is; both networks write it alike.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Location {
    latitude: Option<f64>,
    longitude: Option<f64>,
    altitude: Option<f64>,
    accuracy: Option<f64>,
}

/// What a message tells. Joins, downlinks and the data of services tell nothing of what a device measures.
pub(crate) fn readings(message: Value, settings: &Settings) -> Result<Vec<Reading>, DecodeError> {
    let message: Message = json::typed(message)?;
    let is_simulated = message.simulated == Some(true);
    if is_simulated && !settings.simulated {
        return Err(DecodeError::Unsupported("no device sent it: it is simulated".to_owned()));
    }
    let forwarded_ms = time_ms(message.received_at.as_deref());
    match (message.uplink_message, message.uplink_normalized, message.location_solved) {
        (Some(uplink), _, _) => uplink.readings(forwarded_ms, settings),
        (_, Some(normalized), _) => Ok(normalized.reading(forwarded_ms).into_iter().collect()),
        (_, _, Some(solved)) => {
            Ok(solved.location.and_then(|it| it.reading(forwarded_ms)).into_iter().collect())
        }
        (None, None, None) => Ok(Vec::new()),
    }
}

impl Uplink {
    fn readings(
        self,
        forwarded_ms: Option<u64>,
        settings: &Settings,
    ) -> Result<Vec<Reading>, DecodeError> {
        let at_ms = time_ms(self.received_at.as_deref()).or(forwarded_ms);
        let measurements = self.normalized_payload.unwrap_or_default();
        if measurements.len() >= READINGS_MAX {
            return Err(DecodeError::Malformed("it holds more than 63 measurements".to_owned()));
        }
        // One measurement without a time of its own is the uplink's.
        let (own, apart) = match &measurements[..] {
            [own] if !own.contains_key(normalized::TIME) => (Some(own), &[][..]),
            several => (None, several),
        };
        let modulation = self.settings.and_then(|it| it.data_rate?.lora);
        let radio = Radio {
            frame_counter: self.f_cnt,
            port: self.f_port,
            receptions: self.rx_metadata.unwrap_or_default(),
            is_lora: modulation.is_some(),
        };
        let mut fields = radio.fields();
        fields.add_decoded(&self.decoded_payload.unwrap_or_default(), own, settings);
        let uplink = Reading::at(at_ms, "uplink", fields.into_fields());
        let apart = apart.iter().map(|it| measurement(it, at_ms));
        Ok([uplink].into_iter().chain(apart).collect())
    }
}

impl Normalized {
    fn reading(self, forwarded_ms: Option<u64>) -> Option<Reading> {
        let at_ms = time_ms(self.received_at.as_deref()).or(forwarded_ms);
        self.normalized_payload.map(|it| measurement(&it, at_ms))
    }
}

fn measurement(measurement: &Map<String, Value>, at_ms: Option<u64>) -> Reading {
    let own_ms = measurement.get(normalized::TIME).and_then(Value::as_str);
    let mut fields = Fields::default();
    fields.add_normalized(measurement);
    Reading::at(time_ms(own_ms).or(at_ms), "measurement", fields.into_fields())
}

impl Location {
    /// Protobuf leaves out what is 0. Both of them left out is no place, rather than the one off Africa; a height or an
    /// accuracy that is left out is not known.
    pub(crate) fn reading(self, at_ms: Option<u64>) -> Option<Reading> {
        self.latitude.or(self.longitude)?;
        let mut fields = Fields::default();
        for (path, value, unit) in [
            ("latitude", Some(self.latitude.unwrap_or_default()), "deg"),
            ("longitude", Some(self.longitude.unwrap_or_default()), "deg"),
            ("altitude", self.altitude, "m"),
            ("accuracy", self.accuracy, "m"),
        ] {
            fields.add_real(path, value, unit);
        }
        Some(Reading::at(at_ms, "location", fields.into_fields()))
    }
}

fn time_ms(text: Option<&str>) -> Option<u64> {
    text.and_then(time::rfc3339_ms)
}
