//! `hushgate.toml` as written, and the checks of each part.

use super::{Device, Matrix, PageSettings, Subscribe, Way, signers::ConsentFile};
use crate::{
    consent::stage::{Stage, StageFile},
    home::Home,
    message::DeviceName,
    signature::Key,
    source::{SettingsError, Source, is_name},
};
use argon2::PasswordHash;
use serde::Deserialize;
use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};
use toml::Spanned;

const SUBJECTS_MAX: usize = 16;
const TOPICS_MAX: usize = 64;

/// All of it. Unknown keys are errors.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    #[serde(default)]
    pub(super) mqtt: MqttFile,
    #[serde(default)]
    pub(super) http: HttpFile,
    #[serde(default)]
    pub(super) metrics: MetricsFile,
    pub(super) page: Option<PageFile>,
    #[serde(default)]
    pub(super) limits: LimitsFile,
    pub(super) transport: Spanned<TransportFile>,
    #[serde(default)]
    pub(super) plugins: PluginsFile,
    #[serde(default)]
    pub(super) consent: ConsentFile,
    pub(super) matrix: Option<MatrixFile>,
    #[serde(default)]
    pub(super) device: Vec<Spanned<DeviceFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PageFile {
    listen: Spanned<String>,
    password: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct MqttFile {
    pub(super) listen: Option<Spanned<String>>,
    pub(super) subscribe: Option<SubscribeFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SubscribeFile {
    broker: Spanned<String>,
    client_id: Option<String>,
    user: Option<String>,
    password_file: Option<Spanned<PathBuf>>,
    share: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct HttpFile {
    pub(super) listen: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct MetricsFile {
    listen: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LimitsFile {
    frame_bytes_max: Option<Spanned<usize>>,
    outbox_entries_max: Option<Spanned<u64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TransportFile {
    kind: Kind,
    socks: Option<Spanned<String>>,
    network: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Tor,
    Socks,
    Loopback,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PluginsFile {
    #[serde(default)]
    trusted_keys: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct MatrixFile {
    homeserver: Spanned<String>,
    room: Spanned<String>,
    socks: Option<Spanned<String>>,
    every: Spanned<String>,
    #[serde(default)]
    owners: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DeviceFile {
    name: Spanned<String>,
    subjects: Spanned<Vec<String>>,
    topics: Spanned<Vec<String>>,
    secret: Spanned<String>,
    adapter: Spanned<StageFile>,
}

impl LimitsFile {
    pub(super) fn frame_bytes_max(&self, source: &Source) -> Result<usize, SettingsError> {
        match &self.frame_bytes_max {
            None => Ok(64 << 10),
            Some(it) if (64..=1 << 20).contains(it.get_ref()) => Ok(*it.get_ref()),
            Some(it) => Err(source.error(it.span(), "must be 64 to 1048576 (bytes)")),
        }
    }

    pub(super) fn outbox_entries_max(&self, source: &Source) -> Result<u64, SettingsError> {
        match &self.outbox_entries_max {
            None => Ok(100_000),
            Some(it) if (1..=100_000_000).contains(it.get_ref()) => Ok(*it.get_ref()),
            Some(it) => Err(source.error(it.span(), "must be 1 to 100000000")),
        }
    }
}

pub(super) fn trusted_keys(source: &Source, file: &PluginsFile) -> Result<Vec<Key>, SettingsError> {
    file.trusted_keys.iter().map(|it| key(source, it)).collect()
}

pub(super) fn key(source: &Source, written: &Spanned<String>) -> Result<Key, SettingsError> {
    let problem = "must be a minisign public key: the second line of minisign.pub";
    Key::parse(written.get_ref()).ok_or_else(|| source.error(written.span(), problem))
}

pub(super) fn listen(
    source: &Source,
    setting: Option<Spanned<String>>,
) -> Result<Option<SocketAddr>, SettingsError> {
    setting.map(|it| address(source, &it)).transpose()
}

pub(super) fn metrics(
    source: &Source,
    file: &MetricsFile,
) -> Result<Option<SocketAddr>, SettingsError> {
    let here = |it| here(source, it, "nobody is asked for a password there");
    file.listen.as_ref().map(here).transpose()
}

pub(super) fn page(
    source: &Source,
    file: Option<PageFile>,
) -> Result<Option<PageSettings>, SettingsError> {
    let Some(PageFile { listen, password }) = file else { return Ok(None) };
    let listen = here(source, &listen, "the password would cross the network in the clear")?;
    if PasswordHash::new(password.get_ref()).is_err() {
        let problem = "must be an Argon2id hash, as `hushgate page on` writes it";
        return Err(source.error(password.span(), problem));
    }
    Ok(Some(PageSettings { listen, password: password.into_inner() }))
}

/// An address of this machine, which is all that may ask; `why` says what would be wrong elsewhere.
fn here(
    source: &Source,
    setting: &Spanned<String>,
    why: &str,
) -> Result<SocketAddr, SettingsError> {
    let address = address(source, setting)?;
    if !address.ip().is_loopback() {
        let problem = format!("must be on this machine, such as 127.0.0.1:9480: {why}");
        return Err(source.error(setting.span(), problem));
    }
    Ok(address)
}

fn address(source: &Source, setting: &Spanned<String>) -> Result<SocketAddr, SettingsError> {
    let problem = "must be an IP address and a port, such as 127.0.0.1:1883";
    setting.get_ref().parse().map_err(|_| source.error(setting.span(), problem))
}

pub(super) fn subscribe(
    source: &Source,
    file: Option<SubscribeFile>,
    home: &Home,
) -> Result<Option<Subscribe>, SettingsError> {
    let Some(file) = file else { return Ok(None) };
    let broker = address(source, &file.broker)?;
    if !is_home(broker.ip()) {
        let problem = "must be on this machine or in a private network (RFC 1918, RFC 4193): \
                       only Tor leaves the house";
        return Err(source.error(file.broker.span(), problem));
    }
    if let Some(share) = file.share.as_ref().filter(|it| !is_name(it.get_ref())) {
        return Err(source.error(share.span(), "must be lower-case letters, digits and hyphens"));
    }
    let login = match (file.user, file.password_file) {
        (Some(user), Some(path)) => Some((user, home.resolve(path.get_ref()))),
        (None, None) => None,
        (_, Some(path)) => return Err(source.error(path.span(), "needs `user` beside it")),
        (Some(_), None) => {
            return Err(source.error(file.broker.span(), "`user` needs `password-file` beside it"));
        }
    };
    let client_id = file.client_id.unwrap_or_else(|| "hushgate".into());
    let share = file.share.map(Spanned::into_inner);
    Ok(Some(Subscribe { broker, client_id, login, share }))
}

fn is_home(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(it) => it.is_loopback() || it.is_private() || it.is_link_local(),
        IpAddr::V6(it) => it.is_loopback() || it.is_unique_local() || it.is_unicast_link_local(),
    }
}

pub(super) fn way(
    source: &Source,
    file: &Spanned<TransportFile>,
    home: &Home,
) -> Result<Way, SettingsError> {
    let it = file.get_ref();
    match (it.kind, &it.socks, &it.network) {
        (Kind::Tor, None, network) => {
            Ok(Way::Tor { network: network.as_ref().map(|it| home.resolve(it)) })
        }
        (Kind::Socks, Some(socks), None) => {
            let address = address(source, socks)?;
            if !is_home(address.ip()) {
                return Err(
                    source.error(socks.span(), "must be on this machine or in a private network")
                );
            }
            Ok(Way::Socks(address))
        }
        (Kind::Loopback, None, None) => Ok(Way::Loopback),
        _ => Err(source.error(
            file.span(),
            "`socks` goes with kind \"socks\" and must be there, `network` with kind \"tor\" only",
        )),
    }
}

pub(super) fn matrix(
    source: &Source,
    file: Option<MatrixFile>,
) -> Result<Option<Matrix>, SettingsError> {
    let Some(file) = file else { return Ok(None) };
    let url = file.homeserver.get_ref();
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        let problem =
            "must be a URL that begins with https:// (http:// for this machine or an onion)";
        return Err(source.error(file.homeserver.span(), problem));
    }
    if !file.room.get_ref().starts_with(['!', '#']) {
        let problem = "must be a room id that begins with `!` or an alias that begins with `#`";
        return Err(source.error(file.room.span(), problem));
    }
    let is_user = |it: &String| it.starts_with('@') && it.contains(':');
    if let Some(wrong) = file.owners.iter().find(|it| !is_user(it.get_ref())) {
        return Err(source.error(wrong.span(), "must be a user id such as `@ada:example.org`"));
    }
    Ok(Some(Matrix {
        owners: file.owners.into_iter().map(Spanned::into_inner).collect(),
        socks: listen(source, file.socks)?,
        every: source.duration(&file.every)?,
        homeserver: file.homeserver.into_inner(),
        room: file.room.into_inner(),
    }))
}

pub(super) fn devices(
    source: &Source,
    files: Vec<Spanned<DeviceFile>>,
    home: &Home,
) -> Result<Vec<Device>, SettingsError> {
    let mut names = BTreeSet::new();
    let mut devices = Vec::new();
    for file in files {
        let file = file.into_inner();
        if !is_name(file.name.get_ref()) {
            let problem = "must be 1 to 64 lower-case letters, digits and hyphens";
            return Err(source.error(file.name.span(), problem));
        }
        if !names.insert(file.name.get_ref().clone()) {
            return Err(source.error(file.name.span(), "is the name of two devices"));
        }
        devices.push(device(source, file, home)?);
    }
    Ok(devices)
}

fn device(source: &Source, file: DeviceFile, home: &Home) -> Result<Device, SettingsError> {
    let subjects = file.subjects.get_ref();
    let subjects_fit =
        (1..=SUBJECTS_MAX).contains(&subjects.len()) && subjects.iter().all(|it| is_name(it));
    if !subjects_fit {
        let problem = "must name 1 to 16 people in lower-case letters, digits and hyphens";
        return Err(source.error(file.subjects.span(), problem));
    }
    let topics = file.topics.get_ref();
    if topics.len() > TOPICS_MAX || !topics.iter().all(|it| is_filter(it)) {
        let problem = "must be MQTT topic filters, such as \"patient/#\" (MQTT 5, section 4.7)";
        return Err(source.error(file.topics.span(), problem));
    }
    if PasswordHash::new(file.secret.get_ref()).is_err() {
        let problem = "must be a hash: run `hushgate device secret` to make a secret and its hash";
        return Err(source.error(file.secret.span(), problem));
    }
    Ok(Device {
        name: DeviceName(file.name.get_ref().as_str().into()),
        subjects: file.subjects.into_inner(),
        topics: file.topics.into_inner(),
        secret: file.secret.into_inner(),
        adapter: Stage::from_file(source, file.adapter, Some(&home.attached()))?,
    })
}

/// MQTT 5, section 4.7: `#` only as the last level, `+` only as a whole level. A filter must begin with a
/// plain level, so that no device owns the topics of others by accident.
fn is_filter(filter: &str) -> bool {
    let levels: Vec<_> = filter.split('/').collect();
    let last = levels.len() - 1;
    let fits = |(at, level): (usize, &&str)| match *level {
        "#" => at == last && at > 0,
        "+" => at > 0,
        level => !level.contains(['#', '+', '\0']) && !level.starts_with('$'),
    };
    filter.len() <= 256 && !levels[0].is_empty() && levels.iter().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::is_filter;

    #[test]
    fn topic_filters_are_those_of_mqtt_and_begin_plainly() {
        for good in ["patient/#", "patient/+/bpm", "door", "a/b/c"] {
            assert!(is_filter(good), "{good}");
        }
        for bad in ["#", "+/bpm", "patient/#/x", "pat#", "patient/b+", "$SYS/x", "", "/x"] {
            assert!(!is_filter(bad), "{bad}");
        }
    }
}
