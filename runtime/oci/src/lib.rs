//! Fetches small sets of files from OCI registries, and publishes them there.
//!
//! # Promises
//!
//! - What is fetched is what was asked for, byte for byte: the manifest by the digest in the [`Pinned`] address,
//!   each file by the digest and the size in the manifest. A tag is never followed.
//! - Nothing is without a bound: the manifest, the number of files, the size of each and of all, the wait.
//! - A file's name is a plain one: no way out of the directory that it is put into.
//! - The way is the caller's choice and nobody else's. Over [`Way::Socks`] no name is resolved here, and every
//!   request goes through the proxy; [`Way::Loopback`] never leaves this machine. Neither a registry (redirects,
//!   token servers, upload addresses) nor the environment (proxy variables) can send a request elsewhere.
//! - Plain HTTP is spoken to loopback addresses alone.
//! - The same files are published as the same bytes, under the same digest.
//! - No error of this crate holds an account, a token, or what a registry said.

mod address;
mod files;
mod registry;

pub use self::{
    address::{AddressError, Pinned, Place, Tagged},
    registry::Account,
};
use registry::Registry;
use std::{net::SocketAddr, time::Duration};

/// How long fetching or publishing may take as a whole. Tor is slow, and a component may have 64 MiB.
const TIME_MAX: Duration = Duration::from_secs(20 * 60);

/// How a registry is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Directly, at a loopback address of this machine.
    Loopback,
    /// Through the SOCKS port of a Tor, which resolves the name.
    Socks(SocketAddr),
    /// Directly. The registry, and whoever sees the line or answers the question for its name, learn who asks.
    Clearnet,
}

/// A file's name and what is in it.
pub type File = (String, Vec<u8>);

/// Why nothing was fetched or published, by what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OciError {
    /// Trying again later may help.
    #[error("the registry was not reached: {0}")]
    Unreachable(String),
    /// Trying again does not help: what was asked for, or what came, may not be.
    #[error("{0}")]
    Refused(String),
}

impl OciError {
    fn refused(text: impl Into<String>) -> Self {
        Self::Refused(text.into())
    }
}

/// Fetches all files of an artifact, in the order of its manifest. Nobody logs in for it.
///
/// # Errors
///
/// Nothing is returned unless everything came and is what the digests say.
pub async fn fetch(from: &Pinned, way: Way) -> Result<Vec<File>, OciError> {
    in_time(async {
        let mut registry = Registry::open(from.place(), way, None)?;
        let listed = files::listed(&registry.manifest(from.digest()).await?)?;
        let mut fetched = Vec::with_capacity(listed.len());
        for file in listed {
            let bytes = registry.blob(&file).await?;
            fetched.push((file.name, bytes));
        }
        Ok(fetched)
    })
    .await
}

/// Publishes files as an artifact under a tag. Returns its address, which no tag can change.
///
/// # Errors
///
/// Files that [`fetch`] would refuse are refused before anything is sent. The tag is set last.
pub async fn push(
    to: &Tagged,
    way: Way,
    account: Option<Account>,
    files: Vec<File>,
) -> Result<Pinned, OciError> {
    let (manifest, blobs) = files::artifact(files)?;
    in_time(async {
        let mut registry = Registry::open(to.place(), way, account)?;
        for blob in blobs {
            registry.put_blob(blob).await?;
        }
        let digest = registry.put_manifest(to.tag(), manifest).await?;
        Ok(to.place().pinned(digest))
    })
    .await
}

async fn in_time<T>(work: impl Future<Output = Result<T, OciError>>) -> Result<T, OciError> {
    let slow = || OciError::Unreachable("it took too long".into());
    tokio::time::timeout(TIME_MAX, work).await.unwrap_or_else(|_| Err(slow()))
}
