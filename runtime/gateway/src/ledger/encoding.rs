//! The bytes of an entry that its leaf stands for, and back.
//!
//! # Promises
//!
//! - One entry has one encoding: each part stands behind its length, and what is read back encodes to the same bytes.

use super::{Entry, Fact, Kind, Salt, tree::Hash};
use crate::message::Millis;
use sha2::{Digest, Sha256};

/// Says what the bytes are: a leaf of another program or another version is never one of these.
const FORMAT: &[u8] = b"hushgate ledger entry v1\n";
const SALT_BYTES: usize = size_of::<Salt>();

/// What stands for an entry in the tree.
pub fn leaf(salt: &Salt, encoded: &[u8]) -> Hash {
    Sha256::new().chain_update(salt).chain_update(encoded).finalize().into()
}

/// All that an entry says, but for its salt.
pub fn encode(seq: i64, fact: &Fact<'_>) -> Vec<u8> {
    let release: &[u8] = fact.release.as_ref().map_or(&[], |it| it);
    let texts = [fact.kind.name(), fact.reason, fact.device, fact.recipient, fact.grant, fact.note];
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(FORMAT);
    for number in [seq, fact.at.0, fact.frame] {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    for part in texts.map(str::as_bytes).into_iter().chain([release, fact.proof]) {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

impl Entry {
    /// The salt and the encoding, one behind the other: what the leaf is the SHA-256 of.
    pub fn opened(&self) -> Vec<u8> {
        [&self.salt[..], &encode(self.seq, &self.fact())].concat()
    }

    /// Whether the leaf is this entry's.
    pub fn is_whole(&self) -> bool {
        self.leaf == leaf(&self.salt, &encode(self.seq, &self.fact()))
    }

    /// Reads what [`Self::opened`] wrote; nothing if it is not exactly that.
    pub fn read_opened(opened: &[u8]) -> Option<Self> {
        let (salt, encoded) = opened.split_first_chunk::<SALT_BYTES>()?;
        let mut rest = encoded.strip_prefix(FORMAT)?;
        let mut numbers = [0; 3];
        for number in &mut numbers {
            let (bytes, more) = rest.split_first_chunk()?;
            (*number, rest) = (i64::from_be_bytes(*bytes), more);
        }
        let mut parts = [&[][..]; 8];
        for part in &mut parts {
            let (length, more) = rest.split_first_chunk()?;
            let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
            (*part, rest) = more.split_at_checked(length)?;
        }
        let [kind, reason, device, recipient, grant, note, release, proof] = parts;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        let release = if release.is_empty() { None } else { Some(release.try_into().ok()?) };
        let [seq, at, frame] = numbers;
        rest.is_empty().then_some(())?;
        Some(Self {
            seq,
            at: Millis(at),
            kind: Kind::from_name(&text(kind)?)?,
            reason: text(reason)?,
            frame,
            device: text(device)?,
            recipient: text(recipient)?,
            grant: text(grant)?,
            release,
            proof: proof.to_vec(),
            note: text(note)?,
            salt: *salt,
            leaf: leaf(salt, encoded),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(release: Option<[u8; 16]>) -> Fact<'static> {
        Fact {
            at: Millis(-5),
            kind: Kind::Queued,
            reason: "",
            frame: 9,
            device: "scale",
            recipient: "hospital",
            grant: "ada",
            release,
            proof: &[1, 2],
            note: "fields weight",
        }
    }

    #[test]
    fn an_entry_is_read_back_as_it_was_and_changed_bytes_are_another_or_none() {
        for release in [None, Some([7; 16])] {
            let opened = [&[3; SALT_BYTES][..], &encode(4, &fact(release))].concat();
            let entry = Entry::read_opened(&opened).unwrap();
            assert_eq!((entry.seq, entry.fact()), (4, fact(release)));
            assert!(entry.is_whole());
            assert_eq!(entry.opened(), opened);
            for cut in 0..opened.len() {
                assert_eq!(Entry::read_opened(&opened[..cut]), None);
            }
            for bit in 0..opened.len() * 8 {
                let mut other = opened.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                let leaf = Entry::read_opened(&other).map(|it| it.leaf);
                assert_ne!(leaf, Some(entry.leaf), "bit {bit}");
            }
            assert_eq!(Entry::read_opened(&[&opened[..], &[0]].concat()), None);
        }
    }

    #[test]
    fn what_moves_from_one_part_to_the_next_is_another_entry() {
        let moved = Fact { device: "scaleh", recipient: "ospital", ..fact(None) };
        assert_ne!(encode(4, &fact(None)), encode(4, &moved));
    }
}
