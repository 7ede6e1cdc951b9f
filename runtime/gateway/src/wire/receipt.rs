//! The recipient's signature for what arrived.

use super::envelope::ReleaseId;
use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

/// A signature that says: the hub has this release and has stored it.
///
/// Ed25519 (RFC 8032) over `hushgate receipt v1`, the release id and the envelope's SHA-256.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The release's number, in hexadecimal.
    pub release: String,
    /// The signature, in Base64.
    pub signature: String,
}

/// A hub's answer to a body of releases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// One for each release that is now stored, new or repeated.
    pub receipts: Vec<Receipt>,
    /// Releases that the hub will never take, by number in hexadecimal.
    #[serde(default)]
    pub refused: Vec<String>,
}

fn signed(release: ReleaseId, digest: &[u8; 32]) -> Vec<u8> {
    [&b"hushgate receipt v1"[..], &release.0, digest].concat()
}

impl Receipt {
    /// Signs for `release`, whose envelope has `digest`.
    pub fn sign(key: &SigningKey, release: ReleaseId, digest: &[u8; 32]) -> Self {
        let signature = key.sign(&signed(release, digest)).to_bytes();
        Self { release: release.to_string(), signature: BASE64.encode(&signature) }
    }

    /// Which release it speaks of.
    pub fn release(&self) -> Option<ReleaseId> {
        parse_release(&self.release)
    }

    /// The signature's bytes, if it is good for `release`, whose envelope had `digest`.
    pub fn verify(
        &self,
        key: &[u8; 32],
        release: ReleaseId,
        digest: &[u8; 32],
    ) -> Option<[u8; 64]> {
        let bytes = BASE64.decode(self.signature.as_bytes()).ok()?;
        let bytes: [u8; 64] = bytes.as_slice().try_into().ok()?;
        verify(key, release, digest, &bytes).then_some(bytes)
    }
}

/// Whether `signature` is a receipt under `key` for `release`, whose envelope had `digest`.
pub fn verify(key: &[u8; 32], release: ReleaseId, digest: &[u8; 32], signature: &[u8; 64]) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(key) else { return false };
    key.verify_strict(&signed(release, digest), &Signature::from_bytes(signature)).is_ok()
}

/// Reads a release id in hexadecimal.
pub fn parse_release(text: &str) -> Option<ReleaseId> {
    let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
    Some(ReleaseId(bytes.as_slice().try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_good_for_one_release_one_envelope_and_one_hub() {
        let key = SigningKey::from_bytes(&[5; 32]);
        let public = key.verifying_key().to_bytes();
        let (release, digest) = (ReleaseId([1; 16]), [2; 32]);
        let receipt = Receipt::sign(&key, release, &digest);
        assert_eq!(receipt.release(), Some(release));
        assert!(receipt.verify(&public, release, &digest).is_some());
        assert!(receipt.verify(&public, ReleaseId([9; 16]), &digest).is_none());
        assert!(receipt.verify(&public, release, &[9; 32]).is_none());
        let other = SigningKey::from_bytes(&[6; 32]).verifying_key().to_bytes();
        assert!(receipt.verify(&other, release, &digest).is_none());
    }
}
