//! Notices that a grant was withdrawn, also while no gateway ran.
//!
//! # Promises
//!
//! - No generation counts before the consents in it are on disk: each can be withdrawn from then on.
//! - A grant that was withdrawn by a word is withdrawn at once, even if it was given again before a gateway heard the word.
//! - So is one whose file is gone from `grants/`, after a moment in which an editor may put a new text in its place.
//! - One that ended by its own time, or whose text is changed or cannot be read, is not withdrawn; nor is any if
//!   `grants/` itself is gone.

use crate::{
    consent::{grant::Grant, withdrawal},
    home::Home,
    intake::Intake,
    message::Millis,
    pipeline::seal::Sealing,
    plugins::plan::Generation,
    store::{Store, StoreError, consents::Known},
};
use std::{
    collections::BTreeMap,
    io,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// How long the file of a grant may be away without the grant being withdrawn.
const AWAY_MAX: Duration = Duration::from_secs(2);
/// How often is looked while one is away,
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// and when nothing says that there is something to see.
const LOOK_SELDOM: Duration = Duration::from_secs(30);

/// All consents of one gateway.
pub(super) struct Consents {
    home: Home,
    store: Arc<Store>,
    sealing: Arc<Sealing>,
    intake: Arc<Intake>,
    /// Held while consents come or go: what is admitted has the tag that it was admitted with.
    changing: Mutex<()>,
}

/// Keeps what recipients will know the consents of `generation` by, before it counts.
pub(super) async fn keep(
    store: &Store,
    sealing: &Sealing,
    generation: &Generation,
) -> Result<(), StoreError> {
    let known = |it: &crate::plugins::plan::GrantPlan, file: &String| Known {
        file: file.clone(),
        grant: it.grant.id.clone(),
        device: it.grant.device.clone(),
        recipient: it.grant.recipient.clone(),
        told: sealing.told(&it.contract, &it.grant.id),
    };
    let all = generation.grants().flat_map(|it| it.sources.iter().map(move |file| known(it, file)));
    store.know(all.collect()).await
}

/// Notes what was withdrawn while no gateway ran, before anything counts.
pub(super) async fn hear(home: &Home, store: &Store) -> Result<(), StoreError> {
    for file in withdrawal::said(&home.grants()).map_err(unread)? {
        store.withdrawn(&file, Millis::now()).await?;
        withdrawal::hear(&home.grants(), &file).map_err(unread)?;
    }
    Ok(())
}

fn unread(error: io::Error) -> StoreError {
    tracing::warn!(%error, "grants/withdrawn");
    StoreError::Disk
}

impl Consents {
    pub(super) fn new(
        home: Home,
        (store, sealing): (Arc<Store>, Arc<Sealing>),
        intake: Arc<Intake>,
    ) -> Self {
        Self { home, store, sealing, intake, changing: Mutex::default() }
    }

    /// From now on these grants know by what they ended.
    pub(super) fn recall(&self, grants: &mut [Grant]) -> Result<(), StoreError> {
        self.store.recall_ended(grants)
    }

    /// From now on `generation` counts. Blocks: not for a task that others wait for.
    pub(super) fn admit(&self, generation: Generation) -> Result<(), StoreError> {
        tokio::runtime::Handle::current().block_on(async {
            let _changing = self.changing.lock().await;
            keep(&self.store, &self.sealing, &generation).await?;
            self.intake.replace(generation);
            Ok(())
        })
    }

    /// Looks for grants that were withdrawn, until `stop`.
    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut changes = self.intake.changes();
        let mut away = BTreeMap::new();
        loop {
            changes.mark_unchanged();
            if let Err(error) = self.look(&mut away).await {
                tracing::warn!(%error, "a withdrawal could not be kept yet");
            }
            let wait = if away.is_empty() { LOOK_SELDOM } else { LOOK_EVERY };
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tokio::time::timeout(wait, changes.changed()) => {}
            }
        }
    }

    /// `away` says since when the files of grants are.
    async fn look(&self, away: &mut BTreeMap<String, Instant>) -> Result<(), StoreError> {
        for file in withdrawal::said(&self.home.grants()).map_err(unread)? {
            self.withdraw(&file, true).await?;
        }
        let gone: Vec<_> =
            self.store.known_files()?.into_iter().filter(|it| self.is_gone(it)).collect();
        away.retain(|it, _| gone.contains(it));
        for file in gone {
            let since = *away.entry(file.clone()).or_insert_with(Instant::now);
            if since.elapsed() >= AWAY_MAX {
                self.withdraw(&file, false).await?;
                away.remove(&file);
            }
        }
        Ok(())
    }

    /// One that was `said` to be withdrawn may be there again, given anew; until then its old text must count no more.
    async fn withdraw(&self, file: &str, said: bool) -> Result<(), StoreError> {
        let _changing = self.changing.lock().await;
        let is_back = said && self.home.grants().join(format!("{file}.toml")).exists();
        if !is_back && !self.is_gone(file) {
            return Ok(());
        }
        self.store.withdrawn(file, Millis::now()).await?;
        self.sealing.set_lives(self.store.lives()?);
        if is_back {
            keep(&self.store, &self.sealing, &self.intake.generation()).await?;
        }
        withdrawal::hear(&self.home.grants(), file).map_err(unread)?;
        tracing::info!(grant = file, "withdrawn");
        Ok(())
    }

    /// Whether its file is, and nothing leaves under it any more.
    fn is_gone(&self, file: &str) -> bool {
        let gone = self.home.grants().join(format!("{file}.toml")).try_exists();
        let generation = self.intake.generation();
        let counts = generation.grants().any(|it| it.sources.iter().any(|it| it == file));
        matches!(gone, Ok(false)) && self.home.grants().is_dir() && !counts
    }
}
