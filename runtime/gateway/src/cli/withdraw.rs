//! `grant withdraw`: a consent ends, now.
//!
//! # Promises
//!
//! - The grant ends in one step, whether a gateway runs or not and whatever is wrong in other files: its file leaves
//!   `grants/`. What may go wrong after that does not bring it back.
//! - Its text is kept in `grants/withdrawn/`, with the time at its end; one that was withdrawn before under the same
//!   name stays.

use super::{Failure, out::say};
use crate::{gateway, home::Home, source::is_name};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// How many grants of one name can have been withdrawn.
const SAME_NAME_MAX: u32 = 10_000;

/// From now on the grant `id` is none.
pub(super) fn run(home: &Home, id: &str) -> Result<(), Failure> {
    if !is_name(id) {
        return Err(Failure::fix("a grant's name is lower-case letters, digits and hyphens"));
    }
    let from = home.grants().join(format!("{id}.toml"));
    if !from.exists() {
        return Err(Failure::fix(missing(home, id)));
    }
    home.make(&["grants", "grants/withdrawn"]).map_err(Failure::fix)?;
    let to = free(&home.withdrawn(), id)?;
    fs::rename(&from, &to).map_err(Failure::fix)?;
    let kept = note(&to, jiff::Timestamp::now()).and_then(|()| lasts(&home.grants(), &to));
    if let Err(error) = kept {
        say(format!("{}: the time could not be written: {error}", to.display()));
    }
    say(format!("`{id}` is withdrawn; its text is in {} now.", to.display()));
    say(match gateway::lock(home) {
        Err(gateway::StartError::Busy(_)) => {
            "The running gateway denies its next frame and purges what waits under it, within a second."
        }
        _ => {
            "The gateway does not run: nothing leaves. When it starts, it purges what waits under it."
        }
    });
    say("What its recipient has, it keeps for as long as was agreed: it is not told yet.");
    Ok(())
}

fn missing(home: &Home, id: &str) -> String {
    let before = home.withdrawn().join(format!("{id}.toml"));
    if before.exists() {
        return format!("the grant `{id}` was withdrawn before: see {}", before.display());
    }
    format!("no grant `{id}` in {}", home.grants().display())
}

/// A place for the text that no other one has.
fn free(dir: &Path, id: &str) -> Result<PathBuf, Failure> {
    let names = [format!("{id}.toml")].into_iter();
    let names = names.chain((2..SAME_NAME_MAX).map(|it| format!("{id}.{it}.toml")));
    let free = names.map(|it| dir.join(it)).find(|it| !it.exists());
    free.ok_or_else(|| Failure::fix(format!("{} is full: move some away", dir.display())))
}

fn note(path: &Path, at: jiff::Timestamp) -> io::Result<()> {
    let mut file = File::options().append(true).open(path)?;
    write!(file, "\n# Withdrawn at {at:.0}.\n")?;
    file.sync_all()
}

/// A power cut must not bring the grant back.
fn lasts(grants: &Path, kept: &Path) -> io::Result<()> {
    let withdrawn = kept.parent().unwrap_or(grants);
    [grants, withdrawn].into_iter().try_for_each(|it| File::open(it)?.sync_all())
}
