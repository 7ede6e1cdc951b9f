//! The only way out of the gateway.
//!
//! # Promises
//!
//! - Every outgoing connection for device data is opened here, over Tor, or over loopback to this machine.
//! - No host name is resolved: an address is an onion or a loopback IP, by type.
//! - Different recipients never share a circuit.

#[cfg(feature = "tor")]
pub mod tor;

use crate::{
    config::Way,
    contract::{Address, Contract},
};
use std::{
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// How long opening a connection may take. Tor retries inside.
const CONNECT_MAX: Duration = Duration::from_secs(90);

/// Why a recipient was not reached, by what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Try again soon, then more and more rarely.
    #[error("not reached: {0}")]
    Unreachable(String),
    /// Trying again does not help before the owner changes something.
    #[error("cannot be reached: {0}")]
    Broken(String),
}

/// The ways out that are built in: a closed set, so an enum and not a trait.
#[derive(Clone)]
pub enum Transport {
    /// Tor, in this process.
    #[cfg(feature = "tor")]
    Tor(hushgate_tor::Tor),
    /// A Tor that runs already.
    Socks(SocketAddr),
    /// This machine only. Not anonymous.
    Loopback,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Transport")
    }
}

/// An open connection to a recipient.
pub enum Stream {
    /// Over the Tor of this process.
    #[cfg(feature = "tor")]
    Tor(Box<hushgate_tor::Stream>),
    /// Over a SOCKS port, or on this machine.
    Tcp(TcpStream),
}

impl Transport {
    /// Sets up the way that the settings name. Returns at once: Tor comes up in the background.
    #[cfg_attr(not(feature = "tor"), expect(clippy::unused_async, reason = "waits with Tor only"))]
    pub async fn start(way: &Way, tor_dir: &std::path::Path) -> Result<Self, TransportError> {
        match way {
            #[cfg(feature = "tor")]
            Way::Tor { network } => tor::start(network.as_deref(), tor_dir).await.map(Self::Tor),
            #[cfg(not(feature = "tor"))]
            Way::Tor { .. } => {
                let _ = tor_dir;
                Err(TransportError::Broken("this hushgate was built without Tor".into()))
            }
            Way::Socks(address) => Ok(Self::Socks(*address)),
            Way::Loopback => Ok(Self::Loopback),
        }
    }

    /// Opens a connection to a recipient, on circuits of its own.
    pub async fn connect(&self, contract: &Contract) -> Result<Stream, TransportError> {
        tokio::time::timeout(CONNECT_MAX, self.open(contract))
            .await
            .unwrap_or_else(|_| Err(TransportError::Unreachable("no answer in time".into())))
    }

    async fn open(&self, contract: &Contract) -> Result<Stream, TransportError> {
        match (self, &contract.address) {
            #[cfg(feature = "tor")]
            (Self::Tor(tor), Address::Onion { host, port }) => {
                tor::connect(tor, (host, *port), &contract.name)
                    .await
                    .map(|it| Stream::Tor(Box::new(it)))
            }
            (Self::Socks(proxy), Address::Onion { host, port }) => {
                socks(*proxy, (host, *port), &contract.name).await
            }
            (Self::Loopback, Address::Loopback(address)) if address.ip().is_loopback() => {
                loopback(*address).await
            }
            _ => Err(TransportError::Broken(
                "this transport does not lead to such an address".into(),
            )),
        }
    }
}

/// User and password that differ by recipient keep the circuits apart (Tor's `IsolateSOCKSAuth`, on by
/// default). The proxy resolves the onion, not this machine.
async fn socks(
    proxy: SocketAddr,
    onion: (&str, u16),
    isolation: &str,
) -> Result<Stream, TransportError> {
    use tokio_socks::{Error, tcp::Socks5Stream};
    let stream = Socks5Stream::connect_with_password(proxy, onion, isolation, "hushgate").await;
    let stream = stream.map_err(|error| match error {
        Error::InvalidAuthValues(_) | Error::InvalidTargetAddress(_) => {
            TransportError::Broken("the SOCKS proxy cannot be asked for this recipient".into())
        }
        error => TransportError::Unreachable(error.to_string()),
    })?;
    Ok(Stream::Tcp(stream.into_inner()))
}

/// Connects to a port of this machine.
#[expect(clippy::disallowed_methods, reason = "this is the module that opens connections")]
pub async fn loopback(address: SocketAddr) -> Result<Stream, TransportError> {
    if !address.ip().is_loopback() {
        return Err(TransportError::Broken("not an address of this machine".into()));
    }
    let stream = TcpStream::connect(address).await;
    stream.map(Stream::Tcp).map_err(|error| TransportError::Unreachable(error.kind().to_string()))
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            #[cfg(feature = "tor")]
            Self::Tor(it) => Pin::new(it).poll_read(cx, buffer),
            Self::Tcp(it) => Pin::new(it).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            #[cfg(feature = "tor")]
            Self::Tor(it) => Pin::new(it).poll_write(cx, bytes),
            Self::Tcp(it) => Pin::new(it).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            #[cfg(feature = "tor")]
            Self::Tor(it) => Pin::new(it).poll_flush(cx),
            Self::Tcp(it) => Pin::new(it).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            #[cfg(feature = "tor")]
            Self::Tor(it) => Pin::new(it).poll_shutdown(cx),
            Self::Tcp(it) => Pin::new(it).poll_shutdown(cx),
        }
    }
}
