//! `plugin search` and `plugin index`: which plugin is for which device.

use super::{Failure, say};
use crate::plugins::library::{Entry, Index, Library};
use std::path::PathBuf;

/// How many fields of a plugin are shown.
const FIELDS_SHOWN_MAX: usize = 12;

/// Says which plugins that came with Hushgate tell of all these words.
pub(super) fn search(words: &[String]) -> Result<(), Failure> {
    let library = Library::of_program().ok_or_else(|| {
        Failure::fix("no plugins beside the program, nor in ../share/hushgate/plugins")
    })?;
    let index = library.index()?;
    let found = index.search(words);
    if found.is_empty() {
        return Err(Failure::fix(format!(
            "none of the {} plugins that came with Hushgate tells of all of that; fewer words find more",
            index.plugin.len()
        )));
    }
    found.iter().for_each(|it| say(describe(it, words)));
    say(
        "Take one in: `hushgate plugin add ID`; for a device: `hushgate device add NAME … --adapter ID`",
    );
    Ok(())
}

/// Of its fields those come first that were asked for.
fn describe(entry: &Entry, words: &[String]) -> String {
    let mut emits: Vec<_> = entry.emits.iter().map(String::as_str).collect();
    emits.sort_by_key(|it| !words.iter().any(|word| it.contains(&word.to_lowercase())));
    let mut told = format!("{} {} ({}): {}", entry.id, entry.version, entry.kind, entry.summary);
    if !entry.matches.is_empty() {
        told.push_str(&format!("\n  for {}", entry.devices()));
    }
    let more = emits.len().saturating_sub(FIELDS_SHOWN_MAX);
    emits.truncate(FIELDS_SHOWN_MAX);
    if !emits.is_empty() {
        told.push_str(&format!("\n  tells {}", emits.join(", ")));
    }
    if more > 0 {
        told.push_str(&format!(" and {more} more"));
    }
    told
}

/// Prints the index of the plugins in these directories.
pub(super) fn index(dirs: &[PathBuf]) -> Result<(), Failure> {
    let text = Index::of(dirs)?.text().map_err(Failure::failed)?;
    say(text.trim_end());
    Ok(())
}
