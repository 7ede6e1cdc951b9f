//! The objects of BTHome v2: what each means, and how long it is.
//!
//! # Promises
//!
//! - Objects are read in any order: numerical order is the sender's duty, so that receivers of an older version
//!   find what they know first.
//! - Parsing ends at the first object that is unknown, because its length is, too. If nothing was known before
//!   it, the frame is unsupported.

use hushgate_sdk::{adapter::DecodeError, bytes::Bytes};

use crate::{
    malformed, unsupported,
    value::{Form, Value, signed, unsigned},
};

/// One object of a frame.
#[derive(Debug)]
pub(crate) struct Object {
    /// Objects of one path are of one kind, and numbered together.
    pub(crate) path: &'static str,
    pub(crate) value: Value,
}

pub(crate) fn read(mut bytes: Bytes) -> Result<Vec<Object>, DecodeError> {
    let mut objects = Vec::new();
    if bytes.is_empty() {
        return Err(malformed("there is no object"));
    }
    while !bytes.is_empty() {
        let id = bytes.u8()?;
        let Ok(at) = OBJECTS.binary_search_by_key(&id, |(known, ..)| *known) else { break };
        let Some((_, path, form)) = OBJECTS.get(at) else { break };
        objects.push(Object { path, value: form.read(&mut bytes)? });
    }
    if objects.is_empty() {
        return Err(unsupported("the first object is unknown"));
    }
    Ok(objects)
}

/// By identifier: the path, and how to read it.
pub(crate) const OBJECTS: [(u8, &str, Form); 95] = [
    (0x00, "packet-id", Form::Count { bytes: 1, signed: false }),
    (0x01, "battery", unsigned(1, (1, 0), "%")),
    (0x02, "temperature", signed(2, (1, -2), "Cel")),
    (0x03, "humidity", unsigned(2, (1, -2), "%")),
    (0x04, "pressure", unsigned(3, (1, -2), "hPa")),
    (0x05, "illuminance", unsigned(3, (1, -2), "lx")),
    (0x06, "mass", unsigned(2, (1, -2), "kg")),
    (0x07, "mass", unsigned(2, (1, -2), "[lb_av]")),
    (0x08, "dew-point", signed(2, (1, -2), "Cel")),
    (0x09, "count", Form::Count { bytes: 1, signed: false }),
    (0x0A, "energy", unsigned(3, (1, -3), "kW.h")),
    (0x0B, "power", unsigned(3, (1, -2), "W")),
    (0x0C, "voltage", unsigned(2, (1, -3), "V")),
    (0x0D, "pm2-5", unsigned(2, (1, 0), "ug/m3")),
    (0x0E, "pm10", unsigned(2, (1, 0), "ug/m3")),
    (0x0F, "state", Form::Flag { set: true }),
    (0x10, "on", Form::Flag { set: true }),
    (0x11, "open", Form::Flag { set: true }),
    (0x12, "co2", unsigned(2, (1, 0), "[ppm]")),
    (0x13, "voc", unsigned(2, (1, 0), "ug/m3")),
    (0x14, "moisture", unsigned(2, (1, -2), "%")),
    (0x15, "battery-low", Form::Flag { set: true }),
    (0x16, "charging", Form::Flag { set: true }),
    (0x17, "co-alarm", Form::Flag { set: true }),
    (0x18, "cold", Form::Flag { set: true }),
    (0x19, "online", Form::Flag { set: true }),
    (0x1A, "open", Form::Flag { set: true }),
    (0x1B, "open", Form::Flag { set: true }),
    (0x1C, "gas-alarm", Form::Flag { set: true }),
    (0x1D, "hot", Form::Flag { set: true }),
    (0x1E, "light", Form::Flag { set: true }),
    (0x1F, "locked", Form::Flag { set: false }),
    (0x20, "water-leak", Form::Flag { set: true }),
    (0x21, "motion", Form::Flag { set: true }),
    (0x22, "moving", Form::Flag { set: true }),
    (0x23, "occupancy", Form::Flag { set: true }),
    (0x24, "plugged-in", Form::Flag { set: true }),
    (0x25, "presence", Form::Flag { set: true }),
    (0x26, "fault", Form::Flag { set: true }),
    (0x27, "running", Form::Flag { set: true }),
    (0x28, "safe", Form::Flag { set: true }),
    (0x29, "smoke", Form::Flag { set: true }),
    (0x2A, "sound", Form::Flag { set: true }),
    (0x2B, "tamper", Form::Flag { set: true }),
    (0x2C, "vibration", Form::Flag { set: true }),
    (0x2D, "open", Form::Flag { set: true }),
    (0x2E, "humidity", unsigned(1, (1, 0), "%")),
    (0x2F, "moisture", unsigned(1, (1, 0), "%")),
    (0x3A, "action", Form::Button),
    (0x3B, "command", Form::Command),
    (0x3C, "dimmer-action", Form::Dimmer),
    (0x3D, "count", Form::Count { bytes: 2, signed: false }),
    (0x3E, "count", Form::Count { bytes: 4, signed: false }),
    (0x3F, "rotation", signed(2, (1, -1), "deg")),
    (0x40, "distance", unsigned(2, (1, 0), "mm")),
    (0x41, "distance", unsigned(2, (1, -1), "m")),
    (0x42, "duration", unsigned(3, (1, -3), "s")),
    (0x43, "current", unsigned(2, (1, -3), "A")),
    (0x44, "speed", unsigned(2, (1, -2), "m/s")),
    (0x45, "temperature", signed(2, (1, -1), "Cel")),
    (0x46, "uv-index", unsigned(1, (1, -1), "")),
    (0x47, "volume", unsigned(2, (1, -1), "L")),
    (0x48, "volume", unsigned(2, (1, 0), "mL")),
    (0x49, "flow", unsigned(2, (1, -3), "m3/h")),
    (0x4A, "voltage", unsigned(2, (1, -1), "V")),
    (0x4B, "gas-volume", unsigned(3, (1, -3), "m3")),
    (0x4C, "gas-volume", unsigned(4, (1, -3), "m3")),
    (0x4D, "energy", unsigned(4, (1, -3), "kW.h")),
    (0x4E, "volume", unsigned(4, (1, -3), "L")),
    (0x4F, "water-volume", unsigned(4, (1, -3), "L")),
    (0x50, "timestamp", Form::Timestamp),
    (0x51, "acceleration", unsigned(2, (1, -3), "m/s2")),
    (0x52, "gyroscope", unsigned(2, (1, -3), "deg/s")),
    (0x53, "text", Form::Text),
    (0x54, "raw", Form::Raw),
    (0x55, "volume-stored", unsigned(4, (1, -3), "L")),
    (0x56, "conductivity", unsigned(2, (1, 0), "uS/cm")),
    (0x57, "temperature", signed(1, (1, 0), "Cel")),
    (0x58, "temperature", signed(1, (35, -2), "Cel")),
    (0x59, "count", Form::Count { bytes: 1, signed: true }),
    (0x5A, "count", Form::Count { bytes: 2, signed: true }),
    (0x5B, "count", Form::Count { bytes: 4, signed: true }),
    (0x5C, "power", signed(4, (1, -2), "W")),
    (0x5D, "current", signed(2, (1, -3), "A")),
    (0x5E, "direction", unsigned(2, (1, -2), "deg")),
    (0x5F, "precipitation", unsigned(2, (1, -1), "mm")),
    (0x60, "channel", Form::Count { bytes: 1, signed: false }),
    (0x61, "rotational-speed", unsigned(2, (1, 0), "/min")),
    (0x62, "speed", signed(4, (1, -6), "m/s")),
    (0x63, "acceleration", signed(4, (1, -6), "m/s2")),
    (0x64, "light-level", Form::Count { bytes: 1, signed: false }),
    (0x65, "settings-revision", Form::Count { bytes: 1, signed: false }),
    (0xF0, "device-type", Form::Count { bytes: 2, signed: false }),
    (0xF1, "firmware", Form::Version { bytes: 4 }),
    (0xF2, "firmware", Form::Version { bytes: 3 }),
];
