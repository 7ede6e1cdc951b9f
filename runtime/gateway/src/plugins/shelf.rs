//! The plugins in a directory, compiled and ready to be used under any settings.

use super::manifest::{Kind, Manifest};
use crate::source::{SettingsError, Source};
use hushgate_wasm::{
    cache::{COMPONENT_BYTES_MAX, Cache, Compiled},
    engine::Engine,
    plugin::Setup,
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The most plugins in one directory.
const PLUGINS_MAX: usize = 1_000;

/// One plugin on the shelf.
#[derive(Clone, Debug)]
pub struct OnShelf {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its code.
    pub compiled: Compiled,
}

/// All plugins of a directory.
#[derive(Debug)]
pub struct Shelf {
    engine: Engine,
    dir: PathBuf,
    plugins: BTreeMap<String, OnShelf>,
}

impl Shelf {
    /// Reads `dir/<id>/plugin.toml` and `plugin.wasm` for each plugin. Blocks while new ones are compiled.
    pub fn read(engine: &Engine, cache: &Cache, dir: &Path) -> Result<Self, SettingsError> {
        let mut shelf =
            Self { engine: engine.clone(), dir: dir.to_owned(), plugins: BTreeMap::new() };
        let fail = |problem: String| SettingsError { file: dir.to_owned(), line: None, problem };
        let entries = fs::read_dir(dir).map_err(|it| fail(format!("cannot be read: {it}")))?;
        for entry in entries.take(PLUGINS_MAX) {
            let path = entry.map_err(|it| fail(format!("cannot be read: {it}")))?.path();
            if path.join("plugin.toml").is_file() {
                let plugin = read_one(engine, cache, &path)?;
                shelf.plugins.insert(plugin.manifest.id.clone(), plugin);
            }
        }
        Ok(shelf)
    }

    /// The compiler and pool that they run in.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The plugin `id`, if it is of `kind`; otherwise what is wrong with asking for it.
    pub fn take(&self, id: &str, kind: Kind) -> Result<&OnShelf, String> {
        let found = self.plugins.get(id).ok_or_else(|| {
            let known: Vec<_> = self.plugins.keys().map(String::as_str).collect();
            format!("no plugin `{id}` in {} (there are: {})", self.dir.display(), known.join(", "))
        })?;
        if found.manifest.kind == kind {
            return Ok(found);
        }
        Err(format!("`{id}` is no {kind}: it is a plugin of kind {}", found.manifest.kind))
    }

    /// All of them, by id.
    pub fn all(&self) -> impl Iterator<Item = &OnShelf> {
        self.plugins.values()
    }
}

impl OnShelf {
    /// How to run it with these settings.
    pub fn setup(&self, settings: &str) -> Setup {
        Setup {
            id: self.manifest.id.clone(),
            config: settings.to_owned(),
            limits: self.manifest.limits,
            log: false,
        }
    }
}

fn read_one(engine: &Engine, cache: &Cache, dir: &Path) -> Result<OnShelf, SettingsError> {
    let source = Source::read(&dir.join("plugin.toml"))?;
    let manifest = Manifest::from_source(&source)?;
    if dir.file_name().and_then(|it| it.to_str()) != Some(manifest.id.as_str()) {
        return Err(
            source.whole(format!("`id` must be the directory's name, not `{}`", manifest.id))
        );
    }
    let path = dir.join("plugin.wasm");
    let fail = |problem: String| SettingsError { file: path.clone(), line: None, problem };
    let size = fs::metadata(&path).map_err(|it| fail(format!("cannot be read: {it}")))?.len();
    if size > COMPONENT_BYTES_MAX {
        return Err(fail(format!("is larger than {COMPONENT_BYTES_MAX} bytes")));
    }
    let wasm = fs::read(&path).map_err(|it| fail(format!("cannot be read: {it}")))?;
    let compiled = cache.load(engine, &wasm).map_err(|it| fail(it.to_string()))?;
    Ok(OnShelf { manifest, compiled })
}
