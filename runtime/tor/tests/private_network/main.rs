//! Hosts and reaches onion services over a private Tor network.
//!
//! Needs `HUSHGATE_TOR_TESTNET`: the directory of a network started by `tests/rigs/tor-testnet`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod outage;

use std::{
    env, fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use arti_client::{
    TorClient,
    config::{TorClientConfigBuilder, onion_service::OnionServiceConfigBuilder},
};
use futures_util::StreamExt;
use hushgate_tor::{ConnectError, Service, Settings, Stream, Tor};
use safelog::DisplayRedacted;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, split},
    task::JoinSet,
    time::timeout,
};
use tor_cell::relaycell::msg::Connected;
use tor_hsservice::RendRequest;

const PORT: u16 = 80;
const PATIENCE: Duration = Duration::from_secs(90);
/// A good address that nobody publishes on a private network.
const NOBODY: &str = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion";

#[tokio::test(flavor = "multi_thread")]
async fn carries_bytes_both_ways() {
    let Some(network) = network() else { return };
    let [hub_dir, client_dir] = [(); 2].map(|()| TempDir::new().unwrap());
    let hub = start(hub_dir.path(), &network).await;
    let service = hub.host("hub", PORT).await.unwrap();
    let (address, _echo) = reachable_echo(service).await;
    let client = start(client_dir.path(), &network).await;
    let mut ready = client.progress();
    timeout(PATIENCE, ready.wait_for(|progress| progress.ready)).await.unwrap().unwrap();

    echo_100_kb(connect(&client, &address, "ada").await).await;
    echo_100_kb(connect(&client, &address, "bob").await).await;

    let wrong_port = client.connect(&address, PORT + 1, "ada").await;
    assert!(matches!(wrong_port, Err(ConnectError::Soon(_))), "{wrong_port:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_its_address_over_a_restart() {
    let Some(network) = network() else { return };
    let [hub_dir, client_dir] = [(); 2].map(|()| TempDir::new().unwrap());
    let client = start(client_dir.path(), &network).await;
    let mut addresses = Vec::new();
    for _ in 0..2 {
        let hub = start(hub_dir.path(), &network).await;
        let (address, mut echo) = reachable_echo(hub.host("hub", PORT).await.unwrap()).await;
        echo_100_kb(connect(&client, &address, "ada").await).await;
        echo.shutdown().await;
        addresses.push(address);
    }
    assert_eq!(addresses[0], addresses[1]);

    let hub = start(hub_dir.path(), &network).await;
    let other = hub.host("other", PORT).await.unwrap();
    assert_ne!(other.address(), addresses[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_nobody_publishes_is_for_later() {
    let Some(network) = network() else { return };
    let dir = TempDir::new().unwrap();
    let client = start(dir.path(), &network).await;
    let outcome = client.connect(NOBODY, PORT, "ada").await;
    let Err(ConnectError::Later(reason)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(reason, "Onion Service not found");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_streams_of_one_isolation_share_a_circuit() {
    let Some(network) = network() else { return };
    let [hub_dir, client_dir] = [(); 2].map(|()| TempDir::new().unwrap());
    let circuits = Arc::new(AtomicUsize::new(0));
    let address = counting_hub(hub_dir.path(), &network, circuits.clone()).await;
    let client = start(client_dir.path(), &network).await;
    let mut open = Vec::new();
    for (isolation, expected) in [("ada", 1), ("ada", 1), ("bob", 2), ("ada", 2), ("", 3)] {
        open.push(connect(&client, &address, isolation).await);
        assert_eq!(circuits.load(Ordering::SeqCst), expected, "{isolation}");
    }
}

/// The network file of the running network, or `None` and a word about it.
#[expect(clippy::print_stderr, reason = "whoever runs the tests must see that one was skipped")]
fn network() -> Option<String> {
    let Some(dir) = env::var_os("HUSHGATE_TOR_TESTNET") else {
        eprintln!("skipped: HUSHGATE_TOR_TESTNET names no running private Tor network");
        return None;
    };
    Some(fs::read_to_string(Path::new(&dir).join("arti.toml")).unwrap())
}

async fn start(dir: &Path, network: &str) -> Tor {
    let settings = Settings {
        state_dir: dir.join("state"),
        cache_dir: dir.join("cache"),
        network_toml: Some(network.to_owned()),
    };
    Tor::start(settings).await.unwrap()
}

/// Echoes on every stream until the tasks are dropped; returns once others can connect.
async fn reachable_echo(mut service: Service) -> (String, JoinSet<()>) {
    let address = service.address().to_owned();
    let mut reachable = service.reachable();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Some(stream) = service.accept().await {
            tokio::spawn(echo(stream));
        }
    });
    timeout(PATIENCE, reachable.wait_for(|reachable| *reachable)).await.unwrap().unwrap();
    (address, tasks)
}

async fn echo(stream: Stream) {
    let (mut from, mut to) = split(stream);
    let _ = copy(&mut from, &mut to).await;
    let _ = to.shutdown().await;
}

/// As a caller would: tries again for as long as the error says that this may help.
async fn connect(client: &Tor, address: &str, isolation: &str) -> Stream {
    let give_up_at = Instant::now() + PATIENCE;
    loop {
        match client.connect(address, PORT, isolation).await {
            Ok(stream) => return stream,
            Err(error @ ConnectError::Fix(_)) => panic!("{error}"),
            Err(error) => assert!(Instant::now() < give_up_at, "{error}"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn echo_100_kb(stream: Stream) {
    let sent: Vec<u8> =
        (0..100_000_u32).map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let (mut from, mut to) = split(stream);
    let mut received = vec![0; sent.len()];
    let both = async {
        let send = async {
            to.write_all(&sent).await.unwrap();
            to.flush().await.unwrap();
        };
        tokio::join!(send, async { from.read_exact(&mut received).await.unwrap() })
    };
    timeout(PATIENCE, both).await.unwrap();
    assert!(received == sent, "bytes were changed");
}

/// A service without our code, which counts the circuits that clients open to it.
async fn counting_hub(dir: &Path, network: &str, circuits: Arc<AtomicUsize>) -> String {
    let mut table: toml::Table = toml::from_str(network).unwrap();
    let storage = table["storage"].as_table_mut().unwrap();
    storage.insert("state_dir".into(), dir.join("state").to_str().unwrap().into());
    storage.insert("cache_dir".into(), dir.join("cache").to_str().unwrap().into());
    let builder: TorClientConfigBuilder = table.try_into().unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tor = TorClient::create_bootstrapped(builder.build().unwrap()).await.unwrap();
    let mut config = OnionServiceConfigBuilder::default();
    config.nickname("hub".parse().unwrap());
    let launched = tor.launch_onion_service(config.build().unwrap()).unwrap();
    let (service, mut requests) = launched.unwrap();
    let mut events = service.status_events();
    let reachable = async { while !events.next().await.unwrap().state().is_fully_reachable() {} };
    timeout(PATIENCE, reachable).await.unwrap();
    let address = service.onion_address().unwrap().display_unredacted().to_string();
    tokio::spawn(async move {
        let _hub = (tor, service);
        while let Some(request) = requests.next().await {
            circuits.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(accept_all(request));
        }
    });
    address
}

async fn accept_all(request: RendRequest) {
    let mut open = Vec::new();
    let mut streams = request.accept().await.unwrap();
    while let Some(stream) = streams.next().await {
        open.push(stream.accept(Connected::new_empty()).await.unwrap());
    }
}
