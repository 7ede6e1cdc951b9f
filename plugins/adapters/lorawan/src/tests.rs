//! What the networks' documentation shows, what protobuf leaves out, and what nobody should send.

use hushgate_sdk::{
    ConfigError, Frame, Scalar,
    adapter::{Adapter, DecodeError},
};

use super::Lorawan;

/// The example of The Things Stack's documentation (Data Formats, Uplink Messages), with a second gateway.
const STACK: &str = r#"{"end_device_ids":{"device_id":"dev1","application_ids":{"application_id":"app1"},"dev_eui":"0004A30B001C0530","join_eui":"800000000000000C","dev_addr":"00BCB929"},"correlation_ids":["as:up:01E0WZGT6Y7657CPFPE5WEYDSQ"],"received_at":"2020-02-12T15:15:46.014773143Z","uplink_message":{"session_key_id":"AXA50tHUGUucuzS/bCGMNw==","f_cnt":1,"f_port":2,"frm_payload":"gkHe","decoded_payload":{"temperature":1.0,"luminosity":0.64},"rx_metadata":[{"gateway_ids":{"gateway_id":"gtw0"},"rssi":-110,"snr":-7.5},{"gateway_ids":{"gateway_id":"gtw1","eui":"9C5C8E00001A05C4"},"time":"2020-02-12T15:15:45.787Z","timestamp":2463457000,"rssi":-35,"channel_rssi":-35,"snr":5,"uplink_token":"ChIKEAoEZ3R3MRIInFyOAAAaBcQQ6L3Vlgk=","location":{"latitude":37.9,"longitude":23.7}}],"settings":{"data_rate":{"lora":{"bandwidth":125000,"spreading_factor":7}},"frequency":"868300000"},"received_at":"2020-02-12T15:15:45.789585559Z"}}"#;

/// The example of ChirpStack's documentation (Event types, `up`), with an object.
const CHIRP: &str = r#"{"deduplicationId":"3ac7e3c4-4401-4b8d-9386-a5c902f9202d","time":"2022-07-18T09:34:15.775023242+00:00","deviceInfo":{"tenantId":"52f14cd4","deviceName":"Test device","devEui":"0101010101010101","tags":{"key":"value"}},"devAddr":"00189440","dr":1,"fPort":1,"data":"qg==","object":{"co2":412.0},"rxInfo":[{"gatewayId":"0016c001f153a14c","uplinkId":4217106255,"rssi":-36,"snr":10.5,"context":"E3OWOQ==","metadata":{"region_name":"eu868"}}],"txInfo":{"frequency":867100000,"modulation":{"lora":{"bandwidth":125000,"spreadingFactor":11,"codeRate":"CR_4_5"}}}}"#;

fn frame(channel: &str, body: &str) -> Frame {
    Frame {
        channel: channel.to_owned(),
        content_type: Some("application/json".to_owned()),
        received_ms: 0,
        body: body.as_bytes().to_vec(),
    }
}

/// `kind@ms path=value[unit] …` for each reading, or the variant.
fn decode(settings: &str, channel: &str, body: &str) -> Result<Vec<String>, &'static str> {
    let adapter = Lorawan::configure(settings).unwrap();
    let readings = adapter.decode(frame(channel, body)).map_err(|error| match error {
        DecodeError::NotMine => "not mine",
        DecodeError::Malformed(_) => "malformed",
        DecodeError::Unsupported(_) => "unsupported",
    })?;
    let lines = readings.iter().map(|reading| {
        let fields = reading.fields.iter().map(|it| {
            let value = match &it.value {
                Scalar::Flag(flag) => flag.to_string(),
                Scalar::Int(int) => int.to_string(),
                Scalar::Real(real) => format!("{real:?}"),
                Scalar::Text(text) => format!("\"{text}\""),
                Scalar::Blob(_) => panic!("no blob was expected"),
            };
            format!(" {}={value}{}", it.path, it.unit.as_deref().unwrap_or_default())
        });
        let at = reading.at_ms.map(|ms| format!("@{ms}")).unwrap_or_default();
        format!("{}{at}{}", reading.kind, fields.collect::<String>())
    });
    Ok(lines.collect())
}

fn check(settings: &str, body: &str, expected: &[&str]) {
    let expected: Vec<String> = expected.iter().map(|&it| it.to_owned()).collect();
    assert_eq!(decode(settings, "hooks/lorawan", body), Ok(expected), "{body}");
}

fn refuse(body: &str, expected: &'static str) {
    assert_eq!(decode("{}", "hooks/lorawan", body), Err(expected), "{body}");
}

/// An uplink of The Things Stack with this payload.
fn decoded(payload: &str) -> String {
    format!(r#"{{"uplink_message":{{"f_cnt":7,"decoded_payload":{payload}}}}}"#)
}

#[test]
fn reads_an_uplink_of_the_things_stack() {
    check(
        "{}",
        STACK,
        &["uplink@1581520545789 sequence=1 port=2 signal=-35.0{dBm} signal-noise-ratio=5.0dB \
           luminosity=0.64 temperature=1.0"],
    );
}

#[test]
fn reads_an_uplink_of_chirpstack_4_whose_counter_was_left_out() {
    let expected = "uplink@1658136855775 sequence=0 port=1 signal=-36.0{dBm} signal-noise-ratio=10.5dB co2=412.0";
    check("{}", CHIRP, &[expected]);
    let topic = "application/17c82e96/device/0101010101010101/event/up";
    assert_eq!(decode("{}", topic, CHIRP), Ok(vec![expected.to_owned()]));
}

#[test]
fn reads_both_objects_of_chirpstack_3() {
    let envelope = |object: &str| {
        format!(
            r#"{{"applicationID":"123","deviceName":"garden","devEUI":"AgICAgICAgI=","rxInfo":[{{"gatewayID":"AwMDAwMDAwM=","time":"2019-11-08T13:59:25.048445Z","rssi":-48,"loRaSNR":9,"location":{{"latitude":52.3740364,"longitude":4.9144401}}}}],"txInfo":{{"frequency":868100000,"modulation":"LORA"}},"fCnt":10,"fPort":5,"data":"AQ==",{object}}}"#
        )
    };
    let expected = "uplink sequence=10 port=5 signal=-48.0{dBm} signal-noise-ratio=9.0dB temperature-sensor.1=25.0";
    let json = envelope(r#""objectJSON":"{\"temperatureSensor\":{\"1\":25}}""#);
    check("{}", &json, &[expected]);
    check("{}", &envelope(r#""object":{"temperatureSensor":{"1":25}}"#), &[expected]);
    let without = "uplink sequence=10 port=5 signal=-48.0{dBm} signal-noise-ratio=9.0dB";
    check("{}", &envelope(r#""objectJSON":"""#), &[without]);
    let oldest = decode("{}", "application/123/device/0202020202020202/rx", &json);
    assert_eq!(oldest, Ok(vec![expected.to_owned()]));
    refuse(&envelope(r#""objectJSON":"{""#), "malformed");
}

#[test]
fn what_the_owner_mapped_comes_first_and_has_the_owners_unit() {
    let settings = r#"{"fields":{"TempC_SHT":{"path":"temperature","unit":"Cel","scale":0.1},"BatV":{"path":"battery-voltage","unit":"V"},"Air.Levels-2":{"path":"level"},"Gone":{"path":"gone","unit":"m"}}}"#;
    check(
        settings,
        &decoded(
            r#"{"TempC_SHT":189,"temperature":5,"BatV":"3.384 V","Air":{"Levels":[1,"high"]},"Gone":"no sensor"}"#,
        ),
        &[
            "uplink sequence=7 level=\"high\" battery-voltage=3.384V temperature=18.9Cel air.levels-1=1.0",
        ],
    );
    for (text, expected) in [
        ("22.50", Some("22.5")),
        (" -3 °C ", Some("-3.0")),
        ("+0.5", Some("0.5")),
        ("12:30", None),
        ("1,5", None),
        ("1-2", None),
        ("1/min 2", None),
        ("1e9", None),
        ("", None),
        ("NaN", None),
    ] {
        let line = expected.map(|it| format!(" battery-voltage={it}V")).unwrap_or_default();
        let body = decoded(&format!(r#"{{"BatV":"{text}"}}"#));
        check(settings, &body, &[&format!("uplink sequence=7{line}")]);
    }
}

#[test]
fn other_names_become_paths_without_a_unit() {
    check(
        "{}",
        &decoded(
            r#"{"Bat_status":3,"doorOpen":false,"GPS":{"x.Y":1.5},"list":[[1],{"a":2}],"°":1,"t °C":0.30000000000000004,"_x_":1,"nothing":null,"empty":{}}"#,
        ),
        &[
            "uplink sequence=7 bat-status=3.0 gps.x.y=1.5 x=1.0 door-open=false list-1-1=1.0 list-2.a=2.0 t-c=0.3",
        ],
    );
}

#[test]
fn numbers_leave_as_the_device_meant_them() {
    for (written, read) in [
        ("18.900000000000002", "18.9"),
        ("-0.30000000000000004", "-0.3"),
        ("99.99999999999999", "100.0"),
        ("1e-5", "1e-5"),
        ("1.0000000000000002e-5", "1e-5"),
        ("52.374036412345", "52.3740364123"),
        ("1700000000123", "1700000000123.0"),
        ("9007199254740993", "9007199254740992.0"),
        ("1e300", "1e300"),
        ("1e-300", "1e-300"),
        ("0", "0.0"),
    ] {
        check(
            "{}",
            &decoded(&format!(r#"{{"v":{written}}}"#)),
            &[&format!("uplink sequence=7 v={read}")],
        );
    }
}

#[test]
fn nothing_decoded_can_pass_for_the_networks_word() {
    check(
        "{}",
        &decoded(r#"{"sequence":99,"Signal":1,"port":4}"#),
        // Neither a port nor a gateway was told of: the device's own word does not stand in for them.
        &["uplink sequence=7"],
    );
}

#[test]
fn a_lone_measurement_is_the_uplinks_and_others_are_their_own() {
    let uplink = |normalized: &str| {
        format!(
            r#"{{"received_at":"2026-11-27T06:00:00Z","uplink_message":{{"f_cnt":7,"decoded_payload":{{"temperature":20,"x":1}},"normalized_payload":{normalized}}}}}"#
        )
    };
    check(
        "{}",
        &uplink(
            r#"[{"air":{"temperature":21,"relativeHumidity":40.5,"location":"indoor"},"action":{"contactState":"open","motion":{"count":3.0,"detected":true}},"battery":3.1,"water":{"leak":"yes"}}]"#,
        ),
        &[
            "uplink@1795759200000 sequence=7 open=true motion-count=3 motion=true air.location=\"indoor\" \
           humidity=40.5% temperature=21.0Cel battery=3.1 water.leak=\"yes\" x=1.0",
        ],
    );
    check(
        "{}",
        &uplink(
            r#"[{"soil":{"depth":5}},{"time":"2026-11-27T05:00:00Z","soil":{"depth":10,"pH":6.5}}]"#,
        ),
        &[
            "uplink@1795759200000 sequence=7 temperature=20.0 x=1.0",
            "measurement@1795759200000 depth=5.0cm",
            "measurement@1795755600000 depth=10.0cm ph=6.5[pH]",
        ],
    );
    check(
        "{}",
        r#"{"end_device_ids":{},"uplink_normalized":{"f_cnt":7,"received_at":"2026-11-27T06:00:00Z","normalized_payload":{"air":{"co2":600}}}}"#,
        &["measurement@1795759200000 co2=600.0[ppm]"],
    );
    let many = format!("[{}]", vec!["{}"; 64].join(","));
    refuse(&uplink(&many), "malformed");
}

#[test]
fn what_protobuf_left_out_is_0_where_it_can_be_nothing_else() {
    let with = |settings: &str| {
        format!(
            r#"{{"uplink_message":{{"rx_metadata":[{{"channel_rssi":-90}},{{"rssi":"NaN"}}]{settings}}}}}"#
        )
    };
    let lora = r#","settings":{"data_rate":{"lora":{}}}"#;
    check("{}", &with(lora), &["uplink sequence=0 signal=-90.0{dBm} signal-noise-ratio=0.0dB"]);
    let fsk = r#","settings":{"data_rate":{"fsk":{"bit_rate":50000}}}"#;
    check("{}", &with(fsk), &["uplink sequence=0 signal=-90.0{dBm}"]);
}

#[test]
fn reads_where_the_device_is() {
    check(
        "{}",
        r#"{"end_device_ids":{},"received_at":"2026-11-27T06:00:00Z","location_solved":{"service":"x","location":{"latitude":37.5,"longitude":-8.25,"altitude":2,"accuracy":20,"source":"SOURCE_LORA_TDOA_GEOLOCATION"}}}"#,
        &[
            "location@1795759200000 latitude=37.5deg longitude=-8.25deg altitude=2.0m accuracy=20.0m",
        ],
    );
    let chirp = |location: &str| {
        format!(r#"{{"time":"2026-11-27T06:00:00Z","deviceInfo":{{}},"location":{location}}}"#)
    };
    check(
        "{}",
        &chirp(r#"{"longitude":-8.25}"#),
        &["location@1795759200000 latitude=0.0deg longitude=-8.25deg"],
    );
    check("{}", &chirp("{}"), &[]);
}

#[test]
fn reads_what_the_device_says_of_its_battery() {
    let status =
        |rest: &str| format!(r#"{{"time":"2026-11-27T06:00:00Z","deviceInfo":{{}}{rest}}}"#);
    let topic = "application/1/device/0101010101010101/event/status";
    for (rest, expected) in [
        (r#","margin":10,"batteryLevel":88.3"#, "battery=88.3% link-margin=10.0dB"),
        (r#","margin":-3,"batteryLevelUnavailable":true,"batteryLevel":0"#, "link-margin=-3.0dB"),
        (r#","externalPowerSource":true,"batteryLevel":0"#, "link-margin=0.0dB"),
        (r#","margin":5"#, "link-margin=5.0dB"),
    ] {
        let expected = format!("status@1795759200000 {expected}");
        check("{}", &status(rest), &[&expected]);
        assert_eq!(decode("{}", topic, &status(rest)), Ok(vec![expected]));
    }
}

#[test]
fn events_that_tell_nothing_of_a_measurement_are_read_and_empty() {
    for body in [
        r#"{"end_device_ids":{},"join_accept":{"session_key_id":"AXBSH1Pk6Z0G166RlH16CQ=="}}"#,
        r#"{"end_device_ids":{},"downlink_ack":{"f_port":15,"f_cnt":1,"frm_payload":"vu8="}}"#,
        r#"{"end_device_ids":{},"downlink_failed":{"error":{"name":"x"}}}"#,
        r#"{"end_device_ids":{},"service_data":{"service":"x","data":{"temperature":1}}}"#,
        r#"{"deviceInfo":{},"devAddr":"00189440"}"#,
        r#"{"deviceInfo":{},"queueItemId":"x","acknowledged":true,"fCntDown":3}"#,
        r#"{"deviceInfo":{},"downlinkId":3,"fCntDown":2,"gatewayId":"0016c001f153a14c","txInfo":{"modulation":{"lora":{}}}}"#,
        r#"{"deviceInfo":{},"level":"ERROR","code":"UPLINK_CODEC","description":"boom"}"#,
        r#"{"deviceInfo":{},"integrationName":"loracloud","eventType":"x","object":{"a":1}}"#,
        r#"{"devEUI":"AgICAgICAgI=","type":"UPLINK_CODEC","error":"boom","fCnt":10}"#,
    ] {
        check("{}", body, &[]);
    }
    let topic = "application/1/device/0101010101010101/event/log";
    assert_eq!(decode("{}", topic, CHIRP), Ok(vec![]), "the topic counts");
}

#[test]
fn what_somebody_typed_into_the_console_needs_the_owners_word() {
    let body = r#"{"uplink_message":{"f_cnt":7},"simulated":true}"#;
    refuse(body, "unsupported");
    check(r#"{"simulated":true}"#, body, &["uplink sequence=7"]);
}

#[test]
fn other_json_is_not_mine_and_broken_json_is_malformed() {
    for body in ["", "21.5", "[]", "null", "gkHe", "{}", r#"{"temperature":21.5}"#] {
        refuse(body, "not mine");
    }
    for body in [
        "{",
        r#"{"uplink_message":[]}"#,
        r#"{"uplink_message":{"f_port":256}}"#,
        r#"{"uplink_message":{"f_cnt":-1}}"#,
        r#"{"uplink_message":{"f_cnt":4294967296}}"#,
        r#"{"uplink_message":{"decoded_payload":[1]}}"#,
        r#"{"deviceInfo":{},"rxInfo":{}}"#,
        &format!(r#"{{"deviceInfo":{}"#, "[".repeat(60_000)),
    ] {
        refuse(body, "malformed");
    }
    for body in [STACK, CHIRP] {
        for end in 1..body.len() {
            refuse(&body[..end], "malformed");
        }
    }
}

#[test]
fn gives_no_more_than_one_reading_may_have() {
    let many = |count: usize| {
        let names: Vec<String> = (0..count).map(|n| format!(r#""n{n}":{n}"#)).collect();
        decoded(&format!("{{{}}}", names.join(",")))
    };
    let lines = decode("{}", "x", &many(2000)).unwrap();
    assert_eq!(lines[0].split(' ').count(), 257, "the kind and 256 fields");
    let deep = decoded(&format!("{}1{}", r#"{"a":"#.repeat(20), "}".repeat(20)));
    check("{}", &deep, &["uplink sequence=7"]);
    let long = decoded(&format!(r#"{{"{}":1,"t":"{}"}}"#, "a".repeat(65), "x".repeat(1025)));
    check("{}", &long, &["uplink sequence=7"]);
}

#[test]
fn refuses_settings_that_cannot_work() {
    for (json, setting) in [
        (r#"{"colour":1}"#, "colour"),
        (r#"{"fields":{"a":{"path":"A"}}}"#, "fields"),
        (r#"{"fields":{"a":{"path":"a..b"}}}"#, "fields"),
        (r#"{"fields":{"a":{"path":"sequence"}}}"#, "fields"),
        (r#"{"fields":{"a":{"path":"a","unit":""}}}"#, "fields"),
        (r#"{"fields":{"a":{"path":"a","scale":0}}}"#, "fields"),
        (r#"{"fields":{"a":{"path":"a","colour":1}}}"#, "fields"),
        (r#"{"fields":{"a":{"unit":"m"}}}"#, "fields"),
        (r#"{"simulated":"no"}"#, "simulated"),
    ] {
        let Err(ConfigError::Invalid((named, _))) = Lorawan::configure(json) else {
            panic!("accepted: {json}")
        };
        assert_eq!(named, setting, "{json}");
    }
}
