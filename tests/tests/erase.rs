//! Somebody wants to be forgotten: nothing of theirs is left, recipients delete what they have, and the ledger still
//! proves the rest.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use hushgate_tests::{
    http,
    program::{run, run_ok},
    world::{GRANT, World, after, wait_until},
};
use std::{fs, path::PathBuf};

/// Devices of ada alone, of ben alone, and of both.
const DEVICES: [(&str, &[&str]); 2] = [("scale", &["ben"]), ("door", &["ada", "ben"])];

fn grant(world: &World, subject: &str, device: &str) {
    let text = GRANT.replace("\"ada\"", &format!("\"{subject}\""));
    world.grant(&format!("{subject}-{device}"), &text.replace("pacemaker", device));
}

/// A gateway with these devices, and the secrets of those.
fn world() -> (World, Vec<String>) {
    let mut world = World::new();
    let add = |(name, subjects): (&str, &[&str])| {
        let topics = format!("{name}/#");
        let mut args = vec!["device", "add", name, "--topics", &topics];
        subjects.iter().for_each(|it| args.extend(["--subject", it]));
        args.extend(["--adapter", "private-iot-text"]);
        after(&run_ok(&world.gateway_dir(), &args), "password ")
    };
    let secrets = DEVICES.map(add).into();
    for (subject, device) in
        [("ada", "pacemaker"), ("ben", "scale"), ("ada", "door"), ("ben", "door")]
    {
        grant(&world, subject, device);
    }
    world.start_gateway();
    (world, secrets)
}

/// Sends one frame of another device.
#[track_caller]
fn put(world: &World, (device, secret): (&str, &str), beats: u32) {
    let authorization = format!("Authorization: Bearer {device}.{secret}");
    let (path, body) = (format!("/{device}/beats/bpm"), format!("Beats: {beats} bpm"));
    let answer = http::request(world.http, "PUT", &path, &[&authorization], body.as_bytes());
    assert_eq!(answer.status, 204);
}

/// The devices whose values the hub has.
fn held(world: &World) -> Vec<String> {
    let mut devices: Vec<_> = world.received().into_iter().map(|it| it.0).collect();
    devices.sort();
    devices.dedup();
    devices
}

/// The file of the gateway's state, or of what was agreed, that has this text.
fn on_disk(world: &World, text: &str) -> Option<PathBuf> {
    let dirs =
        ["state", "grants", "grants/withdrawn", "glass"].map(|it| world.gateway_dir().join(it));
    let files = dirs.iter().flat_map(|it| fs::read_dir(it).into_iter().flatten());
    let mut files = files.map(|it| it.unwrap().path()).filter(|it| it.is_file());
    files.find(|it| fs::read(it).unwrap().windows(text.len()).any(|it| it == text.as_bytes()))
}

fn stop(world: &mut World) {
    assert!(world.gateway.take().unwrap().stop().success());
}

#[test]
fn nothing_of_a_subject_is_left_recipients_delete_it_and_the_rest_is_proved_as_before() {
    let (mut world, secrets) = world();
    world.queue(71);
    for ((device, _), secret) in DEVICES.iter().zip(&secrets) {
        put(&world, (device, secret), 60);
    }
    wait_until("all of it is at the hub", || held(&world) == ["door", "pacemaker", "scale"]);
    world.wait_until_delivered();
    world.hub.take();
    world.queue(72);
    let dir = world.gateway_dir();
    let kept = world.dir.path().join("kept");
    fs::write(&kept, run_ok(&dir, &["ledger", "checkpoint"])).unwrap();

    // Not beside a running gateway, and not by accident.
    let busy = run(&dir, &["erase", "ada", "--yes"]);
    let said = String::from_utf8_lossy(&busy.stderr).into_owned();
    assert!(busy.status.code() == Some(3) && said.contains("stop it first"), "{said}");
    stop(&mut world);
    let entries = world.ledger_count("queued", None);
    assert!(run_ok(&dir, &["erase", "ada"]).contains("Nothing was erased"));
    assert_eq!(world.ledger_count("queued", None), entries);
    let nobody = run(&dir, &["erase", "adda", "--yes"]);
    assert_eq!(nobody.status.code(), Some(3));

    let said = run_ok(&dir, &["erase", "ada", "--yes"]);
    assert!(said.contains("NOT what else came from door"), "{said}");
    assert!(
        said.contains("1 releases that waited") && said.contains("--device pacemaker"),
        "{said}"
    );
    assert_eq!(world.store().query_row("SELECT count(*) FROM outbox", [], |it| it.get(0)), Ok(0));
    // What is left of it is what must still be told.
    assert_eq!(world.ledger_count("withdrawn", None), 2);
    assert_eq!(on_disk(&world, "subject = \"ada\""), None);
    assert!(on_disk(&world, "subject = \"ben\"").is_some());

    world.start_hub();
    world.start_gateway();
    wait_until("the hub deleted it", || world.ledger_count("deleted", None) == 2);
    assert_eq!(held(&world), ["scale"]);
    // Nothing leaves any more of what is ada's, and what is ben's does.
    assert_eq!(world.put("/patient/beats/bpm", b"Beats: 73 bpm"), 204);
    put(&world, ("scale", &secrets[0]), 61);
    wait_until("ben's leaves", || world.received().iter().any(|it| it.1 == 61));
    assert_eq!(held(&world), ["scale"]);
    stop(&mut world);

    let words = after_all(&said, "hushgate ");
    run_ok(&dir, &words.split_whitespace().collect::<Vec<_>>());
    for theirs in ["pacemaker", "ada-door", "ada-pacemaker"] {
        assert_eq!(on_disk(&world, theirs), None, "{theirs}");
    }
    assert!(on_disk(&world, "ben-scale").is_some());
    let verified = run_ok(&dir, &["ledger", "verify", "--checkpoint", kept.to_str().unwrap()]);
    assert!(verified.contains(" erased") && verified.contains("it continues the"), "{verified}");
    world.start_gateway();
    put(&world, ("scale", &secrets[0]), 62);
    wait_until("a gateway goes on", || world.received().iter().any(|it| it.1 == 62));
    world.verify();
}

/// The rest of the line after `start`.
fn after_all<'a>(text: &'a str, start: &str) -> &'a str {
    let rest = text.lines().find_map(|it| it.trim().strip_prefix(start));
    rest.unwrap_or_default()
}
