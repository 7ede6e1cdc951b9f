//! Messages as edge nodes send them, every data type at its limits, and every way to break a payload.

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
};

use super::SparkplugB;

/// A message of protocol buffers, field by field.
#[derive(Clone, Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(mut self, mut value: u64) -> Self {
        while value > 0x7F {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
        self
    }

    fn number(self, field: u64, value: u64) -> Self {
        self.varint(field << 3).varint(value)
    }

    fn bytes(self, field: u64, bytes: &[u8]) -> Self {
        let mut all = self.varint(field << 3 | 2).varint(bytes.len().try_into().unwrap());
        all.0.extend(bytes);
        all
    }

    fn float(self, field: u64, value: f32) -> Self {
        let mut all = self.varint(field << 3 | 5);
        all.0.extend(value.to_le_bytes());
        all
    }

    fn double(self, field: u64, value: f64) -> Self {
        let mut all = self.varint(field << 3 | 1);
        all.0.extend(value.to_le_bytes());
        all
    }

    /// A payload of these metrics, at 1000 ms.
    fn of(metrics: &[Self]) -> Self {
        let all = metrics
            .iter()
            .fold(Self::default().number(1, 1000), |all, metric| all.bytes(2, &metric.0));
        all.number(3, 7)
    }
}

fn metric(name: &str, datatype: u64) -> Message {
    Message::default().bytes(1, name.as_bytes()).number(3, 1000).number(4, datatype)
}

fn readings(json: &str, topic: &str, body: &[u8]) -> Result<Vec<Reading>, &'static str> {
    let frame = Frame {
        channel: topic.to_owned(),
        content_type: None,
        received_ms: 0,
        body: body.to_vec(),
    };
    let readings =
        SparkplugB::configure(json).unwrap().decode(frame).map_err(|error| match error {
            DecodeError::NotMine => "not mine",
            DecodeError::Malformed(_) => "malformed",
            DecodeError::Unsupported(_) => "unsupported",
        })?;
    assert!(readings.len() <= 64 && readings.iter().all(|it| it.fields.len() <= 256));
    Ok(readings)
}

/// `Ok` is one line for all fields of all readings; `Err` is the variant.
fn decode(json: &str, topic: &str, message: &Message) -> Result<String, &'static str> {
    let line = |reading: &Reading| {
        let at = reading.at_ms.map(|ms| format!("@{ms}"));
        at.into_iter().chain(reading.fields.iter().map(show)).collect::<Vec<_>>().join(" ")
    };
    Ok(readings(json, topic, &message.0)?.iter().map(line).collect::<Vec<_>>().join(" | "))
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

const DATA: &str = "spBv1.0/home/DDATA/node/sensor";

/// One metric `x` in a message of data.
fn check_value(
    datatype: u64,
    value: impl Fn(Message) -> Message,
    expected: Result<&str, &'static str>,
) {
    let found = decode("{}", DATA, &Message::of(&[value(metric("x", datatype))]));
    let expected = expected.map(|it| format!("@1000 sequence=7i {it}").trim_end().to_owned());
    assert_eq!(found, expected, "type {datatype}");
}

#[test]
fn reads_a_birth() {
    let celsius = Message::default().number(1, 12).bytes(8, "°C".as_bytes());
    let properties = Message::default().bytes(1, b"engUnit").bytes(2, &celsius.0);
    let temperature = metric("Inputs/Room Temp", 9).bytes(9, &properties.0).float(12, 21.3);
    let switch = metric("Relay_1", 11).number(14, 1);
    let payload = Message::of(&[temperature, switch]);
    let expected = "@1000 online=true sequence=7i inputs.room-temp=21.3Cel relay-1=true";
    for topic in ["spBv1.0/home/NBIRTH/node", "spBv1.0/home/DBIRTH/node/sensor"] {
        assert_eq!(decode("{}", topic, &payload).as_deref(), Ok(expected));
    }
}

#[test]
fn reads_every_data_type() {
    check_value(1, |it| it.number(10, 0xFF), Ok("x=-1i"));
    check_value(1, |it| it.number(10, 0xFFFF_FF80), Ok("x=-128i"));
    check_value(1, |it| it.number(10, 127), Ok("x=127i"));
    check_value(1, |it| it.number(10, 256), Err("malformed"));
    check_value(2, |it| it.number(10, 0xFFFF), Ok("x=-1i"));
    check_value(2, |it| it.number(10, 0xFFFF_8000), Ok("x=-32768i"));
    check_value(3, |it| it.number(10, 0xFFFF_FFFF), Ok("x=-1i"));
    check_value(3, |it| it.number(10, u64::MAX), Ok("x=-1i"));
    check_value(3, |it| it.number(11, u64::MAX), Ok("x=-1i"));
    check_value(3, |it| it.number(11, 0x8000_0000), Ok("x=-2147483648i"));
    check_value(4, |it| it.number(11, u64::MAX), Ok("x=-1i"));
    check_value(4, |it| it.number(11, 1 << 63), Ok("x=-9223372036854775808i"));
    check_value(5, |it| it.number(10, 255), Ok("x=255i"));
    check_value(5, |it| it.number(10, 256), Err("malformed"));
    check_value(6, |it| it.number(10, 65_535), Ok("x=65535i"));
    check_value(7, |it| it.number(10, 0xFFFF_FFFF), Ok("x=4294967295i"));
    check_value(7, |it| it.number(11, 0xFFFF_FFFF), Ok("x=4294967295i"));
    check_value(8, |it| it.number(11, u64::MAX), Ok("x=18446744073709552000"));
    check_value(9, |it| it.float(12, 21.3), Ok("x=21.3"));
    check_value(9, |it| it.float(12, -0.001), Ok("x=-0.001"));
    check_value(9, |it| it.float(12, 1e-20), Ok("x=0.000000000000000000009999999682655225"));
    check_value(9, |it| it.float(12, f32::MAX), Ok("x=340282346638528860000000000000000000000"));
    check_value(9, |it| it.double(13, 0.1), Ok("x=0.1"));
    check_value(10, |it| it.double(13, 0.1), Ok("x=0.1"));
    check_value(11, |it| it.number(14, 0), Ok("x=false"));
    check_value(12, |it| it.bytes(15, b"idle"), Ok("x=idle"));
    check_value(13, |it| it.number(11, 1_700_000_000_000), Ok("x=1700000000000ims"));
    check_value(14, |it| it.bytes(15, b""), Ok("x="));
    check_value(15, |it| it.bytes(15, b"0-1"), Ok("x=0-1"));
}

#[test]
fn a_value_of_another_type_is_malformed() {
    check_value(3, |it| it.float(12, 1.0), Err("malformed"));
    check_value(9, |it| it.number(10, 1), Err("malformed"));
    check_value(11, |it| it.number(10, 1), Err("malformed"));
    check_value(12, |it| it.number(10, 1), Err("malformed"));
    check_value(12, |it| it.bytes(15, &[0xFF]), Err("malformed"));
    check_value(9, |it| it.number(12, 1), Err("malformed"));
}

#[test]
fn what_is_not_known_or_not_read_becomes_no_field() {
    check_value(9, |it| it.number(7, 1).float(12, 1.0), Ok(""));
    check_value(9, |it| it.number(7, 1), Ok(""));
    check_value(9, |it| it, Ok(""));
    check_value(9, |it| it.float(12, f32::NAN), Ok(""));
    check_value(10, |it| it.double(13, f64::INFINITY), Ok(""));
    check_value(12, |it| it.bytes(15, &[b'x'; 1025]), Ok(""));
    for unread in [0, 16, 17, 18, 19, 22, 34, 35, u64::MAX] {
        check_value(unread, |it| it.bytes(16, &[1, 2, 3]), Ok(""));
    }
    check_value(16, |it| it.bytes(17, &[]), Ok(""));
    check_value(19, |it| it.bytes(18, &[]), Ok(""));
}

#[test]
fn a_value_that_is_bad_or_stale_becomes_no_field() {
    let quality = |code: u64| {
        let value = Message::default().number(1, 3).number(3, code);
        Message::default().bytes(1, b"Quality").bytes(2, &value.0)
    };
    check_value(9, |it| it.bytes(9, &quality(192).0).float(12, 1.0), Ok("x=1"));
    check_value(9, |it| it.bytes(9, &quality(0).0).float(12, 1.0), Ok(""));
    check_value(9, |it| it.bytes(9, &quality(500).0).float(12, 1.0), Ok(""));
    let lost = Message::default().bytes(1, b"Quality");
    check_value(9, |it| it.bytes(9, &lost.0).float(12, 1.0), Err("malformed"));
}

#[test]
fn without_a_type_only_what_is_certain_is_read() {
    let value =
        |it: &dyn Fn(Message) -> Message| Message::of(&[it(Message::default().bytes(1, b"x"))]);
    let found = |it: &dyn Fn(Message) -> Message| decode("{}", DATA, &value(it)).unwrap();
    assert_eq!(found(&|it| it.number(10, 0x7FFF_FFFF)), "@1000 sequence=7i x=2147483647i");
    assert_eq!(found(&|it| it.number(10, 0xFFFF_FFFF)), "@1000 sequence=7i");
    assert_eq!(found(&|it| it.number(11, u64::MAX)), "@1000 sequence=7i");
    assert_eq!(found(&|it| it.float(12, 21.3)), "@1000 sequence=7i x=21.3");
    let json = r#"{"names":{"x":{"path":"temperature","unit":"Cel","type":"Int32"}}}"#;
    let negative = value(&|it| it.number(10, 0xFFFF_FFFF));
    assert_eq!(decode(json, DATA, &negative).unwrap(), "@1000 sequence=7i temperature=-1iCel");
}

#[test]
fn aliases_need_the_settings() {
    let of_alias = |alias: u64| Message::default().number(2, alias).number(3, 1000).number(10, 5);
    let json = r#"{"aliases":{"17":"Temperature"},"names":{"Temperature":{"path":"temperature","unit":"Cel"}}}"#;
    let both = Message::of(&[of_alias(17), of_alias(18)]);
    assert_eq!(decode(json, DATA, &both).unwrap(), "@1000 sequence=7i temperature=5iCel");
    let other = Message::of(&[of_alias(18)]);
    assert_eq!(decode(json, DATA, &other), Err("unsupported"));
    assert_eq!(decode("{}", DATA, &both), Err("unsupported"));
    assert_eq!(decode("{}", DATA, &Message::of(&[])).unwrap(), "@1000 sequence=7i");
}

#[test]
fn metrics_of_other_moments_have_readings_of_their_own() {
    let at = |name: &str, ms: u64, value: u64| {
        Message::default().bytes(1, name.as_bytes()).number(3, ms).number(4, 3).number(10, value)
    };
    let payload = Message::of(&[
        at("x", 900, 1).number(5, 1),
        at("y", 900, 2).number(5, 1),
        at("x", 950, 3),
        at("x", 1000, 4),
        at("x", 1000, 5),
    ]);
    assert_eq!(
        decode("{}", DATA, &payload).unwrap(),
        "@1000 sequence=7i x=4i | @900 x=1i y=2i | @950 x=3i | @1000 x=5i",
    );
    let kinds = readings("{}", DATA, &payload.0).unwrap();
    assert_eq!(
        kinds.iter().map(|it| it.kind.as_str()).collect::<Vec<_>>(),
        ["data", "historical", "data", "data"]
    );
}

#[test]
fn a_death_tells_that_its_sender_is_gone() {
    let session = metric("bdSeq", 8).number(11, 3);
    // The broker had it since the node began: its times are of then.
    let of_node = Message::default().number(1, 1000).bytes(2, &session.0);
    assert_eq!(
        decode("{}", "spBv1.0/home/NDEATH/node", &of_node).unwrap(),
        "online=false bdseq=3i"
    );
    let of_device = Message::default().number(1, 1000).number(3, 9);
    assert_eq!(
        decode("{}", "spBv1.0/home/DDEATH/node/d", &of_device).unwrap(),
        "@1000 online=false sequence=9i"
    );
}

#[test]
fn other_topics_are_not_mine() {
    let payload = Message::of(&[]);
    for topic in [
        "",
        "spBv1.0",
        "spBv1.0/STATE/host",
        "spBv1.0/home/STATE/host",
        "STATE/host",
        "spBv1.0/home/NCMD/node",
        "spBv1.0/home/DCMD/node/sensor",
        "spBv1.0/home/NDATA/node/sensor",
        "spBv1.0/home/DDATA/node",
        "spBv1.0/home/DDATA/node/sensor/more",
        "spBv1.0/home/DDATA/node/",
        "spBv1.0//NDATA/node",
        "spBv1.0/home/NDATA/",
        "spAv1.0/home/NDATA/node",
        "x/spBv1.0/home/NDATA/node",
    ] {
        assert_eq!(decode("{}", topic, &payload), Err("not mine"), "{topic}");
    }
}

#[test]
fn a_sequence_is_a_byte_and_never_missing() {
    assert_eq!(decode("{}", DATA, &Message::default()), Err("malformed"));
    assert_eq!(decode("{}", DATA, &Message::default().number(3, 256)), Err("malformed"));
    assert_eq!(decode("{}", DATA, &Message::default().number(3, 255)).unwrap(), "sequence=255i");
}

#[test]
fn a_compressed_payload_is_unsupported() {
    let payload = Message::default().number(3, 0).bytes(4, b"SPBV1.0_COMPRESSED").bytes(5, &[1]);
    assert_eq!(decode("{}", DATA, &payload), Err("unsupported"));
}

#[test]
fn every_truncation_is_malformed() {
    let Message(all) =
        Message::of(&[metric("x", 9).float(12, 21.3), metric("y", 12).bytes(15, b"on")]);
    for end in 0..all.len() {
        assert_eq!(readings("{}", DATA, &all[..end]), Err("malformed"), "{end} bytes");
    }
}

#[test]
fn broken_protocol_buffers_are_malformed() {
    for bytes in [
        &[0x00, 0x00][..],
        &[0x0B],
        &[0x0C],
        &[0x0E, 0x00],
        &[0x08],
        &[0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02],
        &[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
        &[0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        &[0x12, 0x02, 0x0A],
        &[0x10, 0x01, 0x18, 0x00],
    ] {
        assert_eq!(readings("{}", DATA, bytes), Err("malformed"), "{bytes:02X?}");
    }
    // Fields that came later are passed over.
    let later = Message::of(&[]).number(99, 1).bytes(100, &[1]).float(101, 1.0).double(102, 1.0);
    assert_eq!(decode("{}", DATA, &later).unwrap(), "@1000 sequence=7i");
}

#[test]
fn limits_the_number_of_readings_and_fields() {
    let many = |count: u64, same: bool| {
        let one =
            |at| metric(&if same { "x".to_owned() } else { format!("x{at}") }, 3).number(10, at);
        Message::of(&(0..count).map(one).collect::<Vec<_>>())
    };
    assert_eq!(readings("{}", DATA, &many(64, true).0).unwrap().len(), 64);
    assert_eq!(decode("{}", DATA, &many(65, true)), Err("unsupported"));
    assert_eq!(readings("{}", DATA, &many(255, false).0).unwrap()[0].fields.len(), 256);
    assert_eq!(decode("{}", DATA, &many(256, false)), Err("unsupported"));
}

#[test]
fn names_become_paths() {
    for (name, expected) in [
        ("Inputs/Room Temp", Some("inputs.room-temp")),
        ("a//b", Some("a.b")),
        ("/a/", Some("a")),
        ("_x__1_", Some("x-1")),
        ("Node Control/Rebirth", Some("node-control.rebirth")),
        ("CO₂", Some("co")),
        ("温度", None),
        ("", None),
    ] {
        assert_eq!(super::names::path(name).as_deref(), expected, "{name}");
    }
    assert_eq!(super::names::path(&"x".repeat(65)), None);
}

#[test]
fn refuses_settings_that_cannot_work() {
    for (json, expected) in [
        (r#"{"aliases":{"x":"y"}}"#, "aliases"),
        (r#"{"aliases":{"017":"y"}}"#, "aliases"),
        (r#"{"aliases":{"17":5}}"#, "aliases"),
        (r#"{"names":{"x":{"path":"X"}}}"#, "names"),
        (r#"{"names":{"x":{"path":"x","unit":"° C"}}}"#, "names"),
        (r#"{"names":{"x":{"unit":"Cel"}}}"#, "names"),
        (r#"{"names":{"x":{"path":"x","type":"DataSet"}}}"#, "names"),
        (r#"{"alias":{}}"#, "alias"),
    ] {
        let Err(ConfigError::Invalid((setting, _))) = SparkplugB::configure(json) else {
            panic!("accepted: {json}")
        };
        assert_eq!(setting, expected, "{json}");
    }
}
