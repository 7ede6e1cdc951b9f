//! Entries read back from the store, the damaged ones passed over.

use super::{Entry, Kind, tree::Hash};
use crate::message::Millis;
use rusqlite::{Connection, Row, types::Type};

/// How many are read at once.
const PAGE: i64 = 4096;

const COLUMNS: &str = "seq, at_ms, kind, reason, frame, device, recipient, grant_id, release, proof, note, salt, leaf";

/// What stands at one place of the log.
#[derive(Debug)]
pub enum Found {
    /// An entry that can be read. It may have been changed.
    Entry(Box<Entry>),
    /// It was erased: only its leaf is left.
    Erased(i64, Hash),
    /// Entries that are not there, from the first to the last.
    Missing(i64, i64),
    /// One that cannot be read.
    Unreadable(i64),
}

/// Shows all that is between `first` and `last` to `visit`, in order.
pub fn scan(connection: &Connection, (first, last): (i64, i64), mut visit: impl FnMut(Found)) {
    let mut next = first.max(1);
    while next <= last {
        let end = last.min(next.saturating_add(PAGE - 1));
        let Ok(page) = between(connection, next, end) else {
            (next..=end).for_each(|seq| visit(single(connection, seq)));
            next = end + 1;
            continue;
        };
        // Nothing in a whole page: look where the log goes on, so that a huge gap is one.
        if page.is_empty() {
            let on = on_from(connection, end).unwrap_or(end + 1).min(last.saturating_add(1));
            visit(Found::Missing(next, on - 1));
            next = on;
            continue;
        }
        for (seq, found) in page {
            if seq > next {
                visit(Found::Missing(next, seq - 1));
            }
            visit(found);
            next = seq.saturating_add(1);
        }
        if next <= end {
            visit(Found::Missing(next, end));
            next = end + 1;
        }
    }
}

/// Where the log goes on after `seq`; behind all if it does not.
fn on_from(connection: &Connection, seq: i64) -> rusqlite::Result<i64> {
    let query = "SELECT ifnull(min(seq), ?2) FROM ledger WHERE seq > ?1";
    connection.prepare_cached(query)?.query_row([seq, i64::MAX], |row| row.get(0))
}

fn between(connection: &Connection, first: i64, last: i64) -> rusqlite::Result<Vec<(i64, Found)>> {
    let query = format!("SELECT {COLUMNS} FROM ledger WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq");
    let found = |row: &Row<'_>| {
        let seq = row.get(0)?;
        Ok((seq, found(row).unwrap_or(Found::Unreadable(seq))))
    };
    connection.prepare_cached(&query)?.query_map([first, last], found)?.collect()
}

fn single(connection: &Connection, seq: i64) -> Found {
    match between(connection, seq, seq).map(|mut it| it.pop()) {
        Ok(Some((_, found))) => found,
        Ok(None) => Found::Missing(seq, seq),
        Err(_) => Found::Unreadable(seq),
    }
}

fn found(row: &Row<'_>) -> rusqlite::Result<Found> {
    if row.get_ref(11)?.data_type() == Type::Null {
        return Ok(Found::Erased(row.get(0)?, row.get(12)?));
    }
    entry(row).map(|it| Found::Entry(Box::new(it)))
}

/// Up to `limit` entries after `seq`, oldest first. Erased ones are left out; a damaged one is an error.
pub(super) fn after(
    connection: &Connection,
    seq: i64,
    limit: usize,
) -> rusqlite::Result<Vec<Entry>> {
    let query = format!(
        "SELECT {COLUMNS} FROM ledger WHERE seq > ?1 AND salt IS NOT NULL ORDER BY seq LIMIT ?2"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection.prepare_cached(&query)?.query_map([seq, limit], entry)?.collect()
}

/// The number of the last entry; if it cannot be read, the one that should be there.
pub fn last(connection: &Connection) -> rusqlite::Result<i64> {
    let query = "SELECT ifnull(max(seq), 0) FROM ledger";
    let last = connection.query_row(query, [], |row| row.get(0));
    last.or_else(|_| super::head(connection).map(|it| it.size))
}

/// The entry `seq`, unless it was erased.
pub fn one(connection: &Connection, seq: i64) -> rusqlite::Result<Option<Entry>> {
    let all = after(connection, seq.saturating_sub(1), 1)?;
    Ok(all.into_iter().find(|it| it.seq == seq))
}

/// All entries about a release, or about a withdrawal.
pub fn of_release(connection: &Connection, release: [u8; 16]) -> rusqlite::Result<Vec<Entry>> {
    let query = format!(
        "SELECT {COLUMNS} FROM ledger WHERE release = ?1 AND salt IS NOT NULL ORDER BY seq"
    );
    connection.prepare_cached(&query)?.query_map([release], entry)?.collect()
}

/// All entries about a frame.
pub fn of_frame(connection: &Connection, frame: i64) -> rusqlite::Result<Vec<Entry>> {
    let query =
        format!("SELECT {COLUMNS} FROM ledger WHERE frame = ?1 AND salt IS NOT NULL ORDER BY seq");
    connection.prepare_cached(&query)?.query_map([frame], entry)?.collect()
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let kind: String = row.get(2)?;
    let unknown = || rusqlite::Error::InvalidColumnType(2, "kind".into(), Type::Text);
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
        note: row.get(10)?,
        salt: row.get(11)?,
        leaf: row.get(12)?,
    })
}
