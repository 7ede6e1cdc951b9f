//! Telegrams from the standards and from meters, and every way to break them.

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
};

use super::{DsmrP1, telegram};

/// DSMR 4.2, of a Kaifa meter; its checksum is the meter's own.
const DSMR_4: &str = "/KFM5KAIFA-METER\r\n\r\n1-3:0.2.8(42)\r\n0-0:1.0.0(161113205757W)\r\n\
0-0:96.1.1(3960221976967177082151037881335713)\r\n1-0:1.8.1(001581.123*kWh)\r\n\
1-0:1.8.2(001435.706*kWh)\r\n1-0:2.8.1(000000.000*kWh)\r\n1-0:2.8.2(000000.000*kWh)\r\n\
0-0:96.14.0(0002)\r\n1-0:1.7.0(02.027*kW)\r\n1-0:2.7.0(00.000*kW)\r\n0-0:96.7.21(00015)\r\n\
0-0:96.7.9(00007)\r\n1-0:99.97.0(3)(0-0:96.7.19)(000104180320W)(0000237126*s)(000101000001W)\
(2147583646*s)(000102000003W)(2317482647*s)\r\n1-0:32.32.0(00000)\r\n1-0:52.32.0(00000)\r\n\
1-0:72.32.0(00000)\r\n1-0:32.36.0(00000)\r\n1-0:52.36.0(00000)\r\n1-0:72.36.0(00000)\r\n\
0-0:96.13.1()\r\n0-0:96.13.0()\r\n1-0:31.7.0(000*A)\r\n1-0:51.7.0(006*A)\r\n1-0:71.7.0(002*A)\r\n\
1-0:21.7.0(00.170*kW)\r\n1-0:22.7.0(00.000*kW)\r\n1-0:41.7.0(01.247*kW)\r\n1-0:42.7.0(00.000*kW)\r\n\
1-0:61.7.0(00.209*kW)\r\n1-0:62.7.0(00.000*kW)\r\n0-1:24.1.0(003)\r\n\
0-1:96.1.0(4819243993373755377509728609491464)\r\n0-1:24.2.1(161129200000W)(00981.443*m3)\r\n!6796\r\n";

/// Of an Austrian meter, without prefixes of units; its checksum is the meter's own.
const WATT_HOURS: &str = "/EST5\\253710000_A\r\n\r\n1-3:0.2.8(50)\r\n0-0:1.0.0(221006155014S)\r\n\
1-0:1.8.0(006545766*Wh)\r\n1-0:1.8.1(005017120*Wh)\r\n1-0:1.8.2(001528646*Wh)\r\n\
1-0:1.7.0(000000286*W)\r\n1-0:2.8.0(000000058*Wh)\r\n1-0:2.8.1(000000000*Wh)\r\n\
1-0:2.8.2(000000058*Wh)\r\n1-0:2.7.0(000000000*W)\r\n1-0:3.8.0(000000747*varh)\r\n\
1-0:3.8.1(000000000*varh)\r\n1-0:3.8.2(000000747*varh)\r\n1-0:3.7.0(000000000*var)\r\n\
1-0:4.8.0(003897726*varh)\r\n1-0:4.8.1(002692848*varh)\r\n1-0:4.8.2(001204878*varh)\r\n\
1-0:4.7.0(000000166*var)\r\n!7EF9\r\n";

/// DSMR 3: no checksum, and a value in a line of its own.
const DSMR_3: &str = "/ISk5\\2MT382-1000\r\n\r\n0-0:96.1.1(4B384547303034303436333935353037)\r\n\
1-0:1.8.1(12345.678*kWh)\r\n1-0:1.7.0(001.19*kW)\r\n0-0:17.0.0(016*A)\r\n0-0:96.3.10(1)\r\n\
0-0:96.13.0(303132333435363738)\r\n0-1:96.1.0(3232323241424344313233343536373839)\r\n0-1:24.1.0(03)\r\n\
0-1:24.3.0(090212160000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00001.001)\r\n0-1:24.4.0(1)\r\n!\r\n";

const OPTIONAL: &str = r#"{"checksum":"optional"}"#;

/// `Ok` is one line for all readings; `Err` is the variant.
fn decode(json: &str, body: &[u8]) -> Result<String, &'static str> {
    let frame =
        Frame { channel: "p1".to_owned(), content_type: None, received_ms: 0, body: body.to_vec() };
    let readings = DsmrP1::configure(json).unwrap().decode(frame).map_err(|error| match error {
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
            Scalar::Text(text) => text.clone(),
            _ => panic!("no such value was expected"),
        };
        format!("{path}={value}{}", unit.as_deref().unwrap_or(""))
    });
    at.into_iter().chain(fields).collect::<Vec<_>>().join(" ")
}

/// A telegram with these lines and the checksum that belongs to it.
fn telegram(lines: &str) -> String {
    let covered = format!("/XXX5meter\r\n\r\n{}\r\n!", lines.replace(' ', "\r\n"));
    let crc = telegram::crc(covered.as_bytes());
    format!("{covered}{crc:04X}\r\n")
}

fn check(json: &str, lines: &str, expected: Result<&str, &'static str>) {
    assert_eq!(decode(json, telegram(lines).as_bytes()), expected.map(str::to_owned), "{lines}");
}

#[test]
fn reads_a_telegram_of_dsmr_4() {
    assert_eq!(
        decode("{}", DSMR_4.as_bytes()).unwrap(),
        "@1479067077 energy.tariff-1=1581.123kW.h energy.tariff-2=1435.706kW.h \
         energy-exported.tariff-1=0.0kW.h energy-exported.tariff-2=0.0kW.h tariff=2 power=2.027kW \
         power-exported=0.0kW power-failures=15 power-failures-long=7 voltage-sags-l1=0 \
         voltage-sags-l2=0 voltage-sags-l3=0 voltage-swells-l1=0 voltage-swells-l2=0 \
         voltage-swells-l3=0 current-l1=0.0A current-l2=6.0A current-l3=2.0A power-l1=0.17kW \
         power-exported-l1=0.0kW power-l2=1.247kW power-exported-l2=0.0kW power-l3=0.209kW \
         power-exported-l3=0.0kW | @1480446000 gas-volume=981.443m3"
    );
}

#[test]
fn says_the_unit_that_the_meter_says() {
    assert_eq!(
        decode("{}", WATT_HOURS.as_bytes()).unwrap(),
        "@1665064214 energy=6545766.0W.h energy.tariff-1=5017120.0W.h energy.tariff-2=1528646.0W.h \
         power=286.0W energy-exported=58.0W.h energy-exported.tariff-1=0.0W.h \
         energy-exported.tariff-2=58.0W.h power-exported=0.0W energy-reactive=747.0var.h \
         energy-reactive.tariff-1=0.0var.h energy-reactive.tariff-2=747.0var.h power-reactive=0.0var \
         energy-reactive-exported=3897726.0var.h energy-reactive-exported.tariff-1=2692848.0var.h \
         energy-reactive-exported.tariff-2=1204878.0var.h power-reactive-exported=166.0var"
    );
}

#[test]
fn reads_old_telegrams_only_when_told_so() {
    assert_eq!(decode("{}", DSMR_3.as_bytes()), Err("malformed"));
    let electricity = "energy.tariff-1=12345.678kW.h power=1.19kW current-limit=16.0A breaker=1";
    assert_eq!(
        decode(OPTIONAL, DSMR_3.as_bytes()).unwrap(),
        format!("{electricity} | gas-volume=1.001m3 device-time=2009-02-12T16:00:00")
    );
    assert_eq!(
        decode(r#"{"checksum":"optional","utc-offset-minutes":60}"#, DSMR_3.as_bytes()).unwrap(),
        format!("{electricity} | @1234450800 gas-volume=1.001m3")
    );
}

#[test]
fn a_checksum_that_is_there_counts_also_where_none_is_asked_for() {
    assert!(decode(OPTIONAL, DSMR_4.as_bytes()).is_ok());
    let wrong = DSMR_4.replace("02.027", "02.028");
    for json in ["{}", OPTIONAL] {
        assert_eq!(decode(json, wrong.as_bytes()), Err("malformed"), "{json}");
    }
}

#[test]
fn no_byte_can_be_changed_or_be_missing() {
    let body = DSMR_4.trim_end().as_bytes();
    for at in 0..body.len() {
        assert!(decode("{}", &body[..at]).is_err(), "{at} bytes");
        let mut changed = body.to_vec();
        changed[at] ^= 1;
        assert!(decode("{}", &changed).is_err(), "byte {at}");
    }
}

#[test]
fn takes_lines_without_the_carriage_return_that_the_checksum_covers() {
    let expected = decode("{}", DSMR_4.as_bytes());
    let without = DSMR_4.replace('\r', "");
    assert_eq!(decode("{}", without.as_bytes()), expected);
    assert_eq!(decode("{}", without.to_lowercase().as_bytes()), Err("malformed"));
    // Not restored here and there: that would be a guess.
    let mixed = DSMR_4.replacen("\r\n", "\n", 1);
    assert_eq!(decode("{}", mixed.as_bytes()), Err("malformed"));
    assert_eq!(decode("{}", format!(" \n{DSMR_4}\r\n\r\n ").as_bytes()), expected);
    assert_eq!(decode("{}", DSMR_4.replace("!6796", "!6796 6796").as_bytes()), Err("malformed"));
}

#[test]
fn reads_the_peaks_of_belgian_meters() {
    check(
        "{}",
        "0-0:1.0.0(200512135409S) 1-0:1.4.0(02.351*kW) 1-0:1.6.0(200509134558S)(02.589*kW) \
         0-0:98.1.0(3)(1-0:1.6.0)(1-0:1.6.0)(200501000000S)(200423192538S)(03.695*kW)(200401000000S)\
         (200305122139W)(05.980*kW)(200301000000S)(200210035421W)(04.318*kW) 0-0:17.0.0(999.9*kW) \
         1-0:31.4.0(999*A) 0-1:24.1.0(003) 0-1:96.1.1(37464C4F32313139303333373333) 0-1:24.4.0(1) \
         0-1:24.2.3(200512134558S)(00112.384*m3) 0-2:24.1.0(007) 0-2:24.2.1(200512134558S)(00872.234*m3)",
        Ok("@1589284449 power-average=2.351kW power-limit=999.9kW current-limit=999.0A | \
            @1589024758 power-peak=2.589kW | @1587662738 power-peak-history=3.695kW | \
            @1583407299 power-peak-history=5.98kW | @1581303261 power-peak-history=4.318kW | \
            @1589283958 gas-volume=112.384m3 | @1589283958 water-volume=872.234m3"),
    );
    check("{}", "0-0:98.1.0()", Ok(""));
    check("{}", "0-0:98.1.0(0)(1-0:1.6.0)(1-0:1.6.0)", Ok(""));
    check("{}", "0-0:98.1.0(1)(1-0:1.6.0)(1-0:1.6.0)()()()", Ok(""));
    // Hungary's values of the last month, and another standard's peak.
    check("{}", "0-0:98.1.0(230801000000S)(000663.924*kWh)(12.212*kW)", Ok(""));
    check("{}", "1-0:1.6.0(02.589*kW) 1-0:1.6.0(02.589*kW)(200509134558S)", Ok(""));
    check("{}", "0-0:98.1.0(0)(1-0:1.6.0)(1-0:1.6.0)()", Ok(""));
    check(
        "{}",
        "0-0:98.1.0(2)(1-0:1.6.0)(1-0:1.6.0)(231101000000W)(632525252525W)(00.000*kW)(230202000000W)\
         (230214224500W)(04529*W)",
        Ok(" | @1676411100 power-peak-history=4529.0W"),
    );
    for broken in [
        "0-0:98.1.0(2)(1-0:1.6.0)(1-0:1.6.0)(200501000000S)(200423192538S)(03.695*kW)",
        "0-0:98.1.0(1)(1-0:1.6.0)(1-0:1.6.0)",
        "0-0:98.1.0(x)(1-0:1.6.0)(1-0:1.6.0)",
        "1-0:1.6.0(200509134558S)",
        "1-0:1.6.0(200509134558S)(02.589*kWh)",
    ] {
        check("{}", broken, Err("malformed"));
    }
}

#[test]
fn reads_luxembourg_and_sweden() {
    check(
        "{}",
        "0-0:42.0.0(53414731303330373030303030303030) 1-0:9.7.0(00.123*kVA) 1-0:10.7.0(00.000*kVA) \
         1-1:31.4.0(200*A)(-200*A) 1-0:23.7.0(00.001*kvar) 1-0:64.7.0(00.5*kVAr) 1-0:14.7.0(50.01*Hz) \
         1-0:13.7.0(0.999)",
        Ok("power-apparent=0.123kV.A power-apparent-exported=0.0kV.A current-limit=200.0A \
            power-reactive-l1=0.001kvar power-reactive-exported-l3=0.5kvar frequency=50.01Hz \
            power-factor=0.999"),
    );
    check("{}", "1-0:1.8.0*255(00052185.782*kWh)", Ok("energy=52185.782kW.h"));
}

#[test]
fn times_are_exact_in_summer_and_winter() {
    // The hour that comes twice.
    check("{}", "0-0:1.0.0(241027023000S)", Ok("@1729989000"));
    check("{}", "0-0:1.0.0(241027023000W)", Ok("@1729992600"));
    // Lithuania is an hour ahead.
    check(r#"{"utc-offset-minutes":120}"#, "0-0:1.0.0(241027023000W)", Ok("@1729989000"));
    for unmarked in ["0-0:1.0.0(241027023000)", "0-0:1.0.0(241027023000X)"] {
        check("{}", unmarked, Ok("device-time=2024-10-27T02:30:00"));
        check(r#"{"utc-offset-minutes":60}"#, unmarked, Ok("@1729992600"));
    }
    check("{}", "0-0:1.0.0()", Ok(""));
    check("{}", "0-0:1.0.0(632525252525W)", Ok(""));
    check("{}", "0-0:1.0.0(700101010000W)", Ok(""));
    for broken in ["24102702300W", "241027023000s", "241027023000SS", "24102702300éW", "S"] {
        check("{}", &format!("0-0:1.0.0({broken})"), Err("malformed"));
    }
}

#[test]
fn names_connected_meters_by_what_they_are() {
    for (device, value, expected) in [
        ("003", "00001.5*m3", "gas-volume=1.5m3"),
        ("3", "1500*dm3", "gas-volume=1500.0L"),
        ("006", "00001.5*m3", "water-volume=1.5m3"),
        ("007", "00001.5*m3", "water-volume=1.5m3"),
        ("022", "00001.5*m3", "water-volume=1.5m3"),
        ("004", "00001.5*GJ", "heat-energy=1.5GJ"),
        ("012", "00001.5*kWh", "heat-energy=1.5kW.h"),
        ("011", "00001.5*GJ", "cooling-energy=1.5GJ"),
        ("002", "00001.5*kWh", "energy-2=1.5kW.h"),
        ("099", "00001.5*m3", "volume=1.5m3"),
        ("", "00001.5*GJ", "heat-energy=1.5GJ"),
    ] {
        let lines = format!("0-2:24.1.0({device}) 0-2:24.2.1(241027023000W)({value})");
        check("{}", &lines, Ok(&format!(" | @1729992600 {expected}")));
    }
}

#[test]
fn two_meters_of_one_kind_have_two_paths() {
    check(
        "{}",
        "0-1:24.2.1(241027023000W)(1*m3) 0-1:24.1.0(7) 0-3:24.1.0(7) 0-3:24.2.1(241027023000W)(3*m3)",
        Ok(" | @1729992600 water-volume=1.0m3 | @1729992600 water-volume-3=3.0m3"),
    );
    // An old meter that was taken away leaves its channel behind.
    for gone in ["(632525252525W)(00000.000)", "(700101010000W)(00000000)", "()()"] {
        let lines = format!(
            "0-1:24.1.0(3) 0-1:96.1.0() 0-1:24.2.1{gone} 0-2:24.1.0(3) 0-2:24.2.1(241027023000W)(3*m3)"
        );
        check("{}", &lines, Ok(" | @1729992600 gas-volume=3.0m3"));
    }
}

#[test]
fn what_is_unknown_or_has_no_value_is_no_field() {
    check("{}", "1-0:32.7.0()", Ok(""));
    check("{}", "0-0:96.13.0(48616C6C6F) 9-9:9.9.9(x) 1-0:99.97.0() 0-9:96.1.0(1)", Ok(""));
    check(
        "{}",
        "0-2:24.3.0(090212160000)(00)(60)(2)(0-2:24.2.1)(GJ)(0-2:24.2.2)(m3) (1)(2)",
        Ok(""),
    );
    check("{}", "1-0:1.7.0(1*kW) 1-0:1.7.0(2*kW)", Ok("power=1.0kW"));
    check("{}", "0-1:24.3.0(090212160000)(00)(60)(1)(0-1:24.2.1)(m3) ()", Ok(""));
}

#[test]
fn what_breaks_its_format_is_malformed() {
    for line in [
        "1-0:1.7.0(1*kWh)",
        "1-0:1.7.0(1)",
        "1-0:1.7.0(one*kW)",
        "1-0:1.7.0(1e3*kW)",
        "1-0:1.7.0(1*kW)(2*kW)",
        "1-0:1.7.0",
        "1-0:1.7.0(1*kW",
        "1-0:1.7.0((1*kW))",
        "1-0:1.7.0(1*kW)x",
        "1-0:1.7(1*kW)",
        "1-0:1.7.0.0(1*kW)",
        "1-0:1.7.256(1*kW)",
        "1-0:+1.7.0(1*kW)",
        "1:0-1.7.0(1*kW)",
        "0-0:96.14.0(low)",
        "0-1:24.1.0(gas)",
        "0-1:24.2.1(241027023000W)",
        "0-1:24.2.1(241027023000W)(1*bar)",
        "0-1:24.3.0(090212160000)(00)(60)(1)(0-1:24.2.1)",
        "(1)",
    ] {
        check("{}", line, Err("malformed"));
    }
}

#[test]
fn a_message_in_another_encoding_is_nobodys_business() {
    let latin = [&b"/XXX5\n0-0:96.13.0("[..], &[0xFF; 1024], b")\n1-0:1.7.0(1*kW)\n!"].concat();
    assert_eq!(decode(OPTIONAL, &latin), Ok("power=1.0kW".to_owned()));
    let broken = b"/XXX5\n1-0:1.7.0(\xFF*kW)\n!";
    assert_eq!(decode(OPTIONAL, broken), Err("malformed"));
}

#[test]
fn tells_other_envelopes_apart() {
    assert_eq!(decode("{}", b""), Err("not mine"));
    assert_eq!(decode("{}", b"{\"power\":1}"), Err("not mine"));
    assert_eq!(decode("{}", b"\xDB\x08SAG"), Err("unsupported"));
    for broken in ["/", "/!", "/\n!", "/XX\n!", "/X1X5\n!", "/XXX5\n!1234"] {
        assert_eq!(decode(OPTIONAL, broken.as_bytes()), Err("malformed"), "{broken}");
    }
    assert_eq!(decode(OPTIONAL, b"/XX\xFF5\n!"), Err("malformed"));
    assert_eq!(decode(OPTIONAL, b"/XXX5\n!"), Ok(String::new()));
}

#[test]
fn limits_what_a_telegram_can_cause() {
    let peaks = |count: usize| {
        let months = "(200501000000S)(200423192538S)(03.695*kW)".repeat(count);
        telegram(&format!("0-0:98.1.0({count})(1-0:1.6.0)(1-0:1.6.0){months}"))
    };
    assert!(decode("{}", peaks(52).as_bytes()).is_ok());
    assert_eq!(decode("{}", peaks(53).as_bytes()), Err("malformed"));
    let twice = format!("{} ", "1-0:1.6.0(200509134558S)(02.589*kW)").repeat(64);
    check("{}", twice.trim_end(), Err("unsupported"));
    let channels = (1..=99)
        .map(|it| format!("0-{it}:24.2.1(241027023000W)(1*m3)"))
        .collect::<Vec<_>>()
        .join(" ");
    assert_eq!(decode("{}", telegram(&channels).as_bytes()).unwrap().matches('|').count(), 16);
}

#[test]
fn refuses_settings_that_cannot_work() {
    let refused = |json: &str| match DsmrP1::configure(json) {
        Err(ConfigError::Invalid((setting, _))) => setting,
        other => panic!("{json}: {other:?}"),
    };
    assert_eq!(refused(r#"{"checksum":"never"}"#), "checksum");
    assert_eq!(refused(r#"{"utc-offset-minutes":841}"#), "utc-offset-minutes");
    assert_eq!(refused(r#"{"utc-offset-minutes":-9223372036854775808}"#), "utc-offset-minutes");
    assert_eq!(refused(r#"{"crc":true}"#), "crc");
}
