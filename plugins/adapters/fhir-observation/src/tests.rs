//! Resources as the standard allows and forbids them.

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
};

use super::{
    FhirObservation,
    codings::{CODINGS, PANELS, coding_of},
};

mod resources;

/// `Ok` is one line for all readings; `Err` is the variant.
fn decode(settings: &str, body: &[u8]) -> Result<String, &'static str> {
    let frame = Frame {
        channel: "hub/observation".to_owned(),
        content_type: Some("application/fhir+json; fhirVersion=4.0".to_owned()),
        received_ms: 1,
        body: body.to_vec(),
    };
    let readings = FhirObservation::configure(settings).unwrap().decode(frame).map_err(variant)?;
    assert!(readings.len() <= 64);
    Ok(readings.iter().map(show).collect::<Vec<_>>().join(" | "))
}

fn variant(error: DecodeError) -> &'static str {
    match error {
        DecodeError::NotMine => "not mine",
        DecodeError::Malformed(_) => "malformed",
        DecodeError::Unsupported(_) => "unsupported",
    }
}

fn show(reading: &Reading) -> String {
    let at = reading.at_ms.map(|ms| format!("@{ms}")).unwrap_or_default();
    let fields = reading.fields.iter().map(show_field).collect::<Vec<_>>();
    format!("{}{at} {}", reading.kind, fields.join(" "))
}

fn show_field(field: &Field) -> String {
    let unit = field.unit.as_deref().unwrap_or("");
    match &field.value {
        Scalar::Flag(flag) => format!("{}={flag}{unit}", field.path),
        Scalar::Int(int) => format!("{}={int}{unit}", field.path),
        Scalar::Real(real) => format!("{}={real:?}{unit}", field.path),
        Scalar::Text(text) => format!("{}={text:?}{unit}", field.path),
        Scalar::Blob(_) => panic!("no such value was expected"),
    }
}

fn check(body: &str, expected: Result<&str, &'static str>) {
    assert_eq!(decode("{}", body.as_bytes()), expected.map(str::to_owned), "{body}");
}

/// An Observation with this LOINC code and these members beside it.
fn observation(code: &str, members: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","status":"final","code":{},{members}}}"#,
        concept(code)
    )
}

fn concept(code: &str) -> String {
    format!(r#"{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}]}}"#)
}

fn quantity(value: &str, ucum: &str) -> String {
    format!(
        r#""valueQuantity":{{"value":{value},"system":"http://unitsofmeasure.org","code":"{ucum}"}}"#
    )
}

fn check_value(code: &str, value: &str, expected: Result<&str, &'static str>) {
    check(&observation(code, value), expected);
}

#[test]
fn every_code_is_read_in_every_unit_that_it_has() {
    for coding in CODINGS {
        for unit in coding.units {
            let kind = coding.path.split('.').next().unwrap();
            let value = if *unit == "{steps}" { "12" } else { "12.0" };
            let expected = format!("{kind} {}={value}{unit}", coding.path);
            check_value(coding.code, &quantity("12", unit), Ok(&expected));
        }
        check_value(coding.code, &quantity("12", "mol"), Err("unsupported"));
    }
}

#[test]
fn the_table_says_each_code_once_and_leads_back() {
    for coding in CODINGS {
        assert_eq!(CODINGS.iter().filter(|it| it.code == coding.code).count(), 1, "{coding:?}");
        assert!(PANELS.iter().all(|(code, _)| *code != coding.code));
        assert!(hushgate_sdk::naming::is_path(coding.path) && !coding.display.is_empty());
        for unit in coding.units {
            assert_eq!(coding_of(coding.path, unit).map(|it| it.path), Some(coding.path));
        }
    }
    let code = |path, unit| coding_of(path, unit).map(|it| it.code);
    assert_eq!(code("oxygen-saturation", "%"), Some("59408-5"));
    assert_eq!(code("glucose", "mg/dL"), Some("2339-0"));
    assert_eq!(code("glucose", "mmol/L"), Some("15074-8"));
    assert_eq!(code("glucose", "kg"), None);
}

/// LOINC's codes end in a check digit (mod 10), so that a slip in the table is found.
#[test]
fn every_code_has_its_check_digit() {
    for code in CODINGS.iter().map(|it| it.code).chain(PANELS.iter().map(|(code, _)| *code)) {
        let (number, check) = code.split_once('-').unwrap();
        let sum: u32 = number
            .bytes()
            .rev()
            .enumerate()
            .map(|(at, digit)| {
                let digit = u32::from(digit - b'0') * if at % 2 == 0 { 2 } else { 1 };
                digit / 10 + digit % 10
            })
            .sum();
        assert_eq!((10 - sum % 10) % 10, check.parse::<u32>().unwrap(), "{code}");
    }
}

#[test]
fn a_blood_pressure_is_read_from_its_components() {
    let component = |code: &str, value: &str| format!(r#"{{"code":{},{value}}}"#, concept(code));
    let panel = |components: &[String]| {
        observation("85354-9", &format!(r#""component":[{}]"#, components.join(",")))
    };
    let systolic = component("8480-6", &quantity("109", "mm[Hg]"));
    let diastolic = component("8462-4", &quantity("44", "mm[Hg]"));
    let absent = component("8462-4", r#""dataAbsentReason":{"coding":[{"code":"not-performed"}]}"#);
    let unknown = component("1234-5", &quantity("1", "kg"));
    let modified = component("8480-6", r#""modifierExtension":[{"url":"x"}],"valueInteger":1"#);
    let both = "blood-pressure blood-pressure.systolic=109.0mm[Hg] \
                blood-pressure.diastolic=44.0mm[Hg]";
    check(&panel(&[systolic.clone(), diastolic, unknown.clone()]), Ok(both));
    let one = "blood-pressure blood-pressure.systolic=109.0mm[Hg]";
    check(&panel(&[systolic.clone(), absent.clone()]), Ok(one));
    check(&panel(&[systolic.clone(), systolic.clone()]), Ok(&format!("{one} | {one}")));
    check(&panel(&[absent]), Ok(""));
    check(&panel(&[unknown]), Ok(""));
    check(&panel(&[]), Ok(""));
    check(&panel(&[systolic, modified]), Err("unsupported"));
    check(&panel(&["1".to_owned()]), Err("malformed"));
}

#[test]
fn components_of_an_unknown_question_are_not_guessed() {
    let goal =
        format!(r#""component":[{{"code":{},{}}}]"#, concept("8480-6"), quantity("120", "mm[Hg]"));
    check(&observation("87949-4", &goal), Err("unsupported"));
}

#[test]
fn numbers_of_15_digits_are_exactly_what_was_written() {
    for (written, read) in [
        ("18.9", "18.9"),
        ("6.30", "6.3"),
        ("1.85e1", "18.5"),
        ("-0.0", "-0.0"),
        ("8.41357912345678", "8.41357912345678"),
        ("999999999999999e-15", "0.999999999999999"),
        ("123456789012345678", "1.2345678901234568e17"),
    ] {
        let expected = format!("body-weight body-weight={read}kg");
        check_value("29463-7", &quantity(written, "kg"), Ok(&expected));
    }
    for wrong in ["1e400", "\"70\"", "070", "NaN", "+1", ".5", "true", "{}"] {
        check_value("29463-7", &quantity(wrong, "kg"), Err("malformed"));
    }
}

#[test]
fn units_are_ucum_or_words_that_people_write() {
    for (members, unit) in [
        (r#""system":"http://unitsofmeasure.org","code":"{beats}/min","unit":"x""#, Some("/min")),
        (r#""system":"http://unitsofmeasure.org","code":"1/min""#, Some("/min")),
        (r#""unit":"beats/minute""#, Some("/min")),
        (r#""unit":"bpm","code":"kg""#, Some("/min")),
        (r#""unit":"bpm","code":"258983007","system":"http://snomed.info/sct""#, Some("/min")),
        (r#""unit":"/min","code":"kg","system":"http://unitsofmeasure.org""#, None),
        (r#""system":"http://unitsofmeasure.org","code":"/MIN""#, None),
        (r#""system":"http://unitsofmeasure.org","code":"{beats""#, None),
        (r#""unit":"per fortnight""#, None),
        (r#""comment":1"#, None),
    ] {
        let value = format!(r#""valueQuantity":{{"value":44,{members}}}"#);
        let expected = unit.map(|unit| format!("heart-rate heart-rate=44.0{unit}"));
        check_value("8867-4", &value, expected.as_deref().ok_or("unsupported"));
    }
    check_value("15074-8", &quantity("6.3", "mmol/l"), Ok("glucose glucose=6.3mmol/L"));
    check_value("15074-8", &quantity("113", "mg/dL"), Err("unsupported"));
    check_value("8310-5", &quantity("310", "K"), Err("unsupported"));
}

#[test]
fn a_bound_or_an_absent_value_is_no_number() {
    for comparator in ["<", "<=", ">=", ">"] {
        let value = format!(
            r#""valueQuantity":{{"value":600,"comparator":"{comparator}","unit":"mg/dL"}}"#
        );
        check_value("2339-0", &value, Ok(""));
    }
    check_value(
        "2339-0",
        r#""valueQuantity":{"value":6,"comparator":"~","unit":"mg/dL"}"#,
        Err("malformed"),
    );
    check_value("2339-0", r#""valueQuantity":{"unit":"mg/dL"}"#, Ok(""));
    check_value("2339-0", r#""dataAbsentReason":{"coding":[{"code":"error"}]}"#, Ok(""));
    check_value("2339-0", r#""subject":{"reference":"Patient/ada"}"#, Ok(""));
    let both = format!(r#"{},"dataAbsentReason":{{"text":"x"}}"#, quantity("6", "mg/dL"));
    check_value("2339-0", &both, Err("malformed"));
}

#[test]
fn the_first_code_that_is_known_counts() {
    let resource = |codings: &str| {
        observation("x", &quantity("97", "%"))
            .replace(r#"{"system":"http://loinc.org","code":"x"}"#, codings)
    };
    check(
        &resource(
            r#"{"system":"http://snomed.info/sct","code":"431314004"},{"code":"8867-4"},
            {"system":"http://loinc.org"},{"system":"http://loinc.org","code":"59408-5"},
            {"system":"http://loinc.org","code":"2708-6"}"#,
        ),
        Ok("oxygen-saturation oxygen-saturation=97.0%"),
    );
    check(&resource(r#"{"system":"http://example.org","code":"59408-5"}"#), Err("unsupported"));
    check(&resource(""), Err("unsupported"));
}

#[test]
fn the_owner_adds_codes() {
    let settings = r#"{"codes":{
        "8280-0":{"path":"waist","unit":"cm"},
        "http://snomed.info/sct|364075005":{"path":"heart-rate","unit":"/min"},
        "http://example.org|fell":{"path":"fall"},
        "8867-4":{"path":"pulse-rate","unit":"/min"},
        "http://example.org|n":{"path":"drinks","unit":"{drinks}"}}}"#;
    let ask = |system: &str, code: &str, value: &str| {
        let resource = observation(code, value).replace("http://loinc.org", system);
        decode(settings, resource.as_bytes())
    };
    let ok = |text: &str| Ok(text.to_owned());
    let (loinc, own) = ("http://loinc.org", "http://example.org");
    assert_eq!(ask(loinc, "8280-0", &quantity("88.5", "cm")), ok("waist waist=88.5cm"));
    assert_eq!(ask(loinc, "8280-0", &quantity("88.5", "m")), Err("unsupported"));
    assert_eq!(ask(own, "8280-0", &quantity("88.5", "cm")), Err("unsupported"));
    assert_eq!(ask(loinc, "8867-4", &quantity("44", "/min")), ok("pulse-rate pulse-rate=44.0/min"));
    assert_eq!(
        ask("http://snomed.info/sct", "364075005", r#""valueInteger":44"#),
        ok("heart-rate heart-rate=44.0/min")
    );
    assert_eq!(ask(own, "fell", r#""valueBoolean":true"#), ok("fall fall=true"));
    assert_eq!(ask(own, "fell", r#""valueString":"hard""#), ok("fall fall=\"hard\""));
    assert_eq!(ask(own, "fell", r#""valueInteger":2"#), ok("fall fall=2"));
    assert_eq!(ask(own, "fell", r#""valueQuantity":{"value":2}"#), ok("fall fall=2.0"));
    assert_eq!(
        ask(own, "fell", r#""valueCodeableConcept":{"coding":[{"code":"LA33-6"}]}"#),
        ok("fall fall=\"LA33-6\"")
    );
    assert_eq!(ask(own, "fell", &quantity("2", "kg")), Err("unsupported"));
    assert_eq!(ask(own, "n", &quantity("2", "{drinks}")), ok("drinks drinks=2.0{drinks}"));
    let long = format!("\"valueString\":\"{}\"", "a".repeat(1025));
    assert_eq!(ask(own, "fell", &long), Err("unsupported"));
    assert_eq!(ask(own, "fell", r#""valueDateTime":"2012""#), Err("unsupported"));
}

#[test]
fn only_a_count_may_come_without_a_unit() {
    check_value("55423-8", "\"valueInteger\":5000", Ok("steps steps=5000{steps}"));
    check_value("41950-7", &quantity("5000", "{steps}/d"), Ok("steps steps=5000.0/d"));
    check_value("55423-8", &quantity("5000", "1"), Ok("steps steps=5000{steps}"));
    check_value("55423-8", r#""valueQuantity":{"value":5000.5}"#, Ok("steps steps=5000.5{steps}"));
    check_value("8867-4", "\"valueInteger\":44", Err("unsupported"));
    check_value("8867-4", "\"valueString\":\"44\"", Err("unsupported"));
    check_value("8867-4", "\"valueRange\":{}", Err("unsupported"));
}

#[test]
fn refuses_settings_that_cannot_work() {
    for json in [
        r#"{"codes":{"":{"path":"a"}}}"#,
        r#"{"codes":{"|a":{"path":"a"}}}"#,
        r#"{"codes":{"a b":{"path":"a"}}}"#,
        r#"{"codes":{"a":{"path":"A"}}}"#,
        r#"{"codes":{"a":{"path":"a","unit":""}}}"#,
        r#"{"codes":{"a":{"unit":"kg"}}}"#,
        r#"{"codes":{"a":{"path":"a","units":"kg"}}}"#,
    ] {
        let refused = FhirObservation::configure(json).map(drop);
        assert!(
            matches!(&refused, Err(ConfigError::Invalid((setting, _))) if setting == "codes"),
            "{json}: {refused:?}"
        );
    }
    assert!(FhirObservation::configure(r#"{"code":{}}"#).is_err());
}
