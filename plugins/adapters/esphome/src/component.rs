//! The components of the firmware whose values mean the same in every device.
//!
//! # Promises
//!
//! - A path ends in the component's own name: `lock/front_door/state` is `locked-front-door`. What has no word in
//!   docs/fields.md is the name alone, behind `other.`.

use hushgate_sdk::{Reading, Scalar, adapter::DecodeError, fields::Fields, flag, json, naming};

use crate::{field, malformed, quantity};

/// What a topic holds.
#[derive(Clone, Copy)]
pub(crate) enum Component {
    /// `ON` or `OFF`; a word before the name, or none.
    OnOff(&'static str),
    /// The word for yes, the one for no; any other, such as `opening`, is neither.
    Words(&'static str, &'static str, &'static str),
    Number(&'static str, &'static str),
    /// A text under the name, and behind it.
    Text(&'static str),
    Light,
    Event,
}

use Component::{Event, Light, Number, OnOff, Text, Words};

/// Components with their topic `state`. Sensors and numbers are read elsewhere: by the settings.
const MAIN: [(&str, Component); 12] = [
    ("alarm_control_panel", Text("")),
    ("binary_sensor", OnOff("other.")),
    ("cover", Words("open-", "open", "closed")),
    ("event", Event),
    ("fan", OnOff("on-")),
    ("light", Light),
    ("lock", Words("locked-", "LOCKED", "UNLOCKED")),
    ("select", Text("")),
    ("switch", OnOff("on-")),
    ("text", Text("")),
    ("text_sensor", Text("")),
    ("valve", Words("open-", "open", "closed")),
];

/// Components with further topics, and what is in those. The firmware's thermostats know Celsius alone.
const PROPERTIES: [(&str, &str, Component); 17] = [
    ("climate", "action", Text(".action")),
    ("climate", "away", OnOff("other.away-")),
    ("climate", "current_humidity", Number("humidity-", "%")),
    ("climate", "current_temperature", Number("temperature-", "Cel")),
    ("climate", "fan_mode", Text(".fan-mode")),
    ("climate", "mode", Text(".mode")),
    ("climate", "preset", Text(".preset")),
    ("climate", "swing_mode", Text(".swing-mode")),
    ("climate", "target_humidity", Number("other.target-humidity-", "%")),
    ("climate", "target_temperature", Number("set-temperature-", "Cel")),
    ("climate", "target_temperature_high", Number("other.target-temperature-high-", "Cel")),
    ("climate", "target_temperature_low", Number("other.target-temperature-low-", "Cel")),
    ("cover", "position", Number("position-", "%")),
    ("cover", "tilt", Number("other.tilt-", "%")),
    ("fan", "oscillation", Text(".oscillation")),
    ("fan", "direction", Text(".direction")),
    ("valve", "position", Number("position-", "%")),
];

/// Whether a component of this name has a topic `state`.
pub(crate) fn is_main(component: &str) -> bool {
    ["sensor", "number"].contains(&component) || Component::find(component).is_some()
}

/// What a further topic of a component holds.
pub(crate) fn property(component: &str, property: &str) -> Option<Component> {
    PROPERTIES
        .iter()
        .find(|(known, name, _)| *known == component && *name == property)
        .map(|(.., it)| *it)
}

impl Component {
    /// What the topic `state` of a component holds.
    pub(crate) fn find(component: &str) -> Option<Self> {
        MAIN.iter().find(|(known, _)| *known == component).map(|(_, it)| *it)
    }

    /// Reads the value of the component with this name.
    pub(crate) fn read(self, name: &str, text: &str) -> Result<Vec<Reading>, DecodeError> {
        let Some(name) = naming::words(name) else { return Err(DecodeError::NotMine) };
        match self {
            OnOff(before) => {
                let on = flag::on_off(text).ok_or_else(|| malformed("neither ON nor OFF"))?;
                Ok(field(&format!("{before}{name}"), Scalar::Flag(on), None))
            }
            Words(before, yes, no) => Ok(match either(text, yes, no) {
                Some(flag) => field(&format!("{before}{name}"), Scalar::Flag(flag), None),
                None => Vec::new(),
            }),
            Number(before, unit) => Ok(match quantity(text)? {
                Some(value) => field(&format!("{before}{name}"), value, Some(unit)),
                None => Vec::new(),
            }),
            Text(behind) => {
                let path = format!("other.{name}{behind}");
                Ok(field(&path, Scalar::Text(text.to_owned()), None))
            }
            Light => light(&name, text),
            Event => event(&name, text),
        }
    }
}

fn either(text: &str, yes: &str, no: &str) -> Option<bool> {
    if text == yes {
        Some(true)
    } else if text == no {
        Some(false)
    } else {
        None
    }
}

/// A lamp: JSON, with a brightness of 0 to 255.
fn light(name: &str, text: &str) -> Result<Vec<Reading>, DecodeError> {
    let lamp = json::object(text.as_bytes())?;
    let (state, brightness) = (lamp.text("state")?, lamp.whole::<u8>("brightness")?);
    let mut fields = Fields::default();
    if let Some(on) = state.and_then(flag::on_off) {
        fields.push(format!("on-{name}"), Scalar::Flag(on), None);
    }
    if let Some(brightness) = brightness {
        let percent = f64::from(brightness) * 100.0 / 255.0;
        fields.push(format!("brightness-{name}"), Scalar::Real(percent), Some("%"));
    }
    fields.reading(None, "state")
}

fn event(name: &str, text: &str) -> Result<Vec<Reading>, DecodeError> {
    let happened = json::object(text.as_bytes())?;
    let action = happened.text("event_type")?;
    let action = action.ok_or_else(|| malformed("an event is of some type"))?;
    let mut fields = Fields::default();
    fields.push(format!("action-{name}"), Scalar::Text(action.to_owned()), None);
    fields.reading(None, "action")
}
