//! What a plugin's calls cost, and what it has to wait for that.
//!
//! # Promises
//!
//! - A plugin whose calls take long runs one call at a time over all its devices, and gets at most a fifth of one
//!   core. Only frames that it works on wait for that.
//! - Processor time counts: on a busy machine a quick plugin stays a quick one.
//! - A quick call costs two looks at a clock and two additions.
//! - There is one [`Pace`] for each plugin, whatever its settings, devices and generations, until its bytes change.

use hushgate_wasm::{limits::Limits, sandbox::CallError};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// A call that takes longer is a long one.
const QUICK_MAX: Duration = Duration::from_millis(1);
/// For each second of long calls so many must pass.
const SECONDS_FOR_ONE: u32 = 5;
/// How far ahead of that a plugin may be: some long calls in a row are nothing bad.
const AHEAD_MAX: Duration = Duration::from_millis(50);
/// How many quick calls in a row it takes to count as quick again, the first time. Twice as many each time.
const QUICK_AGAIN: u32 = 256;
const DOUBLED_MAX: u32 = 16;

/// The ways in which a call can fail, by name.
pub const FAILURES: [&str; 6] =
    ["time", "memory", "output", "trap", "no-instance", "not-configured"];

/// One plugin's account.
#[derive(Debug)]
pub struct Pace {
    id: String,
    born: Instant,
    calls: AtomicU64,
    nanos: AtomicU64,
    long_nanos: AtomicU64,
    failures: [AtomicU64; FAILURES.len()],
    rests: AtomicU64,
    waits: AtomicU64,
    refusals: AtomicU64,
    /// Until when its long calls so far are to be waited for, in nanoseconds after `born`.
    paid_at: AtomicU64,
    /// For how many calls more their processor time is taken.
    watched: AtomicU32,
    slow: AtomicBool,
    /// How often it has become slow.
    relapses: AtomicU32,
    turn: Arc<Mutex<()>>,
}

/// What one plugin did since it is in use, in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Account {
    /// Calls, the making of an instance included where one was needed.
    pub calls: u64,
    /// What they took, by the clock on the wall.
    pub time: Duration,
    /// Processor time of the long ones among them.
    pub long: Duration,
    /// Calls that gave no answer, in the order of [`FAILURES`].
    pub failures: [u64; FAILURES.len()],
    /// How often it was left alone because it failed several times in a row.
    pub rests: u64,
    /// Frames that waited for it.
    pub waits: u64,
    /// Frames that waited for it in vain, and were not taken.
    pub refusals: u64,
    /// Whether frames wait for their turn with it now.
    pub slow: bool,
}

/// A call that began.
pub struct Started {
    at: Instant,
    processor: Option<Duration>,
}

/// The one turn of a slow plugin, until dropped.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "is held, not read")] OwnedMutexGuard<()>);

impl Pace {
    /// For the plugin `id`. One that asks for more time than others get counts as slow until it was quick.
    pub fn new(id: &str, limits: &Limits) -> Arc<Self> {
        let slow = limits.call > Limits::default().call;
        Arc::new(Self {
            id: id.to_owned(),
            born: Instant::now(),
            calls: AtomicU64::default(),
            nanos: AtomicU64::default(),
            long_nanos: AtomicU64::default(),
            failures: Default::default(),
            rests: AtomicU64::default(),
            waits: AtomicU64::default(),
            refusals: AtomicU64::default(),
            paid_at: AtomicU64::default(),
            watched: AtomicU32::new(if slow { QUICK_AGAIN } else { 0 }),
            slow: AtomicBool::new(slow),
            relapses: AtomicU32::default(),
            turn: Arc::default(),
        })
    }

    /// The plugin.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether its calls take long.
    pub fn is_slow(&self) -> bool {
        self.slow.load(Relaxed)
    }

    /// Waits until it may be called, in the order of asking.
    ///
    /// Dropping this future at any `await` is safe: whoever asked next is next.
    pub async fn turn(&self) -> Turn {
        if let Some(turn) = self.turn_now() {
            return turn;
        }
        self.waits.fetch_add(1, Relaxed);
        let turn = self.turn.clone().lock_owned().await;
        let ahead = self.ahead();
        if !ahead.is_zero() {
            tokio::time::sleep(ahead).await;
        }
        Turn(turn)
    }

    /// The turn, if it may be called now and nobody waits for it.
    pub fn turn_now(&self) -> Option<Turn> {
        let turn = self.turn.clone().try_lock_owned().ok()?;
        self.ahead().is_zero().then_some(Turn(turn))
    }

    /// A frame waited for it in vain.
    pub fn refused(&self) {
        self.refusals.fetch_add(1, Relaxed);
    }

    /// It is left alone for a while.
    pub fn rested(&self) {
        self.rests.fetch_add(1, Relaxed);
    }

    /// A call begins.
    pub fn start(&self) -> Started {
        let watched = self.watched.load(Relaxed) > 0;
        Started { at: Instant::now(), processor: watched.then(processor_time) }
    }

    /// A call of this thread ended.
    pub fn end(&self, started: &Started, failure: Option<CallError>) {
        let took = started.at.elapsed();
        self.calls.fetch_add(1, Relaxed);
        self.nanos.fetch_add(nanos(took), Relaxed);
        if let Some(error) = failure {
            self.failures[place(error)].fetch_add(1, Relaxed);
        }
        match started.processor {
            Some(before) => self.judge(processor_time().saturating_sub(before)),
            None if took > QUICK_MAX => self.watched.store(QUICK_AGAIN, Relaxed),
            None => {}
        }
    }

    /// What it did so far.
    pub fn account(&self) -> Account {
        Account {
            calls: self.calls.load(Relaxed),
            time: Duration::from_nanos(self.nanos.load(Relaxed)),
            long: Duration::from_nanos(self.long_nanos.load(Relaxed)),
            failures: std::array::from_fn(|it| self.failures[it].load(Relaxed)),
            rests: self.rests.load(Relaxed),
            waits: self.waits.load(Relaxed),
            refusals: self.refusals.load(Relaxed),
            slow: self.is_slow(),
        }
    }

    /// How long it must not be called.
    fn ahead(&self) -> Duration {
        let paid_at = Duration::from_nanos(self.paid_at.load(Relaxed));
        paid_at.saturating_sub(self.born.elapsed() + AHEAD_MAX)
    }

    fn judge(&self, used: Duration) {
        if used <= QUICK_MAX {
            let less = |it: u32| it.checked_sub(1);
            if self.watched.fetch_update(Relaxed, Relaxed, less) == Ok(1) {
                self.slow.store(false, Relaxed);
            }
            return;
        }
        self.long_nanos.fetch_add(nanos(used), Relaxed);
        let relapse = self.relapses.fetch_add(1, Relaxed).min(DOUBLED_MAX);
        self.watched.store(QUICK_AGAIN << relapse, Relaxed);
        self.slow.store(true, Relaxed);
        let began = nanos(self.born.elapsed().saturating_sub(used));
        let price = nanos(used * SECONDS_FOR_ONE);
        let pay = |paid_at: u64| Some(paid_at.max(began).saturating_add(price));
        let _ = self.paid_at.fetch_update(Relaxed, Relaxed, pay);
    }
}

/// What this thread has used so far.
fn processor_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(now).unwrap_or_default()
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn place(error: CallError) -> usize {
    match error {
        CallError::TimedOut => 0,
        CallError::OutOfMemory => 1,
        CallError::BadOutput => 2,
        CallError::Trapped => 3,
        CallError::NoInstance => 4,
        CallError::NotConfigured => 5,
    }
}
