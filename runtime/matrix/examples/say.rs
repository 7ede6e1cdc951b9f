//! Says texts in an encrypted room, as a person's own client would: for tests that need somebody in the room.
//!
//! `say HOMESERVER USER PASSWORD ROOM TEXT…`

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step ends it loudly")]
#![recursion_limit = "256"]

use matrix_sdk::{
    Client,
    config::SyncSettings,
    encryption::EncryptionSettings,
    ruma::{RoomId, events::room::message::RoomMessageEventContent},
};
use std::time::Duration;

#[tokio::main]
async fn main() {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [homeserver, user, password, room, texts @ ..] = args.as_slice() else {
        panic!("say HOMESERVER USER PASSWORD ROOM TEXT…")
    };
    let keys =
        EncryptionSettings { auto_enable_cross_signing: true, ..EncryptionSettings::default() };
    let client = Client::builder().homeserver_url(homeserver).with_encryption_settings(keys);
    let client = client.build().await.unwrap();
    client.matrix_auth().login_username(user, password).send().await.unwrap();
    client.encryption().wait_for_e2ee_initialization_tasks().await;
    let room = client.join_room_by_id(&RoomId::parse(room).unwrap()).await.unwrap();
    let poll = SyncSettings::new().timeout(Duration::from_millis(200));
    client.sync_once(poll).await.unwrap();
    for text in texts {
        room.send(RoomMessageEventContent::text_plain(text)).await.unwrap();
    }
}
