//! The inbound half: from a frame to a safe place on disk.
//!
//! # Promises
//!
//! - `Ok` means that every decision on the frame, and every release, would survive a power cut: the ingress may
//!   acknowledge it to the device.
//! - There is no queue in memory: whoever brings frames faster than the disk takes them waits here.
//! - Frames of one device are decided in the order of [`Intake::begin`], each seeing what the one before left.

use crate::{
    consent::grant::Clock,
    message::{DeviceName, Frame, Millis},
    outcome::Reason,
    pipeline::{self, Decision, Outcome, live::LiveDevice, seal::Sealing},
    plugins::plan::{DevicePlan, Generation},
    store::{Decided, Lineage, Pending, Store, StoreError},
};
use arc_swap::ArcSwap;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// How long a full disk or outbox may keep a frame waiting before its ingress is told.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// How often a frame is decided anew because one before it could not be kept.
const STALE_RETRIES_MAX: u32 = 8;
/// How many plugin instances may be kept alive between frames, over all devices: half of the pool.
const WARM_INSTANCES_MAX: usize = 500;
/// How often the samples of a window go to disk while none of them leaves: what a crash can take from a
/// window. Their frames are accounted for in the ledger at once.
const SAMPLES_KEPT_EVERY: Duration = Duration::from_secs(1);
/// How many frames of each device are remembered, and of which size at most, in bytes.
const RECENT_MAX: usize = 16;
const RECENT_BYTES_MAX: usize = 1 << 10;
/// How far the clock may step back before it counts as unknown.
const CLOCK_BACK_MS_MAX: i64 = 5 * 60_000;
/// 2026-01-01T00:00:00Z: no gateway of this version ran earlier; a clock that says so was never set.
const CLOCK_MS_MIN: i64 = 1_767_225_600_000;

/// Takes frames in. Share it behind an `Arc`.
pub struct Intake {
    generation: ArcSwap<Generation>,
    changes: watch::Sender<()>,
    sealing: Sealing,
    store: Arc<Store>,
    devices: Mutex<HashMap<DeviceName, Arc<Mutex<Slot>>>>,
    warm: Mutex<Warm>,
}

/// The devices that have live instances: when each was used last, and how many it may have.
#[derive(Default)]
struct Warm {
    devices: HashMap<DeviceName, (Instant, usize)>,
    instances: usize,
}

/// What is alive for one device.
#[derive(Default)]
struct Slot {
    live: Option<Live>,
    /// Its newest frames, in memory alone: what a changed plugin is tried with before it counts.
    recent: VecDeque<Frame>,
}

impl Slot {
    fn note(&mut self, frame: &Frame) {
        if frame.content.reveal().body.len() > RECENT_BYTES_MAX {
            return;
        }
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(frame.copy());
    }
}

struct Live {
    device: LiveDevice,
    generation: u64,
    lineage: Lineage,
    samples_kept: Instant,
}

impl Live {
    fn take_states(&mut self) -> Vec<(String, Vec<u8>)> {
        let samples = self.samples_kept.elapsed() >= SAMPLES_KEPT_EVERY;
        if samples {
            self.samples_kept = Instant::now();
        }
        self.device.take_changes(samples)
    }
}

/// Why a frame was not taken in. It was not acknowledged, and nothing of it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// It could not be kept; sending it again later may help.
    #[error("not kept: {0}")]
    NotKept(#[source] StoreError),
    /// Nobody enrolled this device.
    #[error("no such device")]
    UnknownDevice,
}

impl Intake {
    /// Decides under `generation`, seals with `sealing` and keeps in `store`.
    pub fn new(generation: Generation, sealing: Sealing, store: Arc<Store>) -> Self {
        let generation = ArcSwap::from_pointee(generation);
        Self {
            generation,
            changes: watch::Sender::new(()),
            sealing,
            store,
            devices: Mutex::default(),
            warm: Mutex::default(),
        }
    }

    /// The generation that the next frame will see.
    pub fn generation(&self) -> Arc<Generation> {
        self.generation.load_full()
    }

    /// From now on frames see `generation`; what waits under grants that it lacks is purged.
    pub fn replace(&self, generation: Generation) {
        self.generation.store(Arc::new(generation));
        self.changes.send_replace(());
    }

    /// Changes when the generation did.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// The newest frames of `device`, oldest first.
    pub fn recent(&self, device: &DeviceName) -> Vec<Frame> {
        let slot = lock(&self.devices).get(device).cloned();
        slot.map(|it| lock(&it).recent.iter().map(Frame::copy).collect()).unwrap_or_default()
    }

    /// Takes in one frame and waits until all that came of it is on disk.
    pub async fn accept(&self, frame: &Frame) -> Result<(), IntakeError> {
        for _ in 0..STALE_RETRIES_MAX {
            match self.begin(frame).await?.kept().await {
                Err(StoreError::Stale) => {}
                result => return result.map_err(IntakeError::NotKept),
            }
        }
        Err(IntakeError::NotKept(StoreError::Stale))
    }

    /// Decides on one frame and hands the result to the disk. The frame may be acknowledged when the answer's
    /// [`Pending::kept`] is `Ok`.
    pub async fn begin(&self, frame: &Frame) -> Result<Pending, IntakeError> {
        let slot = tokio::time::timeout(WAIT_MAX, self.store.slot()).await;
        let slot = slot.unwrap_or(Err(StoreError::Disk)).map_err(IntakeError::NotKept)?;
        let generation = self.generation.load();
        let plan = generation.plan(&frame.device).ok_or(IntakeError::UnknownDevice)?;
        self.warm(&frame.device, plan.instances());
        let device = self.device(&frame.device);
        let mut device = lock(&device);
        device.note(frame);
        let live = self.live(&mut device, plan).map_err(IntakeError::NotKept)?;
        let clock = self.clock(frame.received);
        let decisions = pipeline::run(plan, &mut live.device, frame, (clock, &self.sealing));
        let decided = Decided {
            device: frame.device.clone(),
            at: frame.received,
            decisions,
            states: live.take_states(),
            lineage: live.lineage,
        };
        Ok(slot.keep(decided))
    }

    /// Records that a frame of `device` was refused before any plugin saw it.
    pub async fn refuse(&self, device: DeviceName, outcome: Outcome) -> Result<(), IntakeError> {
        let decisions = vec![Decision::whole(outcome)];
        let lineage = self.store.lineage();
        let decided = Decided { device, at: Millis::now(), decisions, states: Vec::new(), lineage };
        let slot = self.store.slot().await.map_err(IntakeError::NotKept)?;
        slot.keep(decided).kept().await.map_err(IntakeError::NotKept)
    }

    /// Puts on disk what windows hold. At the end, when no more frames come.
    pub async fn flush(&self) {
        let devices: Vec<_> =
            lock(&self.devices).iter().map(|it| (it.0.clone(), it.1.clone())).collect();
        for (device, slot) in devices {
            let Ok(room) = self.store.slot().await else { return };
            let taken =
                lock(&slot).live.as_mut().map(|it| (it.device.take_changes(true), it.lineage));
            let Some((states, lineage)) = taken.filter(|it| !it.0.is_empty()) else { continue };
            let decided =
                Decided { device, at: Millis::now(), decisions: Vec::new(), states, lineage };
            if let Err(error) = room.keep(decided).kept().await {
                tracing::warn!(%error, "the samples of a window were not kept");
            }
        }
    }

    /// What time it is, if anybody can tell.
    pub fn clock(&self, now: Millis) -> Clock {
        let floor = self.store.high_water().0.saturating_sub(CLOCK_BACK_MS_MAX).max(CLOCK_MS_MIN);
        if now.0 >= floor { Clock::Known(now) } else { Clock::Unknown }
    }

    fn device(&self, name: &DeviceName) -> Arc<Mutex<Slot>> {
        let mut devices = lock(&self.devices);
        match devices.get(name) {
            Some(device) => device.clone(),
            None => devices.entry(name.clone()).or_default().clone(),
        }
    }

    /// Notes that `name` is used now, and frees the instances of those that were silent longest when there
    /// are too many. Their states stay.
    fn warm(&self, name: &DeviceName, instances: usize) {
        let silent = lock(&self.warm).note(name, instances);
        for name in silent {
            let device = self.device(&name);
            // One that is busy is not silent: its next frame notes it again.
            if let Ok(mut slot) = device.try_lock()
                && let Some(live) = slot.live.as_mut()
            {
                live.device.cool();
            }
        }
    }

    /// The device's own instances and states; read anew after a change of plugins or a failed commit.
    fn live<'a>(&self, slot: &'a mut Slot, plan: &DevicePlan) -> Result<&'a mut Live, StoreError> {
        let lineage = self.store.lineage();
        // What was computed after a failed commit is void; a change of plans keeps the states, which may be
        // newer than the disk.
        let kept = slot.live.take().filter(|it| it.lineage == lineage);
        let live = match kept {
            Some(live) if live.generation == plan.generation => live,
            before => {
                let before = before.map(|it| it.device);
                let device = LiveDevice::new(plan, before, |it| self.store.grant_state(it))?;
                let samples_kept = Instant::now();
                Live { device, generation: plan.generation, lineage, samples_kept }
            }
        };
        Ok(slot.live.insert(live))
    }
}

impl Warm {
    /// Which devices must be cooled now that `name` is warm.
    fn note(&mut self, name: &DeviceName, instances: usize) -> Vec<DeviceName> {
        let now = Instant::now();
        if let Some(noted) = self.devices.get_mut(name) {
            noted.0 = now;
            return Vec::new();
        }
        self.devices.insert(name.clone(), (now, instances));
        self.instances += instances;
        if self.instances <= WARM_INSTANCES_MAX {
            return Vec::new();
        }
        self.forget_silent(name)
    }

    /// A quarter of all at once, so that this is rare.
    fn forget_silent(&mut self, except: &DeviceName) -> Vec<DeviceName> {
        let mut by_age: Vec<_> =
            self.devices.iter().map(|(name, it)| (it.0, name.clone())).collect();
        by_age.sort_unstable_by_key(|it| it.0);
        let mut silent = Vec::new();
        for (_, name) in by_age {
            if self.instances <= WARM_INSTANCES_MAX * 3 / 4 {
                break;
            }
            if name != *except
                && let Some((_, instances)) = self.devices.remove(&name)
            {
                self.instances -= instances;
                silent.push(name);
            }
        }
        silent
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a panic left half done is replaced: states are read anew, instances made anew.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A frame that is larger than frames may be.
pub fn too_large() -> Outcome {
    Outcome::Quarantined(Reason::TooLarge)
}

/// A frame on a topic that is not the device's.
pub fn foreign_topic() -> Outcome {
    Outcome::Withheld(Reason::ForeignTopic)
}
