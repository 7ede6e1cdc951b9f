//! Plugins from a registry, and to one.
//!
//! # Promises
//!
//! - What plugins somebody fetches tells what devices, and so what illnesses, are in the house: a registry is asked
//!   through Tor, unless it is on this machine or its owner says `--clearnet`.
//! - What is fetched is handled as a directory is, and holds nothing but a plugin's files.
//! - What is published passed its own tests, byte for byte.

use super::{Failure, Workbench, say};
use crate::{
    cli::{open, out::complain},
    config::{self, Config},
    home::Home,
    plugins::{
        shelf::{self, OnShelf},
        table,
        trust::Trust,
    },
    source::read_bytes,
};
use clap::Args;
use hushgate_oci::{Account, File, OciError, Pinned, Place, Tagged, Way};
use hushgate_wasm::{cache::COMPONENT_BYTES_MAX, engine::Engine};
use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

const USER: &str = "HUSHGATE_REGISTRY_USER";
const PASSWORD: &str = "HUSHGATE_REGISTRY_PASSWORD";

/// How a registry is reached.
#[derive(Debug, Args)]
pub(in crate::cli) struct WayArgs {
    /// Reach the registry through the Tor with this SOCKS port on this machine, instead of that in the settings.
    #[arg(long, value_name = "ADDRESS:PORT")]
    socks: Option<SocketAddr>,
    /// Reach the registry without Tor. It, and the network on the way, learn from which house this plugin is asked
    /// for.
    #[arg(long, conflicts_with = "socks")]
    clearnet: bool,
}

/// What is published, and where.
#[derive(Debug, Args)]
pub(in crate::cli) struct PushArgs {
    /// The plugin's directory.
    path: PathBuf,
    /// `oci://HOST/REPOSITORY:TAG`. An account, if it is needed, comes from HUSHGATE_REGISTRY_USER and
    /// HUSHGATE_REGISTRY_PASSWORD in the environment.
    to: String,
    #[command(flatten)]
    way: WayArgs,
}

/// Fetches a plugin into a directory of its own, which goes with the result.
pub(super) async fn fetch(home: &Home, from: &str, args: &WayArgs) -> Result<TempDir, Failure> {
    let from: Pinned = from.parse().map_err(|it| Failure::fix(format!("{from}: {it}")))?;
    // A gateway that cannot take it in need not ask for it.
    let (config, _) = open(home)?;
    let way = way(Some(&config), args, from.place())?;
    let files = hushgate_oci::fetch(&from, way).await.map_err(|it| failure(&it))?;
    let bytes: usize = files.iter().map(|it| it.1.len()).sum();
    let dir = laid_out(&files)?;
    let known = shelf::files(dir.path());
    if let Some((name, _)) = files.iter().find(|it| !known.contains(&it.0)) {
        return Err(Failure::fix(format!(
            "the artifact holds `{name}`, which is no file of a plugin; nothing was changed"
        )));
    }
    say(format!("fetched {} files, {bytes} bytes, each as its digest says", files.len()));
    Ok(dir)
}

/// Publishes a plugin.
pub(super) async fn push(home: &Home, args: PushArgs) -> Result<(), Failure> {
    let to: Tagged = args.to.parse().map_err(|it| Failure::fix(format!("{}: {it}", args.to)))?;
    let config = if home.settings().exists() { Some(Config::read(home)?) } else { None };
    let way = way(config.as_ref(), &args.way, to.place())?;
    let account = account()?;
    let files = read(&args.path)?;
    check(&files)?;
    let pushed = hushgate_oci::push(&to, way, account, files).await.map_err(|it| failure(&it))?;
    say(format!("published; hand on this address, which no tag can change:\n{pushed}"));
    Ok(())
}

fn failure(error: &OciError) -> Failure {
    match error {
        OciError::Unreachable(_) => Failure::failed(error),
        OciError::Refused(_) => Failure::fix(error),
    }
}

/// Nothing is sent before the way is known.
fn way(config: Option<&Config>, args: &WayArgs, place: &Place) -> Result<Way, Failure> {
    if place.is_loopback() {
        return Ok(Way::Loopback);
    }
    let registry = place.registry();
    if args.clearnet {
        complain(&format!(
            "WITHOUT TOR, as `--clearnet` asks: {registry} learns from which address this plugin is asked for, and \
             the network on the way that somebody there asks {registry}. What plugins are used tells what devices, \
             and so what illnesses, are in the house"
        ));
        return Ok(Way::Clearnet);
    }
    let why_not = match (args.socks, config.map(|it| &it.way)) {
        (Some(socks), _) if socks.ip().is_loopback() => return Ok(Way::Socks(socks)),
        (Some(_), _) => "`--socks` must be a port of this machine",
        (None, Some(config::Way::Socks(socks))) => return Ok(Way::Socks(*socks)),
        (None, Some(config::Way::Tor { .. })) => {
            "the gateway's own Tor reaches onion services alone"
        }
        (None, Some(config::Way::Loopback)) => "the settings name no Tor (`[transport]`)",
        (None, None) => "there is no gateway here whose Tor could be used",
    };
    Err(Failure::fix(format!(
        "{registry} was not asked: {why_not}. What plugins are used tells what devices, and so what illnesses, are \
         in the house: name the SOCKS port of a Tor (`--socks 127.0.0.1:9050`, as Debian's `tor` has it), or let \
         the registry and the network know (`--clearnet`)"
    )))
}

fn account() -> Result<Option<Account>, Failure> {
    match (env::var(USER), env::var(PASSWORD)) {
        (Ok(user), Ok(password)) => Ok(Some(Account { user, password })),
        (Err(env::VarError::NotPresent), Err(env::VarError::NotPresent)) => Ok(None),
        _ => Err(Failure::fix(format!("{USER} and {PASSWORD} must both be set, or neither"))),
    }
}

fn read(dir: &Path) -> Result<Vec<File>, Failure> {
    let names = shelf::files(dir).into_iter();
    let file = |it: String| Ok((it.clone(), read_bytes(&dir.join(&it), COMPONENT_BYTES_MAX)?));
    names.map(file).collect()
}

/// Refuses files that are no working plugin, and says so if nobody signed it.
fn check(files: &[File]) -> Result<(), Failure> {
    let dir = laid_out(files)?;
    let bench = Workbench::new(Engine::metered())?;
    let plugin = OnShelf::read(&bench.engine, &bench.cache, (dir.path(), &Trust::author()))?;
    let report = table::run(&bench.engine, &plugin, &plugin.table);
    if let Some(first) = report.failures.first() {
        return Err(Failure::fix(format!("its own tests fail; nothing was published\n{first}")));
    }
    if !files.iter().any(|it| it.0 == shelf::SIGNATURE) {
        say("it is not signed: who asks for signatures (`trusted-keys`) cannot use it");
    }
    Ok(())
}

/// Their names are plain ones: [`hushgate_oci`] and [`shelf::files`] give no others.
fn laid_out(files: &[File]) -> Result<TempDir, Failure> {
    let dir = TempDir::new().map_err(Failure::failed)?;
    for (name, bytes) in files {
        fs::write(dir.path().join(name), bytes).map_err(Failure::failed)?;
    }
    Ok(dir)
}
