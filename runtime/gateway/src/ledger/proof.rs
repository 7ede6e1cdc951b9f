//! The proof of one entry, as a file that needs nothing else (C2SP tlog-proof): the entry with its salt, its path to the
//! root, and a signed checkpoint of that root.

use super::{
    Entry, Head,
    checkpoint::{self, CheckpointError},
    note::Verifier,
    read::{self, Found},
    tree::{self, Hash},
};
use data_encoding::BASE64;
use rusqlite::Connection;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// The most bytes of a proof that is read.
pub const PROOF_BYTES_MAX: usize = 64 << 10;

/// Why nothing is proved.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The store cannot be read, or nodes are missing.
    #[error("the ledger cannot be read here; `hushgate ledger verify` tells what is wrong: {0}")]
    Store(#[from] rusqlite::Error),
    /// No such entry.
    #[error("the ledger has no entry {0}")]
    None(i64),
    /// It was erased.
    #[error("entry {0} was erased: what it said is not known any more")]
    Erased(i64),
    /// It is damaged.
    #[error("entry {0} is damaged; `hushgate ledger verify` tells more")]
    Damaged(i64),
    /// It is no proof.
    #[error("this is no proof: line {line}: {expected} expected")]
    Malformed {
        /// The line.
        line: usize,
        /// What should be there.
        expected: &'static str,
    },
    /// The entry is not the one at that place.
    #[error("the proof says nothing: the entry is not in the log that the checkpoint speaks of")]
    NotThere,
    /// The checkpoint.
    #[error("{0}")]
    Checkpoint(#[from] CheckpointError),
}

/// Proves the entry `seq` against `head`, of which `checkpoint` is the checkpoint.
pub fn prove(
    connection: &Connection,
    seq: i64,
    (head, checkpoint): (&Head, &str),
) -> Result<String, ProofError> {
    if seq < 1 || seq > head.size {
        return Err(ProofError::None(seq));
    }
    let mut found = None;
    read::scan(connection, (seq, seq), |it| found = Some(it));
    let entry = match found {
        Some(Found::Entry(entry)) if entry.is_whole() => entry,
        Some(Found::Erased(..)) => return Err(ProofError::Erased(seq)),
        _ => return Err(ProofError::Damaged(seq)),
    };
    let (at, size) = ((seq - 1).unsigned_abs(), head.size.unsigned_abs());
    let path = tree::path(connection, at, size)?;
    let leaf = tree::leaf_hash(&entry.leaf);
    if tree::root_of_path(leaf, (at, size), &path) != Some(head.root) {
        return Err(ProofError::Damaged(seq));
    }
    let path: String = path.iter().map(|it| BASE64.encode(it) + "\n").collect();
    let extra = BASE64.encode(&entry.opened());
    Ok(format!("{FIRST_LINE}\nextra {extra}\nindex {at}\n{path}\n{checkpoint}"))
}

/// What a proof proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// The entry.
    pub entry: Entry,
    /// The log's end.
    pub head: Head,
    /// The log's name.
    pub log: String,
    /// The key that was given has signed the checkpoint. Without a key, whoever made the file can have made the log.
    pub signed: bool,
}

/// Checks a proof with nothing but its text and, if it is known, the log's key.
pub fn check(text: &str, verifier: Option<&Verifier>) -> Result<Proved, ProofError> {
    let malformed = |line, expected| ProofError::Malformed { line, expected };
    if text.len() > PROOF_BYTES_MAX {
        return Err(malformed(1, "at most 64 KiB"));
    }
    let (proof, checkpoint) =
        text.split_once("\n\n").ok_or(malformed(1, "a proof and a checkpoint"))?;
    let mut lines = proof.split('\n').zip(1..);
    let mut line = |prefix: &str| lines.next().and_then(|(it, _)| it.strip_prefix(prefix));
    line(FIRST_LINE).filter(|it| it.is_empty()).ok_or(malformed(1, FIRST_LINE))?;
    let entry = line("extra ").and_then(|it| BASE64.decode(it.as_bytes()).ok());
    let entry = entry.as_deref().and_then(Entry::read_opened);
    let entry = entry.ok_or(malformed(2, "`extra` and an entry"))?;
    let at = line("index ").and_then(|it| it.parse::<u64>().ok().filter(|at| at.to_string() == it));
    let at = at.ok_or(malformed(3, "`index` and a number"))?;
    let mut path = Vec::new();
    for (line, number) in lines {
        let hash = BASE64.decode(line.as_bytes()).ok().and_then(|it| Hash::try_from(it).ok());
        let hash = hash.filter(|_| path.len() < tree::PATH_MAX);
        path.push(hash.ok_or(malformed(number, "a hash"))?);
    }
    let (log, head) = checkpoint::read(checkpoint).ok_or(CheckpointError::Malformed)?;
    if let Some(verifier) = verifier {
        checkpoint::open(verifier, checkpoint)?;
    }
    let leaf = tree::leaf_hash(&entry.leaf);
    let root = tree::root_of_path(leaf, (at, head.size.unsigned_abs()), &path);
    if root != Some(head.root) || entry.seq.checked_sub(1) != i64::try_from(at).ok() {
        return Err(ProofError::NotThere);
    }
    Ok(Proved { entry, head, log: log.to_owned(), signed: verifier.is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{keys::Keys, ledger::checkpoint::Signer};

    fn signer() -> Signer {
        Signer::new(&Keys::create(&tempfile::tempdir().unwrap().path().join("seed")).unwrap())
    }

    #[test]
    fn each_entry_is_proved_by_its_file_alone_and_a_changed_file_proves_nothing() {
        let (_dir, path) = crate::ledger::tests::store(300);
        let connection = Connection::open(path).unwrap();
        let (signer, other) = (signer(), signer());
        let head = crate::ledger::head(&connection).unwrap();
        let checkpoint = signer.sign(&head);
        let prove = |seq| prove(&connection, seq, (&head, &checkpoint));
        for seq in 1..=300 {
            let proved = check(&prove(seq).unwrap(), Some(signer.verifier())).unwrap();
            assert_eq!((proved.entry.seq, proved.head, proved.signed), (seq, head, true));
        }
        assert!(matches!(prove(301), Err(ProofError::None(301))));
        assert!(matches!(prove(0), Err(ProofError::None(0))));
        let proof = prove(77).unwrap();
        assert!(!check(&proof, None).unwrap().signed);
        assert!(matches!(check(&proof, Some(other.verifier())), Err(ProofError::Checkpoint(_))));
        for place in 0..proof.len() {
            let mut bytes = proof.clone().into_bytes();
            bytes[place] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(check(&changed, Some(signer.verifier())).is_err(), "byte {place}");
        }
        // Another entry's words behind this one's path.
        let words = |it: &str| it.lines().nth(1).unwrap().to_owned();
        let swapped = proof.replace(&words(&proof), &words(&prove(78).unwrap()));
        assert!(matches!(check(&swapped, None), Err(ProofError::NotThere)));
    }

    #[test]
    fn what_was_changed_or_erased_is_not_proved() {
        let (_dir, path) = crate::ledger::tests::store(300);
        let connection = Connection::open(path).unwrap();
        let head = crate::ledger::head(&connection).unwrap();
        let prove = |seq| prove(&connection, seq, (&head, &signer().sign(&head)));
        connection.execute("UPDATE ledger SET reason = 'policy' WHERE seq = 9", []).unwrap();
        assert!(matches!(prove(9), Err(ProofError::Damaged(9))));
        connection.execute("UPDATE ledger_node SET hash = zeroblob(32)", []).unwrap();
        assert!(matches!(prove(290), Err(ProofError::Damaged(290))));
    }

    #[test]
    fn an_entry_that_says_another_number_than_its_place_is_not_proved() {
        let (_dir, path) = crate::ledger::tests::store(2);
        let entry = read::one(&Connection::open(path).unwrap(), 2).unwrap().unwrap();
        // The second entry as the only leaf of a log: the path to the root is good.
        let checkpoint = signer().sign(&Head { size: 1, root: tree::leaf_hash(&entry.leaf) });
        let extra = BASE64.encode(&entry.opened());
        let proof = format!("{FIRST_LINE}\nextra {extra}\nindex 0\n\n{checkpoint}");
        assert!(matches!(check(&proof, None), Err(ProofError::NotThere)));
    }
}
