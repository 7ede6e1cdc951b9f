//! Records of every kind, by the tables of EN 13757-3.

use super::{check, check_records, decode, telegram};
use hushgate_sdk::bytes::of_hex;

#[test]
fn reads_every_way_to_write_a_number() {
    for (record, expected) in [
        ("01 16 FE", "volume=-2.0m3"),
        ("02 16 FEFF", "volume=-2.0m3"),
        ("03 16 FEFFFF", "volume=-2.0m3"),
        ("04 16 FEFFFFFF", "volume=-2.0m3"),
        ("06 16 FEFFFFFFFFFF", "volume=-2.0m3"),
        ("07 16 FEFFFFFFFFFFFFFF", "volume=-2.0m3"),
        ("05 16 0000C03F", "volume=1.5m3"),
        ("05 13 0000C03F", "volume=0.0015m3"),
        ("09 16 12", "volume=12.0m3"),
        ("0A 16 3412", "volume=1234.0m3"),
        ("0B 16 5634F2", "volume=-23456.0m3"),
        ("0C 16 78563412", "volume=12345678.0m3"),
        ("0E 16 127856341200", "volume=1234567812.0m3"),
        ("0D 16 C3 563412", "volume=123456.0m3"),
        ("0D 16 D3 563412", "volume=-123456.0m3"),
        ("0D 16 E3 010000", "volume=1.0m3"),
    ] {
        check_records(record, Ok(expected));
    }
}

#[test]
fn what_is_not_known_is_no_field() {
    for record in [
        "01 16 80",
        "02 16 0080",
        "03 16 000080",
        "04 16 00000080",
        "07 16 0000000000000080",
        "05 16 0000C07F",
        "05 16 0000807F",
        "09 16 A2",
        "09 16 FF",
        "0A 16 3A12",
        "0C 16 EEEEEEEE",
        "0C 16 FFFFFFFF",
        "0E 16 999999999999 00 16",
        "0D 16 C0",
        "0D 16 E0",
        "0D 16 EA 00000000000000000001",
        "0D 16 03 333231",
        "00 16",
        "08 16",
        "02 6C 0000",
        "02 6C FFFF",
        "02 6C 3E22",
        "04 6D 80321F15",
        "04 6D 3C371F15",
        "03 6D 000000",
    ] {
        if !record.starts_with("0E") {
            check_records(record, Ok(""));
        }
    }
}

#[test]
fn scales_by_powers_of_ten_exactly() {
    for (record, expected) in [
        ("02 00 E803", "energy=0.001kW.h"),
        ("02 03 BD00", "energy=0.189kW.h"),
        ("02 07 BD00", "energy=1890.0kW.h"),
        ("02 08 BD00", "energy=0.000189MJ"),
        ("02 0E BD00", "energy=189.0MJ"),
        ("02 FB00 BD00", "energy=18900.0kW.h"),
        ("02 FB08 BD00", "energy=18.9GJ"),
        ("02 FB09 BD00", "energy=189.0GJ"),
        ("02 10 BD00", "volume=0.000189m3"),
        ("02 FB11 BD00", "volume=189000.0m3"),
        ("02 18 BD00", "mass=0.189kg"),
        ("02 22 BD00", "on-time=189.0h"),
        ("02 25 BD00", "operating-time=189.0min"),
        ("02 2D BD00", "power=18900.0W"),
        ("02 FB28 BD00", "power=18900000.0W"),
        ("02 33 BD00", "power=189.0kJ/h"),
        ("02 3B BD00", "flow=0.189m3/h"),
        ("02 44 BD00", "flow=0.189m3/min"),
        ("02 4F BD00", "flow=1.89m3/s"),
        ("02 53 BD00", "mass-flow=189.0kg/h"),
        ("02 5A BD00", "flow-temperature=18.9Cel"),
        ("02 5D BD00", "return-temperature=1.89Cel"),
        ("02 62 43FF", "temperature-difference=-18.9K"),
        ("02 66 BD00", "temperature=18.9Cel"),
        ("02 68 BD00", "pressure=0.189bar"),
        ("02 6E BD00", "heat-cost-units=189"),
        ("02 73 BD00", "averaging-duration=189.0d"),
        ("02 74 BD00", "value-age=189.0s"),
        ("02 FB1A BD00", "humidity=18.9%"),
        ("02 FB02 BD00", "energy-reactive=189.0kvar.h"),
        ("02 FB04 BD00", "energy-apparent=189.0kV.A.h"),
        ("02 FB14 BD00", "power-reactive=0.189kvar"),
        ("02 FB34 BD00", "power-apparent=0.189kV.A"),
        ("02 FB2D 8713", "frequency=49.99Hz"),
        ("02 FD48 FF08", "voltage=230.3V"),
        ("02 FD59 BD00", "current=0.189A"),
        ("02 FD17 0080", "error-code=32768"),
        ("02 FD971D 0400", "error-code=4"),
        ("02 FD1B 0180", "digital-input=32769"),
        ("04 FD3A 01000080", "count=-2147483647"),
        ("02 FD74 8713", "battery-remaining=4999.0d"),
        ("02 FD6E 0700", "battery-age=7.0mo"),
        ("02 9370 BD00", "volume=0.000000189m3"),
        ("02 937D BD00", "volume=189.0m3"),
        ("02 93F670 BD00", "volume=0.000000189m3"),
    ] {
        let expected = expected.replace("0.000000189", "1.89e-7");
        check_records(record, Ok(&expected));
    }
}

#[test]
fn names_what_is_special_of_a_value() {
    for (record, expected) in [
        ("11 5B 15", "flow-temperature-max=21.0Cel"),
        ("21 5B 15", "flow-temperature-min=21.0Cel"),
        ("31 5B 15", "flow-temperature-error=21.0Cel"),
        ("01 863C 15", "energy-exported=21.0kW.h"),
        ("01 AB3C 15", "power-exported=21.0W"),
        ("01 963C 15", "volume-backward=21.0m3"),
        ("01 963B 15", "volume-forward=21.0m3"),
        ("01 FDC9FC01 15", "voltage-l1=21.0V"),
        ("01 FDC9FC03 15", "voltage-l3=21.0V"),
        ("01 FDC9FC05 15", "voltage-l1-l2=21.0V"),
        ("01 86FC813C 15", "energy-exported-l1=21.0kW.h"),
        ("8110 06 15", "energy.tariff-1=21.0kW.h"),
        ("8130 06 15", "energy.tariff-3=21.0kW.h"),
        ("8140 FD3A 15", "count-unit-1=21"),
        ("81C040 FD3A 15", "count-unit-3=21"),
        ("819010 863C 15", "energy-exported.tariff-5=21.0kW.h"),
    ] {
        check_records(record, Ok(expected));
    }
}

#[test]
fn a_value_now_is_another_path_than_what_the_meter_remembers() {
    check_records(
        "0106 15 4106 14 426C 5F2C 8101 06 13 C108 06 12 8110 06 11 C110 06 10",
        Ok("energy=21.0kW.h energy.tariff-1=17.0kW.h | energy-history-1=20.0kW.h \
            device-time-history-1=2018-12-31 energy.tariff-1-history-1=16.0kW.h | \
            energy-history-2=19.0kW.h | energy-history-17=18.0kW.h"),
    );
    // The largest numbers that ten extensions can say.
    check_records(
        "81FFFFFFFFFFFFFFFFFF7F 06 15",
        Ok(" | energy-unit-1023.tariff-1048575-history-2199023255550=21.0kW.h"),
    );
    check_records("81FFFFFFFFFFFFFFFFFFFF7F 06 15", Err("malformed"));
}

#[test]
fn times_are_of_the_zone_that_the_owner_names() {
    let utc = r#"{"utc-offset-minutes":0}"#;
    let berlin = r#"{"utc-offset-minutes":60}"#;
    // Type F, the same in summer, the same with its century, type I, type I in summer.
    for (record, text, winter) in [
        ("04 6D 32371F15", "2008-05-31T23:50:00", 1_212_277_800),
        ("04 6D 32B71F15", "2008-05-31T23:50:00", 1_212_274_200),
        ("04 6D 32371F15", "2008-05-31T23:50:00", 1_212_277_800),
        ("06 6D 3B3BB36B2A00", "2019-10-11T19:59:59", 1_570_823_999),
        ("06 6D 7B3BB36B2A00", "2019-10-11T19:59:59", 1_570_820_399),
    ] {
        check_records(record, Ok(&format!("device-time={text}")));
        check(utc, &telegram("00", record), Ok(&format!("@{winter}")));
        check(berlin, &telegram("00", record), Ok(&format!("@{}", winter - 3600)));
    }
    // A day is no moment, and the day of what is remembered is when it began.
    check(utc, &telegram("00", "02 6C 5F2C"), Ok("device-time=2018-12-31"));
    check(
        berlin,
        &telegram("00", "42 6C 5F2C 41 06 15"),
        Ok(" | @1546210800 device-time-history-1=2018-12-31 energy-history-1=21.0kW.h"),
    );
    // The beginning of a tariff and the time of a maximum are not when the values were true.
    check_records("04 ED39 32371F15 14 6D 32371F15 8410 6D 32371F15", Ok(""));
}

#[test]
fn a_meaning_that_is_not_certain_is_no_field_and_is_skipped_by_its_length() {
    for record in [
        "0C 78 78563412",
        "0D FD11 03 333231",
        "0C FD10 78563412",
        "07 79 0102030405060708",
        "01 7A 05",
        "02 FF20 0000",
        "04 EEFF07 01020304",
        "02 FC 03 485225 74 440D",
        "02 7C 03 485225 440D",
        "01 9622 15",
        "01 963A 15",
        "01 9640 15",
        "01 967E 15",
        "01 9615 15",
        "01 96FC10 15",
        "01 96FF9301 15",
        "01 7B 15",
        "01 FDFD7D 15",
        "01 EF01 15",
        "01 6F 15",
        "01 FB7F 15",
        "0D 931E 03 010203",
        "0D 16 F0 00112233445566778899AABBCCDDEEFF",
    ] {
        check_records(&format!("{record} 01 06 15"), Ok("energy=21.0kW.h"));
    }
}

#[test]
fn records_end_where_the_manufacturer_begins() {
    check_records("01 06 15 0F 01 06", Ok("energy=21.0kW.h"));
    check_records("01 06 15 1F FF", Ok("energy=21.0kW.h"));
    check_records("2F 2F 01 06 15 2F 2F 7F", Ok("energy=21.0kW.h"));
    check_records("", Ok(""));
    check_records("01 06 15 01 06 16", Ok("energy=21.0kW.h"));
    for reserved in ["3F", "4F", "5F", "6F", "8F", "0D 16 CA", "0D 16 F7", "0D 16 FF"] {
        check_records(reserved, Err("unsupported"));
    }
}

#[test]
fn every_cut_inside_a_record_is_malformed() {
    for record in [
        "04 13 01020304",
        "0D FD11 03 333231",
        "02 FC 03 485225 74 440D",
        "84C010 93FC01 01020304",
        "0D 16 F5",
    ] {
        let bytes = of_hex(telegram("07", record).as_bytes()).unwrap();
        let head = bytes.len() - of_hex(record.as_bytes()).unwrap().len();
        for end in head + 1..bytes.len() {
            let mut cut = bytes[..end].to_vec();
            cut[0] = u8::try_from(end - 1).unwrap();
            assert_eq!(decode("{}", &cut), Err("malformed"), "{end} bytes of {record}");
        }
    }
    check_records("0D 16 F5", Err("malformed"));
    check_records("01 96 A2A2A2A2A2A2A2A2A2A2 22 15", Err("malformed"));
}

#[test]
fn limits_what_a_telegram_can_cause() {
    let many = (0..61).map(|it: u32| format!("C1{:02X}{:02X} 06 15", 0x80 | it & 15, it >> 4));
    let body = of_hex(many.collect::<String>().as_bytes()).unwrap();
    let head = of_hex(b"44 AE0C 78563412 01 00 78").unwrap();
    let whole = [&head[..], &body[..240]].concat();
    assert!(decode(r#"{"format":"no-length"}"#, &whole).is_ok());
    let longer = [&whole[..], &[0x2F; 6]].concat();
    assert_eq!(decode(r#"{"format":"no-length"}"#, &longer), Err("malformed"));
}

#[test]
fn tells_the_states_of_the_header() {
    let states = |status: &str| format!("0E44AE0C7856341201 07 7A 01 {status} 0000");
    for (status, expected) in [
        ("00", "battery-low=false fault=false alarm=false"),
        ("01", "battery-low=false fault=false alarm=false"),
        ("02", "battery-low=false fault=true alarm=false"),
        ("03", "battery-low=false fault=false alarm=true"),
        ("04", "battery-low=true fault=false alarm=false"),
        ("08", "battery-low=false fault=true alarm=false"),
        ("10", "battery-low=false fault=true alarm=false"),
        ("E0", "battery-low=false fault=false alarm=false"),
    ] {
        check("{}", &states(status), Ok(expected));
    }
}

#[test]
fn other_messages_are_unsupported() {
    for kind in ["5A", "6A", "69", "70", "71", "74", "7B", "73", "A2", "B7", "81", "00", "FF"] {
        check("{}", &format!("0E44AE0C7856341201 07 {kind} 01000000"), Err("unsupported"));
    }
    for control in ["40", "53", "5B", "7A", "00"] {
        check("{}", &format!("0E{control}AE0C7856341201 07 7A 01000000"), Err("unsupported"));
    }
}

#[test]
fn messages_in_several_telegrams_are_unsupported() {
    for control in ["0140", "0200", "0002"] {
        let telegram = format!("1244AE0C7856341201 07 90 02 {control} 7A 01000000");
        check("{}", &telegram, Err("unsupported"));
    }
    check(
        "{}",
        "1244AE0C7856341201 07 90 02 0000 7A 01000000",
        Ok("battery-low=false fault=false alarm=false"),
    );
    check("{}", "1244AE0C7856341201 07 90 03 0000 FF 7A 010000", Err("malformed"));
    // A code that is too short to trust.
    check("{}", "1544AE0C7856341201 07 90 05 0024 24 ABCD 7A 01000000", Err("unsupported"));
}
