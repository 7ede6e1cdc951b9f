//! What a gateway tells a hub besides releases: short, sealed as releases are, each kind under a label of its own.
//!
//! Layout, always [`BYTES`] long: version (1 byte, `1`) · sender's key id (8) · a number (16) · HPKE encapsulated key (32) ·
//! ciphertext. The first three are authenticated with it.
//!
//! # Promises
//!
//! - Only the gateway can have made it, and only the hub can open it; one kind is never taken for another.
//! - As large as the smallest usual envelope: its size does not tell the network what it is.

use super::envelope::{
    ENCAPPED_BYTES, EnvelopeError, HEAD_BYTES, ReleaseId, Sealer, TAG_BYTES, open_auth, read_head,
};
use crate::keys::SealingKey;

/// The size of each.
pub const BYTES: usize = 1024;
/// How much there is room for inside.
pub const PLAIN_BYTES: usize = BYTES - HEAD_BYTES - ENCAPPED_BYTES - TAG_BYTES;

/// Seals `plain` and zeros after it to `recipient`, under the label `info`.
pub(super) fn seal(
    sealer: &Sealer,
    recipient: &[u8; 32],
    (info, id): (&[u8], ReleaseId),
    mut plain: Vec<u8>,
) -> Result<Vec<u8>, EnvelopeError> {
    if plain.len() > PLAIN_BYTES {
        return Err(EnvelopeError::Seal);
    }
    plain.resize(PLAIN_BYTES, 0);
    sealer.seal_auth(recipient, (info, id), &plain)
}

/// One whose parts were found, and nothing more: it may be anybody's.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    bytes: &'a [u8],
    /// Who it says has sealed it.
    pub key_id: [u8; 8],
    /// Its number.
    pub id: ReleaseId,
}

impl<'a> Letter<'a> {
    /// Finds the parts.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        let head = read_head(bytes).filter(|_| bytes.len() == BYTES);
        let (key_id, id) = head.ok_or(EnvelopeError::Malformed)?;
        Ok(Self { bytes, key_id, id })
    }

    /// Opens it as from `sender`, with the zeros.
    pub(super) fn open(
        &self,
        (recipient, sender): (&SealingKey, &[u8; 32]),
        info: &[u8],
    ) -> Result<Vec<u8>, EnvelopeError> {
        open_auth((recipient, sender), info, self.bytes)
    }
}
