//! The ledger from the command line: checkpoints, proofs, copies, damage, and what happened to a frame in words.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use hushgate_tests::{
    guest::{self, decisions, enrol, grant_for, put},
    program::{run, run_ok},
    world::{World, wait_until},
};
use std::{fs, path::Path};

/// Runs a command that must end with `code`; what it said.
#[track_caller]
fn ends(dir: &Path, args: &[&str], code: i32) -> String {
    let output = run(dir, args);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    said
}

/// A gateway at rest, of which one value was delivered and something was withheld.
fn at_rest() -> World {
    let mut world = World::running();
    for rate in ["70", "80"] {
        world.put("/patient/x", format!("bpm: {rate} bpm").as_bytes());
        world.put("/other", b"x");
        world.wait_until_delivered();
    }
    rest(&mut world);
    world
}

/// Stops the gateway; its store is one file then.
fn rest(world: &mut World) {
    assert!(world.gateway.take().unwrap().stop().success());
    let file = world.gateway_dir().join("state/gateway.db");
    let store = rusqlite::Connection::open(file).unwrap();
    store.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

#[test]
fn a_proof_is_checked_with_nothing_but_its_file_and_a_key() {
    let world = at_rest();
    let home = world.gateway_dir();
    let key = run_ok(&home, &["ledger", "key"]).trim().to_owned();
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("one.tlog-proof");
    fs::write(&file, run_ok(&home, &["ledger", "prove", "1"])).unwrap();
    let check = ["ledger", "check", file.to_str().unwrap()];
    let said = ends(elsewhere.path(), &[&check[..], &["--key", &key]].concat(), 0);
    assert!(
        said.contains("proved: this is entry 1 of the ") && said.contains("frame 1 of "),
        "{said}"
    );
    assert!(!said.contains("NOT CHECKED"), "{said}");
    assert!(ends(elsewhere.path(), &check, 0).contains("NOT CHECKED: who signed it"));
    let other = World::new();
    let stranger = run_ok(&other.gateway_dir(), &["ledger", "key"]).trim().to_owned();
    ends(elsewhere.path(), &[&check[..], &["--key", &stranger]].concat(), 5);
    ends(elsewhere.path(), &[&check[..], &["--key", "nonsense"]].concat(), 3);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("index 0", "index 1")).unwrap();
    ends(elsewhere.path(), &check, 5);
    ends(&home, &["ledger", "prove", "999"], 3);
}

#[test]
fn a_copy_is_checked_without_a_gateway_and_a_cut_is_found_by_a_checkpoint() {
    let world = at_rest();
    let home = world.gateway_dir();
    let elsewhere = tempfile::tempdir().unwrap();
    let (copy, kept) = (elsewhere.path().join("copy.db"), elsewhere.path().join("checkpoint"));
    fs::copy(home.join("state/gateway.db"), &copy).unwrap();
    fs::write(&kept, run_ok(&home, &["ledger", "checkpoint"])).unwrap();
    let key = run_ok(&home, &["ledger", "key"]).trim().to_owned();
    let verify = ["ledger", "verify", "--file", copy.to_str().unwrap()];
    let against = [&verify[..], &["--checkpoint", kept.to_str().unwrap(), "--key", &key]].concat();
    assert!(ends(elsewhere.path(), &verify, 0).contains("the ledger verifies: 4 frames"));
    assert!(ends(elsewhere.path(), &against, 0).contains("of the checkpoint"));
    let own = ["ledger", "verify", "--checkpoint", kept.to_str().unwrap()];
    assert!(ends(&home, &own, 0).contains("of the checkpoint"));
    // Cut at its end, and what tells of the end made to fit, it is sound in itself.
    let store = rusqlite::Connection::open(&copy).unwrap();
    store
        .execute_batch(
            "DELETE FROM ledger WHERE seq > 1;
             UPDATE ledger_head SET size = 1, root = x'00';",
        )
        .unwrap();
    drop(store);
    let said = ends(elsewhere.path(), &against, 5);
    assert!(said.contains("the checkpoint knows") && said.contains("it was cut"), "{said}");
}

#[test]
fn each_broken_entry_is_named_and_the_rest_is_shown() {
    let world = at_rest();
    let home = world.gateway_dir();
    let store = rusqlite::Connection::open(home.join("state/gateway.db")).unwrap();
    store.execute("UPDATE ledger SET at_ms = at_ms + 1 WHERE seq IN (1, 3)", []).unwrap();
    drop(store);
    let said = ends(&home, &["ledger", "verify"], 5);
    assert!(said.contains("entry 1 was changed") && said.contains("entry 3 was changed"), "{said}");
    let said = ends(&home, &["ledger", "show"], 0);
    assert!(said.contains("     1 WAS CHANGED") && said.contains("     2 20"), "{said}");
    ends(&home, &["ledger", "prove", "1"], 5);
    ends(&home, &["ledger", "prove", "2"], 0);
    ends(&home, &["explain", "1"], 5);
}

#[test]
fn a_frame_is_explained_by_entry_and_by_release_without_a_value() {
    let world = at_rest();
    let home = world.gateway_dir();
    let query = "SELECT seq, hex(release) FROM ledger WHERE kind = 'queued' LIMIT 1";
    let store = rusqlite::Connection::open(home.join("state/gateway.db")).unwrap();
    let (seq, release): (i64, String) =
        store.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let query = "SELECT seq FROM ledger WHERE kind IN ('withheld', 'quarantined') LIMIT 1";
    let kept: i64 = store.query_row(query, [], |row| row.get(0)).unwrap();
    drop(store);
    let said = run_ok(&home, &["explain", &seq.to_string()]);
    for word in ["heart-rate left for ", "it says the same today", "has it and signed for it"] {
        assert!(said.contains(word), "no `{word}` in {said}");
    }
    assert_eq!(said, run_ok(&home, &["explain", &release.to_lowercase()]));
    assert!(run_ok(&home, &["explain", &kept.to_string()]).contains("nothing left"));
    ends(&home, &["explain", "999"], 3);
    ends(&home, &["explain", "something"], 3);
}

#[test]
fn a_hub_keeps_what_it_cannot_read_and_a_ledger_that_was_put_back_is_found_by_it() {
    let mut world = World::running();
    let (dir, kept) = (world.gateway_dir(), world.dir.path().join("kept"));
    let deposits = |world: &World| -> i64 {
        let query = "SELECT count(*) FROM deposit";
        world.hub_store().query_row(query, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(world.put("/patient/beats/bpm", b"nobody understands this"), 204);
    rest(&mut world);
    let (store, before) = (dir.join("state/gateway.db"), world.dir.path().join("before.db"));
    fs::copy(&store, &before).unwrap();
    world.start_gateway();
    for beats in [71, 72] {
        world.queue(beats);
        world.wait_until_delivered();
        wait_until("the hub keeps one a day", || deposits(&world) == 1);
    }
    rest(&mut world);
    fs::write(&kept, run_ok(&world.hub_dir(), &["hub", "checkpoints"])).unwrap();
    let verify = ["ledger", "verify", "--checkpoint", kept.to_str().unwrap()];
    assert!(run_ok(&dir, &verify).contains("it continues the"));
    // Neither the log's name nor its root is anywhere in what the hub has.
    let checkpoint = run_ok(&dir, &["ledger", "checkpoint"]);
    let name = checkpoint.lines().next().unwrap();
    for file in fs::read_dir(world.hub_dir().join("state")).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(name.len()).any(|it| it == name.as_bytes()));
    }
    fs::copy(&before, &store).unwrap();
    assert!(run_ok(&dir, &["ledger", "verify"]).contains("the ledger verifies"));
    let said = ends(&dir, &verify, 5);
    assert!(said.contains("checkpoint"), "{said}");
    // What another gateway's hub kept says nothing.
    fs::write(&kept, "0011223344556677 2026-01-01T00:00:00Z AAAA\n").unwrap();
    ends(&dir, &verify, 3);
}

/// The number of the newest decision on a frame of `device`.
fn decided(world: &World, device: &str) -> String {
    let query = "SELECT max(seq) FROM ledger WHERE device = ?1 \
                 AND kind IN ('withheld', 'quarantined', 'queued')";
    let seq: i64 = world.store().query_row(query, [device], |row| row.get(0)).unwrap();
    seq.to_string()
}

/// A gateway whose device `x` has an adapter that understands `heart-rate`, and a field that nobody named.
fn with_an_unnamed_field(stage: &str) -> World {
    let mut world = World::new();
    let home = world.gateway_dir();
    guest::install(&home, ("tells-more", "adapter"), &guest::component("tells-more"));
    guest::install(&home, ("traps", "minimizer"), &guest::component("traps-as-minimizer"));
    let manifest = home.join("plugins/tells-more/plugin.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text + "[[field]]\npath = \"*\"\nunit = \"*\"\n").unwrap();
    let secret = enrol(&home, "x", "tells-more");
    world.grant("ada-x", &grant_for("x", stage));
    world.start_gateway();
    assert_eq!(put(&world, ("x", &secret), b"anything"), 204);
    world
}

#[test]
fn what_each_plugin_and_the_gateway_did_is_explained_by_names_that_people_gave() {
    let policy =
        "[[policy]]\nplugin = \"quiet-hours\"\nsettings = { from = \"00:00\", to = \"00:00\" }\n";
    let world = with_an_unnamed_field(policy);
    let home = world.gateway_dir();
    let said = run_ok(&home, &["explain", &decided(&world, "x")]);
    for words in [
        "Adapter tells-more (",
        ") understood it. It had heart-rate and 1 more field(s).",
        "  - policy quiet-hours (",
        ") let it leave\n",
        "  - of heart-rate the gateway let leave: inside the grant's range and on its steps\n",
    ] {
        assert!(said.contains(words), "no `{words}` in {said}");
    }
    assert!(!said.contains("diary"), "{said}");
    let query = "SELECT count(*) FROM ledger WHERE note LIKE '%diary%'";
    assert_eq!(world.store().query_row(query, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    let listed = run_ok(&home, &["plugin", "list"]);
    assert!(listed.contains("tells-more"), "{listed}");
    world.wait_until_delivered();
    world.verify();
}

#[test]
fn the_plugin_that_ended_a_frame_is_named_by_its_digest() {
    let world = with_an_unnamed_field("[[minimize]]\nplugin = \"traps\"\n");
    assert_eq!(decisions(&world, "x"), ["withheld plugin-trap"]);
    let said = run_ok(&world.gateway_dir(), &["explain", &decided(&world, "x")]);
    assert!(said.contains("  - minimizer traps ("), "{said}");
    assert!(said.contains(") gave no readings or no answer\n"), "{said}");
    assert!(!said.contains("let leave"), "{said}");
}

#[test]
fn a_frame_is_decided_again_by_the_very_plugins_and_grant_of_then_or_not_at_all() {
    let mut world = with_an_unnamed_field("");
    let home = world.gateway_dir();
    assert_eq!(world.put("/patient/x", b"no grant"), 204);
    world.wait_until_delivered();
    let (seq, nothing) = (decided(&world, "x"), decided(&world, "pacemaker"));
    wait_until("a copy of what works is kept", || home.join("state/kept/tells-more").is_dir());
    assert!(world.gateway.take().unwrap().stop().success());
    let file = world.dir.path().join("frame");
    fs::write(&file, b"anything").unwrap();
    let replay = ["replay", file.to_str().unwrap(), "--of"];
    let of = |seq: &str, code| ends(&home, &[&replay[..], &[seq]].concat(), code);
    let said = of(&seq, 0);
    assert!(said.contains("the same: adapter tells-more ("), "{said}");
    assert!(said.contains("the same: queued (heart-rate leaves)"), "{said}");
    assert!(of(&nothing, 3).contains("there is nothing to decide again"));
    assert!(of("999", 3).contains("no entry 999"));
    // Another version is in use now: the one of then was kept, and nothing else will do.
    let wasm = home.join("plugins/tells-more/plugin.wasm");
    fs::write(&wasm, guest::variant(&guest::component("traps"), 1)).unwrap();
    assert_eq!(of(&seq, 0), said);
    fs::remove_dir_all(home.join("state/kept")).unwrap();
    assert!(of(&seq, 3).contains("plugin `tells-more` of digest "));
    fs::write(&wasm, guest::component("tells-more")).unwrap();
    assert_eq!(of(&seq, 0), said);
    // The same words with another text.
    world.grant("ada-x", &grant_for("x", "# said otherwise\n"));
    assert!(of(&seq, 3).contains("no grant `ada-x` whose text has the digest "));
}

#[test]
fn another_frame_than_that_of_then_is_found_out() {
    let world = at_rest();
    let home = world.gateway_dir();
    let query = "SELECT min(seq) FROM ledger WHERE kind = 'queued'";
    let file = home.join("state/gateway.db");
    let store = rusqlite::Connection::open(file).unwrap();
    let seq: i64 = store.query_row(query, [], |row| row.get(0)).unwrap();
    drop(store);
    let frame = world.dir.path().join("frame");
    let args =
        ["replay", frame.to_str().unwrap(), "--topic", "patient/x", "--of", &seq.to_string()];
    fs::write(&frame, b"bpm: 99 bpm").unwrap();
    assert!(ends(&home, &args, 0).contains("the same: queued (heart-rate leaves)"));
    fs::write(&frame, b"nothing that it understands").unwrap();
    let said = ends(&home, &args, 1);
    assert!(said.contains("NOT THE SAME: then queued (heart-rate leaves), now "), "{said}");
    assert!(!said.contains("99"), "{said}");
}
