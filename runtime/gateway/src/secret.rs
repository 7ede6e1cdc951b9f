//! Secrets of devices and of the page: how they are made, hashed and checked.
//!
//! # Promises
//!
//! - Secrets are kept as Argon2id hashes (RFC 9106) and compared in constant time.
//! - Guessing is slow: one check at a time for all connections together, and none waits without bound. All run
//!   on one thread, so that the 19 MiB that a check takes are taken once.

use crate::keys;
use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{Salt, SaltString},
};
use data_encoding::BASE64URL_NOPAD;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// The longest secret that is looked at, in bytes.
pub const SECRET_BYTES_MAX: usize = 256;
/// How many checks may wait.
const WAITING_MAX: usize = 256;
/// How long a check may wait for its turn.
const TURN_MAX: Duration = Duration::from_secs(10);

/// Hashes a secret as the settings want it (PHC string).
pub fn hash(secret: &str) -> Option<String> {
    let salt: [u8; Salt::RECOMMENDED_LENGTH] = keys::random().ok()?;
    let salt = SaltString::encode_b64(&salt).ok()?;
    Some(Argon2::default().hash_password(secret.as_bytes(), &salt).ok()?.to_string())
}

/// A new secret: 24 random bytes as text.
pub fn new() -> Option<String> {
    keys::random::<24>().ok().map(|it| BASE64URL_NOPAD.encode(&it))
}

struct Check {
    hash: String,
    secret: Vec<u8>,
    answer: oneshot::Sender<bool>,
}

impl Check {
    /// One whose asker has gone is not worth the time.
    fn answer(self) {
        if !self.answer.is_closed() {
            let _ = self.answer.send(is_right(&self.hash, &self.secret));
        }
    }
}

/// The thread that checks. Cheap to clone; it ends with the last clone.
#[derive(Clone, Debug)]
pub struct Checker(mpsc::Sender<Check>);

impl Default for Checker {
    /// Starts the thread. Where none can be had, nothing is ever right.
    fn default() -> Self {
        let (checks, mut waiting) = mpsc::channel::<Check>(WAITING_MAX);
        let work = move || {
            while let Some(check) = waiting.blocking_recv() {
                check.answer();
            }
        };
        if let Err(error) = std::thread::Builder::new().name("secrets".into()).spawn(work) {
            tracing::error!(%error, "secrets cannot be checked");
        }
        Self(checks)
    }
}

impl Checker {
    /// Whether `secret` is the one with this hash. No, when there is no turn for it in time.
    pub async fn check(&self, hash: &str, secret: &[u8]) -> bool {
        if secret.len() > SECRET_BYTES_MAX {
            return false;
        }
        let (answer, answered) = oneshot::channel();
        let check = Check { hash: hash.to_owned(), secret: secret.to_vec(), answer };
        let asked = async { self.0.send(check).await.is_ok() && answered.await.unwrap_or(false) };
        tokio::time::timeout(TURN_MAX, asked).await.unwrap_or(false)
    }
}

fn is_right(hash: &str, secret: &[u8]) -> bool {
    PasswordHash::new(hash).is_ok_and(|it| Argon2::default().verify_password(secret, &it).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_secret_is_right_for_its_own_hash_only() {
        let (one, two) = (new().unwrap(), new().unwrap());
        assert_ne!(one, two);
        let (checker, hash) = (Checker::default(), hash(&one).unwrap());
        assert!(checker.check(&hash, one.as_bytes()).await);
        assert!(!checker.check(&hash, two.as_bytes()).await);
        assert!(!checker.check("no hash", one.as_bytes()).await);
        assert!(!checker.check(&hash, &[b'x'; SECRET_BYTES_MAX + 1]).await);
    }
}
