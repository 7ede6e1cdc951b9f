//! One Observation: whether it counts, when it was made, and what it and its components say.
//!
//! # Promises
//!
//! - A result that was withdrawn, cancelled, not there yet, or of unknown standing tells nothing.

use hushgate_sdk::{Field, Reading, Scalar, adapter::DecodeError, json};
use serde::Deserialize;
use serde_json::value::RawValue;

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

/// The part that components do not have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    status: Status,
    implicit_rules: Option<String>,
    effective_date_time: Option<String>,
    effective_instant: Option<String>,
    effective_period: Option<Period>,
    effective_timing: Option<Timing>,
    #[serde(default)]
    component: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Status {
    Registered,
    Preliminary,
    Final,
    Amended,
    Corrected,
    Cancelled,
    EnteredInError,
    Unknown,
}

#[derive(Deserialize)]
struct Period {
    start: Option<String>,
    end: Option<String>,
}

/// A schedule: no one moment.
#[derive(Deserialize)]
struct Timing {}

/// Reads the JSON text of one Observation.
///
/// # Errors
///
/// Malformed: FHIR R4 does not allow it. Unsupported: it says that one must know more than is known here.
pub(crate) fn read(json: &str, codes: &Codes) -> Result<Outcome, DecodeError> {
    let head: Head = json::parse(json.as_bytes())?;
    let answer: Answer = json::parse(json.as_bytes())?;
    answer.check()?;
    if head.implicit_rules.is_some() {
        return Err(unsupported("it follows rules of its own"));
    }
    if answer.contradicts_itself() {
        return Err(malformed("it has a value and a reason for none"));
    }
    let moment = head.moment()?;
    let components = components(&head.component)?;
    if !head.status.counts() {
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

fn components(json: &[Box<RawValue>]) -> Result<Vec<Answer>, DecodeError> {
    json.iter()
        .map(|component| {
            let answer: Answer = json::parse(component.get().as_bytes())?;
            answer.check()?;
            Ok(answer)
        })
        .collect()
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

impl Head {
    fn moment(&self) -> Result<Moment, DecodeError> {
        match self {
            Self {
                effective_date_time: Some(text),
                effective_instant: None,
                effective_period: None,
                effective_timing: None,
                ..
            } => time::date_time(text),
            Self {
                effective_date_time: None,
                effective_instant: Some(text),
                effective_period: None,
                effective_timing: None,
                ..
            } => time::instant(text),
            Self {
                effective_date_time: None,
                effective_instant: None,
                effective_period: Some(period),
                effective_timing: None,
                ..
            } => period.moment(),
            Self {
                effective_date_time: None,
                effective_instant: None,
                effective_period: None,
                ..
            } => Ok(Moment::Unsaid),
            _ => Err(malformed("it has more than one time")),
        }
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
