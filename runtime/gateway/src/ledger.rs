//! The append-only log of what was decided and delivered: receipts without values.
//!
//! # Promises
//!
//! - Each entry carries a SHA-256 over itself and the entry before: a change or a gap is noticed by
//!   [`verify::run`].
//! - An entry is written in the same transaction as what it speaks of.
//! - Names, numbers and reasons from a closed set, never a value of a device.

pub mod verify;

use crate::message::Millis;
use rusqlite::{Connection, Row, Transaction, params};
use sha2::{Digest, Sha256};

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
}

const KINDS: [(Kind, &str); 8] = [
    (Kind::Withheld, "withheld"),
    (Kind::Quarantined, "quarantined"),
    (Kind::Queued, "queued"),
    (Kind::Delivered, "delivered"),
    (Kind::Expired, "expired"),
    (Kind::Purged, "purged"),
    (Kind::Withdrawn, "withdrawn"),
    (Kind::Deleted, "deleted"),
];

impl Kind {
    /// As the ledger writes it.
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|it| it.0 == self).map_or("", |it| it.1)
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
    /// SHA-256 over the entry before and this one.
    pub hash: [u8; 32],
}

/// The end of the log: what the next entry builds on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// How many entries there are.
    pub seq: i64,
    /// The last one's hash.
    pub hash: [u8; 32],
}

/// The table.
pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS ledger(
    seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL,
    frame INTEGER NOT NULL, device TEXT NOT NULL, recipient TEXT NOT NULL, grant_id TEXT NOT NULL,
    release BLOB, proof BLOB NOT NULL, hash BLOB NOT NULL) STRICT;
";

const COLUMNS: &str =
    "seq, at_ms, kind, reason, frame, device, recipient, grant_id, release, proof, hash";

/// Appends one entry and moves `head` to it.
pub(crate) fn append(
    transaction: &Transaction<'_>,
    head: &mut Head,
    fact: &Fact<'_>,
) -> rusqlite::Result<()> {
    let seq = head.seq + 1;
    let hash = chain(&head.hash, seq, fact);
    let mut insert = transaction.prepare_cached(
        "INSERT INTO ledger VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
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
        hash,
    ])?;
    *head = Head { seq, hash };
    Ok(())
}

/// The end of the log.
pub fn head(connection: &Connection) -> rusqlite::Result<Head> {
    let mut query = connection.prepare("SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1")?;
    let mut rows = query.query([])?;
    match rows.next()? {
        None => Ok(Head::default()),
        Some(row) => Ok(Head { seq: row.get(0)?, hash: row.get(1)? }),
    }
}

/// Up to `limit` entries after `seq`, oldest first.
pub fn after(connection: &Connection, seq: i64, limit: usize) -> rusqlite::Result<Vec<Entry>> {
    let query = format!("SELECT {COLUMNS} FROM ledger WHERE seq > ?1 ORDER BY seq LIMIT ?2");
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection.prepare_cached(&query)?.query_map([seq, limit], entry)?.collect()
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let kind: String = row.get(2)?;
    let unknown =
        || rusqlite::Error::InvalidColumnType(2, "kind".into(), rusqlite::types::Type::Text);
    Ok(Entry {
        seq: row.get(0)?,
        at: Millis(row.get(1)?),
        kind: Kind::from_name(&kind).ok_or_else(unknown)?,
        reason: row.get(3)?,
        frame: row.get(4)?,
        device: row.get(5)?,
        recipient: row.get(6)?,
        grant: row.get(7)?,
        release: row.get(8)?,
        proof: row.get(9)?,
        hash: row.get(10)?,
    })
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
        }
    }
}

/// SHA-256 over the hash before, the place, and each part of the entry behind its length.
fn chain(before: &[u8; 32], seq: i64, fact: &Fact<'_>) -> [u8; 32] {
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
