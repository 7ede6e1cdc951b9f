//! `cargo xtask bench`: builds the gateway's core as a release and measures it.

use crate::command::{self, Failure};
use crate::guest;
use crate::packages::{self, Need};
use crate::progress::Progress;
use crate::workspace::Workspace;
use std::os::unix::fs::symlink;
use std::process::ExitCode;

/// Prints the figures that `docs/performance.md` keeps. Wants a quiet machine.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    let progress = Progress::start();
    packages::ensure(&[Need::Compiler, Need::Mosquitto, Need::Node], &progress)?;
    let toolchain = guest::toolchain(&workspace)?;
    let mut ids = guest::build(&workspace, toolchain.as_deref())?;
    ids.extend(guest::build_foreign(&workspace)?);
    let plugins = workspace.debug().join("plugins");
    let release = workspace.target.join("release");
    progress.say("builds the gateway's core as a release");
    let core = ["build", "--release", "-p", "hushgate", "--no-default-features"];
    command::run(command::in_root(&workspace, "cargo").args(core))?;
    if !release.join("plugins").exists() {
        symlink(&plugins, release.join("plugins"))
            .map_err(|error| Failure::new(format!("cannot link the plugins: {error}")))?;
    }
    let benches = [
        ("hushgate-wasm", "call"),
        ("hushgate", "decision"),
        ("hushgate", "pipeline"),
        ("hushgate", "ledger"),
        ("hushgate-tests", "intake"),
        ("hushgate-tests", "swap"),
        ("hushgate-tests", "withdraw"),
        ("hushgate-tests", "fair"),
    ];
    for (package, name) in benches {
        progress.say(format!("measures: {name}"));
        let mut bench = command::in_root(&workspace, "cargo");
        bench.args(["bench", "-p", package, "--no-default-features", "--bench", name]);
        bench.env("HUSHGATE_PLUGINS", &plugins).env("HUSHGATE_BIN", release.join("hushgate"));
        command::run(&mut bench)?;
    }
    progress.say("measures: every plugin, by one of its own cases");
    let mut bench = command::clean(release.join("hushgate"));
    command::run(bench.args(["plugin", "bench"]).args(ids.iter().map(|id| plugins.join(id))))?;
    Ok(ExitCode::SUCCESS)
}
