//! What a subject can see without asking anybody: the report, the picture of where data goes, and all that is held.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use hushgate_tests::{
    program::{run, run_ok},
    world::{World, wait_until},
};
use std::{fs, os::unix::fs::PermissionsExt};

/// What devices sent, and what is released of it: no page may show either.
const VALUES: [&str; 2] = ["71.625", "72 /min"];

fn written(world: &World, command: &[&str]) -> String {
    let file = world.dir.path().join("written");
    let out = ["--out", file.to_str().unwrap()];
    run_ok(&world.gateway_dir(), &[command, &out].concat());
    fs::read_to_string(file).unwrap()
}

#[test]
fn a_report_counts_what_the_ledger_proves_and_shows_no_value() {
    let mut world = World::running();
    for _ in 0..5 {
        assert_eq!(world.put("/patient/beats/bpm", b"bpm: 71.625 bpm"), 204);
    }
    assert_eq!(world.put("/patient/beats/bpm", b"nobody understands this"), 204);
    world.wait_until_delivered();
    // What is not on disk yet goes there at the end.
    assert!(world.gateway.take().unwrap().stop().success());
    let html = written(&world, &["report", "--subject", "ada", "--days", "1"]);
    let left = world.ledger_count("queued", None);
    let status = run_ok(&world.gateway_dir(), &["status"]);
    assert!(status.contains("% of the messages and"), "{status}");
    let delivered = world.ledger_count("delivered", None);
    assert!(left > 0 && left == delivered);
    for text in [
        format!("6 came, {left} left"),
        format!("5 came, {left} left"),
        format!("<p class=\"value\">{delivered}</p>"),
        "<h3>for hospital</h3>".to_owned(),
        "stayed at home: it breaks the device's format".to_owned(),
        "<svg class=\"flow\"".to_owned(),
        "NOT anonymous".to_owned(),
    ] {
        assert!(html.contains(&text), "no `{text}` in {html}");
    }
    for text in VALUES.into_iter().chain(["<script", "src=", "href=", "@import"]) {
        assert!(!html.contains(text), "`{text}` in {html}");
    }
}

#[test]
fn what_was_counted_is_told_also_if_nothing_comes_after_it() {
    let world = World::running();
    assert_eq!(world.put("/patient/beats/bpm", b"nobody understands this"), 204);
    wait_until("status knows of it", || {
        run_ok(&world.gateway_dir(), &["status"]).contains("100.0 % of the messages")
    });
}

#[test]
fn the_picture_draws_every_grant_and_what_stays_at_home() {
    let world = World::new();
    world.enrol("scale", "scale/#");
    world.grant("ada-pacemaker", hushgate_tests::world::GRANT);
    let svg = written(&world, &["diagram"]);
    for text in [">pacemaker<", ">scale<", ">stays at home<", ">hospital<", ">2 fields<", "bits/h<"]
    {
        assert!(svg.contains(text), "no `{text}` in {svg}");
    }
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
}

#[test]
fn a_report_of_nobody_says_so() {
    let world = World::new();
    let said = run(&world.gateway_dir(), &["report", "--subject", "adda"]);
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(
        said.status.code() == Some(3) && text.contains("no device here is of a subject"),
        "{text}"
    );
    assert!(!run(&world.gateway_dir(), &["report", "--days", "0"]).status.success());
}

#[test]
fn an_export_has_all_that_is_held_and_no_secret_and_is_for_its_subject_alone() {
    let mut world = World::running();
    for _ in 0..3 {
        assert_eq!(world.put("/patient/beats/bpm", b"bpm: 71.625 bpm"), 204);
    }
    world.wait_until_delivered();
    world.hub.take();
    assert_eq!(world.put("/patient/beats/bpm", b"mmHg: 120.00 mmHg"), 204);
    assert!(world.gateway.take().unwrap().stop().success());
    let file = world.dir.path().join("ada.json");
    let export = |who| run(&world.gateway_dir(), &["export", who, "--out", file.to_str().unwrap()]);
    assert!(export("ada").status.success());
    let text = fs::read_to_string(&file).unwrap();
    let held: serde_json::Value = serde_json::from_str(&text).unwrap();
    let count = |name: &str| held[name].as_array().unwrap().len();
    let entries: i64 =
        world.store().query_row("SELECT count(*) FROM ledger", [], |it| it.get(0)).unwrap();
    assert_eq!(i64::try_from(count("ledger")).unwrap(), entries);
    assert_eq!([count("devices"), count("grants"), count("remembered"), count("waiting")], [1; 4]);
    assert_eq!(held["grants"][0]["text"], hushgate_tests::world::GRANT);
    assert!(count("days") > 0);
    for text in ["argon2", &world.secret, "71.6"] {
        assert!(!held.to_string().contains(text), "`{text}` was exported");
    }
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // What is remembered is still held after the grant is gone.
    run_ok(&world.gateway_dir(), &["grant", "withdraw", "ada-pacemaker"]);
    let later = world.dir.path().join("later.json");
    run_ok(&world.gateway_dir(), &["export", "ada", "--out", later.to_str().unwrap()]);
    let later: serde_json::Value = serde_json::from_slice(&fs::read(later).unwrap()).unwrap();
    assert_eq!(later["grants"].as_array().unwrap().len(), 0);
    assert_eq!(later["remembered"], held["remembered"]);
    // It is not written over, and nobody else has one.
    assert_eq!([export("ada"), export("ben")].map(|it| it.status.code()), [Some(3); 2]);
}
