//! Time zones: what local clocks show, and when they show it.
//!
//! # Promises
//!
//! - Every name of the IANA time zone database is known, with its offsets from 2026-11-02 on. Of the time before
//!   nothing is kept: today's rule counts there, too.
//! - [`Zone::first`] and [`Zone::last`] have an answer for every time that a clock can show, also for one that
//!   it skips or shows twice.

use crate::posix::Rule;

/// Written by `zones.py`, which says how to read it.
const ZONES: &str = include_str!("zones.txt");
/// Farther than any clock is from UTC, and any change of a clock.
const REACH_S: i64 = 2 * 86_400;

/// Where clocks show the same time.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    /// What no rule yields, in order. From the last of them on the rule counts.
    listed: Vec<Change>,
    rule: Rule,
}

/// From when on local time is so many seconds ahead of UTC.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) at: i64,
    pub(crate) offset: i64,
}

impl Zone {
    /// Where clocks are always so many seconds ahead of UTC.
    pub(crate) fn fixed(offset: i64) -> Self {
        Self { listed: Vec::new(), rule: Rule::fixed(offset) }
    }

    /// Where these changes come before the rule.
    #[cfg(test)]
    pub(crate) fn listed(listed: Vec<Change>, rule: Rule) -> Self {
        Self { listed, rule }
    }

    /// The zone of an IANA name, or else of a rule in POSIX notation.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let named = ZONES.lines().find(|line| names(line).any(|it| it == text));
        match named {
            Some(line) => Self::from_line(line),
            None => Some(Self { listed: Vec::new(), rule: Rule::parse(text)? }),
        }
    }

    fn from_line(line: &str) -> Option<Self> {
        let rule = Rule::parse(line.split(' ').next()?)?;
        let change = |text: &str| {
            let (at, offset) = text.strip_prefix('@')?.split_once('=')?;
            let minutes = |it: &str| it.parse::<i64>().ok()?.checked_mul(60);
            Some(Change { at: minutes(at)?, offset: minutes(offset)? })
        };
        Some(Self { listed: line.split(' ').filter_map(change).collect(), rule })
    }

    /// How many seconds local time is ahead of UTC at `at`.
    pub(crate) fn offset(&self, at: i64) -> i64 {
        let later = self.listed.partition_point(|it| it.at <= at);
        let listed = later.checked_sub(1).and_then(|it| self.listed.get(it));
        match listed {
            Some(change) if later < self.listed.len() => change.offset,
            _ => self.rule.offset(at),
        }
    }

    /// The first moment at which clocks show `local` or more. One that is skipped: when they jump.
    pub(crate) fn first(&self, local: i64) -> i64 {
        let spans = self.spans(local);
        let found = spans.iter().find_map(|it| {
            let shown = local - it.offset;
            (shown < it.end).then_some(shown.max(it.start))
        });
        found.unwrap_or(local)
    }

    /// The first moment after which clocks always show more than `local`. One that is shown twice: the later.
    pub(crate) fn last(&self, local: i64) -> i64 {
        let spans = self.spans(local);
        let found = spans.iter().rev().find_map(|it| {
            let shown = local - it.offset;
            (shown >= it.start).then_some(shown.min(it.end))
        });
        found.unwrap_or(local)
    }

    /// The spans of one offset each, around the time at which clocks show `local`.
    fn spans(&self, local: i64) -> Vec<Span> {
        let (from, to) = (local - REACH_S, local + REACH_S);
        let ruled_from = self.listed.last().map_or(i64::MIN, |it| it.at);
        let ruled = self.rule.changes(local).into_iter().filter(|it| it.at > ruled_from);
        let changes = self.listed.iter().copied().chain(ruled);
        let mut spans = vec![Span { start: from, end: to, offset: self.offset(from) }];
        for change in changes.filter(|it| from < it.at && it.at < to) {
            if let Some(last) = spans.last_mut() {
                last.end = change.at;
            }
            spans.push(Span { start: change.at, end: to, offset: change.offset });
        }
        // Rules for summer all year end and begin it in one moment.
        spans.retain(|it| it.start < it.end);
        spans
    }
}

/// From `start` to `end` (not included).
struct Span {
    start: i64,
    end: i64,
    offset: i64,
}

/// The names on a line of the table.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let comment = line.starts_with('#');
    line.split(' ').skip(1).filter(move |it| !comment && !it.starts_with('@'))
}
