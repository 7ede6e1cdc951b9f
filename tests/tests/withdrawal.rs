//! A grant ends while the gateway runs: the next frame is denied and what waits is purged.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use hushgate_tests::world::{GRANT, World, wait_until};
use std::fs;

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
