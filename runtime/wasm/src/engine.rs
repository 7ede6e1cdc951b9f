//! The one compiler and pool of instances that all plugins share, and the clock that ends long calls.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

/// How finely call deadlines are kept.
pub const TICK: Duration = Duration::from_millis(10);

/// Instances that may be alive at once, over all plugins and devices.
pub const INSTANCES_MAX: u32 = 1_000;

/// The engine could not be set up: this machine lacks what running plugins needs.
#[derive(Debug, thiserror::Error)]
#[error("this machine cannot run plugins: {reason}")]
pub struct EngineError {
    reason: String,
}

/// Compiles and runs components. Cheap to clone. The clock stops with the last clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: wasmtime::Engine,
    /// Whether it counts fuel.
    pub(crate) metered: bool,
    _clock: Arc<Clock>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}

impl Engine {
    /// Sets up the pool of instances, or instances on demand where the address space is too small for it.
    pub fn new() -> Result<Self, EngineError> {
        let pooled = wasmtime::Engine::new(&config(pool()));
        let inner = pooled.or_else(|error| {
            tracing::info!(%error, "no pool of plugin instances on this machine");
            wasmtime::Engine::new(&config(InstanceAllocationStrategy::OnDemand))
        });
        Self::with(inner, false)
    }

    /// One that only compiles, for engines of [`Engine::new`] in other processes: without their pool, which is
    /// large.
    pub fn compiler() -> Result<Self, EngineError> {
        let config = config(InstanceAllocationStrategy::OnDemand);
        Self::with(wasmtime::Engine::new(&config), false)
    }

    /// One that counts fuel: what a call costs, the same on every machine. About half slower.
    pub fn metered() -> Result<Self, EngineError> {
        let mut config = config(InstanceAllocationStrategy::OnDemand);
        config.consume_fuel(true);
        Self::with(wasmtime::Engine::new(&config), true)
    }

    fn with(inner: wasmtime::Result<wasmtime::Engine>, metered: bool) -> Result<Self, EngineError> {
        let inner = inner.map_err(|error| EngineError { reason: error.to_string() })?;
        let clock = Clock::start(inner.clone())?;
        Ok(Self { inner, metered, _clock: Arc::new(clock) })
    }
}

/// Only what plugins need: every proposal that is off is code that cannot have a bug.
fn config(allocation: InstanceAllocationStrategy) -> Config {
    let mut config = Config::new();
    config
        .allocation_strategy(allocation)
        .epoch_interruption(true)
        .max_wasm_stack(256 << 10)
        .wasm_backtrace_max_frames(None)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false);
    config
}

fn pool() -> InstanceAllocationStrategy {
    let mut pool = PoolingAllocationConfig::default();
    // Both together: alone neither makes a fresh instance cheap.
    pool.pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(256 << 10)
        .total_component_instances(INSTANCES_MAX)
        .total_core_instances(INSTANCES_MAX * 4)
        .total_memories(INSTANCES_MAX)
        .total_tables(INSTANCES_MAX * 2)
        .max_core_instances_per_component(crate::limits::CORE_INSTANCES_MAX)
        .max_memories_per_component(4)
        .max_tables_per_component(16)
        .max_memory_size(crate::limits::MEMORY_BYTES_MAX);
    InstanceAllocationStrategy::Pooling(pool)
}

/// Advances the epoch once a tick, on a thread of its own: a busy runtime must not stretch deadlines.
struct Clock {
    stop: Arc<AtomicBool>,
}

impl Clock {
    fn start(engine: wasmtime::Engine) -> Result<Self, EngineError> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let tick = move || {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::sleep(TICK);
                engine.increment_epoch();
            }
        };
        std::thread::Builder::new()
            .name("plugin-clock".into())
            .spawn(tick)
            .map_err(|error| EngineError { reason: error.to_string() })?;
        Ok(Self { stop })
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
