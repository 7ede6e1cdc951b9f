//! `run`: the gateway until a signal.

use super::{Failure, open, out::say};
use crate::{config::Way, gateway::Gateway, home::Home};
use tokio::signal::unix::{SignalKind, signal};

pub(super) async fn gateway(home: &Home) -> Result<(), Failure> {
    let (config, keys) = open(home)?;
    let gateway = Gateway::start(home, &keys).await?;
    if config.way == Way::Loopback {
        say("LOOPBACK: this gateway reaches hubs on this machine only. It is NOT anonymous.");
    }
    let listeners = [("MQTT", gateway.mqtt), ("HTTP", gateway.http), ("metrics", gateway.metrics)];
    for (name, address) in listeners {
        if let Some(address) = address {
            say(format!("{name} on {address}"));
        }
    }
    if let Some(address) = gateway.page {
        say(format!("page at http://{address}/"));
    }
    say(format!("running: {} devices, {} grants", config.devices.len(), config.grants.len()));
    stop_signal().await?;
    say("stopping");
    gateway.stop().await.map_err(|_| Failure::failed("some tasks did not end in time"))
}

/// Waits for SIGINT or SIGTERM.
pub(crate) async fn stop_signal() -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::failed)?;
    tokio::select! {
        interrupt = tokio::signal::ctrl_c() => interrupt.map_err(Failure::failed),
        _ = terminate.recv() => Ok(()),
    }
}
