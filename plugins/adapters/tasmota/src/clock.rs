//! The times that Tasmota writes: local and without a zone, unless its owner chose otherwise.
//!
//! # Promises
//!
//! - A clock that was never set (it shows 1970) gives no time.

use hushgate_sdk::{
    Scalar,
    fields::Fields,
    json::{Object, Value},
    number, time,
};

/// The path of a time without a zone.
pub(crate) const PATH: &str = "device-time";

/// 2001-09-09: no device with this firmware is older.
const SET_MS: i64 = 1_000_000_000_000;

const MINUTE_MS: i64 = 60_000;

/// Bytes of `2026-11-27T06:25:00`.
const CIVIL_BYTES: usize = 19;

/// Knows how far the device's clock is ahead of UTC, if its owner said so.
#[derive(Debug)]
pub(crate) struct Clock {
    offset_minutes: Option<i64>,
}

impl Clock {
    /// `None` if the offset is longer than a day.
    pub(crate) fn new(offset_minutes: Option<i16>) -> Option<Self> {
        let fits = offset_minutes.is_none_or(|minutes| (-1440..=1440).contains(&minutes));
        fits.then(|| Self { offset_minutes: offset_minutes.map(i64::from) })
    }

    /// The time of a frame: `Epoch`, or `Time` as a number or with a zone, or without one and the offset. Without
    /// the offset it becomes a text among the fields.
    pub(crate) fn read(&self, body: &Object<'_>, fields: &mut Fields) -> Option<u64> {
        if let Some(at_ms) = body.get("Epoch").and_then(number::unix_seconds_ms) {
            return Some(at_ms);
        }
        match body.get("Time")? {
            Value::String(text) => match time::rfc3339_ms(text) {
                Some(at_ms) => is_set(i64::try_from(at_ms).ok()?).then_some(at_ms),
                None => self.local(text, fields),
            },
            seconds => number::unix_seconds_ms(seconds),
        }
    }

    fn local(&self, text: &str, fields: &mut Fields) -> Option<u64> {
        let wall_ms = i64::try_from(time::rfc3339_ms(&format!("{text}Z"))?).ok()?;
        if !is_set(wall_ms) {
            return None;
        }
        let Some(offset) = self.offset_minutes else {
            let civil = text.get(..CIVIL_BYTES)?;
            fields.push(PATH, Scalar::Text(civil.to_owned()), None);
            return None;
        };
        u64::try_from(wall_ms - offset * MINUTE_MS).ok()
    }
}

const fn is_set(ms: i64) -> bool {
    ms >= SET_MS
}
