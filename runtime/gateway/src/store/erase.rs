//! Takes what is kept about somebody out of a store that no gateway uses.
//!
//! # Promises
//!
//! - It is in no byte of the file any more: also not in its free space, and not in its log.
//! - Consents end first, in the same transaction: who has something from them is told to delete it when the gateway runs.
//! - What must still be told stays until it was.

use super::{OpenError, consents, daily, ended, estimates, file::connect, state::COUNTER};
use crate::{
    ledger::{self, Salts, nodes},
    message::Millis,
};
use rusqlite::{Connection, OpenFlags, Transaction};
use std::path::Path;

/// Whose data.
#[derive(Clone, Debug, Default)]
pub struct Whose {
    /// All about these devices.
    pub devices: Vec<String>,
    /// All under these grants: their consents end.
    pub grants: Vec<String>,
}

/// What is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Entries of the ledger, of which only the leaves are left.
    pub entries: usize,
    /// Releases that waited.
    pub waiting: usize,
    /// Withdrawals that somebody must still confirm.
    pub untold: usize,
    /// The grants: also those that several subjects agreed to, and this one among them.
    pub grants: Vec<String>,
}

/// Erases.
pub fn erase(path: &Path, whose: &Whose, now: Millis) -> Result<Erased, OpenError> {
    let mut connection = connect(path, OpenFlags::default())?;
    erased(&mut connection, whose, now)
        .map_err(|source| OpenError::Sqlite { path: path.display().to_string(), source })
}

fn erased(connection: &mut Connection, whose: &Whose, now: Millis) -> rusqlite::Result<Erased> {
    connection.execute_batch("PRAGMA secure_delete = ON;")?;
    connection.execute_batch(consents::SCHEMA)?;
    connection.execute_batch(daily::SCHEMA)?;
    connection.execute_batch(estimates::SCHEMA)?;
    connection.execute_batch(ended::SCHEMA)?;
    let transaction = connection.transaction()?;
    let grants = end(&transaction, whose, now)?;
    let both = (&*whose.devices, &*grants);
    let entries = ledger::erase::erase(&transaction, both)?;
    let waiting = delete(&transaction, "outbox WHERE true", both)?;
    forget(&transaction, both)?;
    delete(&transaction, "withdrawal WHERE done", both)?;
    let untold =
        consents::look(&transaction)?.0.iter().filter(|it| grants.contains(&it.grant)).count();
    transaction.commit()?;
    connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(Erased { entries, waiting, untold, grants })
}

/// Ends the consents. All grants that releases named: other ones too, where several subjects agreed.
fn end(transaction: &Transaction<'_>, whose: &Whose, now: Millis) -> rusqlite::Result<Vec<String>> {
    let (mut edge, mut salts) = (nodes::edge(transaction)?, Salts::default());
    let mut grants = whose.grants.clone();
    for file in &whose.grants {
        grants.extend(consents::end(transaction, (&mut edge, &mut salts), (file, now))?);
    }
    ledger::keep_head(transaction, &edge)?;
    grants.sort_unstable();
    grants.dedup();
    Ok(grants)
}

/// Deletes all of some devices and under some grants. How much that was.
fn delete(
    transaction: &Transaction<'_>,
    rows: &str,
    (devices, grants): (&[String], &[String]),
) -> rusqlite::Result<usize> {
    let mut deleted = 0;
    for (column, names) in [("device", devices), ("grant_id", grants)] {
        let mut delete = transaction.prepare(&format!("DELETE FROM {rows} AND {column} = ?1"))?;
        for name in names {
            deleted += delete.execute([name])?;
        }
    }
    Ok(deleted)
}

/// What was remembered and counted.
fn forget(
    transaction: &Transaction<'_>,
    (devices, grants): (&[String], &[String]),
) -> rusqlite::Result<()> {
    let mut state = transaction.prepare("DELETE FROM state WHERE owner = ?1")?;
    grants.iter().try_for_each(|it| state.execute([it]).map(drop))?;
    // What was left under grants that were withdrawn before, unless another device has one of that name now.
    let sql = "DELETE FROM state WHERE owner IN (SELECT grant_id FROM withdrawal WHERE device = ?1)
               AND owner NOT IN (SELECT grant_id FROM consent WHERE device <> ?1)";
    let mut withdrawn = transaction.prepare(sql)?;
    devices.iter().try_for_each(|it| withdrawn.execute([it]).map(drop))?;
    delete(transaction, "estimate WHERE true", (devices, grants))?;
    delete(transaction, "ended WHERE true", (devices, grants))?;
    let sql = format!("DELETE FROM state WHERE {COUNTER}");
    let mut counters = transaction.prepare(&sql)?;
    let mut days = transaction.prepare("DELETE FROM daily WHERE device = ?1")?;
    devices.iter().try_for_each(|it| counters.execute([it]).and(days.execute([it])).map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ledger::{Fact, Kind, tree::Edge},
        store::writer::LAST_FRAME,
    };

    fn entries(path: &Path, whose: &Whose) -> usize {
        erase(path, whose, Millis(5)).unwrap().entries
    }

    #[test]
    fn what_was_erased_is_in_no_byte_of_the_store() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("gateway.db");
        let mut connection = connect(&path, OpenFlags::default()).unwrap();
        let (mut edge, mut salts) = (Edge::default(), Salts::default());
        let transaction = connection.transaction().unwrap();
        for frame in 0..3_000 {
            let device = if frame % 7 == 0 { "secret-scale" } else { "pacemaker" };
            let (at, kind) = (Millis(frame), Kind::Withheld);
            let names = ("minimized", "hospital", "ada");
            let (reason, recipient, grant) = names;
            let (release, proof, note) = (None, &[][..], "");
            let fact =
                Fact { at, kind, reason, frame, device, recipient, grant, release, proof, note };
            ledger::append(&transaction, (&mut edge, &mut salts), &fact).unwrap();
        }
        ledger::keep_head(&transaction, &edge).unwrap();
        transaction.commit().unwrap();
        let salt: Vec<u8> = connection
            .query_row("SELECT salt FROM ledger WHERE device = 'secret-scale'", [], |row| {
                row.get(0)
            })
            .unwrap();
        drop(connection);
        let holds = |what: &[u8]| {
            let files = std::fs::read_dir(dir.path()).unwrap();
            let mut files = files.map(|it| std::fs::read(it.unwrap().path()).unwrap());
            files.any(|it| it.windows(what.len()).any(|it| it == what))
        };
        assert!(holds(b"secret-scale") && holds(&salt));
        let whose = Whose { devices: vec!["secret-scale".into()], grants: Vec::new() };
        assert_eq!(entries(&path, &whose), 3_000 / 7 + 1);
        assert!(!holds(b"secret-scale") && !holds(&salt));
        assert!(holds(b"pacemaker"));
        let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let report = ledger::verify::run(&connection, &ledger::verify::Against::default());
        assert_eq!((report.faults, report.summary.erased), (vec![], 3_000 / 7 + 1));
        // Also if nothing of it is left, a gateway goes on with the next number.
        drop(connection);
        entries(&path, &Whose { grants: vec!["ada".into()], devices: Vec::new() });
        let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        assert_eq!(connection.query_row(LAST_FRAME, [], |row| row.get(0)), Ok(2_999));
    }

    #[test]
    fn a_withdrawal_that_must_still_be_told_is_not_erased() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("gateway.db");
        let mut connection = connect(&path, OpenFlags::default()).unwrap();
        connection.execute_batch(consents::SCHEMA).unwrap();
        let (mut edge, mut salts) = (Edge::default(), Salts::default());
        let transaction = connection.transaction().unwrap();
        for (id, done) in [([1; 16], 0), ([2; 16], 1)] {
            let (kind, release, proof) = (Kind::Withdrawn, Some(id), &[7; 32][..]);
            let names = ("", "scale", "hospital", "ada", "");
            let (reason, device, recipient, grant, note) = names;
            let (at, frame) = (Millis(1), 0);
            let fact =
                Fact { at, kind, reason, frame, device, recipient, grant, release, proof, note };
            ledger::append(&transaction, (&mut edge, &mut salts), &fact).unwrap();
            let row = "INSERT INTO withdrawal VALUES (?1, 'ada', 'scale', 'hospital', zeroblob(32), zeroblob(16), 1, ?2)";
            transaction.execute(row, (id, done)).unwrap();
        }
        ledger::keep_head(&transaction, &edge).unwrap();
        transaction.commit().unwrap();
        let whose = Whose { devices: vec!["scale".into()], grants: vec!["ada".into()] };
        assert_eq!(entries(&path, &whose), 1);
        let left: Vec<_> = ledger::after(&connection, 0, 9).unwrap();
        assert_eq!((left.len(), left[0].release), (1, Some([1; 16])));
        connection.execute("UPDATE withdrawal SET done = 1", []).unwrap();
        assert_eq!(entries(&path, &whose), 1);
        let count = connection.query_row("SELECT count(*) FROM withdrawal", [], |row| row.get(0));
        assert_eq!(count, Ok(0));
    }

    #[test]
    fn what_was_left_under_a_grant_that_is_gone_goes_with_its_device() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("gateway.db");
        let connection = connect(&path, OpenFlags::default()).unwrap();
        connection.execute_batch(consents::SCHEMA).unwrap();
        for (id, grant, device) in
            [(1, "before", "scale"), (2, "again", "scale"), (3, "ben", "door")]
        {
            let row = "INSERT INTO withdrawal VALUES (?1, ?2, ?3, 'hospital', zeroblob(32), zeroblob(16), 1, 1)";
            connection.execute(row, ([id; 16], grant, device)).unwrap();
            let row = "INSERT INTO state(owner, sealed) VALUES (?1, x'00')";
            connection.execute(row, [grant]).unwrap();
        }
        let row = "INSERT INTO consent VALUES ('again', 'again', 'door', 'hospital', x'', x'')";
        connection.execute(row, []).unwrap();
        erase(&path, &Whose { devices: vec!["scale".into()], grants: Vec::new() }, Millis(5))
            .unwrap();
        let mut left = connection.prepare("SELECT owner FROM state ORDER BY owner").unwrap();
        let left = left.query_map([], |row| row.get(0)).unwrap();
        assert_eq!(left.collect::<Result<Vec<String>, _>>().unwrap(), ["again", "ben"]);
    }
}
