//! A grant is withdrawn: by a command, with and without a gateway that runs.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use hushgate_tests::{
    program::{run, run_ok},
    world::{GRANT, World, wait_until},
};
use std::fs;

const ID: &str = "ada-pacemaker";

/// Withdraws [`GRANT`]; what the command says.
#[track_caller]
fn withdraw(world: &World) -> String {
    run_ok(&world.gateway_dir(), &["grant", "withdraw", ID])
}

#[test]
fn the_command_withdraws_while_the_gateway_runs_and_keeps_the_text_with_the_time() {
    let mut world = World::running();
    world.hub.as_mut().unwrap().kill();
    assert_eq!(world.put("/patient/beats/bpm", b"Beats: 71.00 bpm "), 204);
    let said = withdraw(&world);
    assert!(said.contains("within a second"), "{said}");
    wait_until("what waited is purged", || world.ledger_count("purged", Some("grant-ended")) == 1);
    assert_eq!(world.put("/patient/beats/bpm", b"Beats: 72.00 bpm "), 204);
    assert_eq!(world.ledger_count("withheld", Some("no-grant")), 1);
    let kept = world.gateway_dir().join(format!("grants/withdrawn/{ID}.toml"));
    let kept = fs::read_to_string(kept).unwrap();
    assert!(kept.starts_with(GRANT) && kept.contains("# Withdrawn at 2"), "{kept}");
    world.verify();
}

#[test]
fn the_command_withdraws_without_a_gateway_and_whatever_else_is_broken() {
    let world = World::new();
    world.grant(ID, GRANT);
    world.grant("broken", "this is no grant");
    let said = withdraw(&world);
    assert!(said.contains("does not run"), "{said}");
    fs::remove_file(world.gateway_dir().join("grants/broken.toml")).unwrap();
    assert_eq!(run_ok(&world.gateway_dir(), &["grant", "list"]), "");
    // Given again under the same name, and withdrawn again: both texts stay.
    world.grant(ID, GRANT);
    withdraw(&world);
    assert_eq!(fs::read_dir(world.gateway_dir().join("grants/withdrawn")).unwrap().count(), 2);
    let again = run(&world.gateway_dir(), &["grant", "withdraw", ID]);
    assert_eq!(again.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&again.stderr).contains("was withdrawn before"));
    let escape = run(&world.gateway_dir(), &["grant", "withdraw", "../hushgate"]);
    assert_eq!(escape.status.code(), Some(3));
}
