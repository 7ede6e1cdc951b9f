//! What a recipient hands out so that a gateway can reach it: `hospital.invite`.

use data_encoding::BASE64;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

/// An invite, or a recipient's contract once it was added. A TOML file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Invite {
    /// The recipient's name; also the name of the file that `recipient add` writes.
    pub name: String,
    /// `<56 characters>.onion:<port>`, or `127.0.0.1:<port>` for a hub on this machine.
    pub address: String,
    /// What it understands.
    #[serde(default)]
    pub format: Format,
    /// The X25519 key that releases are sealed to, in Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealing_key: Option<String>,
    /// The Ed25519 key that signs receipts, in Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_key: Option<String>,
    /// Proves once, to the hub, that this gateway was invited. In Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Until when the code can be used, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_until_ms: Option<i64>,
    /// Every sealed release is padded to this many bytes or a multiple of it, or more.
    #[serde(default = "envelope_bytes_default")]
    pub envelope_bytes: u32,
    /// The hub's signature over all of the above, in Base64: a copy that was changed on its way is noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// What a recipient understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Sealed releases, signed receipts.
    #[default]
    Hushgate,
    /// The 2021 prototype's page: `PUT /` with JSON `{"id_device","data"}`, in clear inside the onion circuit,
    /// and no signature for what arrived.
    PrivateIot,
}

/// Why an invite cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// A key is missing or broken.
    #[error("a key is missing or broken")]
    Keys,
    /// It was changed after the hub signed it.
    #[error("its signature does not match: it was changed on its way; ask for a new one")]
    Changed,
}

/// The keys of a recipient that understands sealed releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecipientKeys {
    /// Releases are sealed to it (X25519).
    pub sealing: [u8; 32],
    /// Receipts are signed with it (Ed25519).
    pub receipt: [u8; 32],
}

fn envelope_bytes_default() -> u32 {
    1024
}

fn key(text: Option<&String>) -> Result<[u8; 32], InviteError> {
    let bytes = text.and_then(|it| BASE64.decode(it.as_bytes()).ok()).ok_or(InviteError::Keys)?;
    bytes.as_slice().try_into().map_err(|_| InviteError::Keys)
}

impl Invite {
    /// Signs it.
    #[must_use]
    pub fn signed(mut self, key: &SigningKey) -> Self {
        self.signature = None;
        self.signature = Some(BASE64.encode(&key.sign(&self.signed_bytes()).to_bytes()));
        self
    }

    /// Its keys, if they are whole and the hub signed all of it.
    pub fn keys(&self) -> Result<RecipientKeys, InviteError> {
        let keys = RecipientKeys {
            sealing: key(self.sealing_key.as_ref())?,
            receipt: key(self.receipt_key.as_ref())?,
        };
        let signature = self.signature.as_ref().and_then(|it| BASE64.decode(it.as_bytes()).ok());
        let signature =
            signature.and_then(|it| it.as_slice().try_into().ok()).ok_or(InviteError::Changed)?;
        let verifying = VerifyingKey::from_bytes(&keys.receipt).map_err(|_| InviteError::Keys)?;
        verifying
            .verify_strict(&self.signed_bytes(), &Signature::from_bytes(&signature))
            .map_err(|_| InviteError::Changed)?;
        Ok(keys)
    }

    /// Its code, if it carries one.
    pub fn code(&self) -> Option<[u8; 32]> {
        key(self.code.as_ref()).ok()
    }

    fn signed_bytes(&self) -> Vec<u8> {
        let unsigned = Self { signature: None, ..self.clone() };
        let mut bytes = b"hushgate invite v1".to_vec();
        // A struct of texts and numbers always serialises.
        bytes.extend(serde_json::to_vec(&unsigned).unwrap_or_default());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite() -> (Invite, SigningKey) {
        let key = SigningKey::from_bytes(&[5; 32]);
        let invite = Invite {
            name: "hospital".into(),
            address: "127.0.0.1:9000".into(),
            format: Format::Hushgate,
            sealing_key: Some(BASE64.encode(&[1; 32])),
            receipt_key: Some(BASE64.encode(&key.verifying_key().to_bytes())),
            code: Some(BASE64.encode(&[2; 32])),
            code_until_ms: Some(7),
            envelope_bytes: 1024,
            signature: None,
        };
        (invite, key)
    }

    #[test]
    fn an_invite_survives_its_file_and_notices_a_change() {
        let (invite, key) = invite();
        let invite = invite.signed(&key);
        let text = toml::to_string(&invite).unwrap();
        let read: Invite = toml::from_str(&text).unwrap();
        assert_eq!(read, invite);
        assert_eq!(read.keys().unwrap().sealing, [1; 32]);
        let changed = Invite { address: "127.0.0.1:9001".into(), ..read.clone() };
        assert_eq!(changed.keys(), Err(InviteError::Changed));
        let unsigned = Invite { signature: None, ..read };
        assert_eq!(unsigned.keys(), Err(InviteError::Changed));
    }
}
