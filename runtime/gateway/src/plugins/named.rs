//! What the parts of a plan are called where it is written down what they did: once for each plan, shared by all frames.
//!
//! # Promises
//!
//! - A plugin is named by its digest: the same name, the same component, manifest and settings. Settings of minimizers and
//!   policies stand in their grant, whose own digest is written down beside.
//! - No name is one that only a device said.

use super::{
    manifest::{Declared, Kind},
    shelf::OnShelf,
};
use crate::consent::grant::Grant;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::{collections::HashSet, sync::Arc};

/// Kind, id, the first half of the digest, and that of an adapter's settings: `adapter bthome 0123456789abcdef -`.
pub fn plugin((kind, on_shelf): (Kind, &OnShelf), settings: Option<&str>) -> Arc<str> {
    let settings = settings.filter(|it| *it != "{}");
    let settings = settings.map_or_else(|| "-".to_owned(), |it| short(&Sha256::digest(it)));
    format!("{kind} {} {} {settings}", on_shelf.manifest.id, digest(on_shelf)).into()
}

/// The digest that a plugin is named by.
pub fn digest(on_shelf: &OnShelf) -> String {
    short(&on_shelf.identity)
}

/// As digests are written down: enough of it to find a version among those that somebody has.
fn short(digest: &[u8]) -> String {
    HEXLOWER.encode(digest.get(..8).unwrap_or(digest))
}

/// What the host does by itself to each field of a grant: `median,step heart-rate`. In the grant's order.
pub fn operators(grant: &Grant) -> Vec<Arc<str>> {
    let named = grant.fields.iter().map(|it| format!("{} {}", it.operators_named(), it.path));
    named.map(Arc::from).collect()
}

/// The names of fields that may be told: those in grants, and those that the adapter's manifest has in full.
pub fn known<'a>(
    declared: &Declared,
    grants: impl Iterator<Item = &'a Grant>,
) -> HashSet<Arc<str>> {
    let in_full = declared.fields().map(|it| &*it.path).filter(|it| !it.ends_with('*'));
    let granted = grants.flat_map(|it| it.fields.iter().map(|it| &*it.path));
    in_full.chain(granted).map(Arc::from).collect()
}
