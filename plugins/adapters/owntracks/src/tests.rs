//! Messages as the document has them and as apps send them.

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
};

use super::OwnTracks;

fn readings(body: &str) -> Result<Vec<Reading>, &'static str> {
    let frame = Frame {
        channel: "owntracks/ada/phone".to_owned(),
        content_type: None,
        received_ms: 0,
        body: body.as_bytes().to_vec(),
    };
    OwnTracks::configure("{}").unwrap().decode(frame).map_err(|error| match error {
        DecodeError::NotMine => "not mine",
        DecodeError::Malformed(_) => "malformed",
        DecodeError::Unsupported(_) => "unsupported",
    })
}

fn check(body: &str, expected: Result<&str, &'static str>) {
    let line = |reading: &Reading| {
        let at = reading.at_ms.map(|ms| format!("@{ms}"));
        at.into_iter().chain(reading.fields.iter().map(show)).collect::<Vec<_>>().join(" ")
    };
    let found = readings(body).map(|it| it.iter().map(line).collect::<Vec<_>>().join(" | "));
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

const PHONE: &str = r#"{"_type":"location","BSSID":"b4:f2:e8:00:00:01","SSID":"Ada's","acc":14,"alt":154,"batt":53,
    "bs":2,"cog":271,"conn":"w","created_at":1700000009,"inregions":["Home"],"inrids":["6da9cf"],"lat":52.520008,
    "lon":13.404954,"m":1,"motionactivities":["walking"],"p":100.91,"t":"u","tid":"AD","topic":"owntracks/ada/phone",
    "tst":1700000000,"vac":3,"vel":4}"#;

#[test]
fn reads_a_location_and_nothing_that_names_anybody() {
    check(
        PHONE,
        Ok(
            "@1700000000000 latitude=52.520008deg longitude=13.404954deg altitude=154m accuracy=14m \
            vertical-accuracy=3m speed=4km/h course=271deg battery=53% pressure=100.91kPa battery-state=charging \
            connection=wifi mode=significant trigger=u",
        ),
    );
    check(r#"{"_type":"location","lat":0,"lon":-180}"#, Ok("latitude=0deg longitude=-180deg"));
    check(
        r#"{"_type":"location","lat":"52.5","lon":"13.25","tst":"7","batt":"9"}"#,
        Ok("@7000 latitude=52.5deg longitude=13.25deg battery=9%"),
    );
}

#[test]
fn what_the_device_does_not_know_becomes_no_field() {
    check(
        r#"{"_type":"location","lat":1,"lon":2,"acc":-1,"vac":-1,"vel":-1,"cog":-1,"batt":-100,"alt":-12,"bs":0,"conn":"x",
        "m":9,"t":"long","p":null,"tst":null}"#,
        Ok("latitude=1deg longitude=2deg altitude=-12m"),
    );
}

#[test]
fn reads_who_comes_and_goes() {
    check(
        r#"{"_type":"transition","wtst":1425042603,"lat":12.34,"lon":44.5,"tst":1427634603,"acc":130,"tid":"JP",
        "event":"enter","desc":"my Indian restaurant","t":"b","rid":"6da9cf"}"#,
        Ok(
            "@1427634603000 region-event=enter region=my Indian restaurant latitude=12.34deg longitude=44.5deg \
            accuracy=130m",
        ),
    );
    check(r#"{"_type":"transition","event":"leave","tst":7}"#, Ok("@7000 region-event=leave"));
    check(r#"{"_type":"transition","event":"stay","tst":7}"#, Err("malformed"));
    check(r#"{"_type":"transition","event":"leave","lat":1}"#, Err("malformed"));
}

#[test]
fn reads_steps_and_last_wills() {
    check(
        r#"{"_type":"steps","tst":9,"steps":1204,"from":1,"to":8}"#,
        Ok("@8000 steps=1204i{steps}"),
    );
    check(r#"{"_type":"steps","tst":9,"steps":-1,"from":1,"to":8}"#, Ok(""));
    check(r#"{"_type":"steps","tst":9}"#, Err("malformed"));
    check(r#"{"_type":"lwt","tst":1380738247}"#, Ok("online=false"));
}

#[test]
fn what_holds_no_observation_is_not_mine() {
    for kind in ["card", "cmd", "configuration", "request", "status", "waypoint", "waypoints"] {
        check(&format!(r#"{{"_type":"{kind}","lat":1,"lon":2}}"#), Err("not mine"));
    }
    for body in ["{}", "[]", "1", r#"{"_type":1}"#, r#"{"type":"location","lat":1,"lon":2}"#] {
        check(body, Err("not mine"));
    }
}

#[test]
fn what_cannot_be_read_is_unsupported() {
    check(r#"{"_type":"encrypted","data":"AAAA"}"#, Err("unsupported"));
    check(r#"{"_type":"beacon","uuid":"x","rssi":-60}"#, Err("unsupported"));
    check(r#"{"_type":"teleport"}"#, Err("unsupported"));
}

#[test]
fn a_place_must_be_on_earth_and_said_in_numbers() {
    for body in [
        r#"{"_type":"location"}"#,
        r#"{"_type":"location","lat":1}"#,
        r#"{"_type":"location","lat":90.001,"lon":2}"#,
        r#"{"_type":"location","lat":1,"lon":-181}"#,
        r#"{"_type":"location","lat":"north","lon":2}"#,
        r#"{"_type":"location","lat":null,"lon":2}"#,
        r#"{"_type":"location","lat":1,"lon":2,"acc":"good"}"#,
        r#"{"_type":"location","lat":1,"lon":2,"tst":-1}"#,
        r#"{"_type":"location","lat":1,"lon":2,"tst":1.5}"#,
        r#"{"_type":"location","lat":1,"lon":2,"tst":9223372036854775807}"#,
        "C2,561ebac3,v,50123456,65987654,0,0,11,0,5232",
        "",
    ] {
        check(body, Err("malformed"));
    }
}

#[test]
fn every_truncation_is_malformed() {
    for end in 0..PHONE.len() {
        check(&PHONE[..end], Err("malformed"));
    }
}

#[test]
fn has_no_settings() {
    let refused = OwnTracks::configure(r#"{"key":"x"}"#).unwrap_err();
    assert!(matches!(refused, ConfigError::Invalid((setting, _)) if setting == "key"));
}
