//! MQTT programs that people use already: Mosquitto and Paho, as devices and as the broker of the house.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use hushgate_tests::{
    mosquitto::{self, ACCOUNTS, Broker},
    rig,
    world::{World, wait_until},
};
use rusqlite::Connection;
use std::{
    fs,
    io::Write,
    process::{Command, Output},
};

const BEAT: (&str, &str) = ("patient/beats/bpm", "Beats: 71.60 bpm ");
const VERSIONS: [&str; 2] = ["mqttv311", "mqttv5"];

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn mosquitto_publishes_with_every_version_and_quality() {
    let world = World::running();
    let account = ("pacemaker", world.secret.as_str());
    for version in VERSIONS {
        for quality in ["0", "1", "2"] {
            let before = world.frames();
            let sent =
                mosquitto::publish(world.mqtt, account, BEAT, &["-V", version, "-q", quality]);
            assert!(sent.status.success(), "{version} {quality}: {}", text(&sent.stderr));
            if quality == "0" {
                wait_until("it is decided on", || world.frames() > before);
            }
            assert_eq!(world.frames(), before + 1, "{version} with quality {quality}");
        }
    }
    world.wait_until_delivered();
    assert!(world.ledger_count("delivered", None) >= 1);
    assert_eq!(world.ledger_count("quarantined", None), 0);
    world.verify();
}

#[test]
fn a_wrong_password_and_a_foreign_topic_are_refused() {
    let world = World::running();
    for version in VERSIONS {
        let options = ["-V", version, "-q", "1"];
        let strangers =
            [("pacemaker", "guess"), ("nobody", world.secret.as_str()), ("pacemaker", "")];
        for account in strangers {
            let refused = mosquitto::publish(world.mqtt, account, BEAT, &options);
            assert!(!refused.status.success(), "{version}: {account:?} was let in");
        }
        assert_eq!(world.frames(), i64::from(version == "mqttv5"), "a stranger was heard");
        let account = ("pacemaker", world.secret.as_str());
        let foreign =
            mosquitto::publish(world.mqtt, account, ("door/open", "Beats: 71.60 bpm "), &options);
        // Only MQTT 5 can say that it was refused.
        let told = text(&foreign.stderr).contains("Not authorized");
        assert_eq!(told, version == "mqttv5", "{version}: {}", text(&foreign.stderr));
    }
    assert_eq!(world.frames(), 2);
    assert_eq!(world.ledger_count("withheld", Some("foreign-topic")), 2);
}

#[test]
fn nobody_can_listen_to_the_devices() {
    let world = World::running();
    let account = ("pacemaker", world.secret.as_str());
    for version in VERSIONS {
        for filter in ["#", "patient/#", "patient/beats/bpm", "$SYS/#", "$share/house/#"] {
            // It ends by itself once everything was denied; one message would end it with success.
            let mut listener = mosquitto::client("mosquitto_sub", world.mqtt, account);
            listener.args(["-V", version, "-t", filter, "-C", "1", "-W", "20", "-d"]);
            let listener = listener.output().unwrap();
            let said = text(&listener.stdout) + &text(&listener.stderr);
            assert!(said.contains("denied"), "{version} {filter}: {said}");
        }
    }
}

fn paho(world: &World, secret: &str, options: &[&str]) -> Option<Output> {
    let Some(python) = std::env::var_os("HUSHGATE_PAHO_PYTHON") else {
        let line = b"skipped: HUSHGATE_PAHO_PYTHON is not set; run `cargo verify`\n";
        std::io::stderr().write_all(line).unwrap();
        return None;
    };
    let script = rig::script("paho_publish.py").get_program().to_owned();
    let (ip, port) = (world.mqtt.ip().to_string(), world.mqtt.port().to_string());
    let (topic, _) = BEAT;
    let args = [&ip, &port, "pacemaker", secret, topic, "50", "Beats: 7{n}.60 bpm "];
    Some(Command::new(python).arg(script).args(args).args(options).output().unwrap())
}

#[test]
fn paho_is_acknowledged_for_every_message_and_refused_with_a_wrong_password() {
    let world = World::running();
    for (options, expected) in [(&[][..], 50), (&["--v5"], 100)] {
        let Some(sent) = paho(&world, &world.secret, options) else { return };
        assert_eq!(text(&sent.stdout).trim(), "50", "{options:?}: {}", text(&sent.stderr));
        assert_eq!(world.frames(), expected, "acknowledged and not on disk");
        let refused = paho(&world, "guess", options).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{options:?}: {}", text(&refused.stderr));
    }
    assert_eq!(world.frames(), 100);
}

/// A world whose gateway subscribes at `broker`, with a grant, not yet running.
fn subscriber(broker: &Broker, more: &str) -> World {
    let world = World::new();
    world.grant("ada-pacemaker", hushgate_tests::world::GRANT);
    broker.subscribe(&world, more);
    world
}

fn sensor_says(broker: &Broker, count: usize) {
    for _ in 0..count {
        let sent = mosquitto::publish(broker.address, ACCOUNTS[1], BEAT, &["-q", "1"]);
        assert!(sent.status.success(), "{}", text(&sent.stderr));
    }
}

/// Starts the gateway and waits until the broker heard its subscription for the `times`th time.
fn start(world: &mut World, broker: &Broker, times: usize) {
    world.start_gateway();
    subscribed(broker, times);
}

fn subscribed(broker: &Broker, times: usize) {
    wait_until("the gateway has subscribed", || {
        broker.log_text().matches("hushgate 1 patient/#").count()
            + broker.log_text().matches("hushgate 1 $share/house/patient/#").count()
            >= times
    });
}

#[test]
fn a_broker_keeps_messages_while_the_gateway_is_away() {
    let broker = Broker::start();
    let mut world = subscriber(&broker, "");
    start(&mut world, &broker, 1);
    sensor_says(&broker, 1);
    wait_until("the first message arrives", || world.frames() == 1);
    world.wait_until_delivered();
    assert_eq!(world.ledger_count("delivered", None), 1);

    assert!(world.gateway.take().unwrap().stop().success());
    sensor_says(&broker, 5);
    assert_eq!(world.frames(), 1);
    world.start_gateway();
    wait_until("what came meanwhile arrives", || world.frames() == 6);

    // Acknowledged messages do not come again.
    assert!(world.gateway.take().unwrap().stop().success());
    world.start_gateway();
    sensor_says(&broker, 1);
    wait_until("the last message arrives", || world.frames() >= 7);
    assert_eq!(world.frames(), 7);
}

#[test]
fn a_broker_that_forgot_everything_is_subscribed_to_again() {
    let mut broker = Broker::start();
    let mut world = subscriber(&broker, "");
    start(&mut world, &broker, 1);
    broker.stop();
    broker.forget();
    broker.resume();
    subscribed(&broker, 2);
    sensor_says(&broker, 3);
    wait_until("what comes afterwards arrives", || world.frames() == 3);
}

#[test]
fn what_is_not_on_disk_is_not_acknowledged_to_the_broker() {
    let broker = Broker::start();
    let mut world = subscriber(&broker, "");
    start(&mut world, &broker, 1);
    sensor_says(&broker, 1);
    wait_until("the first message arrives", || world.frames() == 1);

    // While we hold the write lock, nothing can be committed.
    let disk = Connection::open(world.gateway_dir().join("state/gateway.db")).unwrap();
    disk.execute_batch("BEGIN IMMEDIATE").unwrap();
    sensor_says(&broker, 5);
    wait_until("all five are with the gateway", || {
        broker.log_text().matches("Sending PUBLISH to hushgate").count() >= 6
    });
    world.gateway.take().unwrap().kill();
    disk.execute_batch("ROLLBACK").unwrap();
    assert_eq!(world.frames(), 1);

    world.start_gateway();
    wait_until("all five come again", || world.frames() == 6);
    world.verify();
}

#[test]
fn a_shared_subscription_gives_each_message_to_one_member() {
    let broker = Broker::start();
    let mut world = subscriber(&broker, "share = \"house\"\n");
    start(&mut world, &broker, 1);
    let mut other = mosquitto::client("mosquitto_sub", broker.address, ACCOUNTS[0]);
    other.args(["-i", "other", "-q", "1", "-t", "$share/house/patient/#"]);
    let heard = world.dir.path().join("heard");
    other.stdout(fs::File::create(&heard).unwrap());
    let mut other = KillOnDrop(other.spawn().unwrap());
    wait_until("the other has subscribed", || {
        broker.log_text().contains("other 1 $share/house/patient/#")
    });
    sensor_says(&broker, 20);
    let theirs = || i64::try_from(fs::read_to_string(&heard).unwrap().lines().count()).unwrap();
    wait_until("all have arrived somewhere", || world.frames() + theirs() >= 20);
    assert!(world.frames() > 0 && theirs() > 0, "only one of them was given messages");
    assert_eq!(world.frames() + theirs(), 20);
    other.0.kill().unwrap();
}

struct KillOnDrop(std::process::Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
