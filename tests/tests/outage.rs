//! The hub is away or lies, the clock goes back, the gateway is asked to stop: nothing is lost, nothing is
//! believed without the hub's signature, nothing leaves at a time that nobody knows.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use hushgate_tests::{
    fake_hub::{FakeHub, Reply, other_key, receipt_key},
    publisher::Publisher,
    rig::free_port,
    world::{GRANT, World, wait_until},
};
use std::{sync::mpsc::channel, thread, time::Duration};

const BEATS: &str = "patient/beats";

/// A world whose hub is away and whose gateway runs.
fn without_hub(grant: &str) -> World {
    let mut world = World::new();
    world.grant("ada-pacemaker", grant);
    world.hub = None;
    // Plain lines.
    world.gateway_env.push(("NO_COLOR", "1".to_owned()));
    world.start_gateway();
    world
}

fn failures(world: &World) -> Vec<Duration> {
    let log = world.gateway.as_ref().unwrap().log_text();
    let failed = log.lines().filter(|it| it.contains("delivery failed"));
    failed.map(|it| duration(it.split_once("retry_in=").unwrap().1)).collect()
}

/// `1.52s` or `830.1ms`.
fn duration(text: &str) -> Duration {
    let text = text.split_whitespace().next().unwrap();
    let (number, unit) = text.split_at(text.find(char::is_alphabetic).unwrap());
    let unit = match unit {
        "s" => Duration::from_secs(1),
        "ms" => Duration::from_millis(1),
        _ => Duration::from_micros(1),
    };
    unit.mul_f64(number.parse().unwrap())
}

#[track_caller]
fn send(world: &World, beats: u32) {
    assert_eq!(world.put(&format!("/{BEATS}"), format!("Beats: {beats} bpm").as_bytes()), 204);
}

/// What the hub has, and that the ledger agrees.
#[track_caller]
fn delivers_exactly(world: &World, numbers: &[u64]) {
    wait_until("all is delivered", || {
        world.ledger_count("delivered", None) >= i64::try_from(numbers.len()).unwrap()
    });
    let mut received: Vec<_> = world.received().into_iter().map(|it| it.1).collect();
    received.sort_unstable();
    assert_eq!(received, numbers);
    let all = format!("{} deliveries signed, 0 unsigned; 0 releases wait", numbers.len());
    let verified = world.verify();
    assert!(verified.contains(&all), "{verified}");
}

#[test]
fn while_the_hub_is_away_all_waits_and_is_asked_for_more_and_more_rarely() {
    let mut world = without_hub(GRANT);
    send(&world, 71);
    wait_until("three attempts failed", || failures(&world).len() >= 3);
    for (attempt, delay) in failures(&world).into_iter().enumerate() {
        let middle = Duration::from_secs(1 << attempt);
        let fits = (middle.mul_f64(0.49)..middle.mul_f64(1.51)).contains(&delay);
        assert!(fits, "attempt {attempt} was followed by a pause of {delay:?}");
    }
    send(&world, 72);
    assert_eq!(world.ledger_count("delivered", None), 0);
    world.start_hub();
    delivers_exactly(&world, &[71, 72]);
}

#[test]
fn nothing_is_settled_without_a_good_receipt_of_the_hub() {
    let mut world = without_hub(GRANT);
    send(&world, 71);
    wait_until("it was tried", || !failures(&world).is_empty());
    let hub = receipt_key(&world.hub_dir());
    let unsigned =
        r#"{"receipts":[{"release":"00000000000000000000000000000000","signature":"AAAA"}]}"#;
    let lies = [
        Reply::Nothing,
        Reply::Text(500, ""),
        Reply::Text(503, "come again"),
        Reply::Text(204, ""),
        Reply::Text(200, ""),
        Reply::Text(200, "wanderer \u{fffd}"),
        Reply::Text(200, r#"{"receipts":[]}"#),
        Reply::Text(200, unsigned),
        Reply::SignedBy(other_key()),
        Reply::SignedForOthers(hub.clone()),
    ];
    for lie in lies {
        // Anew, so that the pauses do not add up.
        world.gateway.as_mut().unwrap().kill();
        let fake = FakeHub::start(world.hub_address, lie.clone());
        let failed = failures(&world).len();
        world.start_gateway();
        wait_until("it was asked", || {
            let settled = world.ledger_count("delivered", None) > 0;
            fake.asked() > 0 && (settled || failures(&world).len() > failed)
        });
        assert_eq!(world.ledger_count("delivered", None), 0, "believed {lie:?}");
        assert!(world.verify().contains("1 releases wait"), "{lie:?}");
    }
    // The fake is good enough to be believed if it has the hub's key.
    world.gateway.as_mut().unwrap().kill();
    let _fake = FakeHub::start(world.hub_address, Reply::SignedBy(hub));
    world.start_gateway();
    wait_until("it is settled", || world.ledger_count("delivered", None) == 1);
    assert!(world.verify().contains("1 deliveries signed, 0 unsigned; 0 releases wait"));
}

#[test]
fn what_the_hub_took_but_could_not_say_is_there_once() {
    let mut world = World::running();
    send(&world, 71);
    wait_until("they know each other", || world.ledger_count("delivered", None) == 1);
    // The hub moves, and what stands in its place takes every answer away.
    let known = world.move_hub(free_port());
    let fake = FakeHub::start(known, Reply::Lost(world.hub_address));
    send(&world, 72);
    wait_until("it was sent twice", || fake.asked() > 1);
    assert_eq!(world.ledger_count("delivered", None), 1);
    drop(fake);
    world.move_hub(known.port());
    delivers_exactly(&world, &[71, 72]);
}

#[test]
fn what_waited_too_long_expires_and_never_arrives() {
    let grant = GRANT.replace("every =", "wait-max = \"1 s\"\nevery =");
    let mut world = without_hub(&grant);
    send(&world, 71);
    wait_until("it expired", || world.ledger_count("expired", Some("waited")) == 1);
    world.start_hub();
    // What comes after it arrives, so it would have.
    world.grant("ada-pacemaker", GRANT);
    assert!(world.gateway.take().unwrap().stop().success());
    world.start_gateway();
    send(&world, 72);
    delivers_exactly(&world, &[72]);
}

fn withheld_for_the_clock(world: &World) -> i64 {
    world.ledger_count("withheld", Some("clock-unknown"))
}

#[test]
fn while_the_clock_is_behind_the_ledger_nothing_leaves_however_often_it_is_asked() {
    let mut world = World::running();
    send(&world, 71);
    world.restart_with_clock_off_by(-3600);
    // More than the gateway could take for the newest part of the ledger.
    let mut device = world.device();
    for beats in 0..200 {
        device.publish(BEATS, format!("Beats: {beats} bpm").as_bytes()).unwrap();
    }
    assert_eq!(withheld_for_the_clock(&world), 200);
    world.restart_with_clock_off_by(-3600);
    send(&world, 73);
    assert_eq!(withheld_for_the_clock(&world), 201, "a restart made the clock known");
    world.restart_with_clock_off_by(0);
    wait_until("the clock is known", || {
        send(&world, 74);
        world.ledger_count("queued", None) == 2
    });
    delivers_exactly(&world, &[71, 74]);
}

#[test]
fn a_clock_that_was_never_set_is_unknown() {
    let mut world = World::new();
    world.grant("ada-pacemaker", &GRANT.replace("2026-01-01", "1970-01-01"));
    world.restart_with_clock_off_by(-30 * 366 * 86_400);
    send(&world, 71);
    assert_eq!(withheld_for_the_clock(&world), 1);
}

#[test]
fn what_waits_is_neither_sent_nor_purged_while_the_clock_is_unknown() {
    let mut world = World::new();
    world.grant("ada-pacemaker", GRANT);
    world.hub = None;
    world.restart_with_clock_off_by(-7200);
    send(&world, 71);
    world.restart_with_clock_off_by(0);
    send(&world, 72);
    world.start_hub();
    world.restart_with_clock_off_by(-3600);
    // The older one is due at this time, too. The gateway has had its chance when it has decided on a frame.
    send(&world, 73);
    assert_eq!(withheld_for_the_clock(&world), 1);
    let ended: i64 =
        ["delivered", "purged", "expired"].map(|it| world.ledger_count(it, None)).iter().sum();
    assert_eq!(ended, 0);
    world.restart_with_clock_off_by(0);
    delivers_exactly(&world, &[71, 72]);
}

#[test]
fn a_stop_under_load_loses_nothing_and_ends_well() {
    let mut world = World::new();
    let mut devices: Vec<_> = (0..4).map(|it| Publisher::enrol(&world, it, it as u64)).collect();
    world.start_gateway();
    for pause in [0, 20, 100] {
        let broker = world.mqtt;
        let (connected, count) = channel();
        let gateway = world.gateway.as_mut().unwrap();
        let rounds: Vec<_> = thread::scope(|scope| {
            let load = |device| {
                let connected = connected.clone();
                scope.spawn(move || Publisher::load(device, broker, &connected))
            };
            let loads: Vec<_> = devices.iter_mut().map(load).collect();
            (0..4).for_each(|_| count.recv().unwrap());
            thread::sleep(Duration::from_millis(pause));
            assert_eq!(gateway.stop().code(), Some(0), "{}", gateway.log_text());
            loads.into_iter().map(|it| it.join().unwrap()).collect()
        });
        world.start_gateway();
        world.verify();
        let store = world.store();
        devices.iter_mut().zip(&rounds).for_each(|(device, round)| device.compare(&store, round));
    }
    let mut queued: Vec<_> = devices.iter().flat_map(Publisher::queued).map(|it| it.1).collect();
    queued.sort_unstable();
    delivers_exactly(&world, &queued);
}
