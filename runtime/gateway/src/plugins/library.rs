//! The plugins that come with Hushgate, and the index by which people find one for their device.
//!
//! # Promises
//!
//! - Looking for a plugin reads `index.toml` alone: no component is compiled or run.
//! - An index is made of manifests and of nothing else, in the order of ids: the same plugins, the same text.

use super::{
    manifest::{Kind, Manifest, Match},
    shelf::MANIFEST,
};
use crate::source::{SettingsError, Source, is_name};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The index's file, beside the plugins.
pub const INDEX: &str = "index.toml";

/// The most plugins in one index.
const ENTRIES_MAX: usize = 10_000;

/// A directory of plugins to take from.
#[derive(Clone, Debug)]
pub struct Library(PathBuf);

impl Library {
    /// `plugins/` beside the program, or where packages put it.
    pub fn of_program() -> Option<Self> {
        let program = std::env::current_exe().ok()?;
        let beside = program.parent()?.join("plugins");
        let packaged = program.parent()?.parent().map(|it| it.join("share/hushgate/plugins"));
        [Some(beside), packaged].into_iter().flatten().find(|it| it.is_dir()).map(Self)
    }

    /// Where they are.
    pub fn dir(&self) -> &Path {
        &self.0
    }

    /// Where the plugin `id` is, if it is here.
    pub fn plugin(&self, id: &str) -> Option<PathBuf> {
        let dir = self.0.join(id);
        (is_name(id) && dir.join(MANIFEST).is_file()).then_some(dir)
    }

    /// What is here.
    pub fn index(&self) -> Result<Index, SettingsError> {
        let source = Source::read(&self.0.join(INDEX))?;
        let index: Index = source.parse()?;
        if index.plugin.len() > ENTRIES_MAX {
            return Err(source.whole(format!("names more than {ENTRIES_MAX} plugins")));
        }
        Ok(index)
    }
}

/// What some plugins say of themselves.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// In the order of their ids.
    pub plugin: Vec<Entry>,
}

/// What one plugin says of itself.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name.
    pub id: String,
    /// What it does.
    pub kind: Kind,
    /// Its own version.
    pub version: String,
    /// One line for people.
    pub summary: String,
    /// The fields that it may emit, with their units.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emits: Vec<String>,
    /// Which devices it is for.
    #[serde(default, rename = "match", skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<Match>,
}

impl Index {
    /// Reads the manifests of all plugins in these directories.
    pub fn of(dirs: &[PathBuf]) -> Result<Self, SettingsError> {
        let mut manifests = Vec::new();
        for dir in dirs {
            manifests.extend(manifests_in(dir)?);
        }
        manifests.sort();
        let entry = |path: &PathBuf| Manifest::from_source(&Source::read(path)?).map(Entry::of);
        let mut plugin = manifests.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        plugin.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(Self { plugin })
    }

    /// As `index.toml` has it.
    pub fn text(&self) -> Result<String, toml::ser::Error> {
        let made = "# Made of the plugins' manifests by `hushgate plugin index`: do not edit.\n\n";
        toml::to_string(self).map(|it| format!("{made}{it}"))
    }

    /// The plugins of which all `words` are told somewhere, those first where they stand at the most prominent
    /// places.
    pub fn search(&self, words: &[String]) -> Vec<&Entry> {
        let words: Vec<_> = words.iter().flat_map(|it| it.split_whitespace()).map(plain).collect();
        let mut found: Vec<_> =
            self.plugin.iter().filter_map(|it| Some((it.rank(&words)?, it))).collect();
        found.sort_by_key(|it| it.0);
        found.into_iter().map(|it| it.1).collect()
    }
}

impl Entry {
    fn of(manifest: Manifest) -> Self {
        let emits = manifest.declared.fields().filter(|it| it.path != "*");
        let emits = emits.map(|it| match &it.unit {
            Some(unit) if unit != "*" => format!("{} ({unit})", it.path),
            _ => it.path.clone(),
        });
        Self {
            emits: emits.collect(),
            id: manifest.id,
            kind: manifest.kind,
            version: manifest.version,
            summary: manifest.summary,
            matches: manifest.matches,
        }
    }

    /// Vendors and models that it is for, in one line.
    pub fn devices(&self) -> String {
        let one = |it: &Match| match it.models.as_slice() {
            [] => it.vendor.clone(),
            models => format!("{} {}", it.vendor, models.join(", ")),
        };
        self.matches.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    /// The place of each word, added up; none if one stands nowhere.
    fn rank(&self, words: &[String]) -> Option<usize> {
        let places =
            [&self.id, &self.summary, &self.devices(), &self.emits.join(" ")].map(|it| plain(it));
        words.iter().map(|word| places.iter().position(|it| it.contains(word))).sum()
    }
}

/// As it is compared: `Blood-Pressure.systolic` is `blood pressure systolic`.
fn plain(text: &str) -> String {
    text.to_lowercase().replace(['-', '.', '_'], " ")
}

/// Paths of the manifests of all plugins in `dir`.
fn manifests_in(dir: &Path) -> Result<Vec<PathBuf>, SettingsError> {
    let fail = |error: std::io::Error| SettingsError {
        file: dir.to_owned(),
        line: None,
        problem: format!("cannot be read: {error}"),
    };
    let entries = fs::read_dir(dir).map_err(fail)?.take(ENTRIES_MAX);
    let paths = entries.map(|it| it.map(|it| it.path().join(MANIFEST)));
    let paths = paths.collect::<Result<Vec<_>, _>>().map_err(fail)?;
    Ok(paths.into_iter().filter(|it| it.is_file()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, summary: &str, vendor: &str, emits: &str) -> Entry {
        Entry {
            id: id.to_owned(),
            kind: Kind::Adapter,
            version: "1.0.0".to_owned(),
            summary: summary.to_owned(),
            emits: vec![emits.to_owned()],
            matches: vec![Match { vendor: vendor.to_owned(), ..Match::default() }],
        }
    }

    #[test]
    fn all_words_must_be_told_and_prominent_places_come_first() {
        let index = Index {
            plugin: vec![
                entry("cuff", "Reads cuffs.", "Omron", "blood-pressure.systolic (mm[Hg])"),
                entry("blood-pressure", "Reads pressures.", "Beurer", "pulse-rate (/min)"),
                entry("scale", "Weighs.", "Withings", "body-weight (kg)"),
            ],
        };
        let check = |words: &[&str], expected: &[&str]| {
            let words: Vec<_> = words.iter().map(|&it| it.to_owned()).collect();
            let ids: Vec<_> = index.search(&words).iter().map(|it| it.id.as_str()).collect();
            assert_eq!(ids, expected, "{words:?}");
        };
        check(&["blood", "pressure"], &["blood-pressure", "cuff"]);
        check(&["blood pressure"], &["blood-pressure", "cuff"]);
        check(&["OMRON", "Blood-Pressure"], &["cuff"]);
        check(&["withings", "pulse"], &[]);
        check(&[], &["cuff", "blood-pressure", "scale"]);
    }

    #[test]
    fn an_index_is_read_as_it_was_written() {
        let index =
            Index { plugin: vec![entry("scale", "Weighs.", "Withings", "body-weight (kg)")] };
        assert_eq!(toml::from_str::<Index>(&index.text().unwrap()).unwrap(), index);
    }
}
