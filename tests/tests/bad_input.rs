//! Whatever comes in on an open port: strangers, rubbish, too much and too little. Nothing of it gets further
//! than it may, and the next good frame is delivered.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use data_encoding::BASE64;
use hushgate_tests::{
    http,
    raw::{Packet, Peer, packet, publish, subscribe},
    world::{World, wait_until},
};
use std::fs;

const BAD_USER_OR_PASSWORD: u8 = 0x86;
const NOT_AUTHORIZED: u8 = 0x87;
/// What the settings that `init` writes allow.
const FRAME_BYTES_MAX: usize = 64 << 10;
const TEN_MEGABYTES: usize = 10 << 20;
/// Where no log, error or ledger may quote a device.
const SECRET: &str = "ada-is-at-the-cinema";

fn basic(user: &str, password: &str) -> String {
    format!("Authorization: Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes()))
}

/// Sends a good frame both ways and waits until the hub has signed for both. The log shows no crash.
#[track_caller]
fn still_works(world: &World) {
    let before = world.ledger_count("delivered", None);
    world.device().publish("patient/x", b"bpm: 70.00 bpm").unwrap();
    assert_eq!(world.put("/patient/x", b"mmHg: 120.00 mmHg"), 204);
    wait_until("good frames are delivered", || world.ledger_count("delivered", None) >= before + 2);
    world.verify();
    let log = world.gateway.as_ref().unwrap().log_text();
    assert!(!log.contains("panicked") && !log.contains(SECRET), "{log}");
}

#[test]
fn mqtt_lets_in_nobody_without_a_devices_secret() {
    let world = World::running();
    let wrong = [
        None,
        Some(("", "")),
        Some(("pacemaker", "")),
        Some(("pacemaker", "wrong")),
        Some(("nobody", world.secret.as_str())),
        Some(("pacemaker ", world.secret.as_str())),
    ];
    for login in wrong {
        let (mut peer, reason) = Peer::connect(world.mqtt, "stranger", login);
        assert_eq!(reason, Some(BAD_USER_OR_PASSWORD), "{:?}", login.map(|it| it.0));
        peer.say(&publish("patient/x", (1, false), b"bpm: 70.00 bpm"));
        assert_eq!(peer.hear(), None, "a stranger's frame was answered");
    }
    // One who does not even introduce himself.
    let mut peer = Peer::open(world.mqtt);
    peer.say(&publish("patient/x", (1, false), b"bpm: 70.00 bpm"));
    assert_eq!(peer.hear(), None);
    assert_eq!(world.ledger_count("queued", None), 0);
    still_works(&world);
}

#[test]
fn http_lets_in_nobody_without_a_devices_secret() {
    let world = World::running();
    let secret = &world.secret;
    let send = |headers: &[&str]| {
        let body = b"bpm: 70.00 bpm";
        http::request(world.http, "PUT", "/patient/x", headers, body).status
    };
    assert_eq!(send(&[]), 401);
    for header in [
        "Authorization: Bearer pacemaker.wrong".to_owned(),
        format!("Authorization: Bearer nobody.{secret}"),
        format!("Authorization: Bearer {secret}"),
        format!("Authorization: pacemaker.{secret}"),
        basic("pacemaker", "wrong"),
        basic("nobody", secret),
        "Authorization: Basic %%%".to_owned(),
    ] {
        assert_eq!(send(&[&header]), 401, "{header}");
    }
    assert_eq!(world.ledger_count("queued", None), 0);
    assert_eq!(send(&[&basic("pacemaker", secret)]), 204);
    still_works(&world);
}

#[test]
fn a_frame_on_a_foreign_topic_is_refused_and_recorded() {
    let world = World::running();
    let topics = ["patients/x", "other", "PATIENT/x", "$SYS/x", "patient-2/x"];
    for topic in topics {
        let acked = world.device().publish(topic, b"bpm: 70.00 bpm").unwrap();
        assert_eq!(format!("{acked:?}"), "NotAuthorized", "{topic}");
        assert_eq!(world.put(&format!("/{topic}"), b"bpm: 70.00 bpm"), 403, "{topic}");
    }
    let refused = i64::try_from(2 * topics.len()).unwrap();
    assert_eq!(world.ledger_count("withheld", Some("foreign-topic")), refused);
    assert_eq!(world.ledger_count("queued", None), 0);
    still_works(&world);
}

#[test]
fn bytes_that_are_no_frame_are_quarantined_and_never_quoted() {
    let world = World::running();
    let quoting = format!("{SECRET} \u{fffd}");
    let bodies: [&[u8]; 6] =
        [b"", b"\xff\xfe\x00\x80", b"\0", quoting.as_bytes(), b"{\"payload\":", b"{\"payload\":7}"];
    for body in bodies {
        world.device().publish("patient/x", body).unwrap();
        assert_eq!(world.put("/patient/x", body), 204);
        assert_eq!(world.put("/", body), 204);
    }
    assert_eq!(world.ledger_count("quarantined", Some("malformed")), 18);
    still_works(&world);
}

#[test]
fn a_frame_that_is_too_large_is_not_taken_and_the_next_one_is() {
    let world = World::running();
    let login = Some(("pacemaker", world.secret.as_str()));
    let mut largest = vec![b' '; FRAME_BYTES_MAX];
    assert_eq!(world.put("/patient/x", &largest), 204, "the largest is still a frame");
    assert_eq!(world.ledger_count("quarantined", Some("malformed")), 1);
    largest.push(b' ');
    assert_eq!(world.put("/patient/x", &largest), 413);
    let (mut peer, _) = Peer::connect(world.mqtt, "pacemaker", login);
    peer.say(&publish("patient/x", (1, false), &largest));
    assert_eq!(peer.hear().unwrap().head, 0x40, "recorded, so acknowledged");
    assert_eq!(world.ledger_count("quarantined", Some("too-large")), 2);
    let huge = vec![b'x'; TEN_MEGABYTES];
    // The answer may get lost when the gateway hangs up on a sender that goes on.
    assert!([413, 0].contains(&world.put("/patient/x", &huge)));
    peer.say(&publish("patient/x", (1, false), &huge));
    // DISCONNECT, or the end at once; no PUBACK.
    assert!(peer.hear().is_none_or(|it| it.head == 0xe0));
    wait_until("the second is recorded", || {
        world.ledger_count("quarantined", Some("too-large")) == 3
    });
    still_works(&world);
}

#[test]
fn quality_of_service_2_is_taken_once_however_often_it_is_sent() {
    let world = World::running();
    let login = Some(("pacemaker", world.secret.as_str()));
    let (mut peer, reason) = Peer::connect(world.mqtt, "pacemaker", login);
    assert_eq!(reason, Some(0));
    for again in [false, true] {
        peer.say(&publish("patient/x", (2, again), b"bpm: 70.00 bpm"));
        assert_eq!(peer.hear().unwrap().head, 0x50, "PUBREC");
    }
    peer.say(&packet(0x62, &[0, 7]));
    assert_eq!(peer.hear().unwrap().head, 0x70, "PUBCOMP");
    world.wait_until_delivered();
    assert_eq!(world.ledger_count("queued", None), 1);
    assert_eq!(world.ledger_count("withheld", None), 0);
    still_works(&world);
}

#[test]
fn nobody_hears_a_device_through_the_broker() {
    let world = World::running();
    let login = Some(("pacemaker", world.secret.as_str()));
    let (mut peer, _) = Peer::connect(world.mqtt, "listener", login);
    for filter in ["#", "patient/#", "patient/x", "$share/g/patient/#", "$SYS/#"] {
        peer.say(&subscribe(filter));
        let answer = peer.hear().unwrap();
        assert_eq!(
            (answer.head, answer.body.last().copied()),
            (0x90, Some(NOT_AUTHORIZED)),
            "{filter}"
        );
    }
    world.device().publish("patient/x", b"bpm: 70.00 bpm").unwrap();
    peer.say(&packet(0xc0, &[]));
    let answer = peer.hear();
    assert_eq!(
        answer,
        Some(Packet { head: 0xd0, body: Vec::new() }),
        "PINGRESP and nothing before"
    );
    still_works(&world);
}

#[test]
fn connections_that_say_nothing_or_rubbish_keep_nobody_out() {
    let world = World::running();
    let rubbish: [&[u8]; 8] = [
        b"",
        b"\0",
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"PUT /patient/x HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"PUT / HTTP/9.9\r\n\r\n\r\n\r\n",
        // A CONNECT that announces 256 MB, and one that ends in the middle.
        b"\x10\xff\xff\xff\x7f\0\x04MQTT\x05",
        b"\x10\x20\0\x04MQTT\x05\xc2\0",
    ];
    let mut peers = Vec::new();
    for address in [world.mqtt, world.http, world.hub_address] {
        for bytes in rubbish.iter().cycle().take(64) {
            let mut peer = Peer::open(address);
            peer.say(bytes);
            peers.push(peer);
        }
    }
    still_works(&world);
    drop(peers);
    still_works(&world);
}

#[test]
fn a_hub_takes_nothing_from_strangers() {
    let world = World::running();
    still_works(&world);
    let put = |path: &str, body: &[u8]| http::request(world.hub_address, "PUT", path, &[], body);
    let count = || -> i64 {
        let hub = world.hub_store();
        hub.query_row(
            "SELECT (SELECT count(*) FROM seen) + (SELECT count(*) FROM gateway)",
            [],
            |it| it.get(0),
        )
        .unwrap()
    };
    let before = count();
    let envelope = [&[1][..], b"stranger", &[7; 16], &[9; 1024 - 25]].concat();
    let body = [&1024_u32.to_be_bytes()[..], &envelope].concat();
    let answer = put("/v1/releases", &body);
    assert_eq!(answer.status, 403, "from a gateway that nobody invited");
    assert!(!answer.text.contains("receipts"), "{}", answer.text);
    for rubbish in [&b""[..], b"rubbish", &[0xff; 4096], &body[..500]] {
        let status = put("/v1/releases", rubbish).status;
        assert!(status == 400 || rubbish.is_empty() && status == 200, "{status}");
        assert_eq!(put("/v1/pair", rubbish).status, 400);
    }
    let huge = put("/v1/releases", &vec![0; TEN_MEGABYTES]).status;
    assert!([413, 0].contains(&huge), "{huge}");
    assert_eq!(count(), before);
    still_works(&world);
}

#[test]
fn the_page_opens_for_its_password_alone_and_fetches_nothing() {
    let world = World::running();
    world.put("/patient/x", b"bpm: 71.00 bpm");
    world.wait_until_delivered();
    let get = |headers: &[&str]| http::request(world.hub_address, "GET", "/", headers, b"");
    let refused = [basic("hub", "wrong"), basic("ada", &world.password), basic("hub", "")];
    let answers = refused.iter().map(|it| get(&[it])).chain([get(&[])]);
    for answer in answers {
        assert_eq!(answer.status, 401);
        assert!(!answer.text.contains("heart-rate"), "{}", answer.text);
    }
    let page = get(&[&basic("hub", &world.password)]);
    assert_eq!(page.status, 200);
    assert!(page.text.contains("71"), "{}", page.text);
    let head = page.text.split("\r\n\r\n").next().unwrap().to_lowercase();
    for header in [
        "content-security-policy: default-src 'none';",
        "cache-control: no-store",
        "referrer-policy: no-referrer",
        "x-content-type-options: nosniff",
    ] {
        assert!(head.contains(header), "no `{header}` in {head}");
    }
    for tag in ["<script", "http://", "https://", "url("] {
        let body = page
            .text
            .split_once("\r\n\r\n")
            .unwrap()
            .1
            .replace(&format!("http://{}", world.hub_address), "");
        assert!(!body.contains(tag), "{tag}");
    }
}

#[test]
fn the_prototypes_format_is_taken_only_where_the_hub_was_told_to() {
    let mut world = World::new();
    let send =
        |world: &World, body: &[u8]| http::request(world.hub_address, "PUT", "/", &[], body).status;
    let line = br#"{"id_device":"patient","data":"bpm:  73 bpm "}"#;
    assert_eq!(send(&world, line), 403);
    world.hub.take().unwrap().stop();
    let path = world.hub_dir().join("hub.toml");
    let settings = fs::read_to_string(&path).unwrap();
    fs::write(&path, settings.replace("accept-prototype = false", "accept-prototype = true"))
        .unwrap();
    world.start_hub();
    assert_eq!(send(&world, line), 200);
    for rubbish in [&b""[..], b"{}", b"\xff", br#"{"id_device":7,"data":"x"}"#] {
        assert_eq!(send(&world, rubbish), 400);
    }
    assert_eq!(
        send(&world, format!(r#"{{"id_device":"a","data":"{}"}}"#, "x".repeat(2000)).as_bytes()),
        400
    );
    let lines: i64 =
        world.hub_store().query_row("SELECT count(*) FROM legacy", [], |it| it.get(0)).unwrap();
    assert_eq!(lines, 1);
    let page = http::request(world.hub_address, "GET", "/", &[&basic("hub", &world.password)], b"");
    assert!(page.text.contains("bpm:  73 bpm"), "{}", page.text);
}
