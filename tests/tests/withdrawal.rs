//! A grant ends while the gateway runs: the next frame is denied and what waits is purged.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use hushgate_tests::{
    detour::Detour,
    fake_hub::{FakeHub, Reply},
    rig::free_port,
    world::{GRANT, World, wait_until},
};
use std::{fs, net::SocketAddr};

/// A gateway whose hub is away, with one release waiting.
fn waiting() -> World {
    let mut world = World::running();
    world.hub.as_mut().unwrap().kill();
    assert_eq!(world.put("/patient/beats/bpm", b"Beats: 71.00 bpm "), 204);
    assert_eq!(world.ledger_count("queued", None), 1);
    world
}

#[track_caller]
fn is_purged_and_denied(world: &World) {
    wait_until("what waited is purged", || world.ledger_count("purged", Some("grant-ended")) == 1);
    assert_eq!(world.put("/patient/beats/bpm", b"Beats: 72.00 bpm "), 204);
    assert_eq!(world.ledger_count("withheld", Some("no-grant")), 1);
    assert_eq!(world.ledger_count("queued", None), 1);
    // Commands refuse settings that are wrong; the gateway that runs does not need them.
    for broken in ["broken", "ada-pacemaker"] {
        let _ = fs::remove_file(world.gateway_dir().join(format!("grants/{broken}.toml")));
    }
    world.verify();
}

#[test]
fn deleting_a_grant_purges_what_waits_and_denies_the_next_frame() {
    let world = waiting();
    fs::remove_file(world.gateway_dir().join("grants/ada-pacemaker.toml")).unwrap();
    is_purged_and_denied(&world);
}

#[test]
fn a_broken_file_elsewhere_does_not_keep_a_deleted_grant_alive() {
    let world = waiting();
    world.grant("broken", "this is no grant");
    fs::remove_file(world.gateway_dir().join("grants/ada-pacemaker.toml")).unwrap();
    is_purged_and_denied(&world);
}

#[test]
fn a_grant_that_cannot_be_read_any_more_has_ended() {
    let world = waiting();
    world.grant("ada-pacemaker", &GRANT.replace("every", "evry"));
    is_purged_and_denied(&world);
}

#[test]
fn a_changed_grant_purges_what_was_decided_under_the_old_one_and_counts_at_once() {
    let world = waiting();
    world.grant("ada-pacemaker", &GRANT.replace("step = 1 ", "step = 50 "));
    wait_until("what waited is purged", || world.ledger_count("purged", Some("grant-ended")) == 1);
    wait_until("the new grant counts", || {
        assert_eq!(world.put("/patient/beats/bpm", b"Beats: 72.00 bpm "), 204);
        world.ledger_count("queued", None) == 2
    });
    world.verify();
}

/// A gateway that delivered one release; the hub then moved away from where the gateway looks for it.
fn moved() -> (World, SocketAddr) {
    let mut world = World::running();
    world.queue(70);
    wait_until("they know each other", || world.ledger_count("delivered", None) == 1);
    let known = world.move_hub(free_port());
    (world, known)
}

fn holds(world: &World, beats: u64) -> bool {
    world.received().iter().any(|it| it.1 == beats)
}

fn withdraw(world: &World) {
    fs::remove_file(world.gateway_dir().join("grants/ada-pacemaker.toml")).unwrap();
}

#[test]
fn what_is_on_its_way_when_its_grant_ends_is_settled_by_the_hubs_answer() {
    let (world, known) = moved();
    let detour = Detour::open(known, world.hub_address);
    detour.hold_answers(true);
    world.queue(71);
    wait_until("the hub has it", || holds(&world, 71));
    world.queue(72);
    withdraw(&world);
    wait_until("what waits is purged", || world.ledger_count("purged", None) > 0);
    detour.hold_answers(false);
    wait_until("what arrived is settled", || {
        world.ledger_count("delivered", None) + world.ledger_count("purged", None) == 3
    });
    assert_eq!(world.ledger_count("delivered", None), 2);
    assert_eq!(world.ledger_count("purged", Some("grant-ended")), 1);
    assert!(!holds(&world, 72));
    world.verify();
}

#[test]
fn of_what_was_sent_without_an_answer_the_ledger_says_that_the_hub_may_have_it() {
    let (world, known) = moved();
    let fake = FakeHub::start(known, Reply::Lost(world.hub_address));
    world.queue(71);
    wait_until("it was sent", || fake.asked() > 0);
    withdraw(&world);
    wait_until("it is purged", || world.ledger_count("purged", Some("unanswered")) == 1);
    assert!(holds(&world, 71));
    assert_eq!(world.ledger_count("purged", None), 1);
    world.verify();
}
