//! `plugin`: begin one, build it, test it, look into it.

pub(super) mod add;
mod change;
mod dev;
mod find;
mod inspect;
pub(super) mod new;
#[cfg(feature = "oci")]
mod registry;

use super::{Failure, open, out::say};
use crate::{
    home::Home,
    plugins::{
        manifest::Manifest,
        shelf::{COMPONENT, MANIFEST, OnShelf},
        table,
        trust::{Right, Trust},
    },
    source::Source,
};
use clap::Subcommand;
use hushgate_wasm::{cache::Cache, engine::Engine};
use std::{
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// What can be done with plugins.
#[derive(Debug, Subcommand)]
pub(super) enum PluginCommand {
    /// List the plugins of this gateway, and what is wrong with those that cannot be used.
    List,
    /// Find a plugin that came with Hushgate: by a device's vendor or model, by what it measures, by a word.
    Search {
        /// All of these must be told; none shows all plugins.
        words: Vec<String>,
    },
    /// Print the index of the plugins in some directories, as index.toml has it.
    Index {
        /// The directories; each plugin is a directory in one of them.
        #[arg(required = true)]
        dirs: Vec<PathBuf>,
    },
    /// Begin a plugin: a directory that builds and passes its own tests.
    New(new::NewArgs),
    /// Build the plugin in a directory, by the command that its plugin.toml names.
    Build {
        /// The plugin's directory.
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// Write the component's SHA-256 into plugin.toml, so that a signature of it (`minisign -Sm plugin.toml`)
    /// speaks for the code as well.
    Pin {
        /// The plugin's directory.
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// Put a plugin's own tests (cases.toml) to it. Needs no gateway.
    Test {
        /// The plugins' directories.
        #[arg(default_value = ".")]
        paths: Vec<PathBuf>,
    },
    /// Build and test a plugin whenever its files change.
    Dev {
        /// The plugin's directory.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Take it into this gateway whenever it passes.
        #[arg(long)]
        add: bool,
    },
    /// Measure what a plugin's own cases cost on this machine, with a kept instance and with a new one; of several
    /// plugins one case each, as a table.
    Bench {
        /// The plugins' directories.
        #[arg(default_value = ".")]
        paths: Vec<PathBuf>,
    },
    /// Let changed plugins count although more would be released with them. Exactly these bytes are approved.
    Approve {
        /// The plugins' names.
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Let a plugin have what it asks for beyond its arguments: exactly these, from now on.
    Allow {
        /// The plugin's name.
        id: String,
        /// What it may have. None takes away what it had, if nothing uses it.
        rights: Vec<Right>,
    },
    /// Put back the plugin that worked before the one that works now.
    Rollback {
        /// The plugin's name.
        id: String,
    },
    /// Take in a plugin from a directory or a registry, after its own tests passed. Says what changes.
    Add(add::AddArgs),
    /// Publish a plugin in a registry, and print the address that names these bytes and no others.
    #[cfg(feature = "oci")]
    Push(registry::PushArgs),
    /// Delete a plugin that nothing uses.
    Remove {
        /// The plugin's name.
        id: String,
    },
    /// Compare the plugins with hushgate.lock: are these the bytes that work here?
    Verify,
    /// Say in plain words what a component is, what it wants and what it may emit.
    Inspect {
        /// A component (`.wasm`) or a plugin's directory.
        #[arg(default_value = ".")]
        path: PathBuf,
    },
}

#[cfg_attr(
    not(feature = "oci"),
    expect(clippy::unused_async, reason = "waits for registries only")
)]
pub(super) async fn run(home: &Home, command: PluginCommand) -> Result<(), Failure> {
    match command {
        PluginCommand::List => list(home),
        PluginCommand::Search { words } => find::search(&words),
        PluginCommand::Index { dirs } => find::index(&dirs),
        PluginCommand::New(it) => new::run(&it),
        PluginCommand::Build { path } => build(&path),
        PluginCommand::Pin { path } => change::pin(&path),
        PluginCommand::Test { paths } => test(&paths),
        PluginCommand::Inspect { path } => inspect::run(&path),
        PluginCommand::Dev { path, add } => dev::run(home, &path, add),
        PluginCommand::Bench { paths } => measure(&paths),
        PluginCommand::Approve { ids } => change::approve(home, &ids),
        PluginCommand::Rollback { id } => change::rollback(home, &id),
        PluginCommand::Allow { id, rights } => change::allow(home, &id, rights),
        #[cfg(feature = "oci")]
        PluginCommand::Add(it) => add::run(home, it).await,
        #[cfg(not(feature = "oci"))]
        PluginCommand::Add(it) => add::run(home, it),
        #[cfg(feature = "oci")]
        PluginCommand::Push(it) => registry::push(home, it).await,
        PluginCommand::Remove { id } => change::remove(home, &id),
        PluginCommand::Verify => change::verify(home),
    }
}

/// What runs and compiles plugins without a gateway: nothing outlives the command.
struct Workbench {
    engine: Engine,
    cache: Cache,
    _dir: TempDir,
}

impl Workbench {
    fn new(engine: Result<Engine, hushgate_wasm::engine::EngineError>) -> Result<Self, Failure> {
        let dir = TempDir::new().map_err(Failure::failed)?;
        let key = crate::keys::random().map_err(Failure::failed)?;
        let cache = Cache::open(dir.path(), key).map_err(Failure::failed)?;
        Ok(Self { engine: engine.map_err(Failure::failed)?, cache, _dir: dir })
    }
}

fn list(home: &Home) -> Result<(), Failure> {
    let (config, keys) = open(home)?;
    let shelf = crate::gateway::shelf(&config, &keys)?;
    for it in shelf.all() {
        let manifest = &it.manifest;
        say(format!(
            "{} {} ({}, {}, {} cases): {}",
            manifest.id,
            manifest.version,
            manifest.kind,
            inspect::short(&it.compiled.digest),
            it.table.cases(),
            manifest.summary
        ));
    }
    let mut problems = shelf.problems().peekable();
    if problems.peek().is_none() {
        return Ok(());
    }
    let all: Vec<_> = problems.map(ToString::to_string).collect();
    Err(Failure::fix(format!("cannot be used: {}", all.join("\ncannot be used: "))))
}

fn build(dir: &Path) -> Result<(), Failure> {
    let manifest = Manifest::from_source(&Source::read(&dir.join(MANIFEST))?)?;
    let Some(run) = manifest.build else {
        return Err(Failure::fix(format!(
            "{}: has no `[build] run = \"…\"`: nobody said how to build it",
            dir.join(MANIFEST).display()
        )));
    };
    say(format!("runs `{run}` in {}", dir.display()));
    let status = Command::new("sh").args(["-c", &run]).current_dir(dir).status();
    match status {
        Ok(status) if status.success() => inspect::run(dir),
        Ok(status) => Err(Failure::failed(format!("`{run}` failed: {status}"))),
        Err(error) => Err(Failure::failed(format!("`sh` could not be run: {error}"))),
    }
}

fn test(dirs: &[PathBuf]) -> Result<(), Failure> {
    let bench = Workbench::new(Engine::metered())?;
    let mut failed = 0;
    for dir in dirs {
        let plugin = OnShelf::read(&bench.engine, &bench.cache, (dir, &Trust::author()))?;
        let report = table::run(&bench.engine, &plugin, &plugin.table);
        report.failures.iter().for_each(|it| say(format!("FAILED {it}")));
        failed += report.failures.len();
        let result = if report.failures.is_empty() { "ok" } else { "FAILED" };
        say(format!(
            "{result}: {}: {} cases and {} calls with random or cut-off input; at most {} fuel and {} KiB a case",
            plugin.manifest.id,
            report.cases,
            report.tried,
            report.used.fuel,
            report.used.memory_bytes >> 10,
        ));
    }
    match failed {
        0 => Ok(()),
        1 => Err(Failure::failed("1 failure")),
        _ => Err(Failure::failed(format!("{failed} failures"))),
    }
}

fn measure(dirs: &[PathBuf]) -> Result<(), Failure> {
    let bench = Workbench::new(Engine::new())?;
    let read = |dir: &Path| OnShelf::read(&bench.engine, &bench.cache, (dir, &Trust::author()));
    let micros = |it: std::time::Duration| it.as_secs_f64() * 1e6;
    if let [dir] = dirs {
        let plugin = read(dir)?;
        let costs = table::bench(&bench.engine, &plugin, &plugin.table).map_err(Failure::failed)?;
        say(format!("{:>10} {:>10}  case", "kept", "new"));
        for it in costs {
            say(format!("{:>7.2} µs {:>7.1} µs  {}", micros(it.reused), micros(it.fresh), it.name));
        }
        return Ok(());
    }
    say(
        "| plugin | component, kB | case | frame, B | kept instance, µs | new instance, µs |\n|---|---|---|---|---|---|",
    );
    for dir in dirs {
        let plugin = read(dir)?;
        let cost =
            table::typical(&bench.engine, &plugin, &plugin.table).map_err(Failure::failed)?;
        let component = std::fs::metadata(dir.join(COMPONENT)).map_err(Failure::failed)?;
        say(format!(
            "| {} | {} | {} | {} | {:.1} | {:.0} |",
            plugin.manifest.id,
            component.len() / 1000,
            cost.name,
            cost.frame_bytes.map(|it| it.to_string()).unwrap_or_default(),
            micros(cost.reused),
            micros(cost.fresh),
        ));
    }
    Ok(())
}
