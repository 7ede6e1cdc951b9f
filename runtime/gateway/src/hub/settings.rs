//! `hub.toml`: read as written, checked once.

use crate::{
    home::Home,
    keys::{Keys, random},
    message::Millis,
    source::{SettingsError, Source, is_name},
    wire::{
        envelope::ENVELOPE_BYTES_MAX,
        invite::{Format, Invite},
        pairing,
    },
};
use argon2::PasswordHash;
use data_encoding::BASE64;
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf};
use toml::Spanned;

/// How long the code of an invite can be used.
const CODE_MS: i64 = 7 * 86_400_000;

/// Checked settings of a hub.
#[derive(Clone, Debug)]
pub struct HubConfig {
    /// Where everything is kept.
    pub home: Home,
    /// The name that invites carry.
    pub name: String,
    /// How gateways get here.
    pub way: HubWay,
    /// Argon2id hash of the page's password (PHC string); its user name is `hub`.
    pub password: Option<String>,
    /// Whether the prototype's format is accepted.
    pub accept_prototype: bool,
}

/// How gateways get to a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HubWay {
    /// An onion service in this process, on port 80.
    Tor {
        /// A file that describes another Tor network than the public one.
        network: Option<PathBuf>,
    },
    /// A listener on this machine. A C-tor can put its own onion service in front of it.
    Listen {
        /// Where.
        listen: SocketAddr,
        /// The onion address that invites carry, if something publishes it.
        public: Option<String>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    name: Spanned<String>,
    #[serde(default)]
    accept_prototype: bool,
    page_password: Option<Spanned<String>>,
    transport: Spanned<TransportFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TransportFile {
    kind: Kind,
    listen: Option<Spanned<String>>,
    public_address: Option<String>,
    network: Option<PathBuf>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Tor,
    Listen,
}

impl HubConfig {
    /// Reads `hub.toml` of a home.
    pub fn read(home: &Home) -> Result<Self, SettingsError> {
        let source = Source::read(&home.hub_settings())?;
        let file: File = source.parse()?;
        if !is_name(file.name.get_ref()) {
            let problem = "must be 1 to 64 lower-case letters, digits and hyphens";
            return Err(source.error(file.name.span(), problem));
        }
        if let Some(hash) = file.page_password.as_ref()
            && PasswordHash::new(hash.get_ref()).is_err()
        {
            let problem = "must be a hash: run `hushgate hub password` to make one";
            return Err(source.error(hash.span(), problem));
        }
        Ok(Self {
            home: home.clone(),
            way: way(&source, &file.transport, home)?,
            name: file.name.into_inner(),
            password: file.page_password.map(Spanned::into_inner),
            accept_prototype: file.accept_prototype,
        })
    }
}

fn way(
    source: &Source,
    file: &Spanned<TransportFile>,
    home: &Home,
) -> Result<HubWay, SettingsError> {
    let it = file.get_ref();
    match (it.kind, &it.listen) {
        (Kind::Tor, None) if it.public_address.is_none() => {
            Ok(HubWay::Tor { network: it.network.as_ref().map(|it| home.resolve(it)) })
        }
        (Kind::Listen, Some(listen)) if it.network.is_none() => {
            let address = listen.get_ref().parse::<SocketAddr>().ok();
            let address = address.filter(|it| it.ip().is_loopback()).ok_or_else(|| {
                source.error(
                    listen.span(),
                    "must be an address of this machine, such as 127.0.0.1:8600",
                )
            })?;
            Ok(HubWay::Listen { listen: address, public: it.public_address.clone() })
        }
        _ => Err(source.error(
            file.span(),
            "`listen` and `public-address` go with kind \"listen\", `network` with kind \"tor\"",
        )),
    }
}

/// A new invite to the hub at `address`, and the hash of its code, which the hub must keep.
pub fn invite(
    config: &HubConfig,
    keys: &Keys,
    address: &str,
) -> Result<(Invite, [u8; 32], i64), crate::keys::KeysError> {
    let code: [u8; 32] = random()?;
    let code_until_ms = Millis::now().plus(CODE_MS).0;
    let signing = keys.signing();
    let invite = Invite {
        name: config.name.clone(),
        address: address.to_owned(),
        format: Format::Hushgate,
        sealing_key: Some(BASE64.encode(&keys.sealing_public())),
        receipt_key: Some(BASE64.encode(&signing.verifying_key().to_bytes())),
        code: Some(BASE64.encode(&code)),
        code_until_ms: Some(code_until_ms),
        envelope_bytes: 1024,
        signature: None,
    };
    Ok((invite.signed(&signing), pairing::code_hash(&code), code_until_ms))
}

/// The largest body of releases, in bytes.
pub(crate) const BODY_BYTES_MAX: usize = 4 * ENVELOPE_BYTES_MAX * 16;
