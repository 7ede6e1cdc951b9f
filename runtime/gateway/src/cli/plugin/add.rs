//! `plugin add`: from a directory, from a component with its manifest beside it, or from a registry.

use super::{Failure, change};
use crate::{
    cli::init::shipped,
    home::Home,
    plugins::{
        shelf::{self, COMPONENT},
        trust::Right,
    },
    source::is_name,
};
use clap::Args;
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// How an address in a registry begins.
const REGISTRY: &str = "oci://";

/// Where a plugin is taken from.
#[derive(Debug, Args)]
pub(in crate::cli) struct AddArgs {
    /// The name of a plugin that came with Hushgate; a plugin's directory; its component (`.wasm`) with
    /// plugin.toml beside it; or `oci://HOST/REPOSITORY@sha256:…`, as `plugin push` printed it.
    from: PathBuf,
    /// What it may have beyond its arguments, if it asks for it.
    #[arg(long, value_name = "RIGHT")]
    allow: Vec<Right>,
    #[cfg(feature = "oci")]
    #[command(flatten)]
    way: super::registry::WayArgs,
}

#[cfg(feature = "oci")]
pub(super) async fn run(home: &Home, args: AddArgs) -> Result<(), Failure> {
    match address(&args.from) {
        None => local(home, &args),
        Some(address) => {
            let fetched = super::registry::fetch(home, address, &args.way).await?;
            change::add(home, fetched.path(), &args.allow)
        }
    }
}

#[cfg(not(feature = "oci"))]
pub(super) fn run(home: &Home, args: AddArgs) -> Result<(), Failure> {
    match address(&args.from) {
        None => local(home, &args),
        Some(_) => Err(Failure::fix("this hushgate was built without registries (feature `oci`)")),
    }
}

fn address(from: &Path) -> Option<&str> {
    from.to_str().filter(|it| it.starts_with(REGISTRY))
}

fn local(home: &Home, args: &AddArgs) -> Result<(), Failure> {
    let from = &args.from;
    if let Some(id) = from.to_str().filter(|it| is_name(it) && !from.exists()) {
        return change::add(home, &shipped(id)?, &args.allow);
    }
    let is_component = from.extension().is_some_and(|it| it == "wasm") && from.is_file();
    if !is_component {
        return change::add(home, from, &args.allow);
    }
    let dir = beside(from).map_err(|it| Failure::fix(format!("{}: {it}", from.display())))?;
    change::add(home, dir.path(), &args.allow)
}

/// A plugin's directory of this component and what stands beside it.
fn beside(component: &Path) -> io::Result<TempDir> {
    let dir = TempDir::new()?;
    shelf::copy(&component.with_file_name(""), dir.path())?;
    fs::copy(component, dir.path().join(COMPONENT))?;
    Ok(dir)
}

/// Takes in the plugin `id` that came with Hushgate, unless there is one of this name already.
pub(in crate::cli) fn shipped_if_missing(home: &Home, id: &str) -> Result<(), Failure> {
    if home.plugins().join(id).exists() {
        return Ok(());
    }
    change::add(home, &shipped(id)?, &[])
}
