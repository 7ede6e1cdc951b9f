//! Sets up what the demo shows: as an owner would, with the same commands, in a temporary directory.

use super::{DemoWay, pacemaker};
use crate::{
    cli::{self, Failure},
    config::Config,
    consent::grant::Grant,
    gateway::Gateway,
    home::Home,
    hub::{running::RunningHub, settings::HubConfig},
    keys::Keys,
};
use std::{fs, path::Path, time::Duration};
use tempfile::TempDir;

/// How long an onion service may take to be published.
const PUBLISHED_MAX: Duration = Duration::from_secs(300);

/// One value each 5 s, so that there is something to see. What `grant new` writes allows one in 5 min.
const GRANT: &str = r#"
subject = "ada"
device = "pacemaker"
recipient = "demo-hospital"
purpose = "sector-health:PatientMonitoring"
every = "5 s"
retention = "1 h"
valid-from = 2026-01-01T00:00:00Z
valid-until = 2100-01-01T00:00:00Z
field = [
    { path = "heart-rate", unit = "/min", range = [30, 220], step = 5 },
    { path = "blood-pressure", unit = "mm[Hg]", range = [40, 240], step = 5 },
]
minimize = [{ plugin = "window-median", settings = { window-s = 5 } }]
"#;

/// Everything that runs.
pub(super) struct Stage {
    /// The gateway's settings.
    pub(super) config: Config,
    /// The demo's grant.
    pub(super) grant: Grant,
    /// What `grant new` would write for the same device.
    pub(super) usual: Grant,
    /// The gateway.
    pub(super) gateway: Gateway,
    /// The hub.
    pub(super) hub: RunningHub,
    /// The page's password.
    pub(super) password: String,
    /// The pacemaker's secret.
    pub(super) secret: String,
    dir: TempDir,
}

impl Stage {
    pub(super) async fn set(way: &DemoWay) -> Result<Self, Failure> {
        let dir =
            tempfile::Builder::new().prefix("hushgate-demo-").tempdir().map_err(Failure::failed)?;
        let (hub, password) = start_hub(&dir.path().join("hub"), way).await?;
        let home = Home::new(&dir.path().join("gateway"));
        let secret = make_gateway(&home, way, &dir.path().join("hub"))?;
        let config = Config::read(&home)?;
        let gateway = Gateway::start(&home, &Keys::open(&home.keys())?).await?;
        let usual = cli::grant_text("ada", pacemaker::NAME, "demo-hospital");
        let usual = crate::source::Source::from_text(Path::new("usual.toml"), &usual);
        let grant = config.grants.first().ok_or_else(|| Failure::failed("no grant"))?.clone();
        let usual = Grant::from_source(&usual)?;
        Ok(Self { config, grant, usual, gateway, hub, password, secret, dir })
    }

    /// Stops the gateway, then the hub. The directory goes with the return value.
    pub(super) async fn stop(self) -> Result<TempDir, Failure> {
        let late = |_| Failure::failed("some tasks did not end in time");
        self.gateway.stop().await.map_err(late)?;
        self.hub.stop().await.map_err(late)?;
        Ok(self.dir)
    }
}

async fn start_hub(dir: &Path, way: &DemoWay) -> Result<(RunningHub, String), Failure> {
    let home = Home::new(dir);
    let transport = match way {
        DemoWay::Loopback => "kind = \"listen\"\nlisten = \"127.0.0.1:0\"".to_owned(),
        DemoWay::Tor(network) => format!("kind = \"tor\"\n{}", network_line(network.as_deref())),
    };
    let password = cli::make_hub(&home, "demo-hospital", &transport)?;
    let config = HubConfig::read(&home)?;
    let mut hub = RunningHub::start(&config, &Keys::open(&home.keys())?).await?;
    let published = async { hub.reachable.wait_for(|it| *it).await.is_ok() };
    if tokio::time::timeout(PUBLISHED_MAX, published).await != Ok(true) {
        return Err(Failure::failed("the hub's onion service was not published in time"));
    }
    Ok((hub, password))
}

fn make_gateway(home: &Home, way: &DemoWay, hub: &Path) -> Result<String, Failure> {
    let transport = match way {
        DemoWay::Loopback => "kind = \"loopback\"".to_owned(),
        DemoWay::Tor(network) => format!("kind = \"tor\"\n{}", network_line(network.as_deref())),
    };
    let settings = format!(
        "[mqtt]\nlisten = \"127.0.0.1:0\"\n[http]\nlisten = \"127.0.0.1:0\"\n[transport]\n{transport}\n"
    );
    cli::make_gateway(home, &settings)?;
    let invite = home.dir().join("demo-hospital.invite");
    fs::write(&invite, cli::invite(&Home::new(hub))?).map_err(Failure::failed)?;
    cli::add_recipient(home, &invite)?;
    let lists = (&["ada".to_owned()][..], &["patient/#".to_owned()][..]);
    let secret = cli::add_device(home, pacemaker::NAME, lists, "private-iot-text")?;
    fs::write(home.grants().join("ada-pacemaker-demo.toml"), GRANT).map_err(Failure::failed)?;
    Ok(secret)
}

fn network_line(network: Option<&Path>) -> String {
    network
        .map(|it| format!("network = {}\n", toml::Value::from(it.display().to_string())))
        .unwrap_or_default()
}
