//! The last step: what may leave is sealed to its recipient, before any disk sees it.
//!
//! # Promises
//!
//! - Only this module makes a [`Sealed`], and it needs a [`Consented`].
//! - For the prototype's page, which has no key, a release is sealed to the gateway itself until it is sent.

use crate::{
    consent::{release::Consented, schema::Allowed},
    contract::{Contract, Format},
    keys::{Keys, Vault, random},
    message::Millis,
    outcome::Reason,
    wire::envelope::{Content, ContentField, ContentValue, Parcel, ReleaseId, Sealer},
};
use sha2::{Digest, Sha256};

/// Seals in the name of this gateway.
#[derive(Debug)]
pub struct Sealing {
    sealer: Sealer,
    vault: Vault,
}

/// A release that only its recipient can read.
///
/// Only this module can make one.
#[derive(Debug)]
pub struct Sealed {
    release: ReleaseId,
    recipient: String,
    grant: String,
    grant_digest: [u8; 8],
    due: Millis,
    expires: Millis,
    envelope: Vec<u8>,
}

impl Sealing {
    /// With the gateway's own keys.
    pub fn new(keys: &Keys) -> Self {
        Self { sealer: Sealer::new(keys.sealing()), vault: keys.vault() }
    }
}

/// Seals one release. `pad_to` is what a policy asked for, on top of the contract.
pub fn run(
    sealing: &Sealing,
    contract: &Contract,
    consented: &Consented,
    pad_to: u32,
) -> Result<Sealed, Reason> {
    let release = ReleaseId(random().map_err(|_| Reason::Seal)?);
    let content = content(consented);
    let envelope = match contract.format {
        Format::Hushgate(keys) => {
            let size = usize::try_from(contract.envelope_bytes.max(pad_to)).unwrap_or(usize::MAX);
            let parcel = Parcel { id: release, content: &content, size };
            sealing.sealer.seal(&keys.sealing, parcel).map_err(|_| Reason::Seal)?
        }
        Format::PrivateIot => {
            let plain = serde_json::to_vec(&content).map_err(|_| Reason::Seal)?;
            sealing.vault.seal(&release.to_string(), &plain).ok_or(Reason::Seal)?
        }
    };
    Ok(Sealed {
        release,
        recipient: consented.recipient().to_owned(),
        grant: consented.grant().to_owned(),
        grant_digest: consented.grant_digest(),
        due: consented.due(),
        expires: consented.expires(),
        envelope,
    })
}

fn content(consented: &Consented) -> Content {
    let field = |it: &crate::consent::release::ConsentedField| ContentField {
        path: it.path.clone(),
        unit: it.unit.clone(),
        value: match it.value.reveal() {
            Allowed::Number(number) => ContentValue::Number(*number),
            Allowed::Flag(flag) => ContentValue::Flag(*flag),
            Allowed::Choice(text) => ContentValue::Choice(text.clone()),
        },
    };
    Content {
        device: consented.device_alias().to_owned(),
        purpose: consented.purpose().to_owned(),
        at_ms: consented.at().0,
        keep_ms: consented.keep_ms(),
        fields: consented.fields().iter().map(field).collect(),
    }
}

impl Sealed {
    /// Its number.
    pub fn release(&self) -> ReleaseId {
        self.release
    }

    /// Who may receive it.
    pub fn recipient(&self) -> &str {
        &self.recipient
    }

    /// The grant that allows it.
    pub fn grant(&self) -> &str {
        &self.grant
    }

    /// The text of the grant that it was decided by.
    pub fn grant_digest(&self) -> [u8; 8] {
        self.grant_digest
    }

    /// Before this it is not sent.
    pub fn due(&self) -> Millis {
        self.due
    }

    /// After this it is not sent.
    pub fn expires(&self) -> Millis {
        self.expires
    }

    /// What is kept and sent.
    pub fn envelope(&self) -> &[u8] {
        &self.envelope
    }

    /// SHA-256 of [`Self::envelope`].
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.envelope).into()
    }
}
