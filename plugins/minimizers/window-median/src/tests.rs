//! Windows of five minutes, told by when each value came.

use hushgate_sdk::{
    ConfigError, Field, Reading, Scalar,
    minimizer::{Minimizer, Step},
};

use super::{Samples, Window, WindowMedian};

const WINDOW_MS: u64 = 300_000;
const STATE_BYTES_MAX: usize = 16 * 1024;

fn minimizer(json: &str) -> WindowMedian {
    WindowMedian::configure(json).unwrap()
}

fn call(json: &str, state: Option<Vec<u8>>, now_ms: u64, fields: Vec<Field>) -> Step {
    let step =
        minimizer(json).minimize(state, now_ms, vec![Reading::now("sample", fields)]).unwrap();
    assert!(step.state.as_ref().is_none_or(|bytes| bytes.len() <= STATE_BYTES_MAX));
    step
}

fn pulse(value: Scalar) -> Field {
    Field::with_unit("heart-rate", value, "/min")
}

/// Calls once for each (time, value), and says what came out, with the time of each call that let it out.
fn run(json: &str, values: &[(u64, Scalar)]) -> Vec<(u64, Reading)> {
    let mut state = None;
    let mut out = Vec::new();
    for (now_ms, value) in values {
        let step = call(json, state, *now_ms, vec![pulse(value.clone())]);
        state = step.state;
        out.extend(step.readings.into_iter().map(|reading| (*now_ms, reading)));
    }
    out
}

fn check(json: &str, values: &[(u64, Scalar)], expected: &[(u64, u64, Scalar)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(now_ms, start_ms, median)| {
            let fields = vec![pulse(median.clone())];
            (*now_ms, Reading { kind: "window-median".to_owned(), at_ms: Some(*start_ms), fields })
        })
        .collect();
    assert_eq!(run(json, values), expected, "{json} {values:?}");
}

#[test]
fn lets_one_median_out_when_the_window_is_over() {
    use Scalar::Real;
    let start = 40 * WINDOW_MS;
    check(
        "{}",
        &[
            (start, Real(70.0)),
            (start + 10_000, Real(90.0)),
            (start + WINDOW_MS - 1, Real(71.0)),
            (start + WINDOW_MS, Real(60.0)),
            (start + WINDOW_MS + 1, Real(61.0)),
            (start + 5 * WINDOW_MS + 7, Real(0.0)),
        ],
        &[
            (start + WINDOW_MS, start, Real(71.0)),
            (start + 5 * WINDOW_MS + 7, start + WINDOW_MS, Real(60.5)),
        ],
    );
}

#[test]
fn keeps_integers_integers() {
    use Scalar::{Int, Real};
    check("{}", &[(0, Int(70)), (1, Int(71)), (WINDOW_MS, Int(0))], &[(WINDOW_MS, 0, Int(71))]);
    check("{}", &[(0, Int(-3)), (1, Int(-5)), (WINDOW_MS, Int(0))], &[(WINDOW_MS, 0, Int(-4))]);
    check(
        "{}",
        &[(0, Int(70)), (1, Real(71.0)), (WINDOW_MS, Int(0))],
        &[(WINDOW_MS, 0, Real(70.5))],
    );
    check("{}", &[(0, Int(i64::MAX)), (WINDOW_MS, Int(0))], &[(WINDOW_MS, 0, Int(i64::MAX))]);
}

#[test]
fn stays_finite() {
    use Scalar::Real;
    check(
        "{}",
        &[(0, Real(f64::MAX)), (1, Real(f64::MAX)), (WINDOW_MS, Real(0.0))],
        &[(WINDOW_MS, 0, Real(f64::MAX))],
    );
    let hostile =
        [(0, Real(5.0)), (1, Real(f64::NAN)), (2, Real(f64::INFINITY)), (WINDOW_MS, Real(0.0))];
    check("{}", &hostile, &[(WINDOW_MS, 0, Real(5.0))]);
}

#[test]
fn waits_for_enough_values() {
    use Scalar::Int;
    let three = r#"{"window-s":1,"count-min":3}"#;
    check(three, &[(0, Int(1)), (1, Int(1)), (1000, Int(0))], &[]);
    check(three, &[(0, Int(1)), (1, Int(1)), (2, Int(4)), (1000, Int(0))], &[(1000, 0, Int(1))]);
}

#[test]
fn a_clock_that_goes_back_starts_anew() {
    use Scalar::Int;
    let start = 40 * WINDOW_MS;
    let values =
        [(start, Int(1)), (start - 1, Int(5)), (start, Int(9)), (start + WINDOW_MS, Int(0))];
    check("{}", &values, &[(start, start - WINDOW_MS, Int(5)), (start + WINDOW_MS, start, Int(9))]);
    check("{}", &[(u64::MAX, Int(1)), (0, Int(2)), (1, Int(3))], &[]);
}

#[test]
fn keeps_fields_apart_and_drops_what_is_no_number() {
    let fields = |value: f64| {
        vec![
            pulse(Scalar::Real(value)),
            Field::with_unit("heart-rate", Scalar::Real(value * 2.0), "Hz"),
            Field::without_unit("heart-rate", Scalar::Real(value * 3.0)),
            Field::without_unit("contact", Scalar::Flag(true)),
            Field::without_unit("name", Scalar::Text("7".to_owned())),
            Field::without_unit("raw", Scalar::Blob(vec![7])),
        ]
    };
    let state = call("{}", None, 0, fields(1.0)).state;
    let state = call("{}", state, 1, fields(3.0)).state;
    let [reading] = &call("{}", state, WINDOW_MS, Vec::new()).readings[..] else {
        panic!("not one reading")
    };
    assert_eq!(reading.fields, fields(2.0)[..3]);
}

#[test]
fn nothing_in_leaves_nothing_behind() {
    let step = call("{}", None, 0, vec![Field::without_unit("contact", Scalar::Flag(true))]);
    assert_eq!((step.state, step.readings.len()), (None, 0));
}

#[test]
fn thins_out_evenly_when_there_is_too_much() {
    // A ramp: its median shows whether what was kept is spread over all of it.
    let mut state = None;
    for now_ms in 0..20_000u32 {
        state = call("{}", state, now_ms.into(), vec![pulse(Scalar::Real(now_ms.into()))]).state;
    }
    let [reading] = &call("{}", state, WINDOW_MS, Vec::new()).readings[..] else {
        panic!("not one reading")
    };
    let Scalar::Real(median) = reading.fields[0].value else { panic!("not a real number") };
    assert!((median - 10_000.0).abs() < 100.0, "{median}");
}

/// As many fields as asked for, with paths and units as long as they may be.
fn long_fields(count: usize) -> Vec<Field> {
    let field = |n| {
        Field::with_unit(&format!("{n:02}{}", "p".repeat(62)), Scalar::Real(0.1), &"u".repeat(32))
    };
    (0..count).map(field).collect()
}

/// Calls with so many fields, so many times, then again; says how large the state became.
fn state_bytes(phases: &[(usize, usize)]) -> usize {
    let mut state = None;
    let mut bytes_max = 0;
    let counts = phases.iter().flat_map(|(count, calls)| std::iter::repeat_n(*count, *calls));
    for (now_ms, count) in (0..).zip(counts) {
        state = call("{}", state, now_ms, long_fields(count)).state;
        let window = state.as_deref().and_then(|bytes| Window::<Samples>::of_state(bytes, 1));
        assert_eq!(window.and_then(|window| window.to_state(1)), state);
        bytes_max = bytes_max.max(state.as_ref().map_or(0, Vec::len));
    }
    let [reading] = &call("{}", state, WINDOW_MS, Vec::new()).readings[..] else {
        panic!("not one reading")
    };
    assert_eq!(reading.fields, long_fields(16));
    bytes_max
}

#[test]
fn the_state_stays_within_its_limit() {
    assert_eq!(state_bytes(&[(16, 600)]), 10 + 16 * (104 + 110 * 8));
    state_bytes(&[(1, 600), (2, 200), (3, 200), (16, 200), (40, 300)]);
}

#[test]
fn drops_paths_and_units_that_are_too_long() {
    let long = [
        Field::without_unit(&"p".repeat(65), Scalar::Int(1)),
        Field::without_unit("", Scalar::Int(1)),
        Field::with_unit("p", Scalar::Int(1), &"u".repeat(33)),
    ];
    assert_eq!(call("{}", None, 0, long.to_vec()).state, None);
}

#[test]
fn forgets_state_that_is_broken() {
    let fields = vec![pulse(Scalar::Real(70.0)), Field::without_unit("x", Scalar::Int(5))];
    let state = call("{}", None, 0, fields).state.unwrap();
    let fresh = |state: Vec<u8>| call("{}", Some(state), WINDOW_MS, Vec::new()).readings.is_empty();
    assert!(!fresh(state.clone()));
    for end in 0..state.len() {
        assert!(fresh(state[..end].to_vec()), "{end} bytes");
    }
    assert!(fresh([&state[..], &[0]].concat()));
    assert!(fresh([&[2], &state[1..]].concat()));
    // A start that is no start of a window of this length.
    assert!(fresh([&[1, 1], &state[2..]].concat()));
    let start_ms = WINDOW_MS;
    let state = call("{}", None, start_ms, vec![pulse(Scalar::Int(1))]).state;
    assert!(call(r#"{"window-s":7}"#, state, 9 * start_ms, Vec::new()).readings.is_empty());
}

/// A state with so many fields of so many values.
fn state_of(fields: &[(&str, u32)], sample: f64) -> Vec<u8> {
    let mut state = vec![1, 0, 0, 0, 0, 0, 0, 0, 0, u8::try_from(fields.len()).unwrap()];
    for (path, seen) in fields {
        state.push(u8::try_from(path.len()).unwrap());
        state.extend(path.as_bytes());
        state.extend([255, 1]);
        state.extend(seen.to_le_bytes());
        state.push(0);
        state.extend((0..*seen).flat_map(|_| sample.to_le_bytes()));
    }
    state
}

#[test]
fn forgets_state_that_it_could_not_have_written() {
    let kept = |state: Vec<u8>| Window::<Samples>::of_state(&state, 1).is_some();
    let many = |tracks: usize, seen: u32| {
        let names: Vec<_> = (0..tracks).map(|n| format!("p{n}")).collect();
        let fields: Vec<_> = names.iter().map(|name| (name.as_str(), seen)).collect();
        kept(state_of(&fields, 1.0))
    };
    assert!(many(16, 110));
    assert!(!many(17, 1));
    assert!(many(1, 512));
    assert!(!many(1, 513));
    assert!(!many(16, 111));
    assert!(!kept(state_of(&[("p", 1), ("p", 1)], 1.0)));
    assert!(!kept(state_of(&[("", 1)], 1.0)));
    assert!(!kept(state_of(&[(&"p".repeat(65), 1)], 1.0)));
    assert!(!kept(state_of(&[("p", 1)], f64::NAN)));
    let mut state = state_of(&[("p", 1)], 1.0);
    assert!(kept(state.clone()));
    state[18] = 32;
    assert!(!kept(state), "a stride that no number can have");
}

#[test]
fn no_state_makes_it_panic_or_grow() {
    let fields = vec![pulse(Scalar::Real(70.0)), Field::without_unit("x", Scalar::Int(5))];
    let state = call("{}", None, 0, fields.clone()).state.unwrap();
    for at in 0..state.len() {
        for byte in 0..=u8::MAX {
            let mut broken = state.clone();
            broken[at] = byte;
            let step = call("{}", Some(broken.clone()), 1, fields.clone());
            assert!(step.state.is_some());
            call("{}", Some(broken), WINDOW_MS, fields.clone());
        }
    }
}

#[test]
fn refuses_settings_that_cannot_work() {
    let cases = [
        (r#"{"window-s":0}"#, "window-s"),
        (r#"{"window-s":86401}"#, "window-s"),
        (r#"{"window-s":-1}"#, "window-s"),
        (r#"{"count-min":0}"#, "count-min"),
        (r#"{"window_s":300}"#, "window_s"),
    ];
    for (json, setting) in cases {
        let Err(ConfigError::Invalid((named, _))) = WindowMedian::configure(json) else {
            panic!("accepted: {json}")
        };
        assert_eq!(named, setting, "{json}");
    }
}
