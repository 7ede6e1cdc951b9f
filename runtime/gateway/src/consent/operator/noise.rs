//! Noise on numbers: discrete Laplace, and a budget of it that is spent with each value that leaves.
//!
//! # Promises
//!
//! - All is whole numbers: neither the draw nor the account rounds in anybody's favour but the subject's.
//! - A value is noisy or does not leave.

pub mod sample;

use super::{
    super::{field::period_ms, validity},
    period,
};
use crate::message::Millis;
use sample::Scale;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a grant says about noise on a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noise {
    /// How much one value may tell; none where only a policy can ask for noise.
    pub epsilon: Option<Epsilon>,
    /// By how many of the field's steps the value can change through what shall not be seen.
    pub sensitivity: u32,
    /// How much all values of a period may tell, in micro-epsilon.
    pub budget: u64,
    /// How long a period is, in milliseconds.
    pub period_ms: i64,
}

/// A fraction above 0: both parts are at most [`Epsilon::PART_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epsilon {
    over: u32,
    under: u32,
}

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NoiseFile {
    epsilon: Option<String>,
    sensitivity: u32,
    budget: String,
    period: Option<String>,
}

/// What was spent in a period.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    start: i64,
    micro: u64,
}

/// Where a budget stands, in micro-epsilon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// What was spent in this period.
    pub spent: u64,
    /// What may be spent in a period.
    pub budget: u64,
    /// When the next period begins, with nothing spent.
    pub until: Millis,
}

impl Account {
    /// What may still be spent in this period.
    pub fn left(&self) -> u64 {
        // A budget that was made smaller may be overdrawn.
        self.budget.saturating_sub(self.spent)
    }
}

impl Epsilon {
    /// The most that each of its parts can be.
    pub const PART_MAX: u32 = 1_000_000;

    /// A fraction such as `1/10`, or a whole number.
    pub fn of_text(text: &str) -> Option<Self> {
        let (over, under) = text.split_once('/').unwrap_or((text, "1"));
        let part =
            |it: &str| it.trim().parse().ok().filter(|it: &u32| (1..=Self::PART_MAX).contains(it));
        Some(Self { over: part(over)?, under: part(under)? })
    }

    /// What a policy asked for, rounded to less. Nothing if that is none.
    pub fn of_asked(asked: f64) -> Option<Self> {
        let parts = f64::from(Self::PART_MAX);
        // NaN is in no range.
        let is_one = asked * parts >= 1.0 && asked <= 1.0;
        is_one.then_some(Self { over: (asked * parts) as u32, under: Self::PART_MAX })
    }

    /// The smaller of two: it tells less.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        let product = |a: u32, b: u32| u64::from(a) * u64::from(b);
        match product(self.over, other.under) <= product(other.over, self.under) {
            true => self,
            false => other,
        }
    }

    /// In micro-epsilon, rounded to more.
    fn micro(self) -> u64 {
        (u64::from(self.over) * 1_000_000).div_ceil(u64::from(self.under))
    }

    /// In micro-epsilon, rounded to less: for a budget.
    fn micro_at_most(self) -> u64 {
        u64::from(self.over) * 1_000_000 / u64::from(self.under)
    }
}

impl NoiseFile {
    /// Checks it.
    pub fn checked(self) -> Result<Noise, String> {
        let fraction = |name: &str, text: &str| {
            Epsilon::of_text(text).ok_or_else(|| {
                format!("`{name}` must be a fraction of numbers up to 1000000, such as \"1/10\"")
            })
        };
        let epsilon = self.epsilon.map(|it| fraction("epsilon", &it)).transpose()?;
        let budget = fraction("budget", &self.budget)?.micro_at_most();
        if self.sensitivity == 0 {
            return Err("`sensitivity` must be at least 1: it counts steps".into());
        }
        if epsilon.is_some_and(|it| it.micro() > budget) {
            return Err("`budget` must be at least `epsilon`, or nothing ever leaves".into());
        }
        let period_ms = period_ms("period", self.period.as_deref().unwrap_or("30 days"))?;
        Ok(Noise { epsilon, sensitivity: self.sensitivity, budget, period_ms })
    }
}

impl Noise {
    /// What it is, for people.
    pub(super) fn in_words(self) -> String {
        let period = Duration::from_millis(self.period_ms.unsigned_abs());
        let period = validity::in_words(period);
        let budget = self.budget as f64 / 1e6;
        match self.epsilon {
            Some(Epsilon { over, under }) => {
                format!("with noise of epsilon {over}/{under}, at most {budget} in {period}")
            }
            None => format!("with noise if a policy asks for it, at most {budget} in {period}"),
        }
    }

    /// The stricter of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let epsilon = match (self.epsilon, other.epsilon) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        Self {
            epsilon,
            sensitivity: self.sensitivity.max(other.sensitivity),
            budget: self.budget.min(other.budget),
            period_ms: self.period_ms.max(other.period_ms),
        }
    }

    /// Takes `epsilon` out of the budget of the period that `at` is in. False if so much is not left.
    pub fn spend(&self, epsilon: Epsilon, spent: &mut Spent, at: Millis) -> bool {
        let start = period(at, self.period_ms, spent.start);
        if start != spent.start {
            *spent = Spent { start, micro: 0 };
        }
        match spent.micro.checked_add(epsilon.micro()).filter(|it| *it <= self.budget) {
            Some(micro) => spent.micro = micro,
            None => return false,
        }
        true
    }

    /// Where its budget stands at `at`.
    pub fn account(&self, spent: Option<&Spent>, at: Millis) -> Account {
        let (began, micro) = spent.map_or((0, 0), |it| (it.start, it.micro));
        let start = period(at, self.period_ms, began);
        let spent = if start == began { micro } else { 0 };
        Account { spent, budget: self.budget, until: Millis(start).plus(self.period_ms) }
    }

    /// How wide it is for `epsilon`.
    pub fn scale(&self, epsilon: Epsilon) -> Scale {
        Scale::new(u64::from(self.sensitivity) * u64::from(epsilon.under), u64::from(epsilon.over))
    }
}

#[cfg(test)]
mod tests;
