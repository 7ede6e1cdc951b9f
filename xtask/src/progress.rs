//! Tells the person who waits what is being done, one plain line a step.

use std::fmt::Display;
use std::io::{self, Write};
use std::time::Instant;

/// Announces steps, with the seconds since the start.
pub(crate) struct Progress {
    start: Instant,
}

impl Progress {
    /// Starts the clock.
    pub(crate) fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Announces what comes next.
    pub(crate) fn say(&self, text: impl Display) {
        warn(&format!("[{:6.1} s] {text}", self.start.elapsed().as_secs_f64()));
    }
}

/// Writes one line to stderr, where cargo writes too: stdout is the product's.
pub(crate) fn warn(text: &impl Display) {
    // Nobody is left to be told if stderr is closed.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Writes text to stdout.
pub(crate) fn print(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}
