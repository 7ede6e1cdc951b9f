//! `plugin dev`: build, test and take in a plugin whenever its files change.

use super::{Failure, build, change, say, test};
use crate::home::Home;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

const LOOK_EVERY: Duration = Duration::from_millis(300);
/// More files than a plugin is written in.
const FILES_MAX: usize = 10_000;

type Seen = BTreeMap<PathBuf, SystemTime>;

/// Until the process is ended.
pub(super) fn run(home: &Home, dir: &Path, add: bool) -> Result<(), Failure> {
    let mut built = None;
    loop {
        let mut seen = Seen::new();
        look(dir, &mut seen).map_err(|it| Failure::fix(format!("{}: {it}", dir.display())))?;
        if built.as_ref() == Some(&seen) {
            std::thread::sleep(LOOK_EVERY);
            continue;
        }
        built = Some(seen);
        let tested = build(dir).and_then(|()| test(&[dir.to_owned()]));
        match tested.and_then(|()| if add { change::add(home, dir, &[]) } else { Ok(()) }) {
            Ok(()) => say("waits for the next change (Ctrl-C ends)"),
            Err(failure) => {
                say(format!("{}\nwaits for the next change (Ctrl-C ends)", failure.text()))
            }
        }
    }
}

/// What a build reads: not what it writes, and nothing hidden.
fn look(dir: &Path, seen: &mut Seen) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let written = ["target", "plugin.wasm", "Cargo.lock"].contains(&&*name);
        if written || name.starts_with('.') || seen.len() > FILES_MAX {
            continue;
        }
        if entry.file_type()?.is_dir() {
            look(&entry.path(), seen)?;
        } else {
            seen.insert(entry.path(), entry.metadata()?.modified()?);
        }
    }
    Ok(())
}
