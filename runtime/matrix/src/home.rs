//! Keeps the bot's session and its store in one directory that one process at a time may use.
//!
//! # Promises
//!
//! - The session is written whole or not at all, readable by the owner alone (mode 0600 in 0700).
//! - While a [`Home`] lives, no other can be opened on the same directory.
//! - A store without a session, left by a log-in that did not finish, is never used again.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use matrix_sdk::authentication::matrix::MatrixSession;

use crate::MatrixError;

const SESSION_BYTES_MAX: u64 = 64 * 1024;

const NO_SESSION: MatrixError = MatrixError::Fix("no matrix session is kept: log in first");
const SESSION_KEPT: MatrixError = MatrixError::Fix("a matrix session is kept already");
const SESSION_DAMAGED: MatrixError = MatrixError::Fix("the kept matrix session is damaged");
const IN_USE: MatrixError = MatrixError::Fix("another bot uses the matrix state directory");
const DISK_FULL: MatrixError = MatrixError::Later("no space is left for the matrix state");
const UNUSABLE: MatrixError =
    MatrixError::Fix("the matrix state directory cannot be read or written");

/// The state directory, locked.
pub(crate) struct Home {
    dir: PathBuf,
    _lock: File,
}

impl Home {
    /// Makes the directory if need be, and locks it.
    pub(crate) fn open(dir: &Path) -> Result<Self, MatrixError> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(unusable)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(dir.join("lock"))
            .map_err(unusable)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => IN_USE,
            TryLockError::Error(error) => unusable(error),
        })?;
        Ok(Self { dir: dir.to_owned(), _lock: lock })
    }

    /// Where the SDK keeps its databases.
    pub(crate) fn store(&self) -> PathBuf {
        self.dir.join("store")
    }

    /// Removes what a log-in that did not finish left behind; fails if a session is kept.
    pub(crate) fn make_ready_for_log_in(&self) -> Result<(), MatrixError> {
        if fs::exists(self.session_file()).map_err(unusable)? {
            return Err(SESSION_KEPT);
        }
        match fs::remove_dir_all(self.store()) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(unusable(error)),
            _ => Ok(()),
        }
    }

    /// The kept session.
    pub(crate) fn session(&self) -> Result<MatrixSession, MatrixError> {
        let file = match File::open(self.session_file()) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(NO_SESSION),
            file => file.map_err(unusable)?,
        };
        let mut json = Vec::new();
        file.take(SESSION_BYTES_MAX).read_to_end(&mut json).map_err(unusable)?;
        serde_json::from_slice(&json).map_err(|_| SESSION_DAMAGED)
    }

    /// Keeps a session, durably.
    pub(crate) fn keep(&self, session: &MatrixSession) -> Result<(), MatrixError> {
        let json = serde_json::to_vec(session).map_err(|_| SESSION_DAMAGED)?;
        self.write(&json).map_err(unusable)
    }

    fn write(&self, json: &[u8]) -> io::Result<()> {
        let unfinished = self.dir.join("session.json.new");
        // A file left over may have another mode.
        fs::remove_file(&unfinished).ok();
        let mut file =
            OpenOptions::new().create_new(true).write(true).mode(0o600).open(&unfinished)?;
        file.write_all(json)?;
        file.sync_all()?;
        fs::rename(&unfinished, self.session_file())?;
        File::open(&self.dir)?.sync_all()
    }

    fn session_file(&self) -> PathBuf {
        self.dir.join("session.json")
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is an argument of map_err")]
fn unusable(error: io::Error) -> MatrixError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => DISK_FULL,
        _ => UNUSABLE,
    }
}
