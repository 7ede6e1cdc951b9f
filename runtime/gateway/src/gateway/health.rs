//! What is wrong while the gateway runs on with what it had: in the log, and in a file for `status`.

use std::{
    fs, io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// What is wrong now. Empty is well.
pub(crate) struct Health {
    file: PathBuf,
    told: Vec<String>,
    count: Arc<AtomicUsize>,
}

impl Health {
    /// Well, until [`Health::set`] says otherwise.
    pub(crate) fn new(file: PathBuf) -> Self {
        let health = Self { file, told: Vec::new(), count: Arc::default() };
        health.write();
        health
    }

    /// How many problems there are, now and later.
    pub(crate) fn count(&self) -> Arc<AtomicUsize> {
        self.count.clone()
    }

    /// Tells what is wrong now, once for each change.
    pub(crate) fn set(&mut self, problems: Vec<String>) {
        if self.told == problems {
            return;
        }
        for problem in &problems {
            tracing::error!(problem, "DEGRADED: the gateway goes on with what it had");
        }
        if problems.is_empty() {
            tracing::info!("no longer degraded");
        }
        self.count.store(problems.len(), Ordering::Relaxed);
        self.told = problems;
        self.write();
    }

    fn write(&self) {
        let written = if self.told.is_empty() {
            fs::remove_file(&self.file).or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })
        } else {
            fs::write(&self.file, self.told.join("\n"))
        };
        if let Err(error) = written {
            tracing::warn!(%error, "`status` cannot be told of it");
        }
    }
}
