//! What Home Assistant's device classes are called in docs/fields.md, and in which units.
//!
//! # Promises
//!
//! - A class whose unit is none of those that the path may have is not in the table for that unit.

/// Classes of sensors, their paths and units. No unit in the list: the number has none.
const SENSORS: [(&str, &str, &[&str]); 31] = [
    ("apparent_power", "power-apparent", &["V.A", "kV.A"]),
    ("aqi", "air-quality-index", &[]),
    ("atmospheric_pressure", "pressure", &["hPa", "kPa", "Pa", "mbar", "mm[Hg]", "[in_i'Hg]"]),
    ("battery", "battery", &["%"]),
    ("blood_glucose_concentration", "glucose", &["mg/dL", "mmol/L"]),
    ("carbon_dioxide", "co2", &["[ppm]"]),
    ("current", "current", &["A", "mA"]),
    ("energy", "energy", &["kW.h", "W.h", "MW.h", "MJ", "GJ"]),
    ("frequency", "frequency", &["Hz"]),
    ("gas", "gas-volume", &["m3", "L", "[cft_i]"]),
    ("humidity", "humidity", &["%"]),
    ("illuminance", "illuminance", &["lx"]),
    ("moisture", "moisture", &["%"]),
    ("pm1", "pm1", &["ug/m3"]),
    ("pm10", "pm10", &["ug/m3"]),
    ("pm25", "pm2-5", &["ug/m3"]),
    ("power", "power", &["W", "kW", "mW", "MW"]),
    ("power_factor", "power-factor", &[]),
    ("pressure", "pressure", &["hPa", "kPa", "Pa", "mbar", "mm[Hg]", "[in_i'Hg]"]),
    ("reactive_power", "power-reactive", &["var", "kvar"]),
    ("signal_strength", "signal", &["{dBm}"]),
    ("sound_pressure", "noise", &["dB"]),
    ("speed", "speed", &["m/s", "km/h"]),
    ("temperature", "temperature", &["Cel", "[degF]"]),
    ("volatile_organic_compounds", "voc", &["ug/m3", "mg/m3"]),
    ("volatile_organic_compounds_parts", "voc", &["[ppm]", "[ppb]"]),
    ("voltage", "voltage", &["V", "mV"]),
    ("volume", "volume", &["m3", "L"]),
    ("volume_flow_rate", "flow", &["m3/h", "L/min"]),
    ("water", "water-volume", &["m3", "L"]),
    ("distance", "distance", &["m"]),
];

/// Classes of flags, their paths, and whether `ON` means that the path's word is true.
const FLAGS: [(&str, &str, bool); 18] = [
    ("battery", "battery-low", true),
    ("carbon_monoxide", "co-alarm", true),
    ("connectivity", "online", true),
    ("door", "open", true),
    ("garage_door", "open", true),
    ("gas", "gas-alarm", true),
    // Of a lock, `ON` is open.
    ("lock", "locked", false),
    ("moisture", "water-leak", true),
    ("motion", "motion", true),
    ("occupancy", "occupancy", true),
    ("opening", "open", true),
    ("plug", "external-power", true),
    ("presence", "occupancy", true),
    ("problem", "fault", true),
    ("smoke", "smoke", true),
    ("tamper", "tamper", true),
    ("vibration", "vibration", true),
    ("window", "open", true),
];

/// The path of a sensor of this class in this unit.
pub(crate) fn sensor(class: &str, unit: Option<&str>) -> Option<&'static str> {
    let (_, path, units) = SENSORS.iter().find(|(known, ..)| *known == class)?;
    match unit {
        Some(unit) => units.contains(&unit).then_some(*path),
        None => units.is_empty().then_some(*path),
    }
}

/// The path of a flag of this class, and whether it is true while the sensor is on.
pub(crate) fn flag(class: &str) -> Option<(&'static str, bool)> {
    FLAGS.iter().find(|(known, ..)| *known == class).map(|(_, path, on)| (*path, *on))
}
