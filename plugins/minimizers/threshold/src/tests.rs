//! One field and its limits, value by value.

use hushgate_sdk::{
    ConfigError, Field, Reading,
    Scalar::{self, Flag, Int, Real},
    minimizer::{Minimizer, Step},
};

use super::Threshold;

const HIGH: &str = r#""unit":"/min","high":120,"high-clear":110"#;
const STATE_BYTES_MAX: usize = 16 * 1024;

fn call(limits: &str, state: Option<Vec<u8>>, now_ms: u64, fields: Vec<Field>) -> Step {
    let plugin = Threshold::configure(&format!(r#"{{"fields":{{"heart-rate*":{{{limits}}}}}}}"#));
    let readings = vec![Reading::at(Some(7), "beat", fields)];
    let step = plugin.unwrap().minimize(state, now_ms, readings).unwrap();
    assert!(step.state.as_ref().is_none_or(|bytes| bytes.len() <= STATE_BYTES_MAX));
    step
}

/// The time of a call, its value, and the flags that it must tell.
type Call<'a> = (u64, f64, &'a [(&'a str, bool)]);

fn check(limits: &str, values: &[Call<'_>]) {
    let mut state = None;
    for (now_ms, value, expected) in values {
        let field = Field::with_unit("heart-rate", Real(*value), "/min");
        let step = call(limits, state, *now_ms, vec![field]);
        state = step.state;
        let told: Vec<_> = step.readings.into_iter().flat_map(|it| it.fields).collect();
        let wanted: Vec<_> = expected
            .iter()
            .map(|(name, on)| Field::without_unit(&format!("heart-rate.{name}"), Flag(*on)))
            .collect();
        assert_eq!(told, wanted, "{limits}: {value} at {now_ms}");
    }
}

#[test]
fn a_crossing_is_told_once_and_cleared_beyond_the_clearing_value() {
    check(
        HIGH,
        &[
            (0, 100.0, &[]),
            (1, 120.0, &[]),
            (2, 120.1, &[("high", true)]),
            (3, 150.0, &[]),
            (4, 119.0, &[]),
            (5, 121.0, &[]),
            (6, 110.1, &[]),
            (7, 110.0, &[("high", false)]),
            (8, 119.0, &[]),
        ],
    );
    check(HIGH, &[(0, 130.0, &[("high", true)])]);
}

#[test]
fn below_is_the_mirror_of_above() {
    check(
        r#""unit":"/min","low":40,"low-clear":45,"high":120"#,
        &[
            (0, 40.0, &[]),
            (1, 39.9, &[("low", true)]),
            (2, 44.9, &[]),
            (3, 45.0, &[("low", false)]),
            (4, 121.0, &[("high", true)]),
            (5, 120.0, &[("high", false)]),
            (6, 130.0, &[("high", true)]),
            (7, 30.0, &[("high", false), ("low", true)]),
        ],
    );
}

#[test]
fn a_flag_changes_after_enough_values_in_a_row() {
    check(
        r#""unit":"/min","high":120,"count":3"#,
        &[
            (0, 130.0, &[]),
            (1, 130.0, &[]),
            (2, 100.0, &[]),
            (3, 130.0, &[]),
            (4, 130.0, &[]),
            (5, 130.0, &[("high", true)]),
            (6, 100.0, &[]),
            (7, 130.0, &[]),
            (8, 100.0, &[]),
            (9, 100.0, &[]),
            (10, 100.0, &[("high", false)]),
        ],
    );
}

#[test]
fn a_heartbeat_repeats_the_state_and_nothing_else() {
    check(
        r#""unit":"/min","high":120,"heartbeat-s":10"#,
        &[
            (50_000, 100.0, &[("high", false)]),
            (59_999, 100.0, &[]),
            (60_000, 110.0, &[("high", false)]),
            (65_000, 130.0, &[("high", true)]),
            (70_000, 130.0, &[]),
            (75_000, 130.0, &[("high", true)]),
            // The clock went back.
            (10_000, 130.0, &[("high", true)]),
            (19_999, 130.0, &[]),
            (20_000, 130.0, &[("high", true)]),
        ],
    );
}

#[test]
fn a_heartbeat_needs_a_value_of_its_field() {
    let limits = r#""high":120,"heartbeat-s":10"#;
    let state = call(limits, None, 0, vec![Field::without_unit("heart-rate", Int(1))]).state;
    let other = Field::without_unit("battery", Int(99));
    let step = call(limits, state.clone(), 99_000, vec![other.clone()]);
    assert_eq!(step.readings, [Reading::at(Some(7), "beat", vec![other])]);
    assert_eq!(step.state, state);
}

#[test]
fn another_unit_and_what_is_no_number_do_not_count() {
    let fields = vec![
        Field::with_unit("heart-rate", Real(130.0), "Hz"),
        Field::without_unit("heart-rate", Real(130.0)),
        Field::with_unit("heart-rate", Real(f64::NAN), "/min"),
        Field::with_unit("heart-rate", Real(f64::INFINITY), "/min"),
        Field::with_unit("heart-rate", Scalar::Text("130".to_owned()), "/min"),
        Field::with_unit("heart-rate", Flag(true), "/min"),
    ];
    let step = call(HIGH, None, 0, fields);
    assert_eq!((step.state, step.readings.len()), (None, 0));
}

#[test]
fn values_of_one_message_count_one_after_another() {
    let field = |value| Field::with_unit("heart-rate", Int(value), "/min");
    let step = call(HIGH, None, 0, vec![field(130), field(130), field(100)]);
    let told: Vec<_> = step.readings.iter().flat_map(|it| &it.fields).map(|it| &it.value).collect();
    assert_eq!(told, [&Flag(true), &Flag(false)]);
}

#[test]
fn more_fields_than_there_is_room_for_tell_nothing() {
    let field = |n: u8| {
        let path = format!("heart-rate-{n:03}{}", "p".repeat(45));
        Field::with_unit(&path, Int(130), "/min")
    };
    let step = call(HIGH, None, 0, (0..100).map(field).collect());
    assert_eq!(step.readings[0].fields.len(), 64);
    let again = call(HIGH, step.state.clone(), 1, (0..100).map(field).collect());
    assert_eq!((again.readings.len(), again.state), (0, step.state));
}

#[test]
fn no_state_makes_it_panic() {
    let field = Field::with_unit("heart-rate", Real(130.0), "/min");
    let state = call(HIGH, None, 5, vec![field.clone()]).state.unwrap();
    let tells =
        |state: Vec<u8>| !call(HIGH, Some(state), 6, vec![field.clone()]).readings.is_empty();
    assert!(!tells(state.clone()));
    for end in 0..state.len() {
        assert!(tells(state[..end].to_vec()), "{end} bytes");
    }
    assert!(tells([&state[..], &[0]].concat()));
    for at in 0..state.len() {
        for byte in 0..=u8::MAX {
            let mut broken = state.clone();
            broken[at] = byte;
            tells(broken);
        }
    }
}

#[test]
fn refuses_settings_that_cannot_work() {
    let cases = [
        "",
        r#""unit":"/min""#,
        r#""high-clear":1"#,
        r#""high":1,"low-clear":1"#,
        r#""high":1,"high-clear":2"#,
        r#""low":2,"low-clear":1"#,
        r#""low":2,"high":1"#,
        r#""high":1,"count":0"#,
        r#""high":1,"count":1001"#,
        r#""high":1,"heartbeat-s":0"#,
        r#""high":1,"heartbeat-s":604801"#,
        r#""high":"1""#,
        r#""above":1"#,
    ];
    for limits in cases {
        let json = format!(r#"{{"fields":{{"p":{{{limits}}}}}}}"#);
        let Err(ConfigError::Invalid((named, _))) = Threshold::configure(&json) else {
            panic!("accepted: {limits}")
        };
        assert_eq!(named, "fields", "{limits}");
    }
}
