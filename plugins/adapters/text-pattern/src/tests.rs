//! Texts as devices write them, and patterns as owners would write them.

use std::time::Instant;

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
};

use super::TextPattern;

const ROOM: &str = r#"{
    "patterns": [
        { "match": "T={temperature} C, H={humidity}%" },
        { "match": "{:skip}: window {open:flag} ({room:text})" },
        { "match": "n {count:int}" }
    ],
    "units": { "temperature": "Cel", "humidity": "%" },
    "none-values": ["--", "-"]
}"#;

fn readings(json: &str, body: &[u8]) -> Result<Vec<Reading>, &'static str> {
    let frame = Frame {
        channel: "device".to_owned(),
        content_type: None,
        received_ms: 0,
        body: body.to_vec(),
    };
    TextPattern::configure(json).unwrap().decode(frame).map_err(|error| match error {
        DecodeError::NotMine => "not mine",
        DecodeError::Malformed(_) => "malformed",
        DecodeError::Unsupported(_) => "unsupported",
    })
}

fn check(json: &str, body: &str, expected: Result<&str, &'static str>) {
    let found = readings(json, body.as_bytes()).map(|it| {
        it.iter().flat_map(|reading| &reading.fields).map(show).collect::<Vec<_>>().join(" ")
    });
    assert_eq!(found, expected.map(str::to_owned), "{body:?}");
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
fn reads_what_the_holes_stand_for() {
    check(ROOM, "T=21.5 C, H=47%", Ok("temperature=21.5Cel humidity=47%"));
    check(ROOM, "sensor 7: window on (living room)", Ok("open=true room=living room"));
    check(ROOM, ": window OFF ()", Ok("open=false"));
    check(ROOM, "n 7", Ok("count=7i"));
}

#[test]
fn white_space_is_flexible_where_the_pattern_has_some() {
    check(ROOM, "  T=-3C,\r\n\tH=100% \n", Ok("temperature=-3Cel humidity=100%"));
    check(ROOM, "T=+3   C, H=0%", Ok("temperature=3Cel humidity=0%"));
    check(ROOM, "T= 3 C, H=0%", Err("malformed"));
    check(ROOM, "T=3 C , H=0%", Err("malformed"));
}

#[test]
fn what_stands_for_nothing_becomes_no_field() {
    check(ROOM, "T=-- C, H=47%", Ok("humidity=47%"));
    check(ROOM, "T=- C, H=--%", Ok(""));
    check(ROOM, "x: window -- (-)", Ok(""));
}

#[test]
fn a_text_of_no_pattern_is_malformed() {
    for body in [
        "",
        "T=21.5 C, H=47",
        "T=21.5 C, H=47%!",
        "xT=21.5 C, H=47%",
        "T=21,5 C, H=47%",
        "T=.5 C, H=47%",
        "T=5. C, H=47%",
        "T=1e9 C, H=47%",
        "T=NaN C, H=47%",
        "T=٧ C, H=47%",
        "T=--5 C, H=47%",
        "T=1.2.3 C, H=47%",
        "T=99999999999999999999999999999999999999999 C, H=47%",
        "n 7.5",
        "x: window ajar (y)",
        "x: window on y",
    ] {
        check(ROOM, body, Err("malformed"));
    }
    assert_eq!(readings(ROOM, b"n 7\xff"), Err("malformed"));
    let body = "T=21.5 C, H=47%";
    for end in 0..body.len() {
        check(ROOM, &body[..end], Err("malformed"));
    }
}

#[test]
fn numbers_may_have_a_comma() {
    let json = r#"{"patterns":[{"match":"{temperature} °C"}],"decimal":","}"#;
    check(json, "21,5°C", Ok("temperature=21.5"));
    check(json, "21.5°C", Err("malformed"));
}

#[test]
fn flags_are_the_words_of_the_owner() {
    let json = r#"{"patterns":[{"match":"door {open:flag}"}],"true-values":["auf"],"false-values":["zu"]}"#;
    check(json, "door auf", Ok("open=true"));
    check(json, "door zu", Ok("open=false"));
    check(json, "door on", Err("malformed"));
}

#[test]
fn braces_stand_for_themselves_when_doubled() {
    let json = r#"{"patterns":[{"match":"{{{x}}} {{{{"}]}"#;
    check(json, "{7} {{", Ok("x=7"));
}

#[test]
fn the_first_pattern_that_fits_counts() {
    let json = r#"{"patterns":[{"match":"{a}-{b}"},{"match":"{c:text}"}]}"#;
    check(json, "-5--3", Ok("a=-5 b=-3"));
    check(json, "5-", Ok("c=5-"));
}

#[test]
fn hostile_text_takes_no_longer_than_its_length() {
    let pattern = "{:skip}ab".repeat(60);
    let json = format!(r#"{{"patterns":[{{"match":"{pattern}{{x}}"}}]}}"#);
    let body = "a".repeat(65_536);
    let begun = Instant::now();
    check(&json, &body, Err("malformed"));
    check(&json, &"ab".repeat(32_768), Err("malformed"));
    assert!(begun.elapsed().as_secs() < 2);
}

#[test]
fn refuses_settings_that_cannot_work() {
    let many = vec![r#"{"match":"{x}"}"#; 17].join(",");
    for (settings, expected) in [
        (String::new(), "patterns"),
        (r#""patterns":[]"#.to_owned(), "patterns"),
        (format!(r#""patterns":[{many}]"#), "patterns"),
        (r#""patterns":[{"match":""}]"#.to_owned(), "patterns"),
        (r#""patterns":[{"match":"T=21"}]"#.to_owned(), "patterns"),
        (r#""patterns":[{"match":"{:skip}"}]"#.to_owned(), "patterns"),
        (r#""patterns":[{"match":"{x"}]"#.to_owned(), "patterns"),
        (r#""patterns":[{"match":"{x} }"}]"#.to_owned(), "patterns"),
        (r#""patterns":[{"match":"{X}"}]"#.to_owned(), "patterns"),
        (r#""patterns":[{"match":"{}"}]"#.to_owned(), "patterns"),
        (r#""patterns":[{"match":"{x:number}"}]"#.to_owned(), "patterns"),
        (r#""patterns":[{"match":"{x:skip}"}]"#.to_owned(), "patterns"),
        (r#""patterns":[{"match":"{x}{y}"}]"#.to_owned(), "patterns"),
        (r#""patterns":[{"match":"{x} {x}"}]"#.to_owned(), "patterns"),
        (format!(r#""patterns":[{{"match":"{}"}}]"#, "{:skip},".repeat(200)), "patterns"),
        (r#""patterns":[{"match":"{x}"}],"units":{"y":"Cel"}"#.to_owned(), "units"),
        (r#""patterns":[{"match":"{x}"}],"units":{"x":"° C"}"#.to_owned(), "units"),
        (r#""patterns":[{"match":"{x}"}],"decimal":";""#.to_owned(), "decimal"),
        (r#""patterns":[{"match":"{x}"}],"unit":{}"#.to_owned(), "unit"),
    ] {
        let refused = match TextPattern::configure(&format!("{{{settings}}}")) {
            Err(ConfigError::Invalid((setting, _)) | ConfigError::Missing(setting)) => setting,
            Ok(_) => panic!("accepted: {settings}"),
        };
        assert_eq!(refused, expected, "{settings}");
    }
}
