//! How many frames one core takes through all steps of the pipeline, without disk or network: decode, minimize,
//! oblige, clamp, seal. Run by `cargo xtask bench`; figures in docs/performance.md.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up should fail loudly")]

use hushgate::{
    config::Config,
    consent::grant::Clock,
    home::Home,
    keys::Keys,
    message::{DeviceName, Frame, Millis},
    pipeline::{self, Outcome, live::LiveDevice, seal::Sealing},
    plugins::{plan::Generation, shelf::Shelf, trust::Trust},
};
use hushgate_wasm::{cache::Cache, engine::Engine};
use std::{
    convert::Infallible,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const RUN: Duration = Duration::from_secs(3);

const GRANT: &str = r#"
subject = "ada"
device = "pacemaker"
recipient = "hospital"
purpose = "sector-health:PatientMonitoring"
every = "EVERY"
retention = "1 h"
valid-from = 2026-01-01T00:00:00Z
valid-until = 2100-01-01T00:00:00Z
field = [{ path = "heart-rate", unit = "/min", range = [30, 220], step = 5 }]
minimize = [{ plugin = "window-median", settings = { window-s = WINDOW } }]
policy = [{ plugin = "quiet-hours", settings = { from = "00:00", to = "00:00" } }]
"#;

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let (hub, gateway) = (dir.path().join("hub"), dir.path().join("gateway"));
    run(&hub, &["hub", "init", "--name", "hospital", "--listen", "127.0.0.1:0"]);
    // It knows its address once it ran.
    let mut running = program(&hub, &["hub"]).stdout(Stdio::null()).spawn().unwrap();
    while !hub.join("state/address").exists() {
        assert!(running.try_wait().unwrap().is_none(), "the hub does not run");
        std::thread::sleep(Duration::from_millis(50));
    }
    running.kill().and_then(|()| running.wait()).unwrap();
    run(&gateway, &["init", "--loopback"]);
    let invite = dir.path().join("hospital.invite");
    fs::write(&invite, run(&hub, &["hub", "invite"])).unwrap();
    run(&gateway, &["recipient", "add", invite.to_str().unwrap()]);
    let device = ["device", "add", "pacemaker", "--subject", "ada", "--topics", "patient/#"];
    run(&gateway, &[&device[..], &["--adapter", "private-iot-text"]].concat());
    let mut out = std::io::stdout();
    writeln!(out, "| what | frames/s on one core | of them sealed |\n|---|---|---|").unwrap();
    // Frames are a millisecond apart: the one grant lets one value out of 300,000, the other each second's.
    for (what, every, window) in
        [("one release in 5 min", "5 min", "300"), ("one release a second", "1 s", "1")]
    {
        let grant = GRANT.replace("EVERY", every).replace("WINDOW", window);
        fs::write(gateway.join("grants/ada-pacemaker.toml"), grant).unwrap();
        let (frames, sealed, took) = measure(&gateway);
        let rate = f64::from(frames) / took.as_secs_f64();
        writeln!(out, "| three plugins, 200 B JSON, {what} | {rate:.0} | {sealed} |").unwrap();
    }
}

fn measure(home: &Path) -> (u32, u32, Duration) {
    let home = Home::new(home);
    let (config, keys) = (Config::read(&home).unwrap(), Keys::open(&home.keys()).unwrap());
    let engine = Engine::new().unwrap();
    let cache = Cache::open(&home.cache(), [7; 32]).unwrap();
    let shelf =
        Shelf::read(&engine, &cache, (&home.plugins(), &home.kept()), Trust::author()).unwrap();
    let generation = Generation::build(1, &config, &shelf).unwrap();
    let device = DeviceName("pacemaker".into());
    let (plan, sealing) = (generation.plan(&device).unwrap(), Sealing::new(&keys));
    let Ok(mut live) = LiveDevice::new::<Infallible>(plan, None, |_| Ok(None));
    let (mut frames, mut sealed, start, now) = (0, 0, Instant::now(), Millis::now());
    while start.elapsed() < RUN {
        let received = now.plus(frames.into());
        let frame = Frame::new(device.clone(), "patient/bpm".into(), body(), received);
        let clock = || Clock::Known(received);
        let decisions = pipeline::run(plan, &mut live, &frame, (clock, &sealing));
        let queued = |it: &&pipeline::Decision| matches!(it.outcome, Outcome::Queued(..));
        sealed += u32::try_from(decisions.iter().filter(queued).count()).unwrap();
        frames += 1;
    }
    (frames, sealed, start.elapsed())
}

/// 200 bytes of JSON.
fn body() -> Vec<u8> {
    let start = r#"{"device":"patient","topic":"bpm","payload":" 70.25 bpm ","comment":""#;
    format!("{start}{}\"}}", "x".repeat(198 - start.len())).into_bytes()
}

fn program(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("HUSHGATE_BIN").unwrap());
    command.arg("--dir").arg(home).args(args);
    command
}

fn run(home: &Path, args: &[&str]) -> Vec<u8> {
    let output = program(home, args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
