//! One sealed, numbered release.
//!
//! Layout: version (1 byte, `1`) · sender's key id (8) · release id (16) · HPKE encapsulated key (32) ·
//! ciphertext. The first three are authenticated with it. A body carries several, each behind its length as
//! four bytes, big end first.

use super::withdrawal::GrantTag;
use crate::keys::{PublicKey, SealingKey};
use data_encoding::HEXLOWER;
use hpke::{
    Deserializable, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305, kdf::HkdfSha256,
    kem::X25519HkdfSha256 as Kem,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// The largest envelope that is accepted, in bytes.
pub const ENVELOPE_BYTES_MAX: usize = 64 << 10;
/// The most envelopes in one body.
pub const ENVELOPES_MAX: usize = 256;

const VERSION: u8 = 1;
pub(super) const HEAD_BYTES: usize = 1 + 8 + 16;
pub(super) const ENCAPPED_BYTES: usize = 32;
pub(super) const TAG_BYTES: usize = 16;
const INFO: &[u8] = b"hushgate release v1";

/// Numbers a release for ever, at random.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReleaseId(pub [u8; 16]);

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Names a gateway by its public key: the first 8 bytes of its SHA-256.
pub fn key_id(public: &[u8; 32]) -> [u8; 8] {
    let digest: [u8; 32] = Sha256::digest(public).into();
    let mut id = [0; 8];
    id.copy_from_slice(&digest[..8]);
    id
}

/// What is to be sealed.
#[derive(Clone, Copy, Debug)]
pub struct Parcel<'a> {
    /// Its number.
    pub id: ReleaseId,
    /// What the recipient will read.
    pub content: &'a Content,
    /// The envelope will have this many bytes or a multiple of it,
    pub size: usize,
    /// and no fewer than this many.
    pub size_min: usize,
}

/// What a recipient reads after opening.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Content {
    /// What the gateway calls the device towards this recipient.
    pub device: String,
    /// What for.
    pub purpose: String,
    /// When, in milliseconds since 1970; coarse, as the grant's slots are.
    pub at_ms: i64,
    /// How long the recipient may keep it, in milliseconds.
    pub keep_ms: i64,
    /// What a withdrawal will name it by; older gateways say none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<GrantTag>,
    /// What was released.
    pub fields: Vec<ContentField>,
}

/// One released field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContentField {
    /// Its path.
    pub path: String,
    /// Its UCUM unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Its value.
    pub value: ContentValue,
}

/// A released value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ContentValue {
    /// True or false.
    Flag(bool),
    /// A number in the field's unit.
    Number(f64),
    /// One of the texts that the grant names.
    Choice(String),
}

/// Why bytes are not a release for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// They are no envelope, or too many or too large.
    #[error("not an envelope of this version")]
    Malformed,
    /// They could not be sealed.
    #[error("could not be sealed")]
    Seal,
    /// They were not made by this sender for this recipient, or were changed.
    #[error("not sealed by this sender for this recipient")]
    Foreign,
}

/// The sender's side: who seals, and for whom.
pub struct Sealer {
    key: SealingKey,
    public: PublicKey,
    key_id: [u8; 8],
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer([hidden])")
    }
}

impl Sealer {
    /// Seals in the name of this pair.
    pub fn new((key, public): (SealingKey, PublicKey)) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(&public.to_bytes());
        Self { key, key_id: key_id(&bytes), public }
    }

    /// Seals `parcel` to `recipient`.
    pub fn seal(&self, recipient: &[u8; 32], parcel: Parcel<'_>) -> Result<Vec<u8>, EnvelopeError> {
        let Parcel { id, content, size, size_min } = parcel;
        let mut plain = serde_json::to_vec(content).map_err(|_| EnvelopeError::Seal)?;
        let fixed = HEAD_BYTES + ENCAPPED_BYTES + TAG_BYTES;
        // The recipient's multiple first: a larger one in its place would tell the length between two of them.
        let total = (plain.len() + fixed).next_multiple_of(size.max(256)).max(size_min);
        if total > ENVELOPE_BYTES_MAX {
            return Err(EnvelopeError::Seal);
        }
        // JSON ignores spaces after it.
        plain.resize(total - fixed, b' ');
        self.seal_auth(recipient, (INFO, id), &plain)
    }

    /// The whole of a message that carries `plain` under a label.
    pub(super) fn seal_auth(
        &self,
        recipient: &[u8; 32],
        (info, id): (&[u8], ReleaseId),
        plain: &[u8],
    ) -> Result<Vec<u8>, EnvelopeError> {
        let recipient = PublicKey::from_bytes(recipient).map_err(|_| EnvelopeError::Seal)?;
        let head = head(&self.key_id, id);
        let mode = OpModeS::Auth((self.key.clone(), self.public.clone()));
        let (encapped, sealed) = hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, Kem>(
            &mode, &recipient, info, plain, &head,
        )
        .map_err(|_| EnvelopeError::Seal)?;
        Ok([&head[..], &encapped.to_bytes(), &sealed].concat())
    }
}

fn head(key_id: &[u8; 8], id: ReleaseId) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    head[0] = VERSION;
    head[1..9].copy_from_slice(key_id);
    head[9..].copy_from_slice(&id.0);
    head
}

/// The sender's key id and the number that stand before what is sealed, if it is of this version.
pub(super) fn read_head(bytes: &[u8]) -> Option<([u8; 8], ReleaseId)> {
    let (key_id, rest) = bytes.strip_prefix(&[VERSION])?.split_first_chunk()?;
    Some((*key_id, ReleaseId(*rest.first_chunk()?)))
}

/// An envelope whose parts were found, and nothing more: it may be anybody's.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// All of it.
    pub bytes: &'a [u8],
    /// Who it says has sealed it.
    pub key_id: [u8; 8],
    /// Its number.
    pub id: ReleaseId,
}

impl<'a> Envelope<'a> {
    /// Finds the parts.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        let long_enough = bytes.len() >= HEAD_BYTES + ENCAPPED_BYTES + TAG_BYTES;
        if !long_enough || bytes.len() > ENVELOPE_BYTES_MAX {
            return Err(EnvelopeError::Malformed);
        }
        let (key_id, id) = read_head(bytes).ok_or(EnvelopeError::Malformed)?;
        Ok(Self { bytes, key_id, id })
    }

    /// Opens it as from `sender`.
    pub fn open(
        &self,
        recipient: &SealingKey,
        sender: &[u8; 32],
    ) -> Result<Content, EnvelopeError> {
        let plain = open_auth((recipient, sender), INFO, self.bytes)?;
        serde_json::from_slice(&plain).map_err(|_| EnvelopeError::Malformed)
    }

    /// SHA-256 of all of it: what a receipt signs for.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.bytes).into()
    }
}

/// What [`Sealer::seal_auth`] sealed under this label, whose parts were found before.
pub(super) fn open_auth(
    (recipient, sender): (&SealingKey, &[u8; 32]),
    info: &[u8],
    message: &[u8],
) -> Result<Vec<u8>, EnvelopeError> {
    let foreign = |_| EnvelopeError::Foreign;
    let malformed = EnvelopeError::Malformed;
    let (head, rest) = message.split_at_checked(HEAD_BYTES).ok_or(malformed)?;
    let (encapped, sealed) = rest.split_at_checked(ENCAPPED_BYTES).ok_or(malformed)?;
    let encapped = <Kem as hpke::Kem>::EncappedKey::from_bytes(encapped).map_err(foreign)?;
    let sender = PublicKey::from_bytes(sender).map_err(foreign)?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, Kem>(
        &OpModeR::Auth(sender),
        recipient,
        &encapped,
        info,
        sealed,
        head,
    )
    .map_err(foreign)
}

/// Puts envelopes into one body.
pub fn pack<'a>(envelopes: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut body = Vec::new();
    for envelope in envelopes {
        body.extend_from_slice(&u32::try_from(envelope.len()).unwrap_or(u32::MAX).to_be_bytes());
        body.extend_from_slice(envelope);
    }
    body
}

/// Finds the envelopes in a body.
pub fn unpack(mut body: &[u8]) -> Result<Vec<Envelope<'_>>, EnvelopeError> {
    let mut envelopes = Vec::new();
    while !body.is_empty() {
        let (length, rest) = body.split_first_chunk().ok_or(EnvelopeError::Malformed)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let (envelope, rest) = rest.split_at_checked(length).ok_or(EnvelopeError::Malformed)?;
        if envelopes.len() == ENVELOPES_MAX {
            return Err(EnvelopeError::Malformed);
        }
        envelopes.push(Envelope::parse(envelope)?);
        body = rest;
    }
    Ok(envelopes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Keys;

    fn keys() -> Keys {
        Keys::create(&tempfile::tempdir().unwrap().path().join("seed")).unwrap()
    }

    fn content(device: &str) -> Content {
        let value = ContentValue::Number(70.0);
        let fields =
            vec![ContentField { path: "heart-rate".into(), unit: Some("/min".into()), value }];
        Content {
            device: device.into(),
            purpose: "p".into(),
            at_ms: 1,
            keep_ms: 2,
            tag: None,
            fields,
        }
    }

    fn parcel(id: ReleaseId, content: &Content, size: usize) -> Parcel<'_> {
        Parcel { id, content, size, size_min: 0 }
    }

    #[test]
    fn only_the_recipient_opens_and_only_as_from_the_sender() {
        let (gateway, hub, other) = (keys(), keys(), keys());
        let id = ReleaseId([7; 16]);
        let sealer = Sealer::new(gateway.sealing());
        let bytes =
            sealer.seal(&hub.sealing_public(), parcel(id, &content("pacemaker"), 1024)).unwrap();
        let it = Envelope::parse(&bytes).unwrap();
        assert_eq!((it.id, it.key_id), (id, key_id(&gateway.sealing_public())));
        let open = |by: &Keys, from: &Keys| it.open(&by.sealing().0, &from.sealing_public());
        assert_eq!(open(&hub, &gateway), Ok(content("pacemaker")));
        assert_eq!(open(&other, &gateway), Err(EnvelopeError::Foreign));
        assert_eq!(open(&hub, &other), Err(EnvelopeError::Foreign));
    }

    #[test]
    fn a_change_anywhere_is_noticed() {
        let (gateway, hub) = (keys(), keys());
        let sealer = Sealer::new(gateway.sealing());
        let id = ReleaseId([7; 16]);
        let good =
            sealer.seal(&hub.sealing_public(), parcel(id, &content("pacemaker"), 256)).unwrap();
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 0x40;
            let opened = Envelope::parse(&bytes)
                .and_then(|it| it.open(&hub.sealing().0, &gateway.sealing_public()));
            assert!(opened.is_err(), "byte {at} was changed unnoticed");
        }
    }

    #[test]
    fn all_envelopes_have_one_size() {
        let (gateway, hub) = (keys(), keys());
        let sealer = Sealer::new(gateway.sealing());
        let size = |device: &str| {
            let id = ReleaseId([7; 16]);
            sealer.seal(&hub.sealing_public(), parcel(id, &content(device), 1024)).unwrap().len()
        };
        assert_eq!((size("p"), size("a-much-longer-name")), (1024, 1024));
    }

    #[test]
    fn a_body_is_taken_apart_or_refused() {
        let one = [&[VERSION][..], &[0; 80]].concat();
        let body = pack([one.as_slice(), one.as_slice()].into_iter());
        assert_eq!(unpack(&body).unwrap().len(), 2);
        for cut in (1..body.len()).filter(|it| *it != body.len() / 2) {
            assert!(unpack(&body[..cut]).is_err(), "cut at {cut}");
        }
        assert!(unpack(&[0xff; 8]).is_err());
        let many = pack(std::iter::repeat_n(one.as_slice(), ENVELOPES_MAX + 1));
        assert!(unpack(&many).is_err());
    }
}
