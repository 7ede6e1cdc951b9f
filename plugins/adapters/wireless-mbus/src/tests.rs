//! Telegrams from the standards' annexes, and every way to break them.

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
    bytes::of_hex,
};

use super::WirelessMbus;

/// `Ok` is one line for all readings; `Err` is the variant.
fn decode(json: &str, body: &[u8]) -> Result<String, &'static str> {
    let frame = Frame {
        channel: "receiver".to_owned(),
        content_type: None,
        received_ms: 0,
        body: body.to_vec(),
    };
    let readings =
        WirelessMbus::configure(json).unwrap().decode(frame).map_err(|error| match error {
            DecodeError::NotMine => "not mine",
            DecodeError::Malformed(_) => "malformed",
            DecodeError::Unsupported(_) => "unsupported",
        })?;
    assert!(readings.len() <= 64);
    Ok(readings.iter().map(show).collect::<Vec<_>>().join(" | "))
}

fn show(reading: &Reading) -> String {
    let at = reading.at_ms.map(|ms| format!("@{}", ms / 1000));
    let fields = reading.fields.iter().map(|Field { path, value, unit }| {
        let value = match value {
            Scalar::Int(int) => int.to_string(),
            Scalar::Real(real) => format!("{real:?}"),
            Scalar::Flag(flag) => flag.to_string(),
            Scalar::Text(text) => text.clone(),
            Scalar::Blob(_) => panic!("no such value was expected"),
        };
        format!("{path}={value}{}", unit.as_deref().unwrap_or(""))
    });
    at.into_iter().chain(fields).collect::<Vec<_>>().join(" ")
}

fn check(json: &str, hex: &str, expected: Result<&str, &'static str>) {
    let body = of_hex(hex.as_bytes()).unwrap();
    assert_eq!(decode(json, &body), expected.map(str::to_owned), "{json} {hex}");
}

/// A telegram of a device of this type without a header, with these records.
fn telegram(device: &str, records: &str) -> String {
    let data = format!("44 AE0C 78563412 01 {device} 78 {records}");
    format!("{:02X} {data}", of_hex(data.as_bytes()).unwrap().len())
}

fn check_records(records: &str, expected: Result<&str, &'static str>) {
    check("{}", &telegram("00", records), expected);
}

/// OMS Vol. 2, Annex N: gas meter, security profile A, frame format A.
const GAS_A: &str = "2E44931578563412330333637A2A0020255923C95AAA26D1B2E7493BC2AD013EC4A6F6D3529B520EDFF0EA6DEFC955B2\
     9D6D69EBF3EC8A";
/// The same without checksums.
const GAS_STRIPPED: &str = "2E4493157856341233037A2A0020255923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA6DEFC99D6D69EBF3";
const KEY_A: &str = r#"{"key":"0102030405060708090A0B0C0D0E0F11"}"#;
const GAS: &str = "battery-low=false fault=false alarm=false gas-volume=28504.27m3 \
     device-time=2008-05-31T23:50:00 error-code=0";

/// OMS Vol. 2, Annex N: gas meter with integrated radio, security profile B.
const GAS_B: &str = "434493157856341233037AC98C2075900F002C25B30A000021924D4FBA372FB66E017A75002007109058475F4BC9D128\
     1DF878B80A1B0F98B629024AAC7279429398BFC549233C0140829B93BAA1";
/// The same behind a radio adapter.
const GAS_ADAPTER: &str = "53082448443322110337D0468E80753A63665544330A31900F002C25E00AB30A0000AF5D74DF73A600D972785634C0\
     27129315330375002007109058475F4BC955CF1DF878B80A1B0F98B629024AAC7279429398BFC549233C0140829B93BAA1";
const KEY_B: &str = r#"{"key":"000102030405060708090A0B0C0D0E0F"}"#;

/// EN 13757-4, annex: water meter, extended link layer, frame format B.
const WATER_B: &str = "1444AE0C7856341201078C2027780B134365877AC5";

/// A water meter whose extended link layer is encrypted, and whose repeater set its bit.
const WATER_CTR: &str =
    "24442D2C692845631B168D3050209CD621B006B1140AEF4953AE5B86FAFC0B00E70705B846";
const KEY_CTR: &str = r#"{"key":"4E5508544202058100DFEFA06B0934A5"}"#;

#[test]
fn reads_the_examples_of_the_open_metering_system() {
    check(KEY_A, GAS_A, Ok(GAS));
    check(KEY_A, GAS_STRIPPED, Ok(GAS));
    check(KEY_B, GAS_B, Ok(&format!("sequence=2739 {GAS}")));
    check(KEY_B, GAS_ADAPTER, Ok(&format!("sequence=2739 {GAS}")));
    check("{}", WATER_B, Ok("water-volume=876.543m3"));
    check(KEY_CTR, WATER_CTR, Ok("water-volume=474.24m3 | water-volume-history-1=473.247m3"));
}

#[test]
fn needs_the_right_key() {
    for (telegram, json) in
        [(GAS_A, KEY_B), (GAS_B, KEY_A), (GAS_ADAPTER, KEY_A), (WATER_CTR, KEY_A)]
    {
        check("{}", telegram, Err("unsupported"));
        check(json, telegram, Err("malformed"));
    }
}

#[test]
fn no_byte_can_be_changed_where_a_code_authenticates_the_message() {
    let stripped = "434493157856341233038C2075900F002C25B30A000021924D4F2FB66E017A75002007109058475F4BC91DF878B80A1B\
         0F98B629024AAC727942BFC549233C0140829B93";
    let body = of_hex(stripped.as_bytes()).unwrap();
    assert!(decode(KEY_B, &body).is_ok());
    // The manufacturer, version and type in the link layer are not covered, nor is what the repeater changes.
    let uncovered = [1, 2, 3, 8, 9, 11, 12];
    for at in (0..body.len()).filter(|at| !uncovered.contains(at)) {
        let mut changed = body.clone();
        changed[at] ^= 0x40;
        assert!(decode(KEY_B, &changed).is_err(), "byte {at}");
    }
}

#[test]
fn with_a_key_nothing_counts_that_was_not_encrypted() {
    let plain = "1E44AE4C9956341268077A36000000 0413181E0000 023B0000 2F2F2F2F2F2F";
    let fields = "battery-low=false fault=false alarm=false water-volume=7.704m3 flow=0.0m3/h";
    check("{}", plain, Ok(fields));
    check(KEY_A, plain, Err("unsupported"));
    check(r#"{"unencrypted":"refuse"}"#, plain, Err("unsupported"));
    let both = r#"{"key":"0102030405060708090A0B0C0D0E0F11","unencrypted":"accept"}"#;
    check(both, plain, Ok(fields));
    check(both, GAS_A, Ok(GAS));
    // Somebody appended a flow to a telegram that was encrypted.
    let longer = format!("32{} 023B0100", &GAS_STRIPPED[2..]);
    check(KEY_A, &longer, Ok(GAS));
    check(both, &longer, Ok(&format!("{GAS} flow=0.001m3/h")));
    // The header says encrypted, and the records are plain: a receiver that knows the key leaves it so.
    let opened = plain.replace("36000000", "36001005 2F2F").replacen("1E", "20", 1);
    check("{}", &opened, Ok(fields));
    check(both, &opened, Ok(fields));
    check(KEY_A, &opened, Err("malformed"));
}

#[test]
fn modes_that_are_not_known_are_unsupported() {
    for mode in ["01", "02", "03", "04", "06", "08", "0A", "0D", "0F", "10"] {
        for json in ["{}", KEY_A] {
            let telegram =
                format!("1F44AE4C9956341268077A360010{mode} 2F2F0413181E0000023B00002F2F2F2F 00");
            check(json, &telegram, Err("unsupported"));
        }
    }
}

#[test]
fn only_one_meter_counts_where_one_is_named() {
    check(r#"{"meter":"12345678"}"#, WATER_B, Ok("water-volume=876.543m3"));
    check(r#"{"meter":"12345679"}"#, WATER_B, Err("not mine"));
    // The meter behind the radio adapter, not the adapter.
    let with_key = |meter: &str| KEY_B.replace('}', &format!(r#","meter":"{meter}"}}"#));
    assert!(decode(&with_key("12345678"), &of_hex(GAS_ADAPTER.as_bytes()).unwrap()).is_ok());
    check(&with_key("11223344"), GAS_ADAPTER, Err("not mine"));
    // A neighbour's, whose key nobody has here.
    check(&with_key("12345678"), WATER_CTR, Err("not mine"));
}

#[test]
fn every_format_needs_all_of_its_bytes() {
    for (json, hex) in [(KEY_A, GAS_A), (KEY_A, GAS_STRIPPED), (KEY_B, GAS_B), ("{}", WATER_B)] {
        let body = of_hex(hex.as_bytes()).unwrap();
        for end in 0..body.len() {
            assert_eq!(decode(json, &body[..end]), Err("malformed"), "{end} bytes of {hex}");
        }
        let longer = [&body[..], &[0]].concat();
        assert_eq!(decode(json, &longer), Err("malformed"), "{hex}");
    }
}

#[test]
fn checksums_are_where_the_format_has_them() {
    let water = Ok("water-volume=876.543m3");
    check(r#"{"format":"b"}"#, WATER_B, water);
    check(r#"{"format":"a"}"#, WATER_B, Err("malformed"));
    check(r#"{"format":"b"}"#, "1444AE0C7856341201078C2027780B134365877AC4", Err("malformed"));
    check(r#"{"format":"stripped"}"#, "1244AE0C7856341201078C2027780B13436587", water);
    check(r#"{"format":"b-stripped"}"#, "1444AE0C7856341201078C2027780B13436587", water);
    check(r#"{"format":"no-length"}"#, "44AE0C7856341201078C2027780B13436587", water);
    check(r#"{"trailing":2}"#, "1244AE0C7856341201078C2027780B13436587 5E 00", water);
    check("{}", &GAS_A.replacen("3363", "3364", 1), Err("malformed"));
    // The third block of format B: 120 bytes of filler make it that long.
    let long = format!("44AE0C785634120107780B13436587{}", "2F".repeat(120));
    let data = of_hex(long.as_bytes()).unwrap();
    let first = [&[u8::try_from(data.len() + 4).unwrap()][..], &data[..125]].concat();
    let block = |bytes: &[u8]| [bytes, &super::link::crc(bytes).to_be_bytes()].concat();
    let whole = [block(&first), block(&data[125..])].concat();
    assert_eq!(decode("{}", &whole), Ok("water-volume=876.543m3".to_owned()));
}

#[test]
fn takes_telegrams_out_of_what_receivers_write() {
    let water = Ok("water-volume=876.543m3".to_owned());
    let text = |json: &str, body: &str| decode(json, body.as_bytes());
    assert_eq!(text(r#"{"encoding":"hex"}"#, &format!(" {}\n", WATER_B.to_lowercase())), water);
    assert_eq!(text(r#"{"encoding":"hex"}"#, "14 4"), Err("malformed"));
    let json = r#"{"encoding":"json"}"#;
    let body = format!(r#"{{"model":"Wireless-MBus","id":12345678,"data":"{WATER_B}"}}"#);
    assert_eq!(text(json, &body), water);
    assert_eq!(text(r#"{"encoding":"json","member":"raw"}"#, &body.replace("data", "raw")), water);
    assert_eq!(text(json, r#"{"model":"Bresser-5in1"}"#), Err("not mine"));
    assert_eq!(text(json, r#"{"data":1}"#), Err("malformed"));
    assert_eq!(text(json, "data"), Err("malformed"));
    let line = |json: &str, line: &str| text(json, &line.replace("TELEGRAM", WATER_B));
    let rtl = r#"{"encoding":"rtl-wmbus"}"#;
    assert_eq!(line(rtl, "T1;1;1;2019-04-03 19:00:42.000;97;148;12345678;0xTELEGRAM\n"), water);
    assert_eq!(
        line(rtl, "T1;0;1;2019-04-03 19:00:42.000;97;148;12345678;0xTELEGRAM"),
        Err("malformed")
    );
    assert_eq!(line(rtl, "T1;1;1;97;148;12345678;0xTELEGRAM"), Err("not mine"));
    assert_eq!(line(rtl, "TELEGRAM"), Err("not mine"));
}

#[test]
fn compact_frames_have_the_meaning_that_both_checksums_confirm() {
    let full = "2D442D2C776655441B168D2083B48D3A20 4688 7802FF20000004132F4E000092013B3D01A1015B028101E7FF0F03";
    let compact = "21442D2C776655441B168D2079CC8C3A20 F430 7912C40DFF00002F4E00003D010203";
    let expected = "water-volume=20.015m3 | flow-max-history-2=0.317m3/h flow-temperature-min-history-2=2.0Cel";
    check("{}", full, Ok(expected));
    check("{}", compact, Ok(expected));
    // Without the extended link layer, whose checksum would notice first.
    let bare = "18442D2C776655441B16 7912C40DFF00002F4E00003D010203";
    check("{}", bare, Ok(expected));
    check("{}", &bare.replace("2F4E", "2F4F"), Err("malformed"));
    check("{}", &bare.replace("12C4", "12C5"), Err("unsupported"));
    check("{}", "10442D2C776655441B16 79 FE14 6A61 0A00", Err("unsupported"));
}

#[test]
fn names_what_a_meter_measures_by_what_the_meter_is() {
    for (device, expected) in [
        ("02", "energy=1.0kW.h volume=2.0m3"),
        ("03", "energy=1.0kW.h gas-volume=2.0m3"),
        ("04", "heat-energy=1.0kW.h volume=2.0m3"),
        ("06", "energy=1.0kW.h water-volume=2.0m3"),
        ("07", "energy=1.0kW.h water-volume=2.0m3"),
        ("0A", "cooling-energy=1.0kW.h volume=2.0m3"),
        ("0D", "heat-energy=1.0kW.h volume=2.0m3"),
        ("16", "energy=1.0kW.h water-volume=2.0m3"),
        ("28", "energy=1.0kW.h volume=2.0m3"),
    ] {
        check("{}", &telegram(device, "010601 011602"), Ok(expected));
    }
}

#[test]
fn refuses_settings_that_cannot_work() {
    let refused = |json: &str| match WirelessMbus::configure(json) {
        Err(ConfigError::Invalid((setting, must_be))) => {
            assert!(!must_be.contains("0102"), "{must_be}");
            setting
        }
        other => panic!("{json}: {other:?}"),
    };
    assert_eq!(refused(r#"{"key":"0102"}"#), "key");
    assert_eq!(refused(r#"{"key":"0102030405060708090A0B0C0D0E0F1G"}"#), "key");
    assert_eq!(refused(r#"{"key":"01 2030405060708090A0B0C0D0E0F11"}"#), "key");
    assert_eq!(refused(r#"{"meter":"1234567"}"#), "meter");
    assert_eq!(refused(r#"{"format":"c"}"#), "format");
    assert_eq!(refused(r#"{"encoding":"base64"}"#), "encoding");
    assert_eq!(refused(r#"{"member":"data"}"#), "member");
    assert_eq!(refused(r#"{"trailing":17}"#), "trailing");
    assert_eq!(refused(r#"{"formats":["0413","x"]}"#), "formats");
    assert_eq!(refused(r#"{"unencrypted":"maybe"}"#), "unencrypted");
    assert_eq!(refused(r#"{"utc-offset-minutes":900}"#), "utc-offset-minutes");
    let debug = format!("{:?}", WirelessMbus::configure(KEY_A).unwrap());
    assert!(!debug.contains("17"), "{debug}");
}

mod records;
