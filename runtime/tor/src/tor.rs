//! One connection of this process to the Tor network.

use tokio::sync::watch;

use crate::{
    connect::{self, ConnectError},
    keeper::{self, Kept},
    progress::Progress,
    service::{self, HostError, Service},
    settings::{Settings, StartError},
    stream::Stream,
};

/// One connection of this process to the Tor network. Clones share it; it ends, and frees its
/// directories a moment later, when the last clone and the last [`Service`] are dropped.
#[derive(Clone)]
pub struct Tor {
    kept: Kept,
}

impl Tor {
    /// Starts Tor, and returns without waiting for the network: that comes up in the background.
    /// Must be called inside a tokio runtime. Waits up to 5 s for a process that is just letting
    /// go of the directories.
    ///
    /// # Errors
    ///
    /// Only what the owner must correct.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        Ok(Self { kept: keeper::start(&settings).await? })
    }

    /// How far Tor has come, and each change.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.kept.progress.clone()
    }

    /// Opens a stream to a port of an onion service. Takes 60 s at most, the wait for the network
    /// included. Streams with the same `isolation` may share a circuit; streams with different
    /// ones never do, so that nobody on the way sees that they belong together.
    ///
    /// A stream says nothing about who answers beyond the address itself, and nothing sent has
    /// arrived until the service says so.
    ///
    /// Dropping this future at any time is safe.
    ///
    /// # Errors
    ///
    /// Sorted by what to do; `Fix` at once for whatever is no version 3 onion address.
    pub async fn connect(
        &self,
        onion: &str,
        port: u16,
        isolation: &str,
    ) -> Result<Stream, ConnectError> {
        connect::open(&self.kept, (onion, port), isolation).await
    }

    /// Hosts an onion service with one port. Its key is made the first time and kept under
    /// `nickname` in the state directory, so that its address stays the same.
    ///
    /// Returns without waiting for the network; [`Service::reachable`] tells when others can
    /// connect. Waits up to 5 s for an earlier service of this name to end.
    ///
    /// # Errors
    ///
    /// Sorted by what to do.
    pub async fn host(&self, nickname: &str, port: u16) -> Result<Service, HostError> {
        service::host(&self.kept, nickname, port).await
    }
}
