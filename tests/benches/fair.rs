//! What a device notices of another device's hostile plugin: its round trip (MQTT, QoS 1, acknowledged after the
//! commit) alone, beside eight devices with a good plugin, and beside eight with a hostile one, in turns within one
//! run of the program. Run by `cargo xtask bench`; figures in docs/performance.md.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up should fail loudly")]

use hushgate_tests::{
    guest::{self, enrol, grant_for},
    raw::{Peer, publish},
    scrape::Scrape,
    world::{GRANT, World},
};
use std::{
    fs,
    io::Write as _,
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

const ROUNDS: u32 = 2;
const PHASE: Duration = Duration::from_secs(3);
/// Long enough for a plugin that takes a second and waits for four.
const HOSTILE_PHASE: Duration = Duration::from_secs(10);
/// Between an acknowledgement and the next frame.
const PAUSE: Duration = Duration::from_millis(5);
const DEVICES: usize = 8;
/// How long a device waits for an acknowledgement: eight wait for one that pauses for four seconds after each.
const ACK_MAX: Duration = Duration::from_secs(120);

/// A hostile plugin: its id, its component, its limit, and how much of it a frame asks for.
struct Hostile {
    what: &'static str,
    id: &'static str,
    component: &'static str,
    call_ms: u32,
    /// Of its limit, where it answers.
    share: Option<f64>,
}

const HOSTILE: [Hostile; 5] = [
    hostile("loops for ever", ("loops", "loops"), 50, None),
    hostile("takes 80 % of 50 ms and answers", ("spins", "spins"), 50, Some(0.8)),
    hostile("takes 80 % of 1 s and answers", ("spins-long", "spins"), 1000, Some(0.8)),
    hostile("grabs memory", ("takes-memory", "takes-memory"), 50, None),
    hostile("traps", ("traps", "traps"), 50, None),
];

const fn hostile(
    what: &'static str,
    (id, component): (&'static str, &'static str),
    call_ms: u32,
    share: Option<f64>,
) -> Hostile {
    Hostile { what, id, component, call_ms, share }
}

/// A device by its name and secret.
type Login = (String, String);

fn main() {
    let mut world = World::new();
    world.grant("ada-pacemaker", GRANT);
    let good = devices(&world, "private-iot-text");
    let hostile: Vec<_> = HOSTILE.iter().map(|it| (it, install(&world, it))).collect();
    let metrics = Scrape::switch_on(&world);
    world.start_gateway();
    let rounds_per_ms = calibrate(world.mqtt, metrics, &hostile[2].1[0]);
    let mut out = std::io::stdout();
    let head = "| beside 8 devices whose plugin | p50 / p99 alone (ms) | p50 / p99 beside 8 good ones (ms) \
                | p50 / p99 beside it (ms) | p99 to alone | p99 to good ones | its calls |";
    writeln!(out, "{head}\n|---|---|---|---|---|---|---|").unwrap();
    for (it, logins) in &hostile {
        let body = it.share.map_or(1.0, |share| f64::from(it.call_ms) * share * rounds_per_ms);
        let body = vec![b'.'; body as usize + 1];
        let calls = || Scrape::of(metrics).plugin("calls_total", it.id);
        let before = calls();
        let mut measured = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            measured[0].extend(phase(&world, &[], (b"", PHASE)));
            measured[1].extend(phase(&world, &good, (b"bpm: 70.00 bpm", PHASE)));
            measured[2].extend(phase(&world, logins, (&body, HOSTILE_PHASE)));
        }
        let [alone, beside_good, beside_it] = measured.map(Percentiles::of);
        writeln!(
            out,
            "| {} | {alone} | {beside_good} | {beside_it} | {:.2} | {:.2} | {:.0} |",
            it.what,
            beside_it.p99 / alone.p99,
            beside_it.p99 / beside_good.p99,
            calls() - before,
        )
        .unwrap();
    }
}

fn install(world: &World, it: &Hostile) -> Vec<Login> {
    let home = world.gateway_dir();
    guest::install(&home, (it.id, "adapter"), &guest::component(it.component));
    let path = home.join("plugins").join(it.id).join("plugin.toml");
    let manifest = fs::read_to_string(&path).unwrap();
    fs::write(path, format!("{manifest}\n[limits]\ncall-ms = {}\n", it.call_ms)).unwrap();
    devices(world, it.id)
}

fn devices(world: &World, adapter: &str) -> Vec<Login> {
    let device = |n: usize| {
        let name = format!("{adapter}-{n}");
        let secret = enrol(&world.gateway_dir(), &name, adapter);
        world.grant(&format!("ada-{name}"), &grant_for(&name, ""));
        (name, secret)
    };
    (0..DEVICES).map(device).collect()
}

/// How many millions of rounds the guest does in a millisecond of processor time.
fn calibrate(broker: SocketAddr, metrics: SocketAddr, device: &Login) -> f64 {
    const MILLIONS: usize = 100;
    let long = || Scrape::of(metrics).plugin("long_seconds_total", "spins-long");
    let before = long();
    let mut sender = Sender::connect(broker, device);
    sender.round_trip(&[b'.'; MILLIONS]);
    MILLIONS as f64 / ((long() - before) * 1000.0)
}

/// What the good device notices while `others` send `body`, for so long.
fn phase(world: &World, others: &[Login], (body, time): (&[u8], Duration)) -> Vec<Duration> {
    let (stop, broker) = (AtomicBool::new(false), world.mqtt);
    let mut good = Sender::connect(broker, &("pacemaker".into(), world.secret.clone()));
    "patient/x".clone_into(&mut good.topic);
    thread::scope(|scope| {
        for device in others {
            let stop = &stop;
            scope.spawn(move || Sender::connect(broker, device).send(body, stop));
        }
        let mut measured = Vec::new();
        let start = Instant::now();
        while start.elapsed() < time {
            measured.push(good.round_trip(b"bpm: 70.00 bpm"));
            thread::sleep(PAUSE);
        }
        stop.store(true, Ordering::Relaxed);
        measured
    })
}

/// A connected device.
struct Sender {
    peer: Peer,
    topic: String,
}

impl Sender {
    fn connect(broker: SocketAddr, (name, secret): &Login) -> Self {
        let (mut peer, reason) = Peer::connect(broker, name, Some((name, secret)));
        peer.wait_at_most(ACK_MAX);
        assert_eq!(reason, Some(0), "{name} is refused");
        Self { peer, topic: format!("{name}/x") }
    }

    fn send(&mut self, body: &[u8], stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            self.round_trip(body);
            thread::sleep(PAUSE);
        }
    }

    fn round_trip(&mut self, body: &[u8]) -> Duration {
        let start = Instant::now();
        self.peer.say(&publish(&self.topic, (1, false), body));
        assert!(self.peer.hear().is_some(), "no acknowledgement on {}", self.topic);
        start.elapsed()
    }
}

/// In milliseconds.
struct Percentiles {
    p50: f64,
    p99: f64,
}

impl Percentiles {
    fn of(mut measured: Vec<Duration>) -> Self {
        measured.sort_unstable();
        let at = |part: usize| measured[measured.len() * part / 100].as_secs_f64() * 1000.0;
        Self { p50: at(50), p99: at(99) }
    }
}

impl std::fmt::Display for Percentiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} / {:.2}", self.p50, self.p99)
    }
}
