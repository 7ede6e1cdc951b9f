//! Rules for the offset from UTC, in the notation of POSIX (IEEE Std 1003.1-2024, section 8.3, `TZ`).
//!
//! # Promises
//!
//! - What is not that notation is refused, and so is summer time without a rule for it: POSIX leaves that open.
//! - Hours of a switch may be -167 to 167 (RFC 9636, section 3.3.2), as zones such as Asia/Jerusalem need.

use hushgate_sdk::time::Civil;

use crate::zone::Change;

const DAY_S: i64 = 86_400;
const YEAR_S_MEAN: i64 = 31_556_952;
/// Of the name of a zone, by POSIX.
const NAME_BYTES_MIN: usize = 3;
/// 1970-01-01 was a Thursday; Sunday is 0.
const WEEKDAY_OF_1970: i64 = 4;

/// How far local time is ahead of UTC, in seconds, over the year.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    standard: i64,
    summer: Option<Summer>,
}

#[derive(Clone, Debug)]
struct Summer {
    offset: i64,
    begins: Switch,
    ends: Switch,
}

/// A day of each year, and seconds after its local midnight.
#[derive(Clone, Debug)]
struct Switch {
    day: Day,
    seconds: i64,
}

#[derive(Clone, Copy, Debug)]
enum Day {
    /// The `week`th `weekday` of `month`; the fifth is the last.
    Weekday { month: i64, week: i64, weekday: i64 },
    /// 1 to 365; 29 February is never counted.
    Julian(i64),
    /// 0 to 365; it is counted.
    Ordinal(i64),
}

impl Rule {
    /// The same offset all year.
    pub(crate) fn fixed(offset: i64) -> Self {
        Self { standard: offset, summer: None }
    }

    /// Reads POSIX notation, such as `CET-1CEST,M3.5.0,M10.5.0/3`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rest = after_name(text)?;
        let (behind, rest) = clock(rest, 24)?;
        let standard = -behind;
        if rest.is_empty() {
            return Some(Self::fixed(standard));
        }
        let rest = after_name(rest)?;
        let (offset, rest) = match rest.strip_prefix(',') {
            Some(rest) => (standard + 3600, rest),
            None => {
                let (behind, rest) = clock(rest, 24)?;
                (-behind, rest.strip_prefix(',')?)
            }
        };
        let (begins, ends) = rest.split_once(',')?;
        let summer = Summer { offset, begins: Switch::parse(begins)?, ends: Switch::parse(ends)? };
        Some(Self { standard, summer: Some(summer) })
    }

    /// The offset at `at`.
    pub(crate) fn offset(&self, at: i64) -> i64 {
        let before = self.changes(at).into_iter().rev().find(|it| it.at <= at);
        before.map_or(self.standard, |it| it.offset)
    }

    /// The last changes before `near` and those within months after it, in order.
    pub(crate) fn changes(&self, near: i64) -> Vec<Change> {
        let Some(summer) = &self.summer else { return Vec::new() };
        let year = 1970 + near.div_euclid(YEAR_S_MEAN);
        let of_year = |year| {
            let begins = summer.begins.at(year)? - self.standard;
            let ends = summer.ends.at(year)? - summer.offset;
            let begins = Change { at: begins, offset: summer.offset };
            let ends = Change { at: ends, offset: self.standard };
            Some(if begins.at <= ends.at { [begins, ends] } else { [ends, begins] })
        };
        (year - 2..=year + 1).filter_map(of_year).flatten().collect()
    }
}

impl Switch {
    fn parse(text: &str) -> Option<Self> {
        let (day, seconds) = match text.split_once('/') {
            None => (text, 2 * 3600),
            Some((day, time)) => match clock(time, 167)? {
                (seconds, "") => (day, seconds),
                _ => return None,
            },
        };
        Some(Self { day: Day::parse(day)?, seconds })
    }

    /// As the local clock shows it, counted as if that were UTC.
    fn at(&self, year: i64) -> Option<i64> {
        Some(self.day.of(year)? * DAY_S + self.seconds)
    }
}

impl Day {
    fn parse(text: &str) -> Option<Self> {
        if let Some(days) = text.strip_prefix('J') {
            return number(days, 1..=365).map(Self::Julian);
        }
        let Some(weekday) = text.strip_prefix('M') else {
            return number(text, 0..=365).map(Self::Ordinal);
        };
        let (month, weekday) = weekday.split_once('.')?;
        let (week, weekday) = weekday.split_once('.')?;
        Some(Self::Weekday {
            month: number(month, 1..=12)?,
            week: number(week, 1..=5)?,
            weekday: number(weekday, 0..=6)?,
        })
    }

    /// Its number in `year`, counted from 1970-01-01.
    fn of(self, year: i64) -> Option<i64> {
        match self {
            Self::Weekday { month, week, weekday } => {
                let first = day_number(year, month)?;
                let next_month = match month {
                    12 => day_number(year + 1, 1)?,
                    _ => day_number(year, month + 1)?,
                };
                let day = first + (weekday - weekday_of(first)).rem_euclid(7) + (week - 1) * 7;
                Some(if day < next_month { day } else { day - 7 })
            }
            Self::Julian(day) if day < 60 => Some(day_number(year, 1)? + day - 1),
            Self::Julian(day) => Some(day_number(year, 3)? + day - 60),
            Self::Ordinal(day) => Some(day_number(year, 1)? + day),
        }
    }
}

/// The weekday of a day that is counted from 1970-01-01; Sunday is 0.
pub(crate) fn weekday_of(day: i64) -> i64 {
    (day + WEEKDAY_OF_1970).rem_euclid(7)
}

/// The number of the first day of a month, counted from 1970-01-01; none before that.
fn day_number(year: i64, month: i64) -> Option<i64> {
    let midnight = Civil { year, month, day: 1, hour: 0, minute: 0, second: 0 };
    i64::try_from(midnight.ms(0)? / 1000).ok().map(|it| it / DAY_S)
}

/// What follows the name of a zone: three letters or more, or digits and signs, too, within `<` and `>`.
fn after_name(text: &str) -> Option<&str> {
    let (name, rest) = match text.strip_prefix('<') {
        Some(quoted) => {
            let (name, rest) = quoted.split_once('>')?;
            let fits = |it: u8| it.is_ascii_alphanumeric() || it == b'+' || it == b'-';
            (name.bytes().all(fits).then_some(name)?, rest)
        }
        None => {
            let end = text.find(|it: char| !it.is_ascii_alphabetic()).unwrap_or(text.len());
            text.split_at_checked(end)?
        }
    };
    (name.len() >= NAME_BYTES_MIN).then_some(rest)
}

/// Reads `[+-]hh[:mm[:ss]]` as seconds, and returns what follows.
fn clock(text: &str, hours_max: i64) -> Option<(i64, &str)> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = unsigned.find(|it: char| !it.is_ascii_digit() && it != ':');
    let (time, rest) = unsigned.split_at_checked(end.unwrap_or(unsigned.len()))?;
    let mut parts = time.splitn(3, ':');
    let hours = number(parts.next()?, 0..=hours_max)?;
    let mut sixty = || parts.next().map_or(Some(0), |it| number(it, 0..=59));
    let seconds = (hours * 60 + sixty()?) * 60 + sixty()?;
    Some((if text.starts_with('-') { -seconds } else { seconds }, rest))
}

/// At most three digits.
fn number(text: &str, within: std::ops::RangeInclusive<i64>) -> Option<i64> {
    let digits = (1..=3).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|it| within.contains(it))
}
