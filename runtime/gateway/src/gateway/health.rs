//! What is wrong while the gateway runs on with what it had: in the log, and in a file for `status`.

use std::{fs, path::PathBuf, sync::Mutex};

/// What is wrong now. Empty is well.
pub(crate) struct Health {
    file: PathBuf,
    told: Mutex<Vec<String>>,
}

impl Health {
    /// Well, until [`Health::set`] says otherwise.
    pub(crate) fn new(file: PathBuf) -> Self {
        let health = Self { file, told: Mutex::new(vec![String::new()]) };
        health.set(Vec::new());
        health
    }

    /// Tells what is wrong now, once for each change.
    pub(crate) fn set(&self, problems: Vec<String>) {
        let mut told = self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *told == problems {
            return;
        }
        for problem in &problems {
            tracing::error!(problem, "DEGRADED: the gateway goes on with what it had");
        }
        if problems.is_empty() && told.iter().any(|it| !it.is_empty()) {
            tracing::info!("no longer degraded");
        }
        let kept = if problems.is_empty() {
            fs::remove_file(&self.file).or_else(|error| match error.kind() {
                std::io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })
        } else {
            fs::write(&self.file, problems.join("\n"))
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "`status` cannot be told of it");
        }
        *told = problems;
    }
}
