//! What an Observation and each of its components have in common: a code, and a value or a reason for none.
//!
//! # Promises
//!
//! - A value with a comparator ("more than 600") is a bound and not the value: it becomes no field.
//! - A UCUM code counts and nothing else, where there is one; text for people counts only in its absence.

use hushgate_sdk::{
    Field, Scalar,
    adapter::DecodeError,
    json::{Object, Value},
};

use super::{codes::Measure, codings::STEPS, malformed, units, unsupported};

const UCUM: &str = "http://unitsofmeasure.org";

/// The longest text that the contract allows, in bytes.
const TEXT_BYTES_MAX: usize = 1024;

/// What a value can be: an answer has one of these at most.
const VALUES: [&str; 11] = [
    "valueQuantity",
    "valueCodeableConcept",
    "valueString",
    "valueBoolean",
    "valueInteger",
    "valueRange",
    "valueRatio",
    "valueSampledData",
    "valueTime",
    "valueDateTime",
    "valuePeriod",
];

/// How a value may be a bound (FHIR R4, quantity-comparator).
const COMPARATORS: [&str; 4] = ["<", "<=", ">=", ">"];

/// The part of a resource or component that is looked at. What identifies people is not among it.
pub(crate) struct Answer<'a> {
    pub(crate) code: Concept<'a>,
    is_absent: bool,
    has_modifiers: bool,
    values: usize,
    value: Option<Answered<'a>>,
}

/// A value of a form that is read.
enum Answered<'a> {
    Quantity(Quantity<'a>),
    Concept(Concept<'a>),
    Text(&'a str),
    Flag(bool),
    Whole(i32),
}

/// A `CodeableConcept`: the same idea in several code systems.
pub(crate) struct Concept<'a> {
    pub(crate) coding: Vec<Code<'a>>,
}

/// A `Coding`.
#[derive(PartialEq, Eq)]
pub(crate) struct Code<'a> {
    pub(crate) system: Option<&'a str>,
    pub(crate) code: Option<&'a str>,
}

struct Quantity<'a> {
    value: Option<f64>,
    is_bound: bool,
    unit: Option<&'a str>,
    system: Option<&'a str>,
    code: Option<&'a str>,
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

impl<'a> Answer<'a> {
    /// # Errors
    ///
    /// Malformed: a member is of another type, or it has no code.
    pub(crate) fn of(it: &'a Object<'a>) -> Result<Self, DecodeError> {
        let code = it.object("code")?.ok_or_else(|| malformed("it has no code"))?;
        Ok(Self {
            code: Concept::of(code)?,
            is_absent: it.object("dataAbsentReason")?.is_some(),
            has_modifiers: has_modifiers(it)?,
            values: VALUES.iter().filter(|name| it.member(name).is_some()).count(),
            value: Answered::of(it)?,
        })
    }

    /// Holds an answer to what FHIR demands of all of them.
    ///
    /// # Errors
    ///
    /// Malformed: two values. Unsupported: a modifier extension, which may turn the meaning round (FHIR R4,
    /// section 2.4.0.2), so that who does not know it must not read on.
    pub(crate) fn check(&self) -> Result<(), DecodeError> {
        if self.has_modifiers {
            return Err(unsupported("it has a modifier extension"));
        }
        if self.values > 1 {
            return Err(malformed("it has more than one value"));
        }
        Ok(())
    }

    /// Whether both a value and a reason for none are given.
    pub(crate) fn contradicts_itself(&self) -> bool {
        self.is_absent && self.values > 0
    }

    /// What it tells of `measure`.
    pub(crate) fn tell(&self, measure: &Measure<'_>) -> Told {
        if self.is_absent || self.values == 0 {
            return Told::Nothing;
        }
        match &self.value {
            Some(Answered::Quantity(quantity)) => quantity.tell(measure),
            Some(Answered::Whole(whole)) => bare_number(*whole, measure),
            Some(Answered::Flag(flag)) => unitless(measure, Scalar::Flag(*flag)),
            Some(Answered::Text(text)) => words(measure, text),
            Some(Answered::Concept(concept)) => {
                let code = concept.coding.iter().find_map(|coding| coding.code);
                code.map_or(Told::Nothing, |code| words(measure, code))
            }
            None => Told::Unread,
        }
    }
}

impl<'a> Answered<'a> {
    fn of(it: &'a Object<'a>) -> Result<Option<Self>, DecodeError> {
        let quantity = it.object("valueQuantity")?.map(Quantity::of).transpose()?;
        let concept = it.object("valueCodeableConcept")?.map(Concept::of).transpose()?;
        let (text, flag) = (it.text("valueString")?, it.flag("valueBoolean")?);
        let whole = it.whole("valueInteger")?;
        Ok(quantity
            .map(Self::Quantity)
            .or(concept.map(Self::Concept))
            .or(text.map(Self::Text))
            .or(flag.map(Self::Flag))
            .or(whole.map(Self::Whole)))
    }
}

impl<'a> Concept<'a> {
    fn of(it: &'a Object<'a>) -> Result<Self, DecodeError> {
        let codings = it.array("coding")?.unwrap_or_default();
        Ok(Self { coding: codings.iter().map(Code::of).collect::<Result<_, _>>()? })
    }
}

impl<'a> Code<'a> {
    fn of(coding: &'a Value<'a>) -> Result<Self, DecodeError> {
        let it = coding.as_object().ok_or_else(|| malformed("a coding is an object"))?;
        Ok(Self { system: it.text("system")?, code: it.text("code")? })
    }
}

/// Whether it has modifier extensions.
pub(crate) fn has_modifiers(it: &Object<'_>) -> Result<bool, DecodeError> {
    Ok(it.array("modifierExtension")?.is_some_and(|all| !all.is_empty()))
}

impl<'a> Quantity<'a> {
    fn of(it: &'a Object<'a>) -> Result<Self, DecodeError> {
        let comparator = it.text("comparator")?;
        if comparator.is_some_and(|comparator| !COMPARATORS.contains(&comparator)) {
            return Err(malformed("there is no such comparator"));
        }
        Ok(Self {
            value: it.real("value")?,
            is_bound: comparator.is_some(),
            unit: it.text("unit")?,
            system: it.text("system")?,
            code: it.text("code")?,
        })
    }

    fn tell(&self, measure: &Measure<'_>) -> Told {
        let (Some(value), false) = (self.value, self.is_bound) else { return Told::Nothing };
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
        match (self.system, self.code) {
            (Some(UCUM), Some(code)) => Some(units::of_ucum(code)),
            _ => self
                .unit
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
