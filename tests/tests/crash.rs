//! `kill -9` at random moments under load, 200 times and more: nothing acknowledged is lost, nothing happens twice.
//!
//! After each restart every frame that was sent is looked for in the ledger, one by one. What the hub holds in the
//! end must be exactly the numbers of the frames that were queued.
//!
//! `HUSHGATE_CRASH_KILLS` sets the number of kills, `HUSHGATE_CRASH_SEED` repeats a run's choices.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on should fail loudly, and names its seed"
)]

use hushgate_tests::{
    program::Program,
    publisher::{HANG, Publisher, Round},
    random::{Random, number, seed},
    world::World,
};
use std::{sync::mpsc::channel, thread, time::Duration};

const KILLS: u64 = 200;
/// Each world runs its share of the kills, at the same time as the others.
const WORLDS: u64 = 2;
const DEVICES: usize = 4;

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
        let mut received = self.world.received();
        received.sort();
        assert_eq!(received, queued, "the hub does not have what was queued");
        let verified = self.world.verify();
        let all = format!("{} deliveries signed, 0 unsigned; 0 releases wait", queued.len());
        assert!(verified.contains(&all), "{verified}");
        let frames: u64 = self.devices.iter().map(Publisher::sent).sum();
        eprintln!("{frames} frames sent, {} delivered", queued.len());
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
