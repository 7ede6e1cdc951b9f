//! `plugin add`, `remove`, `approve`, `rollback`, `verify`: what works here, and what may.

use super::{Failure, open, say};
use crate::{
    home::Home,
    plugins::{
        lock::{Lock, Standing},
        manifest::{Declared, Manifest},
        shelf::{self, OnShelf, Shelf},
        table,
        trust::{Right, Rights, Trust},
    },
    source::Source,
};
use data_encoding::HEXLOWER;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, fs, io, path::Path};

fn opened(home: &Home) -> Result<(Shelf, Lock), Failure> {
    let (config, keys) = open(home)?;
    Ok((crate::gateway::shelf(&config, &keys)?, Lock::read(&home.plugin_lock())?))
}

pub(super) fn approve(home: &Home, ids: &[String]) -> Result<(), Failure> {
    let (shelf, mut lock) = opened(home)?;
    for id in ids {
        if let Some(problem) = shelf.problem(id) {
            return Err(Failure::fix(problem));
        }
        let plugin = shelf.get(id).ok_or_else(|| {
            Failure::fix(format!("no plugin `{id}` in {}", home.plugins().display()))
        })?;
        lock.approve(plugin);
        say(format!(
            "approved: {id} {} ({})",
            plugin.manifest.version,
            super::inspect::short(&plugin.identity)
        ));
    }
    lock.write(&home.plugin_lock()).map_err(Failure::failed)
}

pub(super) fn verify(home: &Home) -> Result<(), Failure> {
    let (shelf, lock) = opened(home)?;
    let mut wrong = 0;
    for plugin in shelf.all() {
        let (standing, ok) = match lock.standing(plugin) {
            Standing::Same => ("the bytes that work here", true),
            Standing::Changed => ("CHANGED: other bytes than those that work here", false),
            Standing::New => ("new: it did not work here yet", true),
        };
        wrong += u32::from(!ok);
        say(format!("{}: {standing}", plugin.manifest.id));
    }
    for id in lock.ids().filter(|it| shelf.get(it).is_none()) {
        wrong += 1;
        say(format!("{id}: MISSING"));
    }
    for problem in shelf.problems() {
        wrong += 1;
        say(format!("BROKEN: {problem}"));
    }
    if wrong == 0 { Ok(()) } else { Err(Failure::fix("not what hushgate.lock says")) }
}

pub(super) fn add(home: &Home, from: &Path, allow: &[Right]) -> Result<(), Failure> {
    let (config, keys) = open(home)?;
    let current = crate::gateway::shelf(&config, &keys)?;
    let mut lock = Lock::read(&home.plugin_lock())?;
    if !allow.is_empty() {
        let id = Manifest::from_source(&Source::read(&from.join(shelf::MANIFEST))?)?.id;
        lock.allow(&id, allow.iter().copied().collect());
    }
    let plugin = OnShelf::read(
        current.engine(),
        &crate::gateway::cache(&config, &keys)?,
        (from, &Trust::new(&config.trusted_keys, lock.clone())),
    )?;
    let report = table::run(current.engine(), &plugin, &plugin.table);
    if let Some(first) = report.failures.first() {
        return Err(Failure::fix(format!("its own tests fail; nothing was changed\n{first}")));
    }
    let id = &plugin.manifest.id;
    say(match current.get(id) {
        None => format!("{id} {} is new", plugin.manifest.version),
        Some(before) => changes(before, &plugin),
    });
    if !allow.is_empty() {
        lock.write(&home.plugin_lock()).map_err(Failure::failed)?;
    }
    install(from, &home.plugins().join(id)).map_err(Failure::failed)?;
    say(format!(
        "{id} is in {}; a gateway that runs takes it up within a second",
        home.plugins().display()
    ));
    Ok(())
}

/// What another version of a plugin changes, in words.
fn changes(before: &OnShelf, after: &OnShelf) -> String {
    let fields = |it: &Declared| {
        it.fields().map(|it| (it.path.clone(), it.unit.clone())).collect::<BTreeSet<_>>()
    };
    let (old, new) = (fields(&before.manifest.declared), fields(&after.manifest.declared));
    let named = |all: &mut dyn Iterator<Item = &(String, Option<String>)>| {
        let names: Vec<_> = all.map(|it| it.0.clone()).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    let limits = |it: &OnShelf| {
        let limits = it.manifest.limits;
        format!("{} MiB, {} ms", limits.memory_bytes >> 20, limits.call.as_millis())
    };
    let rights = |it: &OnShelf| {
        let names: Vec<_> = it.rights.iter().map(|it| it.name()).collect();
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    };
    format!(
        "{}: {} → {}\n  newly declared fields: {}\n  no longer declared: {}\n  limits: {} → {}\n  asks for: {} → {}",
        after.manifest.id,
        before.manifest.version,
        after.manifest.version,
        named(&mut new.difference(&old)),
        named(&mut old.difference(&new)),
        limits(before),
        limits(after),
        rights(before),
        rights(after),
    )
}

/// Beside it first, then exchanged: a gateway that looks sees the old directory or the new one.
fn install(from: &Path, to: &Path) -> io::Result<()> {
    let partial = to.with_extension("partial");
    let gone = |dir: &Path| match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    gone(&partial)?;
    shelf::copy(from, &partial)?;
    if !to.exists() {
        return fs::rename(partial, to);
    }
    match renameat_with(CWD, &partial, CWD, to, RenameFlags::EXCHANGE) {
        Ok(()) => gone(&partial),
        // Not all file systems can.
        Err(_) => gone(to).and_then(|()| fs::rename(partial, to)),
    }
}

/// Says what a plugin may have beyond its arguments.
pub(super) fn allow(home: &Home, id: &str, rights: Vec<Right>) -> Result<(), Failure> {
    let (config, _) = open(home)?;
    let mut lock = Lock::read(&home.plugin_lock())?;
    let rights: Rights = rights.into_iter().collect();
    let used = config.plugins().find(|it| it.0 == id);
    if let Some((_, device)) = used.filter(|_| !lock.allowed(id).is_subset(&rights)) {
        return Err(Failure::fix(format!(
            "`{id}` works for device `{device}` with what it has; nothing was changed"
        )));
    }
    for right in &rights {
        say(format!("{id} may have {}: {}", right.name(), right.explain()));
    }
    lock.allow(id, rights);
    lock.write(&home.plugin_lock()).map_err(Failure::failed)
}

pub(super) fn remove(home: &Home, id: &str) -> Result<(), Failure> {
    let (config, _) = open(home)?;
    if let Some((_, device)) = config.plugins().find(|it| it.0 == id) {
        return Err(Failure::fix(format!(
            "`{id}` works for device `{device}`; nothing was changed"
        )));
    }
    let dir = home.plugins().join(id);
    fs::remove_dir_all(&dir).map_err(|it| Failure::fix(format!("{}: {it}", dir.display())))?;
    say(format!("removed {id}"));
    Ok(())
}

pub(super) fn rollback(home: &Home, id: &str) -> Result<(), Failure> {
    let before = shelf::before(&home.kept(), id);
    if !before.is_dir() {
        return Err(Failure::fix(format!("no other version of `{id}` has worked here")));
    }
    install(&before, &home.plugins().join(id)).map_err(Failure::failed)?;
    say(format!("{id} is what it was before; a gateway that runs takes it up within a second"));
    Ok(())
}

/// One line before all tables, so that it stays a key of the manifest itself.
pub(super) fn pin(dir: &Path) -> Result<(), Failure> {
    let (manifest, component) = (dir.join(shelf::MANIFEST), dir.join(shelf::COMPONENT));
    let fail = |path: &Path, error: io::Error| Failure::fix(format!("{}: {error}", path.display()));
    let wasm = fs::read(&component).map_err(|it| fail(&component, it))?;
    let text = fs::read_to_string(&manifest).map_err(|it| fail(&manifest, it))?;
    let digest = HEXLOWER.encode(&Sha256::digest(&wasm));
    let (mut keys, mut tables) = (Vec::new(), Vec::new());
    for line in text.lines() {
        if tables.is_empty() && !line.starts_with('[') { &mut keys } else { &mut tables }
            .push(line);
    }
    keys.retain(|it| !it.starts_with("component = "));
    while keys.last().is_some_and(|it| it.is_empty()) {
        keys.pop();
    }
    let line = format!("component = \"{digest}\"");
    keys.extend([line.as_str(), ""]);
    let pinned = [keys, tables, vec![""]].concat().join("\n");
    fs::write(&manifest, pinned).map_err(|it| fail(&manifest, it))?;
    say(format!("{} is of the component {digest}", manifest.display()));
    Ok(())
}
