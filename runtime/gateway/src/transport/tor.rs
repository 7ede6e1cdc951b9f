//! Tor in this process, as the transport and the hub use it.

use super::TransportError;
use hushgate_tor::{ConnectError, Settings, Stream, Tor};
use std::path::Path;

/// Starts Tor with its state in `dir`. `network` is a file that describes another network than the public
/// one.
pub async fn start(network: Option<&Path>, dir: &Path) -> Result<Tor, TransportError> {
    let read = |path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|error| TransportError::Broken(format!("{}: {error}", path.display())))
    };
    let settings = Settings {
        state_dir: dir.join("state"),
        cache_dir: dir.join("cache"),
        network_toml: network.map(read).transpose()?,
    };
    Tor::start(settings).await.map_err(|error| TransportError::Broken(error.to_string()))
}

/// Opens a stream to an onion service, on circuits that only `isolation` uses.
pub(super) async fn connect(
    tor: &Tor,
    (host, port): (&str, u16),
    isolation: &str,
) -> Result<Stream, TransportError> {
    tor.connect(host, port, isolation).await.map_err(|error| match error {
        ConnectError::Fix(_) => TransportError::Broken(error.to_string()),
        ConnectError::Soon(_) | ConnectError::Later(_) => {
            TransportError::Unreachable(error.to_string())
        }
    })
}
