//! `kill -9` at random moments under load, 200 times and more: nothing acknowledged is lost, nothing happens twice.
//!
//! Each device sends a random sequence of frames, some good and some bad in different ways, with several in
//! flight. The ledger keeps no values, but the sequence of its reasons for one device must be the sequence of
//! what was sent: all that was acknowledged, perhaps some of what was in flight, and nothing else. So each frame
//! is found, one by one. What the hub holds in the end must be exactly the numbers of the frames that were
//! queued.
//!
//! `HUSHGATE_CRASH_KILLS` sets the number of kills, `HUSHGATE_CRASH_SEED` repeats a run's choices.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on should fail loudly, and names its seed"
)]

use hushgate_tests::{
    mqtt::Device,
    program::Program,
    random::{Random, number, seed},
    world::World,
};
use rumqttc::v5::mqttbytes::v5::PubAckReason;
use std::{
    collections::BTreeMap,
    sync::mpsc::{Sender, channel},
    time::Duration,
};

const KILLS: u64 = 200;
/// Each world runs its share of the kills, at the same time as the others.
const WORLDS: u64 = 2;
const DEVICES: usize = 4;
const IN_FLIGHT_MAX: usize = 8;
/// A connection that says nothing for so long hangs.
const HANG: Duration = Duration::from_secs(60);

const GRANT: &str = r#"
subject = "ada"
device = "DEVICE"
recipient = "hospital"
purpose = "dpv:HealthMonitoring"
every = "1 s"
retention = "24 h"
valid-from = 2026-01-01T00:00:00Z
valid-until = 2100-01-01T00:00:00Z
field = [{ path = "heart-rate", unit = "/min", range = [0, 1000000], step = 1 }]
"#;

/// Kinds of frames: topic behind the device's own, payload, and what the ledger may say.
const FRAMES: [(&str, &str, &[&str]); 5] = [
    ("/beats", "Beats: NUMBER bpm", &["queued/", "withheld/slot-taken"]),
    ("/beats", "Beats: NUMBER furlongs", &["quarantined/unsupported"]),
    ("/beats", "Beats: many bpm", &["quarantined/malformed"]),
    ("/tension", "Tension: NUMBER mmHg", &["withheld/not-granted"]),
    ("-of-another/beats", "Beats: NUMBER bpm", &["withheld/foreign-topic"]),
];

/// A frame as it was sent: its kind and its number.
type Sent = (usize, u64);

/// One device and what is known of it.
struct Sender4 {
    name: String,
    secret: String,
    random: Random,
    next: u64,
    /// The numbers that the ledger says were queued.
    queued: Vec<u64>,
    /// Up to where the ledger was compared.
    seq: i64,
}

/// What a device saw in one round.
struct Round {
    sent: Vec<Sent>,
    acknowledged: usize,
}
