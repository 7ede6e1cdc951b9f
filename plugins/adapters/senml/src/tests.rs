//! Packs of the documents, and every way to break them.

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
    bytes,
    json::Number,
};

use super::{Senml, exact};

mod cbor;

const RECEIVED_MS: u64 = 1_500_000_000_000;

/// `Ok` is one line for all readings; `Err` is the variant.
fn decode(settings: &str, content_type: Option<&str>, body: &[u8]) -> Result<String, &'static str> {
    let frame = Frame {
        channel: "garden".to_owned(),
        content_type: content_type.map(str::to_owned),
        received_ms: RECEIVED_MS,
        body: body.to_vec(),
    };
    let readings =
        Senml::configure(settings).unwrap().decode(frame).map_err(|error| match error {
            DecodeError::NotMine => "not mine",
            DecodeError::Malformed(_) => "malformed",
            DecodeError::Unsupported(_) => "unsupported",
        })?;
    assert!(readings.len() <= 64);
    Ok(readings.iter().map(show).collect::<Vec<_>>().join(" | "))
}

fn show(reading: &Reading) -> String {
    let fields = reading.fields.iter().map(show_field).collect::<Vec<_>>().join(" ");
    match reading.at_ms {
        Some(ms) => format!("@{ms} {fields}"),
        None => fields,
    }
}

fn show_field(field: &Field) -> String {
    let unit = field.unit.as_deref().unwrap_or("");
    let path = field.path.strip_prefix("senml.").unwrap_or(&field.path);
    match &field.value {
        Scalar::Flag(flag) => format!("{path}={flag}{unit}"),
        Scalar::Int(int) => format!("{path}={int}{unit}"),
        Scalar::Real(real) => format!("{path}={real:?}{unit}"),
        Scalar::Text(text) => format!("{path}={text:?}{unit}"),
        Scalar::Blob(blob) => format!("{path}={blob:?}{unit}"),
    }
}

fn check(json: &str, expected: Result<&str, &'static str>) {
    assert_eq!(decode("{}", None, json.as_bytes()), expected.map(str::to_owned), "{json}");
}

#[test]
fn reads_the_examples_of_the_rfc() {
    check(
        r#"[{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1}]"#,
        Ok("10e2073a01080063=23.1Cel"),
    );
    check(
        r#"[{"bn":"urn:dev:ow:10e2073a01080063:","n":"voltage","u":"V","v":120.1},
            {"n":"current","u":"A","v":1.2}]"#,
        Ok("voltage=120.1V current=1.2A"),
    );
    check(
        r#"[{"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,"bu":"A","bver":5,
             "n":"voltage","u":"V","v":120.1},
            {"n":"current","t":-5,"v":1.2},{"n":"current","v":1.7}]"#,
        Ok("@1276020076001 voltage=120.1V current=1.7A | @1276020071001 current=1.2A"),
    );
    check(
        r#"[{"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09,"bu":"%RH","v":20},
            {"u":"lon","v":24.30621},{"u":"lat","v":60.07965},{"t":60,"v":20.3}]"#,
        Ok(
            "@1320067464000 10e2073a01080063=20.0% | @1320067464000 10e2073a01080063=24.30621deg | \
            @1320067464000 10e2073a01080063=60.07965deg | @1320067524000 10e2073a01080063=20.3%",
        ),
    );
    check(
        r#"[{"bn":"urn:dev:ow:10e2073a01080063:","n":"temp","u":"Cel","v":23.1},
            {"n":"label","vs":"Machine Room"},{"n":"open","vb":false},{"n":"nfc-reader","vd":"aGkgCg"}]"#,
        Ok("temp=23.1Cel label=\"Machine Room\" open=false nfc-reader=[104, 105, 32, 10]"),
    );
}

#[test]
fn base_values_are_added_as_decimals() {
    check(
        r#"[{"bn":"a","bv":20.1,"bs":100.1},{"n":"1","v":0.2},{"n":"2","v":-20.1,"s":0.2},
            {"bv":0,"n":"3","v":5e-1},{"n":"4","vs":"x","s":1}]"#,
        Ok("a1=20.3 a2=0.0 a2-sum=100.3s a3=0.5 a4=\"x\" a4-sum=101.1s"),
    );
    let sum = |left, right| exact::add(Number::Near(left), Number::Near(right));
    assert_eq!(sum(1e300, 1e-300), 1e300);
    assert_eq!(sum(0.1, 0.2), 0.3);
    assert_eq!(sum(9_007_199_254_740_993.0, 0.1), 9_007_199_254_740_992.0);
    check(r#"[{"bv":1.7e308,"n":"a","v":1.7e308}]"#, Err("malformed"));
}

#[test]
fn times_are_relative_below_two_to_the_28() {
    let at = |base: &str, time: &str, expected: Result<&str, &'static str>| {
        let expected = expected.map(|at| format!("{at} a=1.0").trim_start().to_owned());
        let json = format!(r#"[{{"bt":{base},"n":"a","t":{time},"v":1}}]"#);
        assert_eq!(decode("{}", None, json.as_bytes()), expected, "{json}");
    };
    at("0", "0", Ok(""));
    at("5", "-5", Ok(""));
    at("0", "-60", Ok("@1499999940000"));
    at("0", "0.25", Ok("@1500000000250"));
    at("0", "268435455", Ok("@1768435455000"));
    at("0", "268435456", Ok("@268435456000"));
    at("268435450", "6", Ok("@268435456000"));
    at("1.3e9", "-0.001", Ok("@1299999999999"));
    at("0", "-1.6e9", Err("malformed"));
    at("1e300", "0", Err("malformed"));
}

#[test]
fn a_record_without_a_value_only_sets_the_base() {
    check(r#"[{"bn":"a"},{"v":1}]"#, Ok("a=1.0"));
    check(r#"[{"bver":10},{"n":"a","v":1}]"#, Ok("a=1.0"));
    check(r#"[{"bn":"a"}]"#, Ok(""));
    check(r#"[{"n":"a","u":"W","s":2}]"#, Ok("a-sum=2.0W.s"));
    check(r#"[{"n":"a","u":"Cel","s":2}]"#, Ok("a-sum=2.0"));
    for json in
        [r#"[{}]"#, r#"[{"n":"a"}]"#, r#"[{"bn":"a","n":"b"}]"#, r#"[{"bn":"a","t":1}]"#, "[]"]
    {
        check(json, Err("malformed"));
    }
}

#[test]
fn every_field_has_its_type_and_appears_once() {
    for fields in [
        r#""v":"1""#,
        r#""v":null"#,
        r#""v":true"#,
        r#""v":[1]"#,
        r#""vb":1"#,
        r#""vs":1"#,
        r#""vd":1"#,
        r#""vd":"a""#,
        r#""vd":"aGkgCg==""#,
        r#""vd":"aB""#,
        r#""v":1,"v":1"#,
        r#""v":1,"vs":"a""#,
        r#""v":1,"vb":true"#,
        r#""v":1,"n":"b""#,
        r#""v":1,"u":1"#,
        r#""v":1,"t":"1""#,
        r#""v":1,"s":"1""#,
        r#""v":1,"ut":{}"#,
        r#""v":1,"bt":"1""#,
        r#""v":1,"bn":1"#,
        r#""v":1,"bu":1"#,
        r#""v":1,"bv":"1""#,
        r#""v":1,"bs":"1""#,
        r#""v":1,"bver":"10""#,
        r#""v":1,"bver":0"#,
        r#""v":1,"bver":9.5"#,
        r#""v":1,"u":"""#,
        r#""v":1,"u":"a b""#,
    ] {
        check(&format!(r#"[{{"n":"a",{fields}}}]"#), Err("malformed"));
    }
    for json in ["[1]", "[[]]", "[null]", "[", r#"[{"n":"a","v":1}"#, r#"[{"n":"a","v":1}]x"#] {
        check(json, Err("malformed"));
    }
}

#[test]
fn what_must_be_understood_is_refused_and_the_rest_passed_over() {
    check(r#"[{"n":"a","v":1,"foo":{"x":[1,null]},"b":2,"_":1}]"#, Err("unsupported"));
    check(r#"[{"n":"a","v":1,"foo":{"x_":[1,null]},"bx":2,"ut":5}]"#, Ok("a=1.0"));
    check(r#"[{"n":"a","v":1},{"bn":"x","foo_":null}]"#, Err("unsupported"));
}

#[test]
fn a_newer_version_is_unsupported_and_two_are_malformed() {
    for (version, expected) in [
        ("1", Ok("a=1.0")),
        ("5", Ok("a=1.0")),
        ("10", Ok("a=1.0")),
        ("26", Ok("a=1.0")),
        ("11", Err("unsupported")),
        ("25", Err("unsupported")),
        ("42", Err("unsupported")),
        ("-1", Err("malformed")),
    ] {
        check(&format!(r#"[{{"bver":{version},"n":"a","v":1}}]"#), expected);
    }
    check(r#"[{"bver":5,"n":"a","v":1},{"bver":10,"n":"b","v":1}]"#, Err("malformed"));
    check(r#"[{"n":"a","v":1},{"bver":5,"n":"b","v":1}]"#, Err("malformed"));
    check(r#"[{"n":"a","v":1},{"bver":10,"n":"b","v":1}]"#, Ok("a=1.0 b=1.0"));
}

#[test]
fn names_have_letters_digits_and_few_other_signs() {
    for (name, path) in [
        ("A", "a"),
        ("urn:dev:mac:0024befffe804ff1/Temp_1", "temp-1"),
        ("urn:dev:mac:0024befffe804ff1/", "0024befffe804ff1"),
        ("a.b", "a.b"),
        ("a/-", ""),
        ("3-:./_", "."),
    ] {
        let expected = match path {
            "" => Err("unsupported"),
            "." => Err("unsupported"),
            path => Ok(format!("{path}=1.0")),
        };
        let json = format!(r#"[{{"n":"{name}","v":1}}]"#);
        assert_eq!(decode("{}", None, json.as_bytes()), expected, "{json}");
    }
    for name in ["", "-a", ":a", ".a", "/a", "_a", "a b", "a\u{e4}", "a#", "a%"] {
        check(&format!(r#"[{{"n":"{name}","v":1}}]"#), Err("malformed"));
    }
    check(r#"[{"v":1}]"#, Err("malformed"));
    check(r#"[{"bn":"-","n":"a","v":1}]"#, Err("malformed"));
    check(&format!(r#"[{{"n":"{}","v":1}}]"#, "a".repeat(59)), Err("unsupported"));
}

#[test]
fn the_owner_names_paths() {
    let settings = r#"{"names":{"urn:a:temp":"temperature","hum":"humidity","pos":"a.b"}}"#;
    let json = r#"[{"bn":"urn:a:","n":"temp","u":"Cel","v":1},{"n":"hum","u":"%RH","v":2},
        {"bn":"urn:b:","n":"temp","u":"Cel","v":3}]"#;
    assert_eq!(
        decode(settings, None, json.as_bytes()),
        Ok("temperature=1.0Cel humidity=2.0% temp=3.0Cel".to_owned())
    );
}

#[test]
fn units_become_ucum_and_strangers_stay_strange() {
    for (unit, ucum) in [
        ("beat/min", "1.0/min"),
        ("lat", "1.0deg"),
        ("%EL", "1.0%"),
        ("kWh", "1.0kW.h"),
        ("/", "1.01"),
        ("count", "1{count}"),
        ("beats", "1{beats}"),
        ("Pa", "1.0Pa"),
        ("cel", "1.0{cel}"),
        ("NTU", "1.0{NTU}"),
    ] {
        check(&format!(r#"[{{"n":"a","u":"{unit}","v":1}}]"#), Ok(&format!("a={ucum}")));
    }
    check(r#"[{"n":"a","u":"count","v":1.5}]"#, Ok("a=1.5{count}"));
    check(r#"[{"n":"a","u":"{a}","v":1}]"#, Err("malformed"));
}

#[test]
fn the_content_type_chooses_and_else_the_first_byte() {
    let json = br#" [{"n":"a","v":1}]"#;
    let cbor = bytes::of_hex(b"81 A2 00 61 61 02 01").unwrap();
    let ok = Ok("a=1.0".to_owned());
    for content_type in
        [None, Some("application/json"), Some("Application/SenML+JSON; charset=utf-8")]
    {
        assert_eq!(decode("{}", content_type, json), ok);
    }
    for content_type in [None, Some("application/cbor"), Some("application/senml+cbor")] {
        assert_eq!(decode("{}", content_type, &cbor), ok);
    }
    assert_eq!(decode("{}", Some("application/senml+cbor"), json), Err("malformed"));
    assert_eq!(decode("{}", Some("application/senml+json"), &cbor), Err("malformed"));
    let format = r#"{"format":"cbor"}"#;
    assert_eq!(decode(format, Some("application/senml+json"), &cbor), ok);
    for unread in ["application/senml+xml", "application/senml-exi", "application/sensml+json"] {
        assert_eq!(decode("{}", Some(unread), json), Err("unsupported"));
    }
    for other in [&b"{}"[..], b"21.5", b"", b"\xA0"] {
        assert_eq!(decode("{}", None, other), Err("not mine"));
    }
}

#[test]
fn a_pack_is_bounded() {
    let moments = |count: u32| {
        let records = (0..count).map(|at| format!(r#"{{"n":"a","t":{},"v":1}}"#, at + 1));
        format!("[{}]", records.collect::<Vec<_>>().join(","))
    };
    assert!(decode("{}", None, moments(64).as_bytes()).is_ok());
    check(&moments(65), Err("unsupported"));
    let long = format!(r#"[{{"n":"a","vs":"{}"}}]"#, "x".repeat(1025));
    check(&long, Err("unsupported"));
    let fields = (0..2000).map(|at| format!(r#"{{"n":"n{at}","v":1}}"#)).collect::<Vec<_>>();
    check(&format!("[{}]", fields.join(",")), Err("unsupported"));
}

#[test]
fn refuses_settings_that_cannot_work() {
    for (json, setting) in [
        (r#"{"format":"xml"}"#, "format"),
        (r#"{"names":{"-":"a"}}"#, "names"),
        (r#"{"names":{"a":"A"}}"#, "names"),
        (r#"{"name":{}}"#, "name"),
    ] {
        let refused = Senml::configure(json).map(drop);
        assert!(
            matches!(&refused, Err(ConfigError::Invalid((name, _))) if name == setting),
            "{json}: {refused:?}"
        );
    }
}
