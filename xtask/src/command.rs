//! Runs other programs in the checkout, and says in words when one fails.

use crate::workspace::Workspace;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{env, io, thread};

/// Why a step could not be done, in words for the person who asked for it.
///
/// One type for all: the reaction is always to end the step and to show the words.
#[derive(Debug, PartialEq)]
pub(crate) struct Failure(String);

impl Failure {
    /// Lower case, no full stop.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A program to be run in the root of the checkout, without what cargo told us about this package.
pub(crate) fn in_root(workspace: &Workspace, program: impl AsRef<OsStr>) -> Command {
    let mut command = clean(program);
    command.current_dir(&workspace.root);
    command
}

/// A program to be run without what cargo told us about this package: build scripts may look.
pub(crate) fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    let ours = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
    env::vars_os()
        .filter(|(name, _)| ours.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)))
        .for_each(|(name, _)| {
            command.env_remove(name);
        });
    command
}

/// Runs to the end, with our own output.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(|error| not_started(command, &error))?;
    succeeded(command, status)
}

/// Runs to the end; gives up, and kills it, after `limit`.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Result<(), Failure> {
    let mut child = command.spawn().map_err(|error| not_started(command, &error))?;
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return succeeded(command, status),
            Ok(None) if start.elapsed() < limit => thread::sleep(Duration::from_millis(50)),
            Ok(None) => {
                // Gone already if this fails.
                let _ = child.kill();
                let _ = child.wait();
                return Err(Failure::new(format!(
                    "{} took more than {} s",
                    name(command),
                    limit.as_secs()
                )));
            }
            Err(error) => return Err(not_started(command, &error)),
        }
    }
}

/// Runs to the end and returns what it wrote to stdout; stderr is ours.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let output =
        command.stderr(Stdio::inherit()).output().map_err(|error| not_started(command, &error))?;
    succeeded(command, output.status)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs to the end in silence: does it succeed?
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Finds a program, also where only root's path leads.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/bin", "/sbin"].map(PathBuf::from);
    env::split_paths(&path).chain(system).map(|dir| dir.join(program)).find(|file| file.is_file())
}

fn succeeded(command: &Command, status: ExitStatus) -> Result<(), Failure> {
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("{} failed: {status}", name(command))))
    }
}

fn not_started(command: &Command, error: &io::Error) -> Failure {
    Failure::new(format!("cannot run {}: {error}", name(command)))
}

fn name(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let first = command.get_args().next().filter(|_| program.ends_with("cargo"));
    let words = [program.file_name(), first];
    words.into_iter().flatten().map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_program_and_the_exit_code() {
        let failure = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(failure.to_string(), "sh failed: exit status: 3");
    }

    #[test]
    fn a_program_that_hangs_is_killed() {
        let start = Instant::now();
        let failure =
            run_within(Command::new("sleep").arg("30"), Duration::from_millis(200)).unwrap_err();
        assert!(failure.to_string().starts_with("sleep took more than"));
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_program_that_is_not_there_is_a_failure() {
        assert!(run(&mut Command::new("/nonexistent/program")).is_err());
        assert_eq!(find("no-such-program-anywhere"), None);
        assert!(find("sh").is_some());
    }
}
