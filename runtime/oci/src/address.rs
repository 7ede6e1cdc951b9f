//! Where an artifact is: `oci://HOST[:PORT]/REPOSITORY`, and which one by its digest or, to publish it, a tag.

use data_encoding::HEXLOWER;
use reqwest::Url;
use std::{fmt, net::IpAddr, str::FromStr};

const SCHEME: &str = "oci://";
const SHA256: &str = "sha256:";
const REPOSITORY_BYTES_MAX: usize = 255;
const TAG_BYTES_MAX: usize = 128;

/// Why an address is none, and what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It names a tag, or nothing that could be checked.
    #[error(
        "names no digest, and a tag can be moved to other bytes by whoever holds the registry: ask the author for \
         the address that `hushgate plugin push` printed (`oci://HOST/REPOSITORY@sha256:…`), or look the digest up \
         (`oras resolve HOST/REPOSITORY:TAG`) and compare it with what the author says"
    )]
    Unpinned,
    /// It is not of this form.
    #[error("must be `oci://HOST[:PORT]/REPOSITORY@sha256:` and 64 lower-case hexadecimal digits")]
    NotPinned,
    /// It is not of this form.
    #[error("must be `oci://HOST[:PORT]/REPOSITORY:TAG`")]
    NotTagged,
}

/// A repository of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The registry: `http` for a loopback address, `https` for all others.
    base: Url,
    repository: String,
}

/// One artifact and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    place: Place,
    digest: String,
}

/// Where an artifact is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    place: Place,
    tag: String,
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let (authority, repository) = text.strip_prefix(SCHEME)?.split_once('/')?;
        let base = |scheme: &str| Url::parse(&format!("{scheme}://{authority}/")).ok();
        let plain = base("http").filter(is_authority_alone)?;
        let base = if is_loopback(&plain) { plain } else { base("https")? };
        is_repository(repository).then(|| Self { base, repository: repository.to_owned() })
    }

    /// Whether it is on this machine, by a number: a name such as `localhost` is not looked up.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.base)
    }

    /// The registry's host and, if it is not the usual one, port.
    pub fn registry(&self) -> &str {
        self.base.authority()
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    pub(crate) fn repository(&self) -> &str {
        &self.repository
    }

    pub(crate) fn pinned(&self, digest: String) -> Pinned {
        Pinned { place: self.clone(), digest }
    }
}

impl Pinned {
    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }
}

impl Tagged {
    /// Where it will be.
    pub fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn tag(&self) -> &str {
        &self.tag
    }
}

impl FromStr for Pinned {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (place, digest) = text.split_once('@').ok_or(AddressError::Unpinned)?;
        let place = Place::parse(place).filter(|_| is_digest(digest));
        place.map(|it| it.pinned(digest.to_owned())).ok_or(AddressError::NotPinned)
    }
}

impl FromStr for Tagged {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (place, tag) = text.rsplit_once(':').ok_or(AddressError::NotTagged)?;
        let place = Place::parse(place).filter(|_| is_tag(tag)).ok_or(AddressError::NotTagged)?;
        Ok(Self { place, tag: tag.to_owned() })
    }
}

impl fmt::Display for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { base, repository } = &self.place;
        write!(f, "{SCHEME}{}/{repository}@{}", base.authority(), self.digest)
    }
}

/// Whether this is `sha256:` and a digest as it is always written.
pub(crate) fn is_digest(text: &str) -> bool {
    let hex = text.strip_prefix(SHA256).unwrap_or_default().as_bytes();
    HEXLOWER.decode(hex).is_ok_and(|it| it.len() == 32)
}

/// How this digest is written.
pub(crate) fn written(digest: &[u8]) -> String {
    format!("{SHA256}{}", HEXLOWER.encode(digest))
}

fn is_authority_alone(url: &Url) -> bool {
    let bare = url.username().is_empty() && url.password().is_none() && url.path() == "/";
    bare && url.query().is_none() && url.fragment().is_none()
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
}

fn is_repository(text: &str) -> bool {
    let plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit();
    let segment = |it: &str| {
        let bytes = it.as_bytes();
        let ends = bytes.first().zip(bytes.last()).is_some_and(|(a, b)| plain(*a) && plain(*b));
        ends && bytes.iter().all(|it| plain(*it) || b"._-".contains(it))
    };
    text.len() <= REPOSITORY_BYTES_MAX && text.split('/').all(segment)
}

fn is_tag(text: &str) -> bool {
    let word = |it: u8| it.is_ascii_alphanumeric() || it == b'_';
    let starts = text.bytes().next().is_some_and(word);
    starts && text.len() <= TAG_BYTES_MAX && text.bytes().all(|it| word(it) || b".-".contains(&it))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    #[test]
    fn reads_an_address_with_a_digest() {
        for (place, base, is_loopback) in [
            ("registry.example/ada/thermometer", "https://registry.example/", false),
            ("registry.example:443/x", "https://registry.example/", false),
            ("registry.example:5000/x", "https://registry.example:5000/", false),
            ("127.0.0.1:443/x", "http://127.0.0.1:443/", true),
            ("[::1]:5000/x/y_z/a-b.c", "http://[::1]:5000/", true),
            ("localhost:5000/x", "https://localhost:5000/", false),
            ("0.0.0.0:5000/x", "https://0.0.0.0:5000/", false),
        ] {
            let pinned: Pinned = format!("oci://{place}@sha256:{HEX}").parse().unwrap();
            assert_eq!(pinned.place().base().as_str(), base);
            assert_eq!(pinned.place().is_loopback(), is_loopback, "{place}");
        }
        let text = format!("oci://registry.example:5000/x@sha256:{HEX}");
        assert_eq!(text.parse::<Pinned>().unwrap().to_string(), text);
    }

    #[test]
    fn follows_nothing_that_can_be_moved() {
        for text in ["oci://h/x", "oci://h/x:1.0", "oci://h/x:latest"] {
            assert_eq!(text.parse::<Pinned>(), Err(AddressError::Unpinned), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        let digest = format!("sha256:{HEX}");
        for text in [
            &format!("https://h/x@{digest}"),
            &format!("oci://h@{digest}"),
            &format!("oci:///x@{digest}"),
            &format!("oci://h/x:1.0@{digest}"),
            &format!("oci://user@h/x@{digest}"),
            &format!("oci://h/@{digest}"),
            &format!("oci://h/../x@{digest}"),
            &format!("oci://h/X@{digest}"),
            &format!("oci://h?/x@{digest}"),
            &format!("oci://h/x?y@{digest}"),
            &format!("oci://h/x@{}", digest.to_uppercase()),
            &format!("oci://h/x@{}", &digest[..70]),
            &format!("oci://h/x@sha512:{HEX}{HEX}"),
        ] {
            assert_eq!(text.parse::<Pinned>(), Err(AddressError::NotPinned), "{text}");
        }
    }

    #[test]
    fn reads_where_to_publish() {
        let to: Tagged = "oci://127.0.0.1:5000/ada/x:v1.0".parse().unwrap();
        assert_eq!((to.tag(), to.place().repository()), ("v1.0", "ada/x"));
        for text in ["oci://h/x", "oci://h:5000/x", "oci://h/x:", "oci://h/x:a/b", "oci://h/x:.a"] {
            assert_eq!(text.parse::<Tagged>(), Err(AddressError::NotTagged), "{text}");
        }
    }
}
