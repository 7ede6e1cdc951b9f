//! One value for all that came in a slot.
//!
//! # Promises
//!
//! - A slot's value leaves in the next slot or never, so that its time always tells which slot it is about.
//! - What comes late is left out; what is kept is bounded.

use super::super::grant::Grant;
use crate::message::Millis;
use serde::{Deserialize, Serialize};

/// The most samples of one slot that a median is taken of; further ones are left out.
const SAMPLES_MAX: usize = 512;

/// How many samples become one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Summary {
    /// The middle one; of an even number, the lower of the two in the middle.
    Median,
    /// The arithmetic mean.
    Mean,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// How many there were. It leaves without a unit.
    Count,
    /// All of them together.
    Sum,
}

impl Summary {
    /// The stricter of two. A count or a sum says something else than one value, so it meets only its like.
    pub(super) fn of_both(ours: Option<Self>, theirs: Option<Self>) -> Option<Option<Self>> {
        match (ours, theirs) {
            _ if ours == theirs => Some(ours),
            (Some(it), None) | (None, Some(it)) if !it.is_of_another_kind() => Some(Some(it)),
            _ => None,
        }
    }

    /// As it is written in a grant.
    pub fn name(self) -> &'static str {
        match self {
            Self::Median => "median",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::Count => "count",
            Self::Sum => "sum",
        }
    }

    /// What it is, for people.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Median => "the median of each time slot",
            Self::Mean => "the mean of each time slot",
            Self::Min => "the least of each time slot",
            Self::Max => "the greatest of each time slot",
            Self::Count => "how many there were in each time slot",
            Self::Sum => "the sum of each time slot",
        }
    }

    /// Whether what leaves is not among the values that came.
    pub fn is_of_another_kind(self) -> bool {
        matches!(self, Self::Count | Self::Sum)
    }
}

/// What came in one slot of one field.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    start: i64,
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
    /// Only where a median is asked for.
    samples: Vec<f64>,
}

impl Window {
    /// Takes the value of the slot before `slot`, if there is one that has not been taken; older ones are dropped.
    pub fn close(&mut self, grant: &Grant, slot: i64, summary: Summary) -> Option<f64> {
        let start = grant.slot_start(slot).0;
        if self.count > 0 && self.start >= start {
            return None;
        }
        let before = std::mem::take(self);
        self.start = start;
        let is_last = before.start == grant.slot_start(slot.saturating_sub(1)).0;
        (is_last && before.count > 0).then(|| before.value(summary)).flatten()
    }

    /// Adds what came in the slot that begins at `start`.
    pub fn add(&mut self, start: Millis, sample: f64, summary: Summary) {
        if self.start != start.0 {
            return;
        }
        let first = self.count == 0;
        self.min = if first { sample } else { self.min.min(sample) };
        self.max = if first { sample } else { self.max.max(sample) };
        self.count = self.count.saturating_add(1);
        self.sum += sample;
        if summary == Summary::Median && self.samples.len() < SAMPLES_MAX {
            self.samples.push(sample);
        }
    }

    fn value(mut self, summary: Summary) -> Option<f64> {
        let value = match summary {
            Summary::Median => {
                self.samples.sort_unstable_by(f64::total_cmp);
                *self.samples.get(self.samples.len().saturating_sub(1) / 2)?
            }
            Summary::Mean => self.sum / self.count as f64,
            Summary::Min => self.min,
            Summary::Max => self.max,
            Summary::Count => self.count as f64,
            Summary::Sum => self.sum,
        };
        value.is_finite().then_some(value)
    }
}
