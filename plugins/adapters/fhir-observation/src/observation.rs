//! One Observation: whether it counts, when it was made, and what it and its components say.
//!
//! # Promises
//!
//! - A result that was withdrawn, cancelled, not there yet, or of unknown standing tells nothing.

use hushgate_sdk::{
    Field, Reading, Scalar,
    adapter::DecodeError,
    json::{Object, Value},
};

use super::{
    answer::{Answer, Told},
    codes::{Codes, Meaning},
    malformed,
    time::{self, Moment},
    unsupported,
};

/// What one resource comes to.
pub(crate) enum Outcome {
    /// At least one reading: more where two components say the same path.
    Readings(Vec<Reading>),
    /// It is understood, and nothing is known.
    Nothing,
    /// Its code, unit or form of value is not known.
    Unread,
}

/// What one Observation tells.
///
/// # Errors
///
/// Malformed: FHIR R4 does not allow it. Unsupported: it says that one must know more than is known here.
pub(crate) fn read(observation: &Object<'_>, codes: &Codes) -> Result<Outcome, DecodeError> {
    let answer = Answer::of(observation)?;
    let counts = counts(observation)?;
    answer.check()?;
    if observation.member("implicitRules").is_some() {
        return Err(unsupported("it follows rules of its own"));
    }
    if answer.contradicts_itself() {
        return Err(malformed("it has a value and a reason for none"));
    }
    let moment = moment(observation)?;
    let components = components(observation)?;
    if !counts {
        return Ok(Outcome::Nothing);
    }
    let told = match codes.meaning(&answer.code) {
        Some(Meaning::Measure(measure)) => vec![answer.tell(&measure)],
        Some(Meaning::Panel) => Vec::new(),
        None => return Ok(Outcome::Unread),
    };
    let told = told.into_iter().chain(components.iter().filter_map(|it| tell(it, codes)));
    Ok(outcome(&moment, told))
}

/// Whether its standing is one that tells something (FHIR R4, observation-status).
fn counts(observation: &Object<'_>) -> Result<bool, DecodeError> {
    match observation.text("status")? {
        Some("preliminary" | "final" | "amended" | "corrected") => Ok(true),
        Some("registered" | "cancelled" | "entered-in-error" | "unknown") => Ok(false),
        Some(_) => Err(malformed("there is no such status")),
        None => Err(malformed("it has no status")),
    }
}

fn components<'a>(observation: &'a Object<'_>) -> Result<Vec<Answer<'a>>, DecodeError> {
    let component = |it: &'a Value<'_>| {
        let answer = Answer::of(it.as_object().ok_or_else(|| malformed("a component is none"))?)?;
        answer.check().map(|()| answer)
    };
    observation.array("component")?.unwrap_or_default().iter().map(component).collect()
}

fn tell(component: &Answer<'_>, codes: &Codes) -> Option<Told> {
    match codes.meaning(&component.code) {
        Some(Meaning::Measure(measure)) => Some(component.tell(&measure)),
        Some(Meaning::Panel) | None => None,
    }
}

fn outcome(moment: &Moment, told: impl Iterator<Item = Told>) -> Outcome {
    let mut readings = Vec::new();
    let mut unread = false;
    for it in told {
        match it {
            Told::Field(field) => add(&mut readings, moment, field),
            Told::Nothing => {}
            Told::Unread => unread = true,
        }
    }
    match (readings.is_empty(), unread) {
        (false, _) => Outcome::Readings(readings),
        (true, true) => Outcome::Unread,
        (true, false) => Outcome::Nothing,
    }
}

/// Puts the field into the last reading, or into a new one if its path is taken.
fn add(readings: &mut Vec<Reading>, moment: &Moment, field: Field) {
    let is_taken = |reading: &Reading| reading.fields.iter().any(|it| it.path == field.path);
    match readings.last_mut() {
        Some(reading) if !is_taken(reading) => reading.fields.push(field),
        _ => readings.push(reading_of(moment, field)),
    }
}

fn reading_of(moment: &Moment, field: Field) -> Reading {
    let kind = field.path.split('.').next().unwrap_or_default().to_owned();
    match moment {
        Moment::Unsaid => Reading::now(&kind, vec![field]),
        Moment::At(ms) => Reading::at(Some(*ms), &kind, vec![field]),
        Moment::Vague(text) => {
            let time = Field::without_unit("device-time", Scalar::Text(text.clone()));
            Reading::now(&kind, vec![field, time])
        }
    }
}

fn moment(observation: &Object<'_>) -> Result<Moment, DecodeError> {
    match (
        observation.text("effectiveDateTime")?,
        observation.text("effectiveInstant")?,
        observation.object("effectivePeriod")?,
        // A schedule: no one moment.
        observation.object("effectiveTiming")?,
    ) {
        (Some(text), None, None, None) => time::date_time(text),
        (None, Some(text), None, None) => time::instant(text),
        (None, None, Some(period), None) => end_of(period),
        (None, None, None, _) => Ok(Moment::Unsaid),
        _ => Err(malformed("it has more than one time")),
    }
}

/// A period's end. Without an end it goes on, so that now is as good as any other moment.
fn end_of(period: &Object<'_>) -> Result<Moment, DecodeError> {
    let read = |name| period.text(name)?.map_or(Ok(Moment::Unsaid), time::date_time);
    let (start, end) = (read("start")?, read("end")?);
    match (&start, &end) {
        (Moment::At(start), Moment::At(end)) if start > end => {
            Err(malformed("a period ends before it begins"))
        }
        _ => Ok(end),
    }
}
