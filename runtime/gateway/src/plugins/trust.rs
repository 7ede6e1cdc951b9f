//! What the owner trusts plugins with: whose signature counts, and what each may have beyond its arguments.
//!
//! # Promises
//!
//! - A plugin gets what it asks for in its manifest **and** its owner allowed, and only where both say so is it
//!   used at all: [`Trust::rights`] is the one place that decides it.
//! - Where the owner trusts some keys, a plugin that none of them signed is not used.

use super::lock::Lock;
use crate::signature::{self, Key, Unsigned};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a plugin may have beyond its arguments.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// An empty WASI: for components whose compiler insists on one.
    Wasi,
    /// For a policy: the values of the fields that it judges, and not their names alone.
    Values,
}

impl Right {
    /// Its name, in files and commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wasi => "wasi",
            Self::Values => "values",
        }
    }

    /// What it means, for people.
    pub fn explain(self) -> &'static str {
        match self {
            Self::Wasi => {
                "an empty WASI: no files, network or environment; its clock is the frame's time"
            }
            Self::Values => {
                "the values that are about to be released, so that it can judge by them"
            }
        }
    }
}

/// Some of them.
pub type Rights = BTreeSet<Right>;

/// Whom and what the owner trusts.
#[derive(Clone, Debug)]
pub struct Trust {
    keys: Vec<Key>,
    allowed: Option<Lock>,
}

impl Trust {
    /// As an owner: plugins are signed by one of `keys`, unless there are none, and may have what `lock` says.
    pub fn new(keys: &[Key], lock: Lock) -> Self {
        Self { keys: keys.to_vec(), allowed: Some(lock) }
    }

    /// As the author of a plugin, who tries it: unsigned, with all that it asks for.
    pub fn author() -> Self {
        Self { keys: Vec::new(), allowed: None }
    }

    /// What the plugin `id` gets that asks for `asked`; or what it asks for and may not have.
    pub fn rights(&self, id: &str, asked: &Rights) -> Result<Rights, Rights> {
        let Some(lock) = &self.allowed else { return Ok(asked.clone()) };
        let allowed = lock.allowed(id);
        let missing: Rights = asked.difference(&allowed).copied().collect();
        if missing.is_empty() { Ok(asked & &allowed) } else { Err(missing) }
    }

    /// Who signed `manifest`, which must name its component. Nobody need have, where nobody is trusted by name.
    pub(super) fn signer(
        &self,
        manifest: &str,
        signature: Option<&str>,
    ) -> Result<Option<String>, &'static str> {
        if self.keys.is_empty() {
            return Ok(None);
        }
        match signature::signer(&self.keys, manifest, signature) {
            Ok(signed) => Ok(Some(signed.by.text().to_owned())),
            Err(Unsigned::Missing) => Err(
                "is not signed: `trusted-keys` in hushgate.toml asks for plugin.toml.minisig beside it",
            ),
            Err(Unsigned::Broken(_)) => Err("plugin.toml.minisig is no minisign signature"),
            Err(_) => Err("is not as it was signed, or by none of `trusted-keys` in hushgate.toml"),
        }
    }
}
