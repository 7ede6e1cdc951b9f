//! Who signed a plugin: minisign (Ed25519 over BLAKE2b-512), checked without a network against the owner's own list.
//!
//! # Promises
//!
//! - Where the owner trusts some keys, a plugin that none of them signed is not used.
//! - What is signed is the manifest, which must name the component by its SHA-256: fields, limits and code alike.

use minisign_verify::{PublicKey, Signature};

/// The signature's file, beside `plugin.toml`, as `minisign -Sm plugin.toml` writes it.
pub const FILE: &str = "plugin.toml.minisig";

/// Which of `trusted` signed `manifest`.
pub(super) fn signer<'a>(
    trusted: &'a [(String, PublicKey)],
    manifest: &str,
    signature: Option<&str>,
) -> Result<&'a str, &'static str> {
    let signature = signature.ok_or(
        "is not signed: `trusted-keys` in hushgate.toml asks for plugin.toml.minisig beside it",
    )?;
    let signature =
        Signature::decode(signature).map_err(|_| "plugin.toml.minisig is no minisign signature")?;
    let signed =
        |it: &&(String, PublicKey)| it.1.verify(manifest.as_bytes(), &signature, false).is_ok();
    trusted
        .iter()
        .find(signed)
        .map(|it| it.0.as_str())
        .ok_or("is not as it was signed, or by none of `trusted-keys` in hushgate.toml")
}
