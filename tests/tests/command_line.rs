//! The command line: how each command ends, and that a complaint names the file and the line to change.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot set up should fail loudly"
)]

use hushgate_tests::{
    http,
    program::{Program, run, run_ok},
    rig::free_port,
    world::{GRANT, World, after, wait_until},
};
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

/// Runs a command that must end with `code` and say all of `says`.
#[track_caller]
fn ends(dir: &Path, args: &[&str], (code, says): (i32, &[&str])) {
    let output = run(dir, args);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    for word in says {
        assert!(said.contains(word), "{args:?} does not say `{word}`: {said}");
    }
}

/// The line, from 1, on which `text` stands last.
fn line_of(file: &Path, text: &str) -> String {
    let all = fs::read_to_string(file).unwrap();
    let at = all.rfind(text).unwrap_or_else(|| panic!("no `{text}` in {all}"));
    let name = file.file_name().unwrap().to_str().unwrap();
    format!("{name}:{}: ", all[..=at].lines().count())
}

#[test]
fn a_command_that_is_not_understood_ends_with_2() {
    let dir = tempfile::tempdir().unwrap();
    for args in [&["fly"][..], &["run", "--fast"], &[], &["device", "add", "x"], &["ledger"]] {
        assert_eq!(run(dir.path(), args).status.code(), Some(2), "{args:?}");
    }
    ends(dir.path(), &["--help"], (0, &["Exit codes: 0 done"]));
    ends(dir.path(), &["--version"], (0, &["hushgate "]));
}

#[test]
fn a_directory_without_a_gateway_says_how_to_make_one() {
    let dir = tempfile::tempdir().unwrap();
    for args in
        [&["run"][..], &["status"], &["ledger", "verify"], &["grant", "list"], &["plugin", "list"]]
    {
        ends(dir.path(), args, (3, &["no gateway in", "init"]));
    }
    ends(dir.path(), &["hub"], (3, &["no hub in", "hub init"]));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "looking left something behind");
}

#[test]
fn init_makes_what_only_its_owner_can_read_and_never_overwrites() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("gateway");
    ends(&home, &["init"], (0, &["recipient add", "device add", "grant new"]));
    let files = ["hushgate.toml", "keys/seed"].map(|it| home.join(it));
    let read = || files.each_ref().map(|it| fs::read(it).unwrap());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&files[1]), mode(&home)), (0o600, 0o700));
    let before = read();
    ends(&home, &["init"], (3, &["hushgate.toml is there already; nothing was changed"]));
    assert_eq!(read(), before);
    ends(&home, &["status"], (0, &["not running", "Tor in process", "ledger: empty"]));
    ends(&home, &["plugin", "list"], (0, &["private-iot-text", "window-median", "quiet-hours"]));
    let hub = dir.path().join("hub");
    ends(&hub, &["hub", "init", "--name", "Bad Name"], (3, &["lower-case"]));
    ends(&hub, &["hub", "init", "--name", "clinic"], (0, &["password"]));
    ends(&hub, &["hub", "init", "--name", "clinic"], (3, &["nothing was changed"]));
}

#[test]
fn a_mistake_in_a_file_is_told_with_its_line() {
    let world = World::new();
    let home = world.gateway_dir();
    let (settings, grant) = (home.join("hushgate.toml"), home.join("grants/ada-pacemaker.toml"));
    let good = fs::read_to_string(&settings).unwrap();
    let table = [
        (&settings, "outbox-entries-max", "outbox-entry-max", "unknown field"),
        (&settings, "= 65536", "= 65536000", "must be 64 to 1048576"),
        (&settings, "127.0.0.1:0", "localhost:1883", "must be an IP address and a port"),
        (&settings, "\"$argon2", "\"plain", "hushgate device secret"),
        (&settings, "\"private-iot-text\"", "\"private-iot-test\"", "there are: private-iot-text"),
        (&settings, "\"private-iot-text\"", "\"quiet-hours\"", "is no adapter"),
        (
            &settings,
            "\"private-iot-text\"",
            "\"private-iot-text\", settings = { units = { x = \"mass\" } }",
            "setting `units`",
        ),
        (
            &settings,
            "\"private-iot-text\"",
            "\"private-iot-text\", settings = { colour = 1 }",
            "colour",
        ),
        (&grant, "\"pacemaker\"", "\"peacemaker\"", "no device `peacemaker`"),
        (&grant, "\"ada\"", "\"eve\"", "not a subject of device"),
        (&grant, "\"hospital\"", "\"insurer\"", "no recipient `insurer`"),
        (&grant, "\"1 s\"", "\"0 s\"", "must be a duration of at least 1 s"),
        (&grant, "step = 5", "step = 0", "`step` must be above 0"),
        (&grant, "2100-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "must be after `valid-from`"),
    ];
    for (file, from, to, problem) in table {
        fs::write(&settings, &good).unwrap();
        fs::write(&grant, GRANT).unwrap();
        let text = fs::read_to_string(file).unwrap();
        let at = text.rfind(from).unwrap_or_else(|| panic!("no `{from}`"));
        fs::write(file, format!("{}{to}{}", &text[..at], &text[at + from.len()..])).unwrap();
        ends(&home, &["run"], (3, &[&line_of(file, to), problem]));
    }
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let world = World::new();
    let seed = world.gateway_dir().join("keys/seed");
    fs::set_permissions(&seed, Permissions::from_mode(0o644)).unwrap();
    for args in [&["run"][..], &["status"]] {
        ends(
            &world.gateway_dir(),
            args,
            (3, &["keys/seed: others can read this key", "chmod 600"]),
        );
    }
    fs::set_permissions(&seed, Permissions::from_mode(0o600)).unwrap();
    fs::write(&seed, "not a key").unwrap();
    ends(&world.gateway_dir(), &["run"], (3, &["keys/seed: is not a key file"]));
}

#[test]
fn a_running_gateway_is_asked_and_shown_but_not_doubled() {
    let mut world = World::new();
    let home = world.gateway_dir();
    let port = free_port();
    world.edit_settings(|it| {
        let (before, after) = it.rsplit_once("127.0.0.1:0").unwrap();
        format!("{before}127.0.0.1:{port}{after}")
    });
    world.grant("ada-pacemaker", GRANT);
    let (secret, payload) = (world.secret.clone(), "bpm: 71.64321 bpm");
    let send = |topic: &str, secret: &str, expected: (i32, &[&str])| {
        let args = ["send", "pacemaker", "--secret", secret, "--topic", topic, payload];
        ends(&home, &args, expected);
    };
    send("patient/x", &secret, (1, &["no gateway at 127.0.0.1"]));
    world.start_gateway();
    ends(&home, &["run"], (4, &["another hushgate is running in"]));
    ends(&world.hub_dir(), &["hub"], (4, &["another hushgate is running in"]));
    send("patient/x", &secret, (0, &["kept"]));
    send("other/x", &secret, (3, &["not one of this device's topics"]));
    send("patient/x", "wrong", (3, &["wrong secret"]));
    wait_until("it is delivered", || world.ledger_count("delivered", None) == 1);
    ends(
        &home,
        &["status"],
        (0, &["gateway: running", "LOOPBACK", "waiting for hospital", ": 0", "1 delivered"]),
    );
    let shown = run_ok(&home, &["ledger", "show"]);
    for words in [
        "for hospital queued",
        "for hospital delivered",
        "withheld: not one of the device's topics",
    ] {
        assert!(shown.contains(words), "no `{words}` in {shown}");
    }
    assert!(!shown.contains("71"), "a value in the ledger: {shown}");
    assert_eq!(run_ok(&home, &["ledger", "show", "--last", "1"]).lines().count(), 1);
    ends(&home, &["grant", "list"], (0, &["ada-pacemaker: valid now", "heart-rate", "can leave"]));
    world.verify();
}

#[test]
fn a_ledger_that_was_changed_does_not_verify() {
    let mut world = World::running();
    for rate in ["70", "80"] {
        world.put("/patient/x", format!("bpm: {rate} bpm").as_bytes());
        world.put("/other", b"x");
        world.wait_until_delivered();
    }
    assert!(world.gateway.take().unwrap().stop().success());
    let (home, file) = (world.gateway_dir(), world.gateway_dir().join("state/gateway.db"));
    ends(&home, &["ledger", "verify"], (0, &["the ledger verifies: 4 frames"]));
    let store = rusqlite::Connection::open(&file).unwrap();
    store.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(store);
    assert!(!home.join("state/gateway.db-wal").exists(), "the copy would miss a part");
    let good = fs::read(&file).unwrap();
    for sql in [
        "UPDATE ledger SET reason = 'policy' WHERE kind = 'withheld' AND seq < 4",
        "UPDATE ledger SET at_ms = at_ms + 1 WHERE seq = 1",
        "UPDATE ledger SET device = 'other' WHERE seq = 3",
        "UPDATE ledger SET proof = zeroblob(64) WHERE kind = 'delivered'",
        "UPDATE ledger SET leaf = zeroblob(32) WHERE seq = 2",
        "DELETE FROM ledger WHERE seq = 2",
        "DELETE FROM ledger WHERE seq = 1",
        "DELETE FROM ledger WHERE seq >= (SELECT max(seq) FROM ledger WHERE kind = 'delivered')",
        "INSERT INTO ledger SELECT seq + 100, at_ms, kind, reason, frame + 100, device, recipient, \
         grant_id, release, proof, note, salt, leaf FROM ledger WHERE seq = 1",
    ] {
        let store = rusqlite::Connection::open(&file).unwrap();
        assert!(store.execute(sql, []).unwrap() > 0, "{sql}");
        drop(store);
        ends(&home, &["ledger", "verify"], (5, &["the ledger does not verify"]));
        fs::write(&file, &good).unwrap();
    }
    ends(&home, &["ledger", "verify"], (0, &[]));
}

#[test]
fn an_invite_that_was_changed_is_refused_and_leaves_nothing() {
    let world = World::new();
    let home = world.dir.path().join("other");
    run_ok(&home, &["init", "--loopback"]);
    let invite = fs::read_to_string(world.dir.path().join("hospital.invite")).unwrap();
    let changed = world.dir.path().join("changed.invite");
    let path = changed.to_str().unwrap();
    let port = format!("\"{}\"", world.hub_address);
    for (from, to, problem) in [
        (port.as_str(), "\"127.0.0.1:9\"", "changed on its way"),
        ("\"hospital\"", "\"insurer\"", "changed on its way"),
        ("envelope-bytes = 1024", "envelope-bytes = 2048", "changed on its way"),
        ("sealing-key = \"", "sealing-key = \"AAAA", "a key is missing or broken"),
        (port.as_str(), "\"hospital.example:80\"", "onion address"),
        ("envelope-bytes", "envelope-size", "unknown field"),
    ] {
        assert!(invite.contains(from), "no {from} in {invite}");
        fs::write(&changed, invite.replace(from, to)).unwrap();
        ends(&home, &["recipient", "add", path], (3, &["changed.invite", problem]));
        assert_eq!(fs::read_dir(home.join("recipients")).unwrap().count(), 0, "{to}");
    }
    fs::write(&changed, &invite).unwrap();
    ends(&home, &["recipient", "add", path], (0, &["Added `hospital`"]));
    ends(&home, &["recipient", "add", path], (3, &["hospital.toml is there already"]));
    ends(&home, &["recipient", "list"], (0, &["hospital  127.0.0.1"]));
}

#[test]
fn an_invite_lets_one_gateway_in() {
    let world = World::running();
    world.put("/patient/x", b"bpm: 70 bpm");
    world.wait_until_delivered();
    let home = world.dir.path().join("second");
    run_ok(&home, &["init", "--loopback"]);
    let settings = fs::read_to_string(home.join("hushgate.toml")).unwrap();
    let settings =
        settings.replace("127.0.0.1:1883", "127.0.0.1:0").replace("127.0.0.1:8480", "127.0.0.1:0");
    fs::write(home.join("hushgate.toml"), settings).unwrap();
    let invite = world.dir.path().join("hospital.invite");
    run_ok(&home, &["recipient", "add", invite.to_str().unwrap()]);
    let args = ["device", "add", "pacemaker", "--subject", "ada", "--topics", "patient/#"];
    let added = run_ok(&home, &[&args[..], &["--adapter", "private-iot-text"]].concat());
    let secret = after(&added, "password ");
    fs::write(home.join("grants/ada-pacemaker.toml"), GRANT).unwrap();
    let gateway = Program::start(&home, &["run"]);
    let address = gateway.wait_for("HTTP on ").parse().unwrap();
    let authorization = format!("Authorization: Bearer pacemaker.{secret}");
    let sent = http::request(address, "PUT", "/patient/x", &[&authorization], b"bpm: 90 bpm");
    assert_eq!(sent.status, 204);
    wait_until("the hub refuses it", || gateway.log_text().contains("ask for a new invite"));
    ends(&home, &["status"], (0, &["waiting for hospital at", ": 1"]));
    ends(&home, &["ledger", "verify"], (0, &["1 queued", "1 releases wait"]));
    let held: i64 =
        world.hub_store().query_row("SELECT count(*) FROM point", [], |it| it.get(0)).unwrap();
    assert_eq!(held, 1, "the hub took something from a gateway that it does not know");
}
