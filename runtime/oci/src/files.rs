//! The files of an artifact, as its manifest lists them: one layer for each, named by its title.
//!
//! # Promises
//!
//! - What a manifest lists is checked as a whole before any of it is fetched.
//! - The same files make the same manifest, in whatever order they are given.

use crate::{
    File, OciError,
    address::{is_digest, written},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The most bytes of a manifest.
pub(crate) const MANIFEST_BYTES_MAX: u64 = 64 << 10;
/// How a manifest is called.
pub(crate) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

const FILES_MAX: usize = 32;
const COMPONENT_BYTES_MAX: u64 = 64 << 20;
const FILE_BYTES_MAX: u64 = 1 << 20;
const ALL_BYTES_MAX: u64 = 80 << 20;
const NAME_BYTES_MAX: usize = 128;

const ARTIFACT_TYPE: &str = "application/vnd.hushgate.plugin.v1";
const CONFIG_TYPE: &str = "application/vnd.hushgate.plugin.config.v1+json";
const CONFIG: &[u8] = b"{}";
const TITLE: &str = "org.opencontainers.image.title";

/// What a manifest says of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Its plain name.
    pub(crate) name: String,
    /// `sha256:…`.
    pub(crate) digest: String,
    /// Its length in bytes.
    pub(crate) size: u64,
}

/// Bytes to be kept by a registry, and their name there.
#[derive(Clone, Debug)]
pub(crate) struct Blob {
    /// `sha256:…`.
    pub(crate) digest: String,
    /// What it is.
    pub(crate) bytes: Vec<u8>,
}

/// A manifest as it is read: what does not matter here is not looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Read {
    schema_version: u32,
    layers: Vec<Descriptor>,
}

/// A manifest as it is written; the order of its fields is part of its digest.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    schema_version: u32,
    media_type: &'static str,
    artifact_type: &'static str,
    config: Descriptor,
    layers: Vec<Descriptor>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

/// The files that a manifest lists.
pub(crate) fn listed(manifest: &[u8]) -> Result<Vec<Listed>, OciError> {
    let read: Read = serde_json::from_slice(manifest).map_err(|_| {
        OciError::refused("the artifact is no list of files: it has no manifest of one artifact")
    })?;
    if read.schema_version != 2 {
        return Err(OciError::refused("the artifact's manifest is of another version than 2"));
    }
    let name = |it: &mut Descriptor| it.annotations.remove(TITLE).unwrap_or_default();
    let layers = read.layers.into_iter();
    let files =
        layers.map(|mut it| Listed { name: name(&mut it), digest: it.digest, size: it.size });
    let files: Vec<_> = files.collect();
    check(&files)?;
    Ok(files)
}

/// The manifest of these files, and the blobs that it names.
pub(crate) fn artifact(mut files: Vec<File>) -> Result<(Vec<u8>, Vec<Blob>), OciError> {
    files.sort();
    let blob = |bytes: Vec<u8>| Blob { digest: written(&Sha256::digest(&bytes)), bytes };
    let (names, mut blobs): (Vec<_>, Vec<_>) =
        files.into_iter().map(|it| (it.0, blob(it.1))).unzip();
    let of = |name: &String, it: &Blob| Listed {
        name: name.clone(),
        digest: it.digest.clone(),
        size: it.bytes.len() as u64,
    };
    let files: Vec<_> = names.iter().zip(&blobs).map(|(name, it)| of(name, it)).collect();
    check(&files)?;
    let config = blob(CONFIG.to_vec());
    let manifest = Written {
        schema_version: 2,
        media_type: MANIFEST_TYPE,
        artifact_type: ARTIFACT_TYPE,
        config: Descriptor {
            media_type: CONFIG_TYPE.into(),
            digest: config.digest.clone(),
            size: config.bytes.len() as u64,
            annotations: BTreeMap::new(),
        },
        layers: files.into_iter().map(layer).collect(),
    };
    blobs.push(config);
    let manifest = serde_json::to_vec(&manifest)
        .map_err(|_| OciError::refused("the files cannot be listed in a manifest"))?;
    Ok((manifest, blobs))
}

fn layer(file: Listed) -> Descriptor {
    let media_type = media_type(&file.name).to_owned();
    let annotations = BTreeMap::from([(TITLE.to_owned(), file.name)]);
    Descriptor { media_type, digest: file.digest, size: file.size, annotations }
}

/// For other tools; nothing here depends on it.
fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|it| it.1) {
        Some("wasm") => "application/wasm",
        Some("toml") => "application/toml",
        _ => "application/octet-stream",
    }
}

/// Files are named in errors by their place: a name may be anything.
fn check(files: &[Listed]) -> Result<(), OciError> {
    let refused = |text: String| Err(OciError::Refused(format!("the artifact is refused: {text}")));
    if files.is_empty() || files.len() > FILES_MAX {
        return refused(format!("it has {} files; 1 to {FILES_MAX} may be", files.len()));
    }
    let mut names = BTreeSet::new();
    for (at, file) in files.iter().enumerate() {
        let at = at + 1;
        let most = if file.name.ends_with(".wasm") { COMPONENT_BYTES_MAX } else { FILE_BYTES_MAX };
        if !is_plain(&file.name) {
            return refused(format!(
                "file {at} has no plain name (ASCII letters, digits, `.`, `-` and `_`, no directory)"
            ));
        }
        if !names.insert(&file.name) {
            return refused(format!("file {at} has the name of another"));
        }
        if !is_digest(&file.digest) {
            return refused(format!("file {at} is not named by its SHA-256"));
        }
        if file.size > most {
            return refused(format!(
                "file {at} is said to have {} bytes; at most {most}",
                file.size
            ));
        }
    }
    // No sum of so few so small numbers overflows.
    let all: u64 = files.iter().map(|it| it.size).sum();
    if all > ALL_BYTES_MAX {
        return refused(format!("it is said to have {all} bytes; at most {ALL_BYTES_MAX}"));
    }
    Ok(())
}

fn is_plain(name: &str) -> bool {
    let allowed = |it: u8| it.is_ascii_alphanumeric() || b".-_".contains(&it);
    let starts = name.bytes().next().is_some_and(|it| it.is_ascii_alphanumeric());
    starts && name.len() <= NAME_BYTES_MAX && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<File> {
        let files = [("plugin.wasm", "\0asm"), ("cases.toml", ""), ("plugin.toml", "id = 1")];
        files.map(|(name, bytes)| (name.to_owned(), bytes.into())).to_vec()
    }

    #[track_caller]
    fn refused(layers: &[(&str, &str, u64)], why: &str) {
        let layer = |(name, digest, size): &(&str, &str, u64)| {
            format!(r#"{{"digest":"{digest}","size":{size},"annotations":{{"{TITLE}":"{name}"}}}}"#)
        };
        let layers = layers.iter().map(layer).collect::<Vec<_>>().join(",");
        let manifest = format!(r#"{{"schemaVersion":2,"layers":[{layers}]}}"#);
        let error = listed(manifest.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn lists_what_was_written() {
        let (manifest, blobs) = artifact(files()).unwrap();
        let listed = listed(&manifest).unwrap();
        let names: Vec<_> = listed.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["cases.toml", "plugin.toml", "plugin.wasm"]);
        assert!(listed.iter().zip(&blobs).all(|(file, blob)| file.digest == blob.digest));
        assert_eq!(blobs.len(), 4, "the files and the configuration");
        let other: Vec<File> = files().into_iter().rev().collect();
        assert_eq!(artifact(other).unwrap().0, manifest);
    }

    #[test]
    fn refuses_names_that_lead_elsewhere() {
        let digest = written(&[1; 32]);
        for name in ["../x", "/etc/x", "a/b", "a\\\\b", "..", ".", ".x", "", "a b", "a\\u0000", "ä"]
        {
            refused(&[("plugin.toml", &digest, 1), (name, &digest, 1)], "file 2 has no plain name");
        }
    }

    #[test]
    fn refuses_what_is_too_much_or_twice_or_unnamed() {
        let digest = &*written(&[1; 32]);
        let mib = 1 << 20;
        refused(&[], "0 files");
        refused(&[("x", digest, 1); 33], "33 files");
        refused(&[("x", digest, 1); 2], "the name of another");
        refused(&[("x.wasm", digest, 64 * mib + 1)], "at most 67108864");
        refused(&[("plugin.toml", digest, mib + 1)], "at most 1048576");
        refused(&[("a.wasm", digest, 64 * mib), ("b.wasm", digest, 64 * mib)], "134217728 bytes");
        refused(&[("x", "sha512:00", 1)], "SHA-256");
    }

    #[test]
    fn refuses_what_is_no_manifest_of_one_artifact() {
        for text in [&b"{}"[..], b"[]", b"\xff", br#"{"schemaVersion":2,"manifests":[]}"#] {
            assert!(matches!(listed(text), Err(OciError::Refused(_))));
        }
        assert!(listed(br#"{"schemaVersion":1,"layers":[]}"#).is_err());
    }
}
