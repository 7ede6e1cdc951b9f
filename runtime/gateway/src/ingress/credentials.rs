//! Which device a secret belongs to.
//!
//! # Promises
//!
//! - After [`Credentials::replace`] no secret is good that was good before and is not any more.
//! - A secret that was good is remembered under a keyed digest, so that a device pays for its hash once.

use crate::{keys, message::DeviceName, secret::Checker};
use arc_swap::ArcSwap;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

type Hashes = HashMap<String, (DeviceName, String)>;

/// The secrets of all devices. Share it behind an `Arc`.
#[derive(Debug)]
pub struct Credentials {
    hashes: ArcSwap<Hashes>,
    good: Mutex<HashMap<[u8; 32], DeviceName>>,
    key: [u8; 32],
    checker: Checker,
}

impl Credentials {
    /// Device names and their secrets' hashes (PHC strings).
    pub fn new(devices: impl Iterator<Item = (DeviceName, String)>) -> Self {
        let hashes = ArcSwap::from_pointee(by_name(devices));
        let key = keys::random().unwrap_or_default();
        Self { hashes, good: Mutex::default(), key, checker: Checker::default() }
    }

    /// From now on these are the devices.
    pub fn replace(&self, devices: impl Iterator<Item = (DeviceName, String)>) {
        // Argon2id is asked again for each device, once.
        let mut good = self.good();
        self.hashes.store(Arc::new(by_name(devices)));
        good.clear();
    }

    /// The device that `name` and `secret` stand for.
    pub async fn check(&self, name: &str, secret: &[u8]) -> Option<DeviceName> {
        let digest = self.digest(name, secret)?;
        if let Some(device) = self.good().get(&digest) {
            return Some(device.clone());
        }
        let hashes = self.hashes.load_full();
        let (device, hash) = hashes.get(name)?;
        if !self.checker.check(hash, secret).await {
            return None;
        }
        let mut good = self.good();
        if !Arc::ptr_eq(&hashes, &self.hashes.load_full()) {
            // The devices were replaced while the secret was checked.
            return None;
        }
        // One entry for each device at most: only good secrets come here, and a device has one.
        Some(good.entry(digest).or_insert_with(|| device.clone()).clone())
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

fn by_name(devices: impl Iterator<Item = (DeviceName, String)>) -> Hashes {
    devices.map(|(name, hash)| (name.to_string(), (name, hash))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret;

    #[tokio::test]
    async fn a_secret_is_good_for_its_device_only() {
        let name = |it: &str| DeviceName(it.into());
        let hash = |it| secret::hash(it).unwrap();
        let all = [(name("a"), hash("one")), (name("b"), hash("two"))];
        let credentials = Credentials::new(all.into_iter());
        for _ in 0..2 {
            assert_eq!(credentials.check("a", b"one").await, Some(name("a")));
            assert_eq!(credentials.check("b", b"one").await, None);
            assert_eq!(credentials.check("c", b"one").await, None);
            assert_eq!(credentials.check("a", b"").await, None);
        }
        assert_eq!(credentials.good().len(), 1);
        credentials.replace([(name("a"), hash("three"))].into_iter());
        assert_eq!(credentials.check("a", b"one").await, None);
        assert_eq!(credentials.check("a", b"three").await, Some(name("a")));
    }
}
