//! Which values leave of what comes in, and which rules are refused.

use super::*;
use std::collections::BTreeSet;

fn rule(min: f64, max: f64, step: f64) -> Rule {
    let domain = Domain::Number { min, max, step };
    Rule {
        path: "heart-rate".into(),
        unit: Some("/min".into()),
        domain,
        operators: Operators::default(),
    }
    .check()
    .unwrap()
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
    for value in [Scalar::Real(f64::NAN), Scalar::Real(f64::INFINITY), Scalar::Text("70".into())] {
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
    clamps(&wide, Scalar::Real(f64::MAX), Some(f64::MAX), Some(Allowed::Number(f64::MIN / 2.0)));
}

#[test]
fn what_has_no_steps_or_is_none_cannot_be_coarser() {
    let bpm = rule(30.0, 220.0, 5.0);
    for no_step in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -5.0, 0.0, -0.0] {
        assert_eq!(bpm.steps_in(no_step), None, "{no_step}");
    }
    for domain in [Domain::Flag, Domain::Choice(vec!["open".into()])] {
        let door =
            Rule { path: "door".into(), unit: None, domain, operators: Operators::default() };
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
        for (value, coarser) in values.into_iter().flat_map(|it| [(it, None), (it, Some(coarser))])
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
    let door = Rule { path: "door".into(), unit: None, domain, operators: Operators::default() };
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
        Rule { path: "x".into(), unit: None, domain, operators: Operators::default() }
            .check()
            .unwrap_err()
    };
    assert_eq!(of(2.0, 1.0, 1.0), RuleError::Range);
    assert_eq!(of(f64::NAN, 1.0, 1.0), RuleError::Range);
    assert_eq!(of(0.0, 1.0, 0.0), RuleError::Step);
    assert_eq!(of(0.0, 1.0, 1e-18), RuleError::Step);
}
