//! A grant ends with an event: from the frame on that tells of it nothing leaves, and nothing brings the grant back.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use hushgate_tests::{
    http,
    program::{run, run_ok},
    world::{GRANT, World, wait_until},
};

const EVENT: &str = "ends-with = { path = \"heart-rate\", unit = \"/min\", above = 180 }";

/// [`GRANT`] until `event`.
fn until(event: &str) -> String {
    GRANT.replacen("field = [", &format!("{event}\nfield = ["), 1)
}

/// A gateway whose hub is away, with one release waiting.
fn waiting(grant: &str) -> World {
    let mut world = World::new();
    world.grant("ada-pacemaker", grant);
    world.start_gateway();
    world.hub.as_mut().unwrap().kill();
    world.queue(71);
    world
}

#[track_caller]
fn send(world: &World, beats: u32) {
    let body = format!("Beats: {beats} bpm");
    assert_eq!(world.put("/patient/beats/bpm", body.as_bytes()), 204);
}

/// Nothing leaves any more of what comes.
#[track_caller]
fn is_over(world: &World) {
    let (queued, denied) =
        (world.ledger_count("queued", None), world.ledger_count("withheld", Some("no-grant")));
    send(world, 72);
    assert_eq!(world.ledger_count("withheld", Some("no-grant")), denied + 1);
    assert_eq!(world.ledger_count("queued", None), queued);
    assert_eq!(world.ledger_count("ended", None), 1);
    let listed = run_ok(&world.gateway_dir(), &["grant", "list"]);
    assert!(listed.contains("ada-pacemaker: ENDED by its event at 20"), "{listed}");
}

#[test]
fn the_frame_that_tells_of_the_event_is_the_first_of_which_nothing_leaves() {
    // What waits is not due for long, so that nobody looks at it but who purges.
    let world = waiting(&until(EVENT).replace("every = \"1 s\"", "every = \"24 h\""));
    send(&world, 180);
    assert_eq!(world.ledger_count("ended", None), 0);
    send(&world, 181);
    assert_eq!(world.ledger_count("withheld", Some("grant-ended")), 1);
    wait_until("what waited is purged", || {
        world.ledger_count("purged", Some("grant-ended")) == world.ledger_count("queued", None)
    });
    is_over(&world);
    // Also not if it says something else later, and it is told once.
    send(&world, 181);
    is_over(&world);
    world.verify();
    let last = world.frames() - 3;
    let told = run_ok(&world.gateway_dir(), &["explain", &last.to_string()]);
    assert!(told.contains("the event with which grant ada-pacemaker ended"), "{told}");
}

#[test]
fn neither_a_crash_nor_a_change_of_settings_brings_it_back_but_a_new_text_is_a_new_consent() {
    let mut world = waiting(&until(EVENT));
    send(&world, 200);
    // Killed without a chance to write anything more.
    world.gateway.as_mut().unwrap().kill();
    world.gateway = None;
    world.start_gateway();
    is_over(&world);
    // Another grant makes a new generation of plans.
    world.grant(
        "other",
        &GRANT.replace("own:", "").replace("sector-health:PatientMonitoring", "own:other"),
    );
    wait_until("the other grant counts", || {
        send(&world, 73);
        world.ledger_count("queued", None) > 1
    });
    let under = |grant: &str| -> i64 {
        let query = "SELECT count(*) FROM ledger WHERE kind = 'queued' AND grant_id = ?1";
        world.store().query_row(query, [grant], |row| row.get(0)).unwrap()
    };
    let before = under("ada-pacemaker");
    world.grant("ada-pacemaker", &until(EVENT));
    world.queue(74);
    assert_eq!(under("ada-pacemaker"), before);
    world.grant("ada-pacemaker", &format!("# Given again.\n{}", until(EVENT)));
    wait_until("the new consent counts", || {
        send(&world, 75);
        under("ada-pacemaker") > before
    });
    world.verify();
}

#[test]
fn another_device_of_the_subject_can_tell_of_it() {
    let mut world = World::new();
    let secret = world.enrol("watch", "watch/#");
    world.grant("ada-pacemaker", &until(&EVENT.replace("path", "device = \"watch\", path")));
    world.start_gateway();
    world.hub.as_mut().unwrap().kill();
    let watch = |beats: u32| {
        let authorization = format!("Authorization: Bearer watch.{secret}");
        let body = format!("Beats: {beats} bpm");
        http::request(world.http, "PUT", "/watch/beats/bpm", &[&authorization], body.as_bytes())
    };
    // The pacemaker's own pulse is not asked.
    world.queue(190);
    assert_eq!(watch(100).status, 204);
    world.queue(191);
    assert_eq!(world.ledger_count("ended", None), 0);
    assert_eq!(watch(190).status, 204);
    // No other frame of the pacemaker is needed.
    wait_until("what waited is purged", || world.ledger_count("purged", Some("grant-ended")) == 2);
    is_over(&world);
    // The watch itself shares nothing, and once all is said it is not even read any more.
    let query = "SELECT count(*) FROM ledger WHERE device = 'watch' AND kind <> 'withheld'";
    let more: i64 = world.store().query_row(query, [], |row| row.get(0)).unwrap();
    assert_eq!(more, 0);
    world.verify();
}

#[test]
fn an_event_that_can_never_come_or_tells_of_others_is_an_error_with_its_line() {
    let world = World::new();
    let args = ["device", "add", "door", "--subject", "ada", "--subject", "ben", "--topics", "d/#"];
    run_ok(&world.gateway_dir(), &[&args[..], &["--adapter", "private-iot-text"]].concat());
    for (device, says) in [
        ("dor", "no device `dor` in hushgate.toml"),
        ("door", "tells of `ben`, too, who did not agree that `hospital` learns of it"),
    ] {
        let event = EVENT.replace("path", &format!("device = \"{device}\", path"));
        world.grant("ada-pacemaker", &until(&event));
        let listed = run(&world.gateway_dir(), &["grant", "list"]);
        let text = String::from_utf8_lossy(&listed.stderr).into_owned();
        assert!(text.contains("grants/ada-pacemaker.toml:10: "), "{text}");
        assert!(text.contains(says), "{text}");
    }
}
