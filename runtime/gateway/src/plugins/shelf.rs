//! The plugins in a directory, compiled, tried, and ready to be used under any settings.
//!
//! # Promises
//!
//! - A plugin stands here only after its own tests passed ([`super::table`]).
//! - One that cannot be read, compiled or that fails its tests never takes the place of one that works.

use super::{
    manifest::{Kind, Manifest},
    table::{self, Table},
};
use crate::source::{SettingsError, Source, is_name};
use hushgate_wasm::{
    cache::{COMPONENT_BYTES_MAX, Cache, Compiled},
    engine::Engine,
    plugin::Setup,
};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The most plugins in one directory.
const PLUGINS_MAX: usize = 1_000;

/// The component's file, beside `plugin.toml`.
pub const COMPONENT: &str = "plugin.wasm";
/// The manifest's file.
pub const MANIFEST: &str = "plugin.toml";

/// One plugin on the shelf.
#[derive(Clone, Debug)]
pub struct OnShelf {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its code.
    pub compiled: Compiled,
    /// Its own tests.
    pub table: Table,
    /// SHA-256 over component, manifest and tests: another one is another plugin.
    pub identity: [u8; 32],
}

/// All plugins of a directory.
#[derive(Debug)]
pub struct Shelf {
    engine: Engine,
    cache: Cache,
    dir: PathBuf,
    plugins: BTreeMap<String, Arc<OnShelf>>,
    problems: BTreeMap<String, SettingsError>,
}

/// The files of one plugin, read once: what is checked is what is used.
struct Files {
    dir: PathBuf,
    manifest: Source,
    wasm: Vec<u8>,
    identity: [u8; 32],
}

impl Shelf {
    /// Reads `dir/<id>/` for each plugin. Blocks while new ones are compiled and tried.
    pub fn read(engine: &Engine, cache: &Cache, dir: &Path) -> Result<Self, SettingsError> {
        let (engine, cache, dir) = (engine.clone(), cache.clone(), dir.to_owned());
        let (plugins, problems) = (BTreeMap::new(), BTreeMap::new());
        Self { engine, cache, dir, plugins, problems }.read_again()
    }

    /// Reads the directory again. What did not change is taken over; what became worse stays as it was.
    pub fn read_again(&self) -> Result<Self, SettingsError> {
        let (mut plugins, mut problems) = (BTreeMap::new(), BTreeMap::new());
        for (id, dir) in ids(&self.dir)? {
            let before = self.plugins.get(&id);
            match self.read_one((&id, &dir), before) {
                Ok(plugin) => _ = plugins.insert(id, plugin),
                Err(problem) => {
                    before.map(|it| plugins.insert(id.clone(), it.clone()));
                    problems.insert(id, problem);
                }
            }
        }
        let (engine, cache, dir) = (self.engine.clone(), self.cache.clone(), self.dir.clone());
        Ok(Self { engine, cache, dir, plugins, problems })
    }

    fn read_one(
        &self,
        (id, dir): (&str, &Path),
        before: Option<&Arc<OnShelf>>,
    ) -> Result<Arc<OnShelf>, SettingsError> {
        let files = Files::read(dir)?;
        if let Some(same) = before.filter(|it| it.identity == files.identity) {
            return Ok(same.clone());
        }
        let plugin = files.load(&self.engine, &self.cache)?;
        if plugin.manifest.id != id {
            let problem = format!("`id` must be the directory's name, `{id}`");
            return Err(files.manifest.named("id", problem));
        }
        let report = table::run(&self.engine, &plugin, &plugin.table);
        match report.failures.split_first() {
            None => Ok(Arc::new(plugin)),
            Some((first, others)) => Err(SettingsError {
                file: dir.join(table::FILE),
                line: None,
                problem: format!(
                    "its own tests fail ({} more; `hushgate plugin test` shows all): {first}",
                    others.len()
                ),
            }),
        }
    }

    /// The compiler and pool that they run in.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The plugin `id`, if it is of `kind`; otherwise what is wrong with asking for it.
    pub fn take(&self, id: &str, kind: Kind) -> Result<&OnShelf, String> {
        let found = self.plugins.get(id).ok_or_else(|| match self.problems.get(id) {
            Some(problem) => format!("plugin `{id}` cannot be used: {problem}"),
            None => {
                let known: Vec<_> = self.plugins.keys().map(String::as_str).collect();
                format!(
                    "no plugin `{id}` in {} (there are: {})",
                    self.dir.display(),
                    known.join(", ")
                )
            }
        })?;
        if found.manifest.kind == kind {
            return Ok(found);
        }
        Err(format!("`{id}` is no {kind}: it is a plugin of kind {}", found.manifest.kind))
    }

    /// All of them, by id.
    pub fn all(&self) -> impl Iterator<Item = &Arc<OnShelf>> {
        self.plugins.values()
    }

    /// What is wrong with those that are not here, or not as they stand in the directory.
    pub fn problems(&self) -> impl Iterator<Item = &SettingsError> {
        self.problems.values()
    }
}

impl OnShelf {
    /// Reads and compiles the plugin in `dir`, without trying it.
    pub fn read(engine: &Engine, cache: &Cache, dir: &Path) -> Result<Self, SettingsError> {
        Files::read(dir)?.load(engine, cache)
    }

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

impl Files {
    fn read(dir: &Path) -> Result<Self, SettingsError> {
        let manifest = Source::read(&dir.join(MANIFEST))?;
        let path = dir.join(COMPONENT);
        let fail = |problem: String| SettingsError { file: path.clone(), line: None, problem };
        let size = fs::metadata(&path).map_err(|it| fail(format!("cannot be read: {it}")))?.len();
        if size > COMPONENT_BYTES_MAX {
            return Err(fail(format!("is larger than {COMPONENT_BYTES_MAX} bytes")));
        }
        let wasm = fs::read(&path).map_err(|it| fail(format!("cannot be read: {it}")))?;
        let cases = fs::read(dir.join(table::FILE)).unwrap_or_default();
        let mut identity = Sha256::new();
        for part in [manifest.text().as_bytes(), &wasm, &cases] {
            identity.update((part.len() as u64).to_be_bytes());
            identity.update(part);
        }
        Ok(Self { dir: dir.to_owned(), manifest, wasm, identity: identity.finalize().into() })
    }

    fn load(&self, engine: &Engine, cache: &Cache) -> Result<OnShelf, SettingsError> {
        let manifest = Manifest::from_source(&self.manifest)?;
        let table = Table::read(&self.dir)?;
        let compiled = cache.load(engine, &self.wasm).map_err(|error| SettingsError {
            file: self.dir.join(COMPONENT),
            line: None,
            problem: error.to_string(),
        })?;
        Ok(OnShelf { manifest, compiled, table, identity: self.identity })
    }
}

/// Copies the plugin in `from`: manifest, component and tests.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for file in [table::FILE, MANIFEST, COMPONENT] {
        if from.join(file).exists() {
            fs::copy(from.join(file), to.join(file))?;
        }
    }
    Ok(())
}

/// The plugins' directories by their names, which are their ids.
fn ids(dir: &Path) -> Result<BTreeMap<String, PathBuf>, SettingsError> {
    let fail = |problem: String| SettingsError { file: dir.to_owned(), line: None, problem };
    let entries = fs::read_dir(dir).map_err(|it| fail(format!("cannot be read: {it}")))?;
    let mut ids = BTreeMap::new();
    for entry in entries.take(PLUGINS_MAX) {
        let path = entry.map_err(|it| fail(format!("cannot be read: {it}")))?.path();
        let name = path.file_name().and_then(|it| it.to_str()).filter(|it| is_name(it));
        if let Some(name) = name.filter(|_| path.join(MANIFEST).is_file()) {
            ids.insert(name.to_owned(), path.clone());
        }
    }
    Ok(ids)
}
