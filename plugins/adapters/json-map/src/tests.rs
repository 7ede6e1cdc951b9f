//! Messages of devices that nobody documented, and settings as owners would write them.

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
};

use super::JsonMap;

const ROOM: &str = r#"{
    "fields": [
        { "pointer": "/sensors/0/t", "path": "temperature", "unit": "Cel", "scale": 0.1, "none-values": [-999] },
        { "pointer": "/sensors/0/rh", "path": "humidity", "unit": "%" },
        { "pointer": "/a~1b/~0c", "path": "count", "type": "int" },
        { "pointer": "/relay", "path": "on", "type": "flag", "true-values": ["ON"], "false-values": ["OFF"] }
    ],
    "at": { "pointer": "/time", "format": "unix-s" }
}"#;

fn readings(json: &str, body: &str) -> Result<Vec<Reading>, &'static str> {
    let frame = Frame {
        channel: "device".to_owned(),
        content_type: None,
        received_ms: 0,
        body: body.as_bytes().to_vec(),
    };
    JsonMap::configure(json).unwrap().decode(frame).map_err(|error| match error {
        DecodeError::NotMine => "not mine",
        DecodeError::Malformed(_) => "malformed",
        DecodeError::Unsupported(_) => "unsupported",
    })
}

/// `Ok` is one line for all fields of all readings; `Err` is the variant.
fn check(json: &str, body: &str, expected: Result<&str, &'static str>) {
    let line = |reading: &Reading| {
        let at = reading.at_ms.map(|ms| format!("@{ms}"));
        at.into_iter().chain(reading.fields.iter().map(show)).collect::<Vec<_>>().join(" ")
    };
    let found = readings(json, body).map(|it| it.iter().map(line).collect::<Vec<_>>().join(" | "));
    assert_eq!(found, expected.map(str::to_owned), "{body}");
}

fn show(field: &Field) -> String {
    let unit = field.unit.as_deref().unwrap_or("");
    match &field.value {
        Scalar::Int(int) => format!("{}={int}i{unit}", field.path),
        Scalar::Real(real) => format!("{}={real}{unit}", field.path),
        Scalar::Flag(flag) => format!("{}={flag}", field.path),
        Scalar::Text(text) => format!("{}={text}", field.path),
        Scalar::Blob(_) => panic!("no such value was expected"),
    }
}

#[test]
fn reads_what_the_settings_name_and_nothing_else() {
    check(
        ROOM,
        r#"{"sensors":[{"t":189,"rh":47}],"a/b":{"~c":3},"relay":"ON","owner":"ada","time":1700000000.25}"#,
        Ok("@1700000000250 temperature=18.9Cel humidity=47% count=3i on=true"),
    );
}

#[test]
fn what_is_not_there_or_stands_for_nothing_becomes_no_field() {
    check(ROOM, r#"{"sensors":[{"t":-999,"rh":null}],"relay":"OFF"}"#, Ok("on=false"));
    check(ROOM, r#"{"sensors":{"0":{"t":10}}}"#, Ok("temperature=1Cel"));
    check(ROOM, r#"{"sensors":[]}"#, Ok(""));
    check(ROOM, "[]", Ok(""));
}

#[test]
fn another_type_is_malformed() {
    for body in [
        r#"{"sensors":[{"t":"warm"}]}"#,
        r#"{"sensors":[{"t":{}}]}"#,
        r#"{"sensors":[{"t":true}]}"#,
        r#"{"relay":"on"}"#,
        r#"{"relay":"ON","time":"yesterday"}"#,
        r#"{"relay":"ON""#,
        "",
        "ON",
        r#"{"relay":"ON"} x"#,
    ] {
        check(ROOM, body, Err("malformed"));
    }
    check(ROOM, &"[".repeat(60_000), Err("malformed"));
}

#[test]
fn a_required_value_must_be_there() {
    let json = r#"{"fields":[{"pointer":"/t","path":"temperature","required":true}]}"#;
    check(json, r#"{"t":1}"#, Ok("temperature=1"));
    check(json, r#"{"t":null}"#, Ok(""));
    check(json, r#"{"x":1}"#, Err("malformed"));
}

#[test]
fn a_message_that_is_not_meant_is_not_mine() {
    let json = r#"{"fields":[{"pointer":"/t","path":"temperature"}],"when":{"pointer":"/type","equals":"room"}}"#;
    check(json, r#"{"type":"room","t":1}"#, Ok("temperature=1"));
    check(json, r#"{"type":"alarm","t":"x"}"#, Err("not mine"));
    check(json, r#"{"t":1}"#, Err("not mine"));
    check(json, r#"{"type":null}"#, Err("not mine"));
}

#[test]
fn each_element_becomes_a_reading() {
    let json = r#"{
        "each": "/log", "at": { "pointer": "/ts", "format": "unix-ms" },
        "fields": [{ "pointer": "/bpm", "path": "heart-rate", "unit": "/min", "type": "int" }]
    }"#;
    check(
        json,
        r#"{"ts":7,"log":[{"bpm":70},{"ts":8,"bpm":71},{"ts":9},{"bpm":null}]}"#,
        Ok("@7 heart-rate=70i/min | @8 heart-rate=71i/min"),
    );
    check(json, "{}", Ok(""));
    check(json, r#"{"log":null}"#, Ok(""));
    check(json, r#"{"log":{}}"#, Err("malformed"));
    let many = |count: usize| format!(r#"{{"log":[{}]}}"#, vec![r#"{"bpm":1}"#; count].join(","));
    assert_eq!(readings(json, &many(64)).unwrap().len(), 64);
    check(json, &many(65), Err("unsupported"));
}

#[test]
fn the_whole_message_may_be_the_value_or_the_array() {
    check(
        r#"{"fields":[{"pointer":"","path":"temperature","unit":"Cel"}]}"#,
        "21.5",
        Ok("temperature=21.5Cel"),
    );
    let list = r#"{"each":"","fields":[{"pointer":"","path":"temperature"}]}"#;
    check(list, "[1, 2.5]", Ok("temperature=1 | temperature=2.5"));
}

#[test]
fn every_truncation_is_malformed() {
    let body = r#"{"sensors":[{"t":189,"rh":47}],"a/b":{"~c":3},"relay":"ON","time":1700000000}"#;
    for end in 0..body.len() {
        check(ROOM, &body[..end], Err("malformed"));
    }
}

#[test]
fn refuses_settings_that_cannot_work() {
    let field = r#"{"pointer":"/t","path":"temperature"}"#;
    for (json, expected) in [
        ("{}".to_owned(), "fields"),
        (r#"{"fields":[]}"#.to_owned(), "fields"),
        (format!(r#"{{"fields":[{field},{field}]}}"#), "fields"),
        (r#"{"fields":[{"pointer":"t","path":"temperature"}]}"#.to_owned(), "fields"),
        (r#"{"fields":[{"pointer":"/~2","path":"temperature"}]}"#.to_owned(), "fields"),
        (r#"{"fields":[{"pointer":"/t","path":"temperature","scale":"x"}]}"#.to_owned(), "fields"),
        (r#"{"fields":[{"pointer":"/t","path":"temperature","colour":1}]}"#.to_owned(), "fields"),
        (format!(r#"{{"fields":[{field}],"each":"log"}}"#), "each"),
        (format!(r#"{{"fields":[{field}],"at":{{"pointer":"/t","format":"unix"}}}}"#), "at"),
        (format!(r#"{{"fields":[{field}],"at":{{"pointer":"t","format":"unix-s"}}}}"#), "at"),
        (format!(r#"{{"fields":[{field}],"when":{{"pointer":"t","equals":1}}}}"#), "when"),
        (format!(r#"{{"fields":[{field}],"when":{{"pointer":"/t","equals":null}}}}"#), "when"),
        (format!(r#"{{"fields":[{field}],"colour":1}}"#), "colour"),
    ] {
        let refused = match JsonMap::configure(&json) {
            Err(ConfigError::Invalid((setting, _)) | ConfigError::Missing(setting)) => setting,
            Ok(_) => panic!("accepted: {json}"),
        };
        assert_eq!(refused, expected, "{json}");
    }
}
