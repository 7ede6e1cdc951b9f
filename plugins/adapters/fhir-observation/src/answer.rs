//! What an Observation and each of its components have in common: a code, and a value or a reason for none.
//!
//! # Promises
//!
//! - A value with a comparator ("more than 600") is a bound and not the value: it becomes no field.
//! - A UCUM code counts and nothing else, where there is one; text for people counts only in its absence.

use hushgate_sdk::{Field, Scalar, adapter::DecodeError};
use serde::{Deserialize, de::IgnoredAny};

use super::{
    codes::Measure,
    codings::STEPS,
    malformed,
    observation::{Period, Status, Timing},
    units, unsupported,
};

const UCUM: &str = "http://unitsofmeasure.org";

/// The longest text that the contract allows, in bytes.
const TEXT_BYTES_MAX: usize = 1024;

/// The part of a resource or component that is looked at. What identifies people is not among it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    pub(crate) code: Concept,
    #[serde(default)]
    modifier_extension: Vec<IgnoredAny>,
    data_absent_reason: Option<Concept>,
    value_quantity: Option<Quantity>,
    value_codeable_concept: Option<Concept>,
    value_string: Option<String>,
    value_boolean: Option<bool>,
    value_integer: Option<i32>,
    value_range: Option<IgnoredAny>,
    value_ratio: Option<IgnoredAny>,
    value_sampled_data: Option<IgnoredAny>,
    value_time: Option<IgnoredAny>,
    value_date_time: Option<IgnoredAny>,
    value_period: Option<IgnoredAny>,
    // What an Observation has and its components have not.
    pub(crate) status: Option<Status>,
    pub(crate) implicit_rules: Option<IgnoredAny>,
    pub(crate) effective_date_time: Option<String>,
    pub(crate) effective_instant: Option<String>,
    pub(crate) effective_period: Option<Period>,
    pub(crate) effective_timing: Option<Timing>,
    #[serde(default)]
    pub(crate) component: Vec<Answer>,
}

/// A `CodeableConcept`: the same idea in several code systems.
#[derive(Deserialize)]
pub(crate) struct Concept {
    #[serde(default)]
    pub(crate) coding: Vec<Code>,
}

/// A `Coding`.
#[derive(Deserialize, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) system: Option<String>,
    pub(crate) code: Option<String>,
}

#[derive(Deserialize)]
struct Quantity {
    value: Option<f64>,
    comparator: Option<Comparator>,
    unit: Option<String>,
    system: Option<String>,
    code: Option<String>,
}

#[derive(Deserialize)]
enum Comparator {
    #[serde(rename = "<")]
    Less,
    #[serde(rename = "<=")]
    LessOrEqual,
    #[serde(rename = ">=")]
    GreaterOrEqual,
    #[serde(rename = ">")]
    Greater,
}

/// What one answer tells about what it was asked.
pub(crate) enum Told {
    /// The value.
    Field(Field),
    /// That it is not known.
    Nothing,
    /// Something in a form or unit that is not read.
    Unread,
}

impl Answer {
    /// Holds an answer to what FHIR demands of all of them.
    ///
    /// # Errors
    ///
    /// Malformed: two values. Unsupported: a modifier extension, which may turn the meaning round (FHIR R4,
    /// section 2.4.0.2), so that who does not know it must not read on.
    pub(crate) fn check(&self) -> Result<(), DecodeError> {
        if !self.modifier_extension.is_empty() {
            return Err(unsupported("it has a modifier extension"));
        }
        if self.values() > 1 {
            return Err(malformed("it has more than one value"));
        }
        Ok(())
    }

    /// Whether both a value and a reason for none are given.
    pub(crate) fn contradicts_itself(&self) -> bool {
        self.data_absent_reason.is_some() && self.values() > 0
    }

    /// What it tells of `measure`.
    pub(crate) fn tell(&self, measure: &Measure<'_>) -> Told {
        if self.data_absent_reason.is_some() || self.values() == 0 {
            return Told::Nothing;
        }
        match self {
            Self { value_quantity: Some(quantity), .. } => quantity.tell(measure),
            Self { value_integer: Some(whole), .. } => bare_number(*whole, measure),
            Self { value_boolean: Some(flag), .. } => unitless(measure, Scalar::Flag(*flag)),
            Self { value_string: Some(text), .. } => words(measure, text),
            Self { value_codeable_concept: Some(concept), .. } => {
                let code = concept.coding.iter().find_map(|coding| coding.code.as_deref());
                code.map_or(Told::Nothing, |code| words(measure, code))
            }
            _ => Told::Unread,
        }
    }

    fn values(&self) -> usize {
        [
            self.value_quantity.is_some(),
            self.value_codeable_concept.is_some(),
            self.value_string.is_some(),
            self.value_boolean.is_some(),
            self.value_integer.is_some(),
            self.value_range.is_some(),
            self.value_ratio.is_some(),
            self.value_sampled_data.is_some(),
            self.value_time.is_some(),
            self.value_date_time.is_some(),
            self.value_period.is_some(),
        ]
        .into_iter()
        .map(usize::from)
        .sum()
    }
}

impl Quantity {
    fn tell(&self, measure: &Measure<'_>) -> Told {
        let (Some(value), None) = (self.value, &self.comparator) else { return Told::Nothing };
        let unit = match self.unit() {
            Some(unit) => measure.unit(&unit),
            None => measure.certain_unit(),
        };
        match unit {
            Some(Some(unit)) => {
                Told::Field(Field::with_unit(measure.path, number(value, unit), unit))
            }
            Some(None) => Told::Field(Field::without_unit(measure.path, Scalar::Real(value))),
            None => Told::Unread,
        }
    }

    /// In UCUM, as far as it is known.
    fn unit(&self) -> Option<String> {
        match (&self.system, &self.code) {
            (Some(system), Some(code)) if system == UCUM => Some(units::of_ucum(code)),
            _ => self
                .unit
                .as_deref()
                .map(|text| units::of_words(text).map_or_else(|| text.to_owned(), str::to_owned)),
        }
    }
}

/// A number without a unit says something only where the unit is certain.
fn bare_number(whole: i32, measure: &Measure<'_>) -> Told {
    match measure.certain_unit() {
        Some(Some(unit)) => {
            Told::Field(Field::with_unit(measure.path, number(whole.into(), unit), unit))
        }
        Some(None) => Told::Field(Field::without_unit(measure.path, Scalar::Int(whole.into()))),
        None => Told::Unread,
    }
}

fn words(measure: &Measure<'_>, text: &str) -> Told {
    if text.len() > TEXT_BYTES_MAX {
        return Told::Unread;
    }
    unitless(measure, Scalar::Text(text.to_owned()))
}

fn unitless(measure: &Measure<'_>, value: Scalar) -> Told {
    match measure.certain_unit() {
        Some(None) => Told::Field(Field::without_unit(measure.path, value)),
        _ => Told::Unread,
    }
}

/// Steps are counted, all else is measured.
fn number(value: f64, unit: &str) -> Scalar {
    #[expect(clippy::cast_possible_truncation, reason = "whole, and far from the limits of an i64")]
    if unit == STEPS && value.fract() == 0.0 && value.abs() < 1e15 {
        Scalar::Int(value as i64)
    } else {
        Scalar::Real(value)
    }
}
