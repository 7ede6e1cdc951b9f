//! The event that ends a grant: something that a device says.
//!
//! # Promises
//!
//! - What happened once stays: a grant of this text is over, whatever devices or clocks say later.
//! - It counts from the moment at which it was understood, also while it is on its way to the disk.
//! - What contradicts itself, or can never be so, is an error that names its line.

use super::{grant::Clock, schema::number, unit};
use crate::{
    message::Millis,
    source::{SettingsError, Source},
};
use hushgate_wasm::bindings::{Field, Reading, Scalar};
use serde::Deserialize;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};
use toml::Spanned;

/// The longest path and the longest text that is compared, in bytes.
const TEXT_BYTES_MAX: usize = 256;

/// What ends one text of a grant, and whether it did.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The grant.
    pub grant: String,
    /// Its text, as [`super::grant::Grant::digest`].
    pub text: [u8; 8],
    /// The grant's device.
    pub device: String,
    /// The grant's recipient.
    pub recipient: String,
    /// From when the grant is valid: what was before does not count.
    pub valid_from: Millis,
    /// The device that says it.
    pub said_by: String,
    /// What it says.
    pub event: Event,
    happened: Arc<Happened>,
}

/// A field that says something.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    path: String,
    unit: Option<String>,
    is: Is,
}

#[derive(Clone, Debug, PartialEq)]
enum Is {
    Flag(bool),
    Text(String),
    Above(f64),
    Below(f64),
}

/// Shared by all plans that a text of a grant is part of.
#[derive(Debug)]
struct Happened {
    at_ms: AtomicI64,
    is_kept: AtomicBool,
}

/// No time.
const NEVER: i64 = i64::MAX;

impl Default for Happened {
    fn default() -> Self {
        Self { at_ms: AtomicI64::new(NEVER), is_kept: AtomicBool::new(false) }
    }
}

/// `ends-with` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EventFile {
    device: Option<String>,
    path: String,
    unit: Option<String>,
    flag: Option<bool>,
    is: Option<String>,
    above: Option<f64>,
    below: Option<f64>,
}

impl Ending {
    /// Of a grant's text for a device and a recipient.
    pub fn of(
        source: &Source,
        file: Spanned<EventFile>,
        (grant, text): (&str, [u8; 8]),
        (device, recipient, valid_from): (&str, &str, Millis),
    ) -> Result<Self, SettingsError> {
        let span = file.span();
        let file = file.into_inner();
        let said_by = file.device.clone().unwrap_or_else(|| device.to_owned());
        let event = Event::of(file).map_err(|it| source.error(span, it))?;
        let [grant, device, recipient] = [grant, device, recipient].map(str::to_owned);
        let happened = Arc::default();
        Ok(Self { grant, text, device, recipient, valid_from, said_by, event, happened })
    }

    /// When it happened, if it did.
    pub fn at(&self) -> Option<Millis> {
        let at = self.happened.at_ms.load(Ordering::Acquire);
        (at != NEVER).then_some(Millis(at))
    }

    /// From now on it has happened. The first time counts.
    pub fn happen(&self, at: Millis) {
        let at = at.0.min(NEVER - 1);
        // Another frame may have said it meanwhile.
        let _ =
            self.happened.at_ms.compare_exchange(NEVER, at, Ordering::AcqRel, Ordering::Acquire);
    }

    /// It is on disk that it happened.
    pub fn keep(&self) {
        self.happened.is_kept.store(true, Ordering::Release);
    }

    /// Whether frames must be looked at for it: until it is on disk.
    pub fn is_awaited(&self) -> bool {
        !self.happened.is_kept.load(Ordering::Acquire)
    }

    /// Whether these readings, which came at this time, end the grant. A clock that nobody can trust is none to wait by.
    pub fn ends_now(&self, readings: &[Reading], clock: Clock) -> bool {
        let has_begun = match clock {
            Clock::Known(now) => self.valid_from <= now,
            Clock::Unknown => true,
        };
        self.is_awaited() && has_begun && self.is_in(readings)
    }

    /// Whether these readings say it.
    pub fn is_in(&self, readings: &[Reading]) -> bool {
        readings.iter().flat_map(|it| &it.fields).any(|it| self.event.is(it))
    }

    /// Whether it is the grant's own device that says it.
    pub fn is_of_own_device(&self) -> bool {
        self.said_by == self.device
    }

    /// From now on both know what one knows of it. To be asked before a plan is made of either.
    pub fn share(&mut self, known: &Self) {
        self.happened = known.happened.clone();
    }

    /// As if it had never happened.
    #[cfg(test)]
    pub(crate) fn forget(&self) {
        self.happened.at_ms.store(NEVER, Ordering::Release);
    }
}

impl Event {
    fn of(file: EventFile) -> Result<Self, String> {
        let is = match (file.flag, file.is, file.above, file.below) {
            (Some(flag), None, None, None) => Is::Flag(flag),
            (None, Some(text), None, None) => Is::Text(text),
            (None, None, Some(bound), None) => Is::Above(bound),
            (None, None, None, Some(bound)) => Is::Below(bound),
            _ => {
                return Err("`ends-with` needs one of `flag`, `is`, `above` and `below`, such as \
                            `ends-with = { path = \"open\", flag = true }`"
                    .into());
            }
        };
        let texts = [Some(&file.path), if let Is::Text(text) = &is { Some(text) } else { None }];
        if texts.into_iter().flatten().any(|it| it.is_empty() || it.len() > TEXT_BYTES_MAX) {
            return Err(format!("`path` and `is` must be texts of 1 to {TEXT_BYTES_MAX} bytes"));
        }
        match &is {
            Is::Above(bound) | Is::Below(bound) if !bound.is_finite() => {
                return Err("`above` and `below` must be numbers".into());
            }
            Is::Flag(_) | Is::Text(_) if file.unit.is_some() => {
                return Err("`unit` goes with `above` and `below` only".into());
            }
            _ => {}
        }
        file.unit.as_deref().map_or(Ok(()), unit::check)?;
        Ok(Self { path: file.path, unit: file.unit, is })
    }

    fn is(&self, field: &Field) -> bool {
        let is = match (&self.is, &field.value) {
            (Is::Flag(wanted), Scalar::Flag(flag)) => wanted == flag,
            (Is::Text(wanted), Scalar::Text(text)) => wanted == text,
            (Is::Above(bound), value) => number(value).is_some_and(|it| it > *bound),
            (Is::Below(bound), value) => number(value).is_some_and(|it| it < *bound),
            _ => false,
        };
        is && field.path == self.path && field.unit == self.unit
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = self.unit.as_ref().map_or_else(String::new, |it| format!(" {it}"));
        match &self.is {
            Is::Flag(true) => write!(f, "{}", self.path),
            Is::Flag(false) => write!(f, "not {}", self.path),
            Is::Text(text) => write!(f, "{} is {text}", self.path),
            Is::Above(bound) => write!(f, "{} above {bound}{unit}", self.path),
            Is::Below(bound) => write!(f, "{} below {bound}{unit}", self.path),
        }
    }
}

/// In words: what must happen.
impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} says: {}", self.said_by, self.event)
    }
}
