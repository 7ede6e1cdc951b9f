//! The inbound half: from a frame to a safe place on disk.
//!
//! # Promises
//!
//! - `Ok` means that every decision on the frame, and every release, would survive a power cut: the ingress may
//!   acknowledge it to the device.
//! - There is no queue in memory: whoever brings frames faster than the disk takes them waits here.
//! - Frames of one device are decided in the order of [`Intake::begin`], each seeing what the one before left.
//! - A frame for a slow plugin waits for its turn there, and nobody but its own device waits with it.

pub mod figures;
pub mod silence;
mod warm;

use crate::{
    consent::grant::Clock,
    message::{DeviceName, Frame, Millis},
    outcome::Reason,
    pipeline::{self, Decision, Outcome, live::LiveDevice, seal::Sealing},
    plugins::plan::{DevicePlan, Generation},
    store::{self, Decided, Lineage, Pending, Store, StoreError},
};
use arc_swap::ArcSwap;
use silence::Unfinished;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    sync::{Semaphore, watch},
    time::{Instant as Deadline, error::Elapsed, timeout_at},
};
use warm::Warm;

/// How long a full disk or outbox, or a slow plugin, may keep a frame waiting before its ingress is told.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// How many frames of one device may wait for a slow plugin.
const WAITING_MAX: usize = 64;
/// How often a frame is decided anew because one before it could not be kept.
const STALE_RETRIES_MAX: u32 = 8;
/// How often the samples of a window go to disk while none of them leaves: what a crash can take from a
/// window. Their frames are accounted for in the ledger at once.
const SAMPLES_KEPT_EVERY: Duration = Duration::from_secs(1);
/// How many frames of each device are remembered, and of which size at most, in bytes.
const RECENT_MAX: usize = 16;
const RECENT_BYTES_MAX: usize = 1 << 10;
/// Takes frames in. Share it behind an `Arc`.
pub struct Intake {
    generation: ArcSwap<Generation>,
    changes: watch::Sender<()>,
    withdrawals: Mutex<Vec<Unfinished>>,
    sealing: Arc<Sealing>,
    store: Arc<Store>,
    devices: Mutex<HashMap<DeviceName, Arc<Door>>>,
    warm: Mutex<Warm>,
}

/// Where one device's frames come in, one after another.
struct Door {
    /// Whose turn it is, in the order of asking.
    line: Arc<tokio::sync::Mutex<()>>,
    /// How many more may wait for a slow plugin.
    room: Semaphore,
    slot: Mutex<Slot>,
}

impl Default for Door {
    fn default() -> Self {
        let room = Semaphore::new(WAITING_MAX);
        Self { line: Arc::default(), room, slot: Mutex::default() }
    }
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
    estimated: Instant,
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
    /// One of its plugins is slow, or frames before it still wait; sending it again later may help.
    #[error("it waited too long for its turn")]
    Busy,
    /// Nobody enrolled this device.
    #[error("no such device")]
    UnknownDevice,
}

impl IntakeError {
    /// Whether sending it again later may help.
    pub fn may_pass(&self) -> bool {
        !matches!(self, Self::UnknownDevice | Self::NotKept(StoreError::Stopping))
    }
}

impl Intake {
    /// Decides under `generation`, seals with `sealing` and keeps in `store`.
    pub fn new(generation: Generation, sealing: Arc<Sealing>, store: Arc<Store>) -> Self {
        let generation = ArcSwap::from_pointee(generation);
        Self {
            generation,
            changes: watch::Sender::new(()),
            withdrawals: Mutex::default(),
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
        let door = lock(&self.devices).get(device).cloned();
        door.map(|it| lock(&it.slot).recent.iter().map(Frame::copy).collect()).unwrap_or_default()
    }

    /// Takes in one frame and waits until all that came of it is on disk.
    pub async fn accept(self: &Arc<Self>, frame: &Frame) -> Result<(), IntakeError> {
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
    ///
    /// Dropping this future at any `await` is safe: what was decided is kept, or nothing was.
    pub async fn begin(self: &Arc<Self>, frame: &Frame) -> Result<Pending, IntakeError> {
        if self.generation.load().plan(&frame.device).is_none() {
            return Err(IntakeError::UnknownDevice);
        }
        let (door, deadline) = (self.door(&frame.device), Deadline::now() + WAIT_MAX);
        let _room = match self.slow(&frame.device) {
            Some(_) => Some(door.room.try_acquire().map_err(|_| IntakeError::Busy)?),
            None => None,
        };
        let in_line = timeout_at(deadline, door.line.clone().lock_owned()).await;
        let in_line = in_line.map_err(|_| IntakeError::Busy)?;
        // While it waits, other plugins may come.
        for _ in 0..STALE_RETRIES_MAX {
            let Some(plan) = self.slow(&frame.device) else {
                return self.begin_quick(&door, frame, deadline).await;
            };
            let turns = timeout_at(deadline, plan.turns()).await.map_err(|_| busy(&plan))?;
            let room = room(timeout_at(deadline, self.store.own_slot()).await)?;
            if self.is_current(&frame.device, &plan) {
                let decide = self.job((plan, door.clone()), frame.copy(), room);
                return aside(decide, (turns, in_line)).await;
            }
        }
        Err(IntakeError::Busy)
    }

    async fn begin_quick(
        &self,
        door: &Door,
        frame: &Frame,
        deadline: Deadline,
    ) -> Result<Pending, IntakeError> {
        let room = room(timeout_at(deadline, self.store.slot()).await)?;
        let generation = self.generation.load();
        let plan = generation.plan(&frame.device).ok_or(IntakeError::UnknownDevice)?;
        let decided = self.decide((plan, door), frame);
        decided.map(|it| room.keep(it)).map_err(IntakeError::NotKept)
    }

    /// The decision on one frame, for another thread.
    fn job(
        self: &Arc<Self>,
        (plan, door): (Arc<DevicePlan>, Arc<Door>),
        frame: Frame,
        room: store::Slot<'static>,
    ) -> impl FnOnce() -> Result<Pending, StoreError> + Send + 'static {
        let intake = self.clone();
        move || intake.decide((&plan, &door), &frame).map(|it| room.keep(it))
    }

    fn is_current(&self, device: &DeviceName, plan: &Arc<DevicePlan>) -> bool {
        self.generation.load().plan(device).is_some_and(|it| Arc::ptr_eq(it, plan))
    }

    /// Whether frames of `device` wait for a slow plugin.
    pub fn is_slow(&self, device: &DeviceName) -> bool {
        self.slow(device).is_some()
    }

    /// The plan for `device`, if a plugin of it is slow.
    fn slow(&self, device: &DeviceName) -> Option<Arc<DevicePlan>> {
        self.generation.load().plan(device).filter(|it| it.is_slow()).cloned()
    }

    /// Runs all steps for one frame, at once.
    fn decide(
        &self,
        (plan, door): (&DevicePlan, &Door),
        frame: &Frame,
    ) -> Result<Decided, StoreError> {
        self.warm(&frame.device, plan.instances());
        let mut slot = lock(&door.slot);
        slot.note(frame);
        let live = self.live(&mut slot, plan)?;
        let clock = || self.clock(Millis::now());
        let decisions = pipeline::run(plan, &mut live.device, frame, (clock, &self.sealing));
        Ok(Decided {
            device: frame.device.clone(),
            at: frame.received,
            bytes: frame.content.reveal().body.len(),
            decisions,
            ended: self.end(&mut live.device.happened, frame.received),
            states: live.take_states(),
            estimates: live.take_estimates(plan),
            lineage: live.lineage,
        })
    }

    /// Records that a frame of `device` was refused before any plugin saw it.
    pub async fn refuse(&self, device: DeviceName, outcome: Outcome) -> Result<(), IntakeError> {
        let decisions = vec![Decision::whole(outcome)];
        let lineage = self.store.lineage();
        let (at, states) = (Millis::now(), Vec::new());
        let (ended, estimates) = (Vec::new(), Vec::new());
        let decided =
            Decided { device, at, bytes: 0, decisions, states, ended, estimates, lineage };
        let slot = self.store.slot().await.map_err(IntakeError::NotKept)?;
        slot.keep(decided).kept().await.map_err(IntakeError::NotKept)
    }

    /// Puts on disk what windows hold. At the end, when no more frames come.
    pub async fn flush(&self) {
        let devices: Vec<_> =
            lock(&self.devices).iter().map(|it| (it.0.clone(), it.1.clone())).collect();
        for (device, door) in devices {
            let Ok(room) = self.store.slot().await else { return };
            let plan = self.generation().plan(&device).cloned();
            let taken = lock(&door.slot).live.as_mut().map(|it| it.take_all(plan.as_deref()));
            let is_something = |it: &(Vec<_>, Vec<_>, _)| !(it.0.is_empty() && it.1.is_empty());
            let Some((states, estimates, lineage)) = taken.filter(is_something) else { continue };
            let (at, decisions, ended) = (Millis::now(), Vec::new(), Vec::new());
            let decided =
                Decided { device, at, bytes: 0, decisions, states, ended, estimates, lineage };
            if let Err(error) = room.keep(decided).kept().await {
                tracing::warn!(%error, "the samples of a window were not kept");
            }
        }
    }

    /// What time it is, if anybody can tell.
    pub fn clock(&self, now: Millis) -> Clock {
        Clock::told(now, self.store.high_water())
    }

    fn door(&self, name: &DeviceName) -> Arc<Door> {
        let mut devices = lock(&self.devices);
        match devices.get(name) {
            Some(door) => door.clone(),
            None => devices.entry(name.clone()).or_default().clone(),
        }
    }

    /// Notes that `name` is used now, and frees the instances of those that were silent longest when there
    /// are too many. Their states stay.
    fn warm(&self, name: &DeviceName, instances: usize) {
        let silent = lock(&self.warm).note(name, instances);
        for name in silent {
            let door = self.door(&name);
            // One that is busy is not silent: its next frame notes it again.
            if let Ok(mut slot) = door.slot.try_lock()
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
                let device = LiveDevice::new(plan, before, |it| self.store.state(it))?;
                let (samples_kept, estimated) = (Instant::now(), Instant::now());
                let generation = plan.generation;
                Live { device, generation, lineage, samples_kept, estimated }
            }
        };
        Ok(slot.live.insert(live))
    }
}

/// Runs what takes long where no other task waits for it. `held` is held until it ended, whoever still waits.
async fn aside(
    decide: impl FnOnce() -> Result<Pending, StoreError> + Send + 'static,
    held: impl Send + 'static,
) -> Result<Pending, IntakeError> {
    let decided = tokio::task::spawn_blocking(move || {
        let decided = decide();
        drop(held);
        decided
    });
    decided.await.map_err(|_| IntakeError::Busy)?.map_err(IntakeError::NotKept)
}

fn busy(plan: &DevicePlan) -> IntakeError {
    plan.refused();
    IntakeError::Busy
}

/// What became of waiting for the writer.
fn room<T>(waited: Result<Result<T, StoreError>, Elapsed>) -> Result<T, IntakeError> {
    waited.unwrap_or(Err(StoreError::Disk)).map_err(IntakeError::NotKept)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a panic left half done is replaced: states are read anew, instances made anew.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A frame that is larger than frames may be.
pub fn too_large() -> Outcome {
    Outcome::Quarantined(Reason::TooLarge)
}

/// A frame too many for a slow plugin, on a connection that others wait behind.
pub fn too_many() -> Outcome {
    Outcome::Quarantined(Reason::PluginBusy)
}

/// A frame on a topic that is not the device's.
pub fn foreign_topic() -> Outcome {
    Outcome::Withheld(Reason::ForeignTopic)
}
