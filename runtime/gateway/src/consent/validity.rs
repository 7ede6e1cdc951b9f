//! From when, until when and how often a grant permits.
//!
//! # Promises
//!
//! - A grant has an end: a time, or a period from its beginning on. Only one of the two can be written.

use crate::{
    message::Millis,
    source::{SettingsError, Source},
};
use std::time::Duration;
use toml::{Spanned, value::Datetime};

/// The most uses that can be counted out, which is one a second for eleven days; who wants more wants a period.
const USES_MAX: i64 = 1_000_000;

const DAY: u64 = 86_400;

/// When it begins, and the first moment at which it is over.
pub fn window(
    source: &Source,
    from: &Spanned<Datetime>,
    (until, period): (Option<&Spanned<Datetime>>, Option<&Spanned<String>>),
) -> Result<(Millis, Millis), SettingsError> {
    let begin = at(source, from)?;
    match (until, period) {
        (Some(until), None) => match at(source, until)? {
            end if begin < end => Ok((begin, end)),
            _ => Err(source.error(until.span(), "must be after `valid-from`")),
        },
        (None, Some(period)) => {
            let length = i64::try_from(source.duration(period)?.as_millis()).ok();
            let end = length.and_then(|it| begin.0.checked_add(it));
            let end = end.filter(|it| jiff::Timestamp::from_millisecond(*it).is_ok());
            end.map(|it| (begin, Millis(it)))
                .ok_or_else(|| source.error(period.span(), "ends after the year 9999"))
        }
        (Some(_), Some(period)) => {
            Err(source.error(period.span(), "contradicts `valid-until`: write one of the two"))
        }
        (None, None) => Err(source
            .error(from.span(), "needs an end: `valid-until`, or `valid-for` such as `180 days`")),
    }
}

/// How often something may leave at most.
pub fn uses(source: &Source, uses: Option<Spanned<i64>>) -> Result<Option<u32>, SettingsError> {
    let Some(uses) = uses else { return Ok(None) };
    let count = Some(*uses.get_ref()).filter(|it| (1..=USES_MAX).contains(it));
    let count = count.and_then(|it| u32::try_from(it).ok());
    count.map(Some).ok_or_else(|| {
        source.error(uses.span(), format!("`uses` must be a whole number from 1 to {USES_MAX}"))
    })
}

/// A time with its zone.
pub fn at(source: &Source, setting: &Spanned<Datetime>) -> Result<Millis, SettingsError> {
    let text = setting.get_ref().to_string();
    let time = text.parse::<jiff::Timestamp>().map_err(|_| {
        source.error(
            setting.span(),
            "must be a date and time with zone, such as 2026-11-23T00:00:00Z",
        )
    })?;
    Ok(Millis(time.as_millisecond()))
}

/// A duration as people say it: 90 days, not two months and 29 days.
pub fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => humantime::format_duration(duration).to_string(),
        _ if seconds.is_multiple_of(DAY) => counted(seconds / DAY, "day"),
        _ if seconds.is_multiple_of(3600) => counted(seconds / 3600, "hour"),
        _ if seconds.is_multiple_of(60) => counted(seconds / 60, "minute"),
        _ => counted(seconds, "second"),
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_as_people_say_them() {
        let says = |text: &str| in_words(humantime::parse_duration(text).unwrap());
        assert_eq!(says("90 days"), "90 days");
        assert_eq!(says("24 h"), "1 day");
        assert_eq!(says("36 h"), "36 hours");
        assert_eq!(says("5 min"), "5 minutes");
        assert_eq!(says("90 s"), "90 seconds");
        assert_eq!(says("1 h"), "1 hour");
    }
}
