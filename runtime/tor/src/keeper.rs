//! Keeps one Tor client at work, and starts it anew when it has lost its way.
//!
//! # Promises
//!
//! - There is never more than one client on the same directories, in this process or another.
//! - While a client is being replaced there is none to be had; whoever holds one lets go of it.
//! - It ends once nobody can ask for a client any more, and frees the directories.

use std::{
    collections::HashSet,
    fs::{DirBuilder, File, TryLockError},
    future, io,
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use arti_client::{HasKind, TorClientConfig, status::BootstrapStatus};
use futures_util::StreamExt;
use tokio::{
    sync::{mpsc, watch},
    time,
};

use crate::{
    client::{Client, Running},
    progress::Progress,
    settings::{self, Settings, StartError},
    watchdog::{Advice, Report, Watchdog},
};

/// How long to wait for a process that is just letting go of the directories.
const DIRECTORIES_WAIT_MAX: Duration = Duration::from_secs(5);
/// How often the directories are tried meanwhile.
const DIRECTORIES_RETRY: Duration = Duration::from_millis(50);
/// Pause after a client could not be made, or its directory of relays not be fetched.
const RETRY_DELAY: Duration = Duration::from_secs(5);
/// How often the progress is looked at when nothing else happens.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// Reports that may wait; more are dropped, as they say the same.
const REPORTS_MAX: usize = 64;

/// The client at work. `None` while it has no directory of relays yet, and while it is being
/// replaced.
pub(crate) type ClientSlot = watch::Receiver<Option<Arc<Client>>>;

/// The names of the onion services now hosted.
pub(crate) type Names = Arc<Mutex<HashSet<String>>>;

/// What others get of a keeper. It goes on as long as one clone of `reports` is left.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) config: Arc<TorClientConfig>,
    pub(crate) clients: ClientSlot,
    pub(crate) progress: watch::Receiver<Progress>,
    pub(crate) reports: mpsc::Sender<Report>,
    pub(crate) names: Names,
}

/// The client at work, once there is one; `None` if its keeper has ended.
pub(crate) async fn client(clients: &mut ClientSlot) -> Option<Arc<Client>> {
    clients.wait_for(Option::is_some).await.ok()?.clone()
}

/// Makes the first client and keeps it at work from then on. Does not wait for the network.
pub(crate) async fn start(settings: &Settings) -> Result<Kept, StartError> {
    // Another library in this process may compile in a second provider, and rustls then refuses to
    // choose. An error only says that somebody has chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = Arc::new(settings::config(settings)?);
    let locks = [
        lock(&settings.state_dir, "state.lock").await?,
        lock(&settings.cache_dir, "cache.lock").await?,
    ];
    let running = Running::start(&config).await?;
    let (clients_in, clients) = watch::channel(None);
    let (progress_in, progress) = watch::channel(Progress::STARTING);
    let (reports, reports_out) = mpsc::channel(REPORTS_MAX);
    let keeper = Keeper {
        config: config.clone(),
        clients: clients_in,
        progress: progress_in,
        reports: reports_out,
        _locks: locks,
    };
    tokio::spawn(keeper.run(running));
    Ok(Kept { config, clients, progress, reports, names: Names::default() })
}

struct Keeper {
    config: Arc<TorClientConfig>,
    clients: watch::Sender<Option<Arc<Client>>>,
    progress: watch::Sender<Progress>,
    reports: mpsc::Receiver<Report>,
    _locks: [File; 2],
}

enum Next {
    Replace,
    Stop,
}

impl Keeper {
    async fn run(mut self, first: Running) {
        let mut running = first;
        let mut first_time = true;
        loop {
            let next = self.watch(running.client()).await;
            self.clients.send_replace(None);
            let was_ready = self.progress.borrow().ready;
            self.progress.send_modify(|progress| progress.ready = false);
            if matches!(next, Next::Replace) && (was_ready || first_time) {
                tracing::warn!("tor cannot reach its network; starting its client anew");
            }
            first_time = false;
            running.end().await;
            running = match next {
                Next::Stop => return,
                Next::Replace => match self.replacement().await {
                    Some(replacement) => replacement,
                    None => return,
                },
            };
        }
    }

    /// Watches a client until it is to be replaced or nobody wants it any more.
    async fn watch(&mut self, client: &Arc<Client>) -> Next {
        let Self { clients, progress, reports, .. } = self;
        tokio::select! {
            next = serve(client, clients) => next,
            next = follow(client, progress, reports) => next,
        }
    }

    /// A new client, or `None` if nobody wants one any more.
    async fn replacement(&self) -> Option<Running> {
        while !self.reports.is_closed() {
            match Running::start(&self.config).await {
                Ok(running) => return Some(running),
                Err(error) => tracing::warn!(%error, "no new tor client yet"),
            }
            time::sleep(RETRY_DELAY).await;
        }
        None
    }
}

/// Fetches the directory of relays, then hands the client out. Not before: an onion service that
/// is launched without a directory waits for it for ever, and holds on to everything meanwhile.
async fn serve(client: &Arc<Client>, clients: &watch::Sender<Option<Arc<Client>>>) -> Next {
    if let Err(error) = client.bootstrap().await {
        tracing::warn!(kind = %error.kind(), retry_in = ?RETRY_DELAY, "tor directory not fetched");
        time::sleep(RETRY_DELAY).await;
        return Next::Replace;
    }
    clients.send_replace(Some(client.clone()));
    future::pending().await
}

/// Watches progress and reports until they call for another client.
async fn follow(
    client: &Client,
    progress: &watch::Sender<Progress>,
    reports: &mut mpsc::Receiver<Report>,
) -> Next {
    let mut watchdog = Watchdog::new(Instant::now());
    let mut events = client.bootstrap_events();
    let mut look = time::interval(LOOK_INTERVAL);
    loop {
        let advice = tokio::select! {
            Some(status) = events.next() => observe(&status, progress, &mut watchdog),
            _ = look.tick() => observe(&client.bootstrap_status(), progress, &mut watchdog),
            report = reports.recv() => match report {
                Some(report) => watchdog.report(report, Instant::now()),
                None => return Next::Stop,
            },
        };
        if advice == Advice::Replace {
            return Next::Replace;
        }
    }
}

fn observe(
    status: &BootstrapStatus,
    known: &watch::Sender<Progress>,
    watchdog: &mut Watchdog,
) -> Advice {
    let progress = Progress::of(status);
    if *known.borrow() != progress {
        let Progress { percent, ready, note } = progress;
        tracing::debug!(percent, ready, note, "tor progress");
        known.send_replace(progress);
    }
    watchdog.observe(progress, Instant::now())
}

/// Takes a directory for this process alone. Arti would go on without writing there if another
/// process had it.
async fn lock(dir: &Path, name: &str) -> Result<File, StartError> {
    let unusable = |error: io::Error| StartError::Files(format!("{}: {error}", dir.display()));
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(unusable)?;
    let file = File::options().create(true).append(true).open(dir.join(name)).map_err(unusable)?;
    let give_up_at = Instant::now() + DIRECTORIES_WAIT_MAX;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
            Err(TryLockError::WouldBlock) if Instant::now() >= give_up_at => {
                return Err(StartError::InUse);
            }
            Err(TryLockError::WouldBlock) => time::sleep(DIRECTORIES_RETRY).await,
        }
    }
}
