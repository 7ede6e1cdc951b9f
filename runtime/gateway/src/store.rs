//! One file on disk for outbox, ledger and what plugins remember; one thread that writes it.
//!
//! # Promises
//!
//! - An answer comes only after the commit would survive a power cut (SQLite, WAL, `synchronous=FULL`).
//! - What waits together is committed together: one `fsync` for all frames that came in meanwhile.
//! - A failed commit leaves no trace: what was computed from it in memory is refused by [`Lineage`].
//! - The file has mode 0600; states of plugins are sealed in it.

pub mod consents;
pub mod daily;
pub mod ended;
pub mod erase;
pub mod estimates;
mod file;
pub mod known;
mod note;
pub mod oldest;
pub mod silence;
pub mod state;
pub mod tally;
pub mod writer;

pub use file::OpenError;

use crate::{
    consent::{ending::Ending, entropy::Estimate, grant::Grant, linkage, operator::Memory},
    contract::Contract,
    keys::Vault,
    ledger,
    message::{DeviceName, Millis},
    outbox::{self, Parcel, Settlement, Waiting},
    pipeline::Decision,
};
use file::{connect, restrict};
use rusqlite::{Connection, OpenFlags};
use std::{
    collections::HashSet,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};
use tally::Tally;
use tokio::sync::{mpsc, oneshot, watch};

/// How many jobs may wait for the writer. More, and whoever comes next waits or is told to come again.
const JOBS_MAX: usize = 2048;

/// Why something could not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The outbox is at its limit; it empties as recipients come back.
    #[error("the outbox is full")]
    OutboxFull,
    /// The disk refused: full, read-only or broken.
    #[error("the disk did not take it")]
    Disk,
    /// It was computed from something that could not be kept. Compute it again.
    #[error("it built on something that was not kept")]
    Stale,
    /// The gateway is stopping.
    #[error("the gateway is stopping")]
    Stopping,
}

/// Which failed commits something was computed after. See [`Store::lineage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lineage(u64);

/// What came of one frame, to be kept in one transaction.
#[derive(Debug)]
pub struct Decided {
    /// The device that sent the frame.
    pub device: DeviceName,
    /// When.
    pub at: Millis,
    /// How many bytes came.
    pub bytes: usize,
    /// One for each grant that was asked, or one for the whole frame; none where there is no frame, only states.
    pub decisions: Vec<Decision>,
    /// What is remembered from now on, by grant or counter.
    pub states: Vec<(String, Vec<u8>)>,
    /// What it told of that ends grants.
    pub ended: Vec<Ending>,
    /// How much fields say, from time to time.
    pub estimates: Vec<Estimate>,
    /// What it was computed after.
    pub lineage: Lineage,
}

/// Releases on their way: until this is dropped, nobody else sees them as waiting.
#[derive(Debug)]
pub struct OnTheWay {
    shared: Arc<Shared>,
    releases: Vec<i64>,
}

impl Drop for OnTheWay {
    fn drop(&mut self) {
        let mut all = self.shared.on_the_way();
        self.releases.iter().for_each(|it| _ = all.remove(it));
    }
}

pub(crate) type Reply = oneshot::Sender<Result<(), StoreError>>;

/// What the writer is asked to do.
pub(crate) enum Job {
    Decided(Decided, Reply),
    Settled(Vec<Settlement>, Reply),
    Sent(Vec<i64>, Reply),
    Cursor(String, i64, Reply),
    Numbers(Reply),
    Consents(consents::Change, Reply),
    Silent(silence::Silence, Reply),
}

/// The file. Share it behind an `Arc`.
#[derive(Debug)]
pub struct Store {
    jobs: mpsc::Sender<Job>,
    reader: Mutex<Connection>,
    vault: Vault,
    first_entry: OnceLock<Millis>,
    pub(crate) shared: Arc<Shared>,
}

/// What the writer tells everybody.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    failures: AtomicU64,
    high_water_ms: AtomicI64,
    outbox: watch::Sender<()>,
    on_the_way: Mutex<HashSet<i64>>,
    tally: Mutex<Tally>,
    ended: Mutex<ended::Known>,
}

impl Shared {
    fn on_the_way(&self) -> MutexGuard<'_, HashSet<i64>> {
        // A panic while holding the lock cannot leave a set of numbers half changed.
        self.on_the_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        // Numbers that a panic left behind are off by one commit.
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job that is sure to be taken.
#[derive(Debug)]
pub struct Slot<'a>(Room<'a>);

#[derive(Debug)]
enum Room<'a> {
    Lent(mpsc::Permit<'a, Job>),
    Own(mpsc::OwnedPermit<Job>),
}

/// A decision on its way to the disk.
#[derive(Debug)]
pub struct Pending(oneshot::Receiver<Result<(), StoreError>>);

impl Pending {
    /// Waits until it would survive a power cut, or failed to.
    pub async fn kept(self) -> Result<(), StoreError> {
        self.0.await.unwrap_or(Err(StoreError::Stopping))
    }
}

impl Slot<'_> {
    /// Hands `decided` to the writer. The order of calls is the order on disk.
    pub fn keep(self, decided: Decided) -> Pending {
        let (reply, answer) = oneshot::channel();
        let job = Job::Decided(decided, reply);
        match self.0 {
            Room::Lent(room) => room.send(job),
            Room::Own(room) => drop(room.send(job)),
        }
        Pending(answer)
    }
}

impl Store {
    /// Opens or makes the file at `path`. At most `outbox_entries_max` releases will wait in it.
    pub fn open(
        path: &Path,
        vault: Vault,
        outbox_entries_max: u64,
    ) -> Result<Arc<Self>, OpenError> {
        let writing = connect(path, OpenFlags::default())?;
        restrict(path);
        let reader = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let shared = Arc::new(Shared::default());
        let (jobs, queue) = mpsc::channel(JOBS_MAX);
        let sqlite = |source| OpenError::Sqlite { path: path.display().to_string(), source };
        let writer =
            writer::Writer::new(writing, vault.clone(), outbox_entries_max, shared.clone())
                .map_err(sqlite)?;
        std::thread::Builder::new()
            .name("store".into())
            .spawn(move || writer.run(queue))
            .map_err(OpenError::Thread)?;
        let (reader, first_entry) = (Mutex::new(reader), OnceLock::new());
        Ok(Arc::new(Self { jobs, reader, vault, first_entry, shared }))
    }

    /// Opens the file only to look at it.
    pub fn look(path: &Path) -> Result<Connection, OpenError> {
        connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    /// Waits for room in the writer's queue.
    pub async fn slot(&self) -> Result<Slot<'_>, StoreError> {
        let room = self.jobs.reserve().await.map_err(|_| StoreError::Stopping)?;
        Ok(Slot(Room::Lent(room)))
    }

    /// The same, for another thread.
    pub async fn own_slot(&self) -> Result<Slot<'static>, StoreError> {
        let room = self.jobs.clone().reserve_owned().await.map_err(|_| StoreError::Stopping)?;
        Ok(Slot(Room::Own(room)))
    }

    /// Records how releases ended.
    pub async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), StoreError> {
        self.ask(|reply| Job::Settled(settlements, reply)).await
    }

    /// Keeps `releases`, by their place, from being swept while they are on their way, and marks them as sent.
    ///
    /// Whether they may go is to be asked after this: what ended before it may be swept already.
    pub async fn send_off(&self, releases: Vec<i64>) -> Result<OnTheWay, StoreError> {
        self.shared.on_the_way().extend(&releases);
        let guard = OnTheWay { shared: self.shared.clone(), releases: releases.clone() };
        self.ask(|reply| Job::Sent(releases, reply)).await?;
        Ok(guard)
    }

    /// Remembers a number under a name.
    pub async fn set_cursor(&self, name: &str, value: i64) -> Result<(), StoreError> {
        self.ask(|reply| Job::Cursor(name.to_owned(), value, reply)).await
    }

    /// Writes down the numbers of the day, which otherwise wait a while: before the end.
    pub async fn keep_numbers(&self) -> Result<(), StoreError> {
        self.ask(Job::Numbers).await
    }

    async fn ask(&self, job: impl FnOnce(Reply) -> Job) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(job(reply)).await.map_err(|_| StoreError::Stopping)?;
        answer.await.unwrap_or(Err(StoreError::Stopping))
    }

    /// The number remembered under a name, 0 if none is.
    pub fn cursor(&self, name: &str) -> Result<i64, StoreError> {
        self.read(|it| {
            let mut query = it.prepare_cached("SELECT value FROM cursor WHERE name = ?1")?;
            let mut rows = query.query([name])?;
            rows.next()?.map_or(Ok(0), |row| row.get(0))
        })
    }

    /// Whatever is computed from what was read after this call is kept only if no commit fails meanwhile.
    pub fn lineage(&self) -> Lineage {
        Lineage(self.shared.failures.load(Ordering::Acquire))
    }

    /// The latest time that the ledger knows.
    pub fn high_water(&self) -> Millis {
        Millis(self.shared.high_water_ms.load(Ordering::Acquire))
    }

    /// What is remembered for a grant (what its plugins left, in which slots something left) or for a device's
    /// counter.
    pub fn state(&self, owner: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|it| state::get(it, &self.vault, owner))
    }

    /// What the host's operators remember for `grant`.
    pub fn operators(&self, grant: &str) -> Result<Memory, StoreError> {
        self.read(|it| state::operators(it, &self.vault, grant))
    }

    /// What several recipients know: see [`known::look`].
    pub fn shared(
        &self,
        key: impl Fn(&[u8; 32]) -> [u8; 32],
        agreed: &[(&Grant, &Contract)],
    ) -> Result<Vec<linkage::Shared>, StoreError> {
        self.read(|it| known::look(it, (&self.vault, key), agreed))
    }

    /// Up to `limit` releases for `recipient` that are due, those that are due longest first.
    pub fn due(
        &self,
        recipient: &str,
        now: Millis,
        limit: usize,
    ) -> Result<Vec<Parcel>, StoreError> {
        self.read(|it| outbox::due(it, recipient, now, limit))
    }

    /// When the next release for `recipient` is due.
    pub fn next_due(&self, recipient: &str) -> Result<Option<Millis>, StoreError> {
        self.read(|it| outbox::next_due(it, recipient))
    }

    /// The device, grant and grant's text that releases wait under.
    pub fn waiting_grants(&self) -> Result<Vec<(String, String, [u8; 8])>, StoreError> {
        self.read(outbox::grants)
    }

    /// Up to `limit` releases that wait under one text of a grant and are not on their way.
    pub fn waiting_under(
        &self,
        grant: (&str, &str, [u8; 8]),
        limit: usize,
    ) -> Result<Vec<Waiting>, StoreError> {
        self.resting(limit, |it, limit| outbox::under(it, grant, limit))
    }

    /// Up to `limit` releases that waited too long and are not on their way.
    pub fn past(&self, now: Millis, limit: usize) -> Result<Vec<Waiting>, StoreError> {
        self.resting(limit, |it, limit| outbox::past(it, now, limit))
    }

    /// What `query` finds, without what is on its way.
    fn resting(
        &self,
        limit: usize,
        query: impl FnOnce(&Connection, usize) -> rusqlite::Result<Vec<Waiting>>,
    ) -> Result<Vec<Waiting>, StoreError> {
        let on_the_way = self.shared.on_the_way().clone();
        let mut found = self.read(|it| query(it, limit + on_the_way.len()))?;
        found.retain(|it| !on_the_way.contains(&it.id));
        found.truncate(limit);
        Ok(found)
    }

    /// Ledger entries after `seq`, oldest first.
    pub fn ledger_after(&self, seq: i64, limit: usize) -> Result<Vec<ledger::Entry>, StoreError> {
        self.read(|it| ledger::after(it, seq, limit))
    }

    /// How long the ledger is, and its root.
    pub fn ledger_head(&self) -> Result<ledger::Head, StoreError> {
        self.read(ledger::head)
    }

    /// The root that the ledger had when it was `size` entries long.
    pub fn ledger_root(&self, size: i64) -> Result<[u8; 32], StoreError> {
        self.read(|it| ledger::root_at(it, size))
    }

    /// What was committed since this was opened, in numbers.
    pub fn tally(&self) -> Tally {
        self.shared.tally().clone()
    }

    /// Changes when a release came in, or a consent was withdrawn.
    pub fn outbox_changes(&self) -> watch::Receiver<()> {
        self.shared.outbox.subscribe()
    }

    fn read<T>(
        &self,
        run: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        // A panic while holding the lock cannot leave a reader half changed.
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        run(&reader).map_err(|error| {
            tracing::error!(%error, "the store cannot be read");
            StoreError::Disk
        })
    }
}
