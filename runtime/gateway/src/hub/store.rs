//! Keeps what a hub received, for as long as the people it came from agreed to.
//!
//! # Promises
//!
//! - [`HubStore::insert`] returns only once the whole batch would survive a power cut; on an error, none of it is kept.
//! - A release is taken in once: a repeat is known by its id for [`RELEASE_IDS_KEPT_MS`], even after its values are gone.
//! - A value is never handed out past its `keep_until_ms`, and [`HubStore::sweep`] overwrites it on the disk.
//! - An invitation pairs one gateway. Asking again with the same key gives the same answer.
//! - Whatever a gateway sends, the file stays within limits: each size is checked before anything is written.
//!
//! Every call blocks for a short disk write or read: from async code, call it through `spawn_blocking`.

mod deposits;
mod file;
mod legacy;
mod pairing;
mod releases;
mod series;
mod withdrawals;

pub(crate) use deposits::Deposit;
use rusqlite::Connection;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most releases that one call of [`HubStore::insert`] takes.
pub(crate) const BATCH_RELEASES_MAX: usize = 256;
/// The most fields of one release.
pub(crate) const RELEASE_FIELDS_MAX: usize = 256;
/// The most different fields, over all its devices and purposes, that one gateway may have at a time.
pub(crate) const GATEWAY_CHANNELS_MAX: usize = 1024;
/// The most consents, withdrawn ones included, that one gateway may have.
pub(crate) const GATEWAY_TAGS_MAX: usize = 100_000;
/// How many deletions that somebody asked for are shown.
pub(crate) const DELETIONS_SHOWN_MAX: usize = 10;
/// The longest device or purpose name, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 64;
/// The longest field path, in bytes.
pub(crate) const PATH_BYTES_MAX: usize = 128;
/// The longest unit, in bytes.
pub(crate) const UNIT_BYTES_MAX: usize = 32;
/// The longest choice, in bytes.
pub(crate) const CHOICE_BYTES_MAX: usize = 128;
/// The longest line in the prototype's format, in bytes.
pub(crate) const LEGACY_BYTES_MAX: usize = 1024;
/// How many lines in the prototype's format are kept: the newest.
pub(crate) const LEGACY_LINES_MAX: usize = 1000;
/// How long a line in the prototype's format is kept, which cannot say so itself: 30 days.
pub(crate) const LEGACY_KEPT_MS: i64 = 30 * DAY_MS;
/// How long an invitation is remembered after it ended, so that a late gateway learns why it is refused: 30 days.
pub(crate) const INVITES_KEPT_MS: i64 = 30 * DAY_MS;
/// The most invitations that can wait at a time.
pub(crate) const INVITES_MAX: usize = 1000;
/// How long a release id is remembered at least, from its receipt: 400 days, longer than any gateway retries.
pub(crate) const RELEASE_IDS_KEPT_MS: i64 = 400 * DAY_MS;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The first 8 bytes of the SHA-256 of a gateway's public key.
pub(crate) type KeyId = [u8; 8];

/// What all releases of one consent carry.
pub(crate) type Tag = [u8; 16];

/// What was deleted because a consent was withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deleted {
    /// How many values.
    pub(crate) values: u64,
    /// When: milliseconds since 1970, by the hub's clock.
    pub(crate) at_ms: i64,
}

/// The paired gateways and what they sent, in one SQLite file.
#[derive(Debug)]
pub(crate) struct HubStore {
    connection: Mutex<Connection>,
}

/// One opened release, ready to be kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Received {
    /// What tells a repeat from news, within one gateway.
    pub(crate) release: [u8; 16],
    /// Who sealed it.
    pub(crate) gateway: KeyId,
    /// The sender's name for the device: 1 to [`NAME_BYTES_MAX`] bytes.
    pub(crate) device: String,
    /// What the values may be used for: at most [`NAME_BYTES_MAX`] bytes.
    pub(crate) purpose: String,
    /// The consent that it came from; older gateways say none.
    pub(crate) tag: Option<Tag>,
    /// When the hub got it: milliseconds since 1970, by the hub's clock.
    pub(crate) received_ms: i64,
    /// When its values must be gone: milliseconds since 1970.
    pub(crate) keep_until_ms: i64,
    /// The values: at most [`RELEASE_FIELDS_MAX`].
    pub(crate) fields: Vec<Field>,
}

/// One value that was released.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    /// Which one it is: 1 to [`PATH_BYTES_MAX`] bytes.
    pub(crate) path: String,
    /// Its UCUM unit: at most [`UNIT_BYTES_MAX`] bytes.
    pub(crate) unit: Option<String>,
    /// The value itself.
    pub(crate) value: Value,
    /// When it was measured: milliseconds since 1970. A time after the receipt is kept as the receipt's.
    pub(crate) at_ms: i64,
}

/// A value of one of the three types that a grant can release.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// A finite number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// One of a few words: at most [`CHOICE_BYTES_MAX`] bytes.
    Choice(String),
}

/// Whether a release was news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inserted {
    /// It is kept now.
    New,
    /// It had been taken in before; nothing was changed.
    Repeat,
}

/// Whether a pairing was news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Redeemed {
    /// The invitation is used up by this gateway from now on.
    New(KeyId),
    /// This gateway had used this invitation before; nothing was changed.
    Repeat(KeyId),
}

/// Names one series of values: a gateway's device, purpose, path and unit. Good as long as the store is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChannelId(i64);

/// The newest values of one device for one purpose.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DeviceLatest {
    /// Who sent them.
    pub(crate) gateway: KeyId,
    /// The sender's name for the device.
    pub(crate) device: String,
    /// What the values may be used for.
    pub(crate) purpose: String,
    /// The newest value per path and unit, in the order in which they first came; at least one.
    pub(crate) fields: Vec<FieldLatest>,
    /// When the hub last got a release of it: milliseconds since 1970.
    pub(crate) received_ms: i64,
}

/// The newest value of one field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FieldLatest {
    /// For [`HubStore::series`].
    pub(crate) channel: ChannelId,
    /// The value, and when it was measured.
    pub(crate) field: Field,
}

/// A line that came in the prototype's format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LegacyLine {
    /// Who sent it, by its own account.
    pub(crate) id_device: String,
    /// Its text.
    pub(crate) data: String,
    /// When the hub got it: milliseconds since 1970.
    pub(crate) received_ms: i64,
}

/// How much a hub holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Gateways that are paired.
    pub(crate) gateways: u64,
    /// Devices that have a value, per gateway and purpose.
    pub(crate) devices: u64,
    /// Releases whose ids are remembered.
    pub(crate) releases: u64,
    /// Values, whether or not a sweep is due.
    pub(crate) values: u64,
    /// Lines in the prototype's format.
    pub(crate) legacy_lines: u64,
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The path names something else: the owner must choose another.
    #[error("the file is not a hub's store")]
    Foreign,
    /// The owner must update the program first.
    #[error("the hub's store was written by a newer version")]
    Newer,
    /// The file cannot be made or protected: the owner must look at its folder.
    #[error("the hub's store cannot be made private")]
    File(#[source] std::io::Error),
    /// It will never be taken in as it is.
    #[error("{what} exceeds the limit of {max}")]
    TooLarge {
        /// What is too large or too many.
        what: &'static str,
        /// The limit: bytes for a text, else a number of things.
        max: usize,
    },
    /// It will never be taken in as it is.
    #[error("{0}")]
    Invalid(&'static str),
    /// The disk or the database failed, whatever the statement: trying again later may help.
    #[error("the hub's store failed")]
    Database(#[from] rusqlite::Error),
}

impl StoreError {
    /// Whether the same input can never be taken in.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::Invalid(_))
    }
}

/// Why an invitation did not pair a gateway.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RedeemError {
    /// No such code was given out, or long ago.
    #[error("the invitation is unknown")]
    Unknown,
    /// The owner must give out another code.
    #[error("the invitation has expired")]
    Expired,
    /// Another gateway used it. If the owner does not know that gateway, the code was stolen.
    #[error("the invitation was used by another gateway")]
    UsedByOther,
    /// A paired gateway has another key with the same id: this one must make a new key.
    #[error("the key's id belongs to another gateway")]
    KeyIdTaken,
    /// The store failed: trying again later may help.
    #[error("the pairing was not kept")]
    NotKept(#[from] StoreError),
}

impl HubStore {
    /// Opens the store at `path`, or makes it; either way the file is readable by its owner alone.
    ///
    /// # Errors
    ///
    /// A file of another kind or of a newer version is left exactly as it was.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { connection: Mutex::new(file::open(path)?) })
    }

    /// How much the store holds.
    pub(crate) fn counts(&self) -> Result<Counts, StoreError> {
        let connection = self.lock();
        let count = |table: &str| -> Result<u64, StoreError> {
            let sql = format!("SELECT count(*) FROM {table}");
            Ok(connection.query_row(&sql, [], |row| row.get(0)).map(i64::unsigned_abs)?)
        };
        Ok(Counts {
            gateways: count("gateway")?,
            devices: count("source")?,
            releases: count("seen")?,
            values: count("point")?,
            legacy_lines: count("legacy")?,
        })
    }

    /// A transaction that a panic cut short has been rolled back, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn at_most(what: &'static str, size: usize, max: usize) -> Result<(), StoreError> {
    if size > max { Err(StoreError::TooLarge { what, max }) } else { Ok(()) }
}
