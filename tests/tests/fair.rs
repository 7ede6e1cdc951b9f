//! A plugin that takes as long as it may, and answers: it gets its share, and no other device waits for it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use hushgate_tests::{
    guest::{self, decisions, enrol, grant_for, put_to},
    mosquitto::{self, ACCOUNTS, Broker},
    scrape::Scrape,
    world::{GRANT, World, wait_until},
};
use std::{
    fs,
    io::Write,
    net::SocketAddr,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Instant,
};

/// Frames that take long: a million rounds for each byte.
const LONG: &[u8] = &[b'.'; 20];
/// Longer than a frame may wait for its turn.
const VERY_LONG: &[u8] = &[b'.'; 500];
const DEVICES: [&str; 8] = ["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"];
/// Of one core.
const SHARE: f64 = 0.2;

/// More frames than the gateway has on their way from a broker.
const FLOOD: usize = 1_500;

/// A world, not running yet, with the pacemaker and with devices whose adapter spins; their secrets, and where numbers are told.
fn world(call_ms: u32) -> (World, Vec<(&'static str, String)>, SocketAddr) {
    let world = World::new();
    let home = world.gateway_dir();
    world.grant("ada-pacemaker", GRANT);
    guest::install(&home, ("spins", "adapter"), &guest::component("spins"));
    let path = home.join("plugins/spins/plugin.toml");
    let manifest = fs::read_to_string(&path).unwrap();
    fs::write(path, format!("{manifest}\n[limits]\ncall-ms = {call_ms}\n")).unwrap();
    let secrets = DEVICES.map(|name| {
        let secret = enrol(&home, name, "spins");
        world.grant(&format!("ada-{name}"), &grant_for(name, ""));
        (name, secret)
    });
    let metrics = Scrape::switch_on(&world);
    (world, secrets.into(), metrics)
}

fn send(http: SocketAddr, device: (&str, &str), (body, stop): (&[u8], &AtomicBool)) {
    while !stop.load(Ordering::Relaxed) {
        let status = put_to(http, device, body);
        assert!([204, 503].contains(&status), "{status}");
    }
}

/// Runs `run` while all of `devices` send `body` again and again.
fn beside<T>(
    world: &World,
    devices: &[(&'static str, String)],
    body: &[u8],
    run: impl FnOnce() -> T,
) -> T {
    let stop = AtomicBool::new(false);
    /// Also when a test fails.
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let http = world.http;
    thread::scope(|scope| {
        // The first of them over several connections.
        for (name, secret) in devices.iter().chain(&devices[..1]).chain(&devices[..1]) {
            let stop = &stop;
            scope.spawn(move || send(http, (name, secret), (body, stop)));
        }
        let _stop = Stop(&stop);
        run()
    })
}

#[test]
fn a_plugin_that_takes_long_gets_its_share_and_others_go_on() {
    let (mut world, devices, metrics) = world(500);
    world.start_gateway();
    let start = Instant::now();
    let scrape = beside(&world, &devices, LONG, || {
        let mut pacemaker = world.device();
        let (mut frames, mut before) = (0, None);
        let calls = || DEVICES.map(|it| decisions(&world, it).len());
        wait_until("the slow one was called often", || {
            for _ in 0..20 {
                assert_eq!(world.put("/patient/x", b"bpm: 70.00 bpm"), 204);
                pacemaker.publish("patient/x", b"bpm: 70.00 bpm").unwrap();
                frames += 2;
            }
            let now = calls();
            if before.is_none() && !now.contains(&0) {
                before = Some(now);
            }
            before.is_some_and(|it| now.iter().sum::<usize>() >= it.iter().sum::<usize>() + 32)
        });
        // From when all are there, each has its turn.
        let more: Vec<_> = calls().iter().zip(before.unwrap()).map(|it| it.0 - it.1).collect();
        let (most, least) = (more.iter().max().unwrap(), more.iter().min().unwrap());
        assert!(most - least <= 3, "{more:?}");
        let decided = decisions(&world, "pacemaker");
        assert_eq!(decided.len(), frames, "each frame of the good one is decided");
        let good = |it: &String| it == "queued " || it == "withheld slot-taken";
        assert!(decided.iter().all(good), "{decided:?}");
        Scrape::of(metrics)
    });
    // What it used is its share of what went by, and at most one call and 50 ms more.
    let (passed, used) =
        (start.elapsed().as_secs_f64(), scrape.plugin("long_seconds_total", "spins"));
    let longest = 3.0 * used / scrape.plugin("calls_total", "spins");
    assert!(used <= SHARE * passed + longest + 0.05, "{used} s of {passed} s");
    assert_eq!(scrape.plugin("slow", "spins"), 1.0);
    assert!(scrape.plugin("waits_total", "spins") > 0.0);
    assert_eq!(scrape.plugin("slow", "private-iot-text"), 0.0);
    assert_eq!(scrape.plugin("waits_total", "private-iot-text"), 0.0);
    world.verify();
}

#[test]
fn who_waits_for_a_slow_plugin_holds_up_neither_consent_nor_the_stop() {
    let (mut world, devices, metrics) = world(1000);
    world.start_gateway();
    beside(&world, &devices, VERY_LONG, || {
        wait_until("some waited in vain", || {
            assert_eq!(world.put("/patient/x", b"bpm: 70.00 bpm"), 204);
            Scrape::of(metrics).plugin("refusals_total", "spins") > 0.0
        });
        fs::remove_file(world.gateway_dir().join("grants/ada-s1.toml")).unwrap();
        let ended = |name: &str| decisions(&world, name).contains(&"withheld no-grant".to_owned());
        wait_until("its frames do not wait any more", || ended("s1"));
        fs::remove_file(world.gateway_dir().join("grants/ada-s2.toml")).unwrap();
        let pid = world.gateway.as_ref().unwrap().pid().to_string();
        assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
        wait_until("SIGHUP is heard", || ended("s2"));
        assert_eq!(world.put("/patient/x", b"bpm: 70.00 bpm"), 204);
    });
    let mut gateway = world.gateway.take().unwrap();
    let waits = || Scrape::of(metrics).plugin("waits_total", "spins");
    let before = waits();
    let http = world.http;
    thread::scope(|scope| {
        for (name, secret) in &devices[2..] {
            scope.spawn(move || put_to(http, (name, secret), VERY_LONG));
        }
        wait_until("frames wait", || waits() >= before + 3.0);
        assert!(gateway.stop().success(), "{}", gateway.log_text());
    });
    world.verify();
}

#[test]
fn on_the_one_connection_to_a_broker_a_slow_plugin_takes_a_part_only() {
    let (mut world, _, metrics) = world(500);
    let broker = Broker::start();
    broker.subscribe(&world, "");
    world.start_gateway();
    wait_until("it has subscribed", || broker.log_text().contains("hushgate 1 s1/#"));
    let publish = |topic: &str, lines: &str| {
        let mut client = mosquitto::client("mosquitto_pub", broker.address, ACCOUNTS[1]);
        client.args(["-t", topic, "-q", "1", "-l"]).stdin(Stdio::piped());
        let mut client = client.spawn().unwrap();
        client.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        assert!(client.wait().unwrap().success());
    };
    let long = String::from_utf8(LONG.to_vec()).unwrap() + "\n";
    publish("s1/x", &long);
    wait_until("it is known to be slow", || decisions(&world, "s1").len() == 1);
    publish("s1/x", &long.repeat(FLOOD));
    publish("patient/x", &"bpm: 70.00 bpm\n".repeat(20));
    let called = || Scrape::of(metrics).plugin("calls_total", "spins");
    let before = called();
    wait_until("the good one is heard", || decisions(&world, "pacemaker").len() == 20);
    assert!(called() - before < 64.0, "the good one waited for all of {FLOOD}");
    let too_many =
        || decisions(&world, "s1").iter().filter(|it| it.ends_with("plugin-busy")).count();
    assert!(too_many() > 0);
    wait_until("each frame has its end", || decisions(&world, "s1").len() == 1 + FLOOD);
    assert!(too_many() < FLOOD, "some were decided");
    world.verify();
}
