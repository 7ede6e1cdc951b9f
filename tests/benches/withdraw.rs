//! How long a withdrawal takes with 100,000 releases waiting: until the last of them was sent, until all are purged, and
//! what it costs frames of another device meanwhile. Run by `cargo xtask bench`; figures in docs/performance.md.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up should fail loudly")]

use hushgate_tests::{
    fake_hub::{FakeHub, Reply, receipt_key},
    http,
    world::{GRANT, World, wait_longer},
};
use rusqlite::{Connection, params};
use std::{
    fs,
    io::Write as _,
    time::{Duration, Instant},
};

const WAITING: i64 = 100_000;

fn main() {
    say(
        "| hub | until the last left (ms) | until all were purged (ms) | another device's frame, p50 / most (ms) |",
    );
    say("|---|---|---|---|");
    for hub_answers in [false, true] {
        measure(hub_answers);
    }
}

fn measure(hub_answers: bool) {
    let (mut world, secret) = waiting();
    let address = world.hub_address;
    let reply = Reply::SignedBy(receipt_key(&world.hub_dir()));
    let fake = hub_answers.then(|| FakeHub::start(address, reply));
    world.start_gateway();
    if let Some(fake) = &fake {
        wait_longer(60, "releases leave", || fake.asked() > 20);
    }
    let store = world.store();
    let before: i64 = store.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0)).unwrap();
    // Cheap: what is measured has two cores, and this takes of them.
    let mut rest = store.prepare("SELECT 1 FROM outbox LIMIT 1").unwrap();
    let start = Instant::now();
    fs::remove_file(world.gateway_dir().join("grants/ada-pacemaker.toml")).unwrap();
    let mut frames = Vec::new();
    while rest.exists([]).unwrap() {
        assert!(start.elapsed() < Duration::from_secs(300), "waited in vain");
        let sent = Instant::now();
        let authorization = format!("Authorization: Bearer door.{secret}");
        let body = b"Beats: 71 bpm";
        let answer = http::request(world.http, "PUT", "/door/bpm", &[&authorization], body);
        assert_eq!(answer.status, 204, "{}", answer.text);
        frames.push(milliseconds(sent.elapsed()));
        std::thread::sleep(Duration::from_millis(5));
    }
    let purged = milliseconds(start.elapsed());
    let last = fake.as_ref().and_then(FakeHub::last_release);
    let silent = last.map_or(0.0, |it| milliseconds(it.saturating_duration_since(start)));
    frames.sort_by(f64::total_cmp);
    let what = if hub_answers { "takes them meanwhile" } else { "away" };
    let (middle, most) = (frames[frames.len() / 2], frames[frames.len() - 1]);
    say(&format!(
        "| {what}, {before} waiting | {silent:.0} | {purged:.0} | {middle:.1} / {most:.1} |"
    ));
}

/// A gateway that does not run, with so many releases due; its hub is away. And the secret of the other device, which has
/// no grant.
fn waiting() -> (World, String) {
    let mut world = World::running();
    world.hub.as_mut().unwrap().kill();
    assert_eq!(world.put("/patient/beats/bpm", b"Beats: 71.00 bpm "), 204);
    world.gateway.take().unwrap().stop();
    let secret = world.enrol("door", "door/#");
    world.grant("ada-pacemaker", GRANT);
    let store = Connection::open(world.gateway_dir().join("state/gateway.db")).unwrap();
    let copy = "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        INSERT INTO outbox(release, frame, device, recipient, grant_id, grant_digest, due_ms, expires_ms, envelope)
        SELECT randomblob(16), frame, device, recipient, grant_id, grant_digest, due_ms - 1000 * i, expires_ms,
               CAST(substr(envelope, 1, 9) || randomblob(length(envelope) - 9) AS BLOB)
        FROM n, outbox";
    store.execute(copy, params![WAITING]).unwrap();
    // The gateway parses what it sends: each names its own release.
    let name = "UPDATE outbox SET envelope = CAST(substr(envelope, 1, 9) || release || substr(envelope, 26) AS BLOB)";
    store.execute(name, []).unwrap();
    (world, secret)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").unwrap();
}
