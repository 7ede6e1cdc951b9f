//! What the owners of a bot say in its room.

use crate::{BAD_ROOM, Bot, MatrixError, joined};
use matrix_sdk::{
    Room,
    deserialized_responses::{EncryptionInfo, VerificationLevel, VerificationState},
    ruma::{
        EventId, OwnedEventId, OwnedRoomOrAliasId, OwnedUserId, RoomOrAliasId, UserId,
        events::{
            AnySyncMessageLikeEvent, AnySyncTimelineEvent, SyncMessageLikeEvent,
            room::{
                encrypted::OriginalSyncRoomEncryptedEvent,
                message::{MessageType, OriginalSyncRoomMessageEvent},
            },
        },
    },
};
use std::{
    future::ready,
    sync::{Arc, atomic::Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::{Semaphore, mpsc};

/// The longest text that is heard, in bytes: a command, not a letter.
pub const HEARD_BYTES_MAX: usize = 256;
/// How many texts may wait; more are not heard.
const WAITING_MAX: usize = 16;
/// When something is looked at again that could not be read, or whose device was not known as its owner's.
const AGAIN: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(20),
];
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
    again: Arc<Semaphore>,
}

impl Bot {
    /// Hears what `owners`, by their user ids, say in `room` from now on, for as long as [`Bot::sync`] runs.
    ///
    /// Heard are texts of at most [`HEARD_BYTES_MAX`] bytes, encrypted by a device that its owner's cross-signing identity
    /// has signed, at most ten minutes old. Whatever a homeserver makes up is not: it cannot encrypt as its user. A device that
    /// says something before its keys are known here is looked at again, for half a minute.
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
        let again = Arc::new(Semaphore::new(WAITING_MAX));
        let ears = Arc::new(Ears { room, owners: owners.to_vec(), heard, again });
        self.hears.store(true, Ordering::Release);
        let unread = ears.clone();
        self.client.add_event_handler(move |event: OriginalSyncRoomEncryptedEvent, room: Room| {
            if unread.is_for(&room, &event.sender) {
                unread.look_again(room, (event.sender, event.event_id));
            }
            ready(())
        });
        self.client.add_event_handler(
            move |event: OriginalSyncRoomMessageEvent,
                  room: Room,
                  encryption: Option<EncryptionInfo>| {
                if ears.is_for(&room, &event.sender) {
                    ears.consider(event, (room, encryption));
                }
                ready(())
            },
        );
        Ok(texts)
    }
}

impl Ears {
    /// Whether it was said here, by an owner.
    fn is_for(&self, room: &Room, sender: &UserId) -> bool {
        let ours = joined(&room.client(), &self.room);
        let is_here = ours.is_some_and(|it| it.room_id() == room.room_id());
        is_here && self.owners.iter().any(|it| it == sender.as_str())
    }

    /// What is not encrypted is nobody's.
    fn consider(
        self: &Arc<Self>,
        event: OriginalSyncRoomMessageEvent,
        (room, encryption): (Room, Option<EncryptionInfo>),
    ) {
        match encryption {
            Some(it) if is_signed(&it) => self.take(event),
            Some(_) => self.look_again(room, (event.sender, event.event_id)),
            None => {}
        }
    }

    fn take(&self, event: OriginalSyncRoomMessageEvent) {
        let MessageType::Text(text) = event.content.msgtype else { return };
        if text.body.len() > HEARD_BYTES_MAX || !is_new(event.origin_server_ts.get().into()) {
            return;
        }
        let heard = Heard { event: event.event_id.to_string(), text: text.body };
        if self.heard.try_send(heard).is_err() {
            tracing::warn!("more is said in the room than can be listened to");
        }
    }

    /// Takes it once it can be read and its device is known as its owner's, which may be known only after it was said.
    fn look_again(self: &Arc<Self>, room: Room, (sender, id): (OwnedUserId, OwnedEventId)) {
        let Ok(turn) = self.again.clone().try_acquire_owned() else {
            tracing::warn!("more is said in the room than can be looked at again");
            return;
        };
        let ears = self.clone();
        tokio::spawn(async move {
            match later_signed(&room, (&sender, &id)).await {
                Some(event) => ears.take(event),
                None => tracing::warn!(
                    "an owner said something on a device that the owner has not verified: it does not count"
                ),
            }
            drop(turn);
        });
    }
}

/// The event once its device is known as its owner's; nothing if that does not come about in time.
async fn later_signed(
    room: &Room,
    event: (&UserId, &EventId),
) -> Option<OriginalSyncRoomMessageEvent> {
    for wait in AGAIN {
        tokio::time::sleep(wait).await;
        let signed = now_signed(room, event).await;
        if signed.is_some() {
            return signed;
        }
    }
    None
}

/// The event as it can be read now, if its device is now known as its owner's.
async fn now_signed(
    room: &Room,
    (sender, id): (&UserId, &EventId),
) -> Option<OriginalSyncRoomMessageEvent> {
    room.client().encryption().request_user_identity(sender).await.ok()?;
    let again = room.event(id, None).await.ok()?;
    again.encryption_info().filter(|it| is_signed(it))?;
    match again.raw().deserialize().ok()? {
        AnySyncTimelineEvent::MessageLike(AnySyncMessageLikeEvent::RoomMessage(
            SyncMessageLikeEvent::Original(it),
        )) if it.event_id == id && it.sender == sender => Some(it),
        _ => None,
    }
}

/// Whether it was encrypted by a device that the user's own identity vouches for. Nobody here has verified that identity:
/// it is trusted as it was first seen.
fn is_signed(encryption: &EncryptionInfo) -> bool {
    matches!(
        encryption.verification_state,
        VerificationState::Verified
            | VerificationState::Unverified(VerificationLevel::UnverifiedIdentity)
    )
}

fn is_new(said_ms: u64) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from_millis(said_ms)) <= AGE_MAX
}
