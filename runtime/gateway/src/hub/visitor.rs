//! Who asks for the page: HTTP Basic authentication (RFC 7617) with one user, `hub`.

use argon2::{Argon2, PasswordHash, PasswordVerifier};
use axum::http::{HeaderMap, header::AUTHORIZATION};
use data_encoding::BASE64;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Checks visitors' passwords, one at a time: guessing is slow for everybody together.
#[derive(Clone, Debug)]
pub struct Door {
    hash: Option<Arc<str>>,
    /// The header that was good last: pages reload once a minute, and a check takes 20 ms.
    last_good: Arc<Mutex<Option<String>>>,
    turns: Arc<Semaphore>,
}

impl Door {
    /// Opens for the password with this hash (PHC string); for everybody if there is none.
    pub fn new(hash: Option<&str>) -> Self {
        let turns = Arc::new(Semaphore::new(1));
        Self { hash: hash.map(Into::into), last_good: Arc::default(), turns }
    }

    /// Whether a password is asked for at all.
    pub fn is_locked(&self) -> bool {
        self.hash.is_some()
    }

    /// Whether whoever sent these headers may come in.
    pub async fn opens(&self, headers: &HeaderMap) -> bool {
        let Some(hash) = self.hash.clone() else { return true };
        let Some(given) = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok()) else {
            return false;
        };
        if given.len() > 512 {
            return false;
        }
        if self.last_good.lock().unwrap_or_else(PoisonError::into_inner).as_deref() == Some(given) {
            return true;
        }
        let Some(password) = password(given) else { return false };
        let Ok(_turn) = self.turns.acquire().await else { return false };
        let good = tokio::task::spawn_blocking(move || verify(&hash, &password)).await;
        let good = good.unwrap_or(false);
        if good {
            *self.last_good.lock().unwrap_or_else(PoisonError::into_inner) = Some(given.to_owned());
        }
        good
    }
}

fn password(header: &str) -> Option<Vec<u8>> {
    let decoded = BASE64.decode(header.strip_prefix("Basic ")?.trim().as_bytes()).ok()?;
    Some(decoded.strip_prefix(b"hub:")?.to_vec())
}

fn verify(hash: &str, password: &[u8]) -> bool {
    PasswordHash::new(hash).is_ok_and(|it| Argon2::default().verify_password(password, &it).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingress::credentials::hash_secret;

    async fn opens(door: &Door, header: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(AUTHORIZATION, header.parse().unwrap());
        }
        door.opens(&headers).await
    }

    #[tokio::test]
    async fn only_the_password_opens() {
        let door = Door::new(Some(&hash_secret("sesame").unwrap()));
        let basic = |text: &str| format!("Basic {}", BASE64.encode(text.as_bytes()));
        assert!(!opens(&door, None).await);
        assert!(!opens(&door, Some(&basic("hub:wrong"))).await);
        assert!(!opens(&door, Some(&basic("ada:sesame"))).await);
        assert!(!opens(&door, Some("Bearer sesame")).await);
        for _ in 0..2 {
            assert!(opens(&door, Some(&basic("hub:sesame"))).await);
        }
        assert!(opens(&Door::new(None), None).await);
    }
}
