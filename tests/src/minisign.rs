//! Signatures of plugins and grants, made by the real minisign.

use std::{fs, path::Path, process::Command};

/// Makes a key pair in `dir`, without a password; the public key.
pub fn key_pair(dir: &Path) -> String {
    let (public, secret) = (dir.join("minisign.pub"), dir.join("minisign.key"));
    minisign(&["-G", "-W", "-p", public.to_str().unwrap(), "-s", secret.to_str().unwrap()]);
    fs::read_to_string(public).unwrap().lines().nth(1).unwrap().to_owned()
}

/// Signs the manifest of the plugin in `plugin` with the key pair in `keys`.
pub fn sign(keys: &Path, plugin: &Path) {
    sign_file(keys, &plugin.join("plugin.toml"));
}

/// Signs a file with the key pair in `keys`, beside it.
pub fn sign_file(keys: &Path, file: &Path) {
    let (secret, file) = (keys.join("minisign.key"), file.to_str().unwrap());
    minisign(&["-S", "-W", "-s", secret.to_str().unwrap(), "-m", file]);
}

/// Whether the file is as `public` signed it, by the signature beside it.
pub fn verifies(public: &str, file: &Path) -> bool {
    let args = ["-V", "-q", "-P", public, "-m", file.to_str().unwrap()];
    Command::new("minisign").args(args).status().unwrap().success()
}

fn minisign(args: &[&str]) {
    let output = Command::new("minisign").args(args).output();
    let output = output.unwrap_or_else(|error| panic!("minisign is not installed: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
