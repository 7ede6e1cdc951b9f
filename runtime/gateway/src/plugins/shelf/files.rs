//! The files of one plugin.

use super::{COMPONENT, MANIFEST, OnShelf, SIGNATURE};
use crate::{
    plugins::{
        manifest::Manifest,
        pace::Pace,
        table::{self, Table},
        trust::Trust,
    },
    signature,
    source::{SettingsError, Source, read_bytes},
};
use hushgate_wasm::{
    cache::{COMPONENT_BYTES_MAX, Cache},
    engine::Engine,
};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Read once: what is checked is what is used.
pub(super) struct Files {
    dir: PathBuf,
    pub(super) manifest: Source,
    wasm: Vec<u8>,
    signature: Option<String>,
    pub(super) identity: [u8; 32],
}

impl Files {
    pub(super) fn read(dir: &Path) -> Result<Self, SettingsError> {
        let manifest = Source::read(&dir.join(MANIFEST))?;
        let wasm = read_bytes(&dir.join(COMPONENT), COMPONENT_BYTES_MAX)?;
        let mut parts = vec![manifest.text().as_bytes().to_vec(), wasm.clone()];
        let tests = [table::FILE.to_owned()].into_iter().chain(Table::files(dir));
        parts.extend(tests.map(|it| fs::read(dir.join(it)).unwrap_or_default()));
        let mut identity = Sha256::new();
        for part in parts {
            identity.update((part.len() as u64).to_be_bytes());
            identity.update(part);
        }
        let signature = read_bytes(&dir.join(SIGNATURE), signature::BYTES_MAX).ok();
        let signature = signature.and_then(|it| String::from_utf8(it).ok());
        let (dir, identity) = (dir.to_owned(), identity.finalize().into());
        Ok(Self { dir, manifest, wasm, signature, identity })
    }

    pub(super) fn signer(&self, trust: &Trust) -> Result<Option<String>, SettingsError> {
        let signer = trust
            .signer(self.manifest.text(), self.signature.as_deref())
            .map_err(|problem| self.manifest.whole(problem))?;
        if signer.is_some() && Manifest::from_source(&self.manifest)?.component.is_none() {
            return Err(self.manifest.whole("its signature says nothing of the component: run `hushgate plugin pin`, then sign it"));
        }
        Ok(signer)
    }

    pub(super) fn load(
        &self,
        engine: &Engine,
        cache: &Cache,
        (signer, trust): (Option<String>, &Trust),
    ) -> Result<OnShelf, SettingsError> {
        let manifest = Manifest::from_source(&self.manifest)?;
        let rights = trust.rights(&manifest.id, &manifest.requests).map_err(|missing| {
            let names: Vec<_> = missing.iter().map(|it| it.name()).collect();
            let (id, names) = (&manifest.id, names.join(" "));
            let problem = format!(
                "asks for {names}, which its owner did not allow: `hushgate plugin allow {id} {names}`"
            );
            self.manifest.named("requests", problem)
        })?;
        let table = Table::read(&self.dir)?;
        let compiled = cache.load(engine, &self.wasm).map_err(|error| SettingsError {
            file: self.dir.join(COMPONENT),
            line: None,
            problem: error.to_string(),
        })?;
        if manifest.component.is_some_and(|it| it != compiled.digest) {
            let problem = "is another component's; after a new build run `hushgate plugin pin`";
            return Err(self.manifest.named("component", problem));
        }
        let pace = Pace::new(&manifest.id, &manifest.limits);
        Ok(OnShelf { manifest, compiled, table, identity: self.identity, rights, signer, pace })
    }
}
