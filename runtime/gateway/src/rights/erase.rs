//! Erasing what a gateway holds about somebody.
//!
//! # Promises
//!
//! - Nothing leaves any more before anything is erased: what is cut short in between has ended the consents.
//! - What is also about somebody else stays, and is named.

use super::{ExportError, Held};
use crate::{
    config::Config,
    consent::withdrawal::{self, WithdrawError},
    home::Home,
    message::Millis,
    store::{
        OpenError,
        erase::{self, Erased, Whose},
    },
};
use std::{fs, io, path::Path};

/// Why not all of it was erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// A consent could not be ended: nothing was erased.
    #[error("{0}")]
    Withdraw(#[from] WithdrawError),
    /// The store refused: consents have ended, and it is as it was.
    #[error("{0}")]
    Store(#[from] OpenError),
    /// A file stays.
    #[error("{0}: {1}")]
    File(String, io::Error),
}

/// What is to be erased.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Devices that nobody else is behind.
    pub devices: Vec<String>,
    /// Grants.
    pub grants: Vec<String>,
    /// Devices that others are behind as well: what they sent stays, but for what left under these grants.
    pub shared: Vec<String>,
}

impl Plan {
    /// All about `subject`.
    pub fn of(config: &Config, subject: &str) -> Result<Self, ExportError> {
        let held = Held::of(config, None, subject)?;
        let (shared, own): (Vec<_>, Vec<_>) =
            held.devices.iter().partition(|it| it.subjects.iter().any(|it| it != subject));
        let names =
            |it: Vec<&&crate::config::Device>| it.iter().map(|it| it.name.to_string()).collect();
        Ok(Self {
            devices: names(own),
            shared: names(shared),
            grants: held.grants.iter().map(|it| it.id.clone()).collect(),
        })
    }

    /// Erases it from the home of a gateway that does not run.
    pub fn run(&self, home: &Home, now: Millis) -> Result<Erased, EraseError> {
        for grant in &self.grants {
            match withdrawal::withdraw(&home.grants(), grant) {
                Ok(_) | Err(WithdrawError::Missing(_) | WithdrawError::Before(..)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let whose = Whose { devices: self.devices.clone(), grants: self.grants.clone() };
        let erased = match home.store().exists() {
            true => erase::erase(&home.store(), &whose, now)?,
            false => Erased::default(),
        };
        for grant in &self.grants {
            withdrawal::forget(&home.grants(), grant)
                .map_err(|it| EraseError::File(home.grants().display().to_string(), it))?;
            remove(&home.glass().join(format!("{grant}.toml")))?;
        }
        Ok(erased)
    }
}

fn remove(path: &Path) -> Result<(), EraseError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(EraseError::File(path.display().to_string(), error))
        }
        _ => Ok(()),
    }
}
