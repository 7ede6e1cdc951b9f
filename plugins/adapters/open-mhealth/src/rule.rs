//! What a schema says about one property, and whether a value obeys it.

use hushgate_sdk::json::{Object, Value};

use super::time;

/// A unit as the schemas write it, and in UCUM.
pub(crate) type Unit = (&'static str, &'static str);

/// What a property must be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// `{"value": number, "unit": one of these}`, and where it goes, if anywhere.
    Quantity(Option<&'static str>, &'static [Unit]),
    /// The same, and not below zero.
    Amount(&'static [Unit]),
    /// A number whose unit the schema says.
    Number(&'static str, &'static str),
    Integer,
    Flag,
    Text,
    OneOf(&'static [&'static str]),
    DateTime,
    /// A time frame; with these limits.
    Frame(FrameRule),
    /// A list of time intervals.
    Intervals,
    Object(&'static [(&'static str, Rule)], &'static [&'static str]),
}

/// Which time frames a schema allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameRule {
    /// A date and a part of the day will do (Open mHealth's `time-interval-1.x`, not IEEE's).
    pub(crate) part_of_day: bool,
    /// A moment will not do: the value is of a span.
    pub(crate) only_interval: bool,
}

impl Rule {
    /// Whether `value` is what it must be.
    pub(crate) fn allows(self, value: &Value<'_>) -> bool {
        match self {
            Self::Quantity(_, units) => quantity(value, units).is_some(),
            Self::Amount(units) => quantity(value, units).is_some_and(|(value, _)| value >= 0.0),
            Self::Number(..) => value.as_f64().is_some(),
            Self::Integer => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Self::Flag => value.as_bool().is_some(),
            Self::Text => value.as_str().is_some(),
            Self::OneOf(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Self::DateTime => value.as_str().is_some_and(|text| time::moment(text).is_some()),
            Self::Frame(rule) => time::frame(value, rule).is_some(),
            Self::Intervals => value
                .as_array()
                .is_some_and(|all| all.iter().all(|it| time::interval(it, false).is_some())),
            Self::Object(properties, required) => {
                value.as_object().is_some_and(|object| obeys(object, properties, required))
            }
        }
    }
}

/// Whether all that is required is there, and all that is known is as it must be.
pub(crate) fn obeys(object: &Object<'_>, properties: &[(&str, Rule)], required: &[&str]) -> bool {
    required.iter().all(|name| object.contains_key(name))
        && properties
            .iter()
            .all(|(name, rule)| object.get(name).is_none_or(|value| rule.allows(value)))
}

/// Number and UCUM unit.
pub(crate) fn quantity(value: &Value<'_>, units: &[Unit]) -> Option<(f64, &'static str)> {
    let number = value.get("value")?.as_f64()?;
    let unit = value.get("unit")?.as_str()?;
    let (_, ucum) = units.iter().find(|(written, _)| *written == unit)?;
    Some((number, ucum))
}
