//! The file: made, opened, brought up to date.
//!
//! # Promises
//!
//! - A file of another program, or of a version that is not known, is left as it is.
//! - One of an earlier version is brought up to date in one transaction, or left as it is.

use crate::{ledger, outbox};
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
        outbox::TABLE,
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

/// SQLite gives the files beside it the same mode.
pub(super) fn restrict(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if let Err(error) = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)) {
        tracing::warn!(%error, "the store's file mode could not be set");
    }
}
