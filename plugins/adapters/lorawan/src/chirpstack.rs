//! The events of ChirpStack v4 and v3, over MQTT or HTTP.

use std::borrow::Cow;

use hushgate_sdk::{
    Reading,
    adapter::DecodeError,
    json::{self, Object, Value},
    time,
};

use crate::{
    fields::Fields,
    radio::{self, Radio},
    settings::Settings,
    things_stack::Location,
};

/// Members of events that tell nothing of what a device measures.
const OF_OTHERS: [&str; 6] =
    ["queueItemId", "downlinkId", "level", "integrationName", "acknowledged", "error"];

/// Members of an event that tells how a device is.
const OF_STATUS: [&str; 4] =
    ["margin", "batteryLevel", "batteryLevelUnavailable", "externalPowerSource"];

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
    event: &Object<'_>,
    settings: &Settings,
) -> Result<Vec<Reading>, DecodeError> {
    // v3 has its time under another name.
    let time = match event.text("time")? {
        Some(time) => Some(time),
        None => event.text("publishedAt")?,
    };
    let at_ms = time.and_then(time::rfc3339_ms);
    let reading = match kind_of_topic(channel).unwrap_or_else(|| kind_of(event)) {
        Kind::Up => Some(uplink(event, at_ms, settings)?),
        Kind::Status => Some(status(event, at_ms)?),
        Kind::Location => Location::of(event.object("location")?)?.and_then(|it| it.reading(at_ms)),
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

/// By what is in it: over HTTP, the name of the event is in the query, which is not handed on.
fn kind_of(event: &Object<'_>) -> Kind {
    let has = |name: &str| event.member(name).is_some();
    let has_any = |names: &[&str]| names.iter().any(|name| has(name));
    if has_any(&OF_OTHERS) {
        Kind::Other
    } else if has("location") {
        Kind::Location
    } else if has_any(&OF_STATUS) {
        Kind::Status
    } else if has_any(&["rxInfo", "data"]) {
        Kind::Up
    } else {
        Kind::Other
    }
}

fn uplink(
    event: &Object<'_>,
    at_ms: Option<u64>,
    settings: &Settings,
) -> Result<Reading, DecodeError> {
    let radio = Radio {
        frame_counter: event.whole("fCnt")?,
        port: event.whole("fPort")?,
        receptions: radio::receptions(event.array("rxInfo")?)?,
        is_lora: is_lora(event)?,
    };
    let mut fields = radio.fields();
    fields.add_decoded(&*decoded(event)?, None, settings);
    Ok(Reading::at(at_ms, "uplink", fields.into_fields()))
}

/// The modulation is an object in v4, a name in v3.
fn is_lora(event: &Object<'_>) -> Result<bool, DecodeError> {
    let modulation = event.object("txInfo")?.and_then(|it| it.member("modulation"));
    Ok(modulation.is_some_and(|it| it.as_str() == Some("LORA") || it.get("lora").is_some()))
}

/// Decoders return objects; what else v3 lets through has no names.
fn decoded<'o, 'a>(event: &'o Object<'a>) -> Result<Cow<'o, Object<'o>>, DecodeError> {
    Ok(match (event.member("object"), event.text("objectJSON")?) {
        (Some(Value::Object(object)), _) => Cow::Borrowed(object),
        (None, Some(text)) if !text.is_empty() => Cow::Owned(json::object(text.as_bytes())?),
        _ => Cow::Owned(Object::default()),
    })
}

/// What the device answered to `DevStatusReq`. A margin that protobuf left out is 0; a battery that is neither
/// charged nor known has no level.
fn status(event: &Object<'_>, at_ms: Option<u64>) -> Result<Reading, DecodeError> {
    let is_known = event.flag("batteryLevelUnavailable")? != Some(true)
        && event.flag("externalPowerSource")? != Some(true);
    let mut fields = Fields::default();
    fields.add_real("battery", event.real("batteryLevel")?.filter(|_| is_known), "%");
    fields.add_real("link-margin", Some(event.real("margin")?.unwrap_or_default()), "dB");
    Ok(Reading::at(at_ms, "status", fields.into_fields()))
}
