//! Who asks for the page: HTTP Basic authentication (RFC 7617) with one user, `hub`.

use crate::secret::Checker;
use axum::http::{HeaderMap, header::AUTHORIZATION};
use data_encoding::BASE64;
use std::sync::{Mutex, PoisonError};

/// The longest header that is looked at, in bytes.
const HEADER_BYTES_MAX: usize = 512;

/// Checks visitors' passwords.
#[derive(Debug)]
pub struct Door {
    hash: Option<String>,
    /// The header that was good last: pages reload once a minute, and a check takes its time.
    last_good: Mutex<Option<String>>,
    checker: Checker,
}

impl Door {
    /// Opens for the password with this hash (PHC string); for everybody if there is none.
    pub fn new(hash: Option<&str>) -> Self {
        Self {
            hash: hash.map(Into::into),
            last_good: Mutex::default(),
            checker: Checker::default(),
        }
    }

    /// Whether whoever sent these headers may come in.
    pub async fn opens(&self, headers: &HeaderMap) -> bool {
        let Some(hash) = &self.hash else { return true };
        let given = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
        let Some(given) = given.filter(|it| it.len() <= HEADER_BYTES_MAX) else { return false };
        if self.last_good().as_deref() == Some(given) {
            return true;
        }
        let Some(password) = password(given) else { return false };
        let good = self.checker.check(hash, &password).await;
        if good {
            *self.last_good() = Some(given.to_owned());
        }
        good
    }

    fn last_good(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.last_good.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn password(header: &str) -> Option<Vec<u8>> {
    let decoded = BASE64.decode(header.strip_prefix("Basic ")?.trim().as_bytes()).ok()?;
    Some(decoded.strip_prefix(b"hub:")?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret;

    async fn opens(door: &Door, header: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(AUTHORIZATION, header.parse().unwrap());
        }
        door.opens(&headers).await
    }

    #[tokio::test]
    async fn only_the_password_opens() {
        let door = Door::new(Some(&secret::hash("sesame").unwrap()));
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
