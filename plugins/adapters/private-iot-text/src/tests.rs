//! What the prototype's devices send, and what nobody should.

use hushgate_sdk::{
    ConfigError, Frame, Scalar,
    adapter::{Adapter, DecodeError},
};

use super::PrivateIotText;

/// `Ok` is `path value unit`; `Err` is the variant.
fn decode(json: &str, body: &[u8]) -> Result<String, &'static str> {
    let frame = Frame {
        channel: "patient/tension/mmHg".to_owned(),
        content_type: Some("text/html".to_owned()),
        received_ms: 0,
        body: body.to_vec(),
    };
    let readings =
        PrivateIotText::configure(json).unwrap().decode(frame).map_err(|error| match error {
            DecodeError::NotMine => "not mine",
            DecodeError::Malformed(_) => "malformed",
            DecodeError::Unsupported(_) => "unsupported",
        })?;
    let [reading] = &readings[..] else { panic!("not one reading") };
    let [field] = &reading.fields[..] else { panic!("not one field") };
    let Scalar::Real(value) = field.value else { panic!("not a real number") };
    assert_eq!((&reading.kind, reading.at_ms), (&field.path, None));
    Ok(format!("{} {value} {}", field.path, field.unit.as_deref().unwrap_or("-")))
}

fn check(body: &str, expected: Result<&str, &'static str>) {
    assert_eq!(decode("{}", body.as_bytes()), expected.map(str::to_owned), "{body:?}");
}

#[test]
fn reads_what_the_prototype_sends() {
    check("Tension: 120.00 mmHg ", Ok("blood-pressure 120 mm[Hg]"));
    check("Beats: 70.00 bpm ", Ok("heart-rate 70 /min"));
    check("bpm: 70.00 bpm", Ok("heart-rate 70 /min"));
    check("bpm:  70.25 bpm ", Ok("heart-rate 70.25 /min"));
    check(
        r#"{"device":"patient","topic":"bpm","payload":" 70.00 bpm "}"#,
        Ok("heart-rate 70 /min"),
    );
    check("  {\"payload\":\"Tension: 120.00 mmHg \"}\r\n", Ok("blood-pressure 120 mm[Hg]"));
}

#[test]
fn reads_the_other_units() {
    check("70 bpm", Ok("heart-rate 70 /min"));
    check("t: -3.5 C", Ok("temperature -3.5 Cel"));
    check("t: +21.5°C\n", Ok("temperature 21.5 Cel"));
    check("at 12:30: 47%", Ok("humidity 47 %"));
}

#[test]
fn knows_no_other_unit() {
    for body in
        ["p: 3 kPa", "bpm: 70 BPM", "t: 70 F", "bpm: 70 heart-rate", r#"{"payload":"7 mg/dl"}"#]
    {
        check(body, Err("unsupported"));
    }
}

#[test]
fn makes_no_value_of_broken_text() {
    let bodies = [
        "",
        " ",
        ":",
        "bpm:",
        "bpm",
        "70",
        "bpm: 70",
        "bpm: bpm",
        "bpm: 70 bpm:",
        "bpm: 70 beats bpm",
        "bpm: 70 80 bpm",
        "bpm: .5 bpm",
        "bpm: 5. bpm",
        "bpm: --5 bpm",
        "bpm: +-5 bpm",
        "bpm: 1-5 bpm",
        "bpm: 1.2.3 bpm",
        "bpm: - bpm",
        "bpm: . bpm",
        "bpm: ٧٠ bpm",
        "bpm: NaN bpm",
        "bpm: inf bpm",
        "bpm: 70 b\0m",
        "bpm: 111111111111111111111111111111111 bpm",
        "{",
        "{}",
        r#"{"payload":70}"#,
        r#"{"payload":null}"#,
        r#"{"payload":"70"}"#,
        r#"{"payload":"70 bpm"} x"#,
        r#"{"device":"patient","topic":"bpm"}"#,
    ];
    for body in bodies {
        check(body, Err("malformed"));
    }
    assert_eq!(decode("{}", b"bpm: 70 bp\xff"), Err("malformed"));
}

#[test]
fn takes_no_exponent_for_a_number() {
    // `e9` would have to be the unit.
    check("bpm: 1e9", Err("unsupported"));
    check("bpm: 1e9 bpm", Err("malformed"));
}

#[test]
fn survives_every_truncation_and_deep_json() {
    let body = r#"{"device":"patient","topic":"bpm","payload":" 70.00 °C "}"#.as_bytes();
    for end in 0..body.len() {
        assert_eq!(decode("{}", &body[..end]), Err("malformed"), "{end} bytes");
    }
    let deep = format!("{{\"x\":{}", "[".repeat(60_000));
    check(&deep, Err("malformed"));
}

#[test]
fn learns_words_but_no_paths() {
    let json = r#"{"units":{"Puls/min":"heart-rate","C":"humidity"}}"#;
    assert_eq!(decode(json, b"p: 70 Puls/min"), Ok("heart-rate 70 /min".to_owned()));
    assert_eq!(decode(json, b"p: 70 bpm"), Ok("heart-rate 70 /min".to_owned()));
    assert_eq!(decode(json, b"p: 70 C"), Ok("humidity 70 %".to_owned()));
}

#[test]
fn refuses_settings_that_cannot_work() {
    let many = (0..33).map(|n| format!("\"u{n}\":\"humidity\"")).collect::<Vec<_>>().join(",");
    let cases = [
        (r#"{"unit":{}}"#.to_owned(), "unit"),
        (r#"{"units":["bpm"]}"#.to_owned(), "units"),
        (r#"{"units":{"x":"weight"}}"#.to_owned(), "units"),
        (r#"{"units":{"":"humidity"}}"#.to_owned(), "units"),
        (r#"{"units":{"a b":"humidity"}}"#.to_owned(), "units"),
        (r#"{"units":{"5x":"humidity"}}"#.to_owned(), "units"),
        (format!("{{\"units\":{{{many}}}}}"), "units"),
    ];
    for (json, setting) in cases {
        let Err(ConfigError::Invalid((named, _))) = PrivateIotText::configure(&json) else {
            panic!("accepted: {json}")
        };
        assert_eq!(named, setting, "{json}");
    }
}
