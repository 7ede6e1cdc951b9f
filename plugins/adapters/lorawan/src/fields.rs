//! What a network decoded, as fields.

use std::borrow::Cow;

use hushgate_sdk::{
    Field, Scalar,
    decimal::Decimal,
    json::{Object, Value},
};

use crate::{
    names, normalized, radio,
    settings::{Rule, Settings},
};

/// What one reading may have.
const FIELDS_MAX: usize = 256;
/// Names that are looked at in one object: more than fields, because some have no value.
const NAMES_MAX: usize = 4 * FIELDS_MAX;
/// How deep objects and lists are looked into.
const LEVELS_MAX: usize = 8;
/// The longest text, in bytes.
const TEXT_BYTES_MAX: usize = 1024;
/// The longest name, in bytes: a longer one makes no path.
const NAME_BYTES_MAX: usize = 128;
/// More than any decoder's sensor has.
const DIGITS: i16 = 12;
/// The smallest number that is rounded: `DIGITS` digits more than a power of ten that an `f64` holds exactly.
const ROUNDED_MIN: f64 = 1e-10;
/// The whole numbers up to which an `f64` holds all of them.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// The fields of one reading, each path once: the first to come stays.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<Field>);

/// A single value, and where it was: `air.levels-2`.
type Named<'a> = (Cow<'a, str>, &'a Value<'a>);

impl Fields {
    /// Adds one, unless its path is there already.
    pub(crate) fn add(&mut self, path: &str, value: Scalar, unit: Option<&str>) {
        if self.0.len() < FIELDS_MAX && self.0.iter().all(|it| it.path != path) {
            self.0.push(Field { path: path.to_owned(), value, unit: unit.map(str::to_owned) });
        }
    }

    /// Adds a measured value, where there is one.
    pub(crate) fn add_real(&mut self, path: &str, value: Option<f64>, unit: &str) {
        if let Some(value) = value.and_then(number) {
            self.add(path, value, Some(unit));
        }
    }

    /// Adds what the owner mapped, then what is normalized, then the rest of what was decoded.
    pub(crate) fn add_decoded(
        &mut self,
        decoded: &Object<'_>,
        measurement: Option<&Object<'_>>,
        settings: &Settings,
    ) {
        let named = flat(decoded);
        let rule = |name: &str| settings.fields.get(name);
        for (rule, value) in named.iter().filter_map(|(name, value)| Some((rule(name)?, *value))) {
            if let Some(value) = mapped(value, rule) {
                self.add(&rule.path, value, rule.unit.as_deref());
            }
        }
        if let Some(measurement) = measurement {
            self.add_normalized(measurement);
        }
        for (name, value) in named.iter().filter(|(name, _)| rule(name).is_none()) {
            self.add_by_name(name, value);
        }
    }

    /// Adds a normalized measurement; its time is no field of it.
    pub(crate) fn add_normalized(&mut self, measurement: &Object<'_>) {
        for (name, value) in flat(measurement) {
            match normalized::meaning(&name, value) {
                Some((path, value, unit)) => self.add(path, value, unit),
                None if name != normalized::TIME => self.add_by_name(&name, value),
                None => {}
            }
        }
    }

    /// All of them.
    pub(crate) fn into_fields(self) -> Vec<Field> {
        self.0
    }

    fn add_by_name(&mut self, name: &str, value: &Value<'_>) {
        let path = names::path_of(name).filter(|it| !radio::PATHS.contains(&it.as_str()));
        if let (Some(path), Some(value)) = (path, scalar(value)) {
            self.add(&path, value, None);
        }
    }
}

/// Names with dots for nesting and `-1`, `-2` … for the items of a list.
fn flat<'a>(object: &'a Object<'_>) -> Vec<Named<'a>> {
    let mut found = Vec::with_capacity(object.len());
    for (name, value) in object {
        descend(Cow::Borrowed(name), value, 1, &mut found);
    }
    found
}

fn descend<'a>(name: Cow<'a, str>, value: &'a Value<'a>, level: usize, found: &mut Vec<Named<'a>>) {
    if found.len() >= NAMES_MAX || level > LEVELS_MAX || name.len() > NAME_BYTES_MAX {
        return;
    }
    match value {
        Value::Object(inner) => {
            for (key, value) in inner {
                descend(format!("{name}.{key}").into(), value, level + 1, found);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                descend(format!("{name}-{}", at + 1).into(), value, level + 1, found);
            }
        }
        single => found.push((name, single)),
    }
}

/// Where the owner declared a unit there must be a number; a text such as `3.384 V` is read as one.
fn mapped(value: &Value<'_>, rule: &Rule) -> Option<Scalar> {
    let scale = rule.scale.unwrap_or(1.0);
    match (value, &rule.unit) {
        (Value::Number(it), _) => number(it.to_f64() * scale),
        (Value::String(text), Some(_)) => number(amount(text)?.to_f64() * scale),
        (_, Some(_)) => None,
        (_, None) => scalar(value),
    }
}

/// The number with which a text begins, if a unit alone follows.
fn amount(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let is_number = |it: char| it.is_ascii_digit() || matches!(it, '+' | '-' | '.');
    let end = text.find(|it| !is_number(it)).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end)?;
    let unit = rest.trim_start();
    let is_unit =
        !unit.starts_with([',', ':', '/']) && !unit.contains(|it: char| it.is_ascii_digit());
    Decimal::parse(number).filter(|_| is_unit)
}

fn scalar(value: &Value<'_>) -> Option<Scalar> {
    match value {
        Value::Number(it) => number(it.to_f64()),
        Value::Bool(flag) => Some(Scalar::Flag(*flag)),
        Value::String(text) if text.len() <= TEXT_BYTES_MAX => Some(Scalar::Text(text.to_string())),
        _ => None,
    }
}

/// A decoder's numbers are protobuf's (`google.protobuf.Value`) or JavaScript's: real, also where they are whole.
pub(crate) fn number(number: f64) -> Option<Scalar> {
    number.is_finite().then(|| Scalar::Real(rounded(number)))
}

fn rounded(number: f64) -> f64 {
    let size = number.abs();
    if number.fract() == 0.0 || !(ROUNDED_MIN..WHOLE_MAX).contains(&size) {
        return number;
    }
    // Between -10 and 15 by the limits above.
    let exponent = DIGITS - 1 - size.log10().floor() as i16;
    let digits = (number * 10_f64.powi(exponent.into())).round() as i64;
    Decimal::new(digits, -exponent).to_f64()
}
