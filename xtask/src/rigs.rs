//! Starts the servers that tests and the demo talk to: a private Tor network and a Matrix homeserver.
//!
//! # Promises
//!
//! - All listen on loopback alone.
//! - They are taken down when [`Rigs`] is dropped; and when this process, or what it became by
//!   `exec`, ends in any other way, at most about 2 s later.

use crate::command::{self, Failure};
use crate::progress;
use crate::workspace::Workspace;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, process};

/// How much a homeserver lets one user do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum RateLimits {
    /// As Synapse is shipped: five log-ins, then one in five minutes. For tests of one session.
    Usual,
    /// Next to none: for tests that log in again and again.
    Off,
}

impl RateLimits {
    fn directory(self) -> &'static str {
        match self {
            Self::Usual => "matrix-limited",
            Self::Off => "matrix",
        }
    }
}

/// The rigs of one run, in a directory of their own.
pub(crate) struct Rigs<'a> {
    workspace: &'a Workspace,
    dir: PathBuf,
}

impl<'a> Rigs<'a> {
    /// Makes the directory and has it watched; starts no rig yet.
    pub(crate) fn prepare(workspace: &'a Workspace) -> Result<Self, Failure> {
        let dir = env::temp_dir().join(format!("hushgate-rigs-{}", process::id()));
        DirBuilder::new()
            .mode(0o700)
            .create(&dir)
            .map_err(|error| Failure::new(format!("cannot create {}: {error}", dir.display())))?;
        let rigs = Self { workspace, dir };
        rigs.watch()?;
        Ok(rigs)
    }

    /// Starts a private Tor network. Returns its directory, which holds `arti.toml`.
    pub(crate) fn tor(&self) -> Result<PathBuf, Failure> {
        self.up("tor-testnet", "tor", &[])
    }

    /// Starts Synapse with the users `bot` and `owner`.
    ///
    /// Returns its directory, which holds `port`.
    pub(crate) fn matrix(&self, limits: RateLimits) -> Result<PathBuf, Failure> {
        self.up("matrix-testserver", limits.directory(), &["bot", "owner"])
    }

    fn up(&self, rig: &str, name: &str, args: &[&str]) -> Result<PathBuf, Failure> {
        let dir = self.dir.join(name);
        let mut up = command::in_root(self.workspace, self.workspace.rig(rig));
        up.arg("up")
            .arg(&dir)
            .args(args)
            .env("MATRIX_TESTSERVER_VENV", self.workspace.synapse_venv());
        up.env(
            "MATRIX_TESTSERVER_LIMITS",
            if name == RateLimits::Usual.directory() { "default" } else { "off" },
        );
        // What a rig prints on stdout is for scripts.
        command::output(&mut up)?;
        Ok(dir)
    }

    /// Leaves behind a process in a session of its own, which Ctrl-C does not reach.
    fn watch(&self) -> Result<(), Failure> {
        let in_background = r#"setsid "$@" </dev/null >/dev/null 2>&1 &"#;
        let pid = process::id().to_string();
        command::run(
            Command::new("sh")
                .args(["-c", in_background, "sh"])
                .args(self.down().get_args())
                .arg(pid),
        )
    }

    fn down(&self) -> Command {
        let mut down = Command::new("bash");
        down.arg(self.workspace.rig("rigs-down.sh")).arg(&self.dir);
        down
    }
}

impl Drop for Rigs<'_> {
    fn drop(&mut self) {
        if let Err(failure) = command::run(&mut self.down()) {
            progress::warn(&failure);
        }
    }
}

/// The configuration that lets arti use the network in that directory.
pub(crate) fn arti_config(network: &Path) -> PathBuf {
    network.join("arti.toml")
}
