//! A house as the pages make it: a gateway, a broker if they want one, and a hub elsewhere.

use crate::device::{MACHINE, Message, Place};
use hushgate_tests::{
    leak::Markers,
    mosquitto::{self, ACCOUNTS},
    page::{Block, Use},
    program::{Program, binary},
    rig::free_port,
    world::{World, wait_until},
};
use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Command, Stdio},
    time::SystemTime,
};

/// Where Mosquitto's files are on the pages.
const MOSQUITTO: &str = "/etc/mosquitto/";
const MOSQUITTO_SETTINGS: &str = "/etc/mosquitto/conf.d/hushgate.conf";
/// What the pages say of a server outside that the house's broker fetches from.
const OUTSIDE: [&str; 4] = [
    "eu1.cloud.thethings.network:8883",
    "bridge_capath /etc/ssl/certs",
    "remote_username ada-house@ttn",
    "remote_password NNSXS.YOUR-API-KEY",
];

/// The house.
pub(crate) struct House {
    world: World,
    /// By place and user, as the commands printed them.
    secrets: BTreeMap<(Place, String), String>,
    /// What the last commands printed.
    said: String,
    broker_port: u16,
    broker: Option<Program>,
    /// The server outside, if a page has one.
    outside: Option<mosquitto::Broker>,
}

impl House {
    /// A gateway as `init` makes it, that knows the recipient `hospital` and no device.
    pub(crate) fn new() -> Self {
        let world = World::new();
        world.edit_settings(|it| it.split_once("\n[[device]]").unwrap().0.to_owned());
        let home = world.dir.path().join("home");
        std::os::unix::fs::symlink(world.gateway_dir(), home).unwrap();
        fs::create_dir_all(world.dir.path().join("mosquitto/conf.d")).unwrap();
        let (secrets, said) = (BTreeMap::new(), String::new());
        Self { world, secrets, said, broker_port: free_port(), broker: None, outside: None }
    }

    /// Does what a page says, up to where devices send.
    pub(crate) fn prepare(&mut self, blocks: &[Block]) {
        for block in blocks {
            match &block.purpose {
                Use::Commands => self.run(&block.text),
                Use::Says => self.check_said(&block.text),
                Use::File(path) => self.write(path, &block.text),
                _ => {}
            }
        }
    }

    fn check_said(&self, lines: &str) {
        for line in lines.lines() {
            assert!(self.said.contains(line), "no `{line}` in {}", self.said);
        }
    }

    /// Puts this machine's addresses and directories in the place of the page's.
    fn here(&self, text: &str) -> String {
        let places = self.places();
        places.iter().fold(text.to_owned(), |text, (there, here)| text.replace(there, here))
    }

    fn places(&self) -> Vec<(String, String)> {
        let (dir, port) = (self.world.dir.path().display(), self.broker_port);
        let mut places = vec![
            (format!("{MACHINE}:1883"), "127.0.0.1:0".to_owned()),
            (format!("{MACHINE}:1884"), format!("127.0.0.1:{port}")),
            (format!("listener 1884 {MACHINE}"), format!("listener {port} 127.0.0.1")),
            (MOSQUITTO.to_owned(), format!("{dir}/mosquitto/")),
            ("sudo ".to_owned(), String::new()),
        ];
        if let Some(outside) = &self.outside {
            let (user, password) = ACCOUNTS[0];
            let login = [("remote_username", user), ("remote_password", password)];
            let login = login.map(|(setting, value)| format!("{setting} {value}"));
            let here = [vec![outside.address.to_string(), String::new()], login.to_vec()].concat();
            places.extend(OUTSIDE.map(str::to_owned).into_iter().zip(here));
        }
        places
    }

    fn path(&self, path: &str) -> PathBuf {
        self.world.dir.path().join(self.here(path))
    }

    fn run(&mut self, commands: &str) {
        let path = std::env::var("PATH").unwrap();
        let output = Command::new("sh")
            .args(["-eu", "-c", &self.here(commands)])
            .current_dir(&self.world.dir)
            .env("PATH", format!("{}:{path}", binary().parent().unwrap().display()))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        self.said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{commands}\n{}{complaint}", self.said);
        for line in self.said.lines() {
            let Some((place, login)) = line.trim().split_once(": user ") else { continue };
            let place = if place == "MQTT" { Place::Gateway } else { Place::Broker };
            let (user, secret) = login.split_once(", password ").unwrap();
            self.secrets.insert((place, user.to_owned()), secret.to_owned());
        }
    }

    /// Writes a file. More settings of the gateway go where they belong, and more of another file behind it.
    fn write(&mut self, path: &str, text: &str) {
        if text.contains(OUTSIDE[0]) {
            self.outside = Some(mosquitto::Broker::start());
        }
        let text = &self.here(text);
        if path == "home/hushgate.toml" {
            let more = toml::from_str(text).unwrap();
            return self.world.edit_settings(|it| {
                let mut settings = toml::from_str(&it).unwrap();
                merge(&mut settings, more);
                toml::to_string(&settings).unwrap()
            });
        }
        let text = if path.starts_with("home/grants/") { &without_end(text) } else { text };
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let before = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, before + text).unwrap();
    }

    /// Devices publish in one window and in the next; then what is due is delivered. Without a minimizer that waits for
    /// the end of a window they publish once.
    pub(crate) fn live_through(&mut self, messages: &[Vec<Message>; 2]) {
        self.start_broker();
        let (window, has_windows) = self.longest_window();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let shift = i64::try_from(window - now % window).unwrap() + 1;
        let window = i64::try_from(window).unwrap();
        self.go_on_at(shift);
        self.wait_until_subscribed();
        messages[0].iter().for_each(|it| self.publish(it));
        let mut ends = shift + window;
        if has_windows {
            self.go_on_at(ends);
            messages[1].iter().for_each(|it| self.publish(it));
            ends += window;
        }
        self.go_on_at(ends);
        self.world.wait_until_delivered();
    }

    /// The same gateway so many seconds from now.
    fn go_on_at(&mut self, seconds: i64) {
        if let Some(mut gateway) = self.world.gateway.take() {
            assert!(gateway.stop().success());
        }
        self.world.restart_with_clock_off_by(seconds);
    }

    /// The longest time in the grants, in seconds, and whether any minimizer has windows.
    fn longest_window(&self) -> (u64, bool) {
        let grants = fs::read_dir(self.world.gateway_dir().join("grants")).unwrap();
        let grants = grants.map(|it| fs::read_to_string(it.unwrap().path()).unwrap());
        let grants: Vec<toml::Table> = grants.map(|it| toml::from_str(&it).unwrap()).collect();
        let every = grants.iter().map(|it| seconds(it["every"].as_str().unwrap()));
        let has_windows = grants.iter().any(|it| it.contains_key("minimize"));
        (every.max().unwrap(), has_windows)
    }

    fn start_broker(&mut self) {
        let settings = self.path(MOSQUITTO_SETTINGS);
        let who = Command::new("id").arg("-un").output().unwrap().stdout;
        let for_a_test = format!(
            "persistence_location {}/\nuser {}\nlog_dest stderr\nlog_type all\n",
            self.world.dir.path().display(),
            String::from_utf8_lossy(&who).trim()
        );
        let text = fs::read_to_string(&settings).unwrap();
        fs::write(&settings, text + &for_a_test).unwrap();
        let mut command = Command::new("mosquitto");
        command.arg("-c").arg(settings);
        self.broker = Some(Program::spawn(command, &self.world.dir.path().join("mosquitto.log")));
    }

    fn wait_until_subscribed(&self) {
        let broker = self.broker.as_ref().unwrap();
        wait_until("the gateway has subscribed", || broker.log_text().contains("Sending SUBACK"));
        if let Some(outside) = &self.outside {
            let subscribed = || outside.log_text().contains("Sending SUBACK");
            wait_until("the house's broker fetches", subscribed);
        }
    }

    /// Publishes with MQTT 3.1.1, as most devices do; returns when it is decided on.
    fn publish(&self, message: &Message) {
        let frames = self.world.frames();
        let (place, user) = (message.place, message.user.as_str());
        let (address, user, secret) = match place {
            Place::Gateway => (self.world.mqtt, user, self.secret(place, user)),
            Place::Broker => (self.broker_address(), user, self.secret(place, user)),
            Place::Outside => {
                (self.outside.as_ref().unwrap().address, ACCOUNTS[1].0, ACCOUNTS[1].1)
            }
        };
        let file = self.path("message");
        fs::write(&file, &message.payload).unwrap();
        let mut client = mosquitto::client("mosquitto_pub", address, (user, secret));
        client.args(["-V", "mqttv311", "-q", "1", "-t", &message.topic, "-f"]).arg(file);
        let sent = client.output().unwrap();
        assert!(sent.status.success(), "{user}: {}", String::from_utf8_lossy(&sent.stderr));
        wait_until("the message is decided on", || self.world.frames() > frames);
    }

    fn secret(&self, place: Place, user: &str) -> &str {
        let secret = self.secrets.get(&(place, user.to_owned()));
        secret.unwrap_or_else(|| panic!("nobody printed the password of {user}"))
    }

    fn broker_address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.broker_port))
    }

    /// The names of fields that the manifests of plugins declare.
    fn declared(&self) -> Vec<String> {
        let plugins = fs::read_dir(self.path("gateway/plugins")).unwrap();
        let manifests = plugins.map(|it| it.unwrap().path().join("plugin.toml"));
        let texts = manifests.map(|it| fs::read_to_string(it).unwrap());
        let name = |it: &str| Some(it.strip_prefix("path = \"")?.strip_suffix('"')?.to_owned());
        texts.flat_map(|it| it.lines().filter_map(name).collect::<Vec<_>>()).collect()
    }

    /// The hub holds these lines and no others, and what stays at home is nowhere else.
    pub(crate) fn check(&self, at_the_hub: &[String], stays_at_home: &[String]) {
        let sql = "SELECT source.device || ' ' || path || ' ' || value || ' ' || unit FROM point \
                   JOIN channel ON channel.id = point.channel JOIN source ON source.id = source \
                   ORDER BY source.device, path";
        let hub = self.world.hub_store();
        let mut select = hub.prepare(sql).unwrap();
        let lines = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let lines: Vec<_> = lines.map(|it| it.unwrap().trim_end().to_owned()).collect();
        assert_eq!(lines, at_the_hub, "what the hub holds; {:?}", self.world.verify());
        let marked = |it: &[&String]| it.iter().fold(Markers::default(), |all, it| all.text(it));
        let all: Vec<_> = stays_at_home.iter().collect();
        let markers = marked(&all);
        // The ledger at home names fields that came, by the names of manifests; never what was in them.
        let names = self.declared();
        let unnamed: Vec<_> = all.into_iter().filter(|it| !names.contains(*it)).collect();
        for (place, markers) in [("hub", &markers), ("gateway/state", &marked(&unnamed))] {
            let found = markers.found_under(&self.path(place), &["cache", "kept"]);
            assert_eq!(found, [""; 0], "what stays at home");
        }
        for log in ["hub.log", "gateway.log"] {
            assert_eq!(markers.found(log, &fs::read(self.path(log)).unwrap()), [""; 0]);
        }
    }
}

/// Puts more settings into those that are there; entries with one name are one entry.
fn merge(settings: &mut toml::Table, more: toml::Table) {
    for (key, value) in more {
        match (settings.get_mut(&key), value) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new)) => merge(old, new),
            (Some(toml::Value::Array(old)), toml::Value::Array(new)) if key == "device" => {
                for entry in new {
                    let same = old.iter_mut().find(|it| it["name"] == entry["name"]);
                    let same = same.unwrap_or_else(|| panic!("no device {}", entry["name"]));
                    same.as_table_mut().unwrap().extend(entry.as_table().unwrap().clone());
                }
            }
            (_, value) => {
                settings.insert(key, value);
            }
        }
    }
}

/// A grant that has not ended, whenever this runs.
fn without_end(grant: &str) -> String {
    let lines = grant.lines().map(|line| match line.starts_with("valid-until = ") {
        true => "valid-until = 2100-01-01T00:00:00Z\n".to_owned(),
        false => format!("{line}\n"),
    });
    lines.collect()
}

/// The seconds of `5 min`, `1 h`.
fn seconds(text: &str) -> u64 {
    let (count, unit) = text.split_once(' ').unwrap();
    let unit = match unit {
        "s" => 1,
        "min" => 60,
        "h" => 3600,
        other => panic!("{other}"),
    };
    count.parse::<u64>().unwrap() * unit
}
