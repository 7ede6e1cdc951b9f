//! How many frames the gateway acknowledges, end to end: a release build of the program, this load
//! generator, durable commits, on one machine. Run by `cargo xtask bench`; figures in docs/performance.md.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a benchmark that cannot set up should fail loudly; it is the peer that connects"
)]

use hushgate_tests::{
    program::Program,
    rig::free_port,
    world::{World, wait_until},
};
use std::{
    fs,
    io::Write as _,
    net::SocketAddr,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const RUN: Duration = Duration::from_secs(8);
/// 200 bytes as a small JSON frame has them; the adapter reads `payload`.
fn frame() -> Vec<u8> {
    let mut text =
        r#"{"device":"patient","topic":"bpm","payload":" 70.25 bpm ","comment":""#.to_owned();
    while text.len() < 198 {
        text.push('x');
    }
    text.push_str("\"}");
    text.into_bytes()
}

const GRANT: &str = r#"
subject = "ada"
device = "DEVICE"
recipient = "hospital"
purpose = "sector-health:PatientMonitoring"
every = "5 min"
retention = "1 h"
valid-from = 2026-01-01T00:00:00Z
valid-until = 2100-01-01T00:00:00Z
field = [{ path = "heart-rate", unit = "/min", range = [30, 220], step = 5 }]
minimize = [{ plugin = "window-median", settings = { window-s = 1 } }]
policy = [{ plugin = "quiet-hours", settings = { from = "00:00", to = "00:00" } }]
"#;

fn main() {
    say(
        "| what | frames/s | gateway RSS idle / after (MiB) | gateway CPU (cores) |\n|---|---|---|---|",
    );
    for (devices, window) in [(1, 1), (1, 32), (100, 1), (100, 8)] {
        for plugins in [true, false] {
            embedded(devices, window, plugins);
        }
    }
    subscribed();
}

fn embedded(devices: usize, window: u16, plugins: bool) {
    let (mut world, secrets) = world_of(devices, plugins);
    world.start_gateway();
    let pid = world.gateway.as_ref().unwrap().pid();
    let idle = rss(pid);
    let load = Load::connect(world.mqtt, &secrets);
    let (before, start) = (cpu(pid), Instant::now());
    let acked = load.run(window);
    let seconds = start.elapsed().as_secs_f64();
    let with = if plugins { "three plugins" } else { "no grant, so no plugin" };
    say(&format!(
        "| embedded broker, {devices} publishers, {window} in flight each, {with} | {:.0} | {idle:.0} / {:.0} | {:.2} |",
        acked as f64 / seconds,
        rss(pid),
        (cpu(pid) - before) / seconds,
    ));
    world.gateway.as_mut().unwrap().stop();
    let count = |kind| world.ledger_count(kind, None);
    let (kept, lost) = (count("withheld") + count("queued"), count("quarantined"));
    assert_eq!((kept, lost), (i64::try_from(acked).unwrap(), 0), "acknowledged {acked}");
}

/// One mosquitto, one connection of the gateway to it, one publisher that fills it.
fn subscribed() {
    let (mut world, _) = world_of(1, true);
    let port = free_port();
    let dir = world.dir.path().join("mosquitto");
    fs::create_dir(&dir).unwrap();
    let settings = format!(
        "listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0\n"
    );
    fs::write(dir.join("mosquitto.conf"), settings).unwrap();
    let mut command = Command::new("mosquitto");
    command.arg("-c").arg(dir.join("mosquitto.conf"));
    let _broker = Program::spawn(command, &dir.join("log"));
    std::thread::sleep(Duration::from_millis(500));
    world.edit_settings(|it| {
        it.replace("[http]", &format!("[mqtt.subscribe]\nbroker = \"127.0.0.1:{port}\"\n\n[http]"))
    });
    world.start_gateway();
    std::thread::sleep(Duration::from_secs(1));
    let pid = world.gateway.as_ref().unwrap().pid();
    let idle = rss(pid);
    let load = Load::connect(([127, 0, 0, 1], port).into(), &[("d0".into(), String::new())]);
    let (before, start) = (cpu(pid), Instant::now());
    let acked = load.run(256);
    let expected = i64::try_from(acked).unwrap();
    wait_until("all are taken in", || {
        world.ledger_count("withheld", None) + world.ledger_count("queued", None) >= expected
    });
    let seconds = start.elapsed().as_secs_f64();
    say(&format!(
        "| subscriber of a mosquitto, one connection, three plugins | {:.0} | {idle:.0} / {:.0} | {:.2} |",
        acked as f64 / seconds,
        rss(pid),
        (cpu(pid) - before) / seconds,
    ));
}

fn world_of(devices: usize, plugins: bool) -> (World, Vec<(String, String)>) {
    let world = World::new();
    // One hash for all: enrolling a hundred devices one by one takes a hundred hashes.
    let settings = fs::read_to_string(world.gateway_dir().join("hushgate.toml")).unwrap();
    let hash = settings.lines().find(|it| it.starts_with("secret")).unwrap().to_owned();
    let mut secrets = Vec::new();
    let mut entries = String::new();
    for n in 0..devices {
        entries.push_str(&format!(
            "\n[[device]]\nname = \"d{n}\"\nsubjects = [\"ada\"]\ntopics = [\"d{n}/#\"]\n{hash}\nadapter = {{ plugin = \"private-iot-text\" }}\n"
        ));
        if plugins {
            world.grant(&format!("d{n}"), &GRANT.replace("DEVICE", &format!("d{n}")));
        }
        secrets.push((format!("d{n}"), world.secret.clone()));
    }
    world.edit_settings(|it| it + &entries);
    (world, secrets)
}

/// Publishers that are connected: that the gateway checks their secrets is no part of what is measured.
struct Load {
    runtime: tokio::runtime::Runtime,
    publishers: Vec<(String, TcpStream)>,
}

impl Load {
    fn connect(broker: SocketAddr, devices: &[(String, String)]) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let connect = async |(name, secret): &(String, String)| {
            (name.clone(), connected(broker, name, secret).await)
        };
        let publishers = runtime.block_on(async {
            let mut all = Vec::new();
            for device in devices {
                all.push(connect(device).await);
            }
            all
        });
        Self { runtime, publishers }
    }

    /// Publishes for [`RUN`] with QoS 1; how many were acknowledged.
    fn run(self, window: u16) -> u64 {
        let acked = Arc::new(AtomicU64::new(0));
        self.runtime.block_on(async {
            let publish = |it| tokio::spawn(publisher(it, window, acked.clone()));
            let tasks: Vec<_> = self.publishers.into_iter().map(publish).collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        acked.load(Ordering::Relaxed)
    }
}

/// MQTT 3.1.1 by hand, so that the load costs little beside what it measures.
async fn connected(broker: SocketAddr, name: &str, secret: &str) -> TcpStream {
    let mut stream = TcpStream::connect(broker).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(&connect_packet(name, secret)).await.unwrap();
    let mut connack = [0; 4];
    stream.read_exact(&mut connack).await.unwrap();
    assert_eq!(connack[3], 0, "refused");
    stream
}

async fn publisher((name, mut stream): (String, TcpStream), window: u16, acked: Arc<AtomicU64>) {
    let (topic, body) = (format!("{name}/bpm"), frame());
    let end = Instant::now() + RUN;
    let (mut id, mut flying) = (0_u16, 0_u16);
    while flying > 0 || Instant::now() < end {
        let mut burst = Vec::new();
        while flying < window && Instant::now() < end {
            id = id.checked_add(1).unwrap_or(1);
            flying += 1;
            burst.extend(publish_packet(&topic, id, &body));
        }
        stream.write_all(&burst).await.unwrap();
        let mut puback = [0; 4];
        stream.read_exact(&mut puback).await.expect("an acknowledgement");
        flying -= 1;
        acked.fetch_add(1, Ordering::Relaxed);
    }
}

fn connect_packet(name: &str, secret: &str) -> Vec<u8> {
    let text =
        |it: &str| [&u16::try_from(it.len()).unwrap().to_be_bytes()[..], it.as_bytes()].concat();
    let flags = if secret.is_empty() { 0x02 } else { 0xc2 };
    let mut body = [&text("MQTT")[..], &[4, flags, 0, 0], &text(name)].concat();
    if !secret.is_empty() {
        body.extend(text(name));
        body.extend(text(secret));
    }
    [&[0x10, u8::try_from(body.len()).unwrap()][..], &body].concat()
}

fn publish_packet(topic: &str, id: u16, body: &[u8]) -> Vec<u8> {
    let length = 2 + topic.len() + 2 + body.len();
    let mut packet =
        vec![0x32, u8::try_from(length % 128 + 128).unwrap(), u8::try_from(length / 128).unwrap()];
    packet.extend(u16::try_from(topic.len()).unwrap().to_be_bytes());
    packet.extend(topic.as_bytes());
    packet.extend(id.to_be_bytes());
    packet.extend(body);
    packet
}

fn rss(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|it| it.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

/// Seconds of processor time so far.
fn cpu(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").unwrap();
}
