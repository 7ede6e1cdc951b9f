//! The file: made, opened, brought up to date.
//!
//! # Promises
//!
//! - A file of another program, or of a version that is not known, is left as it is.
//! - One of an earlier version is brought up to date in one transaction, or left as it is.

use super::consents;
use crate::{
    ledger::{self, erase::Erasure},
    outbox,
};
use rusqlite::{Connection, OpenFlags};
use std::{path::Path, time::Duration};

const APPLICATION_ID: i32 = 0x4875_7367; // "Husg"
const VERSION: i32 = 3;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite says so.
    #[error("{path}: {source}")]
    Sqlite {
        /// The file.
        path: String,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// It is another program's, or of a version that this one does not know.
    #[error("{0}: not a store of this version of hushgate")]
    Foreign(String),
    /// It is of an earlier version, and was opened only to look at it.
    #[error(
        "{0}: of an earlier version of hushgate; start the gateway once (`hushgate run`), which brings it up to date"
    )]
    Earlier(String),
    /// The thread that writes could not be started.
    #[error("the writer could not be started: {0}")]
    Thread(std::io::Error),
}

pub(super) fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, OpenError> {
    let sqlite = |source| OpenError::Sqlite { path: path.display().to_string(), source };
    let mut connection = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(sqlite)?;
    let read = |pragma| connection.query_row(pragma, [], |row| row.get::<_, i32>(0));
    let id = read("PRAGMA application_id").map_err(sqlite)?;
    let version = read("PRAGMA user_version").map_err(sqlite)?;
    match (id, version) {
        (APPLICATION_ID, VERSION) => {}
        (0, 0) if flags == OpenFlags::default() => create(&connection).map_err(sqlite)?,
        (APPLICATION_ID, 2) if flags == OpenFlags::default() => {
            upgrade(&mut connection).map_err(sqlite)?;
        }
        (APPLICATION_ID, 2) => return Err(OpenError::Earlier(path.display().to_string())),
        _ => return Err(OpenError::Foreign(path.display().to_string())),
    }
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
        .map_err(sqlite)?;
    Ok(connection)
}

fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA journal_mode = WAL;")?;
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         {}{}
         CREATE TABLE IF NOT EXISTS state(owner TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
         CREATE TABLE IF NOT EXISTS cursor(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
         PRAGMA application_id = {APPLICATION_ID};
         PRAGMA user_version = {VERSION};
         COMMIT;",
        ledger::SCHEMA,
        outbox::SCHEMA,
    ))
}

/// From version 2, whose ledger was a chain of hashes.
fn upgrade(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA synchronous = FULL;")?;
    let transaction = connection.transaction()?;
    ledger::migrate::from_2(&transaction)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Takes what the ledger says about some devices and grants, and what waits of them, out of a store that no gateway uses:
/// also out of the free space of the file. How many entries it was. A withdrawal that its recipient has not confirmed stays.
pub fn erase(path: &Path, whose: &Erasure) -> Result<usize, OpenError> {
    let mut connection = connect(path, OpenFlags::default())?;
    let mut run = || {
        connection.execute_batch("PRAGMA secure_delete = ON;")?;
        connection.execute_batch(consents::SCHEMA)?;
        let transaction = connection.transaction()?;
        let names = (&whose.devices[..], &whose.grants[..]);
        let erased = ledger::erase::erase(&transaction, whose)?;
        outbox::erase(&transaction, names)?;
        consents::erase(&transaction, names)?;
        transaction.commit()?;
        connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
        Ok(erased)
    };
    run().map_err(|source| OpenError::Sqlite { path: path.display().to_string(), source })
}

/// SQLite gives the files beside it the same mode.
pub(super) fn restrict(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if let Err(error) = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)) {
        tracing::warn!(%error, "the store's file mode could not be set");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ledger::{Fact, Kind, Salts, tree::Edge},
        message::Millis,
        store::writer::LAST_FRAME,
    };

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
        let whose = Erasure { devices: vec!["secret-scale".into()], grants: Vec::new() };
        assert_eq!(erase(&path, &whose).unwrap(), 3_000 / 7 + 1);
        assert!(!holds(b"secret-scale") && !holds(&salt));
        assert!(holds(b"pacemaker"));
        let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let report = ledger::verify::run(&connection, &ledger::verify::Against::default());
        assert_eq!((report.faults, report.summary.erased), (vec![], 3_000 / 7 + 1));
        // Also if nothing of it is left, a gateway goes on with the next number.
        drop(connection);
        erase(&path, &Erasure { grants: vec!["ada".into()], devices: Vec::new() }).unwrap();
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
            let row =
                "INSERT INTO withdrawal VALUES (?1, 'ada', 'scale', 'hospital', x'', x'', 1, ?2)";
            transaction.execute(row, (id, done)).unwrap();
        }
        ledger::keep_head(&transaction, &edge).unwrap();
        transaction.commit().unwrap();
        let whose = Erasure { devices: vec!["scale".into()], grants: vec!["ada".into()] };
        assert_eq!(erase(&path, &whose).unwrap(), 1);
        let left: Vec<_> = ledger::after(&connection, 0, 9).unwrap();
        assert_eq!((left.len(), left[0].release), (1, Some([1; 16])));
        connection.execute("UPDATE withdrawal SET done = 1", []).unwrap();
        assert_eq!(erase(&path, &whose).unwrap(), 1);
        let count = connection.query_row("SELECT count(*) FROM withdrawal", [], |row| row.get(0));
        assert_eq!(count, Ok(0));
    }
}
