//! The properties that Zigbee2MQTT names alike for all devices.
//!
//! # Promises
//!
//! - Units are those of the presets in zigbee-herdsman-converters (`lib/exposes`). Where devices use one name
//!   with several units, none is assumed.

use hushgate_sdk::naming::order;

/// What a property with a known name holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// In one of these units; the first is the preset's.
    Measured(&'static [&'static str]),
    /// In one of these units; which one, only the definition tells.
    Stated(&'static [&'static str]),
    /// In percent, also where the definition does not say so.
    Percent,
    /// Volt, or millivolt, as only the definition tells: of a battery, or of the mains.
    Volt,
    /// A part of the definition's `value_max`, or of 254.
    Brightness,
    /// A number without a unit.
    Ratio,
    /// A whole number.
    Count,
    Flag,
    /// A flag that is true while something is closed.
    Closed,
    /// `ON`, `OPEN`, `LOCK` and their opposites: what it is about, the value tells.
    State,
    /// `open` and `closed`.
    OpenClosed,
    /// `locked` and `unlocked`.
    Locked,
    Text,
}

use Kind::{
    Brightness, Closed, Count, Flag, Locked, Measured, OpenClosed, Percent, Ratio, State, Stated,
    Text, Volt,
};

const TEMPERATURE: Kind = Measured(&["Cel", "[degF]"]);
const ENERGY: Kind = Measured(&["kW.h", "W.h"]);
const PARTICLES: Kind = Measured(&["ug/m3"]);
const POWER: Kind = Measured(&["W", "kW"]);

/// Names, paths and kinds, sorted by name.
const PROPERTIES: [(&str, &str, Kind); 59] = [
    ("ac_frequency", "frequency", Measured(&["Hz"])),
    ("action", "action", Text),
    ("aqi", "air-quality-index", Ratio),
    ("battery", "battery", Percent),
    ("battery_low", "battery-low", Flag),
    ("battery_voltage", "battery-voltage", Volt),
    ("brightness", "brightness", Brightness),
    ("carbon_monoxide", "co-alarm", Flag),
    ("co2", "co2", Measured(&["[ppm]"])),
    ("contact", "open", Closed),
    ("cpu_temperature", "device-temperature", TEMPERATURE),
    ("current", "current", Measured(&["A", "mA"])),
    ("current_heating_setpoint", "set-temperature", TEMPERATURE),
    ("current_phase_b", "current-l2", Measured(&["A", "mA"])),
    ("current_phase_c", "current-l3", Measured(&["A", "mA"])),
    ("device_temperature", "device-temperature", TEMPERATURE),
    ("dew_point", "dew-point", TEMPERATURE),
    ("door_state", "open", OpenClosed),
    ("energy", "energy", ENERGY),
    ("energy_produced", "energy-exported", ENERGY),
    ("gas", "gas-alarm", Flag),
    ("humidity", "humidity", Percent),
    ("illuminance", "illuminance", Measured(&["lx"])),
    ("illuminance_lux", "illuminance", Measured(&["lx"])),
    ("linkquality", "link-quality", Count),
    ("local_temperature", "temperature", TEMPERATURE),
    ("lock_state", "locked", Locked),
    ("motion", "motion", Flag),
    ("noise", "noise", Measured(&["dB"])),
    ("occupancy", "occupancy", Flag),
    ("occupied_heating_setpoint", "set-temperature", TEMPERATURE),
    ("pm1", "pm1", PARTICLES),
    ("pm10", "pm10", PARTICLES),
    ("pm25", "pm2-5", PARTICLES),
    ("position", "position", Percent),
    ("power", "power", POWER),
    ("power_apparent", "power-apparent", Measured(&["V.A", "kV.A"])),
    ("power_factor", "power-factor", Ratio),
    ("power_phase_b", "power-l2", POWER),
    ("power_phase_c", "power-l3", POWER),
    ("power_reactive", "power-reactive", Measured(&["var", "kvar"])),
    ("presence", "occupancy", Flag),
    ("pressure", "pressure", Measured(&["hPa", "kPa"])),
    ("produced_energy", "energy-exported", ENERGY),
    ("smoke", "smoke", Flag),
    ("soil_moisture", "moisture", Percent),
    ("state", "", State),
    ("tamper", "tamper", Flag),
    ("temperature", "temperature", TEMPERATURE),
    ("uv_index", "uv-index", Ratio),
    ("valve_state", "open", OpenClosed),
    ("vibration", "vibration", Flag),
    ("voc", "voc", Stated(&["ug/m3", "mg/m3", "[ppb]", "[ppm]"])),
    ("voc_index", "voc-index", Ratio),
    ("voltage", "voltage", Volt),
    ("voltage_phase_b", "voltage-l2", Measured(&["V"])),
    ("voltage_phase_c", "voltage-l3", Measured(&["V"])),
    ("water_consumed", "water-volume", Stated(&["m3", "L"])),
    ("water_leak", "water-leak", Flag),
];

/// Behind a name and an underscore: which part of the device it is, where no definition says so.
const ENDPOINTS: [&str; 19] = [
    "bottom",
    "bottom_left",
    "bottom_right",
    "cct",
    "center",
    "center_left",
    "center_right",
    "default",
    "left",
    "relay",
    "rgb",
    "right",
    "system",
    "top",
    "top_left",
    "top_right",
    "usb",
    "white",
    "wireless",
];

/// The same, before a number.
const ENDPOINTS_NUMBERED: [&str; 10] =
    ["", "button_", "c", "ch", "ep", "l", "meter_", "p", "s", "t"];

/// The path and kind of a property with this name.
pub(crate) fn find(name: &str) -> Option<(&'static str, Kind)> {
    let at = PROPERTIES.binary_search_by(|(known, ..)| order(known, name)).ok()?;
    PROPERTIES.get(at).map(|(_, path, kind)| (*path, *kind))
}

/// `temperature_left` in its name and its endpoint. Only where the name is known and the endpoint usual:
/// `temperature_calibration` is no temperature.
pub(crate) fn split(property: &str) -> (&str, Option<&str>) {
    property
        .match_indices('_')
        .filter_map(|(at, _)| Some((property.get(..at)?, property.get(at + 1..)?)))
        .find(|(name, endpoint)| find(name).is_some() && is_endpoint(endpoint))
        .map_or((property, None), |(name, endpoint)| (name, Some(endpoint)))
}

fn is_endpoint(word: &str) -> bool {
    let letters = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let digits = word.len() - letters.len();
    ENDPOINTS.contains(&word)
        || ((1..=2).contains(&digits) && ENDPOINTS_NUMBERED.contains(&letters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_says_each_thing_once() {
        for pair in PROPERTIES.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{pair:?}");
        }
    }

    #[test]
    fn endpoints_are_split_off_and_other_words_are_not() {
        assert_eq!(split("state_bottom_left"), ("state", Some("bottom_left")));
        assert_eq!(split("power_phase_b_l1"), ("power_phase_b", Some("l1")));
        assert_eq!(split("temperature_2"), ("temperature", Some("2")));
        for whole in ["temperature_calibration", "power_on_behavior", "state", "_", "x_l1"] {
            assert_eq!(split(whole), (whole, None));
        }
    }
}
