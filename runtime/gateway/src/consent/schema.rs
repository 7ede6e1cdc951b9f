//! The release schema: which fields may leave, and which values they can have.
//!
//! # Promises
//!
//! - [`Rule::clamp`] returns one of [`Rule::alphabet`] values, whatever it is given, or nothing.

use super::operator::{Operators, Summary, buckets, pseudonym::Pseudonyms};
use crate::message::Sensitive;
use hushgate_wasm::bindings::{Field, Scalar};

/// The most values that one field may have: 2⁵³, where steps stop being exact.
const STEPS_MAX: f64 = 9_007_199_254_740_992.0;

/// One field that may leave.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its path, as adapters name it.
    pub path: String,
    /// Its UCUM unit, or none. A field in another unit does not match.
    pub unit: Option<String>,
    /// The values it can have.
    pub domain: Domain,
    /// What the host does to it before it is clamped.
    pub operators: Operators,
}

/// The values that a released field can have.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// `min`, `min + step`, … up to `max`, in the field's unit.
    Number {
        /// The least value that leaves; anything below leaves as this.
        min: f64,
        /// The greatest value that leaves; anything above leaves as this.
        max: f64,
        /// The distance of two values. Greater than 0.
        step: f64,
    },
    /// True or false.
    Flag,
    /// One of these texts; any other does not leave.
    Choice(Vec<String>),
    /// The label of the bucket that a number falls into; these are the edges.
    Buckets(Vec<f64>),
    /// A pseudonym instead of a text.
    Pseudonym(Pseudonyms),
}

/// A rule cannot hold.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RuleError {
    /// A bound is not a number, or the range is empty.
    #[error("`range` must be two numbers, the smaller first")]
    Range,
    /// The step is not a positive number, or so small that steps are no longer exact.
    #[error("`step` must be above 0 and leave at most 2^53 values in the range")]
    Step,
    /// There is nothing to choose from.
    #[error("`one-of` must name at least one text, of at most 64 bytes each")]
    Choice,
    /// There is no edge, or they do not rise.
    #[error("`buckets` must be 1 to 64 numbers, each above the one before")]
    Buckets,
    /// Two subjects granted kinds or steps that have no common coarser one.
    #[error("the subjects' grants of this field have no values in common")]
    Apart,
}

/// A value inside its domain.
#[derive(Clone, PartialEq, Debug)]
pub enum Allowed {
    /// A number on a step, as written in decimal.
    Number(f64),
    /// A flag.
    Flag(bool),
    /// One of the texts that the grant names, a bucket's label, or a pseudonym.
    Choice(String),
}

impl Rule {
    /// Checks the numbers of a rule.
    pub fn check(self) -> Result<Self, RuleError> {
        match &self.domain {
            Domain::Number { min, max, step } => {
                if !(min.is_finite() && max.is_finite() && min <= max) {
                    return Err(RuleError::Range);
                }
                if !(is_step(*step) && (max - min) / step < STEPS_MAX) {
                    return Err(RuleError::Step);
                }
            }
            Domain::Choice(texts) if texts.is_empty() || texts.iter().any(|it| it.len() > 64) => {
                return Err(RuleError::Choice);
            }
            Domain::Buckets(edges) if !buckets::rise(edges) => return Err(RuleError::Buckets),
            Domain::Choice(_) | Domain::Flag | Domain::Buckets(_) | Domain::Pseudonym(_) => {}
        }
        Ok(self)
    }

    /// What the host does to it by itself, in words that need no space: none, or some with commas between them.
    pub fn operators_named(&self) -> String {
        let domain = match self.domain {
            Domain::Number { .. } => Some("step"),
            Domain::Buckets(_) => Some("bucket"),
            Domain::Pseudonym(_) => Some("pseudonym"),
            Domain::Flag | Domain::Choice(_) => None,
        };
        let words: Vec<_> = self.operators.names().chain(domain).collect();
        words.join(",")
    }

    /// How many values the field can have. At least 1.
    pub fn alphabet(&self) -> f64 {
        match &self.domain {
            Domain::Number { min, max, step } => last_step(*min, *max, *step) + 1.0,
            Domain::Flag => 2.0,
            Domain::Choice(texts) => texts.len() as f64,
            Domain::Buckets(edges) => edges.len() as f64 + 1.0,
            Domain::Pseudonym(it) => f64::from(it.max),
        }
    }

    /// Whether `field` is the one that this rule is about.
    pub fn matches(&self, field: &Field) -> bool {
        field.path == self.path && field.unit == self.unit
    }

    /// How many of its steps make one that is no finer than `asked`, which a policy asked for. Nothing if it has no
    /// steps, or `asked` is none.
    pub fn steps_in(&self, asked: f64) -> Option<f64> {
        match &self.domain {
            Domain::Number { step, .. } if is_step(asked) => Some(steps_in(*step, asked)),
            _ => None,
        }
    }

    /// The nearest value that may leave; of numbers, only each `steps`-th does. Nothing if the value is of another
    /// type, not a number, or not among the choices.
    pub fn clamp(&self, value: &Scalar, steps: f64) -> Option<Sensitive<Allowed>> {
        let allowed = match (&self.domain, value) {
            (Domain::Number { min, max, step }, value) => {
                Allowed::Number(on_grid(number(value)?, (*min, *max, *step), steps))
            }
            (Domain::Flag, Scalar::Flag(flag)) => Allowed::Flag(*flag),
            (Domain::Choice(texts), Scalar::Text(text)) => {
                Allowed::Choice(texts.iter().find(|it| *it == text)?.clone())
            }
            (Domain::Buckets(edges), value) => {
                Allowed::Choice(buckets::label(edges, number(value)?))
            }
            _ => return None,
        };
        Some(Sensitive::new(allowed))
    }

    /// As [`Self::clamp`], after so many steps were added to the value inside its range. Nothing if it has no steps.
    pub fn clamp_noisy(
        &self,
        value: &Scalar,
        steps: f64,
        noise: i64,
    ) -> Option<Sensitive<Allowed>> {
        let Domain::Number { min, max, step } = self.domain else { return None };
        let last = last_step(min, max, step);
        let inside = ((number(value)? - min) / step).round_ties_even().clamp(0.0, last);
        let noisy = min + (inside + noise as f64).clamp(0.0, last) * step;
        Some(Sensitive::new(Allowed::Number(on_grid(noisy, (min, max, step), steps))))
    }

    /// Whether [`Self::clamp`] has something for it, or it can become a pseudonym.
    pub fn takes(&self, value: &Scalar) -> bool {
        match (&self.domain, value) {
            (Domain::Number { .. } | Domain::Buckets(_), value) => number(value).is_some(),
            (Domain::Choice(texts), Scalar::Text(text)) => texts.contains(text),
            (Domain::Flag, Scalar::Flag(_)) | (Domain::Pseudonym(_), Scalar::Text(_)) => true,
            _ => false,
        }
    }

    /// What a summary takes of a value: the number, in the range that its values are about.
    pub fn sample(&self, value: &Scalar) -> Option<f64> {
        let of_another_kind = self.operators.summary.is_some_and(Summary::is_of_another_kind);
        match self.domain {
            Domain::Number { min, max, .. } if !of_another_kind => {
                Some(number(value)?.clamp(min, max))
            }
            _ => number(value),
        }
    }

    /// The unit that leaves with it: a count has none.
    pub fn unit_that_leaves(&self) -> Option<String> {
        let is_count = self.operators.summary == Some(Summary::Count);
        self.unit.clone().filter(|_| !is_count)
    }

    /// What both rules allow: for a device that several people are behind.
    pub fn and(&self, other: &Self) -> Result<Self, RuleError> {
        let domain = match (&self.domain, &other.domain) {
            (
                Domain::Number { min, max, step },
                Domain::Number { min: min2, max: max2, step: step2 },
            ) => {
                let (finer, coarser) = (step.min(*step2), step.max(*step2));
                let step = decimal(finer * steps_in(finer, coarser), finer, finer);
                Domain::Number { min: min.max(*min2), max: max.min(*max2), step }
            }
            (Domain::Flag, Domain::Flag) => Domain::Flag,
            (Domain::Choice(ours), Domain::Choice(theirs)) => {
                Domain::Choice(ours.iter().filter(|it| theirs.contains(it)).cloned().collect())
            }
            (Domain::Buckets(ours), Domain::Buckets(theirs)) => {
                Domain::Buckets(ours.iter().filter(|it| theirs.contains(it)).copied().collect())
            }
            (Domain::Pseudonym(ours), Domain::Pseudonym(theirs)) => {
                Domain::Pseudonym(ours.and(theirs))
            }
            _ => return Err(RuleError::Apart),
        };
        let operators = self.operators.and(&other.operators).ok_or(RuleError::Apart)?;
        Self { path: self.path.clone(), unit: self.unit.clone(), domain, operators }
            .check()
            .map_err(|_| RuleError::Apart)
    }
}

/// Whether numbers can be so far apart.
pub fn is_step(number: f64) -> bool {
    number.is_finite() && number > 0.0
}

pub(super) fn number(value: &Scalar) -> Option<f64> {
    let number = match value {
        Scalar::Int(int) => *int as f64,
        Scalar::Real(real) => *real,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// The fewest steps that together are no finer than `asked`: more than any range has, perhaps without end.
fn steps_in(step: f64, asked: f64) -> f64 {
    (asked / step - 1e-9).ceil().max(1.0)
}

fn last_step(min: f64, max: f64, step: f64) -> f64 {
    ((max - min) / step + 1e-9).floor()
}

/// The nearest of each `steps`-th value from `min` on. Whole numbers of steps are exact, multiples of a step are not:
/// calculated otherwise, one value could leave in two ways.
fn on_grid(value: f64, (min, max, step): (f64, f64, f64), steps: f64) -> f64 {
    let last = last_step(min, max, step);
    // So coarse that one value is left: nothing is calculated with what may be infinite.
    if steps > last {
        return decimal(min, min, step);
    }
    let nearest = ((value - min) / step / steps).round_ties_even();
    let nearest = nearest.clamp(0.0, (last / steps).floor());
    decimal(min + nearest * steps * step, min, step)
}

/// Drops the noise of binary fractions: 0.30000000000000004 would say more than 0.3, and look worse; and there is no
/// negative 0.
fn decimal(value: f64, min: f64, step: f64) -> f64 {
    let places = decimal_places(min).max(decimal_places(step));
    let text = format!("{value:.places$}");
    text.parse().unwrap_or(value) + 0.0
}

fn decimal_places(number: f64) -> usize {
    let text = format!("{number}");
    text.split_once('.').map_or(0, |(_, fraction)| fraction.len().min(15))
}

#[cfg(test)]
mod tests;
