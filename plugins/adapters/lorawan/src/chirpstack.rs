//! The events of ChirpStack v4 and v3, over MQTT or HTTP.

use hushgate_sdk::{Reading, adapter::DecodeError, json, time};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value};

use crate::{
    fields::Fields,
    radio::{Radio, Reception},
    settings::Settings,
    things_stack::Location,
};

/// What all events have, as far as it is looked at. Names of v3 that differ are aliases.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(alias = "publishedAt")]
    time: Option<String>,
    f_cnt: Option<u32>,
    f_port: Option<u8>,
    data: Option<IgnoredAny>,
    object: Option<Value>,
    #[serde(rename = "objectJSON")]
    object_json: Option<String>,
    rx_info: Option<Vec<Reception>>,
    tx_info: Option<TxInfo>,
    margin: Option<f64>,
    battery_level: Option<f64>,
    battery_level_unavailable: Option<bool>,
    external_power_source: Option<bool>,
    location: Option<Location>,
    queue_item_id: Option<IgnoredAny>,
    downlink_id: Option<IgnoredAny>,
    level: Option<IgnoredAny>,
    integration_name: Option<IgnoredAny>,
    acknowledged: Option<IgnoredAny>,
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct TxInfo {
    /// An object in v4, a name in v3.
    modulation: Option<Value>,
}

/// The events that tell something of what a device measures.
#[derive(Clone, Copy)]
enum Kind {
    Up,
    Status,
    Location,
    Other,
}

/// What an event tells. Joins, downlinks, logs and other services' data tell nothing of what a device measures.
pub(crate) fn readings(
    channel: &str,
    event: Value,
    settings: &Settings,
) -> Result<Vec<Reading>, DecodeError> {
    let event: Event = json::typed(event)?;
    let at_ms = event.time.as_deref().and_then(time::rfc3339_ms);
    let reading = match kind_of_topic(channel).unwrap_or_else(|| event.kind()) {
        Kind::Up => Some(event.uplink(at_ms, settings)?),
        Kind::Status => Some(event.status(at_ms)),
        Kind::Location => event.location.and_then(|it| it.reading(at_ms)),
        Kind::Other => None,
    };
    Ok(reading.into_iter().collect())
}

/// `…/device/EUI/event/up`, and `…/device/EUI/rx` of the oldest.
fn kind_of_topic(channel: &str) -> Option<Kind> {
    let (before, event) = channel.rsplit_once('/')?;
    let device = before.strip_suffix("/event").unwrap_or(before);
    let (before, _eui) = device.rsplit_once('/')?;
    if before != "device" && !before.ends_with("/device") {
        return None;
    }
    Some(match event {
        "up" | "rx" => Kind::Up,
        "status" => Kind::Status,
        "location" => Kind::Location,
        _ => Kind::Other,
    })
}

impl Event {
    /// By what is in it: over HTTP, the name of the event is in the query, which is not handed on.
    fn kind(&self) -> Kind {
        let of_others = [
            &self.queue_item_id,
            &self.downlink_id,
            &self.level,
            &self.integration_name,
            &self.acknowledged,
            &self.error,
        ];
        let tells_status = self.margin.is_some()
            || self.battery_level.is_some()
            || self.battery_level_unavailable.is_some()
            || self.external_power_source.is_some();
        if of_others.iter().any(|it| it.is_some()) {
            Kind::Other
        } else if self.location.is_some() {
            Kind::Location
        } else if tells_status {
            Kind::Status
        } else if self.rx_info.is_some() || self.data.is_some() {
            Kind::Up
        } else {
            Kind::Other
        }
    }

    fn uplink(self, at_ms: Option<u64>, settings: &Settings) -> Result<Reading, DecodeError> {
        let object = match (self.object, self.object_json) {
            (Some(Value::Object(object)), _) => object,
            (None | Some(Value::Null), Some(text)) if !text.is_empty() => {
                json::object(text.as_bytes())?
            }
            // Decoders return objects; what else v3 lets through has no names.
            _ => Map::new(),
        };
        let modulation = self.tx_info.and_then(|it| it.modulation).unwrap_or_default();
        let is_lora = modulation == "LORA" || modulation.get("lora").is_some();
        let receptions = self.rx_info.unwrap_or_default();
        let radio = Radio { frame_counter: self.f_cnt, port: self.f_port, receptions, is_lora };
        let mut fields = radio.fields();
        fields.add_decoded(&object, None, settings);
        Ok(Reading::at(at_ms, "uplink", fields.into_fields()))
    }

    /// What the device answered to `DevStatusReq`. A margin that protobuf left out is 0; a battery that is neither
    /// charged nor known has no level.
    fn status(&self, at_ms: Option<u64>) -> Reading {
        let mut fields = Fields::default();
        let is_known = self.battery_level_unavailable != Some(true)
            && self.external_power_source != Some(true);
        fields.add_real("battery", self.battery_level.filter(|_| is_known), "%");
        fields.add_real("link-margin", Some(self.margin.unwrap_or_default()), "dB");
        Reading::at(at_ms, "status", fields.into_fields())
    }
}
