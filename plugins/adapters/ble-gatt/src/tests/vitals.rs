//! Heart rate, blood pressure, temperature and oxygen saturation.

use hushgate_sdk::bytes;

use super::{check, check_every_cut, check_with, decode};

#[test]
fn reads_heart_rates() {
    check("2a37", "00 55", Ok("heart-rate=85/min"));
    check("2a37", "02 55", Ok("heart-rate=85/min"));
    check("2a37", "04 FF", Ok("heart-rate=255/min no-contact"));
    check("2a37", "06 48", Ok("heart-rate=72/min contact"));
    check("2a37", "01 2C 01", Ok("heart-rate=300/min"));
    check("2a37", "08 48 FF FF", Ok("heart-rate=72/min energy-expended=65535kJ"));
    check("2a37", "10 48 00 04", Ok("heart-rate=72/min | rr-interval=1.0s"));
    check(
        "2a37",
        "1E 55 32 00 21 00",
        Ok("heart-rate=85/min contact energy-expended=50kJ | rr-interval=0.0322265625s"),
    );
    check(
        "2a37",
        "1F 01 01 32 01 01 00 02 01 FF FF",
        Ok("heart-rate=257/min contact energy-expended=306kJ | rr-interval=0.0009765625s \
            | rr-interval=0.251953125s | rr-interval=63.9990234375s"),
    );
}

#[test]
fn refuses_heart_rates_that_are_too_short_or_too_long() {
    for hex in ["", "00", "01 55", "17 01 01", "00 55 00", "08 55 32", "10 55", "10 55 21"] {
        check("2a37", hex, Err("malformed"));
    }
    let value = |intervals: usize| [&[0x10, 0x48][..], &vec![1; intervals * 2]].concat();
    assert!(decode("{}", "2a37", &value(63)).is_ok_and(|it| it.len() == 64));
    assert_eq!(decode("{}", "2a37", &value(64)), Err("unsupported"));
    assert_eq!(decode("{}", "2a37", &value(255)), Err("unsupported"));
    // 514 bytes, which is more than an attribute can have.
    assert_eq!(decode("{}", "2a37", &value(256)), Err("malformed"));
}

#[test]
fn a_truncated_heart_rate_has_fewer_intervals_or_none() {
    let value = bytes::of_hex(b"1F010132010100 0201 FFFF").unwrap();
    for end in 0..value.len() {
        let intervals = decode("{}", "2a37", &value[..end]).map(|it| it.len() - 1);
        let expected = match end {
            7 => Ok(1),
            9 => Ok(2),
            _ => Err("malformed"),
        };
        assert_eq!(intervals, expected, "{end} bytes");
    }
}

#[test]
fn reads_blood_pressures() {
    check(
        "2a35",
        "1E 8A00 5800 7800 0000 04 11 14 29 3B 3C00 01 2700",
        Ok("blood-pressure.systolic=138.0mm[Hg] blood-pressure.diastolic=88.0mm[Hg] \
            blood-pressure.mean=120.0mm[Hg] pulse-rate=60.0/min user-id=1 body-movement cuff-loose \
            irregular-pulse improper-position"),
    );
    check(
        "2a35",
        "15 BDF0 0B00 9FF0 3C00 1200",
        Ok("blood-pressure.systolic=18.9kPa blood-pressure.diastolic=11.0kPa \
            blood-pressure.mean=15.9kPa pulse-rate=60.0/min cuff-loose pulse-rate-low"),
    );
    check(
        "2a35",
        "18 BDF0 FF07 0008 FF 0800",
        Ok("blood-pressure.systolic=18.9mm[Hg] pulse-rate-high"),
    );
    check("2a35", "10 FF07 FE07 0208 1800", Ok(""));
    check("2a35", "03 02 03 04 05 06 07", Err("malformed"));
    check_every_cut("2a35", "1E 8A00 5800 7800 EA07 04 11 14 29 3B 3C00 01 2700");
}

#[test]
fn the_pressure_of_a_cuff_is_no_blood_pressure() {
    check(
        "2a36",
        "1E 0400 0000 0000 0000 04 11 14 29 3B 3C00 01 2700",
        Ok("cuff-pressure=4.0mm[Hg] pulse-rate=60.0/min user-id=1 body-movement cuff-loose \
            irregular-pulse improper-position"),
    );
    check("2a36", "01 6FF0 FF07 FF07", Ok("cuff-pressure=11.1kPa"));
    check_every_cut("2a36", "00 D7F0 0000 0000");
}

#[test]
fn reads_temperatures() {
    check(
        "2a1c",
        "06 B00E00FE DC07 0C 05 0B 32 1B 04",
        Ok("body-temperature=37.6Cel device-time=2012-12-05T11:50:27 measurement-site=finger"),
    );
    check("2a1c", "01 DA03 00 FF", Ok("body-temperature=98.6[degF]"));
    check("2a1c", "04 6D0100FF 09", Ok("body-temperature=36.5Cel measurement-site=tympanum"));
    for site in ["00", "0A", "FF"] {
        check("2a1c", &format!("04 6D0100FF {site}"), Ok("body-temperature=36.5Cel"));
    }
    check("2a1e", "00 6D0100FF", Ok("body-temperature.intermediate=36.5Cel"));
    check_every_cut("2a1c", "06 B00E00FE DC07 0C 05 0B 32 1B 04");
}

#[test]
fn special_numbers_become_no_field() {
    for special in ["FFFF7F00", "00008000", "FEFF7F00", "02008000", "01008000"] {
        check("2a1c", &format!("00 {special}"), Ok(""));
    }
    for special in ["FF07", "0008", "FE07", "0208", "0108"] {
        check("2a5f", &format!("00 {special} {special}"), Ok(""));
    }
}

#[test]
fn exponents_and_mantissas_are_twos_complement() {
    let percent = |hex: &str, expected: &str| {
        check("2a5f", &format!("00 {hex} FF07"), Ok(&format!("oxygen-saturation={expected}%")));
    };
    percent("6100", "97.0");
    percent("CDF3", "97.3");
    percent("0102", "513.0");
    percent("01FE", "-51.1");
    percent("FF02", "767.0");
    percent("FF17", "20470.0");
    percent("FF77", "20470000000.0");
    percent("0088", "-2.048e-5");
    percent("FD07", "2045.0");
    percent("0308", "-2045.0");
    let celsius = |hex: &str, expected: &str| {
        check("2a1c", &format!("00 {hex}"), Ok(&format!("body-temperature={expected}Cel")));
    };
    celsius("01FE03FC", "26.1633");
    celsius("FFFFFF00", "-1.0");
    celsius("FFFF7F7F", "8.388607e133");
    celsius("00008080", "-8.388608e-122");
}

#[test]
fn reads_oximeters() {
    check(
        "2a5e",
        "0F 6100 4800 EA07 0B 1B 06 19 00 2001 20 00 FF 14F0",
        Ok("oxygen-saturation=97.0% pulse-rate=72.0/min device-time=2026-11-27T06:25:00 \
            measurement-ongoing fully-qualified low-perfusion pulse-amplitude-index=2.0%"),
    );
    check(
        "2a5f",
        "1F 6100 4800 6200 4900 6000 4700 0080 000180 14F0",
        Ok("oxygen-saturation=97.0% pulse-rate=72.0/min oxygen-saturation.fast=98.0% \
            pulse-rate.fast=73.0/min oxygen-saturation.slow=96.0% pulse-rate.slow=71.0/min \
            invalid-measurement questionable-pulse pulse-amplitude-index=2.0%"),
    );
    check_every_cut("2a5e", "0F 6100 4800 EA07 0B 1B 06 19 00 2001 20 00 FF 14F0");
    check_every_cut("2a5f", "1F 6100 4800 6200 4900 6000 4700 0080 000180 14F0");
}

#[test]
fn a_clock_that_is_not_set_places_nothing() {
    let utc = r#"{"utc-offset-minutes":0}"#;
    let time = "EA07 0B 1B 06 19 00";
    let value = "oxygen-saturation=97.0% pulse-rate=72.0/min";
    let at = format!("at=1795760700000 {value}");
    let shown = format!("{value} device-time=2026-11-27T06:25:00");
    check_with(utc, "2a5e", &format!("01 6100 4800 {time}"), Ok(&at));
    check_with(utc, "2a5e", &format!("11 6100 4800 {time}"), Ok(&shown));
}
