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
use std::{fs, io};

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
    ensure_venv(&workspace.paho_venv(), &["paho-mqtt==2.1.0".to_owned()], progress)
}

/// Makes a Python environment for each script in `tests/oracles`, unless it is there: with the independent
/// implementation that the script asks.
pub(crate) fn ensure_oracles(workspace: &Workspace, progress: &Progress) -> Result<(), Failure> {
    let scripts = workspace.root.join("tests/oracles");
    let unreadable =
        |error: io::Error| Failure::new(format!("cannot read {}: {error}", scripts.display()));
    for script in fs::read_dir(&scripts).map_err(unreadable)? {
        let path = script.map_err(unreadable)?.path();
        let (Some(id), true) = (path.file_stem(), path.extension().is_some_and(|it| it == "py"))
        else {
            continue;
        };
        let packages: Vec<_> = needed(&fs::read_to_string(&path).map_err(unreadable)?).collect();
        ensure_venv(&workspace.oracles().join(id), &packages, progress)?;
    }
    Ok(())
}

/// The packages that the first line of a script names: `# needs: cbor2==5.6.5 dsmr-parser==1.4.3`.
fn needed(script: &str) -> impl Iterator<Item = String> {
    let first = script.lines().next().unwrap_or_default();
    let names = first.strip_prefix("# needs:").unwrap_or_default();
    names.split_whitespace().map(str::to_owned)
}

/// An environment with exactly these packages. What it was made for stands in it.
fn ensure_venv(venv: &Path, packages: &[String], progress: &Progress) -> Result<(), Failure> {
    let (python, made_for) = (venv.join("bin/python"), venv.join("made-for"));
    let list = packages.join(" ");
    let works = || command::succeeds(Command::new(&python).args(["-c", "import pip"]));
    if fs::read_to_string(&made_for).is_ok_and(|it| it == list) && works() {
        return Ok(());
    }
    progress.say(format!("installs {list} from PyPI into {}", venv.display()));
    command::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv))?;
    let options = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    command::run(Command::new(&python).args(options).args(packages))?;
    fs::write(&made_for, list)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", made_for.display())))
}

fn install(packages: &[&str]) -> Result<(), Failure> {
    command::run(apt(&["install", "-y", "-q", "--no-install-recommends"]).args(packages))
}

fn apt(args: &[&str]) -> Command {
    let mut apt = Command::new("apt-get");
    apt.args(args).env("DEBIAN_FRONTEND", "noninteractive");
    apt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_says_in_its_first_line_what_it_needs() {
        let check = |script: &str, expected: &[&str]| {
            assert_eq!(needed(script).collect::<Vec<_>>(), expected, "{script}");
        };
        check(
            "# needs: cbor2==5.6.5 dsmr-parser==1.4.3\nimport cbor2",
            &["cbor2==5.6.5", "dsmr-parser==1.4.3"],
        );
        check("# needs:\n", &[]);
        check("import json\n# needs: x==1\n", &[]);
    }
}
