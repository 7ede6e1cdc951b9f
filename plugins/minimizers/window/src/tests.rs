//! Windows of ten seconds, told by the time of each value.

use hushgate_sdk::{
    ConfigError, Field, Reading,
    Scalar::{self, Int, Real, Text},
    minimizer::{Minimizer, Step},
};

use super::{STATE_VERSION, Statistics, Summary, Window};

const WINDOW_MS: u64 = 10_000;
const STATE_BYTES_MAX: usize = 16 * 1024;

fn settings(statistics: &str) -> String {
    format!(r#"{{"window-s":10,"fields":{{"*":[{statistics}]}}}}"#)
}

fn call(json: &str, state: Option<Vec<u8>>, now_ms: u64, readings: Vec<Reading>) -> Step {
    let step = Statistics::configure(json).unwrap().minimize(state, now_ms, readings).unwrap();
    assert!(step.state.as_ref().is_none_or(|bytes| bytes.len() <= STATE_BYTES_MAX));
    step
}

fn pulse(value: Scalar) -> Field {
    Field::with_unit("heart-rate", value, "/min")
}

/// Calls once for each (time of the call, time of the reading, value), and says what came out of all calls.
fn run(json: &str, values: &[(u64, Option<u64>, Scalar)]) -> Vec<Reading> {
    let mut state = None;
    let mut out = Vec::new();
    for (now_ms, at_ms, value) in values {
        let reading = Reading::at(*at_ms, "sample", vec![pulse(value.clone())]);
        let step = call(json, state, *now_ms, vec![reading]);
        state = step.state;
        out.extend(step.readings);
    }
    out
}

/// The statistics of one window with these values.
fn check(statistics: &str, values: &[Scalar], expected: &[Field]) {
    let mut values: Vec<_> = values.iter().map(|value| (5, None, value.clone())).collect();
    values.push((WINDOW_MS, None, Int(0)));
    let said = run(&settings(statistics), &values);
    let wanted = Reading::at(Some(0), "window", expected.to_vec());
    assert_eq!(said, if expected.is_empty() { vec![] } else { vec![wanted] }, "{statistics}");
}

fn told(path: &str, value: Scalar) -> Field {
    Field::with_unit(path, value, "/min")
}

#[test]
fn one_statistic_keeps_the_path() {
    let values = [Real(18.9), Real(19.0), Real(25.0)];
    check(r#""median""#, &values, &[pulse(Real(19.0))]);
    check(r#""min""#, &values, &[pulse(Real(18.9))]);
    check(r#""max""#, &values, &[pulse(Real(25.0))]);
    check(r#""mean""#, &values[..2], &[pulse(Real(18.95))]);
    check(r#""count""#, &values, &[Field::without_unit("heart-rate.count", Int(3))]);
}

#[test]
fn several_statistics_name_themselves() {
    check(
        r#""max","mean","count","median","min""#,
        &[Int(60), Int(70), Int(71)],
        &[
            told("heart-rate.max", Int(71)),
            told("heart-rate.mean", Real(67.0)),
            Field::without_unit("heart-rate.count", Int(3)),
            told("heart-rate.median", Int(70)),
            told("heart-rate.min", Int(60)),
        ],
    );
}

#[test]
fn means_are_calculated_in_decimal() {
    let tenth = vec![Real(0.1); 1000];
    check(r#""mean""#, &tenth, &[pulse(Real(0.1))]);
    check(r#""mean""#, &[Int(1), Int(0), Int(0)], &[pulse(Real(1.0 / 3.0))]);
    check(r#""mean""#, &[Int(i64::MAX), Int(i64::MAX)], &[pulse(Real(i64::MAX as f64))]);
    check(r#""mean""#, &[Real(f64::MAX), Real(f64::MAX)], &[pulse(Real(f64::MAX))]);
    check(r#""mean""#, &[Real(1e300), Real(-1e300), Real(3.0)], &[pulse(Real(1.0))]);
}

#[test]
fn a_sum_that_was_lost_is_no_mean_and_stays_lost() {
    let values = [Real(1e300), Real(1.0), Real(-1e300)];
    check(r#""mean""#, &values, &[]);
    check(r#""mean","max""#, &values, &[told("heart-rate.max", Real(1e300))]);
}

#[test]
fn what_is_no_finite_number_does_not_count() {
    let values =
        [Int(7), Real(f64::NAN), Real(f64::INFINITY), Text("9".to_owned()), Scalar::Flag(true)];
    check(r#""max""#, &values, &[pulse(Int(7))]);
}

#[test]
fn a_value_belongs_to_the_window_of_its_own_time() {
    let check = |json: &str, expected: &[(u64, i64)]| {
        let values = [
            (15_000, None, Int(1)),
            (16_000, Some(12_000), Int(2)),
            // Late: that window came out, or never was.
            (17_000, Some(9_999), Int(4)),
            // From the future: it counts as of now.
            (18_000, Some(99_000), Int(8)),
            // It comes with the call that ends its window, and is in time.
            (21_000, Some(19_999), Int(16)),
            (22_000, Some(20_000), Int(32)),
            (30_000, None, Int(0)),
        ];
        let said = run(json, &values);
        let wanted: Vec<_> = expected
            .iter()
            .map(|(start_ms, max)| Reading::at(Some(*start_ms), "window", vec![pulse(Int(*max))]))
            .collect();
        assert_eq!(said, wanted);
    };
    check(&settings(r#""max""#), &[(10_000, 16), (20_000, 32)]);
    check(
        r#"{"window-s":10,"time":"gateway","fields":{"*":["max"]}}"#,
        &[(10_000, 8), (20_000, 32)],
    );
}

#[test]
fn a_window_with_too_few_values_tells_nothing() {
    let json = r#"{"window-s":10,"count-min":3,"fields":{"*":["max","count"]}}"#;
    let values = |count: usize| {
        let mut values = vec![(1, None, Int(1)); count];
        values.push((WINDOW_MS, None, Int(0)));
        values
    };
    assert!(run(json, &values(2)).is_empty());
    assert_eq!(run(json, &values(3)).len(), 1);
}

#[test]
fn windows_without_values_tell_nothing() {
    let said = run(
        &settings(r#""max""#),
        &[(1, None, Int(1)), (95_000, None, Int(2)), (100_000, None, Int(3))],
    );
    let starts: Vec<_> = said.iter().map(|it| it.at_ms).collect();
    assert_eq!(starts, [Some(0), Some(90_000)]);
}

#[test]
fn a_clock_that_goes_back_starts_anew() {
    let values = [
        (50_000, None, Int(9)),
        (20_000, None, Int(1)),
        (21_000, None, Int(2)),
        (30_000, None, Int(0)),
    ];
    let said = run(&settings(r#""max""#), &values);
    assert_eq!(said, [Reading::at(Some(20_000), "window", vec![pulse(Int(2))])]);
    assert!(
        run(&settings(r#""max""#), &[(u64::MAX, Some(u64::MAX), Int(1)), (0, Some(0), Int(2))])
            .is_empty()
    );
}

#[test]
fn only_named_fields_are_told() {
    let json = r#"{"window-s":10,"fields":{"heart-rate":["max"],"temperature-*":["min"]}}"#;
    let fields = vec![
        pulse(Int(60)),
        Field::without_unit("heart-rate", Int(61)),
        Field::with_unit("temperature-2", Real(21.5), "Cel"),
        Field::without_unit("battery", Int(99)),
    ];
    let state = call(json, None, 0, vec![Reading::now("sample", fields.clone())]).state;
    let said = call(json, state, WINDOW_MS, vec![]).readings;
    assert_eq!(said, [Reading::at(Some(0), "window", fields[..3].to_vec())]);
    let unnamed = vec![Reading::now("sample", fields[3..].to_vec())];
    assert_eq!(call(json, None, 0, unnamed).state, None);
}

#[test]
fn a_path_that_would_be_too_long_is_not_told() {
    let fields = vec![Field::without_unit(&"p".repeat(60), Int(1))];
    let json = settings(r#""max","mean""#);
    let state = call(&json, None, 0, vec![Reading::now("sample", fields)]).state;
    let [reading] = &call(&json, state, WINDOW_MS, vec![]).readings[..] else { panic!("not one") };
    let paths: Vec<_> = reading.fields.iter().map(|it| it.path.len()).collect();
    assert_eq!(paths, [64]);
}

#[test]
fn the_state_stays_within_its_limit() {
    let json = settings(r#""median","mean","min","max","count""#);
    let field = |n| {
        let path = format!("{n:02}{}", "p".repeat(62));
        Field::with_unit(&path, Real(f64::from(n) + 0.1), &"u".repeat(32))
    };
    let frame = vec![Reading::now("sample", (0..40).map(field).collect())];
    let mut state = None;
    for now_ms in 0..600 {
        state = call(&json, state, now_ms, frame.clone()).state;
        let window = Window::<Summary>::of_state(state.as_deref().unwrap(), STATE_VERSION);
        assert_eq!(window.and_then(|window| window.to_state(STATE_VERSION)), state);
    }
    assert_eq!(call(&json, state, WINDOW_MS, vec![]).readings.len(), 0, "paths are too long");
}

#[test]
fn no_state_makes_it_panic_or_grow() {
    let json = settings(r#""median","mean","min","max","count""#);
    let frame =
        vec![Reading::now("sample", vec![pulse(Real(70.5)), Field::without_unit("x", Int(5))])];
    let state = call(&json, None, 0, frame.clone()).state.unwrap();
    assert!(!call(&json, Some(state.clone()), WINDOW_MS, vec![]).readings.is_empty());
    for end in 0..state.len() {
        assert!(call(&json, Some(state[..end].to_vec()), WINDOW_MS, vec![]).readings.is_empty());
    }
    for at in 0..state.len() {
        for byte in 0..=u8::MAX {
            let mut broken = state.clone();
            broken[at] = byte;
            assert!(call(&json, Some(broken.clone()), 1, frame.clone()).state.is_some());
            let said = call(&json, Some(broken), WINDOW_MS, frame.clone()).readings;
            let fields = said.iter().flat_map(|it| &it.fields);
            assert!(!fields.clone().any(|it| matches!(it.value, Real(real) if !real.is_finite())));
        }
    }
}

#[test]
fn refuses_settings_that_cannot_work() {
    let cases = [
        ("{}", "fields"),
        (r#"{"fields":{"p":[]}}"#, "fields"),
        (r#"{"fields":{"p":["max","max"]}}"#, "fields"),
        (r#"{"fields":{"p":["mode"]}}"#, "fields"),
        (r#"{"fields":{"a*b":["max"]}}"#, "fields"),
        (r#"{"fields":{},"window-s":0}"#, "window-s"),
        (r#"{"fields":{},"window-s":86401}"#, "window-s"),
        (r#"{"fields":{},"count-min":0}"#, "count-min"),
        (r#"{"fields":{},"time":"sun"}"#, "time"),
        (r#"{"fields":{},"window":1}"#, "window"),
    ];
    for (json, setting) in cases {
        let (Err(ConfigError::Missing(named)) | Err(ConfigError::Invalid((named, _)))) =
            Statistics::configure(json)
        else {
            panic!("accepted: {json}")
        };
        assert_eq!(named, setting, "{json}");
    }
}
