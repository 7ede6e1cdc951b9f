//! Signatures of plugins, made by the real minisign.

use std::{fs, path::Path, process::Command};

/// Makes a key pair in `dir`, without a password; the public key.
pub fn key_pair(dir: &Path) -> String {
    let (public, secret) = (dir.join("minisign.pub"), dir.join("minisign.key"));
    minisign(&["-G", "-W", "-p", public.to_str().unwrap(), "-s", secret.to_str().unwrap()]);
    fs::read_to_string(public).unwrap().lines().nth(1).unwrap().to_owned()
}

/// Signs the manifest of the plugin in `plugin` with the key pair in `keys`.
pub fn sign(keys: &Path, plugin: &Path) {
    let (secret, manifest) = (keys.join("minisign.key"), plugin.join("plugin.toml"));
    minisign(&["-S", "-W", "-s", secret.to_str().unwrap(), "-m", manifest.to_str().unwrap()]);
}

fn minisign(args: &[&str]) {
    let output = Command::new("minisign").args(args).output();
    let output = output.unwrap_or_else(|error| panic!("minisign is not installed: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
