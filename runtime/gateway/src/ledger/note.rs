//! Signed notes (C2SP signed-note) with Ed25519: a text, and who signed it.

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

const SIGNATURE: &str = "\u{2014} ";
const ED25519: u8 = 1;
/// The most bytes of a note that is read, and the most signatures.
pub const NOTE_BYTES_MAX: usize = 16 << 10;
const SIGNATURES_MAX: usize = 16;

/// A name and its public key: whose signature is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: [u8; 32],
}

impl Verifier {
    /// Of a name, in which no space and no `+` is.
    pub fn new(name: impl Into<String>, key: [u8; 32]) -> Self {
        Self { name: name.into(), key }
    }

    /// Of a gateway, whose name holds its key's hash: no two have one name.
    pub fn of_gateway(key: [u8; 32]) -> Self {
        Self::new(format!("hushgate/{}", HEXLOWER.encode(&Sha256::digest(key)[..8])), key)
    }

    /// Who that is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As it is given to others: `name+hash+key`.
    pub fn text(&self) -> String {
        let key = [&[ED25519][..], &self.key].concat();
        format!("{}+{}+{}", self.name, HEXLOWER.encode(&self.hash()), BASE64.encode(&key))
    }

    /// Reads what [`Self::text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().splitn(3, '+');
        let (name, hash, key) = (parts.next()?, parts.next()?, parts.next()?);
        let key = BASE64.decode(key.as_bytes()).ok()?;
        let key = key.strip_prefix(&[ED25519])?.try_into().ok()?;
        let verifier = Self::new(name, key);
        let good = !name.is_empty() && !name.contains(char::is_whitespace);
        (good && hash == HEXLOWER.encode(&verifier.hash())).then_some(verifier)
    }

    /// The first four bytes of SHA-256 over the name, a newline, the kind of key and the key.
    fn hash(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', ED25519])
            .chain_update(self.key)
            .finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    /// The text of `note`, with its last newline, if this key signed it. Signatures of others are passed over.
    pub fn open<'a>(&self, note: &'a str) -> Option<&'a str> {
        let (text, signatures) = split(note)?;
        let key = VerifyingKey::from_bytes(&self.key).ok()?;
        let mine = signatures.lines().take(SIGNATURES_MAX).find_map(|line| {
            let (name, signature) = line.strip_prefix(SIGNATURE)?.split_once(' ')?;
            let signature = BASE64.decode(signature.as_bytes()).ok()?;
            let signature = signature.strip_prefix(&self.hash())?;
            (name == self.name).then(|| Signature::from_slice(signature).ok())?
        })?;
        key.verify_strict(text.as_bytes(), &mine).ok()?;
        Some(text)
    }
}

/// Signs `text`, which ends with a newline.
pub fn sign(text: &str, name: &str, key: &SigningKey) -> String {
    let verifier = Verifier::new(name, key.verifying_key().to_bytes());
    let signature = key.sign(text.as_bytes()).to_bytes();
    let signature = BASE64.encode(&[&verifier.hash()[..], &signature].concat());
    format!("{text}\n{SIGNATURE}{name} {signature}\n")
}

/// The text with its last newline, and the lines of signatures; nothing if it is no note.
pub fn split(note: &str) -> Option<(&str, &str)> {
    let control = |it: char| it.is_ascii_control() && it != '\n';
    if note.len() > NOTE_BYTES_MAX || note.contains(control) {
        return None;
    }
    let (text, signatures) = note.rsplit_once("\n\n")?;
    let text = &note[..text.len() + 1];
    let lines = signatures.strip_suffix('\n')?;
    let all = !lines.is_empty() && lines.lines().all(|it| it.starts_with(SIGNATURE));
    all.then_some((text, lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the tests of Go's `golang.org/x/mod/sumdb/note`.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
         then you don't know what your problem is.\n\n\
         \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn a_note_of_another_implementation_opens() {
        let peter = Verifier::parse(PETER).unwrap();
        assert_eq!(peter.text(), PETER);
        assert!(peter.open(NOTE).unwrap().ends_with("what your problem is.\n"));
    }

    #[test]
    fn what_was_signed_opens_for_its_signer_alone_and_unchanged() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let me = Verifier::new("hushgate/me", key.verifying_key().to_bytes());
        let other = Verifier::new("hushgate/other", key.verifying_key().to_bytes());
        let note = sign("a text\nof two lines\n", "hushgate/me", &key);
        assert_eq!(me.open(&note), Some("a text\nof two lines\n"));
        assert_eq!(other.open(&note), None);
        assert_eq!(Verifier::parse(&me.text()), Some(me.clone()));
        // One more signature, by somebody unknown, changes nothing.
        let two = note.replacen("\n\n", "\n\n\u{2014} stranger AAAA\n", 1);
        assert_eq!(me.open(&two), Some("a text\nof two lines\n"));
        for bit in 0..note.len() * 8 {
            let mut bytes = note.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let changed = String::from_utf8(bytes);
            assert!(changed.is_err() || me.open(&changed.unwrap()).is_none(), "bit {bit}");
        }
        for broken in ["", "\n", "\n\n", "a\n", "a\n\n", "a\n\nb\n", &note[..note.len() - 1]] {
            assert_eq!(me.open(broken), None, "{broken:?}");
        }
    }
}
