//! Starts a hub where gateways can reach it.

use super::{
    server::Hub,
    settings::{HubConfig, HubWay},
};
use crate::{
    gateway::StartError,
    ingress::serve::{self, Server},
    keys::Keys,
};
use std::{fs::File, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How often what is past its time is deleted.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// A running hub.
pub struct RunningHub {
    /// The hub.
    pub hub: Hub,
    /// Where gateways find it.
    pub address: String,
    /// Becomes true when the onion service can be reached; true from the start on this machine.
    pub reachable: tokio::sync::watch::Receiver<bool>,
    tasks: TaskTracker,
    stop: CancellationToken,
    _lock: File,
}

impl RunningHub {
    /// Starts it. Over Tor this returns before the service is published.
    pub async fn start(config: &HubConfig, keys: &Keys) -> Result<Self, StartError> {
        let lock = crate::gateway::lock(&config.home)?;
        let hub = Hub::open(config, keys).map_err(|it| StartError::Fix(it.to_string()))?;
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let server = Server::new(hub.routes(), tasks.clone(), stop.clone());
        let (address, reachable) = open(config, server, (&tasks, &stop)).await?;
        hub.set_address(&address);
        remember(config, &address)?;
        let (sweeping, stopping) = (hub.clone(), stop.clone());
        tasks.spawn(async move {
            loop {
                let hub = sweeping.clone();
                // A panic in there has been reported; the next turn tries again.
                let _ = tokio::task::spawn_blocking(move || hub.sweep()).await;
                tokio::select! {
                    () = stopping.cancelled() => return,
                    () = tokio::time::sleep(SWEEP_EVERY) => {}
                }
            }
        });
        Ok(Self { hub, address, reachable, tasks, stop, _lock: lock })
    }

    /// Stops it. Whether all ended in time.
    pub async fn stop(self) -> Result<(), tokio::time::error::Elapsed> {
        self.stop.cancel();
        self.tasks.close();
        tokio::time::timeout(crate::gateway::STOP_GRACE, self.tasks.wait()).await
    }
}

type Open = (String, tokio::sync::watch::Receiver<bool>);

async fn open(
    config: &HubConfig,
    server: Server,
    (tasks, stop): (&TaskTracker, &CancellationToken),
) -> Result<Open, StartError> {
    match &config.way {
        HubWay::Listen { listen, public } => {
            let (listener, bound) = serve::bind(*listen).await.map_err(StartError::Fix)?;
            tasks.spawn(server.run(listener));
            let address = public.clone().unwrap_or_else(|| bound.to_string());
            Ok((address, tokio::sync::watch::channel(true).1))
        }
        HubWay::Tor { network } => publish(config, network.as_deref(), server, (tasks, stop)).await,
    }
}

#[cfg(feature = "tor")]
async fn publish(
    config: &HubConfig,
    network: Option<&std::path::Path>,
    server: Server,
    (tasks, stop): (&TaskTracker, &CancellationToken),
) -> Result<Open, StartError> {
    let fix = |error: String| StartError::Fix(error);
    if config.password.is_none() {
        let settings = config.home.hub_settings();
        return Err(fix(format!(
            "{}: `page-password` must be set for an onion service",
            settings.display()
        )));
    }
    let tor = crate::transport::tor::start(network, &config.home.tor()).await;
    let tor = tor.map_err(|error| fix(error.to_string()))?;
    let mut service = tor.host("hub", 80).await.map_err(|error| fix(error.to_string()))?;
    let address = format!("{}:80", service.address());
    let reachable = service.reachable();
    let stop = stop.clone();
    tasks.spawn(async move {
        let _tor = tor;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                stream = service.accept() => match stream {
                    Some(stream) => server.serve(stream),
                    None => {
                        tracing::error!("the onion service ended");
                        return;
                    }
                },
            }
        }
    });
    Ok((address, reachable))
}

#[cfg(not(feature = "tor"))]
#[expect(clippy::unused_async, reason = "waits with Tor only")]
async fn publish(
    _config: &HubConfig,
    _network: Option<&std::path::Path>,
    _server: Server,
    _tasks: (&TaskTracker, &CancellationToken),
) -> Result<Open, StartError> {
    Err(StartError::Fix("this hushgate was built without Tor".into()))
}

/// `hub invite` reads the address here, also while the hub is off.
fn remember(config: &HubConfig, address: &str) -> Result<(), StartError> {
    let path = config.home.hub_address();
    std::fs::write(&path, address)
        .map_err(|error| StartError::Fix(format!("{}: {error}", path.display())))
}
