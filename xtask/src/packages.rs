//! Makes sure that what a step needs of the system is there, and installs it where that is allowed.
//!
//! # Promises
//!
//! - Nothing is installed without being named first.
//! - Without the right to install, the failure is the exact command to run.
//! - Python packages go into environments in the target directory, never into the system.

use crate::command::{self, Failure};
use crate::progress::Progress;
use crate::workspace::Workspace;
use std::path::Path;
use std::process::Command;

/// What a step may need of the system.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Need {
    /// SQLite and the cryptography are partly C.
    Compiler,
    /// The private Tor network.
    Tor,
    /// The broker and its command-line clients.
    Mosquitto,
    /// Python environments, and what looks whether Synapse answers.
    Python,
    /// Plugins written in JavaScript.
    Node,
    /// Signs plugins.
    Minisign,
    /// Keeps published plugins, over TLS as well.
    Registry,
}

impl Need {
    fn is_met(self) -> bool {
        let all =
            |programs: &[&str]| programs.iter().all(|program| command::find(program).is_some());
        match self {
            Self::Compiler => all(&["cc"]),
            Self::Tor => all(&["tor", "tor-gencert", "python3"]),
            Self::Mosquitto => all(&["mosquitto", "mosquitto_pub", "mosquitto_passwd"]),
            Self::Minisign => all(&["minisign"]),
            Self::Registry => all(&["docker-registry", "openssl"]),
            Self::Node => all(&["node", "npm"]),
            Self::Python => {
                all(&["curl", "python3"])
                    && command::succeeds(
                        Command::new("python3").args(["-c", "import ensurepip, venv"]),
                    )
            }
        }
    }

    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Compiler => &["gcc", "libc6-dev"],
            Self::Tor => &["tor", "python3"],
            Self::Mosquitto => &["mosquitto", "mosquitto-clients"],
            Self::Python => &["python3", "python3-venv", "curl"],
            Self::Node => &["nodejs", "npm"],
            Self::Minisign => &["minisign"],
            Self::Registry => &["docker-registry", "openssl"],
        }
    }
}

/// Installs the Debian packages that are missing.
///
/// # Errors
///
/// The command to run when this user may not install; that the installation failed.
pub(crate) fn ensure(needs: &[Need], progress: &Progress) -> Result<(), Failure> {
    let missing: Vec<&str> = needs
        .iter()
        .filter(|need| !need.is_met())
        .flat_map(|need| need.packages())
        .copied()
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    let is_root = command::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root || command::find("apt-get").is_none() {
        return Err(Failure::new(format!(
            "missing on this system; run: sudo apt-get install -y {list}"
        )));
    }
    progress.say(format!("installs Debian's {list} (Debian starts the services among them)"));
    install(&missing).or_else(|_| {
        // The lists of a fresh image are empty or old.
        command::run(&mut apt(&["update", "-q"]))?;
        install(&missing)
    })
}

/// Makes the Python environment with paho-mqtt, unless it is there.
pub(crate) fn ensure_paho(workspace: &Workspace, progress: &Progress) -> Result<(), Failure> {
    ensure_venv(&workspace.paho_venv(), ("paho.mqtt.client", "paho-mqtt==2.1.0"), progress)
}

fn ensure_venv(
    venv: &Path,
    (module, package): (&str, &str),
    progress: &Progress,
) -> Result<(), Failure> {
    let python = venv.join("bin/python");
    if command::succeeds(Command::new(&python).args(["-c", &format!("import {module}")])) {
        return Ok(());
    }
    progress.say(format!("installs {package} from PyPI into {}", venv.display()));
    command::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv))?;
    let options = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", package];
    command::run(Command::new(&python).args(options))
}

fn install(packages: &[&str]) -> Result<(), Failure> {
    command::run(apt(&["install", "-y", "-q", "--no-install-recommends"]).args(packages))
}

fn apt(args: &[&str]) -> Command {
    let mut apt = Command::new("apt-get");
    apt.args(args).env("DEBIAN_FRONTEND", "noninteractive");
    apt
}
