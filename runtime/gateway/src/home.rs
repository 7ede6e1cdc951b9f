//! The directory that holds everything of one gateway or hub.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// A directory and the names in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// The home at `dir`.
    pub fn new(dir: &Path) -> Self {
        Self(dir.to_owned())
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.0
    }

    /// Makes the directory and those in it, with mode 0700.
    pub fn make(&self, subdirs: &[&str]) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&self.0)?;
        subdirs.iter().try_for_each(|it| builder.create(self.0.join(it)))
    }

    /// The gateway's settings.
    pub fn settings(&self) -> PathBuf {
        self.0.join("hushgate.toml")
    }

    /// The hub's settings.
    pub fn hub_settings(&self) -> PathBuf {
        self.0.join("hub.toml")
    }

    /// What was agreed: one file for each grant.
    pub fn grants(&self) -> PathBuf {
        self.0.join("grants")
    }

    /// Emergencies: one file for each grant whose glass is broken, by the grant's name.
    pub fn glass(&self) -> PathBuf {
        self.0.join("glass")
    }

    /// Who may receive: one file for each recipient.
    pub fn recipients(&self) -> PathBuf {
        self.0.join("recipients")
    }

    /// Files that are settings of adapters.
    pub fn attached(&self) -> PathBuf {
        self.0.join("attached")
    }

    /// Plugins: one directory for each.
    pub fn plugins(&self) -> PathBuf {
        self.0.join("plugins")
    }

    /// Which plugins work here, and which changes were approved.
    pub fn plugin_lock(&self) -> PathBuf {
        self.0.join("hushgate.lock")
    }

    /// The seed of all keys. Keep it on another medium if you can: make this a symbolic link.
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys/seed")
    }

    /// Outbox, ledger and states.
    pub fn store(&self) -> PathBuf {
        self.0.join("state/gateway.db")
    }

    /// What a hub has received.
    pub fn hub_store(&self) -> PathBuf {
        self.0.join("state/hub.db")
    }

    /// Where a hub was reached last.
    pub fn hub_address(&self) -> PathBuf {
        self.0.join("state/address")
    }

    /// Compiled plugins. Can be deleted at any time.
    pub fn cache(&self) -> PathBuf {
        self.0.join("state/cache")
    }

    /// The plugins that worked last, for a start with broken ones.
    pub fn kept(&self) -> PathBuf {
        self.0.join("state/kept")
    }

    /// Tor's keys, guards and directory.
    pub fn tor(&self) -> PathBuf {
        self.0.join("state/tor")
    }

    /// The Matrix session and its keys.
    pub fn matrix(&self) -> PathBuf {
        self.0.join("state/matrix")
    }

    /// What is wrong while the gateway runs on. Not there when all is well.
    pub fn degraded(&self) -> PathBuf {
        self.0.join("state/degraded")
    }

    /// Where `replay` asks the running gateway: a directory for each question, with a plugin in it, and the answer
    /// beside it.
    pub fn replays(&self) -> PathBuf {
        self.0.join("state/replay")
    }

    /// Held by the one process that runs here.
    pub fn lock(&self) -> PathBuf {
        self.0.join("state/lock")
    }

    /// `path` as meant in a settings file: relative to this directory.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.0.join(path)
    }
}
