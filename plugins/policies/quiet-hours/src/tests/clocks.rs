//! Quiet hours where clocks change, compared with clocks that are read minute by minute.

use hushgate_sdk::policy::{Policy, Request, Verdict};
use jiff::{Timestamp, tz::TimeZone};

use super::request;
use crate::{
    Action, QuietHours,
    period::{Period, Written},
    posix::{Rule, weekday_of},
    zone::{Change, Zone},
};

const DAY_MIN: i64 = 24 * 60;
/// Farther than any change moves a clock.
const REACH_MIN: i64 = 3 * DAY_MIN;

/// What clocks show at each minute of a span, in minutes since 1970, as jiff says.
struct Clocks {
    from: i64,
    shown: Vec<i64>,
    /// The minutes at which they change.
    changes: Vec<i64>,
}

impl Clocks {
    fn new(zone: &TimeZone, from: &str, to: &str) -> Self {
        let minute = |it: &str| it.parse::<Timestamp>().unwrap().as_second() / 60;
        let (from, to) = (minute(from), minute(to));
        let offset = |at: i64| {
            let at = Timestamp::from_second(at * 60).unwrap();
            i64::from(zone.to_offset(at).seconds()) / 60
        };
        let offsets: Vec<_> = (from..to).map(offset).collect();
        let changes = offsets.windows(2).enumerate().filter(|it| it.1[0] != it.1[1]);
        let changes = changes.map(|it| from + it.0 as i64 + 1).collect();
        let shown = offsets.iter().zip(from..).map(|(offset, at)| at + offset).collect();
        Self { from, shown, changes }
    }

    fn around(&self, local: i64) -> impl DoubleEndedIterator<Item = (i64, i64)> {
        let shown = self.from..self.from + self.shown.len() as i64;
        let near = shown.start.max(local - REACH_MIN)..shown.end.min(local + REACH_MIN);
        near.map(|at| (at, self.shown[(at - self.from) as usize]))
    }

    /// Whether each minute is quiet, by the definition in words.
    fn quiet(&self, from: i64, to: i64, weekdays: &[i64]) -> Vec<bool> {
        let mut quiet = vec![false; self.shown.len()];
        let days = self.shown[0] / DAY_MIN + 4..self.shown[self.shown.len() - 1] / DAY_MIN - 4;
        for day in days.filter(|it| weekdays.contains(&weekday_of(*it))) {
            let (begins, ends) = (day * DAY_MIN + from, day * DAY_MIN + to);
            let begin = self.around(begins).find(|it| it.1 >= begins).unwrap().0;
            let end = self.around(ends).rev().find(|it| it.1 <= ends).unwrap();
            let end = if end.1 == ends { end.0 } else { end.0 + 1 };
            for at in begin..end {
                quiet[(at - self.from) as usize] = true;
            }
        }
        quiet
    }

    fn check(&self, zone: &Zone, (from, to, weekdays): (i64, i64, &[i64]), name: &str) {
        let quiet = self.quiet(from, to, weekdays);
        let policy = policy(zone.clone(), (from, to, weekdays));
        let inside = 8 * DAY_MIN..self.shown.len() as i64 - 16 * DAY_MIN;
        for index in inside {
            let at = self.from + index;
            let near_change = self.changes.iter().any(|it| (at - it).abs() < DAY_MIN);
            let edge = quiet[index as usize] != quiet[index as usize - 1];
            if !near_change && !edge && index % 241 != 0 {
                continue;
            }
            let end = (index..).find(|it| !quiet[*it as usize]).unwrap();
            let expected = match end - index {
                0 => Verdict::Release(Vec::new()),
                left => Verdict::HoldUntil((at + left).unsigned_abs() * 60_000),
            };
            let request = Request { now_ms: at.unsigned_abs() * 60_000, ..request() };
            let answer = policy.evaluate(request).unwrap();
            assert_eq!(answer, expected, "{name} {from} to {to} at minute {at}");
        }
    }
}

fn policy(zone: Zone, (from, to, weekdays): (i64, i64, &[i64])) -> QuietHours {
    let text = |it: i64| format!("{:02}:{:02}", it % DAY_MIN / 60, it % 60);
    let days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let days: Vec<_> = weekdays.iter().map(|it| format!("\"{}\"", days[*it as usize])).collect();
    let json =
        format!(r#"{{"from":"{}","to":"{}","days":[{}]}}"#, text(from), text(to), days.join(","));
    let written: Written = hushgate_sdk::config::parse(&json).unwrap();
    QuietHours { zone, periods: vec![Period::new(written).unwrap()], action: Action::Hold }
}

/// By night, by day, and beginning and ending in hours that are skipped or come twice.
const HOURS: [(i64, i64, &[i64]); 6] = [
    (22 * 60, 31 * 60, &[0, 1, 2, 3, 4, 5, 6]),
    (12 * 60, 13 * 60 + 30, &[1, 3, 6]),
    (2 * 60 + 30, 5 * 60, &[0, 1, 2, 3, 4, 5, 6]),
    (23 * 60, 26 * 60 + 30, &[0, 4, 6]),
    (2 * 60, 3 * 60, &[0, 6]),
    (60 + 15, 60 + 45, &[0, 5]),
];

#[test]
fn hours_are_right_where_clocks_change() {
    let database = jiff::tz::TimeZoneDatabase::bundled();
    for name in [
        "Europe/Berlin",
        "Europe/Dublin",
        "America/St_Johns",
        "America/Havana",
        "America/Nuuk",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Asia/Gaza",
        "Africa/Casablanca",
        "Africa/Cairo",
        "Pacific/Auckland",
        "Pacific/Apia",
    ] {
        let theirs = database.get(name).unwrap();
        let clocks = Clocks::new(&theirs, "2026-11-03T00:00Z", "2030-02-01T00:00Z");
        let ours = Zone::parse(name).unwrap();
        HOURS.into_iter().for_each(|hours| clocks.check(&ours, hours, name));
    }
}

#[test]
fn summer_that_is_counted_backwards_is_the_same() {
    let rule = "IST-1GMT0,M10.5.0,M3.5.0/1";
    let clocks =
        Clocks::new(&TimeZone::posix(rule).unwrap(), "2026-11-03T00:00Z", "2029-02-01T00:00Z");
    HOURS.into_iter().for_each(|it| clocks.check(&Zone::parse(rule).unwrap(), it, rule));
}

/// Of years that the table no longer has.
fn past(name: &str, from: &str, to: &str) {
    let theirs = jiff::tz::TimeZoneDatabase::bundled().get(name).unwrap();
    let clocks = Clocks::new(&theirs, from, to);
    let change = |at: &i64| {
        let offset = theirs.to_offset(Timestamp::from_second(at * 60).unwrap());
        Change { at: at * 60, offset: i64::from(offset.seconds()) }
    };
    let first = clocks.from;
    let listed: Vec<_> = [&first].into_iter().chain(&clocks.changes).map(change).collect();
    let rule = Rule::fixed(listed[listed.len() - 1].offset);
    let ours = Zone::listed(listed, rule);
    HOURS.into_iter().for_each(|hours| clocks.check(&ours, hours, name));
}

#[test]
fn a_day_that_is_skipped_is_quiet_where_its_night_was() {
    past("Pacific/Apia", "2011-08-01T00:00Z", "2013-02-01T00:00Z");
}

#[test]
fn a_day_that_comes_twice_is_quiet_twice() {
    past("Pacific/Kwajalein", "1993-07-01T00:00Z", "1993-10-01T00:00Z");
    past("America/Juneau", "1980-01-01T00:00Z", "1984-06-01T00:00Z");
}

#[test]
fn clocks_that_change_in_the_month_of_fasting_are_followed() {
    past("Africa/Casablanca", "2018-06-01T00:00Z", "2023-02-01T00:00Z");
}

#[test]
fn a_night_of_the_change_is_as_long_as_it_is() {
    let night = r#"{"from":"22:00","to":"07:00","time-zone":"Europe/Berlin"}"#;
    let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond().unsigned_abs();
    for (now, end) in [
        ("2027-03-27T21:00Z", "2027-03-28T05:00Z"),
        ("2027-10-30T20:00Z", "2027-10-31T06:00Z"),
        ("2027-07-01T20:00Z", "2027-07-02T05:00Z"),
        ("2027-01-01T21:00Z", "2027-01-02T06:00Z"),
    ] {
        super::check(night, at(now) - 1, None);
        super::check(night, at(now), Some(at(end)));
        super::check(night, at(end), None);
    }
}
