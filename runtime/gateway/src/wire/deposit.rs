//! What a gateway has a hub keep for it: a checkpoint of its ledger that the hub cannot read.
//!
//! Inside the [letter]: how long it is (2 bytes, big end first) · what is kept.
//!
//! # Promises
//!
//! - It tells a hub nothing: size and root of a ledger would tell how much happens in a home, and that two hubs hear from one
//!   home. What is kept was sealed by the gateway for itself, with new chance each time.

use super::{
    envelope::{EnvelopeError, ReleaseId, Sealer},
    letter::{self, Letter},
};
use crate::keys::{SealingKey, random};

const INFO: &[u8] = b"hushgate deposit v1";
/// The most that is kept of one.
pub const KEPT_BYTES_MAX: usize = letter::PLAIN_BYTES - 2;

/// Seals `kept` to `recipient`.
pub fn seal(sealer: &Sealer, recipient: &[u8; 32], kept: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    let length = u16::try_from(kept.len()).map_err(|_| EnvelopeError::Seal)?;
    let id = ReleaseId(random().map_err(|_| EnvelopeError::Seal)?);
    let plain = [&length.to_be_bytes()[..], kept].concat();
    letter::seal(sealer, recipient, (INFO, id), plain)
}

/// What is to be kept, if `sender` sealed it.
pub fn open(
    letter: &Letter<'_>,
    recipient: &SealingKey,
    sender: &[u8; 32],
) -> Result<Vec<u8>, EnvelopeError> {
    let plain = letter.open((recipient, sender), INFO)?;
    let (length, rest) = plain.split_first_chunk().ok_or(EnvelopeError::Malformed)?;
    let kept = rest.get(..usize::from(u16::from_be_bytes(*length)));
    kept.filter(|it| !it.is_empty()).map(<[u8]>::to_vec).ok_or(EnvelopeError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{keys::Keys, wire::withdrawal::Withdrawal};

    fn keys() -> Keys {
        Keys::create(&tempfile::tempdir().unwrap().path().join("seed")).unwrap()
    }

    #[test]
    fn a_hub_gets_what_it_is_to_keep_from_that_gateway_alone() {
        let (gateway, hub, other) = (keys(), keys(), keys());
        let sealer = Sealer::new(gateway.sealing());
        for kept in [&b"k"[..], &[7; KEPT_BYTES_MAX]] {
            let bytes = seal(&sealer, &hub.sealing_public(), kept).unwrap();
            assert_eq!(bytes.len(), letter::BYTES);
            let letter = Letter::parse(&bytes).unwrap();
            let open = |from: &Keys| open(&letter, &hub.sealing().0, &from.sealing_public());
            assert_eq!(open(&gateway).as_deref(), Ok(kept));
            assert_eq!(open(&other), Err(EnvelopeError::Foreign));
            // Nor is it a withdrawal.
            let withdrawal = Withdrawal::open(&letter, &hub.sealing().0, &gateway.sealing_public());
            assert_eq!(withdrawal, Err(EnvelopeError::Foreign));
        }
        assert!(seal(&sealer, &hub.sealing_public(), &[7; KEPT_BYTES_MAX + 1]).is_err());
    }

    #[test]
    fn a_length_beyond_the_end_and_nothing_are_refused() {
        let (gateway, hub) = (keys(), keys());
        let sealer = Sealer::new(gateway.sealing());
        for length in [0_u16, u16::try_from(KEPT_BYTES_MAX + 1).unwrap(), u16::MAX] {
            let plain = length.to_be_bytes().to_vec();
            let id = ReleaseId([1; 16]);
            let bytes = letter::seal(&sealer, &hub.sealing_public(), (INFO, id), plain).unwrap();
            let letter = Letter::parse(&bytes).unwrap();
            let opened = open(&letter, &hub.sealing().0, &gateway.sealing_public());
            assert_eq!(opened, Err(EnvelopeError::Malformed), "{length}");
        }
    }
}
