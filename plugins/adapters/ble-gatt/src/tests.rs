//! Values from the specifications and from other implementations' tests, and every way to break them.

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
    bytes,
};

use super::BleGatt;

mod fitness;
mod glucose;
mod vitals;

fn decode(json: &str, channel: &str, body: &[u8]) -> Result<Vec<Reading>, &'static str> {
    let frame = Frame {
        channel: channel.to_owned(),
        content_type: None,
        received_ms: 0,
        body: body.to_vec(),
    };
    BleGatt::configure(json).unwrap().decode(frame).map_err(|error| match error {
        DecodeError::NotMine => "not mine",
        DecodeError::Malformed(_) => "malformed",
        DecodeError::Unsupported(_) => "unsupported",
    })
}

/// One line for all fields of all readings.
fn show(readings: &[Reading]) -> String {
    let reading = |it: &Reading| {
        let at = it.at_ms.map(|ms| format!("at={ms}"));
        at.into_iter().chain(it.fields.iter().map(show_field)).collect::<Vec<_>>().join(" ")
    };
    readings.iter().map(reading).collect::<Vec<_>>().join(" | ")
}

fn show_field(field: &Field) -> String {
    let unit = field.unit.as_deref().unwrap_or("");
    match &field.value {
        Scalar::Int(int) => format!("{}={int}{unit}", field.path),
        Scalar::Real(real) => format!("{}={real:?}{unit}", field.path),
        Scalar::Text(text) => format!("{}={text}{unit}", field.path),
        Scalar::Flag(true) => field.path.clone(),
        Scalar::Flag(false) => format!("no-{}", field.path),
        Scalar::Blob(_) => panic!("no blob was expected"),
    }
}

fn check_with(json: &str, uuid: &str, hex: &str, expected: Result<&str, &'static str>) {
    let bytes = bytes::of_hex(hex.as_bytes()).unwrap();
    let lines = decode(json, &format!("home/{uuid}"), &bytes).map(|it| show(&it));
    assert_eq!(lines, expected.map(str::to_owned), "{uuid} {hex} {json}");
}

fn check(uuid: &str, hex: &str, expected: Result<&str, &'static str>) {
    check_with("{}", uuid, hex, expected);
}

/// Cut off after any byte, `hex` must be malformed.
fn check_every_cut(uuid: &str, hex: &str) {
    let bytes = bytes::of_hex(hex.as_bytes()).unwrap();
    assert!(decode("{}", uuid, &bytes).is_ok(), "{uuid} {hex}");
    for end in 0..bytes.len() {
        assert_eq!(decode("{}", uuid, &bytes[..end]), Err("malformed"), "{uuid} {hex}: {end}");
    }
}

#[test]
fn reserved_flags_are_ignored_and_may_announce_bytes_at_the_end() {
    check("2a37", "E0 55", Ok("heart-rate=85/min"));
    check("2a37", "E0 55 01 02 03", Ok("heart-rate=85/min"));
    check("2a37", "F0 55 00 04", Ok("heart-rate=85/min | rr-interval=1.0s"));
    check("2a1c", "F8 6D 01 00 FF", Ok("body-temperature=36.5Cel"));
    check("2a9d", "F0 B8 38", Ok("body-weight=72.6kg"));
    check("2a5b", "FC", Ok(""));
    check("2a5b", "00 00", Err("malformed"));
}

#[test]
fn the_owner_says_in_which_zone_a_clock_is() {
    let at = |json: &str, time: &str, expected: &str| {
        let expected = expected.replace('W', "body-weight=72.6kg");
        check_with(json, "2a9d", &format!("02 B838 {time}"), Ok(expected.trim()));
    };
    at("{}", "EA07 0B 1B 06 19 00", "W device-time=2026-11-27T06:25:00");
    at(r#"{"utc-offset-minutes":60}"#, "EA07 0B 1B 06 19 00", "at=1795757100000 W");
    at(r#"{"utc-offset-minutes":-60}"#, "EA07 0B 1B 06 19 00", "at=1795764300000 W");
    // Year, month or day not known, and what no calendar or clock has.
    for time in [
        "0000 0B 1B 06 19 00",
        "EA07 00 1B 06 19 00",
        "EA07 0B 00 06 19 00",
        "EA07 0D 1B 06 19 00",
        "EA07 02 1D 06 19 00",
        "EA07 0B 1B 18 19 00",
        "EA07 0B 1B 06 3C 00",
        "EA07 0B 1B 06 19 3C",
        "FFFF FF FF FF FF FF",
    ] {
        at("{}", time, "W");
        at(r#"{"utc-offset-minutes":60}"#, time, "W");
    }
}

#[test]
fn a_characteristic_is_named_as_people_write_it() {
    for channel in [
        "2a19",
        "2A19",
        "home/strap/2A19",
        "0x2a19",
        "scale/0X2A19",
        "a/00002a19-0000-1000-8000-00805f9b34fb",
        "a/00002A19-0000-1000-8000-00805F9B34FB",
    ] {
        assert!(decode("{}", channel, &[5]).is_ok(), "{channel}");
    }
    for channel in [
        "",
        "strap",
        "2a19/",
        "2a19/value",
        "2a20",
        "+a19",
        "0x2a1",
        "002a19",
        "12342a19-0000-1000-8000-00805f9b34fb",
        "00002a19-0000-1000-8000-00805f9b34fc",
        "0000+a19-0000-1000-8000-00805f9b34fb",
        "ä2a19ä",
    ] {
        assert_eq!(decode("{}", channel, &[5]), Err("not mine"), "{channel}");
    }
    let set = r#"{"characteristic":"0x2A19"}"#;
    assert!(decode(set, "strap/2a37", &[5]).is_ok(), "the setting comes first");
}

#[test]
fn reads_hexadecimal_text_strictly() {
    let hex = r#"{"encoding":"hex"}"#;
    for body in ["0055", "00 55", " 00\t55\r\n", "00 \n 55"] {
        let line = decode(hex, "2a37", body.as_bytes()).map(|it| show(&it));
        assert_eq!(line, Ok("heart-rate=85/min".to_owned()), "{body:?}");
    }
    for body in ["0x0055", "0 055", "005", "00 5", "00 5g", "00:55", "+055", "00 55 ."] {
        assert_eq!(decode(hex, "2a37", body.as_bytes()), Err("malformed"), "{body:?}");
    }
}

#[test]
fn reads_what_openmqttgateway_publishes() {
    let json = r#"{"encoding":"openmqttgateway"}"#;
    let check = |json: &str, body: &str, expected: Result<&str, &'static str>| {
        let line = decode(json, "home/gateway/BTtoMQTT", body.as_bytes()).map(|it| show(&it));
        assert_eq!(line, expected.map(str::to_owned), "{body}");
    };
    let read = r#"{"id":"AA:BB:CC:DD:EE:FF","service":"0000180d-0000-1000-8000-00805f9b34fb",
        "characteristic":"00002a37-0000-1000-8000-00805f9b34fb","read":"0055","success":true}"#;
    check(json, read, Ok("heart-rate=85/min"));
    let only = |uuid: &str| json.replace('}', &format!(r#","characteristic":"{uuid}"}}"#));
    check(&only("2A37"), read, Ok("heart-rate=85/min"));
    check(&only("2A35"), read, Err("not mine"));
    check(json, &read.replace("2a37", "2a38"), Err("not mine"));
    check(json, &read.replace("\"read\"", "\"write\""), Err("not mine"));
    check(json, &read.replace("0055", "T"), Err("malformed"));
    check(json, &read.replace("\"0055\"", "85"), Err("malformed"));
    check(json, r#"{"id":"AA:BB:CC:DD:EE:FF","rssi":-60}"#, Err("not mine"));
    check(json, "00 55", Err("malformed"));
}

#[test]
fn refuses_settings_that_cannot_work() {
    let refused = |json: &str| match BleGatt::configure(json) {
        Err(ConfigError::Invalid((setting, _))) => setting,
        other => panic!("{json}: {other:?}"),
    };
    assert_eq!(refused(r#"{"encoding":"base64"}"#), "encoding");
    assert_eq!(refused(r#"{"encodings":"hex"}"#), "encodings");
    assert_eq!(refused(r#"{"characteristic":"2A38"}"#), "characteristic");
    assert_eq!(refused(r#"{"characteristic":"heart rate"}"#), "characteristic");
    assert_eq!(refused(r#"{"utc-offset-minutes":1441}"#), "utc-offset-minutes");
    assert_eq!(refused(r#"{"utc-offset-minutes":-9223372036854775808}"#), "utc-offset-minutes");
    assert_eq!(refused(r#"{"e2e-crc":1}"#), "e2e-crc");
}

#[test]
fn no_two_bytes_and_zeros_make_any_reader_panic() {
    for (number, _) in super::characteristic::ASSIGNED {
        let channel = format!("{number:04x}");
        for head in 0..=u16::MAX {
            let [first, second] = head.to_le_bytes();
            for zeros in [0, 1, 5, 30] {
                let body = [&[first, second][..], &vec![0; zeros]].concat();
                let _ = decode("{}", &channel, &body);
            }
        }
    }
}
