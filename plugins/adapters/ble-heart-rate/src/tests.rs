//! Values from the specification and from sensors, and every way to break them.

use hushgate_sdk::{
    ConfigError, Field, Frame, Scalar,
    adapter::{Adapter, DecodeError},
};

use super::{BleHeartRate, bytes_of_hex};

/// `Ok` is one line for all fields of all readings; `Err` is the variant.
fn decode(json: &str, body: &[u8]) -> Result<String, &'static str> {
    let frame = Frame {
        channel: "strap".to_owned(),
        content_type: None,
        received_ms: 0,
        body: body.to_vec(),
    };
    let readings =
        BleHeartRate::configure(json).unwrap().decode(frame).map_err(|error| match error {
            DecodeError::NotMine => "not mine",
            DecodeError::Malformed(_) => "malformed",
            DecodeError::Unsupported(_) => "unsupported",
        })?;
    assert!(readings.len() <= 64);
    let lines = readings
        .iter()
        .map(|reading| reading.fields.iter().map(show).collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>();
    Ok(lines.join(" | "))
}

fn show(field: &Field) -> String {
    let unit = field.unit.as_deref().unwrap_or("");
    match field.value {
        Scalar::Int(int) => format!("{}={int}{unit}", field.path),
        Scalar::Real(real) => format!("{}={}/1024{unit}", field.path, real * 1024.0),
        Scalar::Flag(flag) => format!("{}={flag}{unit}", field.path),
        _ => panic!("no such value was expected"),
    }
}

fn check(hex: &str, expected: Result<&str, &'static str>) {
    let expected = expected.map(str::to_owned);
    let bytes = bytes_of_hex(hex.as_bytes()).unwrap();
    assert_eq!(decode("{}", &bytes), expected, "raw {hex}");
    assert_eq!(decode(r#"{"encoding":"hex"}"#, hex.as_bytes()), expected, "hex {hex}");
}

#[test]
fn reads_every_part() {
    check("00 55", Ok("heart-rate=85/min"));
    check("02 55", Ok("heart-rate=85/min"));
    check("04 FF", Ok("heart-rate=255/min contact=false"));
    check("06 48", Ok("heart-rate=72/min contact=true"));
    check("01 2C 01", Ok("heart-rate=300/min"));
    check("08 48 FF FF", Ok("heart-rate=72/min energy=65535kJ"));
    check("10 48 00 04", Ok("heart-rate=72/min | rr-interval=1024/1024s"));
    check(
        "1E 55 32 00 21 00",
        Ok("heart-rate=85/min contact=true energy=50kJ | rr-interval=33/1024s"),
    );
    check(
        "1F 01 01 32 01 01 00 02 01 FF FF",
        Ok(
            "heart-rate=257/min contact=true energy=306kJ | rr-interval=1/1024s | rr-interval=258/1024s \
            | rr-interval=65535/1024s",
        ),
    );
}

#[test]
fn refuses_what_is_too_short_or_too_long() {
    for hex in [
        "",
        "00",
        "01 55",
        "17 01 01",
        "00 55 00",
        "08 55 32",
        "10 55",
        "10 55 21",
        "10 55 21 00 21",
    ] {
        check(hex, Err("malformed"));
    }
}

#[test]
fn refuses_flags_that_are_not_assigned_yet() {
    for hex in ["20 55", "40 55", "80 55", "FF 55 00"] {
        check(hex, Err("unsupported"));
    }
}

#[test]
fn limits_the_number_of_readings() {
    let value = |intervals: usize| [&[0x10, 0x48][..], &vec![1; intervals * 2]].concat();
    assert!(decode("{}", &value(63)).is_ok());
    assert_eq!(decode("{}", &value(64)), Err("unsupported"));
    assert_eq!(decode("{}", &value(255)), Err("unsupported"));
    // 514 bytes, which is more than an attribute can have.
    assert_eq!(decode("{}", &value(256)), Err("malformed"));
}

#[test]
fn a_truncated_value_has_fewer_intervals_or_none() {
    let value = bytes_of_hex(b"1F010132010100 0201 FFFF").unwrap();
    for end in 0..value.len() {
        let intervals = decode("{}", &value[..end]).map(|line| line.matches("rr-interval").count());
        let expected = match end {
            7 => Ok(1),
            9 => Ok(2),
            _ => Err("malformed"),
        };
        assert_eq!(intervals, expected, "{end} bytes");
    }
}

#[test]
fn no_two_or_three_bytes_make_it_panic() {
    for first in 0..=u8::MAX {
        for second in 0..=u8::MAX {
            let two = decode("{}", &[first, second]);
            assert_eq!(two.is_ok(), first & 0b1111_1001 == 0, "{first:02x} {second:02x}");
            let three = decode("{}", &[first, second, 0]);
            assert_eq!(three.is_ok(), first & 0b1111_1001 == 1, "{first:02x} {second:02x} 00");
        }
    }
}

#[test]
fn reads_hexadecimal_text_strictly() {
    let hex = r#"{"encoding":"hex"}"#;
    for body in ["0055", "00 55", " 00\t55\r\n", "00 \n 55"] {
        assert_eq!(decode(hex, body.as_bytes()), Ok("heart-rate=85/min".to_owned()), "{body:?}");
    }
    for body in ["0x0055", "0 055", "005", "00 5", "00 5g", "00:55", "+055", "00 55 ."] {
        assert_eq!(decode(hex, body.as_bytes()), Err("malformed"), "{body:?}");
    }
}

#[test]
fn refuses_settings_that_cannot_work() {
    let refused = |json: &str| match BleHeartRate::configure(json) {
        Err(ConfigError::Invalid((setting, _))) => setting,
        other => panic!("{json}: {other:?}"),
    };
    assert_eq!(refused(r#"{"encoding":"base64"}"#), "encoding");
    assert_eq!(refused(r#"{"encodings":"hex"}"#), "encodings");
}
