//! A plugin's own tests: `cases.toml` beside the component, run before the plugin is used.
//!
//! # Promises
//!
//! - A table runs under the limits of the plugin itself, and ends after [`TIME_MAX`] whatever the plugin does.
//! - It says so if the component is no plugin of its kind or does not start.
//! - Beside its cases it tries what every plugin must stand: bodies cut off at each byte, random bytes and
//!   states, and the same question twice. What is cut off of one body goes through one instance, as a device's
//!   frames do: a start can cost a hundred times a call.
//! - It needs no gateway, no device and no recipient.

mod ask;
mod bench;
mod check;
mod file;
mod run;
mod text;

pub use bench::{Cost, bench, typical};
pub use run::{Report, run};

use crate::source::{SettingsError, Source};
use ask::Ask;
use std::{fs, path::Path, time::Duration};

/// The file's name, beside `plugin.toml`.
pub const FILE: &str = "cases.toml";

/// The longest that a table may take.
pub const TIME_MAX: Duration = Duration::from_secs(20);

/// The most cases in one table.
const CASES_MAX: usize = 1_000;

/// A checked table. Empty where the plugin has none: what every plugin must stand is tried all the same.
#[derive(Clone, Debug, Default)]
pub struct Table {
    cases: Vec<Case>,
    properties: Properties,
    budget: Budget,
}

/// One question and what must be answered.
#[derive(Clone, Debug)]
struct Case {
    name: String,
    /// Where it stands: the file and the line.
    at: String,
    settings: String,
    ask: Ask,
    /// Texts that no line of the answer may hold.
    must_not_contain: Vec<String>,
    /// By path: every number is a multiple of this.
    max_precision: Vec<(String, f64)>,
}

/// What is tried beside the cases.
#[derive(Clone, Copy, Debug)]
struct Properties {
    /// How many random bodies (adapters), states (minimizers) or times (policies).
    random: u32,
    /// The same question gets the same answer, from a fresh instance too.
    deterministic: bool,
    /// No field that the manifest does not declare.
    undeclared_absent: bool,
    /// Every body, cut off at each byte, is answered.
    truncated: bool,
}

/// What one case may use at most.
#[derive(Clone, Copy, Debug, Default)]
struct Budget {
    /// Counted by `plugin test` alone.
    fuel: Option<u64>,
    memory_bytes: Option<usize>,
}

impl Default for Properties {
    fn default() -> Self {
        Self { random: 256, deterministic: true, undeclared_absent: true, truncated: true }
    }
}

impl Table {
    /// Reads `cases.toml` of a plugin's directory. None there is an empty table.
    pub fn read(dir: &Path) -> Result<Self, SettingsError> {
        let path = dir.join(FILE);
        if !fs::exists(&path).unwrap_or(true) {
            return Ok(Self::default());
        }
        Self::from_source(&Source::read(&path)?, dir)
    }

    /// Understands a table whose files stand in `dir`.
    pub fn from_source(source: &Source, dir: &Path) -> Result<Self, SettingsError> {
        file::table(source, dir)
    }

    /// The files beside `cases.toml` in `dir` that it reads.
    pub fn files(dir: &Path) -> Vec<String> {
        Source::read(&dir.join(FILE)).map(|it| file::files(&it)).unwrap_or_default()
    }

    /// How many cases it has.
    pub fn cases(&self) -> usize {
        self.cases.len()
    }
}
