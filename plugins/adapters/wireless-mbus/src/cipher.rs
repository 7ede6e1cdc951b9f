//! AES-128 in the three ways that meters use it: CBC, CTR and CMAC.
//!
//! # Promises
//!
//! - A key is never shown.

use aes::{
    Aes128, Block,
    cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit},
};

const BLOCK: usize = 16;

/// A key, made ready.
#[derive(Debug)]
pub(crate) struct Key(Aes128);

impl Key {
    pub(crate) fn new(key: [u8; BLOCK]) -> Self {
        Self(Aes128::new(&key.into()))
    }

    /// Decrypts whole blocks; what is left over stays as it is.
    pub(crate) fn decrypt_cbc(&self, iv: [u8; BLOCK], data: &mut [u8]) {
        let mut previous = iv;
        for block in data.as_chunks_mut::<BLOCK>().0 {
            let mut plain = Block::from(*block);
            self.0.decrypt_block(&mut plain);
            let next = *block;
            *block = xor(plain.into(), previous);
            previous = next;
        }
    }

    /// Encrypts or decrypts; the counter counts in its last byte, which lasts for 4 KiB.
    pub(crate) fn apply_ctr(&self, mut counter: [u8; BLOCK], data: &mut [u8]) {
        for block in data.chunks_mut(BLOCK) {
            let stream = self.encrypt(counter);
            for (byte, key) in block.iter_mut().zip(stream) {
                *byte ^= key;
            }
            let [.., last] = &mut counter;
            *last = last.wrapping_add(1);
        }
    }

    /// The code of a message (RFC 4493).
    pub(crate) fn cmac(&self, message: &[u8]) -> [u8; BLOCK] {
        let subkey = doubled(self.encrypt([0; BLOCK]));
        let whole = message.len().saturating_sub(1) / BLOCK * BLOCK;
        let (before, last) = message.split_at_checked(whole).unwrap_or_default();
        let chained = before
            .as_chunks::<BLOCK>()
            .0
            .iter()
            .fold([0; BLOCK], |chained, block| self.encrypt(xor(chained, *block)));
        let last = match <[u8; BLOCK]>::try_from(last) {
            Ok(block) => xor(block, subkey),
            Err(_) => xor(padded(last), doubled(subkey)),
        };
        self.encrypt(xor(chained, last))
    }

    fn encrypt(&self, block: [u8; BLOCK]) -> [u8; BLOCK] {
        let mut block = Block::from(block);
        self.0.encrypt_block(&mut block);
        block.into()
    }
}

fn padded(rest: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    for (to, from) in block.iter_mut().zip(rest.iter().chain(&[0x80])) {
        *to = *from;
    }
    block
}

/// In the field of 2^128 elements.
fn doubled(block: [u8; BLOCK]) -> [u8; BLOCK] {
    let value = u128::from_be_bytes(block);
    let reduction = if value >> 127 == 0 { 0 } else { 0x87 };
    (value << 1 ^ reduction).to_be_bytes()
}

fn xor(left: [u8; BLOCK], right: [u8; BLOCK]) -> [u8; BLOCK] {
    (u128::from_ne_bytes(left) ^ u128::from_ne_bytes(right)).to_ne_bytes()
}

#[cfg(test)]
mod tests {
    use hushgate_sdk::bytes::of_hex;

    use super::*;

    /// RFC 4493, section 4.
    #[test]
    fn codes_of_messages_are_those_of_the_document() {
        let bytes = |hex: &str| of_hex(hex.as_bytes()).unwrap();
        let key = Key::new(bytes("2b7e151628aed2a6abf7158809cf4f3c").try_into().unwrap());
        let message = bytes(
            "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52ef\
             f69f2445df4f9b17ad2b417be66c3710",
        );
        for (length, code) in [
            (0, "bb1d6929e95937287fa37d129b756746"),
            (16, "070a16b46b4d4144f79bdd9dd04a287c"),
            (40, "dfa66747de9ae63030ca32611497c827"),
            (64, "51f0bebf7e3b9d92fc49741779363cfe"),
        ] {
            assert_eq!(key.cmac(&message[..length]).to_vec(), bytes(code), "{length} bytes");
        }
    }
}
