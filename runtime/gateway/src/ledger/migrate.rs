//! From the chain of hashes of store version 2 to the tree: entries keep their places and get salts and leaves.
//!
//! # Promises
//!
//! - All of it or nothing: it runs in the transaction of whoever opens the store.
//! - The chain's last hash is kept. What was changed before is found by [`super::verify`] afterwards as it was before, and
//!   heads of the chain that a room has seen can still be checked.

use super::{
    Fact, Kind, Salts,
    tree::{Edge, Hash},
};
use crate::message::Millis;
use rusqlite::{Row, Transaction, params, types::Type};
use sha2::{Digest, Sha256};

/// The table of version 2.
#[cfg(test)]
pub(crate) const SCHEMA_2: &str = "
CREATE TABLE ledger(
    seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL,
    frame INTEGER NOT NULL, device TEXT NOT NULL, recipient TEXT NOT NULL, grant_id TEXT NOT NULL,
    release BLOB, proof BLOB NOT NULL, hash BLOB NOT NULL) STRICT;
";

/// Brings the table of version 2 to this version.
pub(crate) fn from_2(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch("ALTER TABLE ledger RENAME TO ledger_2;")?;
    transaction.execute_batch(super::SCHEMA)?;
    let mut query = transaction.prepare(
        "SELECT at_ms, kind, reason, frame, device, recipient, grant_id, release, proof, seq, hash
         FROM ledger_2 ORDER BY seq",
    )?;
    let mut rows = query.query([])?;
    let (mut edge, mut salts, mut last) = (Edge::default(), Salts::default(), None);
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(9)?;
        match Old::read(row) {
            Ok(old) => super::append(transaction, (&mut edge, &mut salts), &old.fact())?,
            // The chain will not lead to its last hash: `verify` tells of it.
            Err(error) => tracing::error!(seq, %error, "an entry cannot be read and is left out"),
        }
        last = Some((seq, row.get::<_, Hash>(10)?));
    }
    drop(rows);
    drop(query);
    if let Some((size, hash)) = last {
        transaction.execute("INSERT INTO ledger_chain VALUES (1, ?1, ?2)", params![size, hash])?;
    }
    super::keep_head(transaction, &edge)?;
    transaction.execute_batch("DROP TABLE ledger_2;")
}

/// The last hash of a table of version 2.
#[cfg(test)]
pub(crate) fn last_of_chain_2(connection: &rusqlite::Connection) -> Option<Hash> {
    let query = "SELECT hash FROM ledger ORDER BY seq DESC LIMIT 1";
    connection.query_row(query, [], |row| row.get(0)).ok()
}

/// An entry of version 2.
struct Old {
    at: i64,
    kind: Kind,
    frame: i64,
    texts: [String; 4],
    release: Option<[u8; 16]>,
    proof: Vec<u8>,
}

impl Old {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let kind: String = row.get(1)?;
        let unknown = || rusqlite::Error::InvalidColumnType(1, "kind".into(), Type::Text);
        Ok(Self {
            at: row.get(0)?,
            kind: Kind::from_name(&kind).ok_or_else(unknown)?,
            frame: row.get(3)?,
            texts: [row.get(2)?, row.get(4)?, row.get(5)?, row.get(6)?],
            release: row.get(7)?,
            proof: row.get(8)?,
        })
    }

    fn fact(&self) -> Fact<'_> {
        let [reason, device, recipient, grant] = self.texts.each_ref().map(String::as_str);
        let (at, kind, frame, release) = (Millis(self.at), self.kind, self.frame, self.release);
        Fact {
            at,
            kind,
            reason,
            frame,
            device,
            recipient,
            grant,
            release,
            proof: &self.proof,
            note: "",
        }
    }
}

/// The chain of version 2: SHA-256 over the hash before, the place, and each part of the entry behind its length.
pub(crate) fn chain(before: &Hash, seq: i64, fact: &Fact<'_>) -> Hash {
    let mut hash = Sha256::new();
    hash.update(before);
    let release: &[u8] = fact.release.as_ref().map_or(&[], |it| it);
    for number in [seq, fact.at.0, fact.frame] {
        hash.update(number.to_be_bytes());
    }
    let texts = [fact.kind.name(), fact.reason, fact.device, fact.recipient, fact.grant];
    for part in texts.map(str::as_bytes).into_iter().chain([release, fact.proof]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
