//! That a subject signed a grant, as people are told.

use super::grant::Grant;
use crate::message::Millis;
use std::path::{Path, PathBuf};

/// What the name of a signature's file ends with, after that of what is signed.
pub const ENDS_WITH: &str = ".minisig";

/// The file of the signature of `grant`.
pub fn beside(grant: &Path) -> PathBuf {
    let mut name = grant.as_os_str().to_owned();
    name.push(ENDS_WITH);
    PathBuf::from(name)
}

/// A subject signed it, with the key that its owner's settings name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedBy {
    /// The key's number, as minisign writes it.
    pub key: String,
    /// When, as the signer's own machine said.
    pub at: Option<Millis>,
}

/// Who signed `grant`, in words.
pub fn in_words(grant: &Grant) -> String {
    let Some(signed) = &grant.signed else {
        return "not signed".to_owned();
    };
    let at = signed.at.and_then(|it| jiff::Timestamp::from_millisecond(it.0).ok());
    let at = at.map_or_else(String::new, |it| format!(" at {it:.0}"));
    format!("signed by {} with the key {}{at}", grant.subject, signed.key)
}
