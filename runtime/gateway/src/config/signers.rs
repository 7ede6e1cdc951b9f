//! Who signs grants, and whether a grant was signed by them.
//!
//! # Promises
//!
//! - A subject who has a key gave only what it signed, under the name that it signed it for: no other text is a grant of
//!   theirs.
//! - A key of somebody who is a subject of no device is an error: a slip of the pen must not leave a subject without.

use super::{Device, file};
use crate::{
    consent::{
        grant::Grant,
        signed::{ENDS_WITH, SignedBy, beside},
    },
    message::Millis,
    signature::{self, Key, Unsigned},
    source::{SettingsError, Source, read_bytes},
};
use serde::Deserialize;
use std::{collections::BTreeMap, io::ErrorKind, path::Path};
use toml::Spanned;

/// The keys of subjects, by subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signers(BTreeMap<String, Key>);

/// `[consent]` as written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ConsentFile {
    #[serde(default)]
    signers: BTreeMap<String, Spanned<String>>,
}

/// The settings, and of them this part alone.
#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    consent: ConsentFile,
}

impl Signers {
    /// Checks what was written.
    pub(super) fn of(
        source: &Source,
        file: &ConsentFile,
        devices: &[Device],
    ) -> Result<Self, SettingsError> {
        let is_known = |name: &String| devices.iter().any(|it| it.subjects.contains(name));
        if let Some((name, key)) = file.signers.iter().find(|it| !is_known(it.0)) {
            let problem = format!("`{name}` is a subject of no device: is the name right?");
            return Err(source.error(key.span(), problem));
        }
        Self::parse(source, file)
    }

    /// As settings say that may be wrong elsewhere.
    pub fn alone(source: &Source) -> Result<Self, SettingsError> {
        Self::parse(source, &source.parse::<Part>()?.consent)
    }

    fn parse(source: &Source, file: &ConsentFile) -> Result<Self, SettingsError> {
        let keys = file.signers.iter();
        let keys = keys.map(|(name, written)| Ok((name.clone(), file::key(source, written)?)));
        Ok(Self(keys.collect::<Result<_, _>>()?))
    }

    /// Whether nobody has a key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether grants of `subject` must be signed.
    pub fn has(&self, subject: &str) -> bool {
        self.0.contains_key(subject)
    }

    /// Who signed `grant`, which `source` says, by what is beside its file.
    pub(super) fn signed(
        &self,
        source: &Source,
        grant: &Grant,
    ) -> Result<Option<SignedBy>, SettingsError> {
        if !self.has(&grant.subject) {
            return Ok(None);
        }
        let signature = signature(source.path())?;
        self.check((source, grant), signature.as_deref())
    }

    /// Who signed `grant`, which `source` says; nobody need have, if its subject has no key.
    pub fn check(
        &self,
        (source, grant): (&Source, &Grant),
        signature: Option<&str>,
    ) -> Result<Option<SignedBy>, SettingsError> {
        let Some(key) = self.0.get(&grant.subject) else { return Ok(None) };
        let signed = signature::signer(std::slice::from_ref(key), source.text(), signature)
            .map_err(|why| problem((source, &grant.subject), key, why))?;
        let name = format!("{}.toml", grant.id);
        if item(&signed.comment, "file:") != Some(&name) {
            let problem = format!(
                "was not made for a file `{name}`: sign the grant under this name, with minisign's own trusted comment"
            );
            return Err(SettingsError { file: beside(source.path()), line: Some(3), problem });
        }
        let at = item(&signed.comment, "timestamp:").and_then(|it| it.parse::<i64>().ok());
        let at = at.and_then(|it| it.checked_mul(1000)).map(Millis);
        Ok(Some(SignedBy { key: key.number(), at }))
    }
}

/// What is beside the grant in the file `grant` as its signature, if anything is.
pub fn signature(grant: &Path) -> Result<Option<String>, SettingsError> {
    let path = beside(grant);
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        _ => {}
    }
    let bytes = read_bytes(&path, signature::BYTES_MAX)?;
    let broken = |_| SettingsError { file: path, line: None, problem: "is not UTF-8".into() };
    String::from_utf8(bytes).map(Some).map_err(broken)
}

fn problem((source, subject): (&Source, &str), key: &Key, why: Unsigned) -> SettingsError {
    let (path, file) = (source.path().display(), beside(source.path()));
    let at = |line, problem| SettingsError { file, line: Some(line), problem };
    match why {
        Unsigned::Missing => source.named(
            "subject",
            format!(
                "is not signed, and `{subject}` has a key (`[consent] signers` in hushgate.toml): have it signed with \
                 `minisign -Sm {path}`, which writes {path}{ENDS_WITH}"
            ),
        ),
        Unsigned::Changed => source.whole(format!(
            "is not as `{subject}` signed it: put the signed text and its signature back, or have it signed again"
        )),
        Unsigned::Broken(line) => at(
            line,
            format!("is no whole minisign signature: have it made again with `minisign -Sm {path}`"),
        ),
        Unsigned::Old => at(
            2,
            "is of minisign's old kind, which does not hash: have it made again without `-l`, by minisign 0.10 or newer"
                .to_owned(),
        ),
        Unsigned::Stranger(other) => at(
            2,
            format!(
                "is by the key {other}, and `{subject}` signs with {} (`[consent] signers` in hushgate.toml)",
                key.number()
            ),
        ),
    }
}

/// What a trusted comment says under `name`: minisign writes items with tabs between them.
fn item<'a>(comment: &'a str, name: &str) -> Option<&'a str> {
    comment.split('\t').find_map(|it| it.strip_prefix(name))
}

#[cfg(test)]
mod tests;
