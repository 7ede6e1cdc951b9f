//! One Tor client on threads of its own, so that it can be ended for certain.
//!
//! Arti ends its tasks when nobody uses them any more, but those that wait for a network that is
//! away use each other, and keep the directories locked for minutes.
//!
//! # Promises
//!
//! - After [`Running::end`] nothing of the client is left, and its directories are free.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use arti_client::{TorClient, TorClientConfig};
use tokio::{
    runtime::{Builder, Runtime},
    task, time,
};
use tor_rtcompat::PreferredRuntime;

use crate::settings::StartError;

/// Threads of one client.
const THREADS: usize = 2;
/// How long arti waits for its directories.
const DIRECTORIES_WAIT_MAX: Duration = Duration::from_secs(5);
/// How long others may take to let go of a client, and its threads to end.
const END_TIME_MAX: Duration = Duration::from_secs(5);
/// How often that is looked at.
const END_LOOK_INTERVAL: Duration = Duration::from_millis(20);

pub(crate) type Client = TorClient<PreferredRuntime>;

/// A client and its threads.
pub(crate) struct Running {
    client: Arc<Client>,
    threads: Threads,
}

/// Ends its threads when dropped, without waiting: dropping a runtime would block.
struct Threads(Option<Runtime>);

impl Running {
    /// Makes a client; does not touch the network.
    pub(crate) async fn start(config: &TorClientConfig) -> Result<Self, StartError> {
        let broken = |error: std::io::Error| StartError::Broken(error.to_string());
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("tor")
            .enable_all()
            .build()
            .map_err(broken)?;
        let for_arti = {
            let _entered = runtime.enter();
            PreferredRuntime::current().map_err(broken)
        };
        let threads = Threads(Some(runtime));
        let client = TorClient::with_runtime(for_arti?)
            .config(config.clone())
            .local_resource_timeout(DIRECTORIES_WAIT_MAX)
            .create_unbootstrapped_async()
            .await
            .map_err(|error| StartError::of(&error))?;
        Ok(Self { client, threads })
    }

    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// Ends the client. Streams that are still open break.
    pub(crate) async fn end(self) {
        let Self { client, mut threads } = self;
        let others = Arc::downgrade(&client);
        drop(client);
        let give_up_at = Instant::now() + END_TIME_MAX;
        while others.strong_count() > 0 && Instant::now() < give_up_at {
            time::sleep(END_LOOK_INTERVAL).await;
        }
        if let Some(runtime) = threads.0.take() {
            // It fails only if the process is ending anyway.
            let _ = task::spawn_blocking(|| runtime.shutdown_timeout(END_TIME_MAX)).await;
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
