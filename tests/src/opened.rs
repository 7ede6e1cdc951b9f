//! Opens what comes to a hub with the hub's own key, by the wire format alone: everything that a recipient can see.

use data_encoding::{HEXLOWER, HEXUPPER};
use hmac::{Hmac, Mac};
use hpke::{
    Deserializable, Kem as _, OpModeR, aead::ChaCha20Poly1305, kdf::HkdfSha256,
    kem::X25519HkdfSha256 as Kem,
};
use rusqlite::Connection;
use sha2::Sha256;
use std::{fs, path::Path};

/// A hub's key, and that of the gateway it knows.
pub struct Opener {
    key: <Kem as hpke::Kem>::PrivateKey,
    sender: <Kem as hpke::Kem>::PublicKey,
}

/// One release as its recipient sees it.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its number, in upper-case hexadecimal digits.
    pub release: String,
    /// How large its envelope is.
    pub bytes: usize,
    /// All that it says.
    pub content: serde_json::Value,
}

impl Opener {
    /// The key of the hub in this home, and that of the one gateway in its store.
    #[must_use]
    pub fn of(hub_dir: &Path, store: &Connection) -> Self {
        let seed = fs::read_to_string(hub_dir.join("keys/seed")).unwrap();
        let seed = HEXLOWER.decode(seed.trim().as_bytes()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&seed).unwrap();
        mac.update(b"hushgate sealing v1");
        let (key, _) = Kem::derive_keypair(&mac.finalize().into_bytes());
        let sender: Vec<u8> =
            store.query_row("SELECT key FROM gateway", [], |row| row.get(0)).unwrap();
        let sender = Deserializable::from_bytes(&sender).unwrap();
        Self { key, sender }
    }

    /// The releases of one body, in order.
    #[must_use]
    pub fn open(&self, mut body: &[u8]) -> Vec<Opened> {
        let mut all = Vec::new();
        while let Some((length, rest)) = body.split_first_chunk() {
            let (envelope, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
            all.push(self.one(envelope));
            body = rest;
        }
        all
    }

    /// Version, sender and number stand before the encapsulated key.
    fn one(&self, envelope: &[u8]) -> Opened {
        let (head, rest) = envelope.split_at(25);
        let (encapped, sealed) = rest.split_at(32);
        let encapped = <Kem as hpke::Kem>::EncappedKey::from_bytes(encapped).unwrap();
        let mode = OpModeR::Auth(self.sender.clone());
        let plain = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, Kem>(
            &mode,
            &self.key,
            &encapped,
            b"hushgate release v1",
            sealed,
            head,
        )
        .unwrap();
        let content = serde_json::from_slice(&plain).unwrap();
        Opened { release: HEXUPPER.encode(&head[9..]), bytes: envelope.len(), content }
    }
}
