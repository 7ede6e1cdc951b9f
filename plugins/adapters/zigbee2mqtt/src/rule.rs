//! How the value of one property becomes a field.
//!
//! # Promises
//!
//! - A value of another form than the rule's, such as a text for a number, becomes no field.

use std::borrow::Cow;

use hushgate_sdk::{
    Scalar, flag,
    json::{Object, Value},
    mapping::{Literal, Raw},
    naming, number,
};

use crate::property::{self, Kind};

/// The largest `brightness`, where no definition says another: the ZCL's.
const BRIGHTNESS_MAX: f64 = 254.0;

/// The path, value and unit of a field.
pub(crate) type Found = (Cow<'static, str>, Scalar, Option<&'static str>);

/// What a property becomes.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// Of a [`Form::State`], what comes behind `on`, `open` or `locked`.
    path: Cow<'static, str>,
    form: Form,
}

/// What a property holds.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    Real(Option<&'static str>),
    /// Thousandths of this unit.
    Thousandths(&'static str),
    /// A part of this many, which becomes percent.
    Part(f64),
    Count,
    /// This one of `true` and `false` stands for yes.
    Flag(bool),
    /// The words that stand for yes and for no.
    Words(&'static str, &'static str),
    /// The values that stand for yes and for no, as the definition says.
    Values(Literal, Literal),
    State,
    Text,
    /// Whatever it is, without a unit.
    Any,
}

impl Rule {
    /// A rule for a property that has no word in docs/fields.md. `None` if its name has no letters.
    pub(crate) fn other(key: &str, form: Form) -> Option<Self> {
        let mut path = "other".to_owned();
        for name in key.split('.') {
            path.push('.');
            path.push_str(&naming::words(name)?);
        }
        Some(Self { path: path.into(), form })
    }

    /// A rule for a word of docs/fields.md, of one part of the device.
    pub(crate) fn known(word: &'static str, endpoint: Option<&str>, form: Form) -> Option<Self> {
        let path = match endpoint {
            Some(endpoint) => format!("{word}-{}", naming::words(endpoint)?).into(),
            None => word.into(),
        };
        Some(Self { path, form })
    }

    /// The field. `None` where the value is not known.
    pub(crate) fn field(&self, value: &Value<'_>) -> Option<Found> {
        let plain = |value: Scalar| Some((self.path.clone(), value, None));
        match &self.form {
            Form::Real(unit) => Some((self.path.clone(), number::real(value)?, *unit)),
            Form::Thousandths(unit) => {
                Some((self.path.clone(), number::scaled(value, -3)?, Some(*unit)))
            }
            Form::Part(whole) => Some((self.path.clone(), percent(value, *whole)?, Some("%"))),
            Form::Count => plain(number::int(value)?),
            Form::Flag(yes) => plain(Scalar::Flag(value.as_bool()? == *yes)),
            Form::Words(yes, no) => match value.as_str()? {
                word if word == *yes => plain(Scalar::Flag(true)),
                word if word == *no => plain(Scalar::Flag(false)),
                _ => None,
            },
            Form::Values(yes, _) if yes.is(Raw::from(value)) => plain(Scalar::Flag(true)),
            Form::Values(_, no) if no.is(Raw::from(value)) => plain(Scalar::Flag(false)),
            Form::Values(..) => None,
            Form::State => {
                let (word, state) = state(value)?;
                let path = match &*self.path {
                    "" => word.into(),
                    behind => format!("{word}{behind}").into(),
                };
                Some((path, Scalar::Flag(state), None))
            }
            Form::Text => plain(Scalar::Text(value.as_str()?.to_owned())),
            Form::Any => plain(any(value)?),
        }
    }
}

/// The rule for a property of which no definition tells.
pub(crate) fn preset(key: &str, state: &Object<'_>) -> Option<Rule> {
    let (name, endpoint, found) = match property::find(key) {
        Some(found) => (key, None, Some(found)),
        None => {
            let (name, endpoint) = property::split(key);
            (name, endpoint, property::find(name))
        }
    };
    let Some((word, kind)) = found else { return Rule::other(key, Form::Any) };
    // Before version 2, Zigbee2MQTT had the raw number there, and lux here.
    if name == "illuminance" && state.contains_key("illuminance_lux") {
        return Rule::other(key, Form::Any);
    }
    let form = match kind {
        Kind::Measured(units) => Form::Real(units.first().copied()),
        Kind::Stated(_) => return Rule::other(key, Form::Any),
        Kind::Volt => return volt(key, endpoint, state),
        Kind::Brightness => Form::Part(BRIGHTNESS_MAX),
        _ => by_kind(kind)?,
    };
    Rule::known(word, endpoint, form)
}

/// The form of a kind that does not depend on units. `None` for the others.
pub(crate) fn by_kind(kind: Kind) -> Option<Form> {
    Some(match kind {
        Kind::Percent => Form::Real(Some("%")),
        Kind::Ratio => Form::Real(None),
        Kind::Count => Form::Count,
        Kind::Flag => Form::Flag(true),
        Kind::Closed => Form::Flag(false),
        Kind::State => Form::State,
        Kind::OpenClosed => Form::Words("open", "closed"),
        Kind::Locked => Form::Words("locked", "unlocked"),
        Kind::Text => Form::Text,
        Kind::Measured(_) | Kind::Stated(_) | Kind::Volt | Kind::Brightness => return None,
    })
}

/// Presets have millivolts of a battery and volts of the mains, both under the name `voltage`. Only where the
/// rest of the state leaves no doubt does it become either.
fn volt(key: &str, endpoint: Option<&str>, state: &Object<'_>) -> Option<Rule> {
    let has = |names: [&str; 2]| names.iter().any(|name| state.contains_key(name));
    match (has(["battery", "battery_low"]), has(["power", "current"])) {
        (true, false) if key == "voltage" => {
            Rule::known("battery-voltage", endpoint, Form::Thousandths("V"))
        }
        (false, true) if key != "battery_voltage" => {
            Rule::known("voltage", endpoint, Form::Real(Some("V")))
        }
        _ => Rule::other(key, Form::Any),
    }
}

/// Both are whole and small, so that the one division rounds once.
fn percent(value: &Value<'_>, whole: f64) -> Option<Scalar> {
    let part = value.as_f64().filter(|part| (0.0..=whole).contains(part))?;
    Some(Scalar::Real(part * 100.0 / whole))
}

/// What a `state` is about, and whether it is so.
fn state(value: &Value<'_>) -> Option<(&'static str, bool)> {
    match value {
        Value::Bool(on) => Some(("on", *on)),
        Value::String(word) => match &**word {
            "OPEN" | "open" => Some(("open", true)),
            "CLOSE" | "CLOSED" | "close" | "closed" => Some(("open", false)),
            "LOCK" => Some(("locked", true)),
            "UNLOCK" => Some(("locked", false)),
            word => flag::on_off(word).map(|on| ("on", on)),
        },
        _ => None,
    }
}

/// A number is real, also where it is whole: what it counts or measures is not known.
fn any(value: &Value<'_>) -> Option<Scalar> {
    match value {
        Value::Bool(flag) => Some(Scalar::Flag(*flag)),
        Value::Number(_) => number::real(value),
        Value::String(text) => Some(Scalar::Text(text.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
