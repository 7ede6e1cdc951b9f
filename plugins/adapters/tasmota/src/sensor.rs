//! Sensors, keyed by the name of their chip, and Zigbee devices behind a bridge.
//!
//! # Promises
//!
//! - A measure that one sensor of a frame has gets the plain path. Where several have it, or the sensor's name
//!   has a number of its own (`DS18B20-1`), the sensor's name stands behind it.
//! - Numbers that have no word in docs/fields.md stay under the sensor's and their own name, behind `other.`.
//!   Texts never become a field.

use std::{borrow::Cow, collections::BTreeMap};

use hushgate_sdk::{
    Scalar,
    fields::Fields,
    json::{Object, Value},
    naming, number,
};

/// Keys of a frame that are no sensors, or read elsewhere.
const NO_SENSORS: [&str; 3] = ["ENERGY", "ZbReceived", "Wifi"];

/// Sensors that tell who is there, by the beacon that somebody carries.
const IDENTIFYING: [&str; 1] = ["IBEACON"];

/// The sensor inside the processor itself.
const PROCESSORS: [&str; 1] = ["ESP32"];

#[derive(Clone, Copy)]
enum Unit {
    Fixed(&'static str),
    None,
    /// As `TempUnit` says: Celsius unless it is `F`.
    Temperature,
    /// As `PressureUnit` says: hPa unless it is another.
    Pressure,
}

use Unit::{Fixed, Pressure, Temperature};

/// Names, paths, units, and whether the sensor's name always stands behind the path.
const MEASURES: [(&str, &str, Unit, bool); 23] = [
    ("Battery", "battery", Fixed("%"), false),
    ("CarbonDioxide", "co2", Fixed("[ppm]"), false),
    ("Current", "current", Fixed("A"), true),
    ("DewPoint", "dew-point", Temperature, false),
    ("Frequency", "frequency", Fixed("Hz"), true),
    ("Humidity", "humidity", Fixed("%"), false),
    ("Illuminance", "illuminance", Fixed("lx"), false),
    ("Moisture", "moisture", Fixed("%"), false),
    ("PM1", "pm1", Fixed("ug/m3"), false),
    ("PM10", "pm10", Fixed("ug/m3"), false),
    ("PM2.5", "pm2-5", Fixed("ug/m3"), false),
    ("Power", "power", Fixed("W"), true),
    ("Pressure", "pressure", Pressure, false),
    ("RSSI", "signal", Fixed("{dBm}"), true),
    ("TVOC", "voc", Fixed("[ppb]"), false),
    ("Temperature", "temperature", Temperature, false),
    ("UvIndex", "uv-index", Unit::None, false),
    ("Voltage", "voltage", Fixed("V"), true),
    ("alt", "altitude", Fixed("m"), false),
    ("hAcc", "accuracy", Fixed("m"), false),
    ("lat", "latitude", Fixed("deg"), false),
    ("lon", "longitude", Fixed("deg"), false),
    ("vAcc", "vertical-accuracy", Fixed("m"), false),
];

/// The same of Zigbee devices, where temperatures are Celsius and pressures hPa.
const ZIGBEE: [(&str, &str, Option<&str>); 9] = [
    ("ActivePower", "power", Some("W")),
    ("BatteryPercentage", "battery", Some("%")),
    ("BatteryVoltage", "battery-voltage", Some("V")),
    ("Humidity", "humidity", Some("%")),
    ("LinkQuality", "link-quality", None),
    ("Pressure", "pressure", Some("hPa")),
    ("RMSCurrent", "current", Some("A")),
    ("RMSVoltage", "voltage", Some("V")),
    ("Temperature", "temperature", Some("Cel")),
];

/// Of Zigbee devices, what is 1 or 0.
const ZIGBEE_FLAGS: [(&str, &str); 2] = [("Occupancy", "occupancy"), ("Power", "on")];

/// A measure of one sensor.
struct Found<'a> {
    sensor: &'a str,
    path: &'static str,
    value: Scalar,
    unit: Option<&'static str>,
    always_named: bool,
}

/// Reads all sensors of a frame.
pub(crate) fn read(body: &Object<'_>, names: &BTreeMap<String, String>, fields: &mut Fields) {
    let sensors =
        body.iter().filter(|(key, _)| !NO_SENSORS.contains(key) && !IDENTIFYING.contains(key));
    let mut found = Vec::new();
    for (sensor, values) in sensors {
        for (name, value) in values.as_object().into_iter().flatten() {
            match measure(body, sensor, name, value) {
                Some(measure) => found.push(measure),
                None => other(sensor, name, value, fields),
            }
        }
    }
    for it in &found {
        let named = it.always_named
            || it.sensor.contains('-')
            || found.iter().any(|other| other.path == it.path && other.sensor != it.sensor);
        let name = match names.get(it.sensor) {
            Some(name) => Some(Cow::Borrowed(name.as_str())),
            None if named => naming::words(it.sensor).map(Cow::Owned),
            None => Some(Cow::Borrowed("")),
        };
        if let Some(name) = name {
            fields.push(behind(it.path, &name), it.value.clone(), it.unit);
        }
    }
}

fn measure<'a>(
    body: &Object<'_>,
    sensor: &'a str,
    name: &str,
    value: &Value<'_>,
) -> Option<Found<'a>> {
    let (_, path, unit, always_named) = MEASURES.iter().find(|(known, ..)| *known == name)?;
    let unit = match unit {
        Unit::Fixed(unit) => Some(*unit),
        Unit::None => None,
        Unit::Temperature => Some(temperature(body)?),
        Unit::Pressure => Some(pressure(body)?),
    };
    let of_processor = PROCESSORS.contains(&sensor) && *path == "temperature";
    let path = if of_processor { "device-temperature" } else { path };
    Some(Found { sensor, path, value: number::real(value)?, unit, always_named: *always_named })
}

/// Firmware that says nothing knows Celsius alone.
fn temperature(body: &Object<'_>) -> Option<&'static str> {
    match body.get("TempUnit").map(Value::as_str) {
        None | Some(Some("C")) => Some("Cel"),
        Some(Some("F")) => Some("[degF]"),
        Some(_) => None,
    }
}

/// Firmware that says nothing knows hPa alone.
fn pressure(body: &Object<'_>) -> Option<&'static str> {
    match body.get("PressureUnit").map(Value::as_str) {
        None | Some(Some("hPa")) => Some("hPa"),
        Some(Some("mmHg")) => Some("mm[Hg]"),
        Some(Some("inHg")) => Some("[in_i'Hg]"),
        Some(_) => None,
    }
}

/// Reads what Zigbee devices sent, each under its name or, if it has none, its address.
pub(crate) fn zigbee(devices: &Object<'_>, fields: &mut Fields) {
    for (address, values) in devices {
        let Some(values) = values.as_object() else { continue };
        let own = values.get("Name").and_then(Value::as_str);
        let Some(device) = own.and_then(naming::words).or_else(|| naming::words(address)) else {
            continue;
        };
        for (path, value, unit) in values.iter().filter_map(|(name, value)| of_zigbee(name, value))
        {
            fields.push(behind(path, &device), value, unit);
        }
    }
}

fn of_zigbee(
    name: &str,
    value: &Value<'_>,
) -> Option<(&'static str, Scalar, Option<&'static str>)> {
    if let Some((_, path)) = ZIGBEE_FLAGS.iter().find(|(known, _)| *known == name) {
        return match value.as_u64()? {
            0 => Some((path, Scalar::Flag(false), None)),
            1 => Some((path, Scalar::Flag(true), None)),
            _ => None,
        };
    }
    let (_, path, unit) = ZIGBEE.iter().find(|(known, ..)| *known == name)?;
    let value = if unit.is_some() { number::real(value)? } else { number::int(value)? };
    Some((path, value, *unit))
}

fn other(sensor: &str, name: &str, value: &Value<'_>, fields: &mut Fields) {
    let Some(value) = number::real(value) else { return };
    if let (Some(sensor), Some(name)) = (naming::words(sensor), naming::words(name)) {
        fields.push(format!("other.{sensor}.{name}"), value, None);
    }
}

fn behind<'a>(path: &'a str, name: &str) -> Cow<'a, str> {
    if name.is_empty() { path.into() } else { format!("{path}-{name}").into() }
}
