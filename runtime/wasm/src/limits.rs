//! What one plugin instance may use.

use std::time::Duration;
use wasmtime::ResourceLimiter;

/// The most linear memory that any plugin may ask for, in bytes.
pub const MEMORY_BYTES_MAX: usize = 64 << 20;
/// The longest that any call may take.
pub const CALL_MAX: Duration = Duration::from_secs(1);
/// The most bytes that any call may return, after lifting: a guest that points a thousand fields at one
/// string is charged for a thousand strings.
pub const OUTPUT_BYTES_MAX: usize = 256 << 10;

/// The most core instances that one component may be made of. Python's have 38.
pub const CORE_INSTANCES_MAX: u32 = 48;

/// Limits of one instance. All three hold on every entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory in bytes, over all memories of the instance together.
    pub memory_bytes: usize,
    /// Time of one call, in steps of [`crate::engine::TICK`]: first by the wall clock, and once that is over as
    /// much processor time again.
    pub call: Duration,
    /// Bytes that one call may return.
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 8 << 20,
            call: Duration::from_millis(50),
            output_bytes: OUTPUT_BYTES_MAX,
        }
    }
}

impl Limits {
    /// Lowers each limit to what this host grants at most.
    #[must_use]
    pub fn capped(self) -> Self {
        Self {
            memory_bytes: self.memory_bytes.min(MEMORY_BYTES_MAX),
            call: self.call.min(CALL_MAX),
            output_bytes: self.output_bytes.min(OUTPUT_BYTES_MAX),
        }
    }
}

/// What one instance has used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Linear memory in bytes. It never shrinks.
    pub memory_bytes: usize,
    /// Fuel: about one for each instruction. Always 0 where the engine does not count it.
    pub fuel: u64,
}

/// Counts what one instance has taken. Memory is counted over all memories, not for each.
#[derive(Debug)]
pub(crate) struct Meter {
    memory_bytes_max: usize,
    memory_bytes_left: usize,
    /// Whether a growth was refused: tells a plugin that ran out of memory from one that trapped.
    pub(crate) refused: bool,
}

impl Meter {
    pub(crate) fn new(limits: &Limits) -> Self {
        let memory_bytes_max = limits.memory_bytes;
        Self { memory_bytes_max, memory_bytes_left: memory_bytes_max, refused: false }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory_bytes_max.saturating_sub(self.memory_bytes_left)
    }
}

const TABLE_ELEMENTS_MAX: usize = 20_000;

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let Some(left) = self.memory_bytes_left.checked_sub(more) else {
            self.refused = true;
            return Ok(false);
        };
        self.memory_bytes_left = left;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS_MAX)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES_MAX as usize
    }

    fn tables(&self) -> usize {
        16
    }

    fn memories(&self) -> usize {
        4
    }
}
