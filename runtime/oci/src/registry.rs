//! A conversation with one registry about one repository (OCI distribution specification 1.1).

use crate::{
    OciError, Place, Way,
    address::written,
    files::{Blob, Listed, MANIFEST_BYTES_MAX, MANIFEST_TYPE},
};
use http_auth::{ChallengeRef, parse_challenges};
use reqwest::{
    Client, ClientBuilder, Proxy, RequestBuilder, Response, StatusCode, Url,
    dns::{Name, Resolve, Resolving},
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, LOCATION, WWW_AUTHENTICATE},
    redirect::Policy,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::{fmt, time::Duration};

/// How long opening a connection may take: Tor retries inside.
const CONNECT_MAX: Duration = Duration::from_secs(90);
/// How long a registry may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Registries send their readers to where the bytes are: once, as a rule.
const REDIRECTS_MAX: usize = 5;
/// Such a token has a few kilobytes.
const TOKEN_BYTES_MAX: u64 = 64 << 10;
/// Who we are to the proxy: a Tor leads us on circuits that no recipient (a name without a dot) is reached on.
const ISOLATION: &str = "hushgate.registry:x";

/// Who publishes.
#[derive(Clone)]
pub struct Account {
    /// The name.
    pub user: String,
    /// Sent to the registry and to the token server that it names, over TLS or on this machine.
    pub password: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Account")
    }
}

/// What a registry asked us to show with each request.
enum Pass {
    None,
    Account(Account),
    Token(String),
}

/// A token, under either of the names that it goes by.
#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

/// One repository of a registry.
pub(crate) struct Registry {
    client: Client,
    place: Place,
    account: Option<Account>,
    pass: Pass,
}

impl Registry {
    /// Nothing is sent yet. An account is for publishing: without one, the repository is only read.
    pub(crate) fn open(
        place: &Place,
        way: Way,
        account: Option<Account>,
    ) -> Result<Self, OciError> {
        if place.is_loopback() != (way == Way::Loopback) {
            return Err(OciError::refused("this way does not lead to such a registry"));
        }
        let client = client(place, way)
            .map_err(|it| OciError::Refused(format!("cannot be asked: {}", reason(&it))))?;
        Ok(Self { client, place: place.clone(), account, pass: Pass::None })
    }

    /// The manifest with this digest.
    pub(crate) async fn manifest(&mut self, digest: &str) -> Result<Vec<u8>, OciError> {
        let url = self.url(&format!("manifests/{digest}"))?;
        let request = self.client.get(url).header(ACCEPT, MANIFEST_TYPE);
        let response = expect(self.send(request).await?, StatusCode::OK)?;
        bytes_of(response, MANIFEST_BYTES_MAX, digest).await
    }

    /// The bytes of a file.
    pub(crate) async fn blob(&mut self, file: &Listed) -> Result<Vec<u8>, OciError> {
        let url = self.url(&format!("blobs/{}", file.digest))?;
        let response = expect(self.send(self.client.get(url)).await?, StatusCode::OK)?;
        let bytes = bytes_of(response, file.size, &file.digest).await?;
        if bytes.len() as u64 != file.size {
            return Err(OciError::refused("a file is shorter than its manifest says"));
        }
        Ok(bytes)
    }

    /// Makes the registry keep these bytes, unless it does already.
    pub(crate) async fn put_blob(&mut self, blob: Blob) -> Result<(), OciError> {
        let url = self.url(&format!("blobs/{}", blob.digest))?;
        if self.send(self.client.head(url)).await?.status() == StatusCode::OK {
            return Ok(());
        }
        let url = self.url("blobs/uploads/")?;
        let begun = expect(self.send(self.client.post(url)).await?, StatusCode::ACCEPTED)?;
        let mut url = self.upload(begun.headers())?;
        url.query_pairs_mut().append_pair("digest", &blob.digest);
        let request = self.client.put(url).header(CONTENT_TYPE, "application/octet-stream");
        let put = self.send(request.body(blob.bytes)).await?;
        expect(put, StatusCode::CREATED).map(drop)
    }

    /// Puts a manifest there under this tag; its digest.
    pub(crate) async fn put_manifest(
        &mut self,
        tag: &str,
        manifest: Vec<u8>,
    ) -> Result<String, OciError> {
        let digest = written(&Sha256::digest(&manifest));
        let url = self.url(&format!("manifests/{tag}"))?;
        let request = self.client.put(url).header(CONTENT_TYPE, MANIFEST_TYPE).body(manifest);
        expect(self.send(request).await?, StatusCode::CREATED)?;
        // Read again as its users will: a registry may have kept other bytes.
        self.manifest(&digest).await?;
        Ok(digest)
    }

    fn url(&self, path: &str) -> Result<Url, OciError> {
        let path = format!("v2/{}/{path}", self.place.repository());
        self.place.base().join(&path).map_err(|_| OciError::refused("it has no such address"))
    }

    /// Where an upload goes on: at the registry itself, which is whom we trust with it.
    fn upload(&self, headers: &HeaderMap) -> Result<Url, OciError> {
        let location = headers.get(LOCATION).and_then(|it| it.to_str().ok());
        let url = location.and_then(|it| self.place.base().join(it).ok());
        url.filter(|it| it.origin() == self.place.base().origin())
            .ok_or_else(|| OciError::refused("the registry wants the files to go elsewhere"))
    }

    /// Sends a request, once more if the registry asks who we are. Whom it led us to may not ask.
    async fn send(&mut self, request: RequestBuilder) -> Result<Response, OciError> {
        let again = request.try_clone();
        let response = self.shown(request).send().await.map_err(unreachable)?;
        let is_asked = response.status() == StatusCode::UNAUTHORIZED
            && response.url().origin() == self.place.base().origin();
        let Some(again) = again.filter(|_| is_asked) else { return Ok(response) };
        let asked = response.headers().get(WWW_AUTHENTICATE).and_then(|it| it.to_str().ok());
        self.pass = self.answer(asked.unwrap_or_default()).await?;
        self.shown(again).send().await.map_err(unreachable)
    }

    fn shown(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.pass {
            Pass::None => request,
            Pass::Account(it) => request.basic_auth(&it.user, Some(&it.password)),
            Pass::Token(it) => request.bearer_auth(it),
        }
    }

    /// What to show to a registry that asks like this.
    async fn answer(&self, asked: &str) -> Result<Pass, OciError> {
        let challenges = parse_challenges(asked).unwrap_or_default();
        let by = |scheme| challenges.iter().find(|it| it.scheme.eq_ignore_ascii_case(scheme));
        if let Some(bearer) = by("bearer") {
            return self.token(bearer).await.map(Pass::Token);
        }
        match (by("basic"), &self.account) {
            (Some(_), Some(account)) => Ok(Pass::Account(account.clone())),
            _ => Err(OciError::refused("the registry asks for an account")),
        }
    }

    /// Gets a token for this repository from the server that the registry names: one that is reached as safely.
    async fn token(&self, challenge: &ChallengeRef<'_>) -> Result<String, OciError> {
        let refused = || OciError::refused("the registry names no token server that may be asked");
        let parameter = |name: &str| {
            let all = &challenge.params;
            all.iter().find(|it| it.0.eq_ignore_ascii_case(name)).map(|it| it.1.to_unescaped())
        };
        let mut url = parameter("realm").and_then(|it| Url::parse(&it).ok()).ok_or_else(refused)?;
        let registry = self.place.base();
        let is_safe = match self.place.is_loopback() {
            true => url.origin() == registry.origin(),
            false => url.scheme() == "https",
        };
        if !is_safe {
            return Err(refused());
        }
        let rights = if self.account.is_some() { "pull,push" } else { "pull" };
        let scope = format!("repository:{}:{rights}", self.place.repository());
        url.query_pairs_mut().append_pair("scope", &scope);
        if let Some(service) = parameter("service") {
            url.query_pairs_mut().append_pair("service", &service);
        }
        let mut request = self.client.get(url);
        if let Some(it) = &self.account {
            request = request.basic_auth(&it.user, Some(&it.password));
        }
        let response = expect(request.send().await.map_err(unreachable)?, StatusCode::OK)?;
        let bytes = at_most(response, TOKEN_BYTES_MAX).await?;
        let token = serde_json::from_slice(&bytes).ok();
        let token = token.and_then(|it: Token| it.token.or(it.access_token));
        token.ok_or_else(|| OciError::refused("the token server gave no token"))
    }
}

/// Refuses to look up any name.
struct NoNames;

impl Resolve for NoNames {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(std::future::ready(Err("names are not looked up here".into())))
    }
}

/// A client that goes this way and no other.
fn client(place: &Place, way: Way) -> reqwest::Result<Client> {
    let builder = Client::builder()
        .no_proxy()
        .no_gzip()
        .referer(false)
        .connect_timeout(CONNECT_MAX)
        .read_timeout(SILENCE_MAX);
    let elsewhere =
        |it: ClientBuilder| it.https_only(true).redirect(Policy::limited(REDIRECTS_MAX));
    match way {
        Way::Loopback => builder.dns_resolver(NoNames).redirect(to_itself(place.base())),
        Way::Socks(address) => elsewhere(builder)
            .dns_resolver(NoNames)
            .proxy(Proxy::all(format!("socks5h://{ISOLATION}@{address}"))?),
        Way::Clearnet => elsewhere(builder),
    }
    .build()
}

/// Follows a registry of this machine to itself alone.
fn to_itself(base: &Url) -> Policy {
    let origin = base.origin();
    Policy::custom(move |attempt| {
        if attempt.previous().len() <= REDIRECTS_MAX && attempt.url().origin() == origin {
            attempt.follow()
        } else {
            attempt.error("it leads elsewhere")
        }
    })
}

fn expect(response: Response, wanted: StatusCode) -> Result<Response, OciError> {
    let status = response.status();
    if status == wanted {
        return Ok(response);
    }
    let code = status.as_u16();
    Err(match status {
        StatusCode::NOT_FOUND => OciError::refused("the registry has no such artifact or file"),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            OciError::Refused(format!("the registry does not let us do that ({code})"))
        }
        StatusCode::TOO_MANY_REQUESTS => OciError::Unreachable("asked too often".into()),
        it if it.is_server_error() => OciError::Unreachable(format!("it failed with {code}")),
        _ => OciError::Refused(format!("the registry answered {code}")),
    })
}

/// The body with this digest, which has `size_max` bytes at most.
async fn bytes_of(response: Response, size_max: u64, digest: &str) -> Result<Vec<u8>, OciError> {
    let bytes = at_most(response, size_max).await?;
    if written(&Sha256::digest(&bytes)) != digest {
        return Err(OciError::refused(
            "the registry gave other bytes than the digest names: nothing of it is used",
        ));
    }
    Ok(bytes)
}

/// The body, if it ends in time.
async fn at_most(mut response: Response, size_max: u64) -> Result<Vec<u8>, OciError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if (bytes.len() + chunk.len()) as u64 > size_max {
            return Err(OciError::Refused(format!(
                "the registry sends more than {size_max} bytes where that is the most"
            )));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn unreachable(error: reqwest::Error) -> OciError {
    if error.is_redirect() || error.is_builder() {
        return OciError::refused("the registry leads to an address that is not gone to");
    }
    OciError::Unreachable(reason(&error))
}

/// In one line, without the address: it may hold what only the registry should read.
fn reason(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    match error {
        it if it.is_timeout() => "no answer in time".to_owned(),
        _ => innermost.to_string(),
    }
}
