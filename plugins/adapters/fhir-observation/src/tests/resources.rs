//! Resources around a value: their standing, time, bundles and versions.

use hushgate_sdk::{Frame, adapter::Adapter};

use super::{FhirObservation, check, check_value, decode, observation, quantity, variant};

#[test]
fn only_results_that_stand_count() {
    let resource =
        |status: &str| observation("8867-4", &quantity("44", "/min")).replace("\"final\"", status);
    for status in ["preliminary", "final", "amended", "corrected"] {
        check(&resource(&format!("{status:?}")), Ok("heart-rate heart-rate=44.0/min"));
    }
    for status in ["registered", "cancelled", "entered-in-error", "unknown"] {
        check(&resource(&format!("{status:?}")), Ok(""));
    }
    for status in ["\"done\"", "\"Final\"", "\"\"", "null", "1"] {
        check(&resource(status), Err("malformed"));
    }
    check(&resource("\"final\"").replace("\"status\":\"final\",", ""), Err("malformed"));
}

#[test]
fn what_may_turn_the_meaning_round_is_not_read() {
    for member in [r#""implicitRules":"http://x""#, r#""modifierExtension":[{"url":"http://x"}]"#] {
        let members = format!("{},{member}", quantity("44", "/min"));
        check_value("8867-4", &members, Err("unsupported"));
    }
}

#[test]
fn a_resource_that_fhir_does_not_allow_is_malformed() {
    let value = quantity("44", "/min");
    check_value("8867-4", &format!("{value},\"valueInteger\":44"), Err("malformed"));
    check_value("8867-4", &format!("{value},{value}"), Err("malformed"));
    check_value("8867-4", "\"valueQuantity\":44", Err("malformed"));
    check_value("8867-4", "\"component\":{}", Err("malformed"));
    check(r#"{"resourceType":"Observation","status":"final"}"#, Err("malformed"));
    check(r#"{"resourceType":"Observation","status":"final","code":"8867-4"}"#, Err("malformed"));
}

#[test]
fn a_time_is_a_moment_or_stays_text() {
    let at = |member: &str, expected: Result<&str, &'static str>| {
        let expected = expected.map(|time| match time.strip_prefix('@') {
            Some(ms) => format!("heart-rate@{ms} heart-rate=44.0/min"),
            None if time.is_empty() => "heart-rate heart-rate=44.0/min".to_owned(),
            None => format!("heart-rate heart-rate=44.0/min device-time={time:?}"),
        });
        let members = format!("{},{member}", quantity("44", "/min"));
        check_value("8867-4", &members, expected.as_deref().map_err(|error| *error));
    };
    let date_time = |text: &str, expected| at(&format!("\"effectiveDateTime\":{text:?}"), expected);
    date_time("1999-07-02T10:00:00.25+01:00", Ok("@930906000250"));
    date_time("1998-12-31T23:59:60Z", Ok("@915148799000"));
    date_time("2000-02-29T00:00:00+14:00", Ok("@951732000000"));
    for vague in ["2012", "2012-09", "2012-02-29", "1969-07-20", "1969-07-20T20:17:40Z"] {
        date_time(vague, Ok(vague));
    }
    for wrong in [
        "",
        "12",
        "0000",
        "2012-9",
        "2012-13",
        "2013-02-29",
        "2012-09-17T10",
        "2012-09-17T10:00Z",
        "2012-09-17T10:00:00",
        "2012-09-17T24:00:00Z",
        "2012-09-17T10:00:00+14:30",
        "2012-09-17t10:00:00Z",
        "2012-09-17T10:00:00z",
        "2012-09-17 10:00:00Z",
        "17.9.2012",
        "\u{e4}\u{e4}\u{e4}",
    ] {
        date_time(wrong, Err("malformed"));
    }
    at(r#""effectiveInstant":"2012-09-17T10:00:00Z""#, Ok("@1347876000000"));
    at(r#""effectiveInstant":"2012-09-17""#, Err("malformed"));
    let period =
        |members: &str, expected| at(&format!("\"effectivePeriod\":{{{members}}}"), expected);
    period(r#""start":"2012-09-17T10:00:00Z","end":"2012-09-17T10:00:05Z""#, Ok("@1347876005000"));
    period(r#""end":"2012-09-17""#, Ok("2012-09-17"));
    period(r#""start":"2012-09-17T10:00:00Z""#, Ok(""));
    period(r#""start":"2012-09-17T10:00:05Z","end":"2012-09-17T10:00:00Z""#, Err("malformed"));
    at(r#""effectiveTiming":{"event":["2012"]}"#, Ok(""));
    at(r#""effectiveTiming":{},"effectiveDateTime":"2012""#, Err("malformed"));
    at(r#""effectivePeriod":{},"effectiveDateTime":"2012""#, Err("malformed"));
}

#[test]
fn bundles_and_arrays_hold_observations_and_more() {
    let heart = observation("8867-4", &quantity("44", "/min"));
    let weight = observation("29463-7", &quantity("70.5", "kg"));
    let withdrawn = heart.replace("final", "entered-in-error");
    let unknown = observation("1234-5", &quantity("1", "kg"));
    let patient = r#"{"resourceType":"Patient","component":7,"status":{},"code":[]}"#;
    let bundle = |kind: &str, resources: &[&str]| {
        let entries =
            resources.iter().map(|it| format!(r#"{{"fullUrl":"urn:x","resource":{it}}}"#));
        let entries = entries.collect::<Vec<_>>().join(",");
        format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{entries}]}}"#)
    };
    let both = "heart-rate heart-rate=44.0/min | body-weight body-weight=70.5kg";
    let resources = [patient, &*heart, &*withdrawn, &*unknown, &*weight];
    for kind in ["collection", "batch", "transaction", "message", "searchset"] {
        check(&bundle(kind, &resources), Ok(both));
    }
    for kind in ["document", "history", "batch-response", "transaction-response"] {
        check(&bundle(kind, &resources), Err("unsupported"));
    }
    check(&bundle("heap", &resources), Err("malformed"));
    check(&bundle("collection", &[patient]), Ok(""));
    check(&bundle("collection", &[&unknown]), Err("unsupported"));
    check(&bundle("collection", &[&heart, "7"]), Err("malformed"));
    check(r#"{"resourceType":"Bundle","type":"collection"}"#, Ok(""));
    check(r#"{"resourceType":"Bundle"}"#, Err("malformed"));
    check(&format!("[{patient},{heart},{weight}]"), Ok(both));
    for (count, expected) in [(64, Ok(())), (65, Err("unsupported"))] {
        let many = format!("[{}]", vec![heart.as_str(); count].join(","));
        assert_eq!(decode("{}", many.as_bytes()).map(drop), expected);
    }
}

#[test]
fn members_may_come_in_any_order() {
    let heart = observation("8867-4", &quantity("44", "/min"));
    let tag = r#""resourceType":"Observation","#;
    let last = heart.replace(tag, "");
    let last = format!("{},\"resourceType\":\"Observation\"}}", &last[..last.len() - 1]);
    check(&last, Ok("heart-rate heart-rate=44.0/min"));
    check(&last.replace("final", "done"), Err("malformed"));
    let status = r#""status":"final","#;
    let twice = last.replace(status, &format!("{status}{status}"));
    check(&twice, Err("malformed"));
    let around = format!(
        "{{{status}\"entry\":[{{\"resource\":{last}}}],\"type\":\"batch\",\"resourceType\":\"Bundle\"}}"
    );
    check(&around, Ok("heart-rate heart-rate=44.0/min"));
}

#[test]
fn what_is_not_fhir_json_is_not_mine() {
    for body in [patient(), "{}", "[]", r#"{"resourceType":"Observatio"}"#, r#"[{"a":1}]"#] {
        check(body, Err("not mine"));
    }
    check("<Observation/>", Err("unsupported"));
    for body in ["", "7", "[7]", "{", "Observation", r#"{"resourceType":7}"#] {
        check(body, Err("malformed"));
    }
    assert_eq!(decode("{}", b"{\"resourceType\":\"\xFF\"}"), Err("malformed"));
}

fn patient() -> &'static str {
    r#"{"resourceType":"Patient"}"#
}

#[test]
fn another_version_of_fhir_is_unsupported() {
    let ask = |content_type: &str| {
        let frame = Frame {
            channel: String::new(),
            content_type: Some(content_type.to_owned()),
            received_ms: 1,
            body: observation("8867-4", &quantity("44", "/min")).into_bytes(),
        };
        FhirObservation::configure("{}").unwrap().decode(frame).map(drop).map_err(variant)
    };
    assert_eq!(ask("application/json"), Ok(()));
    assert_eq!(ask("application/fhir+json; charset=utf-8; fhirVersion=\"4.3\""), Ok(()));
    assert_eq!(ask("application/fhir+json;fhirVersion=3.0"), Err("unsupported"));
    assert_eq!(ask("application/fhir+json; fhirversion=5.0"), Err("unsupported"));
}

#[test]
fn a_cut_resource_is_malformed_everywhere() {
    let whole = observation("8867-4", &quantity("44", "/min"));
    for end in 0..whole.len() {
        assert_eq!(decode("{}", &whole.as_bytes()[..end]), Err("malformed"), "{end} bytes");
    }
}
