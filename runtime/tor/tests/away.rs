//! What works, and what fails at once, while the Tor network cannot be reached.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant},
};

use hushgate_tor::{ConnectError, HostError, Settings, StartError, Tor, check_onion};
use tempfile::TempDir;

/// A network none of whose relays runs.
const NOWHERE: &str = r#"
[storage.permissions]
dangerously_trust_everyone = true
[tor_network]
fallback_caches = [ { rsa_identity = "C31B6B23A46C1EA47B5C5D4C5D8B1A4B5C6D7E8F", ed_identity = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", orports = ["127.0.0.1:1"] } ]
[tor_network.authorities]
v3idents = [ "C31B6B23A46C1EA47B5C5D4C5D8B1A4B5C6D7E8F" ]
uploads = [["127.0.0.1:1"]]
downloads = [["127.0.0.1:1"]]
votes = [["127.0.0.1:1"]]
"#;

fn settings(dir: &Path) -> Settings {
    Settings {
        state_dir: dir.join("state"),
        cache_dir: dir.join("cache"),
        network_toml: Some(NOWHERE.to_owned()),
    }
}

#[tokio::test]
async fn starts_and_hosts_while_the_network_is_away() {
    let dir = TempDir::new().unwrap();
    let started = Instant::now();
    let tor = Tor::start(settings(dir.path())).await.unwrap();
    let service = tor.host("hub", 80).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(20), "it waited for the network");
    assert_eq!(check_onion(service.address()), Ok(()));
    assert!(!*service.reachable().borrow());
    assert!(!tor.progress().borrow().ready);
}

#[tokio::test]
async fn garbage_is_refused_at_once() {
    let dir = TempDir::new().unwrap();
    let tor = Tor::start(settings(dir.path())).await.unwrap();
    let good = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion";
    for (address, port) in [("", 80), ("example.org", 80), ("127.0.0.1", 80), (good, 0)] {
        let outcome = tor.connect(address, port, "ada").await;
        assert!(matches!(outcome, Err(ConnectError::Fix(_))), "{address}: {outcome:?}");
    }
    let outcome = tor.host("no such name!", 80).await;
    assert!(matches!(outcome, Err(HostError::Fix(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_name_is_hosted_once_at_a_time() {
    let dir = TempDir::new().unwrap();
    let tor = Tor::start(settings(dir.path())).await.unwrap();
    let service = tor.host("hub", 80).await.unwrap();
    let outcome = tor.host("hub", 80).await;
    assert!(matches!(outcome, Err(HostError::InUse)), "{outcome:?}");
    let address = service.address().to_owned();
    drop(service);
    assert_eq!(tor.host("hub", 80).await.unwrap().address(), address);
}

#[tokio::test]
async fn directories_belong_to_one_at_a_time() {
    let dir = TempDir::new().unwrap();
    let tor = Tor::start(settings(dir.path())).await.unwrap();
    let same_state = Settings { cache_dir: dir.path().join("other"), ..settings(dir.path()) };
    let same_cache = Settings { state_dir: dir.path().join("other"), ..settings(dir.path()) };
    let (state, cache) = tokio::join!(Tor::start(same_state), Tor::start(same_cache));
    assert!(matches!(state.err(), Some(StartError::InUse)));
    assert!(matches!(cache.err(), Some(StartError::InUse)));
    drop(tor);
    Tor::start(settings(dir.path())).await.unwrap();
}

#[tokio::test]
async fn directories_open_to_others_are_refused() {
    let dir = TempDir::new().unwrap();
    let settings = Settings {
        network_toml: Some(NOWHERE.replace("everyone = true", "everyone = false")),
        ..settings(dir.path())
    };
    fs::create_dir(&settings.state_dir).unwrap();
    fs::set_permissions(&settings.state_dir, Permissions::from_mode(0o777)).unwrap();
    let error = Tor::start(settings).await.err().unwrap();
    assert!(matches!(error, StartError::Files(_)), "{error}");
    assert!(error.to_string().contains("state"), "does not say which: {error}");
}
