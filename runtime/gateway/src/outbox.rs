//! Where sealed releases wait until their recipient has signed for them.
//!
//! # Promises
//!
//! - Nothing comes in but a [`Sealed`], which only the pipeline's last step makes out of a `Consented`.
//! - Entries come out oldest first and come out again until they are settled: a delivery can be repeated,
//!   never lost. The hub drops repeats by release id.
//! - What is due at one moment comes out grant by grant: in which order plugins of different grants were done does not show.
//! - What is about to be sent is marked on disk first: of what ends without a receipt, the ledger can say
//!   whether the recipient may have it.

use crate::{
    ledger::Kind, message::Millis, outcome::Reason, pipeline::seal::Sealed,
    wire::envelope::ReleaseId,
};
use rusqlite::{Connection, Row, Transaction, params};

/// One release that waits.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its place, which no other release had or will have.
    pub id: i64,
    /// Its number.
    pub release: ReleaseId,
    /// The frame that it came from.
    pub frame: i64,
    /// The device that sent the frame.
    pub device: String,
    /// Who may receive it.
    pub recipient: String,
    /// The grant that allows it.
    pub grant: String,
    /// The text of the grant that it was decided by.
    pub grant_digest: [u8; 8],
    /// After this it is not sent.
    pub expires: Millis,
    /// It was sent once, or was about to be.
    pub sent: bool,
}

/// One release with what is sent of it.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// The release.
    pub waiting: Waiting,
    /// What is sent.
    pub envelope: Vec<u8>,
}

/// A release that waits no longer.
#[derive(Debug)]
pub struct Settlement {
    /// Which.
    pub waiting: Waiting,
    /// How it ended.
    pub kind: Kind,
    /// Why; empty for a delivery.
    pub reason: &'static str,
    /// The hub's signature.
    pub proof: Vec<u8>,
}

impl Settlement {
    /// The recipient has it; `proof` is its signature.
    pub fn delivered(waiting: Waiting, proof: Vec<u8>) -> Self {
        Self { waiting, kind: Kind::Delivered, reason: "", proof }
    }

    /// The recipient refused it for good.
    pub fn refused(waiting: Waiting) -> Self {
        let reason = Reason::Refused.name();
        Self { waiting, kind: Kind::Purged, reason, proof: Vec::new() }
    }

    /// Its grant ended.
    pub fn purged(waiting: Waiting) -> Self {
        Self::without_receipt(waiting, Kind::Purged, Reason::GrantEnded)
    }

    /// It waited too long.
    pub fn expired(waiting: Waiting) -> Self {
        Self::without_receipt(waiting, Kind::Expired, Reason::Waited)
    }

    fn without_receipt(waiting: Waiting, kind: Kind, reason: Reason) -> Self {
        let reason = if waiting.sent { Reason::Unanswered } else { reason };
        Self { waiting, kind, reason: reason.name(), proof: Vec::new() }
    }
}

/// The table.
pub(crate) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS outbox(
    id INTEGER PRIMARY KEY AUTOINCREMENT, release BLOB NOT NULL, frame INTEGER NOT NULL,
    device TEXT NOT NULL, recipient TEXT NOT NULL, grant_id TEXT NOT NULL,
    grant_digest BLOB NOT NULL, due_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL, sent INTEGER NOT NULL DEFAULT 0, envelope BLOB NOT NULL,
    at_ms INTEGER NOT NULL DEFAULT 0) STRICT;
";

/// What it is looked through by. Releases come and go in the order of these; an index of their random numbers would be
/// written all over with each of them.
const INDEXES: &str = "
CREATE INDEX IF NOT EXISTS outbox_due ON outbox(recipient, due_ms, device, grant_id, id);
CREATE INDEX IF NOT EXISTS outbox_grant ON outbox(device, grant_id, grant_digest);
";

/// The table of an earlier version, which had an index of random numbers and perhaps no times, becomes one of this version.
pub(crate) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_autoindex_outbox_1'";
    if connection.prepare(sql)?.exists([])? {
        let at = match connection.column_exists(None, "outbox", "at_ms")? {
            true => "at_ms",
            // As old as it can be.
            false => "ifnull((SELECT at_ms FROM ledger ORDER BY seq LIMIT 1), 0)",
        };
        connection.execute_batch(&format!(
            "BEGIN IMMEDIATE;
             ALTER TABLE outbox RENAME TO outbox_before;
             {TABLE}
             INSERT INTO outbox({COLUMNS}, due_ms, envelope, at_ms)
             SELECT {COLUMNS}, due_ms, envelope, {at} FROM outbox_before ORDER BY id;
             DROP TABLE outbox_before;
             COMMIT;"
        ))?;
    }
    connection.execute_batch(INDEXES)
}

const COLUMNS: &str =
    "id, release, frame, device, recipient, grant_id, grant_digest, expires_ms, sent";

/// Keeps one release of a frame, which has a number and came in at some time.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    (frame, at): (i64, Millis),
    device: &str,
    sealed: &Sealed,
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO outbox(release, frame, device, recipient, grant_id, grant_digest, due_ms, expires_ms,
         envelope, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    insert.execute(params![
        sealed.release().0,
        frame,
        device,
        sealed.recipient(),
        sealed.grant(),
        sealed.grant_digest(),
        sealed.due().0,
        sealed.expires().0,
        sealed.envelope(),
        at.0,
    ])?;
    Ok(())
}

/// Deletes a release. Whether it was still there.
pub(crate) fn remove(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<bool> {
    let mut delete = transaction.prepare_cached("DELETE FROM outbox WHERE id = ?1")?;
    Ok(delete.execute([id])? > 0)
}

/// Marks a release as sent, if it still waits.
pub(crate) fn mark_sent(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<()> {
    let mut mark = transaction.prepare_cached("UPDATE outbox SET sent = 1 WHERE id = ?1")?;
    mark.execute([id]).map(drop)
}

/// Up to `limit` releases for `recipient` that are due at `now`, those that are due longest first.
pub(crate) fn due(
    connection: &Connection,
    recipient: &str,
    now: Millis,
    limit: usize,
) -> rusqlite::Result<Vec<Parcel>> {
    let query = format!(
        "SELECT {COLUMNS}, envelope FROM outbox WHERE recipient = ?1 AND due_ms <= ?2
         ORDER BY due_ms, device, grant_id, id LIMIT ?3"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection
        .prepare_cached(&query)?
        .query_map(params![recipient, now.0, limit], parcel)?
        .collect()
}

/// When the next release for `recipient` is due.
pub(crate) fn next_due(
    connection: &Connection,
    recipient: &str,
) -> rusqlite::Result<Option<Millis>> {
    let mut query =
        connection.prepare_cached("SELECT min(due_ms) FROM outbox WHERE recipient = ?1")?;
    query.query_row([recipient], |row| Ok(row.get::<_, Option<i64>>(0)?.map(Millis)))
}

/// How many wait, by recipient.
pub(crate) fn counts(connection: &Connection) -> rusqlite::Result<Vec<(String, i64)>> {
    connection
        .prepare_cached(
            "SELECT recipient, count(*) FROM outbox GROUP BY recipient ORDER BY recipient",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Of each device, how many wait and since when the oldest of them could leave.
pub(crate) fn oldest(connection: &Connection) -> rusqlite::Result<Vec<(String, u64, Millis)>> {
    connection
        .prepare_cached("SELECT device, count(*), min(due_ms) FROM outbox GROUP BY device")?
        .query_map([], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs(), Millis(row.get(2)?)))
        })?
        .collect()
}

/// The device, grant and grant's text that releases wait under.
pub(crate) fn grants(connection: &Connection) -> rusqlite::Result<Vec<(String, String, [u8; 8])>> {
    connection
        .prepare_cached("SELECT DISTINCT device, grant_id, grant_digest FROM outbox")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect()
}

/// Up to `limit` releases that wait under one text of a grant, oldest first.
pub(crate) fn under(
    connection: &Connection,
    (device, grant, digest): (&str, &str, [u8; 8]),
    limit: usize,
) -> rusqlite::Result<Vec<Waiting>> {
    let query = format!(
        "SELECT {COLUMNS} FROM outbox WHERE device = ?1 AND grant_id = ?2 AND grant_digest = ?3
         ORDER BY id LIMIT ?4"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let arguments = params![device, grant, digest, limit];
    connection.prepare_cached(&query)?.query_map(arguments, waiting)?.collect()
}

/// All releases of one device, with what would be sent, oldest first.
pub(crate) fn of_device(connection: &Connection, device: &str) -> rusqlite::Result<Vec<Parcel>> {
    let query = format!("SELECT {COLUMNS}, envelope FROM outbox WHERE device = ?1 ORDER BY id");
    connection.prepare_cached(&query)?.query_map([device], parcel)?.collect()
}

/// Up to `limit` releases that waited too long at `now`, for whomever they are.
pub(crate) fn past(
    connection: &Connection,
    now: Millis,
    limit: usize,
) -> rusqlite::Result<Vec<Waiting>> {
    let query = format!("SELECT {COLUMNS} FROM outbox WHERE expires_ms <= ?1 ORDER BY id LIMIT ?2");
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection.prepare_cached(&query)?.query_map(params![now.0, limit], waiting)?.collect()
}

fn waiting(row: &Row<'_>) -> rusqlite::Result<Waiting> {
    Ok(Waiting {
        id: row.get(0)?,
        release: ReleaseId(row.get(1)?),
        frame: row.get(2)?,
        device: row.get(3)?,
        recipient: row.get(4)?,
        grant: row.get(5)?,
        grant_digest: row.get(6)?,
        expires: Millis(row.get(7)?),
        sent: row.get(8)?,
    })
}

fn parcel(row: &Row<'_>) -> rusqlite::Result<Parcel> {
    Ok(Parcel { waiting: waiting(row)?, envelope: row.get(9)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In which order releases of these grants come out that were kept in this order and are due at one moment, and
    /// after them one of an earlier moment.
    fn order(grants: [&str; 4]) -> Vec<String> {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(TABLE).unwrap();
        let kept = grants.into_iter().map(|it| (it, 20_000)).chain([("carl", 10_000)]);
        for ((grant, due), number) in kept.zip(0_u8..) {
            let insert = "INSERT INTO outbox(release, frame, device, recipient, grant_id, grant_digest, due_ms,
                          expires_ms, envelope) VALUES (?1, 0, 'door', 'hospital', ?2, ?3, ?4, 0, ?3)";
            connection.execute(insert, params![[number; 16], grant, [0_u8; 8], due]).unwrap();
        }
        let due = due(&connection, "hospital", Millis(20_000), 64).unwrap();
        due.into_iter().map(|it| it.waiting.grant).collect()
    }

    #[test]
    fn the_order_of_two_grants_says_nothing_of_when_their_plugins_were_done() {
        let expect = ["carl", "ada", "ada", "ben", "ben"];
        for kept in [["ada", "ada", "ben", "ben"], ["ben", "ada", "ben", "ada"]] {
            assert_eq!(order(kept), expect);
        }
    }

    /// As the first version made it.
    const FIRST: &str = "
        CREATE TABLE outbox(
            id INTEGER PRIMARY KEY AUTOINCREMENT, release BLOB NOT NULL UNIQUE, frame INTEGER NOT NULL,
            device TEXT NOT NULL, recipient TEXT NOT NULL, grant_id TEXT NOT NULL,
            grant_digest BLOB NOT NULL, due_ms INTEGER NOT NULL,
            expires_ms INTEGER NOT NULL, sent INTEGER NOT NULL DEFAULT 0, envelope BLOB NOT NULL) STRICT;
        CREATE INDEX outbox_due ON outbox(recipient, due_ms, device, grant_id, id);
        CREATE TABLE ledger(seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT;
        INSERT INTO ledger VALUES (1, 77);";

    #[test]
    fn what_waits_in_the_table_of_an_earlier_version_goes_on_waiting() {
        for with_times in [false, true] {
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch(FIRST).unwrap();
            if with_times {
                let add = "ALTER TABLE outbox ADD COLUMN at_ms INTEGER NOT NULL DEFAULT 78";
                connection.execute(add, []).unwrap();
            }
            for id in [3_u8, 4] {
                let insert = "INSERT INTO outbox(id, release, frame, device, recipient, grant_id, grant_digest,
                              due_ms, expires_ms, sent, envelope)
                              VALUES (?1, ?2, 5, 'door', 'hospital', 'ada', ?3, 6, 7, 1, x'09')";
                connection.execute(insert, params![id, [id; 16], [8_u8; 8]]).unwrap();
            }
            prepare(&connection).unwrap();
            prepare(&connection).unwrap();
            let due = due(&connection, "hospital", Millis(6), 9).unwrap();
            let [first, second] = &due[..] else { panic!("{due:?}") };
            assert_eq!((first.waiting.id, second.waiting.id), (3, 4));
            assert_eq!((first.waiting.release, first.waiting.frame), (ReleaseId([3; 16]), 5));
            assert_eq!((first.waiting.expires, first.waiting.sent), (Millis(7), true));
            assert_eq!((&*first.waiting.grant, first.waiting.grant_digest), ("ada", [8; 8]));
            assert_eq!(first.envelope, [9]);
            let at = if with_times { 78 } else { 77 };
            assert_eq!(oldest(&connection).unwrap(), [("door".into(), 2, Millis(6))]);
            let first = "SELECT min(at_ms), max(at_ms) FROM outbox";
            let times = connection.query_row(first, [], |row| Ok((row.get(0)?, row.get(1)?)));
            assert_eq!(times.unwrap(), (at, at));
            // Nothing else has the place of one that is gone.
            connection.execute("DELETE FROM outbox", []).unwrap();
            let insert = "INSERT INTO outbox(release, frame, device, recipient, grant_id, grant_digest, due_ms,
                          expires_ms, envelope) VALUES (x'01', 1, 'd', 'r', 'g', x'02', 1, 1, x'03')";
            connection.execute(insert, []).unwrap();
            assert_eq!(connection.last_insert_rowid(), 5);
        }
    }
}
