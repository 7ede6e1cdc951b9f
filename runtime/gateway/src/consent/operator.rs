//! What the host itself does to a field on its way out: no plugin can, since each of it needs a key, chance or a memory
//! that a plugin must not have.
//!
//! # Promises
//!
//! - It is applied after the minimizers and before sealing, whatever they return.
//! - What is spent or counted is kept in one transaction with what leaves.
//! - Two subjects' operators meet in the stricter, or not at all.

pub mod buckets;
pub mod noise;
pub mod pseudonym;
pub mod window;

use super::schema::Rule;
use crate::message::Millis;
use noise::{Account, Noise, Spent};
use pseudonym::Known;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};
pub use window::Summary;
use window::Window;

/// What the host does to a number before it is clamped.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Operators {
    /// One value for all of a slot.
    pub summary: Option<Summary>,
    /// Chance is added.
    pub noise: Option<Noise>,
}

impl Operators {
    /// What it does, for people, after what can leave.
    pub fn in_words(&self) -> String {
        let summary = self.summary.map_or_else(String::new, |it| format!(", {}", it.in_words()));
        let noise = self.noise.map_or_else(String::new, |it| format!(", {}", it.in_words()));
        format!("{summary}{noise}")
    }

    /// What it does, in a word each. Noise that only a policy asks for is none of it.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let noise = self.noise.filter(|it| it.epsilon.is_some()).map(|_| "noise");
        self.summary.map(Summary::name).into_iter().chain(noise)
    }

    /// The stricter of both; nothing if there is none.
    pub fn and(&self, other: &Self) -> Option<Self> {
        let noise = match (self.noise, other.noise) {
            (Some(ours), Some(theirs)) => Some(ours.and(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        Some(Self { summary: Summary::of_both(self.summary, other.summary)?, noise })
    }
}

/// What the host remembers for a grant's operators, by path. It prints as `[hidden]`: there are values in it.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    windows: BTreeMap<String, Window>,
    spent: BTreeMap<String, Spent>,
    pseudonyms: BTreeMap<String, Known>,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory([hidden])")
    }
}

impl Memory {
    /// The window of `path`.
    pub fn window(&mut self, path: &str) -> &mut Window {
        self.windows.entry(path.to_owned()).or_default()
    }

    /// What noise has cost at `path`.
    pub fn spent(&mut self, path: &str) -> &mut Spent {
        self.spent.entry(path.to_owned()).or_default()
    }

    /// Where the budget of `rule` stands at `at`; nothing if it has none.
    pub fn account(&self, rule: &Rule, at: Millis) -> Option<Account> {
        Some(rule.operators.noise?.account(self.spent.get(&rule.path), at))
    }

    /// The pseudonyms that were given at `path` in the epoch that was seen last.
    pub fn given(&self, path: &str) -> &[[u8; 16]] {
        self.pseudonyms.get(path).map_or(&[], Known::given)
    }

    /// The pseudonyms given at `path`.
    pub fn known(&mut self, path: &str) -> &mut Known {
        self.pseudonyms.entry(path.to_owned()).or_default()
    }
}

/// Where the host takes chance from: 64 bits, or none to be had.
pub type Coins<'a> = &'a mut dyn FnMut() -> Option<u64>;

/// When the period of `length` began in which `at` is, or a later one that was seen before: a clock that steps back
/// must not begin it anew.
fn period(at: Millis, length: i64, seen: i64) -> i64 {
    let length = length.max(1);
    at.0.div_euclid(length).saturating_mul(length).max(seen)
}
