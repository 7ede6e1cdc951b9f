//! Eclipse Mosquitto: its command-line clients, and a broker as a household runs it.

use crate::{
    program::Program,
    rig,
    world::{World, wait_until},
};
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::Path,
    process::{Command, Output},
};
use tempfile::TempDir;

/// Who logs in at the broker: user and password.
pub const ACCOUNTS: [(&str, &str); 2] =
    [("hushgate", "gateway-password"), ("sensor", "sensor-password")];

/// `mosquitto_pub` or `mosquitto_sub` at `address`, logged in.
pub fn client(program: &str, address: SocketAddr, (user, password): (&str, &str)) -> Command {
    let mut client = Command::new(program);
    client.args(["-h", &address.ip().to_string(), "-p", &address.port().to_string()]);
    client.args(["-u", user, "-P", password]);
    client
}

/// Publishes as `account`.
pub fn publish(
    address: SocketAddr,
    account: (&str, &str),
    (topic, payload): (&str, &str),
    options: &[&str],
) -> Output {
    let mut client = client("mosquitto_pub", address, account);
    client.args(["-t", topic, "-m", payload]).args(options).output().unwrap()
}

/// A broker with password file and persistence, in a temporary directory.
pub struct Broker {
    dir: TempDir,
    /// Where it listens.
    pub address: SocketAddr,
    running: Option<Program>,
}

impl Broker {
    /// Starts one.
    pub fn start() -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, rig::free_port()));
        let mut broker = Self { dir: tempfile::tempdir().unwrap(), address, running: None };
        let dir = broker.dir.path().display();
        let passwords = broker.dir.path().join("passwords");
        let lines = ACCOUNTS.map(|(user, password)| format!("{user}:{password}\n")).concat();
        fs::write(&passwords, lines).unwrap();
        assert!(
            Command::new("mosquitto_passwd").arg("-U").arg(&passwords).status().unwrap().success()
        );
        let who = Command::new("id").arg("-un").output().unwrap().stdout;
        let settings = format!(
            "listener {} 127.0.0.1\nallow_anonymous false\npassword_file {dir}/passwords\n\
             persistence true\npersistence_location {dir}/\nautosave_interval 1\n\
             autosave_on_changes true\nuser {}\nlog_dest stderr\nlog_type all\n",
            address.port(),
            String::from_utf8_lossy(&who).trim()
        );
        fs::write(broker.dir.path().join("mosquitto.conf"), settings).unwrap();
        broker.resume();
        broker
    }

    /// Starts it again with what it kept.
    #[expect(clippy::disallowed_methods, reason = "a look whether the peer is there")]
    pub fn resume(&mut self) {
        let mut command = Command::new("mosquitto");
        command.arg("-c").arg(self.dir.path().join("mosquitto.conf"));
        self.running = Some(Program::spawn(command, &self.dir.path().join("mosquitto.log")));
        let address = self.address;
        wait_until("mosquitto listens", || TcpStream::connect(address).is_ok());
    }

    /// Stops it; it keeps sessions and messages.
    pub fn stop(&mut self) {
        self.running.take().unwrap().stop();
    }

    /// Deletes what it kept, as after a move to another machine.
    pub fn forget(&self) {
        fs::remove_file(self.dir.path().join("mosquitto.db")).unwrap();
    }

    /// Has the gateway of `world` subscribe here; `more` are further settings.
    pub fn subscribe(&self, world: &World, more: &str) {
        let (user, password) = ACCOUNTS[0];
        fs::write(world.gateway_dir().join("keys/broker-password"), password).unwrap();
        let section = format!(
            "\n[mqtt.subscribe]\nbroker = \"{}\"\nuser = \"{user}\"\n\
             password-file = \"keys/broker-password\"\n{more}",
            self.address
        );
        world.edit_settings(|it| it + &section);
    }

    /// What it wrote to its log.
    pub fn log_text(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log(&self) -> std::path::PathBuf {
        Path::new(self.dir.path()).join("mosquitto.log")
    }
}
