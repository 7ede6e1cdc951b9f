//! The ledger from the command line: checkpoints, proofs, copies, damage, and what happened to a frame in words.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use hushgate_tests::{
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
