//! The examples of the specification, and every way to break them.

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
    bytes,
};

use super::BtHome;

mod encryption;
mod specification;

/// The key and the address of the specification's example.
const KEY: &str = "231d39c1d7cc1ab1aee224cd096db932";
const MAC: &str = "54:48:E6:8F:80:A5";

fn decode(json: &str, body: &[u8]) -> Result<Vec<Reading>, &'static str> {
    let frame = Frame {
        channel: "sensor".to_owned(),
        content_type: None,
        received_ms: 0,
        body: body.to_vec(),
    };
    BtHome::configure(json).unwrap().decode(frame).map_err(|error| match error {
        DecodeError::NotMine => "not mine",
        DecodeError::Malformed(_) => "malformed",
        DecodeError::Unsupported(_) => "unsupported",
    })
}

/// One line for all fields of the reading.
fn show(readings: &[Reading]) -> String {
    let [reading] = readings else { panic!("one reading was expected") };
    let at = reading.at_ms.map(|ms| format!("at={ms}"));
    at.into_iter().chain(reading.fields.iter().map(show_field)).collect::<Vec<_>>().join(" ")
}

fn show_field(field: &Field) -> String {
    let unit = field.unit.as_deref().unwrap_or("");
    match &field.value {
        Scalar::Int(int) => format!("{}={int}{unit}", field.path),
        Scalar::Real(real) => format!("{}={real:?}{unit}", field.path),
        Scalar::Text(text) => format!("{}={text}{unit}", field.path),
        Scalar::Flag(flag) => format!("{}={flag}{unit}", field.path),
        Scalar::Blob(_) => panic!("no blob was expected"),
    }
}

fn check_with(json: &str, hex: &str, expected: Result<&str, &'static str>) {
    let bytes = bytes::of_hex(hex.as_bytes()).unwrap();
    let line = decode(json, &bytes).map(|it| show(&it));
    assert_eq!(line, expected.map(str::to_owned), "{hex} {json}");
}

fn check(hex: &str, expected: Result<&str, &'static str>) {
    check_with("{}", hex, expected);
}

#[test]
fn several_objects_of_one_kind_are_numbered_in_their_order() {
    check(
        "40 02CA09 02CF09 451101",
        Ok("temperature-1=25.06Cel temperature-2=25.11Cel temperature-3=27.3Cel"),
    );
    check("40 1100 2D01", Ok("open-1=false open-2=true"));
    check("40 3A00 3A01", Ok("action-2=press"));
    check(
        "40 3C0103 3C020A",
        Ok(
            "dimmer-action-1=rotate-left dimmer-steps-1=3 dimmer-action-2=rotate-right dimmer-steps-2=10",
        ),
    );
    check("40 400C00 414E00", Ok("distance-1=12.0mm distance-2=7.8m"));
    check("40 3A01 3C0103", Ok("action=press dimmer-action=rotate-left dimmer-steps=3"));
    check("40 02CA09 03BF13", Ok("temperature=25.06Cel humidity=50.55%"));
}

#[test]
fn a_timestamp_places_the_reading_unless_there_are_several() {
    check("40 505D396164", Ok("at=1684093277000 timestamp=1684093277s"));
    check("40 505D396164 505E396164", Ok("timestamp-1=1684093277s timestamp-2=1684093278s"));
    check("40 50FFFFFFFF", Ok("at=4294967295000 timestamp=4294967295s"));
}

#[test]
fn objects_may_come_in_any_order() {
    check("40 03BF13 02CA09", Ok("humidity=50.55% temperature=25.06Cel"));
}

#[test]
fn what_comes_before_an_unknown_object_counts() {
    check("40 02CA09 66 01 02", Ok("temperature=25.06Cel"));
    check("40 02CA09 FF", Ok("temperature=25.06Cel"));
    check("40 66 02CA09", Err("unsupported"));
    check("40 30", Err("unsupported"));
}

#[test]
fn what_is_neither_on_nor_off_is_unknown() {
    check("40 2101", Ok("motion=true"));
    check("40 2102", Ok(""));
    check("40 21FF 2100", Ok("motion-2=false"));
    check("40 1F00", Ok("locked=true"));
    check("40 1F01", Ok("locked=false"));
    check("40 1F02", Ok(""));
}

#[test]
fn events_that_nobody_knows_are_none() {
    check("40 3A07", Ok(""));
    check("40 3A81", Ok("action=hold-release"));
    check("40 3C0303", Ok(""));
    check("40 3B0002", Ok("command=toggle"));
    check("40 3BE2030102", Ok("command=step-up command-arguments=0102"));
    check("40 3B0009", Ok(""));
}

#[test]
fn texts_are_utf_8_and_raw_bytes_hexadecimal() {
    check("40 5304C3A4C3B6", Ok("text=äö"));
    check("40 5300", Ok(""));
    check("40 5401FF", Ok("raw=ff"));
    check("40 5301FF", Err("malformed"));
    check("40 5302C3", Err("malformed"));
}

#[test]
fn every_cut_inside_an_object_is_malformed() {
    for (id, path, _) in super::objects::OBJECTS {
        let whole = [0x40, id, 1, 1, 1, 1, 1, 1, 1];
        let longest = (3..=whole.len()).find(|end| decode("{}", &whole[..*end]).is_ok());
        let longest = longest.unwrap_or_else(|| panic!("{path} is not understood"));
        for end in 0..longest {
            assert_eq!(decode("{}", &whole[..end]), Err("malformed"), "{path} {end}");
        }
    }
    check("", Err("malformed"));
    check("40", Err("malformed"));
    check("D2FC", Err("malformed"));
    check("40 5303 41", Err("malformed"));
    check("40 3B0201 01", Err("malformed"));
}

#[test]
fn only_version_2_is_read() {
    check("44 02CA09", Ok("temperature=25.06Cel"));
    check("58 02CA09", Ok("temperature=25.06Cel"));
    check("D2FC 40 02CA09", Ok("temperature=25.06Cel"));
    for hex in ["00 02CA09", "20 02CA09", "60 02CA09", "E0 02CA09", "D2 02CA09"] {
        check(hex, Err("unsupported"));
    }
    check(&format!("40 {}", "2100".repeat(126)), Err("malformed"));
    let most = decode("{}", &[&[0x40][..], &[0x21, 0].repeat(125)].concat()).unwrap();
    assert_eq!(most[0].fields.len(), 125);
}

#[test]
fn an_address_in_the_frame_is_compared_and_not_told() {
    let other = r#"{"mac":"54:48:E6:8F:80:A6"}"#;
    let ours = r#"{"mac":"54-48-e6-8f-80-a5"}"#;
    for json in ["{}", ours] {
        check_with(json, "42 A5808FE64854 02CA09", Ok("temperature=25.06Cel"));
    }
    check_with(other, "42 A5808FE64854 02CA09", Err("not mine"));
    check("42 A5808FE648", Err("malformed"));
}

#[test]
fn hexadecimal_text_is_read_strictly() {
    let hex = r#"{"encoding":"hex"}"#;
    let line = |body: &str| decode(hex, body.as_bytes()).map(|it| show(&it));
    assert_eq!(line("4002ca09\n"), Ok("temperature=25.06Cel".to_owned()));
    for wrong in ["0x4002ca09", "4002ca0", "40:02:ca:09"] {
        assert_eq!(line(wrong), Err("malformed"), "{wrong}");
    }
}

#[test]
fn reads_what_gateways_publish() {
    let check = |json: &str, body: &str, expected: Result<&str, &'static str>| {
        let line = decode(json, body.as_bytes()).map(|it| show(&it));
        assert_eq!(line, expected.map(str::to_owned), "{body}");
    };
    let json = r#"{"encoding":"theengs"}"#;
    let published = r#"{"id":"38:1F:8D:C4:51:CC","name":"TH05F","rssi":-79,"servicedatauuid":"fcd2",
        "servicedata":"4000720154022e0a03071d0c190b"}"#;
    let line = "packet-id=114 battery=84.0% temperature=26.06Cel humidity=74.31% voltage=2.841V \
                signal=-79.0{dBm}";
    check(json, published, Ok(line));
    for uuid in ["0xfcd2", "FCD2", "0000FCD2-0000-1000-8000-00805F9B34FB"] {
        check(json, &published.replace("fcd2", uuid), Ok(line));
    }
    check(json, &published.replace("fcd2", "0xfe95"), Err("not mine"));
    check(json, &published.replace("servicedata\"", "manufacturerdata\""), Err("not mine"));
    check(json, &published.replace("4000", "40zz"), Err("malformed"));
    check(json, &published.replace("-79", "\"near\""), Err("malformed"));
    check(json, "4002ca09", Err("malformed"));
    let ours = r#"{"encoding":"theengs","mac":"381F8DC451CC"}"#;
    check(ours, published, Ok(line));
    check(ours, &published.replace("38:1F", "38:1E"), Err("not mine"));
    check(ours, &published.replace("38:1F:8D:C4:51:CC", "hidden"), Ok(line));
}

#[test]
fn refuses_settings_that_cannot_work() {
    let refused = |json: &str| match BtHome::configure(json) {
        Err(ConfigError::Invalid((setting, _)) | ConfigError::Missing(setting)) => setting,
        Ok(_) => panic!("{json} was taken"),
    };
    assert_eq!(refused(r#"{"encoding":"base64"}"#), "encoding");
    assert_eq!(refused(r#"{"key":"00"}"#), "key");
    assert_eq!(refused(r#"{"mac":"54:48:E6:8F:80"}"#), "mac");
    assert_eq!(refused(r#"{"mac":"54:48:E6:8F:80:AG"}"#), "mac");
    assert_eq!(refused(r#"{"mac":"54:48:E6:8F:80:A5","bind-key":"231d"}"#), "bind-key");
    assert_eq!(refused(&format!(r#"{{"bind-key":"{KEY}"}}"#)), "mac");
}

#[test]
fn objects_are_sorted_so_that_they_are_found() {
    assert!(super::objects::OBJECTS.is_sorted_by_key(|(id, ..)| *id));
}

#[test]
fn no_three_bytes_make_it_panic() {
    for first in 0..=u8::MAX {
        for second in 0..=u8::MAX {
            let _ = decode("{}", &[first, second]);
            let _ = decode("{}", &[0x40, first, second, 0, 0]);
        }
    }
}
