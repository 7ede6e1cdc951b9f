//! `cargo verify`: builds all and runs the tests against real peers on this machine.
//!
//! # Promises
//!
//! - A failing step does not stop those that do not need it; the table at the end names every step.
//! - A test is never skipped silently: what could not run counts as failed.

use crate::command::Failure;
use crate::guest;
use crate::packages::{self, Need};
use crate::parts::{self, Part};
use crate::progress::{self, Progress};
use crate::rigs::{RateLimits, Rigs};
use crate::suites::{self, Built};
use crate::workspace::Workspace;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const NOT_BUILT: &str = "not run: nothing was built";

/// Runs the named parts, or all. The exit code is 1 if any step failed.
pub(crate) fn run(args: &[String]) -> Result<ExitCode, Failure> {
    if args.iter().any(|arg| arg == "--list") {
        for part in Part::ALL {
            progress::print(&format!("{:10} {}", part.name(), part.about()));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let parts = parts::parse(args)?;
    let workspace = Workspace::find()?;
    let mut run = Run { workspace: &workspace, progress: Progress::start(), rows: Vec::new() };
    run.all(&parts);
    Ok(run.report())
}

/// One run of `cargo verify`.
struct Run<'a> {
    workspace: &'a Workspace,
    progress: Progress,
    rows: Vec<Row>,
}

/// One line of the table.
struct Row {
    step: String,
    failure: Option<Failure>,
    took: Duration,
}

/// What tests are told about the rigs.
type Environment = Vec<(&'static str, PathBuf)>;

impl Run<'_> {
    fn all(&mut self, parts: &[Part]) {
        let built = self.built(parts);
        let rigs = match &built {
            Some(_) => Rigs::prepare(self.workspace),
            None => Err(Failure::new(NOT_BUILT)),
        };
        let mut env = vec![
            ("HUSHGATE_PAHO_PYTHON", self.workspace.paho_venv().join("bin/python")),
            ("HUSHGATE_ORACLES", self.workspace.oracles()),
            ("HUSHGATE_PLUGIN_TOOLS", self.workspace.target.join("plugin-tools")),
            ("WASM_TC_DIR", self.workspace.toolchain.clone()),
            // Plugins that tests make share what they are built of.
            ("CARGO_TARGET_DIR", self.workspace.target.join("plugin-tools/rust-target")),
        ];
        env.extend(built.iter().map(|built| ("HUSHGATE_BIN", built.program.clone())));
        if parts.iter().any(|part| part.uses_tor()) {
            env.extend(self.rig("tor network", "HUSHGATE_TOR_TESTNET", || started(&rigs)?.tor()));
        }
        for part in [Part::Matrix, Part::Blackbox].iter().filter(|part| parts.contains(part)) {
            let (variable, limits) = homeserver(*part);
            env.extend(self.rig("homeserver", variable, || started(&rigs)?.matrix(limits)));
        }
        for part in parts {
            self.step(part.name(), |run| run.test(*part, built.as_ref(), &env));
        }
    }

    /// Everything up to the test executables; nothing if that failed.
    fn built(&mut self, parts: &[Part]) -> Option<Built> {
        let needs: Vec<Need> = parts.iter().flat_map(|part| part.needs()).copied().collect();
        // A missing peer fails the parts that need it, later; the others can do without.
        self.step("prerequisites", |run| {
            packages::ensure(&needs, &run.progress)?;
            if parts.contains(&Part::Blackbox) {
                packages::ensure_paho(run.workspace, &run.progress)?;
                packages::ensure_oracles(run.workspace, &run.progress)?;
            }
            Ok(())
        });
        let toolchain = self.step("toolchain", |run| guest::toolchain(run.workspace))?;
        self.step("plugins build", |run| guest::build(run.workspace, toolchain.as_deref()))?;
        if parts.iter().any(|part| part.uses_foreign_plugins()) {
            // Without them, only the tests that run them fail.
            self.step("others build", |run| guest::build_foreign(run.workspace));
        }
        self.step("build", |run| suites::build(run.workspace))
    }

    /// Runs one step and notes how it went.
    fn step<T>(&mut self, name: &str, work: impl FnOnce(&Self) -> Result<T, Failure>) -> Option<T> {
        self.progress.say(name);
        let start = Instant::now();
        let done = work(self);
        let took = start.elapsed();
        let (value, failure) = match done {
            Ok(value) => (Some(value), None),
            Err(failure) => (None, Some(failure)),
        };
        if let Some(failure) = &failure {
            self.progress.say(format!("{name} FAILED: {failure}"));
        }
        self.rows.push(Row { step: name.to_owned(), failure, took });
        value
    }

    fn rig(
        &mut self,
        name: &str,
        variable: &'static str,
        start: impl FnOnce() -> Result<PathBuf, Failure>,
    ) -> Option<(&'static str, PathBuf)> {
        self.step(name, |_| start()).map(|dir| (variable, dir))
    }

    /// Runs all suites of a part, also after one has failed.
    fn test(&self, part: Part, built: Option<&Built>, env: &Environment) -> Result<(), Failure> {
        let built = built.ok_or_else(|| Failure::new(NOT_BUILT))?;
        let has = |name: &str| env.iter().any(|(variable, _)| *variable == name);
        if (part.uses_tor() && !has("HUSHGATE_TOR_TESTNET"))
            || (part.uses_matrix() && !has(homeserver(part).0))
        {
            return Err(Failure::new("not run: a server that it needs did not start"));
        }
        let mut failed = Vec::new();
        for suite in built.suites.iter().filter(|suite| suite.part() == part) {
            self.progress.say(format!("{}: {}", part.name(), suite.name()));
            failed.extend(suite.run(env).err());
        }
        if part == Part::Core {
            self.progress.say("core: examples in the documentation");
            failed.extend(suites::run_documentation(self.workspace).err());
        }
        let failed: Vec<String> = failed.iter().map(Failure::to_string).collect();
        if failed.is_empty() { Ok(()) } else { Err(Failure::new(failed.join("; "))) }
    }

    /// Prints the table.
    fn report(&self) -> ExitCode {
        progress::print(&format!("\n{:16} {:8} {:>8}", "step", "result", "seconds"));
        for Row { step, failure, took } in &self.rows {
            let result = if failure.is_some() { "FAILED" } else { "ok" };
            progress::print(&format!("{step:16} {result:8} {:8.1}", took.as_secs_f64()));
        }
        let failed: Vec<String> = self
            .rows
            .iter()
            .filter_map(|row| Some(format!("  {}: {}", row.step, row.failure.as_ref()?)))
            .collect();
        if failed.is_empty() {
            progress::print("\nall is well");
            return ExitCode::SUCCESS;
        }
        progress::print(&format!("\nfailed:\n{}", failed.join("\n")));
        ExitCode::FAILURE
    }
}

/// What tells a part's tests of their homeserver, and what that lets them do.
fn homeserver(part: Part) -> (&'static str, RateLimits) {
    match part {
        Part::Blackbox => ("HUSHGATE_MATRIX_LIMITED_TESTSERVER", RateLimits::Usual),
        _ => ("HUSHGATE_MATRIX_TESTSERVER", RateLimits::Off),
    }
}

fn started<'a, 'b>(rigs: &'a Result<Rigs<'b>, Failure>) -> Result<&'a Rigs<'b>, Failure> {
    rigs.as_ref().map_err(|failure| Failure::new(failure.to_string()))
}
