//! What is encrypted with which mode (EN 13757-7:2018, clause 7.6; OMS Vol. 2, chapter 9), and what counts.
//!
//! # Promises
//!
//! - Where a key is set and plain text is not allowed, only bytes that the key decrypts or authenticates are
//!   given back.

use hushgate_sdk::adapter::DecodeError;

use crate::{cipher::Key, link::Address, malformed, transport::Fragment, unsupported};

const BLOCK: usize = 16;
/// Fills a message up, and stands at its beginning to tell the right key from a wrong one.
const CHECK: [u8; 2] = [0x2F; 2];
/// Behind a derived key's input, as often as a block has room.
const KEY_PADDING: [u8; 7] = [7; 7];
const FOR_ENCRYPTION: u8 = 0;
const FOR_AUTHENTICATION: u8 = 1;

/// What the owner gave, and allows.
#[derive(Debug)]
pub(crate) struct Security {
    pub(crate) key: Option<Key>,
    pub(crate) plain_allowed: bool,
    /// The only meter that counts, in the order of the link layer.
    pub(crate) meter: Option<[u8; 4]>,
}

/// A message before it is decrypted: what its header says, and what is behind the header.
pub(crate) struct Sealed<'a> {
    pub(crate) address: Address,
    pub(crate) access_number: u8,
    pub(crate) configuration: u16,
    /// The extension of the configuration that mode 7 has.
    pub(crate) key_derivation: u8,
    /// From the CI field of the transport layer to the end.
    pub(crate) whole: &'a [u8],
    pub(crate) data: &'a [u8],
}

/// What counts of a message.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) records: Vec<u8>,
    /// Nobody but the meter can have made it.
    pub(crate) authenticated: bool,
}

impl Sealed<'_> {
    const fn mode(&self) -> u8 {
        (self.configuration >> 8 & 0x1F) as u8
    }

    /// How many bytes are encrypted.
    fn encrypted(&self) -> usize {
        usize::from(self.configuration >> 4 & 0x0F) * BLOCK
    }
}

impl Security {
    /// The records of a message without encryption of its own. `inside` something that was encrypted they count.
    pub(crate) fn plain(&self, data: &[u8], inside: bool) -> Result<Vec<u8>, DecodeError> {
        if inside || self.plain_allowed {
            return Ok(data.to_vec());
        }
        Err(unsupported("it is not encrypted"))
    }

    /// The records of a message that says how it is encrypted.
    pub(crate) fn open(
        &self,
        sealed: &Sealed,
        fragment: Option<&Fragment>,
        inside: bool,
    ) -> Result<Opened, DecodeError> {
        let unauthenticated = |records| Opened { records, authenticated: false };
        if sealed.mode() == 0 || (sealed.mode() == 5 && sealed.encrypted() == 0) {
            return self.plain(sealed.data, inside).map(unauthenticated);
        }
        if !matches!(sealed.mode(), 5 | 7) {
            return Err(unsupported("the mode of encryption is not known here"));
        }
        // Some receivers decrypt, and leave the header as it was.
        if self.plain_allowed && sealed.data.starts_with(&CHECK) {
            return Ok(unauthenticated(sealed.data.to_vec()));
        }
        let Some(key) = &self.key else {
            return Err(unsupported("it is encrypted, and no key is set"));
        };
        match (sealed.mode(), fragment) {
            (5, _) => self.open_mode_5(sealed, key).map(unauthenticated),
            (_, Some(fragment)) => open_mode_7(sealed, fragment, key)
                .map(|records| Opened { records, authenticated: true }),
            (_, None) => Err(malformed("what authenticates the message is missing")),
        }
    }

    /// CBC, from the address and the access number (OMS security profile A). Nothing authenticates it.
    fn open_mode_5(&self, sealed: &Sealed, key: &Key) -> Result<Vec<u8>, DecodeError> {
        let mut iv = [sealed.access_number; BLOCK];
        for (to, from) in iv.iter_mut().zip(sealed.address.bytes()) {
            *to = from;
        }
        let mut data = decrypted(sealed, key, iv)?;
        // Anybody can append records to a message that others encrypted.
        if !self.plain_allowed {
            data.truncate(sealed.encrypted());
        }
        Ok(data)
    }

    /// What follows the checksum in an extended link layer that is encrypted with CTR. The checksum, which is
    /// encrypted, too, tells the right key from a wrong one.
    pub(crate) fn open_link(
        &self,
        counter: [u8; BLOCK],
        data: &[u8],
        is_right: impl Fn(&[u8]) -> bool,
    ) -> Result<Vec<u8>, DecodeError> {
        // As above.
        if self.plain_allowed && is_right(data) {
            return Ok(data.to_vec());
        }
        let Some(key) = &self.key else {
            return Err(unsupported("it is encrypted, and no key is set"));
        };
        let mut data = data.to_vec();
        key.apply_ctr(counter, &mut data);
        if is_right(&data) { Ok(data) } else { Err(malformed("the key does not fit")) }
    }
}

/// CMAC over all of it and CBC from zero, with keys of this message alone (OMS security profile B).
fn open_mode_7(sealed: &Sealed, fragment: &Fragment, key: &Key) -> Result<Vec<u8>, DecodeError> {
    if sealed.key_derivation >> 4 & 3 != 1 {
        return Err(unsupported("the key is derived in a way that is not known here"));
    }
    let derived = |purpose: u8| {
        let mut input = vec![purpose];
        input.extend(fragment.counter.to_le_bytes());
        input.extend(sealed.address.id);
        input.extend(KEY_PADDING);
        Key::new(key.cmac(&input))
    };
    let mut covered = fragment.covered.clone();
    covered.extend(sealed.whole);
    let code = derived(FOR_AUTHENTICATION).cmac(&covered);
    let differences =
        code.iter().zip(&fragment.code).fold(0, |all, (ours, its)| all | (ours ^ its));
    if differences != 0 {
        return Err(malformed("the key does not fit, or the message was changed"));
    }
    decrypted(sealed, &derived(FOR_ENCRYPTION), [0; BLOCK])
}

fn decrypted(sealed: &Sealed, key: &Key, iv: [u8; BLOCK]) -> Result<Vec<u8>, DecodeError> {
    let mut data = sealed.data.to_vec();
    let encrypted = data
        .get_mut(..sealed.encrypted())
        .ok_or_else(|| malformed("it is shorter than what is encrypted"))?;
    key.decrypt_cbc(iv, encrypted);
    if sealed.encrypted() > 0 && !data.starts_with(&CHECK) {
        return Err(malformed("the key does not fit"));
    }
    Ok(data)
}
