//! The release schema: which fields may leave, and which values they can have.
//!
//! # Promises
//!
//! - [`Rule::clamp`] returns one of [`Rule::alphabet`] values, whatever it is given, or nothing.

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
    /// One of the texts that the grant names.
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
            Domain::Choice(_) | Domain::Flag => {}
        }
        Ok(self)
    }

    /// How many values the field can have. At least 1.
    pub fn alphabet(&self) -> f64 {
        match &self.domain {
            Domain::Number { min, max, step } => last_step(*min, *max, *step) + 1.0,
            Domain::Flag => 2.0,
            Domain::Choice(texts) => texts.len() as f64,
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
            Domain::Number { .. } | Domain::Flag | Domain::Choice(_) => None,
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
            _ => return None,
        };
        Some(Sensitive::new(allowed))
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
            _ => return Err(RuleError::Apart),
        };
        Self { path: self.path.clone(), unit: self.unit.clone(), domain }
            .check()
            .map_err(|_| RuleError::Apart)
    }
}

/// Whether numbers can be so far apart.
pub fn is_step(number: f64) -> bool {
    number.is_finite() && number > 0.0
}

fn number(value: &Scalar) -> Option<f64> {
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
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn rule(min: f64, max: f64, step: f64) -> Rule {
        let domain = Domain::Number { min, max, step };
        Rule { path: "heart-rate".into(), unit: Some("/min".into()), domain }.check().unwrap()
    }

    #[track_caller]
    fn clamps(rule: &Rule, value: Scalar, coarser: Option<f64>, expect: Option<Allowed>) {
        let steps = coarser.map_or(1.0, |it| rule.steps_in(it).unwrap());
        assert_eq!(rule.clamp(&value, steps).map(Sensitive::into_revealed), expect);
    }

    #[test]
    fn numbers_leave_on_a_step_inside_the_range() {
        let bpm = rule(30.0, 220.0, 5.0);
        assert_eq!(bpm.alphabet(), 39.0);
        for (value, leaves) in
            [(71.99, 70.0), (72.51, 75.0), (300.0, 220.0), (-4.0, 30.0), (1e300, 220.0)]
        {
            clamps(&bpm, Scalar::Real(value), None, Some(Allowed::Number(leaves)));
        }
        clamps(&bpm, Scalar::Int(71), None, Some(Allowed::Number(70.0)));
        clamps(&rule(0.0, 1.0, 0.1), Scalar::Real(0.31), None, Some(Allowed::Number(0.3)));
    }

    #[test]
    fn a_range_that_no_step_fills_ends_at_the_last_step() {
        clamps(&rule(0.0, 9.0, 4.0), Scalar::Real(9.0), None, Some(Allowed::Number(8.0)));
    }

    #[test]
    fn what_is_no_number_does_not_leave() {
        let bpm = rule(30.0, 220.0, 5.0);
        for value in
            [Scalar::Real(f64::NAN), Scalar::Real(f64::INFINITY), Scalar::Text("70".into())]
        {
            clamps(&bpm, value, None, None);
        }
    }

    #[test]
    fn a_policy_can_only_coarsen() {
        let bpm = rule(30.0, 220.0, 5.0);
        clamps(&bpm, Scalar::Int(71), Some(1.0), Some(Allowed::Number(70.0)));
        clamps(&bpm, Scalar::Int(71), Some(20.0), Some(Allowed::Number(70.0)));
        clamps(&bpm, Scalar::Int(81), Some(18.0), Some(Allowed::Number(90.0)));
    }

    #[test]
    fn a_step_beyond_the_range_leaves_one_value() {
        let half = rule(0.0, 100.0, 0.5);
        for huge in [100.1, 1e17, 1e308, f64::MAX] {
            for value in [-1.0, 0.0, 71.3, 99.9, f64::MAX] {
                clamps(&half, Scalar::Real(value), Some(huge), Some(Allowed::Number(0.0)));
            }
        }
        let wide = rule(f64::MIN / 2.0, f64::MAX / 2.0, 1e300);
        clamps(
            &wide,
            Scalar::Real(f64::MAX),
            Some(f64::MAX),
            Some(Allowed::Number(f64::MIN / 2.0)),
        );
    }

    #[test]
    fn what_has_no_steps_or_is_none_cannot_be_coarser() {
        let bpm = rule(30.0, 220.0, 5.0);
        for no_step in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -5.0, 0.0, -0.0] {
            assert_eq!(bpm.steps_in(no_step), None, "{no_step}");
        }
        for domain in [Domain::Flag, Domain::Choice(vec!["open".into()])] {
            let door = Rule { path: "door".into(), unit: None, domain };
            assert_eq!(door.steps_in(2.0), None);
        }
    }

    /// Ranges, steps and coarser steps of many sizes, and values in and out of the range.
    fn any(random: &mut fastrand::Rng) -> (Rule, f64, f64) {
        let tenth = |random: &mut fastrand::Rng| 0.1_f64.powi(random.i32(0..4));
        let step = f64::from(random.i32(1..20)) * tenth(random);
        let min = f64::from(random.i32(-500..500)) * tenth(random);
        let max = min + step * random.f64() * 300.0;
        let coarser =
            step * if random.bool() { f64::from(random.i32(1..400)) } else { random.f64() * 50.0 };
        let value = min + (max - min) * (random.f64() * 1.4 - 0.2);
        (rule(min, max, step), coarser, value)
    }

    fn leaves(rule: &Rule, value: f64, coarser: Option<f64>) -> f64 {
        let steps = coarser.map_or(1.0, |it| rule.steps_in(it).unwrap());
        match rule.clamp(&Scalar::Real(value), steps).map(Sensitive::into_revealed) {
            Some(Allowed::Number(number)) => number,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn coarser_numbers_are_among_the_grants_own_bit_for_bit() {
        clamps(&rule(0.0, 100.0, 0.1), Scalar::Real(30.01), Some(0.3), Some(Allowed::Number(30.0)));
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..2_000 {
            let (rule, coarser, value) = any(&mut random);
            let Domain::Number { min, step, .. } = rule.domain else { panic!("{rule:?}") };
            let nth = |it: u32| leaves(&rule, min + f64::from(it) * step, None).to_bits();
            let own: BTreeSet<_> = (0..).map(nth).take(rule.alphabet() as usize).collect();
            assert_eq!(own.len() as f64, rule.alphabet(), "{rule:?}");
            let values = [value, f64::MIN, f64::MAX];
            for (value, coarser) in
                values.into_iter().flat_map(|it| [(it, None), (it, Some(coarser))])
            {
                let number = leaves(&rule, value, coarser);
                assert!(own.contains(&number.to_bits()), "{number} {rule:?} {coarser:?}");
            }
        }
    }

    #[test]
    fn coarser_numbers_are_as_far_apart_as_was_asked_for() {
        let mut random = fastrand::Rng::with_seed(8);
        for _ in 0..500 {
            let (rule, coarser, _) = any(&mut random);
            let Domain::Number { min, max, step } = rule.domain else { panic!("{rule:?}") };
            let mut at = min;
            let mut last = leaves(&rule, min, Some(coarser));
            while at < max {
                at += step / 2.0;
                let next = leaves(&rule, at, Some(coarser));
                assert!(
                    next == last || next - last > coarser * 0.999_999,
                    "{last} {next} {coarser} {rule:?}"
                );
                last = next;
            }
        }
    }

    #[test]
    fn a_choice_leaves_only_as_named() {
        let domain = Domain::Choice(vec!["open".into(), "shut".into()]);
        let door = Rule { path: "door".into(), unit: None, domain };
        clamps(&door, Scalar::Text("open".into()), None, Some(Allowed::Choice("open".into())));
        clamps(&door, Scalar::Text("ajar, ada left".into()), None, None);
    }

    #[test]
    fn two_subjects_release_only_what_both_granted() {
        let both = rule(30.0, 220.0, 5.0).and(&rule(40.0, 300.0, 2.0)).unwrap();
        assert_eq!(both.domain, Domain::Number { min: 40.0, max: 220.0, step: 6.0 });
        let both = rule(0.0, 100.0, 0.1).and(&rule(0.0, 100.0, 0.3)).unwrap();
        assert_eq!(both.domain, Domain::Number { min: 0.0, max: 100.0, step: 0.3 });
        assert!(rule(0.0, 1e-300, 1e-310).and(&rule(0.0, 1e10, 1e10)).is_err());
    }

    #[test]
    fn broken_rules_are_refused() {
        let of = |min, max, step| {
            let domain = Domain::Number { min, max, step };
            Rule { path: "x".into(), unit: None, domain }.check().unwrap_err()
        };
        assert_eq!(of(2.0, 1.0, 1.0), RuleError::Range);
        assert_eq!(of(f64::NAN, 1.0, 1.0), RuleError::Range);
        assert_eq!(of(0.0, 1.0, 0.0), RuleError::Step);
        assert_eq!(of(0.0, 1.0, 1e-18), RuleError::Step);
    }
}
