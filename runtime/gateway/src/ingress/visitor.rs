//! Who asks for a page, and what a browser may do with it.
//!
//! # Promises
//!
//! - Who has no password sees nothing: HTTP Basic authentication (RFC 7617) with one user.
//! - A page fetches nothing from anywhere, runs nothing, and is not kept by the browser.

use crate::secret::Checker;
use axum::{
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{self, AUTHORIZATION, HeaderName},
    },
    response::{IntoResponse, Response},
};
use data_encoding::BASE64;
use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError},
};

/// The longest header that is looked at, in bytes.
const HEADER_BYTES_MAX: usize = 512;

/// Checks visitors' passwords.
#[derive(Debug)]
pub struct Door {
    user: &'static str,
    hash: Option<String>,
    /// The header that was good last: pages reload once a minute, and a check takes its time.
    last_good: Mutex<Option<String>>,
    checker: Checker,
}

impl Door {
    /// Opens for `user` with the password that has this hash (PHC string); for everybody if there is none.
    pub fn new(user: &'static str, hash: Option<&str>) -> Self {
        Self {
            user,
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
        let Some(password) = password(self.user, given) else { return false };
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

fn password(user: &str, header: &str) -> Option<Vec<u8>> {
    let decoded = BASE64.decode(header.strip_prefix("Basic ")?.trim().as_bytes()).ok()?;
    Some(decoded.strip_prefix(user.as_bytes())?.strip_prefix(b":")?.to_vec())
}

/// What is answered where the door stays shut: browsers then ask for the password.
pub fn who_are_you() -> Response {
    let challenge = HeaderValue::from_static("Basic realm=\"hushgate\", charset=\"UTF-8\"");
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
}

/// Where the forms of a page may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forms {
    /// There are none.
    None,
    /// Back to where the page came from.
    Here,
}

/// The headers of a page.
pub fn page_headers(forms: Forms) -> [(HeaderName, HeaderValue); 4] {
    let policy = match forms {
        Forms::None => {
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        }
        Forms::Here => {
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        }
    };
    [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ]
}

/// Whether a `Host` header names this machine, by its loopback address or as `localhost`. Otherwise a web page could read
/// what is here through a name of its own (DNS rebinding).
pub fn is_here(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let local = host.strip_prefix("localhost").is_some_and(|it| {
        it.is_empty() || it.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
    });
    let address = host.parse::<SocketAddr>().map(|it| it.ip());
    local || address.or_else(|_| host.parse()).is_ok_and(|it| it.is_loopback())
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
        let door = Door::new("hub", Some(&secret::hash("sesame").unwrap()));
        let basic = |text: &str| format!("Basic {}", BASE64.encode(text.as_bytes()));
        assert!(!opens(&door, None).await);
        assert!(!opens(&door, Some(&basic("hub:wrong"))).await);
        assert!(!opens(&door, Some(&basic("ada:sesame"))).await);
        assert!(!opens(&door, Some("Bearer sesame")).await);
        for _ in 0..2 {
            assert!(opens(&door, Some(&basic("hub:sesame"))).await);
        }
        assert!(opens(&Door::new("hub", None), None).await);
    }

    #[test]
    fn only_this_machines_own_names_are_answered() {
        let here = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            is_here(&headers)
        };
        for host in ["127.0.0.1:9480", "127.0.0.1", "[::1]:9480", "localhost", "localhost:9480"] {
            assert!(here(host), "{host}");
        }
        for host in
            ["", "evil.example:9480", "localhost.evil.example", "localhost:x", "192.168.0.2"]
        {
            assert!(!here(host), "{host}");
        }
        assert!(!is_here(&HeaderMap::new()));
    }
}
