//! Devices that send as fast as they are acknowledged, and find each of their frames in the ledger.
//!
//! Each device sends a random sequence of frames, some good and some bad in different ways, with several in
//! flight. The ledger keeps no values, but the sequence of its reasons for one device must be the sequence of
//! what was sent: all that was acknowledged, perhaps some of what was in flight, and nothing else. So each frame
//! is found, one by one.

use crate::{mqtt::Device, random::Random, world::World};
use rumqttc::v5::mqttbytes::v5::PubAckReason;
use rusqlite::Connection;
use std::{net::SocketAddr, sync::mpsc::Sender, time::Duration};

const IN_FLIGHT_MAX: usize = 8;
/// A connection that says nothing for so long hangs.
pub const HANG: Duration = Duration::from_secs(60);

const GRANT: &str = r#"
subject = "ada"
device = "DEVICE"
recipient = "hospital"
purpose = "sector-health:PatientMonitoring"
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
    kind(("/beats", "Beats: NUMBER furlongs"), PubAckReason::Success, &["quarantined/unsupported"]),
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

/// What a device saw until its connection broke.
#[derive(Default)]
pub struct Round {
    sent: Vec<Sent>,
    acknowledged: usize,
}

/// A device, and what is known of it.
pub struct Publisher {
    name: String,
    secret: String,
    random: Random,
    number: u64,
    queued: Vec<u64>,
    /// Up to where the ledger was compared.
    seq: i64,
}

impl Publisher {
    /// Enrols the device `device-<place>` and writes its grant.
    pub fn enrol(world: &World, place: usize, seed: u64) -> Self {
        let name = format!("device-{place}");
        let secret = world.enrol(&name, &format!("{name}/#"));
        world.grant(&format!("ada-{name}"), &GRANT.replace("DEVICE", &name));
        Self { name, secret, random: Random::new(seed), number: 0, queued: Vec::new(), seq: 0 }
    }

    /// Sends until the connection breaks.
    pub fn load(&mut self, broker: SocketAddr, connected: &Sender<()>) -> Round {
        let mut round = Round::default();
        let Ok(mut device) = Device::connect(broker, &self.name, &self.secret) else {
            return round;
        };
        let _ = connected.send(());
        loop {
            let filled = self.fill(&device, &mut round);
            let answer = filled.and_then(|()| device.acknowledgement(HANG));
            let Ok(reason) = answer else { return round };
            let expected = round.sent[round.acknowledged].kind.reason;
            assert_eq!(reason, Some(expected), "{} frame {}", self.name, round.acknowledged);
            round.acknowledged += 1;
        }
    }

    /// Sends until as many are in flight as may be.
    fn fill(&mut self, device: &Device, round: &mut Round) -> Result<(), String> {
        while round.sent.len() < round.acknowledged + IN_FLIGHT_MAX {
            let sent = self.next();
            let topic = format!("{}{}", self.name, sent.kind.topic);
            let payload = sent.kind.payload.replace("NUMBER", &sent.number.to_string());
            round.sent.push(sent);
            device.send(&topic, payload.as_bytes())?;
        }
        Ok(())
    }

    fn next(&mut self) -> Sent {
        let place = usize::try_from(self.random.below(KINDS.len() as u64)).unwrap();
        self.number += 1;
        Sent { kind: &KINDS[place], number: self.number }
    }

    /// Finds each frame of a round in the ledger.
    pub fn compare(&mut self, store: &Connection, round: &Round) {
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

    /// The device's name with each number that was queued, says the ledger.
    pub fn queued(&self) -> impl Iterator<Item = (String, u64)> {
        self.queued.iter().map(|number| (self.name.clone(), *number))
    }

    /// How many frames were sent so far.
    pub fn sent(&self) -> u64 {
        self.number
    }

    fn decided(&self, store: &Connection) -> Vec<(i64, String)> {
        let query = "SELECT seq, kind || '/' || reason FROM ledger WHERE device = ?1 AND seq > ?2
                     AND kind IN ('queued', 'withheld', 'quarantined') ORDER BY seq";
        let mut query = store.prepare(query).unwrap();
        let rows = query.query_map((&self.name, self.seq), |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }
}
