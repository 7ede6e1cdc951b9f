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
    clippy::expect_used,
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
use rusqlite::Connection;
use std::{
    net::SocketAddr,
    sync::mpsc::{Sender, channel},
    thread,
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

/// A kind of frames.
struct Kind {
    /// Behind the device's name.
    topic: &'static str,
    payload: &'static str,
    reason: PubAckReason,
    /// What the ledger may say.
    decisions: &'static [&'static str],
}

const fn kind(
    (topic, payload): (&'static str, &'static str),
    reason: PubAckReason,
    decisions: &'static [&'static str],
) -> Kind {
    Kind { topic, payload, reason, decisions }
}

const KINDS: [Kind; 5] = [
    kind(
        ("/beats", "Beats: NUMBER bpm"),
        PubAckReason::Success,
        &["queued/", "withheld/slot-taken"],
    ),
    kind(
        ("/beats", "Beats: NUMBER furlongs"),
        PubAckReason::Success,
        &["quarantined/unsupported"],
    ),
    kind(("/beats", "Beats: many bpm"), PubAckReason::Success, &["quarantined/malformed"]),
    kind(("/tension", "Tension: NUMBER mmHg"), PubAckReason::Success, &["withheld/not-granted"]),
    kind(
        ("-of-another/beats", "Beats: NUMBER bpm"),
        PubAckReason::NotAuthorized,
        &["withheld/foreign-topic"],
    ),
];

/// A frame as it was sent.
struct Sent {
    kind: &'static Kind,
    number: u64,
}

/// What a device saw until the gateway was killed.
#[derive(Default)]
struct Round {
    sent: Vec<Sent>,
    acknowledged: usize,
}

/// A device, and what is known of it.
struct Publisher {
    name: String,
    secret: String,
    random: Random,
    number: u64,
    /// The numbers that were queued, says the ledger.
    queued: Vec<u64>,
    /// Up to where the ledger was compared.
    seq: i64,
}

impl Publisher {
    fn enrol(world: &World, place: usize, seed: u64) -> Self {
        let name = format!("device-{place}");
        let secret = world.enrol(&name, &format!("{name}/#"));
        world.grant(&format!("ada-{name}"), &GRANT.replace("DEVICE", &name));
        Self { name, secret, random: Random::new(seed), number: 0, queued: Vec::new(), seq: 0 }
    }

    /// Sends until the connection breaks.
    fn load(&mut self, broker: SocketAddr, connected: &Sender<()>) -> Round {
        let mut round = Round::default();
        let Ok(mut device) = Device::connect(broker, &self.name, &self.secret) else {
            return round;
        };
        let _ = connected.send(());
        loop {
            while round.sent.len() < round.acknowledged + IN_FLIGHT_MAX {
                let sent = self.next();
                let topic = format!("{}{}", self.name, sent.kind.topic);
                let payload = sent.kind.payload.replace("NUMBER", &sent.number.to_string());
                round.sent.push(sent);
                if device.send(&topic, payload.as_bytes()).is_err() {
                    return round;
                }
            }
            let Ok(reason) = device.acknowledgement(HANG) else { return round };
            let expected = round.sent[round.acknowledged].kind.reason;
            assert_eq!(reason, Some(expected), "{} frame {}", self.name, round.acknowledged);
            round.acknowledged += 1;
        }
    }

    fn next(&mut self) -> Sent {
        let place = usize::try_from(self.random.below(KINDS.len() as u64)).unwrap();
        self.number += 1;
        Sent { kind: &KINDS[place], number: self.number }
    }

    /// Finds each frame of a round in the ledger.
    fn compare(&mut self, store: &Connection, round: &Round) {
        let decided = self.decided(store);
        let (sent, acknowledged) = (round.sent.len(), round.acknowledged);
        let story = format!(
            "{}: {sent} sent, {acknowledged} acknowledged, {} decided",
            self.name,
            decided.len()
        );
        assert!(acknowledged <= decided.len(), "acknowledged frames are lost: {story}");
        assert!(decided.len() <= sent, "frames were decided twice: {story}");
        for (place, ((seq, decision), sent)) in decided.iter().zip(&round.sent).enumerate() {
            let fits = sent.kind.decisions.contains(&decision.as_str());
            assert!(fits, "{story}; frame {place}, `{}`: {decision}", sent.kind.payload);
            if decision == "queued/" {
                self.queued.push(sent.number);
            }
            self.seq = *seq;
        }
    }

    fn queued(&self) -> impl Iterator<Item = (String, u64)> {
        self.queued.iter().map(|number| (self.name.clone(), *number))
    }

    fn decided(&self, store: &Connection) -> Vec<(i64, String)> {
        let query = "SELECT seq, kind || '/' || reason FROM ledger WHERE device = ?1 AND seq > ?2
                     AND kind IN ('queued', 'withheld', 'quarantined') ORDER BY seq";
        let mut query = store.prepare(query).unwrap();
        let rows = query.query_map((&self.name, self.seq), |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }
}

/// One gateway and one hub, killed again and again.
struct Crashes {
    world: World,
    devices: Vec<Publisher>,
    random: Random,
}

impl Crashes {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut world = World::new();
        let enrol = |place| Publisher::enrol(&world, place, random.below(u64::MAX));
        let devices = (0..DEVICES).map(enrol).collect();
        world.start_gateway();
        Self { world, devices, random }
    }

    fn run(mut self, kills: u64) {
        for _ in 0..kills {
            let rounds = self.load_and_kill();
            self.restart();
            self.world.verify();
            let store = self.world.store();
            for (device, round) in self.devices.iter_mut().zip(&rounds) {
                device.compare(&store, round);
            }
        }
        self.finish();
    }

    /// Kills the gateway while devices connect or send, and sometimes the hub just before.
    fn load_and_kill(&mut self) -> Vec<Round> {
        let connected_min = self.random.below(DEVICES as u64 + 1);
        let after = Duration::from_millis(self.random.below(300));
        let hub_too = self.random.below(4) == 0;
        let broker = self.world.mqtt;
        let (connected, count) = channel();
        thread::scope(|scope| {
            let load = |device| {
                let connected = connected.clone();
                scope.spawn(move || Publisher::load(device, broker, &connected))
            };
            let loads: Vec<_> = self.devices.iter_mut().map(load).collect();
            for _ in 0..connected_min {
                count.recv_timeout(HANG).expect("a device cannot connect");
            }
            thread::sleep(after);
            if hub_too {
                self.world.hub = None;
            }
            self.world.gateway = None;
            loads.into_iter().map(|it| it.join().unwrap()).collect()
        })
    }

    /// Starts what was killed. The hub may stay away for some rounds; the gateway may be killed as it starts.
    fn restart(&mut self) {
        if self.world.hub.is_none() && self.random.below(2) == 0 {
            self.world.start_hub();
        }
        if self.random.below(8) == 0 {
            let starting = Program::start(&self.world.gateway_dir(), &["run"]);
            thread::sleep(Duration::from_millis(self.random.below(200)));
            drop(starting);
        }
        self.world.start_gateway();
    }

    /// All that was queued is delivered, and the hub has each number exactly once.
    fn finish(&mut self) {
        if self.world.hub.is_none() {
            self.world.start_hub();
        }
        self.world.wait_until_delivered();
        let mut queued: Vec<_> = self.devices.iter().flat_map(Publisher::queued).collect();
        queued.sort();
        let mut received = self.received();
        received.sort();
        assert_eq!(received, queued, "the hub does not have what was queued");
        let verified = self.world.verify();
        let all = format!("{} deliveries signed, 0 unsigned; 0 releases wait", queued.len());
        assert!(verified.contains(&all), "{verified}");
        let frames: u64 = self.devices.iter().map(|it| it.number).sum();
        eprintln!("{frames} frames sent, {} delivered", queued.len());
    }

    fn received(&self) -> Vec<(String, u64)> {
        let store = self.world.hub_store();
        let query = "SELECT source.device, CAST(point.value AS INTEGER) FROM point
                     JOIN channel ON channel.id = point.channel JOIN source ON source.id = channel.source";
        let mut query = store.prepare(query).unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

#[test]
fn a_killed_gateway_loses_nothing_and_repeats_nothing() {
    let kills = number("HUSHGATE_CRASH_KILLS").unwrap_or(KILLS).div_ceil(WORLDS);
    let seed = number("HUSHGATE_CRASH_SEED").unwrap_or_else(seed);
    eprintln!("HUSHGATE_CRASH_SEED={seed}");
    thread::scope(|scope| {
        for world in 0..WORLDS {
            scope.spawn(move || Crashes::new(seed.wrapping_add(world)).run(kills));
        }
    });
}
