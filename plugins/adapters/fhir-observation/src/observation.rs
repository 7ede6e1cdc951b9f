//! One Observation: whether it counts, when it was made, and what it and its components say.
//!
//! # Promises
//!
//! - A result that was withdrawn, cancelled, not there yet, or of unknown standing tells nothing.

use hushgate_sdk::{Field, Reading, Scalar, adapter::DecodeError};
use serde::Deserialize;

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

/// Its standing.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    Registered,
    Preliminary,
    Final,
    Amended,
    Corrected,
    Cancelled,
    EnteredInError,
    Unknown,
}

/// A time from and to.
#[derive(Deserialize)]
pub(crate) struct Period {
    start: Option<String>,
    end: Option<String>,
}

/// A schedule: no one moment.
#[derive(Deserialize)]
pub(crate) struct Timing {}

/// What one Observation tells.
///
/// # Errors
///
/// Malformed: FHIR R4 does not allow it. Unsupported: it says that one must know more than is known here.
pub(crate) fn read(answer: &Answer, codes: &Codes) -> Result<Outcome, DecodeError> {
    let status = answer.status.as_ref().ok_or_else(|| malformed("it has no status"))?;
    answer.check()?;
    if answer.implicit_rules.is_some() {
        return Err(unsupported("it follows rules of its own"));
    }
    if answer.contradicts_itself() {
        return Err(malformed("it has a value and a reason for none"));
    }
    let moment = moment(answer)?;
    answer.component.iter().try_for_each(Answer::check)?;
    if !status.counts() {
        return Ok(Outcome::Nothing);
    }
    let told = match codes.meaning(&answer.code) {
        Some(Meaning::Measure(measure)) => vec![answer.tell(&measure)],
        Some(Meaning::Panel) => Vec::new(),
        None => return Ok(Outcome::Unread),
    };
    let told = told.into_iter().chain(answer.component.iter().filter_map(|it| tell(it, codes)));
    Ok(outcome(&moment, told))
}

fn tell(component: &Answer, codes: &Codes) -> Option<Told> {
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

fn moment(answer: &Answer) -> Result<Moment, DecodeError> {
    match (
        &answer.effective_date_time,
        &answer.effective_instant,
        &answer.effective_period,
        &answer.effective_timing,
    ) {
        (Some(text), None, None, None) => time::date_time(text),
        (None, Some(text), None, None) => time::instant(text),
        (None, None, Some(period), None) => period.moment(),
        (None, None, None, _) => Ok(Moment::Unsaid),
        _ => Err(malformed("it has more than one time")),
    }
}

impl Period {
    /// Its end. Without an end it goes on, so that now is as good as any other moment.
    fn moment(&self) -> Result<Moment, DecodeError> {
        let read =
            |text: &Option<String>| text.as_deref().map_or(Ok(Moment::Unsaid), time::date_time);
        let (start, end) = (read(&self.start)?, read(&self.end)?);
        match (&start, &end) {
            (Moment::At(start), Moment::At(end)) if start > end => {
                Err(malformed("a period ends before it begins"))
            }
            _ => Ok(end),
        }
    }
}

impl Status {
    const fn counts(&self) -> bool {
        match self {
            Self::Preliminary | Self::Final | Self::Amended | Self::Corrected => true,
            Self::Registered | Self::Cancelled | Self::EnteredInError | Self::Unknown => false,
        }
    }
}
