//! Recovers from the loss of the whole network, with a network that it starts and stops itself.

use std::{path::PathBuf, process::Command, time::Duration};

use hushgate_tor::{ConnectError, Tor};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

use super::{NOBODY, PORT, connect, echo_100_kb, reachable_echo, start};

/// Less than arti alone would take: its pauses are 150 s after a start without a network, and
/// grow after an outage.
const RECOVERY_TIME_MAX: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes three minutes, and starts a network of its own"]
async fn comes_back_after_an_outage() {
    let net = Net::up();
    let [hub_dir, client_dir] = [(); 2].map(|()| TempDir::new().unwrap());
    let hub = start(hub_dir.path(), &net.toml()).await;
    let client = start(client_dir.path(), &net.toml()).await;
    let (address, _echo) = reachable_echo(hub.host("hub", PORT).await.unwrap()).await;
    echo_100_kb(connect(&client, &address, "ada").await).await;

    net.all("kill");
    tokio::join!(
        refused_until_started_anew(&client, &address),
        refused_until_started_anew(&hub, NOBODY)
    );
    net.all("start");
    let back = Instant::now();
    echo_100_kb(timeout(RECOVERY_TIME_MAX, connect(&client, &address, "bob")).await.unwrap()).await;
    tell_elapsed("after an outage", back);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes two minutes, and starts a network of its own"]
async fn comes_up_after_a_start_without_a_network() {
    let net = Net::up();
    net.all("kill");
    let [hub_dir, client_dir] = [(); 2].map(|()| TempDir::new().unwrap());
    let hub = start(hub_dir.path(), &net.toml()).await;
    let client = start(client_dir.path(), &net.toml()).await;
    let service = hub.host("hub", PORT).await.unwrap();
    sleep(Duration::from_secs(15)).await;

    net.all("start");
    let back = Instant::now();
    let (address, _echo) = timeout(RECOVERY_TIME_MAX, reachable_echo(service)).await.unwrap();
    echo_100_kb(timeout(RECOVERY_TIME_MAX, connect(&client, &address, "ada")).await.unwrap()).await;
    tell_elapsed("after a start without a network", back);
}

async fn refused_until_started_anew(client: &Tor, address: &str) {
    let mut progress = client.progress();
    let give_up_at = Instant::now() + Duration::from_secs(150);
    while progress.borrow_and_update().ready {
        let outcome = client.connect(address, PORT, "bob").await;
        assert!(matches!(outcome, Err(ConnectError::Soon(_) | ConnectError::Later(_))));
        assert!(Instant::now() < give_up_at, "its client was not started anew");
        sleep(Duration::from_secs(3)).await;
    }
}

#[expect(clippy::print_stderr, reason = "a measure for whoever runs it with --nocapture")]
fn tell_elapsed(what: &str, since: Instant) {
    eprintln!(
        "{what}: connected {:.1} s after the network was back",
        since.elapsed().as_secs_f32()
    );
}

/// A private network of five relays.
struct Net {
    dir: TempDir,
}

impl Net {
    fn up() -> Self {
        let net = Self { dir: TempDir::new().unwrap() };
        net.rig("up", &["--relays", "2", "--exits", "0"]);
        net
    }

    fn toml(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("arti.toml")).unwrap()
    }

    fn all(&self, command: &str) {
        self.rig(command, &["auth0", "auth1", "auth2", "relay0", "relay1"]);
    }

    fn rig(&self, command: &str, arguments: &[&str]) {
        let rig = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/rigs/tor-testnet");
        let status =
            Command::new(rig).arg(command).arg(self.dir.path()).args(arguments).status().unwrap();
        assert!(status.success(), "tor-testnet {command} failed");
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        self.rig("down", &[]);
    }
}
