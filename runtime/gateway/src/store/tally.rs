//! What was committed since the start, in numbers.

use super::silence::{Histogram, Silence};
use crate::ledger::Kind;
use std::{collections::BTreeMap, time::Duration};

/// Counts of what is on disk: a commit that failed is in none but `failures`.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Frames that were decided.
    pub frames: u64,
    /// Decisions on them: one for each grant that was asked, or one for the whole frame.
    pub decisions: u64,
    /// Entries of the ledger, by what they say and why.
    pub entries: BTreeMap<(Kind, &'static str), u64>,
    /// Releases that wait now, by recipient.
    pub waiting: BTreeMap<String, u64>,
    /// How many entries the ledger has, older ones included.
    pub ledger: i64,
    /// How long it took from hearing of a withdrawal until frames were denied,
    pub denied: Histogram,
    /// and until nothing waited any more.
    pub purged: Histogram,
    /// Commits.
    pub commits: u64,
    /// Commits that failed.
    pub failures: u64,
    /// What commits took.
    pub time: Duration,
}

/// What one commit adds.
#[derive(Debug, Default)]
pub(super) struct More {
    /// Decisions that were asked to be kept.
    pub(super) decisions: u64,
    /// Withdrawals after which nothing waits any more.
    pub(super) silences: Vec<Silence>,
    entries: BTreeMap<(Kind, &'static str), u64>,
    waiting: BTreeMap<String, i64>,
}

impl More {
    /// One entry of the ledger, about something for `recipient`.
    pub(super) fn entry(&mut self, (kind, reason): (Kind, &'static str), recipient: &str) {
        *self.entries.entry((kind, reason)).or_default() += 1;
        let change = match kind {
            Kind::Withheld | Kind::Quarantined | Kind::Withdrawn | Kind::Deleted | Kind::Ended => {
                return;
            }
            Kind::Queued => 1,
            Kind::Delivered | Kind::Expired | Kind::Purged => -1,
        };
        match self.waiting.get_mut(recipient) {
            Some(waiting) => *waiting += change,
            None => _ = self.waiting.insert(recipient.to_owned(), change),
        }
    }
}

impl Tally {
    /// How many decisions have no entry in the ledger. Anything but 0 is a fault of this program.
    pub fn unproved(&self) -> u64 {
        let entries = self.entries.iter().filter(|it| it.0.0.is_decision());
        self.decisions.abs_diff(entries.map(|it| it.1).sum())
    }

    /// It is on disk.
    pub(super) fn add(&mut self, more: More) {
        self.decisions += more.decisions;
        for silence in more.silences {
            self.denied.add(silence.denied);
            self.purged.add(silence.purged);
        }
        for (what, count) in more.entries {
            *self.entries.entry(what).or_default() += count;
        }
        for (recipient, change) in more.waiting {
            let waiting = self.waiting.entry(recipient).or_default();
            *waiting = waiting.saturating_add_signed(change);
        }
    }
}
