//! The append-only log of what was decided and delivered: receipts without values.
//!
//! # Promises
//!
//! - The entries are the leaves of a Merkle tree (RFC 6962): a change, a gap or a cut is noticed by [`verify::run`], and
//!   one entry can be proved to whoever has the tree's root.
//! - An entry is written in the same transaction as what it speaks of.
//! - A leaf is the SHA-256 of a random salt and the entry. Without the salt it says nothing of the entry: both can be
//!   erased, and the tree still proves the rest.
//! - Names, numbers and reasons from a closed set, never a value of a device.

pub mod basis;
pub mod checkpoint;
pub mod encoding;
pub mod erase;
pub mod migrate;
pub mod nodes;
pub mod note;
pub mod proof;
pub mod read;
pub mod tree;
pub mod verify;

use crate::{
    keys::{self, KeysError},
    message::Millis,
};
use rusqlite::{Connection, Transaction, params};
use tree::{Edge, Hash};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A frame, or its part for one grant, did not leave.
    Withheld,
    /// No plugin could handle a frame.
    Quarantined,
    /// A release was sealed and waits.
    Queued,
    /// The recipient has it, by its own signature or, for the prototype's page, by its answer.
    Delivered,
    /// A release waited too long and was deleted.
    Expired,
    /// A release was deleted because its grant ended or its recipient refused it.
    Purged,
    /// A consent was withdrawn; its number stands where releases have theirs.
    Withdrawn,
    /// The recipient deleted what it had from a consent that was withdrawn, by its own signature.
    Deleted,
    /// A grant ended by an event, which the frame told of.
    Ended,
}

const KINDS: [(Kind, &str); 9] = [
    (Kind::Withheld, "withheld"),
    (Kind::Quarantined, "quarantined"),
    (Kind::Queued, "queued"),
    (Kind::Delivered, "delivered"),
    (Kind::Expired, "expired"),
    (Kind::Purged, "purged"),
    (Kind::Withdrawn, "withdrawn"),
    (Kind::Deleted, "deleted"),
    (Kind::Ended, "ended"),
];

impl Kind {
    /// As the ledger writes it.
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|it| it.0 == self).map_or("", |it| it.1)
    }

    /// Whether it says what was decided on a frame; else it says what became of something later.
    pub fn is_decision(self) -> bool {
        matches!(self, Self::Withheld | Self::Quarantined | Self::Queued)
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        KINDS.iter().find(|it| it.1 == name).map(|it| it.0)
    }
}

/// What one entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact<'a> {
    /// When.
    pub at: Millis,
    /// What.
    pub kind: Kind,
    /// Why; empty where it needs no reason.
    pub reason: &'a str,
    /// The number that the frame got when it came in.
    pub frame: i64,
    /// The device that sent the frame.
    pub device: &'a str,
    /// For whom; empty where no grant was found.
    pub recipient: &'a str,
    /// Under which grant; empty where none was found.
    pub grant: &'a str,
    /// The release, if there is one.
    pub release: Option<[u8; 16]>,
    /// `Queued`: SHA-256 of the envelope. `Delivered`: the hub's signature, or nothing where the recipient
    /// signs none. `Withdrawn`: what the recipient knows the consent by. `Deleted`: how many values, when, and the
    /// hub's signature.
    pub proof: &'a [u8],
    /// What it was decided by: see [`basis`].
    pub note: &'a str,
}

/// An entry as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place, from 1, without gaps.
    pub seq: i64,
    /// When.
    pub at: Millis,
    /// What.
    pub kind: Kind,
    /// Why.
    pub reason: String,
    /// The frame's number.
    pub frame: i64,
    /// The device.
    pub device: String,
    /// For whom.
    pub recipient: String,
    /// Under which grant.
    pub grant: String,
    /// The release.
    pub release: Option<[u8; 16]>,
    /// See [`Fact::proof`].
    pub proof: Vec<u8>,
    /// See [`Fact::note`].
    pub note: String,
    /// What hides the entry in its leaf.
    pub salt: Salt,
    /// What stands for the entry in the tree.
    pub leaf: Hash,
}

/// How long the log is, and the hash that stands for all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many entries there are, erased ones included.
    pub size: i64,
    /// The root of the tree.
    pub root: Hash,
}

impl Default for Head {
    fn default() -> Self {
        Self::of(&Edge::default())
    }
}

impl Head {
    pub(crate) fn of(edge: &Edge) -> Self {
        Self { size: edge.size().cast_signed(), root: edge.root() }
    }
}

/// The tables. `ledger_head` has one row, which is as old as the last entry; `ledger_chain` one if the log was begun by a
/// version that kept a chain of hashes.
pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS ledger(
    seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL,
    frame INTEGER NOT NULL, device TEXT NOT NULL, recipient TEXT NOT NULL, grant_id TEXT NOT NULL,
    release BLOB, proof BLOB NOT NULL, note TEXT NOT NULL, salt BLOB, leaf BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS ledger_node(
    level INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (level, number)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_head(
    id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, root BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS ledger_chain(
    id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
";

/// What is hashed before an entry.
pub type Salt = [u8; 16];

/// Random salts, many from one question to the operating system.
#[derive(Default)]
pub(crate) struct Salts(Vec<Salt>);

impl Salts {
    const AT_ONCE: usize = 256;

    fn next(&mut self) -> Result<Salt, KeysError> {
        if self.0.is_empty() {
            let bytes = keys::random::<{ Self::AT_ONCE * size_of::<Salt>() }>()?;
            self.0.extend_from_slice(bytes.as_chunks().0);
        }
        self.0.pop().ok_or(KeysError::NoRandomness)
    }
}

/// Appends one entry behind `edge`.
pub(crate) fn append(
    transaction: &Transaction<'_>,
    (edge, salts): (&mut Edge, &mut Salts),
    fact: &Fact<'_>,
) -> rusqlite::Result<()> {
    let salt = salts.next().map_err(|it| rusqlite::Error::ToSqlConversionFailure(it.into()))?;
    let seq = edge.size().cast_signed() + 1;
    let leaf = encoding::leaf(&salt, &encoding::encode(seq, fact));
    let mut insert = transaction.prepare_cached(
        "INSERT INTO ledger VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    insert.execute(params![
        seq,
        fact.at.0,
        fact.kind.name(),
        fact.reason,
        fact.frame,
        fact.device,
        fact.recipient,
        fact.grant,
        fact.release,
        fact.proof,
        fact.note,
        salt,
        leaf,
    ])?;
    nodes::push(transaction, edge, &leaf)
}

/// The end of the log.
pub fn head(connection: &Connection) -> rusqlite::Result<Head> {
    let mut query = connection.prepare_cached("SELECT size, root FROM ledger_head")?;
    let mut rows = query.query([])?;
    match rows.next()? {
        None => Ok(Head::default()),
        Some(row) => Ok(Head { size: row.get(0)?, root: row.get(1)? }),
    }
}

/// Writes down what [`head`] reads.
pub(crate) fn keep_head(transaction: &Transaction<'_>, edge: &Edge) -> rusqlite::Result<()> {
    let head = Head::of(edge);
    transaction
        .prepare_cached("INSERT OR REPLACE INTO ledger_head VALUES (1, ?1, ?2)")?
        .execute(params![head.size, head.root])?;
    Ok(())
}

/// The root that the log had when it was `size` entries long.
pub fn root_at(connection: &Connection, size: i64) -> rusqlite::Result<Hash> {
    tree::root(connection, size.max(0).unsigned_abs())
}

/// Up to `limit` entries after `seq`, oldest first. Erased ones are left out.
pub fn after(connection: &Connection, seq: i64, limit: usize) -> rusqlite::Result<Vec<Entry>> {
    read::after(connection, seq, limit)
}

impl Entry {
    /// What it says.
    pub fn fact(&self) -> Fact<'_> {
        Fact {
            at: self.at,
            kind: self.kind,
            reason: &self.reason,
            frame: self.frame,
            device: &self.device,
            recipient: &self.recipient,
            grant: &self.grant,
            release: self.release,
            proof: &self.proof,
            note: &self.note,
        }
    }
}

#[cfg(test)]
mod tests;
