//! Values from the documents, every type at its limits, and every way to break a payload.

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
    bytes,
};

use super::CayenneLpp;

fn readings(json: &str, body: &[u8]) -> Result<Vec<Reading>, &'static str> {
    let frame = Frame {
        channel: "node".to_owned(),
        content_type: None,
        received_ms: 0,
        body: body.to_vec(),
    };
    let readings =
        CayenneLpp::configure(json).unwrap().decode(frame).map_err(|error| match error {
            DecodeError::NotMine => "not mine",
            DecodeError::Malformed(_) => "malformed",
            DecodeError::Unsupported(_) => "unsupported",
        })?;
    assert!(readings.len() <= 64 && readings.iter().all(|it| it.fields.len() <= 256));
    Ok(readings)
}

/// `Ok` is one line for all fields of all readings; `Err` is the variant.
fn decode(json: &str, body: &[u8]) -> Result<String, &'static str> {
    let line = |reading: &Reading| reading.fields.iter().map(show).collect::<Vec<_>>().join(" ");
    Ok(readings(json, body)?.iter().map(line).collect::<Vec<_>>().join(" | "))
}

fn show(field: &Field) -> String {
    let unit = field.unit.as_deref().unwrap_or("");
    assert!(field.path.len() <= 64);
    match &field.value {
        Scalar::Int(int) => format!("{}={int}i{unit}", field.path),
        Scalar::Real(real) => format!("{}={real}{unit}", field.path),
        Scalar::Flag(flag) => format!("{}={flag}", field.path),
        Scalar::Text(text) => format!("{}={text}", field.path),
        Scalar::Blob(_) => panic!("no such value was expected"),
    }
}

fn check(hex: &str, expected: Result<&str, &'static str>) {
    let bytes = bytes::of_hex(hex.as_bytes()).unwrap();
    assert_eq!(decode("{}", &bytes), expected.map(str::to_owned), "{hex}");
}

#[test]
fn reads_the_examples_of_the_document() {
    check("03 67 01 10 05 67 00 FF", Ok("temperature-3=27.2Cel temperature-5=25.5Cel"));
    check(
        "01 67 FF D7 06 71 04 D2 FB 2E 00 00",
        Ok("temperature-1=-4.1Cel acceleration-6.x=1.234[g] acceleration-6.y=-1.234[g] \
            acceleration-6.z=0[g]"),
    );
    check(
        "01 88 06 76 5F F2 96 0A 00 03 E8",
        Ok("latitude-1=42.3519deg longitude-1=-87.9094deg altitude-1=10m"),
    );
}

#[test]
fn reads_every_type_of_the_document_at_its_limits() {
    check("00 00 FF", Ok("digital-input-0=255i"));
    check("FF 01 64", Ok("digital-output-255=100i"));
    check("01 02 80 00 02 02 7F FF", Ok("analog-input-1=-327.68 analog-input-2=327.67"));
    check("01 03 FF FF", Ok("analog-output-1=-0.01"));
    check("01 65 FF FF", Ok("illuminance-1=65535lx"));
    check("01 66 00 02 66 01 03 66 FF", Ok("occupancy-1=false occupancy-2=true occupancy-3=true"));
    check("01 67 80 00 02 67 7F FF", Ok("temperature-1=-3276.8Cel temperature-2=3276.7Cel"));
    check("01 68 A1 02 68 FF", Ok("humidity-1=80.5% humidity-2=127.5%"));
    check("01 73 28 FA", Ok("pressure-1=1049hPa"));
    check(
        "01 86 01 63 FE 66 80 00",
        Ok("gyroscope-1.x=3.55deg/s gyroscope-1.y=-4.1deg/s gyroscope-1.z=-327.68deg/s"),
    );
    check(
        "01 88 80 00 00 7F FF FF FF FF FF",
        Ok("latitude-1=-838.8608deg longitude-1=838.8607deg altitude-1=-0.01m"),
    );
}

#[test]
fn reads_the_types_that_came_later() {
    check("01 64 FF FF FF FF", Ok("generic-1=4294967295i"));
    check("01 74 FF FF 02 75 FF FF", Ok("voltage-1=655.35V current-2=65.535A"));
    check("01 76 FF FF FF FF", Ok("frequency-1=4294967295Hz"));
    check("01 78 64", Ok("percentage-1=100%"));
    check("01 79 FE 0C", Ok("altitude-1=-500m"));
    check("01 7D 01 90 02 80 FF FF", Ok("concentration-1=400[ppm] power-2=65535W"));
    check("01 82 00 00 04 D3 02 83 FF FF FF FF", Ok("distance-1=1.235m energy-2=4294967.295kW.h"));
    check("01 84 01 68", Ok("direction-1=360deg"));
    check("01 87 0A FF 00", Ok("colour-1=#0aff00"));
    check("01 8E 01 02 8E 00", Ok("on-1=true on-2=false"));
}

#[test]
fn a_single_time_is_that_of_the_reading() {
    let body = |hex: &str| bytes::of_hex(hex.as_bytes()).unwrap();
    let one = readings("{}", &body("01 85 65 53 F1 00 03 67 01 10")).unwrap();
    assert_eq!(one[0].at_ms, Some(1_700_000_000_000));
    assert_eq!(show(&one[0].fields[0]), "unix-time-1=1700000000is");
    let two = readings("{}", &body("01 85 65 53 F1 00 02 85 65 53 F1 01")).unwrap();
    assert_eq!(two[0].at_ms, None);
    assert_eq!(readings("{}", &body("03 67 01 10")).unwrap()[0].at_ms, None);
}

#[test]
fn a_value_that_comes_again_begins_the_next_reading() {
    check(
        "03 67 01 10 04 68 64 03 67 00 FF",
        Ok("temperature-3=27.2Cel humidity-4=50% | temperature-3=25.5Cel"),
    );
    // A plain altitude and one of a place, of the same channel.
    check(
        "01 79 00 05 01 88 00 00 00 00 00 00 00 00 64",
        Ok("altitude-1=5m latitude-1=0deg longitude-1=0deg | altitude-1=1m"),
    );
}

#[test]
fn the_owner_names_channels() {
    let names = r#"{"names":{"3":"body-temperature","4.humidity":"bathroom.humidity","4":"bathroom","5":"walk"}}"#;
    let body =
        bytes::of_hex(b"0367 0110 0468 64 0467 00C8 0571 000000000000 0688 000000 000000 000000")
            .unwrap();
    assert_eq!(
        decode(names, &body).unwrap(),
        "body-temperature=27.2Cel bathroom.humidity=50% bathroom=20Cel walk.x=0[g] walk.y=0[g] walk.z=0[g] \
        latitude-6=0deg longitude-6=0deg altitude-6=0m",
    );
    let place = bytes::of_hex(b"0588 000000 000000 000000").unwrap();
    assert_eq!(
        decode(names, &place).unwrap(),
        "walk.latitude=0deg walk.longitude=0deg walk.altitude=0m"
    );
}

#[test]
fn a_payload_that_ends_early_is_malformed() {
    for hex in [
        "",
        "03",
        "03 67",
        "03 67 01",
        "03 67 01 10 05",
        "03 67 01 10 05 67 00",
        "01 88 00 00 00 00 00 00 00 00",
    ] {
        check(hex, Err("malformed"));
    }
}

#[test]
fn every_type_needs_all_of_its_bytes() {
    for code in 0..=u8::MAX {
        let lengths = (0..=12_usize).filter(|length| {
            let body = [&[7, code][..], &vec![0; *length]].concat();
            // Zeros that are left over are the beginning of a digital input.
            decode("{}", &body).is_ok_and(|line| !line.contains("digital-input-0"))
        });
        let expected = super::types::of_code(code)
            .map(|it| it.parts.iter().map(|part| part.bytes).sum::<usize>());
        assert_eq!(lengths.collect::<Vec<_>>(), Vec::from_iter(expected), "type {code}");
    }
}

#[test]
fn a_type_that_is_not_known_is_unsupported() {
    for hex in [
        "03 04 00 00",
        "03 7A 00 00 00",
        "03 8F 00 00",
        "03 F0 08 00 00 00 00 00 00 00",
        "03 67 01 10 05 FF",
    ] {
        check(hex, Err("unsupported"));
    }
}

#[test]
fn limits_the_number_of_readings_and_fields() {
    assert_eq!(readings("{}", &[3, 0, 1].repeat(64)).unwrap().len(), 64);
    assert_eq!(decode("{}", &[3, 0, 1].repeat(65)), Err("unsupported"));
    let all = (0..=255).flat_map(|channel| [channel, 0, 1]).collect::<Vec<u8>>();
    assert_eq!(readings("{}", &all).unwrap()[0].fields.len(), 256);
    assert_eq!(decode("{}", &[all, vec![0, 1, 1]].concat()), Err("unsupported"));
}

#[test]
fn reads_text_strictly() {
    let hex = r#"{"encoding":"hex"}"#;
    assert_eq!(decode(hex, b" 0367 0110\n").unwrap(), "temperature-3=27.2Cel");
    assert_eq!(decode(hex, b"0367 011"), Err("malformed"));
    let base64 = r#"{"encoding":"base64"}"#;
    assert_eq!(
        decode(base64, b"A2cBEAVnAP8=\n").unwrap(),
        "temperature-3=27.2Cel temperature-5=25.5Cel"
    );
    for wrong in ["A2cBEAVnAP8", "A2cBEAVnAP8==", "A2cB EAVnAP8=", "A2cBEAVnAP9=", "A2cB-_==", ""] {
        assert_eq!(decode(base64, wrong.as_bytes()), Err("malformed"), "{wrong}");
    }
}

#[test]
fn refuses_settings_that_cannot_work() {
    let many = (0..257).map(|n| format!("\"{n}\":\"x\"")).collect::<Vec<_>>().join(",");
    for (json, expected) in [
        (r#"{"encoding":"base32"}"#.to_owned(), "encoding"),
        (r#"{"name":{}}"#.to_owned(), "name"),
        (r#"{"names":{"256":"x"}}"#.to_owned(), "names"),
        (r#"{"names":{"three":"x"}}"#.to_owned(), "names"),
        (r#"{"names":{"3.warmth":"x"}}"#.to_owned(), "names"),
        (r#"{"names":{"3":"X"}}"#.to_owned(), "names"),
        (format!(r#"{{"names":{{"3":"{}"}}}}"#, "x".repeat(55)), "names"),
        (format!(r#"{{"names":{{{many}}}}}"#), "names"),
    ] {
        let Err(ConfigError::Invalid((setting, _))) = CayenneLpp::configure(&json) else {
            panic!("accepted: {json}")
        };
        assert_eq!(setting, expected, "{json}");
    }
}
