//! One field and the step of its path.

use hushgate_sdk::{ConfigError, Field, Reading, Scalar, minimizer::Minimizer};

use super::Round;

fn check(step: &str, value: Scalar, expected: Option<Scalar>) {
    let round = Round::configure(&format!(r#"{{"to":{{"heart-rate":{step}}}}}"#)).unwrap();
    let field = |value| Field::with_unit("heart-rate", value, "/min");
    let other = Field::without_unit("battery", Scalar::Real(99.9));
    let given = vec![Reading::at(Some(7), "beat", vec![field(value.clone()), other.clone()])];
    let step_taken = round.minimize(None, 0, given).unwrap();
    let fields = expected.map(field).into_iter().chain([other]).collect();
    let wanted = vec![Reading::at(Some(7), "beat", fields)];
    assert_eq!(step_taken.readings, wanted, "{value:?} in steps of {step}");
    assert_eq!(step_taken.state, None);
}

#[test]
fn real_numbers_go_to_the_nearest_step_in_decimal() {
    let real = |step: &str, value: f64, expected: f64| {
        check(step, Scalar::Real(value), Some(Scalar::Real(expected)));
    };
    real("5", 72.4, 70.0);
    real("5", 72.6, 75.0);
    real("0.5", 36.74, 36.5);
    real("0.1", 18.87, 18.9);
    real("0.1", 0.15, 0.2);
    real("0.1", 0.3, 0.3);
    real("0.7", 2.2, 2.1);
    real("5", -72.6, -75.0);
    real("1e-3", 1e20, 1e20);
}

#[test]
fn halves_go_to_the_even_multiple() {
    for (value, expected) in [(2.5, 0.0), (7.5, 10.0), (12.5, 10.0), (-2.5, 0.0), (-7.5, -10.0)] {
        check("5", Scalar::Real(value), Some(Scalar::Real(expected)));
    }
}

#[test]
fn integers_stay_integers_in_whole_steps() {
    check("5", Scalar::Int(72), Some(Scalar::Int(70)));
    check("1", Scalar::Int(i64::MAX), Some(Scalar::Int(i64::MAX)));
    check("1000.0", Scalar::Int(1_501), Some(Scalar::Int(2_000)));
    check("2.5", Scalar::Int(7), Some(Scalar::Real(7.5)));
    check("2.5", Scalar::Int(5), Some(Scalar::Real(5.0)));
    check("10", Scalar::Int(i64::MAX), None);
}

#[test]
fn what_is_no_number_does_not_go_on() {
    let values = [
        Scalar::Real(f64::NAN),
        Scalar::Real(f64::NEG_INFINITY),
        Scalar::Flag(true),
        Scalar::Text("72".to_owned()),
        Scalar::Blob(vec![72]),
    ];
    for value in values {
        check("5", value, None);
    }
}

#[test]
fn what_cannot_be_said_in_38_digits_does_not_go_on() {
    check("0.1", Scalar::Real(f64::MAX), None);
    check("1e3", Scalar::Real(1e-300), None);
}

#[test]
fn refuses_settings_that_cannot_work() {
    let cases = [
        ("{}", "to"),
        (r#"{"to":{"p":0}}"#, "to"),
        (r#"{"to":{"p":-1}}"#, "to"),
        (r#"{"to":{"p":"1"}}"#, "to"),
        (r#"{"to":{"a*b":1}}"#, "to"),
        (r#"{"to":{},"step":1}"#, "step"),
    ];
    for (json, setting) in cases {
        let (Err(ConfigError::Missing(named)) | Err(ConfigError::Invalid((named, _)))) =
            Round::configure(json)
        else {
            panic!("accepted: {json}")
        };
        assert_eq!(named, setting, "{json}");
    }
}
