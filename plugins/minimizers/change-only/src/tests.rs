//! One field, value by value.

use hushgate_sdk::{
    ConfigError, Field, Reading,
    Scalar::{self, Blob, Flag, Int, Real},
    minimizer::{Minimizer, Step},
};

use super::ChangeOnly;

const STATE_BYTES_MAX: usize = 16 * 1024;

fn call(json: &str, state: Option<Vec<u8>>, now_ms: u64, fields: Vec<Field>) -> Step {
    let readings = vec![Reading::at(Some(7), "sample", fields)];
    let step = ChangeOnly::configure(json).unwrap().minimize(state, now_ms, readings).unwrap();
    assert!(step.state.as_ref().is_none_or(|bytes| bytes.len() <= STATE_BYTES_MAX));
    step
}

/// Calls once for each (time, value); each must go on or not, as expected.
fn check(rule: &str, values: &[(u64, Scalar, bool)]) {
    let json = format!(r#"{{"fields":{{"p":{{{rule}}}}}}}"#);
    let mut state = None;
    for (now_ms, value, goes_on) in values {
        let field = Field::with_unit("p", value.clone(), "Cel");
        let step = call(&json, state, *now_ms, vec![field.clone()]);
        state = step.state;
        let wanted = Reading::at(Some(7), "sample", vec![field]);
        let wanted = if *goes_on { vec![wanted] } else { vec![] };
        assert_eq!(step.readings, wanted, "{rule}: {value:?} at {now_ms}");
    }
}

fn text(text: &str) -> Scalar {
    Scalar::Text(text.to_owned())
}

#[test]
fn without_a_delta_any_difference_is_a_change() {
    check(
        "",
        &[
            (0, Real(20.0), true),
            (1, Real(20.0), false),
            (2, Real(20.1), true),
            (3, Real(20.0), true),
        ],
    );
    check("", &[(0, Int(1), true), (1, Real(1.0), false), (2, Int(2), true)]);
    check(
        "",
        &[(0, Flag(true), true), (1, Flag(true), false), (2, Flag(false), true), (3, Int(0), true)],
    );
    check(
        "",
        &[
            (0, text("on"), true),
            (1, text("on"), false),
            (2, text("off"), true),
            (3, Blob(b"off".to_vec()), true),
        ],
    );
    check(
        "",
        &[
            (0, text(""), true),
            (1, text(""), false),
            (2, Blob(vec![]), true),
            (3, Blob(vec![0]), true),
        ],
    );
    check("", &[(0, Int(i64::MAX), true), (1, Int(i64::MAX - 1), true)]);
}

#[test]
fn a_delta_is_counted_from_what_went_on_last_in_decimal() {
    check(
        r#""delta":0.1"#,
        &[
            (0, Real(0.2), true),
            (1, Real(0.25), false),
            (2, Real(0.29), false),
            (3, Real(0.3), true),
            (4, Real(0.21), false),
            (5, Real(0.2), true),
        ],
    );
    check(
        r#""delta":5"#,
        &[(0, Int(70), true), (1, Int(74), false), (2, Int(65), true), (3, text("70"), true)],
    );
    check(
        r#""delta":5"#,
        &[(0, Real(1e300), true), (1, Real(-1e300), true), (2, Real(1e-300), true)],
    );
}

#[test]
fn what_is_not_finite_does_not_go_on() {
    check(
        "",
        &[
            (0, Real(f64::NAN), false),
            (1, Real(1.0), true),
            (2, Real(f64::INFINITY), false),
            (3, Real(1.0), false),
        ],
    );
}

#[test]
fn a_heartbeat_goes_on_without_a_change() {
    check(
        r#""at-least-every-s":10"#,
        &[
            (50_000, Int(1), true),
            (59_999, Int(1), false),
            (60_000, Int(1), true),
            (65_000, Int(2), true),
            (74_999, Int(2), false),
            (75_000, Int(2), true),
            // The clock went back.
            (10_000, Int(2), true),
            (19_999, Int(2), false),
        ],
    );
    check("", &[(50_000, Int(1), true), (u64::MAX, Int(1), false), (0, Int(1), false)]);
}

#[test]
fn paths_and_units_are_apart_and_others_go_on() {
    let fields = vec![
        Field::with_unit("p", Int(1), "Cel"),
        Field::with_unit("p", Int(1), "K"),
        Field::without_unit("p", Int(1)),
        Field::without_unit("q", Int(1)),
    ];
    let json = r#"{"fields":{"p":{}}}"#;
    let step = call(json, None, 0, fields.clone());
    assert_eq!(step.readings[0].fields, fields);
    let step = call(json, step.state, 1, fields.clone());
    assert_eq!(step.readings[0].fields, fields[3..]);
}

#[test]
fn all_fields_are_meant_if_none_are_named() {
    let fields = vec![Field::without_unit("p", Int(1)), Field::without_unit("q", Int(1))];
    let step = call("{}", None, 0, fields.clone());
    assert_eq!(call("{}", step.state, 1, fields).readings, []);
}

#[test]
fn more_fields_than_there_is_room_for_do_not_go_on() {
    let field = |n| Field::with_unit(&format!("{n:03}{}", "p".repeat(61)), Int(1), &"u".repeat(32));
    let step = call("{}", None, 0, (0..256).map(field).collect());
    assert_eq!(step.readings[0].fields.len(), 128);
    assert_eq!(call("{}", step.state, 1, (0..256).map(field).collect()).readings, []);
}

#[test]
fn no_state_makes_it_panic() {
    let fields = vec![
        Field::without_unit("a", Flag(true)),
        Field::without_unit("b", Int(1)),
        Field::without_unit("c", Real(1.5)),
        Field::without_unit("d", text("x")),
        Field::without_unit("e", Blob(vec![1])),
    ];
    let state = call("{}", None, 5, fields.clone()).state.unwrap();
    let goes_on = |state: Vec<u8>| call("{}", Some(state), 6, fields.clone()).readings;
    assert_eq!(goes_on(state.clone()), []);
    for end in 0..state.len() {
        assert_eq!(goes_on(state[..end].to_vec())[0].fields, fields, "{end} bytes");
    }
    assert_eq!(goes_on([&state[..], &[0]].concat())[0].fields, fields);
    for at in 0..state.len() {
        for byte in 0..=u8::MAX {
            let mut broken = state.clone();
            broken[at] = byte;
            goes_on(broken);
        }
    }
}

#[test]
fn refuses_settings_that_cannot_work() {
    let cases = [
        (r#"{"fields":{"p":{"delta":0}}}"#, "fields"),
        (r#"{"fields":{"p":{"delta":-1}}}"#, "fields"),
        (r#"{"fields":{"p":{"at-least-every-s":0}}}"#, "fields"),
        (r#"{"fields":{"p":{"at-least-every-s":604801}}}"#, "fields"),
        (r#"{"fields":{"p":{"step":1}}}"#, "fields"),
        (r#"{"fields":{"a*b":{}}}"#, "fields"),
        (r#"{"delta":1}"#, "delta"),
    ];
    for (json, setting) in cases {
        let Err(ConfigError::Invalid((named, _))) = ChangeOnly::configure(json) else {
            panic!("accepted: {json}")
        };
        assert_eq!(named, setting, "{json}");
    }
}
