//! The disk is full, the outbox is full, the store cannot be written: what is not kept is not acknowledged, and
//! goes through as soon as there is room.
//!
//! The gateway's state lies in a small file system in memory. Where mounting one is not permitted, the tests that
//! need it say so and do nothing.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot set up should fail loudly, and one that is skipped says so"
)]

use hushgate_tests::{
    http,
    mqtt::Device,
    program::run,
    publisher::HANG,
    world::{GRANT, World, wait_until},
};
use rumqttc::v5::mqttbytes::v5::PubAckReason;
use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

/// Room for the compiled plugins and some thousand ledger entries.
const STATE_BYTES: &str = "size=24m";
const WITHHELD: &str = "its PUBACK is withheld";
/// How long an acknowledgement that must not come is waited for.
const SILENCE: Duration = Duration::from_millis(300);

/// A file system in memory. Goes when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// At `dir`; nothing if this user may not mount.
    fn mount(dir: &Path) -> Option<Self> {
        let args = ["-t", "tmpfs", "-o", STATE_BYTES, "hushgate-test"];
        let mounted = Command::new("mount").args(args).arg(dir).stderr(Stdio::null()).status();
        if mounted.is_ok_and(|it| it.success()) {
            return Some(Self(dir.to_owned()));
        }
        eprintln!("skipped: mounting a file system is not permitted here");
        None
    }

    /// Fills it to the last byte.
    fn fill(&self) {
        let mut file = File::create(self.0.join("ballast")).unwrap();
        for block in [64 << 10, 512, 1] {
            while file.write_all(&vec![0xaa; block]).is_ok() {}
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }

    fn make_read_only(&self) {
        let status = Command::new("mount").args(["-o", "remount,ro"]).arg(&self.0).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Sends until the gateway says that it withholds an acknowledgement. How many were acknowledged; one more waits.
fn send_until_withheld(world: &World, device: &mut Device, topic: &str) -> i64 {
    let mut acknowledged = 0;
    let gateway = world.gateway.as_ref().unwrap();
    let before = gateway.log_text().matches(WITHHELD).count();
    loop {
        device.send(topic, b"Beats: 70 bpm").unwrap();
        let mut answer = device.acknowledgement(SILENCE).unwrap();
        while answer.is_none() && gateway.log_text().matches(WITHHELD).count() == before {
            answer = device.acknowledgement(SILENCE).unwrap();
        }
        if answer.is_none() {
            return acknowledged;
        }
        acknowledged += 1;
        assert!(acknowledged < 100_000, "the disk does not get full");
    }
}

fn decisions(world: &World) -> i64 {
    ["queued", "withheld", "quarantined"].into_iter().map(|it| world.ledger_count(it, None)).sum()
}

#[track_caller]
fn answers_503(world: &World, body: &[u8]) {
    let authorization = format!("Authorization: Bearer pacemaker.{}", world.secret);
    let answer = http::request(world.http, "PUT", "/patient/beats", &[&authorization], body);
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert!(answer.text.to_lowercase().contains("\r\nretry-after: "), "{}", answer.text);
}

#[test]
fn with_a_full_disk_nothing_is_acknowledged_until_there_is_room() {
    let mut world = World::new();
    world.grant("ada-pacemaker", GRANT);
    let watch = world.enrol("watch", "watch/#");
    let Some(disk) = SmallDisk::mount(&world.gateway_dir().join("state")) else { return };
    world.start_gateway();
    let mut device = world.device();
    let mut stranger = Device::connect(world.mqtt, "watch", &watch).unwrap();
    assert_eq!(device.publish("patient/beats", b"Beats: 71 bpm").unwrap(), PubAckReason::Success);

    disk.fill();
    let acknowledged = send_until_withheld(&world, &mut device, "patient/beats") + 1;
    answers_503(&world, b"Beats: 72 bpm");
    stranger.send("not/its/own", b"Beats: 73 bpm").unwrap();
    assert_eq!(stranger.acknowledgement(SILENCE).unwrap(), None, "refused without a receipt");
    assert_eq!(device.acknowledgement(SILENCE).unwrap(), None);
    assert_eq!(decisions(&world), acknowledged);

    disk.make_room();
    assert_eq!(device.acknowledgement(HANG).unwrap(), Some(PubAckReason::Success));
    assert_eq!(stranger.acknowledgement(HANG).unwrap(), Some(PubAckReason::NotAuthorized));
    assert_eq!(world.put("/patient/beats", b"Beats: 74 bpm"), 204);
    // The one that was withheld, the stranger's, and the one just now.
    assert_eq!(decisions(&world), acknowledged + 3);
    assert_eq!(world.ledger_count("withheld", Some("foreign-topic")), 1);
    world.wait_until_delivered();
    world.verify();
}

#[test]
fn a_gateway_with_a_full_disk_can_be_stopped() {
    let mut world = World::new();
    world.grant("ada-pacemaker", GRANT);
    let Some(disk) = SmallDisk::mount(&world.gateway_dir().join("state")) else { return };
    world.start_gateway();
    let mut device = world.device();
    disk.fill();
    let acknowledged = send_until_withheld(&world, &mut device, "patient/beats");
    let ended = world.gateway.as_mut().unwrap().stop();
    assert_eq!(ended.code(), Some(0), "{}", world.gateway.as_ref().unwrap().log_text());
    disk.make_room();
    world.verify();
    assert_eq!(decisions(&world), acknowledged);
}

#[test]
fn with_a_full_outbox_nothing_more_is_queued_until_the_hub_is_back() {
    let mut world = World::new();
    world.grant("ada-pacemaker", GRANT);
    let watch = world.enrol("watch", "watch/#");
    world.grant("ada-watch", &GRANT.replace("pacemaker", "watch"));
    world.edit_settings(|it| it.replace("outbox-entries-max = 100000", "outbox-entries-max = 2"));
    world.hub = None;
    world.start_gateway();
    let mut device = world.device();
    assert_eq!(device.publish("patient/beats", b"Beats: 71 bpm").unwrap(), PubAckReason::Success);
    let pressure = device.publish("patient/tension", b"Tension: 120 mmHg");
    assert_eq!(pressure.unwrap(), PubAckReason::Success);
    assert_eq!(world.ledger_count("queued", None), 2);

    let mut watch = Device::connect(world.mqtt, "watch", &watch).unwrap();
    watch.send("watch/beats", b"Beats: 73 bpm").unwrap();
    wait_until("the outbox is full", || {
        assert_eq!(watch.acknowledgement(SILENCE).unwrap(), None);
        world.gateway.as_ref().unwrap().log_text().contains(WITHHELD)
    });
    // In a new slot, so that it would be queued.
    wait_until("HTTP is told, too", || world.put("/patient/beats", b"Beats: 74 bpm") == 503);
    answers_503(&world, b"Beats: 74 bpm");
    assert_eq!(world.ledger_count("queued", None), 2);

    world.start_hub();
    assert_eq!(watch.acknowledgement(HANG).unwrap(), Some(PubAckReason::Success));
    wait_until("all is delivered", || world.ledger_count("delivered", None) == 3);
    let mut received = world.received();
    received.sort();
    let expected =
        [("pacemaker", 71), ("pacemaker", 120), ("watch", 73)].map(|it| (it.0.to_owned(), it.1));
    assert_eq!(received, expected);
    world.verify();
}

/// Starts the gateway, which must refuse; what it says.
#[track_caller]
fn refuses_to_start(world: &World) -> String {
    let output = run(&world.gateway_dir(), &["run"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    text
}

#[test]
fn a_store_that_cannot_be_written_is_an_error_with_its_path() {
    let mut world = World::new();
    world.grant("ada-pacemaker", GRANT);
    let state = world.gateway_dir().join("state");
    let Some(disk) = SmallDisk::mount(&state) else { return };
    world.start_gateway();
    assert_eq!(world.put("/patient/beats", b"Beats: 71 bpm"), 204);
    assert!(world.gateway.take().expect("it was started").stop().success());
    disk.make_read_only();
    let said = refuses_to_start(&world);
    assert!(said.contains(state.to_str().unwrap()) && said.contains("Read-only"), "{said}");
}

#[test]
fn a_missing_state_directory_is_an_error_with_its_path() {
    let world = World::new();
    let state = world.gateway_dir().join("state");
    fs::remove_dir_all(&state).unwrap();
    let said = refuses_to_start(&world);
    assert!(said.contains(state.to_str().unwrap()), "{said}");
}

#[test]
fn a_store_of_another_program_is_an_error_and_stays_as_it_is() {
    let world = World::new();
    let store = world.gateway_dir().join("state/gateway.db");
    let letter = "Dear diary, today I measured my blood pressure. ".repeat(100);
    fs::write(&store, &letter).unwrap();
    let said = refuses_to_start(&world);
    assert!(said.contains(store.to_str().unwrap()), "{said}");
    assert_eq!(fs::read_to_string(&store).unwrap(), letter);
}
