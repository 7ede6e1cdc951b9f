//! The service data of an advertisement: who may read it, and whether it is what its device sent.
//!
//! # Promises
//!
//! - With a key, nothing comes out that was not authenticated with it.
//! - Without a key, nothing comes out that was encrypted.

use std::borrow::Cow;

use aes::Aes128;
use ccm::{
    Ccm,
    aead::{AeadInOut, KeyInit},
    consts::{U4, U13},
};
use hushgate_sdk::{
    adapter::DecodeError,
    bytes::{self, Bytes},
};

use crate::{malformed, same, unsupported};

/// What an extended advertisement has room for behind length, type and UUID.
const BYTES_MAX: usize = 252;

/// As it stands in the air. Some hand it on with the data; no device information begins with this byte.
const UUID: [u8; 2] = [0xD2, 0xFC];

const ENCRYPTED: u8 = 1;
/// Reserved today. Firmware of 2023 put its address behind it, and the reference implementation reads it still.
const MAC_INCLUDED: u8 = 1 << 1;
const VERSION: u8 = 2;

/// The address of a device, the first byte as people write it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mac([u8; 6]);

impl Mac {
    /// Twelve hexadecimal digits, with colons or hyphens between the bytes or without.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_between = |digit: &u8| matches!(digit, b':' | b'-');
        let mut digits = text.bytes().filter(|digit| text.len() == 12 || !is_between(digit));
        let mut mac = [0; 6];
        for byte in &mut mac {
            *byte = bytes::of_digits(digits.next()?, digits.next()?)?;
        }
        (matches!(text.len(), 12 | 17) && digits.next().is_none()).then_some(Self(mac))
    }
}

/// What a device encrypts with.
#[derive(Debug)]
pub(crate) struct BindKey(Ccm<Aes128, U4, U13>);

impl BindKey {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let key: [u8; 16] = bytes::of_hex(text.as_bytes()).ok()?.try_into().ok()?;
        Some(Self(Ccm::new(&key.into())))
    }

    fn decrypt(
        &self,
        rest: &[u8],
        information: u8,
        Mac(mac): Mac,
    ) -> Result<Plain<'static>, DecodeError> {
        let too_short = || malformed("it ends before the counter and the code");
        let (rest, code) = rest.split_last_chunk::<4>().ok_or_else(too_short)?;
        let (objects, counter) = rest.split_last_chunk::<4>().ok_or_else(too_short)?;
        let mut nonce = [0; 13];
        let parts = mac.iter().chain(&UUID).chain([&information]).chain(counter);
        for (place, byte) in nonce.iter_mut().zip(parts) {
            *place = *byte;
        }
        let mut objects = objects.to_vec();
        self.0
            .decrypt_inout_detached(
                &nonce.into(),
                &[],
                objects.as_mut_slice().into(),
                &(*code).into(),
            )
            .map_err(|_| malformed("it was altered, or encrypted with another key"))?;
        Ok(Plain { objects: Cow::Owned(objects), counter: Some(u32::from_le_bytes(*counter)) })
    }
}

/// What a device sent, readable.
#[derive(Debug)]
pub(crate) struct Plain<'a> {
    pub(crate) objects: Cow<'a, [u8]>,
    /// Of an encrypted frame: it must grow.
    pub(crate) counter: Option<u32>,
}

pub(crate) fn open<'a>(
    service_data: &'a [u8],
    mac: Option<Mac>,
    key: Option<&BindKey>,
) -> Result<Plain<'a>, DecodeError> {
    let mut bytes = Bytes::new(service_data.strip_prefix(&UUID).unwrap_or(service_data));
    if bytes.rest().len() > BYTES_MAX {
        return Err(malformed("it is longer than an advertisement may be"));
    }
    let information = bytes.u8()?;
    if information >> 5 != VERSION {
        return Err(unsupported("it is of another version than 2"));
    }
    let mac = if information & MAC_INCLUDED == 0 {
        mac
    } else {
        let mut included: [u8; 6] = bytes.array()?;
        included.reverse();
        same(mac, Some(Mac(included)))?
    };
    match (information & ENCRYPTED != 0, key) {
        (false, None) => Ok(Plain { objects: Cow::Borrowed(bytes.rest()), counter: None }),
        (false, Some(_)) => Err(unsupported("its device has a bind key, and it is not encrypted")),
        (true, None) => Err(unsupported("it is encrypted, and there is no bind key")),
        (true, Some(key)) => {
            let mac = mac.ok_or_else(|| unsupported("the address of its device is not known"))?;
            key.decrypt(bytes.rest(), information, mac)
        }
    }
}
