//! The secrets of a gateway or a hub: one seed on disk, and what is derived from it.
//!
//! # Promises
//!
//! - The seed's file has mode 0600; one that others can read is refused.
//! - Each purpose has a key of its own, derived with HMAC-SHA-256 (RFC 2104) under a label.

use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use data_encoding::HEXLOWER;
use ed25519_dalek::SigningKey;
use hmac::{Hmac, Mac};
use hpke::{Kem as _, Serializable, kem::X25519HkdfSha256 as Kem};
use sha2::Sha256;
use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::{Zeroize, Zeroizing};

/// An X25519 private key for HPKE.
pub type SealingKey = <Kem as hpke::Kem>::PrivateKey;
/// An X25519 public key for HPKE.
pub type PublicKey = <Kem as hpke::Kem>::PublicKey;

/// Why keys could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// Others can read it.
    #[error("{}: others can read this key: run `chmod 600` on it, and make a new one if they may have", .0.display())]
    Open(PathBuf),
    /// It is not a seed.
    #[error("{}: is not a key file (64 hexadecimal digits)", .0.display())]
    Broken(PathBuf),
    /// The operating system has no randomness.
    #[error("the operating system gave no randomness")]
    NoRandomness,
}

/// All secrets of one gateway or hub.
#[derive(Clone)]
pub struct Keys {
    seed: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys([hidden])")
    }
}

/// `N` bytes from the operating system.
pub fn random<const N: usize>() -> Result<[u8; N], KeysError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| KeysError::NoRandomness)?;
    Ok(bytes)
}

impl Keys {
    /// Makes new ones at `path`, which must not exist yet.
    pub fn create(path: &Path) -> Result<Self, KeysError> {
        let io = |source| KeysError::Io { path: path.to_owned(), source };
        let seed = Zeroizing::new(random()?);
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(io)?;
        let mut text = HEXLOWER.encode(&*seed);
        let written = writeln!(file, "{text}").and_then(|()| file.sync_all());
        text.zeroize();
        written.map_err(io)?;
        Ok(Self { seed })
    }

    /// Reads those at `path`.
    pub fn open(path: &Path) -> Result<Self, KeysError> {
        let io = |source| KeysError::Io { path: path.to_owned(), source };
        let mode = fs::metadata(path).map_err(io)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(KeysError::Open(path.to_owned()));
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(io)?);
        let broken = || KeysError::Broken(path.to_owned());
        let bytes = Zeroizing::new(HEXLOWER.decode(text.trim().as_bytes()).map_err(|_| broken())?);
        let seed: [u8; 32] = bytes.as_slice().try_into().map_err(|_| broken())?;
        Ok(Self { seed: Zeroizing::new(seed) })
    }

    /// The key for one purpose.
    pub fn derive(&self, label: &str) -> [u8; 32] {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&*self.seed) else { return [0; 32] };
        mac.update(label.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// A hub's pair, which opens what was sealed to it (HPKE, RFC 9180).
    pub fn sealing(&self) -> (SealingKey, PublicKey) {
        Kem::derive_keypair(&self.derive("hushgate sealing v1"))
    }

    /// The public half, as it is written in invites.
    pub fn sealing_public(&self) -> [u8; 32] {
        bytes(&self.sealing().1)
    }

    /// A gateway's pair for one recipient, who is known by its own public key. Each has another one: recipients who
    /// compare what they have cannot tell by it that they hear from one gateway.
    pub fn sealing_to(&self, recipient: &[u8; 32]) -> (SealingKey, PublicKey) {
        let label = format!("hushgate sealing to {} v1", HEXLOWER.encode(recipient));
        Kem::derive_keypair(&self.derive(&label))
    }

    /// Its public half, by which that recipient knows this gateway.
    pub fn sealing_public_to(&self, recipient: &[u8; 32]) -> [u8; 32] {
        bytes(&self.sealing_to(recipient).1)
    }

    /// What a recipient knows a consent by: nothing to it and another to each recipient. A grant that is given again
    /// after it was withdrawn has another life, and another tag.
    pub fn grant_tag(&self, recipient: &[u8; 32], grant: &str, life: u64) -> [u8; 16] {
        let recipient = HEXLOWER.encode(recipient);
        let digest = self.derive(&format!("hushgate grant tag to {recipient} v1 {life} {grant}"));
        let mut tag = [0; 16];
        tag.copy_from_slice(&digest[..16]);
        tag
    }

    /// The key that signs receipts (Ed25519, RFC 8032).
    pub fn signing(&self) -> SigningKey {
        SigningKey::from_bytes(&self.derive("hushgate signing v1"))
    }

    /// The key that signs the ledger's checkpoints, and nothing else.
    pub fn checkpoint_signing(&self) -> SigningKey {
        SigningKey::from_bytes(&self.derive("hushgate ledger checkpoint v1"))
    }

    /// The key that signs consent records which are handed out, and nothing else.
    pub fn record_signing(&self) -> SigningKey {
        SigningKey::from_bytes(&self.derive("hushgate consent record v1"))
    }

    /// What protects state that must wait on this disk: ChaCha20-Poly1305 (RFC 8439) under a random nonce.
    pub fn vault(&self) -> Vault {
        Vault { cipher: ChaCha20Poly1305::new(&self.derive("hushgate vault v1").into()) }
    }
}

fn bytes(key: &PublicKey) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(&key.to_bytes());
    bytes
}

/// Seals what only this gateway itself will read again.
#[derive(Clone)]
pub struct Vault {
    cipher: ChaCha20Poly1305,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault([hidden])")
    }
}

const NONCE_BYTES: usize = 12;

impl Vault {
    /// Seals `plain` for `place`: it opens there only.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_BYTES] = random().ok()?;
        let payload = Payload { msg: plain, aad: place.as_bytes() };
        let sealed = self.cipher.encrypt(&Nonce::from(nonce), payload).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    /// Opens what was sealed for `place`.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        self.cipher.decrypt(&Nonce::from(nonce), payload).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> (tempfile::TempDir, Keys) {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::create(&dir.path().join("seed")).unwrap();
        (dir, keys)
    }

    #[test]
    fn keys_are_the_same_after_a_restart_and_private() {
        let (dir, keys) = keys();
        let path = dir.path().join("seed");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Keys::open(&path).unwrap().sealing_public(), keys.sealing_public());
        assert!(matches!(Keys::create(&path), Err(KeysError::Io { .. })), "overwrote a key");
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let (dir, _) = keys();
        let path = dir.path().join("seed");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Keys::open(&path), Err(KeysError::Open(_))));
    }

    #[test]
    fn a_vault_opens_only_here_and_unchanged() {
        let (_dir, keys) = keys();
        let vault = keys.vault();
        let sealed = vault.seal("state/ada", b"71.5").unwrap();
        assert_eq!(vault.open("state/ada", &sealed).unwrap(), b"71.5");
        assert_eq!(vault.open("state/bob", &sealed), None);
        let mut changed = sealed.clone();
        changed[20] ^= 1;
        assert_eq!(vault.open("state/ada", &changed), None);
        assert_eq!(keys_of_another().vault().open("state/ada", &sealed), None);
    }

    fn keys_of_another() -> Keys {
        keys().1
    }
}
