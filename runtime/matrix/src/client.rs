//! Makes SDK clients that can reach the homeserver alone, and by the permitted way alone.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use matrix_sdk::{
    Client, ClientBuilder, SqliteStoreConfig,
    config::{RequestConfig, SyncSettings},
    cross_process_lock::CrossProcessLockConfig,
    reqwest::{self, Proxy, Url, redirect, tls},
    ruma::{
        api::client::{
            filter::{Filter, FilterDefinition, RoomEventFilter},
            sync::sync_events,
        },
        presence::PresenceState,
    },
};

use crate::{MatrixError, Settings, home::Home};

/// A request may have to wait for a Tor circuit.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(60);
const POLL_TIME: Duration = Duration::from_secs(30);

const BAD_HOMESERVER: MatrixError =
    MatrixError::Fix("the homeserver is not written as `https://host` or `http://host`");
const PLAIN_HTTP: MatrixError =
    MatrixError::Fix("a homeserver that is neither on this machine nor an onion needs https");
const NO_PROXY: MatrixError = MatrixError::Fix("an onion homeserver needs a SOCKS proxy");
const BAD_PROXY: MatrixError =
    MatrixError::Fix("the SOCKS proxy is not written as an address and a port");
const NO_HTTP: MatrixError = MatrixError::Fix("no HTTPS client can be made on this machine");

/// A builder for everything but what a log-in adds.
pub(crate) fn builder(settings: &Settings, home: &Home) -> Result<ClientBuilder, MatrixError> {
    let store = SqliteStoreConfig::with_low_memory_config(home.store())
        .passphrase(Some(&settings.store_passphrase));
    Ok(Client::builder()
        .homeserver_url(homeserver(settings)?)
        .http_client(http_client(settings)?)
        .sqlite_store_with_config_and_cache_path(store, None::<&str>)
        // The lock of the state directory is enough.
        .cross_process_store_config(CrossProcessLockConfig::SingleProcess)
        .request_config(RequestConfig::new().timeout(REQUEST_TIME_MAX))
        // A homeserver reached through Tor would otherwise name its public address, and be reached there.
        .respect_login_well_known(false)
        .with_enable_share_history_on_invite(false))
}

/// Asks for keys, membership and invitations, and for messages if it `hears` them; not for receipts or presence.
pub(crate) fn sync_settings(hears: bool) -> SyncSettings {
    let mut filter = FilterDefinition::empty();
    filter.presence = Filter::ignore_all();
    filter.room.ephemeral = RoomEventFilter::ignore_all();
    // By exclusion: changes of state come in the timeline too, and none may be missed.
    let messages = ["m.room.message", "m.room.encrypted"].iter().filter(|_| !hears);
    let not_types = messages.chain(&["m.reaction"]).map(|it| (*it).to_owned());
    filter.room.timeline.not_types = not_types.collect();
    SyncSettings::new()
        .timeout(POLL_TIME)
        .filter(sync_events::v3::Filter::FilterDefinition(filter))
        .set_presence(PresenceState::Offline)
}

/// The client calls itself by the SDK's name: a name of its own would tell everyone on the way who this is.
fn http_client(settings: &Settings) -> Result<reqwest::Client, MatrixError> {
    let builder = reqwest::Client::builder()
        .user_agent("matrix-rust-sdk")
        .https_only(homeserver(settings)?.scheme() == "https")
        .tls_version_min(tls::Version::TLS_1_2)
        .redirect(redirect::Policy::none())
        .connect_timeout(REQUEST_TIME_MAX);
    let builder = match &settings.socks_proxy {
        None => builder.no_proxy(),
        Some(proxy) => {
            let proxy: SocketAddr = proxy.parse().map_err(|_| BAD_PROXY)?;
            // Never `socks5`, which resolves names on this machine.
            builder.proxy(Proxy::all(format!("socks5h://{proxy}")).map_err(|_| BAD_PROXY)?)
        }
    };
    builder.build().map_err(|_| NO_HTTP)
}

fn homeserver(settings: &Settings) -> Result<Url, MatrixError> {
    let url = Url::parse(&settings.homeserver).map_err(|_| BAD_HOMESERVER)?;
    let host = url.host_str().ok_or(BAD_HOMESERVER)?;
    if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() {
        return Err(BAD_HOMESERVER);
    }
    let is_onion = host.ends_with(".onion");
    if is_onion && settings.socks_proxy.is_none() {
        return Err(NO_PROXY);
    }
    if url.scheme() == "http" && !is_onion && !is_loopback(host) {
        return Err(PLAIN_HTTP);
    }
    Ok(url)
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(homeserver_url: &str, socks_proxy: Option<&str>, expected: Result<&str, MatrixError>) {
        let settings = Settings {
            homeserver: homeserver_url.to_owned(),
            state_dir: "unused".into(),
            store_passphrase: String::new(),
            socks_proxy: socks_proxy.map(str::to_owned),
        };
        let url = homeserver(&settings);
        let made = url.and_then(|url| http_client(&settings).map(|_| url));
        assert_eq!(made.as_ref().map(Url::as_str), expected.as_ref().copied(), "{homeserver_url}");
    }

    #[test]
    fn plain_http_goes_to_this_machine_and_to_onions_alone() {
        let tor = Some("127.0.0.1:9050");
        check("https://example.org", None, Ok("https://example.org/"));
        check("http://127.0.0.1:8008", None, Ok("http://127.0.0.1:8008/"));
        check("http://[::1]:8008", None, Ok("http://[::1]:8008/"));
        check("http://localhost", None, Ok("http://localhost/"));
        check("http://abc.onion", tor, Ok("http://abc.onion/"));
        check("http://example.org", None, Err(PLAIN_HTTP));
        check("http://example.org", tor, Err(PLAIN_HTTP));
        check("http://192.168.1.2", None, Err(PLAIN_HTTP));
        check("http://127.0.0.1.example.org", None, Err(PLAIN_HTTP));
        check("http://localhost.example.org", None, Err(PLAIN_HTTP));
    }

    #[test]
    fn an_onion_is_never_looked_up_here() {
        check("http://abc.onion", None, Err(NO_PROXY));
        check("https://ABC.ONION", None, Err(NO_PROXY));
        check("https://abc.onion", Some("tor:9050"), Err(BAD_PROXY));
        check("https://abc.onion", Some("socks5://127.0.0.1:9050"), Err(BAD_PROXY));
    }

    #[test]
    fn refuses_what_is_not_a_homeserver() {
        for url in
            ["", "example.org", "ftp://example.org", "https://ada@example.org", "unix:/run/x"]
        {
            check(url, None, Err(BAD_HOMESERVER));
        }
    }
}
