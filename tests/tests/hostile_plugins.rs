//! Plugins that loop, crash, grab memory, lie or wish for more than they get: each costs its own message and
//! nothing else.

use hushgate_tests::{
    guest::{self, decisions, enrol, grant_for, put},
    program::{run, run_ok},
    world::{GRANT, World, wait_until},
};
use std::fs;

/// Adapters, and what the ledger says of one frame.
const ADAPTERS: [(&str, &str, &str); 11] = [
    ("loops", "quarantined", "plugin-time"),
    ("takes-memory", "quarantined", "plugin-memory"),
    ("traps", "quarantined", "plugin-trap"),
    ("recurses", "quarantined", "plugin-trap"),
    ("returns-a-gigabyte", "quarantined", "plugin-output"),
    ("returns-too-many", "quarantined", "plugin-output"),
    ("returns-rubbish", "quarantined", "plugin-output"),
    ("returns-no-utf8", "quarantined", "plugin-output"),
    ("floods-the-log", "quarantined", "plugin-time"),
    ("returns-no-number", "withheld", "not-granted"),
    ("tells-more", "queued", ""),
];

/// A field that this grant would let out.
const DIARY: &str = r#"field = [
    { path = "diary-of-ada", unit = "/min", range = [0, 100], step = 1 },"#;

/// Plugins of one grant, their kind, and what the ledger says.
const STAGES: [(&str, &str, &str); 4] = [
    ("traps-as-minimizer", "minimizer", "plugin-trap"),
    ("loops-as-minimizer", "minimizer", "plugin-time"),
    ("traps-as-policy", "policy", "plugin-trap"),
    ("loops-as-policy", "policy", "plugin-time"),
];

#[test]
fn a_hostile_adapter_costs_its_own_frames_and_no_other_device_notices() {
    let mut world = World::new();
    let home = world.gateway_dir();
    world.grant("ada-pacemaker", GRANT);
    let secrets = ADAPTERS.map(|(id, ..)| {
        guest::install(&home, (id, "adapter"), &guest::component(id));
        let secret = enrol(&home, id, id);
        world.grant(&format!("ada-{id}"), &grant_for(id, "").replace("field = [", DIARY));
        secret
    });
    world.start_gateway();
    // Twice: the second finds the instance that the first left, or made anew.
    for _ in 0..2 {
        for ((id, ..), secret) in ADAPTERS.iter().zip(&secrets) {
            assert_eq!(put(&world, (id, secret), b"anything"), 204, "{id}");
        }
    }
    assert_eq!(world.put("/patient/x", b"bpm: 70.00 bpm"), 204);
    for (id, kind, reason) in ADAPTERS {
        let decided = decisions(&world, id);
        let expected = format!("{kind} {reason}");
        assert_eq!(decided[0], expected, "{id}");
        let again = decided[1] == expected || decided[1] == "withheld slot-taken";
        assert!(decided.len() == 2 && again, "{id}: {decided:?}");
    }
    wait_until("the good one is delivered", || {
        world.ledger_count("delivered", None) == world.ledger_count("queued", None)
    });
    world.wait_until_delivered();
    assert_eq!(decisions(&world, "pacemaker"), ["queued "]);
    let paths: Vec<String> = {
        let hub = world.hub_store();
        let mut rows = hub.prepare("SELECT DISTINCT path FROM channel").unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(paths, ["heart-rate"], "what its manifest does not declare stays");
    let log = world.gateway.as_ref().unwrap().log_text();
    assert!(!log.contains("anything"), "what a device said is in the log");
    world.verify();
}

#[test]
fn a_hostile_minimizer_or_policy_withholds_its_own_grant() {
    let mut world = World::new();
    let home = world.gateway_dir();
    world.grant("ada-pacemaker", GRANT);
    let secrets = STAGES.map(|(id, kind, _)| {
        guest::install(&home, (id, kind), &guest::component(id));
        let step = if kind == "policy" { "policy" } else { "minimize" };
        let secret = enrol(&home, id, "private-iot-text");
        let stage = format!("[[{step}]]\nplugin = \"{id}\"\n");
        world.grant(&format!("ada-{id}"), &grant_for(id, &stage));
        secret
    });
    world.start_gateway();
    for ((id, _, reason), secret) in STAGES.iter().zip(&secrets) {
        assert_eq!(put(&world, (id, secret), b"bpm: 70.00 bpm"), 204, "{id}");
        assert_eq!(decisions(&world, id), [format!("withheld {reason}")], "{id}");
    }
    assert_eq!(world.put("/patient/x", b"bpm: 70.00 bpm"), 204);
    world.wait_until_delivered();
    assert_eq!(decisions(&world, "pacemaker"), ["queued "]);
}

#[test]
fn a_plugin_that_always_fails_is_left_alone_for_a_while_and_tried_again() {
    let mut world = World::new();
    let home = world.gateway_dir();
    guest::install(&home, ("traps", "adapter"), &guest::component("traps"));
    let secret = enrol(&home, "x", "traps");
    world.grant("ada-x", &grant_for("x", ""));
    world.start_gateway();
    for _ in 0..5 {
        assert_eq!(put(&world, ("x", &secret), b"anything"), 204);
    }
    let (failed, rests) = ("quarantined plugin-trap", "quarantined plugin-resting");
    assert_eq!(decisions(&world, "x"), [failed, failed, failed, rests, rests]);
    let failures = || decisions(&world, "x").iter().filter(|it| *it == failed).count();
    wait_until("it is tried again", || {
        put(&world, ("x", &secret), b"anything");
        failures() > 3
    });
}

#[test]
fn no_instance_ever_sees_two_devices() {
    let mut world = World::new();
    let home = world.gateway_dir();
    guest::install(&home, ("counts", "adapter"), &guest::component("counts"));
    let names = ["one", "two", "three"];
    let secrets = names.map(|name| {
        let secret = enrol(&home, name, "counts");
        world.grant(&format!("ada-{name}"), &grant_for(name, ""));
        secret
    });
    world.start_gateway();
    for (name, secret) in names.iter().zip(&secrets) {
        assert_eq!(put(&world, (name, secret), b"anything"), 204);
    }
    wait_until("all are delivered", || world.ledger_count("delivered", None) == 3);
    let hub = world.hub_store();
    let calls: Vec<f64> = {
        let mut rows = hub.prepare("SELECT value FROM point").unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(calls, [1.0, 1.0, 1.0], "an instance remembers another device's frames");
}

#[test]
fn what_cannot_start_is_refused_with_the_line_that_asks_for_it() {
    let world = World::new();
    let home = world.gateway_dir();
    let settings = fs::read_to_string(home.join("hushgate.toml")).unwrap();
    let wasm = |id: &str| guest::component(id);
    let table = [
        ("loops-in-configure", wasm("loops-in-configure"), "took too long"),
        ("loops-at-start", wasm("loops-at-start"), "took too long"),
        ("takes-memory-in-configure", wasm("takes-memory-in-configure"), "too much memory"),
        ("recurses-in-realloc", wasm("recurses-in-realloc"), "trapped"),
        ("wants-the-clock", wasm("wants-the-clock"), "wasi:clocks/wall-clock"),
        ("traps-as-policy", wasm("traps-as-policy"), "does not fit"),
        ("is-no-component", b"\0asm, or so it says".to_vec(), "not a component"),
        ("is-huge", vec![0; (64 << 20) + 1], "larger than"),
    ];
    for (id, component, why) in table {
        guest::install(&home, (id, "adapter"), &component);
        let asks = settings.replace("\"private-iot-text\"", &format!("\"{id}\""));
        let asked = asks.rfind(&format!("\"{id}\"")).unwrap();
        let line = asks[..asked].lines().count();
        fs::write(home.join("hushgate.toml"), asks).unwrap();
        let output = run(&home, &["run"]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{id}: {text}");
        assert!(text.contains(why), "{id}: {text}");
        let names_line = text.contains(&format!("hushgate.toml:{line}: "));
        let names_file = id.starts_with("is-") && text.contains(&format!("{id}/plugin.wasm: "));
        assert!(names_line || names_file, "{id}: {text}");
        fs::remove_dir_all(home.join("plugins").join(id)).unwrap();
    }
}

#[test]
fn a_component_that_is_not_what_its_manifest_names_is_refused() {
    let world = World::new();
    let home = world.gateway_dir();
    let dir = home.join("plugins/counts");
    guest::install(&home, ("counts", "adapter"), &guest::component("counts"));
    run_ok(&home, &["plugin", "pin", dir.to_str().unwrap()]);
    run_ok(&home, &["plugin", "list"]);
    fs::write(dir.join("plugin.wasm"), guest::variant(&guest::component("counts"), 1)).unwrap();
    let output = run(&home, &["plugin", "list"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("is another component's"), "{text}");
}
