//! One live instance and its limits.

use crate::{
    bindings::{ConfigError, log, types},
    engine::{Engine, TICK},
    limits::{Limits, Meter, Used},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use wasmtime::{Store, StoreContextMut, Trap, UpdateDeadline, component::HasData};

/// Why a call gave no answer. The instance is dead after any of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// It ran longer than its limit.
    #[error("the plugin took too long")]
    TimedOut,
    /// It asked for more memory than its limit.
    #[error("the plugin used too much memory")]
    OutOfMemory,
    /// It returned more than its limit, or values that break the component model.
    #[error("the plugin returned too much or broken output")]
    BadOutput,
    /// It trapped.
    #[error("the plugin trapped")]
    Trapped,
    /// An earlier call killed this instance, or none could be made.
    #[error("no instance of the plugin could be had")]
    NoInstance,
    /// `configure` refused its settings.
    #[error("the plugin refused its settings")]
    NotConfigured,
}

/// What the plugin said about its settings. Its own words: for the owner's eyes, not for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigRefusal {
    /// This setting must be given.
    Missing(String),
    /// This setting is wrong, and what it must be.
    Invalid(String, String),
}

impl From<ConfigError> for ConfigRefusal {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Missing(name) => Self::Missing(name),
            ConfigError::Invalid((name, rule)) => Self::Invalid(name, rule),
        }
    }
}

/// What the host keeps for one instance.
pub(crate) struct Host {
    meter: Meter,
    log: Arc<LogGate>,
    /// The only time that it knows: of the frame.
    pub(crate) now_ms: u64,
    /// What its random numbers are made of.
    pub(crate) random: u64,
    /// How many resources of WASI it holds.
    pub(crate) resources: u32,
    /// The thread's processor time when the deadline of the current call first passed.
    overdue_since: Option<Duration>,
}

impl HasData for Host {
    type Data<'a> = &'a mut Host;
}

impl Host {
    /// A line for the local log, if the owner asked for such lines.
    pub(crate) fn say(&self, text: &[u8]) {
        self.log.write(log::Level::Info, String::from_utf8_lossy(text).trim_end());
    }
}

impl types::Host for Host {}

impl log::Host for Host {
    fn write(&mut self, level: log::Level, line: String) {
        self.log.write(level, &line);
    }
}

/// Lets through a few lines of one plugin, if the owner asked for them at all.
#[derive(Debug)]
pub(crate) struct LogGate {
    plugin: String,
    open: bool,
    window: Mutex<(Instant, u32)>,
}

const LOG_LINES_MAX: u32 = 10;
const LOG_WINDOW: Duration = Duration::from_secs(10);
const LOG_LINE_BYTES_MAX: usize = 256;

impl LogGate {
    pub(crate) fn new(plugin: &str, open: bool) -> Self {
        Self { plugin: plugin.to_owned(), open, window: Mutex::new((Instant::now(), 0)) }
    }

    fn write(&self, level: log::Level, line: &str) {
        if !self.open || !self.take_turn() {
            return;
        }
        let end = line.floor_char_boundary(LOG_LINE_BYTES_MAX);
        let line = line[..end].escape_debug();
        match level {
            log::Level::Warn => tracing::warn!(plugin = self.plugin, %line, "plugin says"),
            log::Level::Info => tracing::info!(plugin = self.plugin, %line, "plugin says"),
            log::Level::Debug => tracing::debug!(plugin = self.plugin, %line, "plugin says"),
        }
    }

    fn take_turn(&self) -> bool {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if window.0.elapsed() >= LOG_WINDOW {
            *window = (Instant::now(), 0);
        }
        window.1 = window.1.saturating_add(1);
        window.1 <= LOG_LINES_MAX
    }
}

/// A live instance with typed exports `B`. Never shared between devices: its memory may remember.
pub(crate) struct Sandbox<B> {
    store: Store<Host>,
    exports: B,
    limits: Limits,
    dead: bool,
}

impl<B> Sandbox<B> {
    /// Instantiates under the limits; `make` is the generated `instantiate`.
    pub(crate) fn new(
        engine: &Engine,
        limits: Limits,
        log: Arc<LogGate>,
        make: impl FnOnce(&mut Store<Host>) -> wasmtime::Result<B>,
    ) -> Result<Self, CallError> {
        let meter = Meter::new(&limits);
        let host = Host { meter, log, now_ms: 0, random: 0, resources: 0, overdue_since: None };
        let mut store = Store::new(&engine.inner, host);
        store.limiter(|host| &mut host.meter);
        if engine.metered {
            // Cannot fail: this engine counts.
            let _ = store.set_fuel(u64::MAX);
        }
        store.epoch_deadline_callback(move |store| Ok(overdue(store, &limits)));
        arm(&mut store, &limits, 0);
        let exports =
            make(&mut store).map_err(|error| reason(&error, &store, CallError::NoInstance))?;
        Ok(Self { store, exports, limits, dead: false })
    }

    /// Calls one export under the limits; it is `now_ms` as far as it can know. Any error ends the instance.
    pub(crate) fn call<T>(
        &mut self,
        now_ms: u64,
        run: impl FnOnce(&B, StoreContextMut<'_, Host>) -> wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        if self.dead {
            return Err(CallError::NoInstance);
        }
        arm(&mut self.store, &self.limits, now_ms);
        use wasmtime::AsContextMut;
        let result = run(&self.exports, self.store.as_context_mut());
        result.map_err(|error| {
            self.dead = true;
            reason(&error, &self.store, CallError::BadOutput)
        })
    }

    /// What it has used since it was made.
    pub(crate) fn used(&self) -> Used {
        let fuel = self.store.get_fuel().map_or(0, |left| u64::MAX - left);
        Used { memory_bytes: self.store.data().meter.memory_bytes(), fuel }
    }

    /// Whether a call killed it.
    pub(crate) fn is_dead(&self) -> bool {
        self.dead
    }
}

fn arm(store: &mut Store<Host>, limits: &Limits, now_ms: u64) {
    let host = store.data_mut();
    (host.now_ms, host.random, host.overdue_since) = (now_ms, 0, None);
    store.set_epoch_deadline(ticks(limits.call));
    store.set_hostcall_fuel(limits.output_bytes);
}

/// One tick more: the current one may be almost over.
fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_millis().div_ceil(TICK.as_millis()) + 1).unwrap_or(u64::MAX)
}

/// The wall clock says that the call took too long. On a busy machine the thread may not have run at all: a
/// call ends only when, from here on, it has used up its limit of processor time as well.
fn overdue(mut store: StoreContextMut<'_, Host>, limits: &Limits) -> UpdateDeadline {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let now = Duration::try_from(now).unwrap_or_default();
    let since = *store.data_mut().overdue_since.get_or_insert(now);
    match limits.call.checked_sub(now.saturating_sub(since)) {
        Some(left) if !left.is_zero() => UpdateDeadline::Continue(ticks(left)),
        _ => UpdateDeadline::Interrupt,
    }
}

/// Sorts by what the gateway does about it. `other` is what an error without a trap means here.
fn reason(error: &wasmtime::Error, store: &Store<Host>, other: CallError) -> CallError {
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => CallError::TimedOut,
        _ if store.data().meter.refused => CallError::OutOfMemory,
        Some(_) => CallError::Trapped,
        None => other,
    }
}
