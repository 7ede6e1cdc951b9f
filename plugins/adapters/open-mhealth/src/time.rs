//! Reads time frames: moments, and intervals of which the end counts.
//!
//! # Promises
//!
//! - Of the forms that a schema offers (`oneOf`), exactly one must fit, as JSON Schema says.

use hushgate_sdk::json::Value;
use hushgate_sdk::time::{Civil, rfc3339_ms};

use super::rule::{self, FrameRule, Unit};

/// When something was observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When<'a> {
    /// In milliseconds since 1970.
    At(u64),
    /// Before 1970, or so many months after something: no moment that can be told.
    Somewhen,
    /// A date and a part of the day.
    Part(&'a str, &'a str),
}

pub(crate) const PARTS_OF_DAY: &[&str] = &["morning", "afternoon", "evening", "night"];

/// Units of durations, with their names in UCUM.
pub(crate) const DURATIONS: &[Unit] = &[
    ("ps", "ps"),
    ("ns", "ns"),
    ("us", "us"),
    ("ms", "ms"),
    ("sec", "s"),
    ("min", "min"),
    ("h", "h"),
    ("d", "d"),
    ("wk", "wk"),
    ("Mo", "mo"),
    ("yr", "a"),
];

/// How many milliseconds each is; months and years have no one length.
const MILLISECONDS: &[(&str, f64)] = &[
    ("ps", 1e-9),
    ("ns", 1e-6),
    ("us", 1e-3),
    ("ms", 1.0),
    ("s", 1e3),
    ("min", 6e4),
    ("h", 3.6e6),
    ("d", 8.64e7),
    ("wk", 6.048e8),
];

/// A time frame, or `None` if it is not one.
pub(crate) fn frame<'a>(value: &'a Value<'_>, rule: FrameRule) -> Option<When<'a>> {
    let object = value.as_object()?;
    let date_time = object.get("date_time").and_then(Value::as_str).and_then(moment);
    let interval = object.get("time_interval").and_then(|it| interval(it, rule.part_of_day));
    match (date_time, interval) {
        (Some(when), None) if !rule.only_interval => Some(when),
        (None, Some(when)) => Some(when),
        // A frame that must have an interval and has a broken one beside a moment: `required` is content.
        (Some(when), None) if object.contains_key("time_interval") => Some(when),
        _ => None,
    }
}

/// A time interval's end, or `None` if it is not one.
pub(crate) fn interval<'a>(value: &'a Value<'_>, part_of_day: bool) -> Option<When<'a>> {
    let object = value.as_object()?;
    let text = |name| object.get(name).and_then(Value::as_str);
    let start = text("start_date_time").and_then(moment);
    let end = text("end_date_time").and_then(moment);
    let duration = object.get("duration").and_then(|it| rule::quantity(it, DURATIONS));
    let date = text("date").filter(|date| is_date(date));
    let part = text("part_of_day").filter(|part| part_of_day && PARTS_OF_DAY.contains(part));
    let forms = [
        start.zip(duration).map(|(start, duration)| later(start, duration)),
        end.zip(duration).map(|(end, _)| end),
        start.zip(end).map(|(_, end)| end),
        date.zip(part).map(|(date, part)| When::Part(date, part)),
    ];
    let mut fitting = forms.into_iter().flatten();
    let form = fitting.next()?;
    fitting.next().is_none().then_some(form)
}

/// A `date-time` of RFC 3339, section 5.6.
pub(crate) fn moment(text: &str) -> Option<When<'static>> {
    if text.as_bytes().get(10) == Some(&b' ') {
        return None;
    }
    if let Some(ms) = rfc3339_ms(text) {
        return Some(When::At(ms));
    }
    // Before 1970: it is a moment if it is one in a year of the same length since then.
    let (year, rest) = text.split_at_checked(4)?;
    let year: u32 = year.bytes().all(|it| it.is_ascii_digit()).then(|| year.parse().ok())??;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let since = if is_leap { "2000" } else { "2001" };
    rfc3339_ms(&format!("{since}{rest}")).map(|_| When::Somewhen)
}

fn later(start: When<'static>, (length, unit): (f64, &str)) -> When<'static> {
    let When::At(start) = start else { return When::Somewhen };
    let factor = MILLISECONDS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| factor);
    let ms = factor.map(|factor| (length * factor).round()).filter(|ms| ms.abs() < 1e15);
    #[expect(clippy::cast_possible_truncation, reason = "whole, and far from the limits of an i64")]
    let end = ms.and_then(|ms| start.checked_add_signed(ms as i64));
    end.map_or(When::Somewhen, When::At)
}

/// The schemas ask for digits and hyphens; that the calendar has it is asked here, too.
fn is_date(text: &str) -> bool {
    let [year, month, day] = text.split('-').collect::<Vec<_>>()[..] else { return false };
    let number = |digits: &str, count: usize| {
        let fits = digits.len() == count && digits.bytes().all(|it| it.is_ascii_digit());
        fits.then(|| digits.parse::<i64>().ok()).flatten()
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2))
    else {
        return false;
    };
    Civil { year, month, day, hour: 0, minute: 0, second: 0 }.ms(0).is_some()
}
