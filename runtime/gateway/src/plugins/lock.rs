//! `hushgate.lock`: which plugins work here, byte for byte, and which changes the owner approved, and
//! what each may have beyond its arguments.
//!
//! # Promises
//!
//! - It names contents, never versions or tags: what is not these bytes is another plugin.
//! - The gateway writes it when a generation begins to count; an approval stays until then.

use super::{
    shelf::{OnShelf, Shelf},
    trust::Rights,
};
use crate::source::{SettingsError, Source};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::{fs, io, path::Path};

const HEAD: &str = "# Written by hushgate: which plugins work here, and which changes were approved \
                    (`hushgate plugin approve`).\n";

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    #[serde(default)]
    plugin: Vec<Locked>,
    #[serde(default)]
    approved: Vec<Approved>,
    #[serde(default)]
    allowed: Vec<Allowed>,
}

/// What a plugin may have beyond its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    id: String,
    rights: Rights,
}

/// A plugin that works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Locked {
    id: String,
    version: String,
    /// SHA-256 of the component.
    component: String,
    /// SHA-256 over component, manifest and tests.
    identity: String,
    /// The minisign key that signed it.
    signer: Option<String>,
}

/// A change that may count although more would be released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Approved {
    id: String,
    identity: String,
}

/// How a plugin stands to the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// These bytes work here.
    Same,
    /// Other bytes work here.
    Changed,
    /// It did not work here yet.
    New,
}

impl Lock {
    /// Reads the file. None there is an empty lock.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        match fs::exists(path) {
            Ok(false) => Ok(Self::default()),
            _ => Source::read(path)?.parse(),
        }
    }

    /// Writes the file in one step.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let text = toml::to_string(self).map_err(io::Error::other)?;
        let partial = path.with_extension("lock.partial");
        fs::write(&partial, format!("{HEAD}\n{text}"))?;
        fs::rename(partial, path)
    }

    /// The plugins of `shelf` work now. Approvals have done their work; what is allowed stays allowed.
    #[must_use]
    pub fn with(&self, shelf: &Shelf) -> Self {
        let locked = |it: &std::sync::Arc<OnShelf>| Locked {
            id: it.manifest.id.clone(),
            version: it.manifest.version.clone(),
            component: HEXLOWER.encode(&it.compiled.digest),
            identity: HEXLOWER.encode(&it.identity),
            signer: it.signer.clone(),
        };
        let plugin = shelf.all().map(locked).collect();
        Self { plugin, approved: Vec::new(), allowed: self.allowed.clone() }
    }

    /// Approves exactly these bytes.
    pub fn approve(&mut self, plugin: &OnShelf) {
        let id = plugin.manifest.id.clone();
        self.approved.retain(|it| it.id != id);
        self.approved.push(Approved { id, identity: HEXLOWER.encode(&plugin.identity) });
    }

    /// Whether exactly these bytes were approved.
    pub fn approves(&self, plugin: &OnShelf) -> bool {
        let identity = HEXLOWER.encode(&plugin.identity);
        self.approved.iter().any(|it| it.id == plugin.manifest.id && it.identity == identity)
    }

    /// How a plugin stands to it.
    pub fn standing(&self, plugin: &OnShelf) -> Standing {
        match self.plugin.iter().find(|it| it.id == plugin.manifest.id) {
            None => Standing::New,
            Some(it) if it.identity == HEXLOWER.encode(&plugin.identity) => Standing::Same,
            Some(_) => Standing::Changed,
        }
    }

    /// What the plugin `id` may have.
    pub fn allowed(&self, id: &str) -> Rights {
        let found = self.allowed.iter().find(|it| it.id == id);
        found.map(|it| it.rights.clone()).unwrap_or_default()
    }

    /// From now on the plugin `id` may have exactly `rights`.
    pub fn allow(&mut self, id: &str, rights: Rights) {
        self.allowed.retain(|it| it.id != id);
        if !rights.is_empty() {
            self.allowed.push(Allowed { id: id.to_owned(), rights });
        }
    }

    /// The ids of the plugins that work.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.plugin.iter().map(|it| it.id.as_str())
    }
}
