//! Glucose meters and continuous glucose monitors.

use super::{check, check_every_cut, check_with, decode};

#[test]
fn reads_glucose_records() {
    let first = "1B 0100 E307 02 1B 0B 0A 1E FBFF 5AB0 12 0501";
    let fields = "record-number=1 time-offset=-5min glucose=90.0mg/dL sample-type=capillary-plasma \
                  sample-location=finger battery-low sample-insufficient sensor-temperature-low \
                  context-follows";
    check("2a18", first, Ok(&format!("{fields} device-time=2019-02-27T11:10:30")));
    let utc = r#"{"utc-offset-minutes":0}"#;
    check_with(utc, "2a18", first, Ok(&format!("at=1551265530000 {fields}")));
    check(
        "2a18",
        "06 FFFF E307 02 1B 0B 0A 1E 37C0 F0",
        Ok("record-number=65535 glucose=5.5mmol/L device-time=2019-02-27T11:10:30"),
    );
    check("2a18", "02 0200 0000 00 00 00 00 00 FF07 FB", Ok("record-number=2"));
    check("2a18", "1B 0000 E207 04 1A 0B 09 1E 1E00 12 0501", Err("malformed"));
    check_every_cut("2a18", first);
}

#[test]
fn a_record_of_doubtful_time_is_not_placed() {
    let utc = r#"{"utc-offset-minutes":0}"#;
    let base = "0100 E307 02 1B 0B 0A 1E";
    let shown = "device-time=2019-02-27T11:10:30";
    let line = |middle: &str| format!("record-number=1 {middle}{shown}");
    check_with(utc, "2a18", &format!("01 {base} FF7F"), Ok(&line("")));
    check_with(utc, "2a18", &format!("01 {base} 0080"), Ok(&line("")));
    check_with(utc, "2a18", &format!("08 {base} 0008"), Ok(&line("time-fault ")));
    check_with(
        utc,
        "2a18",
        &format!("01 {base} 0180"),
        Ok("at=1549299810000 record-number=1 time-offset=-32767min"),
    );
}

#[test]
fn reads_continuous_glucose_records() {
    check("2aa7", "06 00 0C10 0600", Ok("glucose=120.0mg/dL time-offset=6min"));
    check(
        "2aa7",
        "06 00 0C10 0500 06 00 0C10 0600",
        Ok("glucose=120.0mg/dL time-offset=5min | glucose=120.0mg/dL time-offset=6min"),
    );
    let full = "0F E3 D2E4 0500 02 14 FF 02F0 E5F3 8E3F";
    let fields = "glucose=12.34mg/dL time-offset=5min battery-low calibration-recommended \
                  sensor-temperature-high glucose-low glucose-high hypoglycemia hyperglycemia \
                  glucose-falling glucose-rising result-too-low result-too-high \
                  glucose-trend=0.2mg/dL/min measurement-quality=99.7%";
    check("2aa7", full, Ok(fields));
    check_with(r#"{"e2e-crc":true}"#, "2aa7", full, Ok(fields));
    check("2aa7", "07 80 0C10 0600 01", Ok("glucose=120.0mg/dL time-offset=6min session-stopped"));
    check(
        "2aa7",
        "07 40 0C10 0600 C0",
        Ok("glucose=120.0mg/dL time-offset=6min calibration-pending"),
    );
    check("2aa7", "07 20 0C10 0600 04", Ok("glucose=120.0mg/dL time-offset=6min hypoglycemia"));
    check_every_cut("2aa7", full);
}

#[test]
fn checks_the_checksum_of_a_record() {
    let line = "glucose=120.0mg/dL time-offset=6min";
    let required = r#"{"e2e-crc":true}"#;
    for json in ["{}", required] {
        check_with(json, "2aa7", "08 00 0C10 0600 596F", Ok(line));
        check_with(json, "2aa7", "08 00 0C10 0600 586F", Err("malformed"));
        check_with(json, "2aa7", "08 00 0C10 0600 6F59", Err("malformed"));
    }
    check_with(required, "2aa7", "06 00 0C10 0600", Err("malformed"));
    check_with(required, "2aa7", "08 00 0C10 0600 596F 06 00 0C10 0600", Err("malformed"));
    // The example of the specification, section 3.11.
    assert_eq!(
        crate::continuous_glucose::crc_16(&[0x3E, 1, 2, 3, 4, 5, 6, 7, 8, 9]).to_le_bytes(),
        [0x01, 0x2F]
    );
}

#[test]
fn refuses_records_whose_size_is_not_theirs() {
    for hex in [
        "",
        "00",
        "00 00 0C10 0600",
        "05 00 0C10 06",
        "06 E3 0C10 06",
        "07 00 0C10 0600 00",
        "07 E3 0C10 0600 01",
        "09 00 0C10 0600 00 0000",
        "06 00 0C10 0600 00",
        "FF 00 0C10 0600",
    ] {
        check("2aa7", hex, Err("malformed"));
    }
    let records = |count| [0x06, 0, 0x0C, 0x10, 6, 0].repeat(count);
    assert!(decode("{}", "2aa7", &records(64)).is_ok_and(|it| it.len() == 64));
    assert_eq!(decode("{}", "2aa7", &records(65)), Err("unsupported"));
    // A reserved flag may announce what we do not know.
    check("2aa7", "09 04 0C10 0600 00 0000", Ok("glucose=120.0mg/dL time-offset=6min"));
}
