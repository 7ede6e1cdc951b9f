//! The plugins in a directory, compiled, tried, and ready to be used under any settings.
//!
//! # Promises
//!
//! - A plugin stands here only after its own tests passed ([`super::table`]).
//! - One that cannot be read, compiled or that fails its tests never takes the place of one that works.

mod files;

use super::{
    manifest::{Kind, Manifest},
    pace::Pace,
    table::{self, Table},
    trust::{Right, Rights, Trust},
};
use crate::source::{SettingsError, is_name};
use files::Files;
use hushgate_wasm::{
    cache::{Cache, Compiled},
    engine::Engine,
    plugin::{LinkError, Setup},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The most plugins in one directory.
const PLUGINS_MAX: usize = 1_000;

/// How many are remembered to have passed their own tests.
const PASSED_MAX: usize = 4_000;

/// The component's file, beside `plugin.toml`.
pub const COMPONENT: &str = "plugin.wasm";
/// The manifest's file.
pub const MANIFEST: &str = "plugin.toml";
/// The signature's file beside it, as `minisign -Sm plugin.toml` writes it: over the manifest, which must name the
/// component by its SHA-256.
pub const SIGNATURE: &str = "plugin.toml.minisig";

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
    /// What it gets beyond its arguments.
    pub rights: Rights,
    /// The minisign key that signed it, if it had to be signed.
    pub signer: Option<String>,
    /// What its calls cost.
    pub pace: Arc<Pace>,
}

/// All plugins of a directory.
#[derive(Clone, Debug)]
pub struct Shelf {
    engine: Engine,
    cache: Cache,
    dir: PathBuf,
    /// Copies of those that worked last.
    kept: PathBuf,
    trust: Trust,
    plugins: BTreeMap<String, Arc<OnShelf>>,
    problems: BTreeMap<String, SettingsError>,
    /// The identities of those that passed their own tests, so that each is tried once.
    passed: BTreeSet<[u8; 32]>,
}

impl Shelf {
    /// Reads `dir/<id>/` for each plugin, or what was kept of it in `kept`. Blocks while new ones are compiled
    /// and tried.
    pub fn read(
        engine: &Engine,
        cache: &Cache,
        (dir, kept): (&Path, &Path),
        trust: Trust,
    ) -> Result<Self, SettingsError> {
        let (engine, cache) = (engine.clone(), cache.clone());
        let (dir, kept) = (dir.to_owned(), kept.to_owned());
        let (plugins, problems, passed) = Default::default();
        let empty = Self { engine, cache, dir, kept, trust, plugins, problems, passed };
        empty.read_again(empty.trust.clone())
    }

    /// Reads the directory again. What did not change is taken over; what became worse stays as it was.
    pub fn read_again(&self, trust: Trust) -> Result<Self, SettingsError> {
        let mut next = Self {
            engine: self.engine.clone(),
            cache: self.cache.clone(),
            dir: self.dir.clone(),
            kept: self.kept.clone(),
            trust,
            plugins: BTreeMap::new(),
            problems: BTreeMap::new(),
            passed: self.passed.clone(),
        };
        for (id, dir) in ids(&self.dir)? {
            let before = self.plugins.get(&id);
            match next.read_one((&id, &dir), before) {
                Ok(plugin) => _ = next.plugins.insert(id, plugin),
                Err(problem) => {
                    let kept = || next.read_one((&id, &self.kept.join(&id)), None).ok();
                    let works = before.cloned().or_else(kept);
                    next.plugins.extend(works.map(|it| (id.clone(), it)));
                    next.problems.insert(id, problem);
                }
            }
        }
        if next.passed.len() > PASSED_MAX {
            next.passed.clear();
        }
        next.passed.extend(next.plugins.values().map(|it| it.identity));
        Ok(next)
    }

    /// This shelf with the copies that were kept, where they are others; none if there is no other. `why` this
    /// one cannot be used becomes the problem of each that is replaced.
    pub fn instead(&self, why: &str) -> Option<Self> {
        let mut other = self.clone();
        for (id, plugin) in &self.plugins {
            let kept = self.read_one((id, &self.kept.join(id)), None);
            if let Some(kept) = kept.ok().filter(|it| it.identity != plugin.identity) {
                other.plugins.insert(id.clone(), kept);
                let (file, problem) = (self.dir.join(id), why.to_owned());
                other.problems.insert(id.clone(), SettingsError { file, line: None, problem });
            }
        }
        (!other.is_same(self)).then_some(other)
    }

    /// This shelf with the plugin in `dir` instead of the one of its name, and the name: to be tried, with all that it
    /// asks for.
    pub fn trying(&self, dir: &Path) -> Result<(Self, String), SettingsError> {
        let plugin = OnShelf::read(&self.engine, &self.cache, (dir, &Trust::author()))?;
        let (mut other, id) = (self.clone(), plugin.manifest.id.clone());
        other.plugins.insert(id.clone(), Arc::new(plugin));
        Ok((other, id))
    }

    /// Keeps a copy of each plugin that works as it stands in the directory.
    pub fn keep(&self) {
        for (id, plugin) in self.plugins.iter().filter(|it| !self.problems.contains_key(it.0)) {
            if let Err(error) = self.keep_one(id, plugin) {
                tracing::warn!(plugin = id, %error, "no copy is kept of a plugin that works");
            }
        }
    }

    fn keep_one(&self, id: &str, plugin: &OnShelf) -> Result<(), String> {
        let kept = self.kept.join(id);
        let is_it = |dir: &Path| Files::read(dir).is_ok_and(|it| it.identity == plugin.identity);
        if is_it(&kept) {
            return Ok(());
        }
        // Under another name first: what is there under its own is whole.
        let partial = self.kept.join(format!("{id}.partial"));
        let _ = fs::remove_dir_all(&partial);
        copy(&self.dir.join(id), &partial).map_err(|it| it.to_string())?;
        if !is_it(&partial) {
            return Err("its files have changed meanwhile".into());
        }
        let before = before(&self.kept, id);
        let _ = fs::remove_dir_all(&before);
        let moved = fs::rename(&kept, &before).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        });
        moved.and_then(|()| fs::rename(&partial, &kept)).map_err(|it| it.to_string())
    }

    fn read_one(
        &self,
        (id, dir): (&str, &Path),
        before: Option<&Arc<OnShelf>>,
    ) -> Result<Arc<OnShelf>, SettingsError> {
        let files = Files::read(dir)?;
        let signer = files.signer(&self.trust)?;
        let same = |it: &&Arc<OnShelf>| {
            let rights = self.trust.rights(id, &it.manifest.requests);
            it.identity == files.identity
                && it.signer == signer
                && rights.is_ok_and(|rights| rights == it.rights)
        };
        if let Some(same) = before.filter(same) {
            return Ok(same.clone());
        }
        let plugin = files.load(&self.engine, &self.cache, (signer, &self.trust))?;
        if plugin.manifest.id != id {
            let problem = format!("`id` must be the directory's name, `{id}`");
            return Err(files.manifest.named("id", problem));
        }
        if self.passed.contains(&plugin.identity) {
            return Ok(Arc::new(plugin));
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

    /// The plugins here that `before` did not hold, or held with other bytes.
    pub fn changed<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = &'a OnShelf> {
        let known = |it: &&Arc<OnShelf>| {
            before.plugins.get(&it.manifest.id).is_some_and(|old| old.is_same(it))
        };
        self.plugins.values().filter(move |it| !known(it)).map(AsRef::as_ref)
    }

    /// The plugin `id`.
    pub fn get(&self, id: &str) -> Option<&OnShelf> {
        self.plugins.get(id).map(AsRef::as_ref)
    }

    /// What is wrong with the plugin `id` as it stands in the directory.
    pub fn problem(&self, id: &str) -> Option<&SettingsError> {
        self.problems.get(id)
    }

    /// Whether `other` holds the same plugins, byte for byte and with the same rights, and the same problems.
    pub fn is_same(&self, other: &Self) -> bool {
        let same = |(one, other): (&Arc<OnShelf>, &Arc<OnShelf>)| {
            one.manifest.id == other.manifest.id && one.is_same(other)
        };
        self.plugins.len() == other.plugins.len()
            && self.plugins.values().zip(other.plugins.values()).all(same)
            && self.problems == other.problems
    }

    /// What is wrong with those that are not here, or not as they stand in the directory.
    pub fn problems(&self) -> impl Iterator<Item = &SettingsError> {
        self.problems.values()
    }
}

impl OnShelf {
    /// Reads and compiles the plugin in `dir`, without trying it.
    pub fn read(
        engine: &Engine,
        cache: &Cache,
        (dir, trust): (&Path, &Trust),
    ) -> Result<Self, SettingsError> {
        let files = Files::read(dir)?;
        let signer = files.signer(trust)?;
        files.load(engine, cache, (signer, trust))
    }

    fn is_same(&self, other: &Self) -> bool {
        let key = |it: &Self| (it.identity, it.rights.clone(), it.signer.clone());
        key(self) == key(other)
    }

    /// How to run it with these settings, if its schema takes them.
    pub fn setup(&self, settings: &str) -> Result<Setup, LinkError> {
        if let Some(schema) = &self.manifest.settings {
            schema.check(settings)?;
        }
        Ok(Setup {
            id: self.manifest.id.clone(),
            config: settings.to_owned(),
            limits: self.manifest.limits,
            log: false,
            wasi: self.rights.contains(&Right::Wasi),
        })
    }
}

/// The names of the files that make up the plugin in `dir`: manifest, component, signature, tests and what these
/// name.
pub fn files(dir: &Path) -> BTreeSet<String> {
    let own = [table::FILE, SIGNATURE, MANIFEST, COMPONENT].map(str::to_owned);
    let named = Table::files(dir).into_iter().filter(|it| !it.contains('/'));
    named.chain(own).filter(|it| dir.join(it).is_file()).collect()
}

/// Copies the plugin in `from`: its files and nothing else.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    files(from).iter().try_for_each(|it| fs::copy(from.join(it), to.join(it)).map(drop))
}

/// Where, among those that are kept, the version of a plugin stands that worked before the last.
pub fn before(kept: &Path, id: &str) -> PathBuf {
    kept.join(format!("{id}.before"))
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
