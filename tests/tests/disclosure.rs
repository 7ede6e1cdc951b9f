//! What a changed plugin would release: told in numbers, and never let through without the owner's word.

use hushgate_tests::{
    guest::{self, changes, component_of, last_decision, replace, running_with, status, variant},
    program::{run, run_ok},
    world::wait_until,
};
use std::fs;

#[test]
fn a_change_that_releases_less_counts_at_once_and_one_that_releases_more_waits() {
    let (world, secret) = running_with("counts");
    let home = world.gateway_dir();
    wait_until("a slot is free", || last_decision(&world, &secret) == "queued ");
    replace(&component_of(&world), &guest::component("traps"));
    wait_until("less counts", || changes(&world) == 1);
    assert_eq!(last_decision(&world, &secret), "quarantined plugin-trap");
    replace(&component_of(&world), &guest::component("counts"));
    wait_until("more waits", || status(&world).contains("plugin approve x"));
    let told = status(&world);
    assert!(
        told.contains("ada-x: heart-rate in") && told.contains("releases instead of 0"),
        "{told}"
    );
    assert_eq!(last_decision(&world, &secret), "quarantined plugin-trap");
    run_ok(&home, &["plugin", "approve", "x"]);
    wait_until("it counts", || changes(&world) == 2);
    wait_until("a slot is free", || last_decision(&world, &secret) == "queued ");
    assert!(!status(&world).contains("DEGRADED"));
    // The approval was for these bytes, once.
    replace(&component_of(&world), &guest::component("traps"));
    wait_until("less counts", || changes(&world) == 3);
    replace(&component_of(&world), &variant(&guest::component("counts"), 1));
    wait_until("more waits", || status(&world).contains("plugin approve x"));
}

#[test]
fn a_replay_tells_what_another_plugin_would_release_and_changes_nothing() {
    let (world, secret) = running_with("counts");
    let home = world.gateway_dir();
    let other = world.dir.path().join("other.wasm");
    let replay = |component: &str| {
        fs::write(&other, guest::component(component)).unwrap();
        let other = other.to_str().unwrap();
        run_ok(&home, &["replay", "--against", other, "--plugin", "x"])
    };
    assert!(replay("counts").contains("nothing to compare with"));
    wait_until("a slot is free", || last_decision(&world, &secret) == "queued ");
    let same = replay("counts");
    assert!(same.contains("heart-rate in") && same.contains(": the same"), "{same}");
    assert!(same.contains("it would release nothing more"), "{same}");
    let less = replay("traps");
    assert!(less.contains("0 different values instead of") && less.contains("GONE"), "{less}");
    replace(&component_of(&world), &guest::component("traps"));
    wait_until("less counts", || changes(&world) == 1);
    let more = replay("counts");
    assert!(more.contains("NEW, it would not leave now"), "{more}");
    assert!(more.contains("would wait for `hushgate plugin approve x`"), "{more}");
    fs::write(&other, "no component").unwrap();
    let none = run(&home, &["replay", "--against", other.to_str().unwrap(), "--plugin", "x"]);
    let said = String::from_utf8_lossy(&none.stderr).into_owned();
    assert!(none.status.code() == Some(3) && said.contains("not a component"), "{said}");
    assert_eq!(
        (changes(&world), last_decision(&world, &secret).as_str()),
        (1, "quarantined plugin-trap")
    );
    assert_eq!(fs::read_dir(home.join("state/replay")).unwrap().count(), 0);
}
