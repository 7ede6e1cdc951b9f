//! Data points as their schemas allow and forbid them.

use hushgate_sdk::{
    ConfigError, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
};

use super::OpenMhealth;

/// `Ok` is one line for all readings; `Err` is the variant.
fn decode(settings: &str, body: &[u8]) -> Result<String, &'static str> {
    let frame = Frame {
        channel: "phone".to_owned(),
        content_type: None,
        received_ms: 1,
        body: body.to_vec(),
    };
    let readings =
        OpenMhealth::configure(settings).unwrap().decode(frame).map_err(|error| match error {
            DecodeError::NotMine => "not mine",
            DecodeError::Malformed(_) => "malformed",
            DecodeError::Unsupported(_) => "unsupported",
        })?;
    assert!(readings.len() <= 64);
    Ok(readings.iter().map(show).collect::<Vec<_>>().join(" | "))
}

fn show(reading: &Reading) -> String {
    let fields = reading.fields.iter().map(|field| {
        let unit = field.unit.as_deref().unwrap_or("");
        match &field.value {
            Scalar::Int(int) => format!("{}={int}{unit}", field.path),
            Scalar::Real(real) => format!("{}={real:?}{unit}", field.path),
            Scalar::Text(text) => format!("{}={text:?}", field.path),
            _ => panic!("no such value was expected"),
        }
    });
    let at = reading.at_ms.map(|ms| format!("@{ms} ")).unwrap_or_default();
    format!("{at}{}", fields.collect::<Vec<_>>().join(" "))
}

/// Asks for a body without a header, of this schema.
fn check(schema: &str, body: &str, expected: Result<&str, &'static str>) {
    let settings = format!(r#"{{"schema":"omh:{schema}"}}"#);
    assert_eq!(decode(&settings, body.as_bytes()), expected.map(str::to_owned), "{schema} {body}");
}

fn point(schema_id: &str, body: &str) -> String {
    format!(
        r#"{{"header":{{"id":"a8e5","creation_date_time":"2026-01-02T03:04:05Z","schema_id":{schema_id},
        "acquisition_provenance":{{"source_name":"Ada's phone","modality":"sensed"}},"user_id":"ada"}},"body":{body}}}"#
    )
}

const HEART_RATE_2: &str = r#"{"namespace":"omh","name":"heart-rate","version":"2.0"}"#;
const MOMENT: &str = r#""effective_time_frame":{"date_time":"2026-01-02T03:04:05+01:00"}"#;
const SPAN: &str = r#""effective_time_frame":{"time_interval":{
    "start_date_time":"2026-01-02T03:04:05Z","end_date_time":"2026-01-02T04:04:05Z"}}"#;

/// Schema, the member that is measured, and what it becomes.
const MEASURES: &[(&str, &str, &str)] = &[
    ("heart-rate:1.0", r#""heart_rate":{"value":50,"unit":"beats/min"}"#, "heart-rate=50.0/min"),
    ("heart-rate:3.0", r#""heart_rate":{"value":50.5,"unit":"beats/min"}"#, "heart-rate=50.5/min"),
    ("blood-glucose:2.0", r#""blood_glucose":{"value":95,"unit":"mg/dL"}"#, "glucose=95.0mg/dL"),
    ("blood-glucose:4.0", r#""blood_glucose":{"value":6.3,"unit":"mmol/L"}"#, "glucose=6.3mmol/L"),
    ("body-weight:1.0", r#""body_weight":{"value":185,"unit":"lb"}"#, "body-weight=185.0[lb_av]"),
    ("body-weight:3.0", r#""body_weight":{"value":18.9,"unit":"kg"}"#, "body-weight=18.9kg"),
    (
        "body-temperature:2.0",
        r#""body_temperature":{"value":97.5,"unit":"F"}"#,
        "body-temperature=97.5[degF]",
    ),
    (
        "body-temperature:4.0",
        r#""body_temperature":{"value":310,"unit":"K"}"#,
        "body-temperature=310.0K",
    ),
    (
        "oxygen-saturation:1.0",
        r#""oxygen_saturation":{"value":97,"unit":"%"}"#,
        "oxygen-saturation=97.0%",
    ),
    (
        "oxygen-saturation:2.0",
        r#""oxygen_saturation":{"value":97,"unit":"%"}"#,
        "oxygen-saturation=97.0%",
    ),
    (
        "oxygen-saturation:3.0",
        r#""oxygen_saturation":{"value":97,"unit":"%"}"#,
        "oxygen-saturation=97.0%",
    ),
    ("step-count:1.0", r#""step_count":6000"#, "steps=6000{steps}"),
    ("sleep-duration:1.0", r#""sleep_duration":{"value":7.5,"unit":"h"}"#, "sleep-duration=7.5h"),
];

#[test]
fn reads_each_measure() {
    for (schema, value, expected) in MEASURES {
        check(schema, &format!("{{{value},{MOMENT}}}"), Ok(&format!("@1767319445000 {expected}")));
        check(schema, &format!("{{{value},{SPAN}}}"), Ok(&format!("@1767326645000 {expected}")));
        check(schema, &format!("{{{MOMENT}}}"), Err("malformed"));
    }
    check(
        "blood-pressure:4.0",
        &format!(
            r#"{{"systolic_blood_pressure":{{"value":140,"unit":"mmHg"}},
            "diastolic_blood_pressure":{{"value":60,"unit":"mmHg"}},"body_posture":"sitting",{MOMENT}}}"#
        ),
        Ok(
            "@1767319445000 blood-pressure.systolic=140.0mm[Hg] blood-pressure.diastolic=60.0mm[Hg]",
        ),
    );
}

#[test]
fn a_span_has_no_moment() {
    for (schema, value, expected) in [
        ("step-count:2.0", r#""step_count":6000.5"#, "steps=6000.5{steps}"),
        ("step-count:3.0", r#""step_count":{"value":6000,"unit":"steps"}"#, "steps=6000{steps}"),
        (
            "sleep-duration:2.0",
            r#""sleep_duration":{"value":420,"unit":"min"}"#,
            "sleep-duration=420.0min",
        ),
        (
            "total-sleep-time:1.0",
            r#""total_sleep_time":{"value":25200,"unit":"sec"}"#,
            "sleep-duration=25200.0s",
        ),
        (
            "sleep-episode:1.1",
            r#""total_sleep_time":{"value":7,"unit":"h"}"#,
            "sleep-duration=7.0h",
        ),
    ] {
        check(schema, &format!("{{{value},{SPAN}}}"), Ok(&format!("@1767326645000 {expected}")));
        check(schema, &format!("{{{value},{MOMENT}}}"), Err("malformed"));
        check(schema, &format!("{{{value}}}"), Err("malformed"));
    }
    check("sleep-episode:1.0", &format!(r#"{{{SPAN},"is_main_sleep":true}}"#), Ok(""));
    check("sleep-episode:1.0", &format!(r#"{{{SPAN},"is_main_sleep":1}}"#), Err("malformed"));
    check(
        "sleep-episode:1.0",
        &format!(r#"{{{SPAN},"number_of_awakenings":1.5}}"#),
        Err("malformed"),
    );
}

#[test]
fn types_units_and_words_are_the_schemas_own() {
    for member in [
        r#""heart_rate":{"value":50,"unit":"bpm"}"#,
        r#""heart_rate":{"value":"50","unit":"beats/min"}"#,
        r#""heart_rate":{"value":null,"unit":"beats/min"}"#,
        r#""heart_rate":{"unit":"beats/min"}"#,
        r#""heart_rate":{"value":50}"#,
        r#""heart_rate":50"#,
        r#""heart_rate":{"value":50,"unit":"beats/min"},"descriptive_statistic":"mean""#,
        r#""heart_rate":{"value":50,"unit":"beats/min"},"temporal_relationship_to_sleep":"asleep""#,
        r#""heart_rate":{"value":50,"unit":"beats/min"},"temporal_relationship_to_physical_activity":7"#,
    ] {
        check("heart-rate:2.0", &format!("{{{member},{MOMENT}}}"), Err("malformed"));
    }
    check(
        "heart-rate:1.1",
        r#"{"heart_rate":{"value":50,"unit":"beats/min"},"user_notes":7}"#,
        Err("malformed"),
    );
    let more =
        r#""heart_rate":{"value":50,"unit":"beats/min","session":1},"mood":"good","user_notes":7"#;
    check(
        "heart-rate:2.0",
        &format!("{{{more},{MOMENT}}}"),
        Ok("@1767319445000 heart-rate=50.0/min"),
    );
    let pressure = r#""systolic_blood_pressure":{"value":140,"unit":"mmHg"},
        "diastolic_blood_pressure":{"value":60,"unit":"mmHg"}"#;
    check("blood-pressure:2.0", &format!(r#"{{{pressure},"mood":"good"}}"#), Err("malformed"));
    check(
        "blood-pressure:2.0",
        &format!(r#"{{{pressure},"user_notes":"dizzy"}}"#),
        Ok("blood-pressure.systolic=140.0mm[Hg] blood-pressure.diastolic=60.0mm[Hg]"),
    );
    check("blood-pressure:3.0", &format!("{{{pressure}}}"), Err("malformed"));
    check("heart-rate:2.0", "7", Err("not mine"));
    check("heart-rate:2.0", "[7]", Err("not mine"));
}

#[test]
fn exactly_one_form_of_time_must_fit() {
    let at = |version: &str, frame: &str, expected: Result<&str, &'static str>| {
        let body = format!(
            r#"{{"heart_rate":{{"value":50,"unit":"beats/min"}},"effective_time_frame":{frame}}}"#
        );
        let expected = expected.map(|when| {
            let (before, after) = when.split_once('|').unwrap_or((when, ""));
            format!("{before}heart-rate=50.0/min{after}")
        });
        check(&format!("heart-rate:{version}"), &body, expected.as_deref().map_err(|error| *error));
    };
    let interval = |members: &str, expected: Result<&str, &'static str>| {
        for version in ["2.0", "3.0"] {
            at(version, &format!(r#"{{"time_interval":{{{members}}}}}"#), expected);
        }
    };
    let (start, end) = (
        r#""start_date_time":"2026-01-02T03:04:05Z""#,
        r#""end_date_time":"2026-01-02T04:04:05Z""#,
    );
    let lasting =
        |value: &str, unit: &str| format!(r#""duration":{{"value":{value},"unit":"{unit}"}}"#);
    interval(&format!("{start},{}", lasting("1.5", "h")), Ok("@1767328445000 "));
    interval(&format!("{start},{}", lasting("1", "Mo")), Ok(""));
    interval(&format!("{end},{}", lasting("1", "yr")), Ok("@1767326645000 "));
    interval(&format!("{end},{}", lasting("1", "s")), Err("malformed"));
    interval(&format!("{start},{end},{}", lasting("1", "h")), Err("malformed"));
    interval(start, Err("malformed"));
    interval(r#""start_date_time":"2026-01-02","end_date_time":"2026-01-03""#, Err("malformed"));
    interval("", Err("malformed"));
    let part = r#"{"time_interval":{"date":"2026-01-02","part_of_day":"morning"}}"#;
    at("2.0", part, Ok("| device-time=\"2026-01-02\" part-of-day=\"morning\""));
    at("3.0", part, Err("malformed"));
    at("2.0", &part.replace("morning", "noon"), Err("malformed"));
    at("2.0", &part.replace("-02", "-32"), Err("malformed"));
    at("2.0", r#"{"date_time":"1969-07-20T20:17:40Z"}"#, Ok(""));
    for wrong in
        ["2026-01-02", "2026-01-02T03:04:05", "2026-02-29T00:00:00Z", "2026-01-02 03:04:05Z"]
    {
        at("2.0", &format!(r#"{{"date_time":"{wrong}"}}"#), Err("malformed"));
    }
    let both =
        format!(r#"{{"date_time":"2026-01-02T03:04:05Z","time_interval":{{{start},{end}}}}}"#);
    at("2.0", &both, Err("malformed"));
    at("2.0", "{}", Err("malformed"));
    at("2.0", "\"2026-01-02T03:04:05Z\"", Err("malformed"));
}

#[test]
fn a_statistic_says_so_and_a_spread_is_no_value() {
    let body = |statistic: &str| {
        format!(
            r#"{{"heart_rate":{{"value":50,"unit":"beats/min"}},"descriptive_statistic":"{statistic}",{SPAN}}}"#
        )
    };
    check(
        "heart-rate:2.0",
        &body("maximum"),
        Ok("@1767326645000 heart-rate=50.0/min descriptive-statistic=\"maximum\""),
    );
    for spread in ["standard deviation", "variance", "quartile deviation", "count"] {
        let expected = format!("@1767326645000 descriptive-statistic={spread:?}");
        check("heart-rate:2.0", &body(spread), Ok(&expected));
    }
}

#[test]
fn a_header_names_the_schema() {
    let body = format!(r#"{{"heart_rate":{{"value":50,"unit":"beats/min"}},{MOMENT}}}"#);
    let ask = |json: &str| decode("{}", json.as_bytes());
    let one = "@1767319445000 heart-rate=50.0/min";
    let good = point(HEART_RATE_2, &body);
    assert_eq!(ask(&good), Ok(one.to_owned()));
    assert_eq!(ask(&format!("[{good},{good}]")), Ok(format!("{one} | {one}")));
    assert_eq!(
        ask(&point(HEART_RATE_2, &format!("[{body},{body}]"))),
        Ok(format!("{one} | {one}"))
    );
    let ieee = format!(
        r#"{{"header":{{"uuid":"a8e5","source_creation_date_time":"2026-01-02T03:04:05Z","modality":"sensed",
        "schema_id":{HEART_RATE_2}}},"body":{body}}}"#
    );
    assert_eq!(ask(&ieee), Ok(one.to_owned()));
    for (there, instead) in [
        (r#""id":"a8e5","#, ""),
        (r#""id":"a8e5""#, r#""id":7"#),
        ("2026-01-02T03:04:05Z", "2026-01-02"),
        ("sensed", "guessed"),
        (r#""user_id":"ada""#, r#""user_id":7"#),
        (r#""source_name":"Ada's phone","#, ""),
        (r#","version":"2.0""#, ""),
        (r#""body":"#, r#""bodies":"#),
    ] {
        assert!(good.contains(there));
        assert_eq!(ask(&good.replace(there, instead)), Err("malformed"), "{there}");
    }
    for (there, instead) in [("\"omh\"", "\"omx\""), ("heart-rate", "heart"), ("2.0", "9.0")] {
        assert_eq!(ask(&good.replace(there, instead)), Err("unsupported"), "{instead}");
    }
    for other in [&body[..], "{}", "[]", "7", r#"{"header":7}"#] {
        assert_eq!(ask(other), Err("not mine"), "{other}");
    }
    for end in 0..good.len() {
        assert_eq!(ask(&good[..end]), Err("malformed"), "{end} bytes");
    }
    let many =
        |count: usize| decode("{}", format!("[{}]", vec![&good[..]; count].join(",")).as_bytes());
    assert!(many(64).is_ok());
    assert_eq!(many(65), Err("unsupported"));
}

#[test]
fn refuses_settings_that_cannot_work() {
    for schema in ["heart-rate", "omh:heart-rate:9.0", "omh:heart-rate:2.0:x", ""] {
        let refused = OpenMhealth::configure(&format!(r#"{{"schema":"{schema}"}}"#)).map(drop);
        assert!(
            matches!(&refused, Err(ConfigError::Invalid((name, _))) if name == "schema"),
            "{schema}: {refused:?}"
        );
    }
    assert!(OpenMhealth::configure(r#"{"schemas":[]}"#).is_err());
}
