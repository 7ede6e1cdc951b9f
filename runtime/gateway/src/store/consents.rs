//! Which consents recipients know by a tag, and what they are told when one is withdrawn.
//!
//! # Promises
//!
//! - Before anything leaves under a consent, its tag is here: what is withdrawn while no gateway runs is told later.
//! - What is withdrawn stays until its recipient signed that it deleted what it had, over restarts.
//! - The ledger has a `withdrawn` for each consent and recipient, and a `deleted` with the recipient's word.

use super::{Store, StoreError};
use crate::{
    keys::random,
    ledger::{self, Fact, Kind, Salts, tree::Edge},
    message::Millis,
    wire::{envelope::ReleaseId, withdrawal::GrantTag},
};
use rusqlite::{Connection, Row, Transaction, params};
use std::collections::HashMap;

/// How many withdrawals are told in one go.
const UNTOLD_MAX: i64 = 64;

/// The tables. A recipient that cannot be told has no tag and no key, as in the prototype's format.
pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS consent(
    file TEXT NOT NULL, grant_id TEXT NOT NULL, device TEXT NOT NULL, recipient TEXT NOT NULL,
    recipient_key BLOB NOT NULL, tag BLOB NOT NULL,
    PRIMARY KEY (file, grant_id, recipient, recipient_key, tag)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS withdrawal(
    id BLOB PRIMARY KEY, grant_id TEXT NOT NULL, device TEXT NOT NULL, recipient TEXT NOT NULL,
    recipient_key BLOB NOT NULL, tag BLOB NOT NULL, at_ms INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS withdrawal_untold ON withdrawal(recipient) WHERE NOT done;
";

/// A consent as one recipient knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The grant whose withdrawal ends it.
    pub file: String,
    /// The grant that releases name: another one, where several subjects agreed.
    pub grant: String,
    /// The device.
    pub device: String,
    /// Who receives.
    pub recipient: String,
    /// The recipient's key, and what it knows the consent by; none where it cannot be told.
    pub told: Option<([u8; 32], GrantTag)>,
}

/// A withdrawal that its recipient has not confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// Its number.
    pub id: ReleaseId,
    /// What the recipient knows the consent by.
    pub tag: GrantTag,
    /// When it was noticed.
    pub at: Millis,
    /// The grant.
    pub grant: String,
    /// Who is to delete.
    pub recipient: String,
}

/// What becomes of consents.
pub(crate) enum Change {
    /// These are in use from now on.
    Known(Vec<Known>),
    /// The grant of this file was withdrawn.
    Withdrawn(String, Millis),
    /// The recipient signed.
    Deleted(ReleaseId, Vec<u8>),
}

impl Store {
    /// From now on releases may leave under these.
    pub async fn know(&self, consents: Vec<Known>) -> Result<(), StoreError> {
        // Most changes of plans bring no new consent, and need not wait for the disk.
        let new = self.read(|it| unknown(it, consents))?;
        if new.is_empty() { Ok(()) } else { self.change(Change::Known(new)).await }
    }

    /// The grant in `file` was withdrawn: all who know it are to be told.
    pub async fn withdrawn(&self, file: &str, at: Millis) -> Result<(), StoreError> {
        self.change(Change::Withdrawn(file.to_owned(), at)).await
    }

    /// The recipient of withdrawal `id` deleted what it had: `proof` is its word.
    pub async fn deleted(&self, id: ReleaseId, proof: Vec<u8>) -> Result<(), StoreError> {
        self.change(Change::Deleted(id, proof)).await
    }

    async fn change(&self, change: Change) -> Result<(), StoreError> {
        self.ask(|reply| super::Job::Consents(change, reply)).await
    }

    /// The grants that a recipient knows.
    pub fn known_files(&self) -> Result<Vec<String>, StoreError> {
        self.read(known_files)
    }

    /// How often each grant was withdrawn.
    pub fn lives(&self) -> Result<HashMap<String, u64>, StoreError> {
        self.read(|it| {
            let sql = "SELECT grant_id, count(*) FROM withdrawal GROUP BY grant_id";
            it.prepare_cached(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
    }

    /// What `recipient`, known by this key, is still to be told.
    pub fn untold(&self, recipient: &str, key: &[u8; 32]) -> Result<Vec<Untold>, StoreError> {
        let sql = "SELECT id, tag, at_ms, grant_id, recipient FROM withdrawal
                   WHERE recipient = ?1 AND NOT done AND recipient_key = ?2 ORDER BY at_ms LIMIT ?3";
        self.read(|it| {
            let arguments = params![recipient, key, UNTOLD_MAX];
            it.prepare_cached(sql)?.query_map(arguments, untold)?.collect()
        })
    }
}

/// The grants that a recipient knows.
pub fn known_files(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT DISTINCT file FROM consent ORDER BY file";
    connection.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect()
}

/// All withdrawals that are not confirmed, and the grants that recipients know; none in a file that no gateway of this
/// version wrote yet.
pub fn look(connection: &Connection) -> rusqlite::Result<(Vec<Untold>, Vec<String>)> {
    // Made together.
    if !connection.table_exists(None, "withdrawal")? {
        return Ok((Vec::new(), Vec::new()));
    }
    let sql =
        "SELECT id, tag, at_ms, grant_id, recipient FROM withdrawal WHERE NOT done ORDER BY at_ms";
    let untold =
        connection.prepare_cached(sql)?.query_map([], untold)?.collect::<Result<_, _>>()?;
    Ok((untold, known_files(connection)?))
}

fn untold(row: &Row<'_>) -> rusqlite::Result<Untold> {
    Ok(Untold {
        id: ReleaseId(row.get(0)?),
        tag: GrantTag(row.get(1)?),
        at: Millis(row.get(2)?),
        grant: row.get(3)?,
        recipient: row.get(4)?,
    })
}

/// Does it, and appends what the ledger says of it. Whether somebody is to be told.
pub(super) fn apply(
    transaction: &Transaction<'_>,
    (edge, salts): (&mut Edge, &mut Salts),
    change: &Change,
) -> rusqlite::Result<bool> {
    match change {
        Change::Known(consents) => consents.iter().try_for_each(|it| know(transaction, it))?,
        Change::Withdrawn(file, at) => {
            end(transaction, (edge, salts), (file, *at))?;
            return Ok(true);
        }
        Change::Deleted(id, proof) => confirm(transaction, (edge, salts), (*id, proof))?,
    }
    Ok(false)
}

/// The grant of `file` is withdrawn. The grants that recipients knew by it.
pub(super) fn end(
    transaction: &Transaction<'_>,
    (edge, salts): (&mut Edge, &mut Salts),
    (file, at): (&str, Millis),
) -> rusqlite::Result<Vec<String>> {
    let known = of_file(transaction, file)?;
    known.iter().try_for_each(|it| withdraw(transaction, (edge, salts), (it, at)))?;
    Ok(known.into_iter().map(|it| it.grant).collect())
}

/// Those that are not kept yet.
fn unknown(connection: &Connection, consents: Vec<Known>) -> rusqlite::Result<Vec<Known>> {
    let sql =
        "SELECT 1 FROM consent WHERE file = ?1 AND grant_id = ?2 AND device = ?3 AND recipient = ?4
               AND recipient_key = ?5 AND tag = ?6";
    let mut kept = connection.prepare_cached(sql)?;
    let mut new = Vec::new();
    for it in consents {
        let (key, tag) = columns(&it);
        if !kept.exists(params![it.file, it.grant, it.device, it.recipient, key, tag])? {
            new.push(it);
        }
    }
    Ok(new)
}

fn know(transaction: &Transaction<'_>, known: &Known) -> rusqlite::Result<()> {
    let (key, tag) = columns(known);
    let sql = "INSERT OR IGNORE INTO consent VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let row = params![known.file, known.grant, known.device, known.recipient, key, tag];
    transaction.prepare_cached(sql)?.execute(row).map(drop)
}

/// An empty key and tag are those of a recipient that cannot be told.
fn columns(known: &Known) -> (&[u8], &[u8]) {
    known.told.as_ref().map_or((&[], &[]), |(key, tag)| (key, &tag.0))
}

fn of_file(transaction: &Transaction<'_>, file: &str) -> rusqlite::Result<Vec<Known>> {
    let sql =
        "SELECT file, grant_id, device, recipient, recipient_key, tag FROM consent WHERE file = ?1";
    let known = |row: &Row<'_>| {
        let (key, tag): (Vec<u8>, Vec<u8>) = (row.get(4)?, row.get(5)?);
        let told = key.try_into().ok().zip(tag.try_into().ok());
        Ok(Known {
            file: row.get(0)?,
            grant: row.get(1)?,
            device: row.get(2)?,
            recipient: row.get(3)?,
            told: told.map(|(key, tag)| (key, GrantTag(tag))),
        })
    };
    transaction.prepare_cached(sql)?.query_map([file], known)?.collect()
}

fn withdraw(
    transaction: &Transaction<'_>,
    (edge, salts): (&mut Edge, &mut Salts),
    (known, at): (&Known, Millis),
) -> rusqlite::Result<()> {
    let id: [u8; 16] = random().map_err(|_| rusqlite::Error::InvalidQuery)?;
    let (key, tag) = columns(known);
    // Where several subjects agreed, the consent ends for all of them.
    let sql = "DELETE FROM consent WHERE grant_id = ?1 AND recipient = ?2 AND recipient_key = ?3 AND tag = ?4";
    let row = params![known.grant, known.recipient, key, tag];
    transaction.prepare_cached(sql)?.execute(row)?;
    let sql = "INSERT INTO withdrawal VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let done = known.told.is_none();
    let row = params![id, known.grant, known.device, known.recipient, key, tag, at.0, done];
    transaction.prepare_cached(sql)?.execute(row)?;
    let fact = Fact {
        at,
        kind: Kind::Withdrawn,
        reason: "",
        frame: 0,
        device: &known.device,
        recipient: &known.recipient,
        grant: &known.grant,
        release: Some(id),
        proof: tag,
        note: "",
    };
    ledger::append(transaction, (edge, salts), &fact)
}

/// One that is confirmed already was before: repeats are harmless.
fn confirm(
    transaction: &Transaction<'_>,
    (edge, salts): (&mut Edge, &mut Salts),
    (id, proof): (ReleaseId, &[u8]),
) -> rusqlite::Result<()> {
    let sql = "UPDATE withdrawal SET done = 1 WHERE id = ?1 AND NOT done RETURNING grant_id, device, recipient";
    let mut update = transaction.prepare_cached(sql)?;
    let mut rows = update.query([id.0])?;
    let Some(row) = rows.next()? else { return Ok(()) };
    let (grant, device, recipient): (String, String, String) =
        (row.get(0)?, row.get(1)?, row.get(2)?);
    let fact = Fact {
        at: Millis::now(),
        kind: Kind::Deleted,
        reason: "",
        frame: 0,
        device: &device,
        recipient: &recipient,
        grant: &grant,
        release: Some(id.0),
        proof,
        note: "",
    };
    ledger::append(transaction, (edge, salts), &fact)
}
