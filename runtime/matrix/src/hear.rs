//! What the owners of a bot say in its room.

use crate::{BAD_ROOM, Bot, MatrixError, joined};
use matrix_sdk::{
    Room,
    deserialized_responses::{EncryptionInfo, VerificationLevel, VerificationState},
    ruma::{
        OwnedRoomOrAliasId, RoomOrAliasId, UserId,
        events::room::message::{MessageType, OriginalSyncRoomMessageEvent},
    },
};
use std::{
    future::ready,
    sync::{Arc, atomic::Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::mpsc;

/// The longest text that is heard, in bytes: a command, not a letter.
pub const HEARD_BYTES_MAX: usize = 256;
/// How many texts may wait; more are not heard.
const WAITING_MAX: usize = 16;
/// How old what is said may be, by the homeserver's clock: long enough for a restart, too short for a replay of last
/// week's words.
const AGE_MAX: Duration = Duration::from_secs(600);

/// What an owner said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Names the event: an answer to it has this as its transaction, so that it is given once.
    pub event: String,
    /// The text.
    pub text: String,
}

/// Who is listened to, and where.
struct Ears {
    room: OwnedRoomOrAliasId,
    owners: Vec<String>,
    heard: mpsc::Sender<Heard>,
}

impl Bot {
    /// Hears what `owners`, by their user ids, say in `room` from now on, for as long as [`Bot::sync`] runs.
    ///
    /// Heard are texts of at most [`HEARD_BYTES_MAX`] bytes, encrypted by a device that its owner's cross-signing identity
    /// has signed, at most ten minutes old. Whatever a homeserver makes up is not: it cannot encrypt as its user.
    ///
    /// # Errors
    ///
    /// [`MatrixError::Fix`] if the room or an owner is not written as one.
    pub fn hear(
        &self,
        room: &str,
        owners: &[String],
    ) -> Result<mpsc::Receiver<Heard>, MatrixError> {
        let room = RoomOrAliasId::parse(room).map_err(|_| BAD_ROOM)?;
        if owners.iter().any(|it| UserId::parse(it).is_err()) {
            return Err(MatrixError::Fix("an owner is written `@name:server`; one is not"));
        }
        let (heard, texts) = mpsc::channel(WAITING_MAX);
        let ears = Arc::new(Ears { room, owners: owners.to_vec(), heard });
        self.hears.store(true, Ordering::Release);
        self.client.add_event_handler(
            move |event: OriginalSyncRoomMessageEvent,
                  room: Room,
                  encryption: Option<EncryptionInfo>| {
                ears.take(event, (&room, encryption.as_ref()));
                ready(())
            },
        );
        Ok(texts)
    }
}

impl Ears {
    fn take(
        &self,
        event: OriginalSyncRoomMessageEvent,
        (room, encryption): (&Room, Option<&EncryptionInfo>),
    ) {
        let ours = joined(&room.client(), &self.room);
        let is_here = ours.is_some_and(|it| it.room_id() == room.room_id());
        let is_theirs = self.owners.iter().any(|it| it == event.sender.as_str());
        if !(is_here && is_theirs && is_signed(encryption) && is_new(&event)) {
            return;
        }
        let MessageType::Text(text) = event.content.msgtype else { return };
        let heard = Heard { event: event.event_id.to_string(), text: text.body };
        if heard.text.len() <= HEARD_BYTES_MAX && self.heard.try_send(heard).is_err() {
            tracing::warn!("more is said in the room than can be listened to");
        }
    }
}

/// Whether it was encrypted by a device that the user's own identity vouches for. Nobody here has verified that identity:
/// it is trusted as it was first seen.
fn is_signed(encryption: Option<&EncryptionInfo>) -> bool {
    encryption.is_some_and(|it| {
        matches!(
            it.verification_state,
            VerificationState::Verified
                | VerificationState::Unverified(VerificationLevel::UnverifiedIdentity)
        )
    })
}

fn is_new(event: &OriginalSyncRoomMessageEvent) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let said = Duration::from_millis(event.origin_server_ts.get().into());
    now.saturating_sub(said) <= AGE_MAX
}
