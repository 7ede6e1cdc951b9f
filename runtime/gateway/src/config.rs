//! Settings: read as written, checked once, then trusted.
//!
//! # Promises
//!
//! - A [`Config`] cannot be wrong: names refer to what exists, numbers are in range.
//! - An error names the file and the line, and says what to write instead.
//! - `hushgate.toml` as `init` writes it is a test.

mod file;
pub mod signers;

use crate::{
    consent::{glass::Glass, grant::Grant, purpose, stage::Stage},
    contract::Contract,
    home::Home,
    message::DeviceName,
    signature::Key,
    source::{SettingsError, Source},
};
use file::File;
use signers::Signers;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// The most devices, grants and recipients of one gateway, each.
const ENTRIES_MAX: usize = 10_000;

/// Checked settings of a gateway.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where everything is kept.
    pub home: Home,
    /// The embedded MQTT broker's address, if it is on.
    pub mqtt_listen: Option<SocketAddr>,
    /// An existing MQTT broker to subscribe to, if there is one.
    pub mqtt_subscribe: Option<Subscribe>,
    /// The HTTP listener's address, if it is on.
    pub http_listen: Option<SocketAddr>,
    /// Where the gateway tells its numbers, if it does. On this machine.
    pub metrics_listen: Option<SocketAddr>,
    /// The owner's page, if it is on.
    pub page: Option<PageSettings>,
    /// The largest frame, in bytes.
    pub frame_bytes_max: usize,
    /// How many releases may wait.
    pub outbox_entries_max: u64,
    /// The way out.
    pub way: Way,
    /// Who may sign plugins, by key. Empty: they need no signature.
    pub trusted_keys: Vec<Key>,
    /// Whose grants must be signed, and with which key.
    pub signers: Signers,
    /// The room, if there is one.
    pub matrix: Option<Matrix>,
    /// Everything that sends.
    pub devices: Vec<Device>,
    /// Everything that was agreed.
    pub grants: Vec<Grant>,
    /// Everybody who may receive, by name.
    pub contracts: BTreeMap<String, Arc<Contract>>,
}

/// The owner's page.
#[derive(Clone, Debug)]
pub struct PageSettings {
    /// Where it is, on this machine.
    pub listen: SocketAddr,
    /// Argon2id hash of its password (PHC string).
    pub password: String,
}

/// The ways out that are built in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Tor, in this process.
    Tor {
        /// A file that describes another Tor network than the public one.
        network: Option<PathBuf>,
    },
    /// A Tor that runs already, by its SOCKS port.
    Socks(SocketAddr),
    /// Hubs on this machine only. Not anonymous.
    Loopback,
}

/// An existing MQTT broker.
#[derive(Clone, Debug)]
pub struct Subscribe {
    /// Its address.
    pub broker: SocketAddr,
    /// How we are called there; sessions are kept under it.
    pub client_id: String,
    /// How we log in, if it asks: user, and the file with the password.
    pub login: Option<(String, PathBuf)>,
    /// Shares the load with other gateways of this group (`$share`).
    pub share: Option<String>,
}

/// The room where receipts are shown.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The homeserver's URL.
    pub homeserver: String,
    /// The room's id or alias.
    pub room: String,
    /// A SOCKS port to reach it through.
    pub socks: Option<SocketAddr>,
    /// How often receipts are posted.
    pub every: Duration,
    /// Who may withdraw grants there, by user id. Nobody if empty.
    pub owners: Vec<String>,
}

/// One enrolled device.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its name; also its MQTT user.
    pub name: DeviceName,
    /// Whose data it is. At least one.
    pub subjects: Vec<String>,
    /// The MQTT topic filters that it may publish on.
    pub topics: Vec<String>,
    /// Argon2id hash of its password or token (PHC string).
    pub secret: String,
    /// Who decodes it.
    pub adapter: Stage,
}

impl Config {
    /// Reads `hushgate.toml`, `grants/` and `recipients/` of a home.
    pub fn read(home: &Home) -> Result<Self, SettingsError> {
        let source = Source::read(&home.settings())?;
        let file: File = source.parse()?;
        let devices = file::devices(&source, file.device, home)?;
        let contracts = read_all(&home.recipients(), Contract::from_source)?;
        let contracts: BTreeMap<_, _> =
            contracts.into_iter().map(|(_, it)| (it.name.clone(), Arc::new(it))).collect();
        let mut grants = read_all(&home.grants(), Grant::from_source)?;
        for (source, glass) in read_all(&home.glass(), Glass::from_source)? {
            let id = source.path().file_stem().and_then(|it| it.to_str());
            let its = grants.iter_mut().filter(|it| Some(it.1.id.as_str()) == id);
            its.for_each(|it| glass.put_into(&mut it.1));
        }
        let signers = Signers::of(&source, &file.consent, &devices)?;
        for (source, grant) in &mut grants {
            check_grant(source, grant, &devices, &contracts)?;
            grant.signed = signers.signed(source, grant)?;
        }
        let way = file::way(&source, &file.transport, home)?;
        check_ways(&source, &way, &contracts)?;
        Ok(Self {
            mqtt_listen: file::listen(&source, file.mqtt.listen)?,
            mqtt_subscribe: file::subscribe(&source, file.mqtt.subscribe, home)?,
            http_listen: file::listen(&source, file.http.listen)?,
            metrics_listen: file::metrics(&source, &file.metrics)?,
            page: file::page(&source, file.page)?,
            frame_bytes_max: file.limits.frame_bytes_max(&source)?,
            outbox_entries_max: file.limits.outbox_entries_max(&source)?,
            trusted_keys: file::trusted_keys(&source, &file.plugins)?,
            matrix: file::matrix(&source, file.matrix)?,
            grants: grants.into_iter().map(|(_, it)| it).collect(),
            home: home.clone(),
            signers,
            way,
            devices,
            contracts,
        })
    }
}

impl Config {
    /// The grant in `source`, which is of these devices and recipients. Whether it is signed is not asked.
    pub fn grant(&self, source: &Source) -> Result<Grant, SettingsError> {
        let grant = Grant::from_source(source)?;
        check_grant(source, &grant, &self.devices, &self.contracts)?;
        Ok(grant)
    }

    /// The ids of grants whose purpose never was a term, each with the one that it must be.
    pub fn former_purposes(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.grants.iter().filter_map(|it| Some((it.id.as_str(), purpose::better(&it.purpose)?)))
    }

    /// The ids of all plugins in use, some of them twice, each with the device that it works for.
    pub fn plugins(&self) -> impl Iterator<Item = (&str, &str)> {
        let adapters = self.devices.iter().map(|it| (&it.adapter, &*it.name.0));
        let stages = self.grants.iter().flat_map(|it| {
            it.minimizers.iter().chain(&it.policies).map(|stage| (stage, it.device.as_str()))
        });
        adapters.chain(stages).map(|(stage, device)| (stage.plugin.as_str(), device))
    }
}

fn check_grant(
    source: &Source,
    grant: &Grant,
    devices: &[Device],
    contracts: &BTreeMap<String, Arc<Contract>>,
) -> Result<(), SettingsError> {
    let Some(device) = devices.iter().find(|it| *it.name.0 == *grant.device) else {
        let known: BTreeSet<_> = devices.iter().map(|it| it.name.to_string()).collect();
        let known: Vec<_> = known.into_iter().collect();
        return Err(source.named(
            "device",
            format!(
                "no device `{}` in hushgate.toml (there are: {})",
                grant.device,
                known.join(", ")
            ),
        ));
    };
    if !device.subjects.contains(&grant.subject) {
        return Err(source.named(
            "subject",
            format!(
                "`{}` is not a subject of device `{}` (they are: {})",
                grant.subject,
                grant.device,
                device.subjects.join(", ")
            ),
        ));
    }
    if grant.uses.is_some() && device.subjects.len() > 1 {
        return Err(source.named(
            "uses",
            "cannot be counted where a device has several subjects: write `valid-until` alone",
        ));
    }
    for ending in &grant.endings {
        check_ending(source, (grant, &ending.said_by), devices)?;
    }
    if !contracts.contains_key(&grant.recipient) {
        return Err(source.named(
            "recipient",
            format!(
                "no recipient `{}`: add its invite with `hushgate recipient add FILE`",
                grant.recipient
            ),
        ));
    }
    Ok(())
}

/// A grant can end with what another device says, if nobody but the grant's subject is behind that one: by the end the
/// recipient learns what it said.
fn check_ending(
    source: &Source,
    (grant, said_by): (&Grant, &str),
    devices: &[Device],
) -> Result<(), SettingsError> {
    let problem = match devices.iter().find(|it| *it.name.0 == *said_by) {
        None => format!("no device `{said_by}` in hushgate.toml, so what it says never comes"),
        Some(_) if said_by == grant.device => return Ok(()),
        Some(device) => match device.subjects.iter().find(|it| **it != grant.subject) {
            None => return Ok(()),
            Some(other) => format!(
                "`{said_by}` tells of `{other}`, too, who did not agree that `{}` learns of it",
                grant.recipient
            ),
        },
    };
    Err(source.named("ends-with", problem))
}

/// Over loopback only hubs on this machine are reached, and over Tor only onions.
fn check_ways(
    source: &Source,
    way: &Way,
    contracts: &BTreeMap<String, Arc<Contract>>,
) -> Result<(), SettingsError> {
    use crate::contract::Address;
    let wrong = contracts
        .values()
        .find(|it| matches!(it.address, Address::Loopback(_)) != matches!(way, Way::Loopback));
    let Some(contract) = wrong else { return Ok(()) };
    Err(source.named(
        "transport",
        format!(
            "recipient `{}` has the address {}, which this transport does not reach: \
         `loopback` reaches only this machine, `tor` and `socks` only onion services",
            contract.name, contract.address
        ),
    ))
}

fn read_all<T>(
    dir: &Path,
    parse: impl Fn(&Source) -> Result<T, SettingsError>,
) -> Result<Vec<(Source, T)>, SettingsError> {
    let fail = |problem: String| SettingsError { file: dir.to_owned(), line: None, problem };
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fail(format!("cannot be read: {error}"))),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|it| fail(format!("cannot be read: {it}")))?.path();
        if path.extension().is_some_and(|it| it == "toml") {
            paths.push(path);
        }
        if paths.len() > ENTRIES_MAX {
            return Err(fail(format!("holds more than {ENTRIES_MAX} files")));
        }
    }
    paths.sort();
    let read = |path: PathBuf| {
        let source = Source::read(&path)?;
        let parsed = parse(&source)?;
        Ok((source, parsed))
    };
    paths.into_iter().map(read).collect()
}
