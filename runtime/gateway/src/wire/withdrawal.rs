//! How a hub is told that a consent was withdrawn, and how it signs that it deleted what it had from it.
//!
//! Inside the [letter]: the tag (16) · when (8, milliseconds since 1970, big end first).
//!
//! # Promises
//!
//! - Only the gateway that sent the releases can have made it.

use super::{
    envelope::{EnvelopeError, ReleaseId, Sealer},
    letter::{self, Letter},
};
use crate::keys::SealingKey;
use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

const INFO: &[u8] = b"hushgate withdrawal v1";
const TAG_BYTES: usize = 16;

/// What releases of one consent have in common towards one recipient, who can tell nothing else by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GrantTag(pub [u8; TAG_BYTES]);

impl Serialize for GrantTag {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&HEXLOWER.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for GrantTag {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(serde::de::Error::custom)?;
        let bytes = bytes.as_slice().try_into().map_err(serde::de::Error::custom)?;
        Ok(Self(bytes))
    }
}

/// What a hub is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Its number, at random: the hub's answer speaks of it.
    pub id: ReleaseId,
    /// The consent that ended.
    pub tag: GrantTag,
    /// When it was noticed, in milliseconds since 1970.
    pub at_ms: i64,
}

impl Withdrawal {
    /// Seals it to `recipient`.
    pub fn seal(&self, sealer: &Sealer, recipient: &[u8; 32]) -> Result<Vec<u8>, EnvelopeError> {
        let plain = [&self.tag.0[..], &self.at_ms.to_be_bytes()].concat();
        letter::seal(sealer, recipient, (INFO, self.id), plain)
    }

    /// Opens a letter as one from `sender`.
    pub fn open(
        letter: &Letter<'_>,
        recipient: &SealingKey,
        sender: &[u8; 32],
    ) -> Result<Self, EnvelopeError> {
        let plain = letter.open((recipient, sender), INFO)?;
        let (tag, rest) = plain.split_first_chunk().ok_or(EnvelopeError::Malformed)?;
        let (at, _) = rest.split_first_chunk().ok_or(EnvelopeError::Malformed)?;
        Ok(Self { id: letter.id, tag: GrantTag(*tag), at_ms: i64::from_be_bytes(*at) })
    }
}

/// What a hub signs: that it has nothing of this consent any more, and takes nothing of it again.
///
/// Ed25519 (RFC 8032) over `hushgate deletion v1`, the withdrawal's number, the tag, how many values were deleted and
/// when (both 8 bytes, big end first).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Deletion {
    /// The withdrawal's number, in hexadecimal.
    pub withdrawal: String,
    /// How many values were deleted.
    pub values: u64,
    /// When, by the hub's clock, in milliseconds since 1970.
    pub at_ms: i64,
    /// The signature, in Base64.
    pub signature: String,
}

/// How long [`Deletion::verify`]'s proof is.
const PROOF_BYTES: usize = 8 + 8 + 64;

fn signed((id, tag): (ReleaseId, GrantTag), values: u64, at_ms: i64) -> Vec<u8> {
    let numbers = [values.to_be_bytes(), at_ms.to_be_bytes()].concat();
    [&b"hushgate deletion v1"[..], &id.0, &tag.0, &numbers].concat()
}

impl Deletion {
    /// Signs that so many values of the consent `tag` were deleted, as the withdrawal `id` asks.
    pub fn sign(
        key: &SigningKey,
        (id, tag): (ReleaseId, GrantTag),
        values: u64,
        at_ms: i64,
    ) -> Self {
        let signature = key.sign(&signed((id, tag), values, at_ms)).to_bytes();
        let signature = BASE64.encode(&signature);
        Self { withdrawal: id.to_string(), values, at_ms, signature }
    }

    /// What the ledger keeps, if it is good for `withdrawal`: values, time and signature.
    pub fn verify(&self, key: &[u8; 32], withdrawal: (ReleaseId, GrantTag)) -> Option<Vec<u8>> {
        let signature = BASE64.decode(self.signature.as_bytes()).ok()?;
        let numbers = [self.values.to_be_bytes(), self.at_ms.to_be_bytes()].concat();
        let proof = [numbers, signature].concat();
        let same = self.withdrawal == withdrawal.0.to_string();
        (same && verify(key, withdrawal, &proof).is_some()).then_some(proof)
    }
}

/// How many values the hub deleted, if `proof` is its word for `withdrawal`.
pub fn verify(key: &[u8; 32], withdrawal: (ReleaseId, GrantTag), proof: &[u8]) -> Option<u64> {
    let proof: &[u8; PROOF_BYTES] = proof.try_into().ok()?;
    let (values, rest) = proof.split_first_chunk()?;
    let (at, signature) = rest.split_first_chunk()?;
    let (values, at_ms) = (u64::from_be_bytes(*values), i64::from_be_bytes(*at));
    let signature = Signature::from_slice(signature).ok()?;
    let key = VerifyingKey::from_bytes(key).ok()?;
    key.verify_strict(&signed(withdrawal, values, at_ms), &signature).ok()?;
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Keys;

    fn keys() -> Keys {
        Keys::create(&tempfile::tempdir().unwrap().path().join("seed")).unwrap()
    }

    const ASKED: Withdrawal =
        Withdrawal { id: ReleaseId([7; 16]), tag: GrantTag([8; 16]), at_ms: 9 };

    #[test]
    fn only_the_recipient_opens_and_only_as_from_the_sender() {
        let (gateway, hub, other) = (keys(), keys(), keys());
        let bytes = ASKED.seal(&Sealer::new(gateway.sealing()), &hub.sealing_public()).unwrap();
        assert_eq!(bytes.len(), letter::BYTES);
        let it = Letter::parse(&bytes).unwrap();
        let open =
            |by: &Keys, from: &Keys| Withdrawal::open(&it, &by.sealing().0, &from.sealing_public());
        assert_eq!(open(&hub, &gateway), Ok(ASKED));
        assert_eq!(open(&other, &gateway), Err(EnvelopeError::Foreign));
        assert_eq!(open(&hub, &other), Err(EnvelopeError::Foreign));
    }

    #[test]
    fn a_change_anywhere_is_noticed() {
        let (gateway, hub) = (keys(), keys());
        let good = ASKED.seal(&Sealer::new(gateway.sealing()), &hub.sealing_public()).unwrap();
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 0x40;
            let opened = Letter::parse(&bytes)
                .and_then(|it| Withdrawal::open(&it, &hub.sealing().0, &gateway.sealing_public()));
            assert!(opened.is_err(), "byte {at} was changed unnoticed");
        }
        assert!(Letter::parse(&good[1..]).is_err());
        assert!(Letter::parse(&[]).is_err());
    }

    #[test]
    fn a_release_is_no_withdrawal_of_the_same_size() {
        let (gateway, hub) = (keys(), keys());
        let sealer = Sealer::new(gateway.sealing());
        let plain = [0; letter::PLAIN_BYTES];
        let release = sealer
            .seal_auth(&hub.sealing_public(), (b"hushgate release v1", ASKED.id), &plain)
            .unwrap();
        let it = Letter::parse(&release).unwrap();
        let opened = Withdrawal::open(&it, &hub.sealing().0, &gateway.sealing_public());
        assert_eq!(opened, Err(EnvelopeError::Foreign));
    }

    #[test]
    fn a_deletion_is_good_for_one_withdrawal_one_count_and_one_hub() {
        let key = SigningKey::from_bytes(&[5; 32]);
        let (public, asked) = (key.verifying_key().to_bytes(), (ASKED.id, ASKED.tag));
        let good = Deletion::sign(&key, asked, 12, 34);
        let proof = good.verify(&public, asked).unwrap();
        assert_eq!(verify(&public, asked, &proof), Some(12));
        for other in [(ReleaseId([1; 16]), ASKED.tag), (ASKED.id, GrantTag([1; 16]))] {
            assert_eq!(good.verify(&public, other), None);
            assert_eq!(verify(&public, other, &proof), None);
        }
        let changed = [
            Deletion { values: 13, ..good.clone() },
            Deletion { at_ms: 35, ..good.clone() },
            Deletion { withdrawal: ReleaseId([1; 16]).to_string(), ..good.clone() },
            Deletion { signature: String::new(), ..good.clone() },
        ];
        changed.iter().for_each(|it| assert_eq!(it.verify(&public, asked), None, "{it:?}"));
        let other = SigningKey::from_bytes(&[6; 32]).verifying_key().to_bytes();
        assert_eq!(good.verify(&other, asked), None);
    }
}
