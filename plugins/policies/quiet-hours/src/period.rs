//! A quiet time that comes again each day, or on some days of the week.
//!
//! # Promises
//!
//! - It is never shorter than clocks show it. One that begins at a time which clocks skip begins when they jump,
//!   one that begins at a time which they show twice begins the first time, and one that ends there ends the
//!   second time.

use hushgate_sdk::{ConfigError, config};
use serde::Deserialize;

use crate::{posix::weekday_of, zone::Zone};

const DAY_S: i64 = 86_400;

/// A quiet time, in seconds after the midnight of the day on which it begins.
#[derive(Debug)]
pub(crate) struct Period {
    from: i64,
    to: i64,
    /// One bit for each; Sunday's is the lowest.
    weekdays: u8,
}

/// As written.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Written {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) days: Option<Vec<Weekday>>,
}

/// The day on which a quiet time begins.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Weekday {
    Sun,
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
}

impl Period {
    /// Checks what is written.
    pub(crate) fn new(written: Written) -> Result<Self, ConfigError> {
        let from = time_of_day(&written.from).filter(|it| *it < DAY_S);
        let from = from.ok_or_else(|| config::invalid("from", "HH:MM, 00:00 to 23:59"))?;
        let to = time_of_day(&written.to);
        let to = to.ok_or_else(|| config::invalid("to", "HH:MM, 00:00 to 24:00"))?;
        let weekdays = match written.days {
            None => 0x7F,
            Some(days) => days.into_iter().fold(0, |bits, day| bits | 1 << day as u8),
        };
        if weekdays == 0 {
            return Err(config::invalid(
                "days",
                "at least one of mon, tue, wed, thu, fri, sat, sun",
            ));
        }
        let to = if to < from { to + DAY_S } else { to };
        Ok(Self { from, to, weekdays })
    }

    /// When the quiet time that is now, if one is, ends.
    pub(crate) fn end(&self, zone: &Zone, now: i64) -> Option<i64> {
        let today = (now + zone.offset(now)).div_euclid(DAY_S);
        // Two days ago: clocks may skip a day. Tomorrow: they may show one twice.
        let days = today - 2..=today + 1;
        let ends = days.filter(|it| self.weekdays >> weekday_of(*it) & 1 == 1).filter_map(|day| {
            let midnight = day * DAY_S;
            let begun = self.from < self.to && zone.first(midnight + self.from) <= now;
            begun.then(|| zone.last(midnight + self.to)).filter(|it| now < *it)
        });
        ends.max()
    }
}

/// Seconds after midnight of `HH:MM`; `24:00` is the end of the day.
fn time_of_day(text: &str) -> Option<i64> {
    let [h1, h2, b':', m1, m2] = text.as_bytes() else { return None };
    let two_digits = |tens: &u8, ones: &u8| {
        let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
        digits.then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    };
    let (hours, minutes) = (two_digits(h1, h2)?, two_digits(m1, m2)?);
    let seconds = (hours * 60 + minutes) * 60;
    (minutes < 60 && seconds <= DAY_S).then_some(seconds)
}
