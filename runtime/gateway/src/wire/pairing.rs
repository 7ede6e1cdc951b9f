//! How a gateway introduces itself to a hub, once: with the code of an invite.
//!
//! The gateway sends its public key and the code, sealed to the hub (HPKE base mode: the hub does not know the
//! gateway yet). The hub answers 204, or 403 when the code is unknown, used or over.

use crate::keys::{PublicKey, SealingKey};
use hpke::{
    Deserializable, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305, kdf::HkdfSha256,
    kem::X25519HkdfSha256 as Kem,
};
use sha2::{Digest, Sha256};

const INFO: &[u8] = b"hushgate pairing v1";
const ENCAPPED_BYTES: usize = 32;
const PLAIN_BYTES: usize = 64;

/// What a gateway says when it introduces itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Introduction {
    /// The gateway's sealing key.
    pub gateway: [u8; 32],
    /// SHA-256 of the invite's code: all that a hub keeps of it.
    pub code_hash: [u8; 32],
}

/// What a hub keeps of a code.
pub fn code_hash(code: &[u8; 32]) -> [u8; 32] {
    Sha256::digest(code).into()
}

/// Seals an introduction to the hub.
pub fn seal(hub: &[u8; 32], gateway: &[u8; 32], code: &[u8; 32]) -> Option<Vec<u8>> {
    let hub = PublicKey::from_bytes(hub).ok()?;
    let plain = [&gateway[..], code].concat();
    let (encapped, sealed) = hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, Kem>(
        &OpModeS::Base,
        &hub,
        INFO,
        &plain,
        b"",
    )
    .ok()?;
    Some([&encapped.to_bytes()[..], &sealed].concat())
}

/// Opens one at the hub.
pub fn open(hub: &SealingKey, bytes: &[u8]) -> Option<Introduction> {
    let (encapped, sealed) = bytes.split_at_checked(ENCAPPED_BYTES)?;
    let encapped = <Kem as hpke::Kem>::EncappedKey::from_bytes(encapped).ok()?;
    let plain = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, Kem>(
        &OpModeR::Base,
        hub,
        &encapped,
        INFO,
        sealed,
        b"",
    )
    .ok()?;
    let plain: [u8; PLAIN_BYTES] = plain.as_slice().try_into().ok()?;
    let (gateway, code) = plain.split_at(32);
    Some(Introduction {
        gateway: gateway.try_into().ok()?,
        code_hash: code_hash(code.try_into().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Keys;

    #[test]
    fn a_hub_learns_the_gateway_and_the_codes_hash() {
        let dir = tempfile::tempdir().unwrap();
        let hub = Keys::create(&dir.path().join("hub")).unwrap();
        let sealed = seal(&hub.sealing_public(), &[3; 32], &[4; 32]).unwrap();
        let read = open(&hub.sealing().0, &sealed).unwrap();
        assert_eq!(read, Introduction { gateway: [3; 32], code_hash: code_hash(&[4; 32]) });
        for cut in 0..sealed.len() {
            assert_eq!(open(&hub.sealing().0, &sealed[..cut]), None);
        }
    }
}
