//! Who signed a text: minisign (Ed25519 over BLAKE2b-512), checked without a network against keys that an owner wrote down.
//!
//! # Promises
//!
//! - Only a text that is byte for byte as one of the keys signed it has a signer.
//! - What is wrong with any other signature is told apart, and its place in the file; none makes the program fail.

use data_encoding::BASE64;
use minisign_verify::{Error, PublicKey, Signature};

/// The largest signature that is read, in bytes: more than minisign ever writes.
pub const BYTES_MAX: u64 = 16 << 10;

/// How many bytes a key is, and a signature: kind, number, and what counts.
const KEY_BYTES: usize = 42;
const SIGNATURE_BYTES: usize = 74;
/// And the second signature of a file, over the first and the trusted comment.
const GLOBAL_BYTES: usize = 64;

/// A minisign public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    text: String,
    key: PublicKey,
}

/// A text that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed<'a> {
    /// Whose signature it is.
    pub by: &'a Key,
    /// What its signer signed beside the text.
    pub comment: String,
}

/// Why nobody signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsigned {
    /// There is no signature.
    Missing,
    /// It is none, from this line on.
    Broken(usize),
    /// It is of the kind that minisign made before it hashed.
    Old,
    /// It is by a key with this number, which is none of those that count.
    Stranger(String),
    /// Text, signature or trusted comment are not as they were.
    Changed,
}

impl Key {
    /// Reads the second line of `minisign.pub`.
    pub fn parse(text: &str) -> Option<Self> {
        number(text, KEY_BYTES)?;
        let key = PublicKey::from_base64(text).ok()?;
        Some(Self { text: text.to_owned(), key })
    }

    /// As it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its number, as minisign writes it.
    pub fn number(&self) -> String {
        number(&self.text, KEY_BYTES).unwrap_or_default()
    }
}

/// Which of `keys` signed `text`.
pub fn signer<'a>(
    keys: &'a [Key],
    text: &str,
    signature: Option<&str>,
) -> Result<Signed<'a>, Unsigned> {
    let written = signature.ok_or(Unsigned::Missing)?;
    let broken = || Unsigned::Broken(broken_line(written));
    let signature = Signature::decode(written).map_err(|_| broken())?;
    let mut why = None;
    for key in keys {
        match key.key.verify(text.as_bytes(), &signature, false) {
            Ok(()) => {
                let comment = signature.trusted_comment().to_owned();
                return Ok(Signed { by: key, comment });
            }
            Err(Error::UnexpectedKeyId) => {}
            Err(Error::UnexpectedAlgorithm) => why = Some(Unsigned::Old),
            Err(_) => why = Some(Unsigned::Changed),
        }
    }
    let stranger = || number(line(written, 2), SIGNATURE_BYTES).map(Unsigned::Stranger);
    Err(why.or_else(stranger).unwrap_or_else(broken))
}

/// The number of the key in a key or a signature of so many bytes.
fn number(base64: &str, bytes: usize) -> Option<String> {
    let decoded = BASE64.decode(base64.as_bytes()).ok().filter(|it| it.len() == bytes)?;
    let number = decoded.get(2..10)?.try_into().ok()?;
    Some(format!("{:X}", u64::from_le_bytes(number)))
}

/// The first line of a signature that is not as minisign writes it.
fn broken_line(written: &str) -> usize {
    let is = |at: usize, bytes: usize| {
        BASE64.decode(line(written, at).as_bytes()).is_ok_and(|it| it.len() == bytes)
    };
    match () {
        () if line(written, 1).is_empty() => 1,
        () if !is(2, SIGNATURE_BYTES) => 2,
        () if !line(written, 3).starts_with("trusted comment: ") => 3,
        () if !is(4, GLOBAL_BYTES) => 4,
        // A kind of signature that nobody knows.
        () => 2,
    }
}

fn line(text: &str, at: usize) -> &str {
    text.lines().nth(at.saturating_sub(1)).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// From the README of minisign-verify, made by minisign.
    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    const OTHER: &str = "RWRq+nENg1AD3DgPVY/+WKbq5++RAkVKLUMZz2Z1blx4vkjRLP9uHNkh";
    const SIGNATURE: &str = "untrusted comment: signature from minisign secret key\n\
        RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n\
        trusted comment: timestamp:1633700835\tfile:test\tprehashed\n\
        wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==\n";

    fn keys(all: &[&str]) -> Vec<Key> {
        all.iter().map(|it| Key::parse(it).unwrap()).collect()
    }

    #[test]
    fn the_signer_is_the_key_that_signed_this_text() {
        let keys = keys(&[OTHER, KEY]);
        let signed = signer(&keys, "test", Some(SIGNATURE)).unwrap();
        assert_eq!((signed.by.text(), signed.by.number().as_str()), (KEY, "E7620F1842B4E81F"));
        assert_eq!(signed.comment, "timestamp:1633700835\tfile:test\tprehashed");
        assert_eq!(signer(&keys, "test", None), Err(Unsigned::Missing));
        assert_eq!(signer(&keys, "tesT", Some(SIGNATURE)), Err(Unsigned::Changed));
        let comment = SIGNATURE.replace("file:test", "file:text");
        assert_eq!(signer(&keys, "test", Some(&comment)), Err(Unsigned::Changed));
        let stranger = Unsigned::Stranger("E7620F1842B4E81F".into());
        assert_eq!(signer(&keys[..1], "test", Some(SIGNATURE)), Err(stranger));
    }

    #[test]
    fn every_bit_of_a_signature_counts_and_nothing_shorter_is_one() {
        let keys = keys(&[KEY]);
        // What stands before the first line's end, and a newline at the end, is not signed.
        let start = SIGNATURE.find('\n').unwrap() + 1;
        for bit in start * 8..(SIGNATURE.len() - 1) * 8 {
            let mut bytes = SIGNATURE.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(signer(&keys, "test", Some(&changed)).is_err(), "bit {bit}: {changed}");
        }
        for end in 0..SIGNATURE.len() - 1 {
            assert!(signer(&keys, "test", Some(&SIGNATURE[..end])).is_err(), "{end} bytes");
        }
    }

    #[test]
    fn what_is_no_signature_is_told_with_its_line() {
        let keys = keys(&[KEY]);
        let line = |text: &str| match signer(&keys, "test", Some(text)) {
            Err(Unsigned::Broken(line)) => line,
            other => panic!("{other:?}"),
        };
        assert_eq!(line(""), 1);
        assert_eq!(line("a\nb\nc\nd\n"), 2);
        assert_eq!(line(&SIGNATURE.replace("trusted comment: t", "comment: t")), 3);
        assert_eq!(line(&SIGNATURE[..SIGNATURE.len() - 20]), 4);
        // Not of a kind that there is, and of the old kind.
        assert_eq!(line(&SIGNATURE.replace("RUQf", "RUUf")), 2);
        let old = SIGNATURE.replace("RUQf", "RWQf");
        assert_eq!(signer(&keys, "test", Some(&old)), Err(Unsigned::Old));
    }

    #[test]
    fn a_key_is_one_or_none() {
        for wrong in ["", "RWQ", &KEY[..55], &format!("{KEY}\n"), &KEY.replace("RWQ", "AWQ")] {
            assert_eq!(Key::parse(wrong), None, "{wrong}");
        }
    }
}
