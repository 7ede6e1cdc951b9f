//! Which device a secret belongs to.
//!
//! # Promises
//!
//! - Secrets are kept as Argon2id hashes (RFC 9106) and compared in constant time.
//! - Guessing is slow: one check at a time for all connections together, and none waits without bound.
//! - A secret that was good is remembered under a keyed digest, so that a device pays for its hash once.

use crate::{keys, message::DeviceName};
use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{Salt, SaltString},
};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;

/// The longest secret that is looked at, in bytes.
const SECRET_BYTES_MAX: usize = 256;
/// How long a check may wait for its turn.
const TURN_MAX: Duration = Duration::from_secs(10);

/// The secrets of all devices. Share it behind an `Arc`.
#[derive(Debug)]
pub struct Credentials {
    hashes: HashMap<String, (DeviceName, String)>,
    good: Mutex<HashMap<[u8; 32], DeviceName>>,
    key: [u8; 32],
    turns: Arc<Semaphore>,
}

/// Hashes a secret as the settings want it.
pub fn hash_secret(secret: &str) -> Option<String> {
    let salt: [u8; Salt::RECOMMENDED_LENGTH] = keys::random().ok()?;
    let salt = SaltString::encode_b64(&salt).ok()?;
    Some(Argon2::default().hash_password(secret.as_bytes(), &salt).ok()?.to_string())
}

/// A new secret: 24 random bytes as text.
pub fn new_secret() -> Option<String> {
    keys::random::<24>().ok().map(|it| BASE64URL_NOPAD.encode(&it))
}

impl Credentials {
    /// Device names and their secrets' hashes (PHC strings).
    pub fn new(devices: impl Iterator<Item = (DeviceName, String)>) -> Self {
        let hashes = devices.map(|(name, hash)| (name.to_string(), (name, hash))).collect();
        let key = keys::random().unwrap_or_default();
        Self { hashes, good: Mutex::default(), key, turns: Arc::new(Semaphore::new(1)) }
    }

    /// The device that `name` and `secret` stand for.
    pub async fn check(&self, name: &str, secret: &[u8]) -> Option<DeviceName> {
        if secret.len() > SECRET_BYTES_MAX {
            return None;
        }
        let digest = self.digest(name, secret)?;
        if let Some(device) = self.good().get(&digest) {
            return Some(device.clone());
        }
        let turn = tokio::time::timeout(TURN_MAX, self.turns.acquire()).await.ok()?.ok()?;
        let (device, hash) = self.hashes.get(name)?.clone();
        let secret = secret.to_vec();
        let good = tokio::task::spawn_blocking(move || verify(&hash, &secret)).await.ok()?;
        drop(turn);
        // One entry for each device at most: only good secrets come here, and a device has one.
        good.then(|| self.good().entry(digest).or_insert(device).clone())
    }

    fn digest(&self, name: &str, secret: &[u8]) -> Option<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(&(name.len() as u64).to_be_bytes());
        mac.update(name.as_bytes());
        mac.update(secret);
        Some(mac.finalize().into_bytes().into())
    }

    fn good(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 32], DeviceName>> {
        self.good.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn verify(hash: &str, secret: &[u8]) -> bool {
    PasswordHash::new(hash).is_ok_and(|it| Argon2::default().verify_password(secret, &it).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_secret_is_good_for_its_device_only() {
        let name = |it: &str| DeviceName(it.into());
        let hash = |it| hash_secret(it).unwrap();
        let all = [(name("a"), hash("one")), (name("b"), hash("two"))];
        let credentials = Credentials::new(all.into_iter());
        for _ in 0..2 {
            assert_eq!(credentials.check("a", b"one").await, Some(name("a")));
            assert_eq!(credentials.check("b", b"one").await, None);
            assert_eq!(credentials.check("c", b"one").await, None);
            assert_eq!(credentials.check("a", b"").await, None);
        }
        assert_eq!(credentials.good().len(), 1);
    }
}
