//! The messages of The Things Stack v3, over MQTT or as webhooks.

use hushgate_sdk::{
    Reading,
    adapter::DecodeError,
    json::{Object, Value},
    time,
};

use crate::{
    fields::Fields,
    normalized,
    radio::{self, Radio},
    settings::Settings,
};

/// Readings in one answer.
const READINGS_MAX: usize = 64;

/// Where the device is; both networks write it alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Location {
    latitude: Option<f64>,
    longitude: Option<f64>,
    altitude: Option<f64>,
    accuracy: Option<f64>,
}

/// What a message tells. Joins, downlinks and the data of services tell nothing of what a device measures.
pub(crate) fn readings(
    message: &Object<'_>,
    settings: &Settings,
) -> Result<Vec<Reading>, DecodeError> {
    let is_simulated = message.flag("simulated")? == Some(true);
    if is_simulated && !settings.simulated {
        return Err(DecodeError::Unsupported("no device sent it: it is simulated".to_owned()));
    }
    let forwarded_ms = time_ms(message.text("received_at")?);
    if let Some(it) = message.object("uplink_message")? {
        return uplink(it, forwarded_ms, settings);
    }
    // A measurement that is published by itself, beside the uplink that held it.
    let reading = if let Some(it) = message.object("uplink_normalized")? {
        let at_ms = time_ms(it.text("received_at")?).or(forwarded_ms);
        it.object("normalized_payload")?.map(|it| measurement(it, at_ms))
    } else if let Some(it) = message.object("location_solved")? {
        Location::of(it.object("location")?)?.and_then(|it| it.reading(forwarded_ms))
    } else {
        None
    };
    Ok(reading.into_iter().collect())
}

fn uplink(
    uplink: &Object<'_>,
    forwarded_ms: Option<u64>,
    settings: &Settings,
) -> Result<Vec<Reading>, DecodeError> {
    let at_ms = time_ms(uplink.text("received_at")?).or(forwarded_ms);
    let measurements = measurements(uplink)?;
    // One measurement without a time of its own is the uplink's.
    let (own, apart) = match measurements[..] {
        [own] if !own.contains_key(normalized::TIME) => (Some(own), &[][..]),
        _ => (None, &measurements[..]),
    };
    let radio = Radio {
        frame_counter: uplink.whole("f_cnt")?,
        port: uplink.whole("f_port")?,
        receptions: radio::receptions(uplink.array("rx_metadata")?)?,
        is_lora: is_lora(uplink)?,
    };
    let mut fields = radio.fields();
    let nothing = Object::default();
    fields.add_decoded(uplink.object("decoded_payload")?.unwrap_or(&nothing), own, settings);
    let uplink = Reading::at(at_ms, "uplink", fields.into_fields());
    let apart = apart.iter().map(|it| measurement(it, at_ms));
    Ok([uplink].into_iter().chain(apart).collect())
}

fn measurements<'o, 'a>(uplink: &'o Object<'a>) -> Result<Vec<&'o Object<'a>>, DecodeError> {
    let all = uplink.array("normalized_payload")?.unwrap_or_default();
    if all.len() >= READINGS_MAX {
        return Err(malformed("it holds more than 63 measurements"));
    }
    let object =
        |it: &'o Value<'a>| it.as_object().ok_or_else(|| malformed("it is no measurement"));
    all.iter().map(object).collect()
}

fn is_lora(uplink: &Object<'_>) -> Result<bool, DecodeError> {
    let rate = match uplink.object("settings")? {
        Some(settings) => settings.object("data_rate")?,
        None => None,
    };
    Ok(rate.is_some_and(|it| it.member("lora").is_some()))
}

fn measurement(measurement: &Object<'_>, at_ms: Option<u64>) -> Reading {
    let own_ms = measurement.get(normalized::TIME).and_then(Value::as_str);
    let mut fields = Fields::default();
    fields.add_normalized(measurement);
    Reading::at(time_ms(own_ms).or(at_ms), "measurement", fields.into_fields())
}

impl Location {
    pub(crate) fn of(location: Option<&Object<'_>>) -> Result<Option<Self>, DecodeError> {
        let Some(it) = location else { return Ok(None) };
        Ok(Some(Self {
            latitude: it.real("latitude")?,
            longitude: it.real("longitude")?,
            altitude: it.real("altitude")?,
            accuracy: it.real("accuracy")?,
        }))
    }

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

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

fn time_ms(text: Option<&str>) -> Option<u64> {
    text.and_then(time::rfc3339_ms)
}
