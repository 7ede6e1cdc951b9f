//! Opens the file of a hub's store, or makes it.
//!
//! # Promises
//!
//! - The file and its journal can be read and written by their owner alone.
//! - A commit is on the disk when it returns, and what is deleted is overwritten.
//! - A file that is not a hub's store, or a newer one, is refused before anything in it is changed.
//! - The file never grows beyond [`STORE_BYTES_MAX`].

use super::StoreError;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use std::fs::{self, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// The most that a store may take on the disk: 4 GiB. A full one takes in nothing more until a sweep makes room.
const STORE_BYTES_MAX: i64 = 4 << 30;

const OWNER_ONLY: u32 = 0o600;
/// `HsHb`, in the place where SQLite lets a program mark its files.
const APPLICATION_ID: i64 = 0x4873_4862;
const VERSION: i64 = 2;
/// Longer than any transaction of another process on the same store, such as `hushgate hub invite`.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const BUSY_RETRY_DELAY: Duration = Duration::from_millis(5);

/// A channel's id is never given out twice: whoever holds an old one must not see another's values.
const SCHEMA: &str = "
CREATE TABLE invite (code_hash BLOB PRIMARY KEY, expires_ms INTEGER NOT NULL, gateway_key BLOB) STRICT, WITHOUT ROWID;
CREATE TABLE gateway (id BLOB PRIMARY KEY, key BLOB NOT NULL, paired_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE seen (
    gateway BLOB NOT NULL, release BLOB NOT NULL, keep_until_ms INTEGER NOT NULL,
    PRIMARY KEY (gateway, release)) STRICT, WITHOUT ROWID;
CREATE INDEX seen_by_end ON seen (keep_until_ms);
CREATE TABLE source (
    id INTEGER PRIMARY KEY, gateway BLOB NOT NULL, device TEXT NOT NULL, purpose TEXT NOT NULL,
    received_ms INTEGER NOT NULL, UNIQUE (gateway, device, purpose)) STRICT;
CREATE TABLE channel (
    id INTEGER PRIMARY KEY AUTOINCREMENT, source INTEGER NOT NULL REFERENCES source,
    path TEXT NOT NULL, unit TEXT NOT NULL, UNIQUE (source, path, unit)) STRICT;
CREATE TABLE point (
    id INTEGER PRIMARY KEY, channel INTEGER NOT NULL REFERENCES channel,
    at_ms INTEGER NOT NULL, keep_until_ms INTEGER NOT NULL, value ANY NOT NULL) STRICT;
CREATE INDEX point_by_time ON point (channel, at_ms);
CREATE INDEX point_by_end ON point (keep_until_ms);
CREATE TABLE legacy (
    id INTEGER PRIMARY KEY, id_device TEXT NOT NULL, data TEXT NOT NULL, received_ms INTEGER NOT NULL) STRICT;
";

/// What a store of version 1 lacks: which consent each value came from. Of those that it holds nobody knows.
const SINCE_VERSION_1: &str = "
CREATE TABLE tag (
    id INTEGER PRIMARY KEY AUTOINCREMENT, gateway BLOB NOT NULL, tag BLOB NOT NULL,
    withdrawn_ms INTEGER, deleted INTEGER NOT NULL DEFAULT 0, UNIQUE (gateway, tag)) STRICT;
ALTER TABLE point ADD COLUMN tag INTEGER REFERENCES tag;
CREATE INDEX point_by_tag ON point (tag) WHERE tag IS NOT NULL;
";

pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    make(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    claim(&mut connection).map_err(|error| match error {
        StoreError::Database(error)
            if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) =>
        {
            StoreError::Foreign
        }
        other => other,
    })?;
    protect(path)?;
    configure(&connection)?;
    connection.execute_batch(super::deposits::SCHEMA)?;
    Ok(connection)
}

/// Makes an empty file. One that exists is not even opened: closing it would take SQLite's locks from under other
/// connections of this process.
fn make(path: &Path) -> Result<(), StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(StoreError::File(error)),
        _ => Ok(()),
    }
}

/// SQLite gives a journal the mode of the database, but leaves one that exists as it is.
fn protect(path: &Path) -> Result<(), StoreError> {
    ["", "-wal", "-shm"].into_iter().try_for_each(|ending| {
        let mut file = path.as_os_str().to_owned();
        file.push(ending);
        match fs::set_permissions(file, Permissions::from_mode(OWNER_ONLY)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::File(error)),
            _ => Ok(()),
        }
    })
}

fn claim(connection: &mut Connection) -> Result<(), StoreError> {
    let claim = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let number = |sql: &str| claim.query_row(sql, [], |row| row.get::<_, i64>(0));
    let application_id = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    match (application_id, version, tables) {
        (0, 0, 0) => {
            claim.execute_batch(SCHEMA)?;
            claim.execute_batch(SINCE_VERSION_1)?;
            claim.pragma_update(None, "application_id", APPLICATION_ID)?;
            claim.pragma_update(None, "user_version", VERSION)?;
            Ok(claim.commit()?)
        }
        (APPLICATION_ID, 1, _) => {
            claim.execute_batch(SINCE_VERSION_1)?;
            claim.pragma_update(None, "user_version", VERSION)?;
            Ok(claim.commit()?)
        }
        (APPLICATION_ID, VERSION, _) => Ok(()),
        (APPLICATION_ID, newer, _) if newer > VERSION => Err(StoreError::Newer),
        _ => Err(StoreError::Foreign),
    }
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    switch_to_wal(connection)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // Sorting must not leave health data in a temporary file.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    let page_bytes: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    connection.pragma_update(None, "max_page_count", STORE_BYTES_MAX / page_bytes.max(512))
}

/// A new file is switched once. If two processes try, SQLite tells one of them at once that it is busy.
fn switch_to_wal(connection: &Connection) -> rusqlite::Result<()> {
    let start = Instant::now();
    loop {
        let switched = connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()));
        let busy =
            |error: &rusqlite::Error| error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
        if !switched.as_ref().is_err_and(busy) || start.elapsed() > BUSY_TIMEOUT {
            return switched;
        }
        thread::sleep(BUSY_RETRY_DELAY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses(prepare: &str, expected: fn(&StoreError) -> bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.db");
        Connection::open(&path).unwrap().execute_batch(prepare).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let before = fs::read(&path).unwrap();
        let error = open(&path).unwrap_err();
        assert!(expected(&error), "{error:?}");
        assert_eq!(fs::read(&path).unwrap(), before, "the file was changed");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o644,
            "the mode was changed"
        );
    }

    #[test]
    fn a_database_of_another_program_is_refused_untouched() {
        refuses("CREATE TABLE cookies (name TEXT)", |error| matches!(error, StoreError::Foreign));
        refuses("PRAGMA application_id = 7", |error| matches!(error, StoreError::Foreign));
    }

    #[test]
    fn a_store_of_a_newer_version_is_refused_untouched() {
        let newer = format!(
            "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {}",
            VERSION + 1
        );
        refuses(&newer, |error| matches!(error, StoreError::Newer));
    }

    #[test]
    fn a_store_of_version_1_keeps_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.db");
        let old = format!(
            "{SCHEMA} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;
             INSERT INTO source VALUES (1, x'07', 'scale', 'care', 0);
             INSERT INTO channel VALUES (1, 1, 'mass', 'kg');
             INSERT INTO point VALUES (1, 1, 0, 9, 70.5);"
        );
        Connection::open(&path).unwrap().execute_batch(&old).unwrap();
        for _ in 0..2 {
            let connection = open(&path).unwrap();
            let held = "SELECT value, tag FROM point";
            let held = connection.query_row(held, [], |row| Ok((row.get(0)?, row.get(1)?)));
            assert_eq!(held.unwrap(), (70.5, None::<i64>));
        }
    }

    #[test]
    fn a_file_that_is_no_database_is_refused_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.db");
        let letter = "Dear diary, today I measured my blood pressure. ".repeat(100);
        fs::write(&path, &letter).unwrap();
        assert!(matches!(open(&path).unwrap_err(), StoreError::Foreign));
        assert_eq!(fs::read_to_string(&path).unwrap(), letter);
    }

    #[test]
    fn the_file_and_its_journal_are_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.db");
        let connection = open(&path).unwrap();
        connection.execute("DELETE FROM legacy", []).unwrap();
        drop(connection);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let connection = open(&path).unwrap();
        connection.execute("INSERT INTO legacy VALUES (1, 'a', 'b', 0)", []).unwrap();
        let modes = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap()).map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                entry.metadata().unwrap().permissions().mode() & 0o777,
            )
        });
        let mut modes = modes.collect::<Vec<_>>();
        modes.sort();
        let expected =
            ["hub.db", "hub.db-shm", "hub.db-wal"].map(|name| (name.to_owned(), OWNER_ONLY));
        assert_eq!(modes, expected);
    }

    #[test]
    fn a_commit_is_on_the_disk_when_it_returns() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open(&folder.path().join("hub.db")).unwrap();
        let text =
            |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(text("PRAGMA journal_mode"), "wal");
        assert_eq!(number("PRAGMA synchronous"), 2);
        assert_eq!(number("PRAGMA secure_delete"), 1);
        assert_eq!(number("PRAGMA max_page_count") * number("PRAGMA page_size"), STORE_BYTES_MAX);
    }

    #[test]
    fn two_processes_may_make_the_store_at_once() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("hub.db");
            thread::scope(|scope| {
                let openers = [0; 4].map(|_| scope.spawn(|| open(&path).map(drop)));
                openers.into_iter().for_each(|opener| opener.join().unwrap().unwrap());
            });
        }
    }

    #[test]
    fn the_switch_waits_for_a_reader() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.db");
        let mut connection = Connection::open(&path).unwrap();
        claim(&mut connection).unwrap();
        let reader = Connection::open(&path).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM invite").unwrap();
        connection.busy_timeout(Duration::ZERO).unwrap();
        thread::scope(|scope| {
            let switch = scope.spawn(|| switch_to_wal(&{ connection }));
            thread::sleep(10 * BUSY_RETRY_DELAY);
            assert!(!switch.is_finished());
            reader.execute_batch("ROLLBACK").unwrap();
            switch.join().unwrap().unwrap();
        });
    }
}
