//! Rules as owners write them, and values as devices send them.

use serde_json::{Value as Json, json};

use super::*;
use crate::json;

fn rule(settings: Json) -> Rule {
    let mut all = json!({ "pointer": "/x", "path": "x" });
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

/// `Err(())` is malformed.
fn check_value(settings: Json, value: &str, expected: Result<Option<Scalar>, ()>) {
    let json = json::value(value.as_bytes()).unwrap();
    let field = rule(settings.clone()).field(Some(Raw::from(&json)));
    let found = field.map(|field| field.map(|field| field.value)).map_err(|error| {
        assert!(matches!(error, DecodeError::Malformed(_)));
    });
    assert_eq!(found, expected, "{settings} {value}");
}

fn real(value: f64) -> Result<Option<Scalar>, ()> {
    Ok(Some(Scalar::Real(value)))
}

fn int(value: i64) -> Result<Option<Scalar>, ()> {
    Ok(Some(Scalar::Int(value)))
}

fn flag(value: bool) -> Result<Option<Scalar>, ()> {
    Ok(Some(Scalar::Flag(value)))
}

#[test]
fn numbers_stay_the_decimals_that_were_written() {
    check_value(json!({}), "21.5", real(21.5));
    check_value(json!({}), "21", real(21.0));
    check_value(json!({}), "\"21.5\"", real(21.5));
    check_value(json!({}), "1.5e-7", real(1.5e-7));
    check_value(json!({ "scale": 0.1 }), "189", real(18.9));
    check_value(json!({ "scale": "0.1" }), "189", real(18.9));
    check_value(json!({ "scale": "0.1", "offset": "-40" }), "3", real(-39.7));
    check_value(json!({ "scale": 1.8, "offset": 32 }), "36.6", real(97.88));
    check_value(json!({ "offset": 273.15 }), "-273.15", real(0.0));
    check_value(json!({ "scale": "1e-8" }), "18446744073709551615", real(184_467_440_737.095_52));
    check_value(json!({ "offset": 1 }), "1e-300", real(1.0));
    check_value(json!({ "scale": 10 }), "1e308", Err(()));
}

#[test]
fn a_count_is_whole_after_its_scale() {
    let count = json!({ "type": "int" });
    check_value(count.clone(), "7", int(7));
    check_value(count.clone(), "7.0", int(7));
    check_value(count.clone(), "\"-7\"", int(-7));
    check_value(count.clone(), "1e3", int(1000));
    check_value(count.clone(), "7.5", Err(()));
    check_value(count.clone(), "9223372036854775807", int(i64::MAX));
    check_value(count, "9223372036854775808", Err(()));
    check_value(json!({ "type": "int", "scale": "0.5" }), "8", int(4));
}

#[test]
fn flags_are_what_the_owner_says_or_the_usual() {
    let usual = json!({ "type": "flag" });
    check_value(usual.clone(), "true", flag(true));
    check_value(usual.clone(), "0", flag(false));
    check_value(usual.clone(), "1.0", flag(true));
    check_value(usual.clone(), "\"false\"", flag(false));
    check_value(usual.clone(), "2", Err(()));
    check_value(usual, "\"ON\"", Err(()));
    let named = json!({ "type": "flag", "true-values": ["ON", 3], "false-values": ["OFF", false] });
    check_value(named.clone(), "\"ON\"", flag(true));
    check_value(named.clone(), "\"3\"", flag(true));
    check_value(named.clone(), "false", flag(false));
    check_value(named.clone(), "\"on\"", Err(()));
    check_value(named, "true", Err(()));
}

#[test]
fn texts_are_texts_alone() {
    let text = json!({ "type": "text" });
    check_value(text.clone(), "\"Küche\"", Ok(Some(Scalar::Text("Küche".to_owned()))));
    check_value(text.clone(), "1", Err(()));
    check_value(
        text.clone(),
        &format!("\"{}\"", "x".repeat(1024)),
        Ok(Some(Scalar::Text("x".repeat(1024)))),
    );
    check_value(text, &format!("\"{}\"", "x".repeat(1025)), Err(()));
}

#[test]
fn nothing_becomes_no_field_and_another_type_is_malformed() {
    check_value(json!({}), "null", Ok(None));
    let none = json!({ "none-values": [-999, "n/a", false] });
    for nothing in ["-999", "-999.0", "\"-999\"", "\"n/a\"", "false"] {
        check_value(none.clone(), nothing, Ok(None));
    }
    for wrong in
        ["\"warm\"", "\"\"", "true", "[1]", "{}", "\"NaN\"", "\"1e\"", "\"0x10\"", "\".5\""]
    {
        check_value(none.clone(), wrong, Err(()));
    }
    assert_eq!(rule(json!({})).field(None), Ok(None));
    assert!(rule(json!({ "required": true })).field(None).is_err());
    assert_eq!(rule(json!({ "required": true })).field(Some(Raw::Nothing)), Ok(None));
}

#[test]
fn rules_that_cannot_work_are_told() {
    for wrong in [
        json!({ "path": "Temperature" }),
        json!({ "path": "" }),
        json!({ "path": "a..b" }),
        json!({ "path": "a".repeat(65) }),
        json!({ "unit": "" }),
        json!({ "unit": "° C" }),
        json!({ "type": "text", "scale": 1 }),
        json!({ "type": "flag", "offset": 1 }),
        json!({ "true-values": ["ON"] }),
    ] {
        assert!(rule(wrong.clone()).check().is_err(), "{wrong}");
    }
    assert!(check(&[]).is_err());
    assert!(check(&[rule(json!({})), rule(json!({}))]).is_err());
    assert!(check(&[rule(json!({})), rule(json!({ "path": "pm2-5.mean" }))]).is_ok());
}

#[test]
fn times_are_read_as_their_format_says() {
    let check = |settings: Json, value: Json, expected: Result<Moment, ()>| {
        let mut all = json!({ "pointer": "" });
        all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let at: At = serde_json::from_value(all).unwrap();
        assert_eq!(at.check(), Ok(()));
        assert_eq!(
            at.moment(Some(Raw::from(&json::value(value.to_string().as_bytes()).unwrap())))
                .map_err(|_| ()),
            expected,
            "{settings} {value}"
        );
    };
    let seconds = json!({ "format": "unix-s", "none-values": [0] });
    check(seconds.clone(), json!(1_700_000_000), Ok(Moment::At(1_700_000_000_000)));
    check(seconds.clone(), json!("1700000000.2509"), Ok(Moment::At(1_700_000_000_250)));
    check(seconds.clone(), json!(0), Ok(Moment::Unknown));
    check(seconds.clone(), Json::Null, Ok(Moment::Unknown));
    check(seconds.clone(), json!(-1), Err(()));
    check(seconds.clone(), json!(-0.5), Err(()));
    check(seconds, json!("now"), Err(()));
    check(
        json!({ "format": "unix-ms" }),
        json!(1_700_000_000_250_u64),
        Ok(Moment::At(1_700_000_000_250)),
    );
    check(json!({ "format": "rfc3339" }), json!("1970-01-01T01:00:00+01:00"), Ok(Moment::At(0)));
    check(json!({ "format": "rfc3339" }), json!("1970-01-01T01:00:00"), Err(()));
    check(json!({ "format": "rfc3339" }), json!(7), Err(()));
    let berlin = json!({ "format": "local", "utc-offset-minutes": 60 });
    check(berlin, json!("1970-01-01 01:00:07"), Ok(Moment::At(7000)));
    let shown = Moment::Local("2026-11-27T06:25:00".to_owned());
    check(json!({ "format": "local" }), json!("2026-11-27 06:25:00"), Ok(shown));
    check(json!({ "format": "local" }), json!("2026-11-31 06:25:00"), Err(()));
}

#[test]
fn a_time_without_a_zone_stays_a_text() {
    let fields = vec![Field::without_unit("x", Scalar::Flag(true))];
    let found = reading(Moment::Local("2026-11-27T06:25:00".to_owned()), fields.clone()).unwrap();
    assert_eq!((found.at_ms, found.fields.len()), (None, 2));
    assert_eq!(reading(Moment::At(7), fields).unwrap().at_ms, Some(7));
    assert_eq!(reading(Moment::At(7), vec![]), None);
}
