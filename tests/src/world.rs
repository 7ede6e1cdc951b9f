//! A hub and a gateway that know each other, in one temporary directory.

use crate::{
    http,
    mqtt::Device,
    program::{Program, run_ok},
};
use rusqlite::{Connection, OpenFlags};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// What most tests agree to: whole numbers, each at most once a second, at once.
pub const GRANT: &str = r#"
subject = "ada"
device = "pacemaker"
recipient = "hospital"
purpose = "sector-health:PatientMonitoring"
every = "1 s"
retention = "1 h"
valid-from = 2026-01-01T00:00:00Z
valid-until = 2100-01-01T00:00:00Z
field = [
    { path = "heart-rate", unit = "/min", range = [0, 1000000], step = 1 },
    { path = "blood-pressure", unit = "mm[Hg]", range = [40, 240], step = 5 },
]
"#;

/// Directories, secrets and, when started, programs.
pub struct World {
    /// Everything is in here.
    pub dir: TempDir,
    /// The device `pacemaker`'s secret.
    pub secret: String,
    /// The hub's page password.
    pub password: String,
    /// The hub, while it runs.
    pub hub: Option<Program>,
    /// The gateway, while it runs.
    pub gateway: Option<Program>,
    /// Where MQTT devices connect.
    pub mqtt: SocketAddr,
    /// Where HTTP devices connect.
    pub http: SocketAddr,
    /// Where the hub listens, if it listens on this machine.
    pub hub_address: SocketAddr,
    /// The hub's onion service, if it has one.
    pub onion: String,
    /// What the gateway's environment has besides ours.
    pub gateway_env: Vec<(&'static str, String)>,
}

/// The way in and out that `init` writes.
const TOR: &str = "\nkind = \"tor\"\n";

const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9);

impl World {
    /// Makes a hub and a gateway with device `pacemaker` (subject `ada`, topics `patient/#`, adapter
    /// `private-iot-text`) and a recipient `hospital`, over loopback. No grant yet; the hub runs, the gateway
    /// does not.
    pub fn new() -> Self {
        let listen = format!("127.0.0.1:{}", crate::rig::free_port());
        let mut world = Self::alone("kind = \"loopback\"");
        world.add_hub(&["--listen", &listen], "");
        world
    }

    /// The same, but the hub is an onion service; `hub` and `gateway` are the `[transport]` of each.
    pub fn over_tor(hub: &str, gateway: &str) -> Self {
        let mut world = Self::alone(gateway);
        world.add_hub(&[], hub);
        world
    }

    /// The gateway with its device; `way` is its `[transport]`. Nobody may receive yet.
    pub fn alone(way: &str) -> Self {
        let mut world = Self {
            dir: tempfile::tempdir().unwrap(),
            secret: String::new(),
            password: String::new(),
            hub: None,
            gateway: None,
            mqtt: NOWHERE,
            http: NOWHERE,
            hub_address: NOWHERE,
            onion: String::new(),
            gateway_env: Vec::new(),
        };
        run_ok(&world.gateway_dir(), &["init"]);
        world.edit_settings(|it| {
            it.replace("127.0.0.1:1883", "127.0.0.1:0")
                .replace("127.0.0.1:8480", "127.0.0.1:0")
                .replace(TOR, &format!("\n{way}\n"))
        });
        world.secret = world.enrol("pacemaker", "patient/#");
        world
    }

    fn add_hub(&mut self, args: &[&str], way: &str) {
        let made =
            run_ok(&self.hub_dir(), &[&["hub", "init", "--name", "hospital"], args].concat());
        self.password = after(&made, "only now: ");
        let settings = self.hub_dir().join("hub.toml");
        let text = fs::read_to_string(&settings).unwrap().replace(TOR, &format!("\n{way}\n"));
        fs::write(&settings, text).unwrap();
        self.start_hub();
        let invite = self.dir.path().join("hospital.invite");
        fs::write(&invite, run_ok(&self.hub_dir(), &["hub", "invite"])).unwrap();
        run_ok(&self.gateway_dir(), &["recipient", "add", invite.to_str().unwrap()]);
    }

    /// The same with [`GRANT`] and everything running.
    pub fn running() -> Self {
        let mut world = Self::new();
        world.grant("ada-pacemaker", GRANT);
        world.start_gateway();
        world
    }

    /// Enrols one more device of subject `ada` with adapter `private-iot-text`; its secret.
    pub fn enrol(&self, name: &str, topics: &str) -> String {
        let args = ["device", "add", name, "--subject", "ada", "--topics", topics];
        let args = [&args[..], &["--adapter", "private-iot-text"]].concat();
        after(&run_ok(&self.gateway_dir(), &args), "password ")
    }

    /// The hub's home.
    pub fn hub_dir(&self) -> PathBuf {
        self.dir.path().join("hub")
    }

    /// The gateway's home.
    pub fn gateway_dir(&self) -> PathBuf {
        self.dir.path().join("gateway")
    }

    /// Changes `hushgate.toml`.
    pub fn edit_settings(&self, edit: impl FnOnce(String) -> String) {
        let path = self.gateway_dir().join("hushgate.toml");
        fs::write(&path, edit(fs::read_to_string(&path).unwrap())).unwrap();
    }

    /// Writes a grant.
    pub fn grant(&self, id: &str, text: &str) {
        fs::write(self.gateway_dir().join(format!("grants/{id}.toml")), text).unwrap();
    }

    /// Starts the hub; returns once it can be reached.
    pub fn start_hub(&mut self) {
        let hub = Program::start(&self.hub_dir(), &["hub"]);
        let at = hub.wait_for("hub `hospital` at http://");
        let at = at.trim_end_matches('/');
        match at.parse() {
            Ok(address) => self.hub_address = address,
            Err(_) => self.onion = at.trim_end_matches(":80").to_owned(),
        }
        hub.wait_for("reachable");
        self.hub = Some(hub);
    }

    /// Moves the hub to another port and starts it there; where it was until now, which is where the gateway
    /// looks for it.
    pub fn move_hub(&mut self, to: u16) -> SocketAddr {
        self.hub = None;
        let from = self.hub_address;
        let path = self.hub_dir().join("hub.toml");
        let settings = fs::read_to_string(&path).unwrap();
        let (from_port, to_port) = (format!(":{}\"", from.port()), format!(":{to}\""));
        fs::write(path, settings.replace(&from_port, &to_port)).unwrap();
        self.start_hub();
        from
    }

    /// Starts the gateway.
    pub fn start_gateway(&mut self) {
        let gateway = Program::start_with(&self.gateway_dir(), &["run"], &self.gateway_env);
        self.mqtt = gateway.wait_for("MQTT on ").parse().unwrap();
        self.http = gateway.wait_for("HTTP on ").parse().unwrap();
        gateway.wait_for("running");
        self.gateway = Some(gateway);
    }

    /// Starts the gateway anew, with a wall clock that is off by so many seconds.
    pub fn restart_with_clock_off_by(&mut self, seconds: i64) {
        self.gateway = None;
        let shim = self.dir.path().join("clockshift.so");
        if !shim.exists() {
            let args = ["-shared", "-fPIC", "-O1", "-o"];
            let source = concat!(env!("CARGO_MANIFEST_DIR"), "/rigs/clockshift.c");
            let built = Command::new("cc").args(args).arg(&shim).arg(source).status().unwrap();
            assert!(built.success(), "the clock shim could not be built");
        }
        self.gateway_env = vec![
            ("LD_PRELOAD", shim.to_str().unwrap().to_owned()),
            ("CLOCKSHIFT", seconds.to_string()),
        ];
        self.start_gateway();
    }

    /// Connects the pacemaker.
    pub fn device(&self) -> Device {
        Device::connect(self.mqtt, "pacemaker", &self.secret).unwrap()
    }

    /// Sends one frame over HTTP as the pacemaker; the status.
    pub fn put(&self, path: &str, body: &[u8]) -> u16 {
        let authorization = format!("Authorization: Bearer pacemaker.{}", self.secret);
        http::request(self.http, "PUT", path, &[&authorization], body).status
    }

    /// Sends a frame of [`GRANT`]'s device until its slot of the grant is a new one.
    #[track_caller]
    pub fn queue(&self, beats: u32) {
        let body = format!("Beats: {beats} bpm");
        let before = self.ledger_count("queued", None);
        wait_until("its slot is free", || {
            assert_eq!(self.put("/patient/beats/bpm", body.as_bytes()), 204);
            self.ledger_count("queued", None) > before
        });
    }

    /// The report of this day, as a page.
    #[track_caller]
    pub fn report(&self) -> String {
        let file = self.dir.path().join("report.html");
        let args = ["report", "--days", "1", "--out", file.to_str().unwrap()];
        run_ok(&self.gateway_dir(), &args);
        fs::read_to_string(file).unwrap()
    }

    /// The gateway's store, to look at.
    pub fn store(&self) -> Connection {
        look(&self.gateway_dir().join("state/gateway.db"))
    }

    /// The hub's store, to look at.
    pub fn hub_store(&self) -> Connection {
        look(&self.hub_dir().join("state/hub.db"))
    }

    /// Whether a grant's plugins have something remembered on disk.
    pub fn remembers(&self, grant: &str) -> bool {
        let query = "SELECT count(*) FROM state WHERE owner = ?1";
        self.store().query_row(query, [grant], |row| row.get::<_, i64>(0)).unwrap() == 1
    }

    /// The devices and whole numbers that the hub holds, in no order.
    pub fn received(&self) -> Vec<(String, u64)> {
        let store = self.hub_store();
        let query = "SELECT source.device, CAST(point.value AS INTEGER) FROM point
                     JOIN channel ON channel.id = point.channel JOIN source ON source.id = channel.source";
        let mut query = store.prepare(query).unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// How many ledger entries are of this kind, and for this reason if one is given.
    pub fn ledger_count(&self, kind: &str, reason: Option<&str>) -> i64 {
        self.store()
            .query_row(
                "SELECT count(*) FROM ledger WHERE kind = ?1 AND (?2 IS NULL OR reason = ?2)",
                (kind, reason),
                |row| row.get(0),
            )
            .unwrap()
    }

    /// How many frames the gateway decided on.
    pub fn frames(&self) -> i64 {
        let query = "SELECT count(DISTINCT frame) FROM ledger WHERE kind IN ('withheld', 'quarantined', 'queued')";
        self.store().query_row(query, [], |row| row.get(0)).unwrap()
    }

    /// Waits until nothing waits in the outbox.
    #[track_caller]
    pub fn wait_until_delivered(&self) {
        wait_until("the outbox is empty", || {
            self.store()
                .query_row("SELECT count(*) FROM outbox", [], |row| row.get::<_, i64>(0))
                .unwrap()
                == 0
        });
    }

    /// Runs `ledger verify`, which must succeed; what it says.
    #[track_caller]
    pub fn verify(&self) -> String {
        run_ok(&self.gateway_dir(), &["ledger", "verify"])
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// Waits until `done`, for a minute at most.
#[track_caller]
pub fn wait_until(what: &str, done: impl FnMut() -> bool) {
    wait_longer(60, what, done);
}

/// The same, with so many seconds at most.
#[track_caller]
pub fn wait_longer(seconds: u64, what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(seconds), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn look(path: &Path) -> Connection {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    connection.busy_timeout(Duration::from_secs(5)).unwrap();
    connection
}

/// The word after `start` in `text`.
#[track_caller]
pub fn after(text: &str, start: &str) -> String {
    let rest = text.split_once(start).unwrap_or_else(|| panic!("no `{start}` in {text}")).1;
    rest.split_whitespace().next().unwrap().trim_matches(',').to_owned()
}
