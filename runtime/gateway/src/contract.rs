//! How a recipient is reached: address, keys, format. What `recipients/<name>.toml` says, checked.

use crate::{
    source::{SettingsError, Source, is_name},
    wire::invite::{self, Invite, RecipientKeys},
};
use std::{fmt, net::SocketAddr};

/// How one recipient is reached.
#[derive(Clone, Debug)]
pub struct Contract {
    /// The recipient's name.
    pub name: String,
    /// Where.
    pub address: Address,
    /// What it understands.
    pub format: Format,
    /// Every release is padded to this many bytes or a multiple of it; a policy can have it padded to more.
    pub envelope_bytes: u32,
    /// Introduces this gateway at the first contact.
    pub code: Option<[u8; 32]>,
}

/// What a recipient understands.
#[derive(Clone, Copy, Debug)]
pub enum Format {
    /// Sealed releases, signed receipts.
    Hushgate(RecipientKeys),
    /// The prototype's page.
    PrivateIot,
}

/// Where a recipient is. There is no third kind: no host name can be written here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An onion service, version 3.
    Onion {
        /// 56 characters and `.onion`.
        host: String,
        /// Its port.
        port: u16,
    },
    /// A hub on this machine; for demo and tests.
    Loopback(SocketAddr),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Onion { host, port } => write!(f, "{host}:{port}"),
            Self::Loopback(address) => write!(f, "{address}"),
        }
    }
}

impl Address {
    /// Reads `<56 characters>.onion[:port]` or a loopback address with port.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return address.ip().is_loopback().then_some(Self::Loopback(address));
        }
        let (host, port) = text.split_once(':').unwrap_or((text, "80"));
        let label = host.strip_suffix(".onion")?;
        let is_onion = label.len() == 56
            && data_encoding::BASE32.decode(label.to_ascii_uppercase().as_bytes()).is_ok();
        let port = port.parse().ok().filter(|it| *it > 0)?;
        is_onion.then(|| Self::Onion { host: host.to_ascii_lowercase(), port })
    }
}

impl Contract {
    /// Reads and checks `recipients/<name>.toml` or an invite.
    pub fn from_source(source: &Source) -> Result<Self, SettingsError> {
        let invite: Invite = source.parse()?;
        if !is_name(&invite.name) {
            return Err(
                source.whole("`name` must be 1 to 64 lower-case letters, digits and hyphens")
            );
        }
        let address = Address::parse(&invite.address).ok_or_else(|| {
            source.whole("`address` must be a version 3 onion address, or 127.0.0.1:port for a hub on this machine")
        })?;
        if !(256..=16_384).contains(&invite.envelope_bytes) {
            return Err(source.whole("`envelope-bytes` must be 256 to 16384"));
        }
        let format = match invite.format {
            invite::Format::Hushgate => {
                Format::Hushgate(invite.keys().map_err(|error| source.whole(error.to_string()))?)
            }
            invite::Format::PrivateIot => Format::PrivateIot,
        };
        let code = invite.code();
        Ok(Self { name: invite.name, address, format, envelope_bytes: invite.envelope_bytes, code })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_onions_and_this_machine_are_addresses() {
        let onion = format!("{}.onion", "a".repeat(56));
        let parse = |text: &str| Address::parse(text).map(|it| it.to_string());
        assert_eq!(parse(&onion), Some(format!("{onion}:80")));
        assert_eq!(parse(&format!("{onion}:8080")), Some(format!("{onion}:8080")));
        assert_eq!(parse("127.0.0.1:9000"), Some("127.0.0.1:9000".into()));
        assert_eq!(parse("[::1]:9000"), Some("[::1]:9000".into()));
        for wrong in [
            "192.168.0.7:80",
            "hospital.example:80",
            "a.onion",
            "localhost:80",
            &format!("{onion}:0"),
            "",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
