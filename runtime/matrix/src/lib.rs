//! Posts to Matrix rooms, and hears its owners there, as a bot that logs in once.
//!
//! # Promises
//!
//! - A password is used once: [`log_in`] keeps the session, and nothing else logs in.
//! - [`Bot::restore`], and [`Bot::join`] for a room joined before, work while the homeserver is away.
//! - A post into an encrypted room is encrypted. Repeating a transaction does not post twice.
//! - Every call but [`Bot::sync`] ends by itself within two minutes.
//! - Plain http goes to loopback and onion addresses alone. Where a SOCKS proxy is set, every request goes
//!   through it, with names left for it to resolve. Neither the homeserver nor the environment can send a
//!   request elsewhere: redirects, well-known answers and proxy variables are not followed.
//! - No error or log line of this crate holds an address, a name, a token or a text that was posted.
//!
//! The log lines of matrix-sdk itself (targets `matrix_sdk*` and `ruma*`) do name addresses and rooms, and call
//! ordinary answers errors: whoever installs a subscriber filters them.

// The futures of matrix-sdk nest deeper than the default allows.
#![recursion_limit = "256"]

mod answer;
mod client;
mod hear;
mod home;

use std::{
    hash::{BuildHasher, RandomState},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use matrix_sdk::{
    Client, Room, RoomState,
    authentication::matrix::MatrixSession,
    encryption::EncryptionSettings,
    ruma::{
        RoomAliasId, RoomId, RoomOrAliasId, TransactionId,
        events::room::message::RoomMessageEventContent,
    },
    store::RoomLoadSettings,
};
use tokio::time::{Instant, sleep, sleep_until, timeout};

pub use crate::hear::{HEARD_BYTES_MAX, Heard};
use crate::home::Home;

/// The most bytes that a post may have: text, HTML and framing as JSON. An event may have 65,536, and
/// encrypting makes it a third longer.
pub const POST_BYTES_MAX: usize = 40_000;

/// How long a call may take. A homeserver with usual limits lets one message through in five seconds, and the
/// wait for it is part of the call.
const CALL_TIME_MAX: Duration = Duration::from_secs(120);

const SYNC_INTERVAL_MIN: Duration = Duration::from_secs(1);
const RETRY_DELAY_MIN: Duration = Duration::from_secs(1);
const RETRY_DELAY_MAX: Duration = Duration::from_secs(300);

const SLOW: MatrixError = MatrixError::Later("the homeserver took too long");
const BAD_ROOM: MatrixError =
    MatrixError::Fix("a room is written `!id` or `#alias:server`; this is neither");
const NOT_JOINED: MatrixError = MatrixError::Fix("the bot has not joined the room");
const POST_TOO_LONG: MatrixError = MatrixError::Fix("the post is too long");

/// Where the homeserver is, how it is reached, and where the bot keeps its state.
///
/// Not `Debug`: it holds a secret.
#[derive(Clone)]
pub struct Settings {
    /// The client-server address, `https://…`; `http://…` for loopback and onion addresses alone.
    pub homeserver: String,
    /// A directory of the bot's own, made with mode 0700 if missing: the session, its keys and a lock.
    pub state_dir: PathBuf,
    /// Encrypts the store of keys and rooms. Lost with it: the session, so that a new log-in is needed.
    pub store_passphrase: String,
    /// A SOCKS 5 proxy as `address:port`, such as `127.0.0.1:9050`. An onion address needs one.
    pub socks_proxy: Option<String>,
}

/// Why a call failed, told by what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MatrixError {
    /// The network, the homeserver, its limits or the disk: the same call may succeed later.
    #[error("{0}")]
    Later(&'static str),
    /// The settings, the log-in, the session or the room: it fails until a person changes something.
    #[error("{0}")]
    Fix(&'static str),
}

/// A notice to post.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    /// Tells this post from all others of the bot; a repeat has the same.
    pub transaction: &'a str,
    /// What clients without HTML show.
    pub text: &'a str,
    /// The same as HTML.
    pub html: &'a str,
}

/// Logs in with a password, keeps the session in the state directory, and returns the user id.
///
/// `user` is a full id or its local part. The bot's keys are made and announced here; on an account's first
/// log-in its cross-signing identity too, so that clients do not warn about the device.
///
/// Dropped or failed half-way, it keeps nothing, and the next call starts afresh.
///
/// # Errors
///
/// [`MatrixError::Fix`] if a session is kept already, if another process uses the state directory, or if
/// the homeserver refuses; [`MatrixError::Later`] if it cannot be reached.
pub async fn log_in(
    settings: &Settings,
    user: &str,
    password: &str,
) -> Result<String, MatrixError> {
    let home = Home::open(&settings.state_dir)?;
    home.make_ready_for_log_in()?;
    timeout(CALL_TIME_MAX, log_in_afresh(settings, &home, (user, password)))
        .await
        .unwrap_or(Err(SLOW))
}

async fn log_in_afresh(
    settings: &Settings,
    home: &Home,
    (user, password): (&str, &str),
) -> Result<String, MatrixError> {
    let client = client::builder(settings, home)?
        .with_encryption_settings(EncryptionSettings {
            auto_enable_cross_signing: true,
            ..EncryptionSettings::default()
        })
        .build()
        .await
        .map_err(|error| answer::not_built(&error))?;
    let response = client
        .matrix_auth()
        .login_username(user, password)
        .initial_device_display_name("Hushgate")
        .send()
        .await
        .map_err(|error| {
            answer::failed(&error, "the homeserver refused the user or the password")
        })?;
    let session = MatrixSession::from(&response);
    client.encryption().wait_for_e2ee_initialization_tasks().await;
    if !client.encryption().cross_signing_status().await.is_some_and(|status| status.is_complete())
    {
        tracing::warn!("the bot has no cross-signing keys: clients will warn about its device");
    }
    if let Err(error) = home.keep(&session) {
        // An open session that nobody holds would stay for ever.
        client.matrix_auth().logout().await.ok();
        return Err(error);
    }
    Ok(session.meta.user_id.to_string())
}

/// A logged-in bot. Clones share one session.
#[derive(Clone)]
pub struct Bot {
    client: Client,
    /// Whether messages are asked for.
    hears: Arc<AtomicBool>,
    // Two processes with the same keys would ruin them: the lock lives as long as the client.
    _home: Arc<Home>,
}

impl Bot {
    /// Opens the session that [`log_in`] kept. Needs no homeserver.
    ///
    /// # Errors
    ///
    /// [`MatrixError::Fix`] if no session is kept, if another bot or process uses the state directory, or if
    /// the store does not open with this passphrase.
    pub async fn restore(settings: &Settings) -> Result<Self, MatrixError> {
        let home = Home::open(&settings.state_dir)?;
        let session = home.session()?;
        let client = client::builder(settings, &home)?
            .build()
            .await
            .map_err(|error| answer::not_built(&error))?;
        client
            .matrix_auth()
            .restore_session(session, RoomLoadSettings::default())
            .await
            .map_err(|error| answer::failed(&error, "the kept session cannot be used"))?;
        Ok(Self { client, hears: Arc::default(), _home: Arc::new(home) })
    }

    /// Joins a room, given by id or alias, by accepting an invitation if there is one. A room that is joined
    /// already stays so, without a request for an id or a room's main aliases.
    ///
    /// # Errors
    ///
    /// [`MatrixError::Fix`] if the room is not known or the bot not let in.
    pub async fn join(&self, room: &str) -> Result<(), MatrixError> {
        let room = RoomOrAliasId::parse(room).map_err(|_| BAD_ROOM)?;
        if self.joined(&room).is_some() {
            return Ok(());
        }
        timeout(CALL_TIME_MAX, self.client.join_room_by_id_or_alias(&room, &[]))
            .await
            .map_err(|_| SLOW)?
            .map(|_| ())
            .map_err(|error| answer::failed(&error, "the bot is not let into the room"))
    }

    /// Exchanges keys, membership and invitations with the homeserver, for as long as it is polled; errors are
    /// logged and tried again, after a growing, jittered delay. It reads no messages unless [`Bot::hear`] was
    /// called, and announces no presence.
    ///
    /// Returns only once the session is gone, which a new log-in alone can mend. Dropping the future at any
    /// `await` is safe: what was not taken in comes again.
    pub async fn sync(&self) -> MatrixError {
        let mut failures = 0;
        loop {
            let result = self.sync_once().await;
            if result.is_ok() && failures > 0 {
                tracing::info!("matrix sync works again");
            }
            let Err(error) = result else {
                failures = 0;
                continue;
            };
            if error == answer::SESSION_GONE {
                return error;
            }
            let delay = retry_delay(failures, RandomState::new().hash_one(failures));
            tracing::warn!(%error, retry_in = ?delay, "matrix sync failed");
            failures += 1;
            sleep(delay).await;
        }
    }

    async fn sync_once(&self) -> Result<(), MatrixError> {
        let started = Instant::now();
        self.client
            .sync_once(client::sync_settings(self.hears.load(Ordering::Acquire)))
            .await
            .map_err(|error| answer::failed(&error, "the homeserver refused to sync"))?;
        // However fast a homeserver answers, it is not asked all the time.
        sleep_until(started + SYNC_INTERVAL_MIN).await;
        Ok(())
    }

    /// Posts a notice, once: the same transaction in the same room does not post again, whatever text it then
    /// has, for as long as the homeserver remembers it (Synapse: 24 hours). So a call that failed or was dropped
    /// half-way is simply repeated.
    ///
    /// A limit set by the homeserver is waited out. While no [`Bot::sync`] runs, the keys for an encrypted room
    /// are not known to be fresh, and a post takes five seconds longer.
    ///
    /// # Errors
    ///
    /// [`MatrixError::Fix`] if the room is not joined, the post is over [`POST_BYTES_MAX`], or the homeserver
    /// refuses it.
    pub async fn post(&self, room: &str, post: &Post<'_>) -> Result<(), MatrixError> {
        let room = RoomOrAliasId::parse(room).map_err(|_| BAD_ROOM)?;
        let content = RoomMessageEventContent::notice_html(post.text, post.html);
        if serde_json::to_vec(&content).map_err(|_| POST_TOO_LONG)?.len() > POST_BYTES_MAX {
            return Err(POST_TOO_LONG);
        }
        let transaction = <&TransactionId>::from(post.transaction).to_owned();
        let sending = async {
            let room = self.find(&room).await?;
            room.send(content)
                .with_transaction_id(transaction)
                .await
                .map(|_| ())
                .map_err(|error| answer::failed(&error, "the bot may not post in the room"))
        };
        timeout(CALL_TIME_MAX, sending).await.unwrap_or(Err(SLOW))
    }

    /// The joined room of this id or alias; the homeserver is asked about an alias that is not a main one.
    async fn find(&self, room: &RoomOrAliasId) -> Result<Room, MatrixError> {
        if let Some(room) = self.joined(room) {
            return Ok(room);
        }
        let alias = <&RoomAliasId>::try_from(room).map_err(|_| NOT_JOINED)?;
        let known =
            self.client.resolve_room_alias(alias).await.map_err(|error| {
                answer::failed(&error.into(), "the bot may not look up the room")
            })?;
        self.joined((&*known.room_id).into()).ok_or(NOT_JOINED)
    }

    fn joined(&self, room: &RoomOrAliasId) -> Option<Room> {
        joined(&self.client, room)
    }
}

/// The joined room of this id or main alias, as far as is known here.
fn joined(client: &Client, room: &RoomOrAliasId) -> Option<Room> {
    match <&RoomId>::try_from(room) {
        Ok(id) => client.get_room(id).filter(|room| room.state() == RoomState::Joined),
        Err(alias) => client.joined_rooms().into_iter().find(|room| {
            room.canonical_alias().is_some_and(|main| main == alias)
                || room.alt_aliases().iter().any(|other| other == alias)
        }),
    }
}

/// Doubles with each failure in a row, between half and all of the doubled delay, as `random` says.
fn retry_delay(failures: u32, random: u64) -> Duration {
    let delay_max = RETRY_DELAY_MIN.saturating_mul(1 << failures.min(16)).min(RETRY_DELAY_MAX);
    let half = delay_max / 2;
    half + half.mul_f64(random as f64 / u64::MAX as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_wait_longer_each_time_and_never_for_ever() {
        for (failures, random, millis) in [
            (0, 0, 500),
            (0, u64::MAX, 1_000),
            (3, 0, 4_000),
            (3, u64::MAX, 8_000),
            (u32::MAX, 0, 150_000),
            (u32::MAX, u64::MAX, 300_000),
        ] {
            assert_eq!(retry_delay(failures, random), Duration::from_millis(millis));
        }
    }
}
