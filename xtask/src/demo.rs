//! `cargo demo`: from a bare checkout to the running demo.

use crate::command::{self, Failure};
use crate::guest;
use crate::packages::{self, Need};
use crate::progress::Progress;
use crate::rigs::{self, Rigs};
use crate::workspace::Workspace;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::ExitCode;

/// Asks for the private Tor network; the gateway's program knows only where a network's settings are.
const PRIVATE_TOR: &str = "--private-tor";

/// Builds what is needed and becomes `hushgate demo`: signals and the exit code are the demo's own.
pub(crate) fn run(args: Vec<String>) -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    let progress = Progress::start();
    let is_private = args.iter().any(|arg| arg == PRIVATE_TOR);
    progress.say("checks what the build needs of this system");
    let needs = if is_private { &[Need::Compiler, Need::Tor][..] } else { &[Need::Compiler] };
    packages::ensure(needs, &progress)?;
    progress.say("looks for a toolchain for plugins");
    let toolchain = guest::toolchain(&workspace)?;
    progress.say("builds the plugins");
    let plugins = guest::build(&workspace, toolchain.as_deref())?;
    progress.say(format!(
        "{} plugins are in place: {}; builds the gateway",
        plugins.len(),
        plugins.join(", ")
    ));
    command::run(command::in_root(&workspace, "cargo").args(["build", "-p", "hushgate"]))?;
    let mut demo = command::clean(workspace.binary());
    demo.arg("demo");
    if !is_private {
        return Err(become_demo(demo.args(args), &progress));
    }
    progress.say("starts a private Tor network on loopback (about 10 s)");
    let rigs = Rigs::prepare(&workspace)?;
    let config = rigs::arti_config(&rigs.tor()?);
    // `exec` drops nothing: the network is then taken down by its watcher.
    Err(become_demo(demo.args(with_network(args, config.as_os_str().to_owned())), &progress))
}

/// Returns only if the program cannot be run.
fn become_demo(demo: &mut std::process::Command, progress: &Progress) -> Failure {
    progress.say("runs the demo");
    let error = demo.exec();
    Failure::new(format!("cannot run the demo: {error}"))
}

/// The arguments with the settings of the network in place of the wish for one.
fn with_network(args: Vec<String>, config: OsString) -> Vec<OsString> {
    let others = args.into_iter().filter(|arg| arg != PRIVATE_TOR).map(OsString::from);
    [OsString::from("--tor-network"), config].into_iter().chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_private_network_replaces_the_wish_for_one_and_keeps_the_rest() {
        let args = ["--frames", "10", "--private-tor"].map(str::to_owned).to_vec();
        let expected =
            ["--tor-network", "/n/arti.toml", "--frames", "10"].map(OsString::from).to_vec();
        assert_eq!(with_network(args, OsString::from("/n/arti.toml")), expected);
    }
}
