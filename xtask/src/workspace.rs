//! Where things are in a checkout and beside it.

use crate::command::Failure;
use std::env;
use std::path::{Path, PathBuf};

/// The directories of one checkout.
pub(crate) struct Workspace {
    /// The checkout.
    pub(crate) root: PathBuf,
    /// What cargo builds into; may outlive the checkout.
    pub(crate) target: PathBuf,
    /// Where a private guest toolchain is kept, if one is needed; outlives the checkout if `target` does.
    pub(crate) toolchain: PathBuf,
}

impl Workspace {
    /// Finds the checkout that this program was built from, and the target directory that it was built into.
    ///
    /// # Errors
    ///
    /// When not run by cargo.
    pub(crate) fn find() -> Result<Self, Failure> {
        let root = env::var_os("CARGO_MANIFEST_DIR")
            .and_then(|dir| Path::new(&dir).parent().map(Path::to_owned))
            .ok_or_else(|| Failure::new("run this as `cargo demo` or `cargo verify`"))?;
        let target = env::current_exe()
            .ok()
            .and_then(|exe| exe.ancestors().nth(2).map(Path::to_owned))
            .ok_or_else(|| Failure::new("cannot tell where this program is"))?;
        let toolchain = match (env::var_os("WASM_TC_DIR"), env::var_os("CARGO_TARGET_DIR")) {
            (Some(dir), _) => env::current_dir().unwrap_or_default().join(dir),
            (None, Some(_)) => target.join("wasm-toolchain"),
            (None, None) => root.join(".wasm-toolchain"),
        };
        Ok(Self { root, target, toolchain })
    }

    /// A test rig, by file name.
    pub(crate) fn rig(&self, name: &str) -> PathBuf {
        self.root.join("tests/rigs").join(name)
    }

    /// What cargo builds with its dev profile, where the gateway's program is.
    pub(crate) fn debug(&self) -> PathBuf {
        self.target.join("debug")
    }

    /// The gateway's program.
    pub(crate) fn binary(&self) -> PathBuf {
        self.debug().join("hushgate")
    }

    /// The Python environment with Synapse; kept between runs.
    pub(crate) fn synapse_venv(&self) -> PathBuf {
        self.target.join("synapse-venv")
    }

    /// Python environments with independent implementations of formats; kept between runs.
    pub(crate) fn oracles(&self) -> PathBuf {
        self.target.join("oracles")
    }

    /// The Python environment with paho-mqtt; kept between runs.
    pub(crate) fn paho_venv(&self) -> PathBuf {
        self.target.join("paho-venv")
    }
}
