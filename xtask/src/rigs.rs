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

    /// Starts Synapse, by default with its own rate limits, with the users `bot` and `owner`.
    ///
    /// Returns its directory, which holds `port`.
    pub(crate) fn matrix(&self) -> Result<PathBuf, Failure> {
        self.up("matrix-testserver", "matrix", &["bot", "owner"])
    }

    fn up(&self, rig: &str, name: &str, args: &[&str]) -> Result<PathBuf, Failure> {
        let dir = self.dir.join(name);
        let mut up = command::in_root(self.workspace, self.workspace.rig(rig));
        up.arg("up")
            .arg(&dir)
            .args(args)
            .env("MATRIX_TESTSERVER_VENV", self.workspace.synapse_venv());
        if env::var_os("MATRIX_TESTSERVER_LIMITS").is_none() {
            up.env("MATRIX_TESTSERVER_LIMITS", "default");
        }
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
