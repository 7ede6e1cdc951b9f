//! A homeserver, its owner and a bot's settings for one test; and what stands in for Tor.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use hushgate_matrix::{Bot, MatrixError, Settings, log_in};
use matrix_sdk::{
    Client, Room,
    config::SyncSettings,
    encryption::EncryptionSettings,
    room::MessagesOptions,
    ruma::{
        UserId,
        api::client::room::{Visibility, create_room::v3::Request as CreateRoom},
        events::{
            AnySyncMessageLikeEvent, AnySyncTimelineEvent, InitialStateEvent, SyncMessageLikeEvent,
            room::encryption::RoomEncryptionEventContent, room::message::MessageType,
        },
    },
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::MutexGuard,
    task::JoinSet,
};

/// One test at a time: one of them stops the homeserver.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A running homeserver, an account on it that never logged in, and the owner.
pub(crate) struct Rig {
    pub(crate) dir: PathBuf,
    pub(crate) user: String,
    pub(crate) settings: Settings,
    pub(crate) owner: Client,
    pub(crate) syncing: JoinSet<MatrixError>,
    _state: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Rig {
    /// Nothing, having said so, if there is no homeserver to test against.
    pub(crate) async fn up(user: &str) -> Option<Self> {
        let Some(dir) = std::env::var_os("HUSHGATE_MATRIX_TESTSERVER") else {
            eprintln!("skipped: HUSHGATE_MATRIX_TESTSERVER does not name a running homeserver");
            return None;
        };
        let turn = TURN.lock().await;
        let user = format!("{user}-{}", std::process::id());
        run(Path::new(&dir), &["up", &user, "owner"]);
        let state = tempfile::tempdir().unwrap();
        let port = std::fs::read_to_string(Path::new(&dir).join("port")).unwrap();
        let settings = Settings {
            homeserver: format!("http://127.0.0.1:{}", port.trim()),
            state_dir: state.path().join("matrix"),
            store_passphrase: "a long passphrase".to_owned(),
            socks_proxy: None,
        };
        let owner = Client::builder().homeserver_url(&settings.homeserver).build().await.unwrap();
        owner.matrix_auth().login_username("owner", "owner-password").await.unwrap();
        owner.sync_once(poll()).await.unwrap();
        let syncing = JoinSet::new();
        Some(Self { dir: dir.into(), user, settings, owner, syncing, _state: state, _turn: turn })
    }

    pub(crate) fn user_id(&self) -> String {
        format!("@{}:localhost", self.user)
    }

    pub(crate) fn password(&self) -> String {
        format!("{}-password", self.user)
    }

    pub(crate) async fn log_in(&self) -> Bot {
        assert_eq!(log_in(&self.settings, &self.user, &self.password()).await, Ok(self.user_id()));
        Bot::restore(&self.settings).await.unwrap()
    }

    /// Keeps the bot in sync for as long as the rig lives.
    pub(crate) fn sync(&mut self, bot: &Bot) {
        let bot = bot.clone();
        self.syncing.spawn(async move { bot.sync().await });
    }

    /// A private room of the owner's, with the bot invited.
    pub(crate) async fn room(&self, encrypted: bool) -> Room {
        let mut request = CreateRoom::new();
        request.visibility = Visibility::Private;
        request.invite = vec![UserId::parse(self.user_id()).unwrap()];
        if encrypted {
            let content = RoomEncryptionEventContent::with_recommended_defaults();
            request.initial_state =
                vec![InitialStateEvent::with_empty_state_key(content).to_raw_any()];
        }
        let room = self.owner.create_room(request).await.unwrap();
        self.owner.sync_once(poll()).await.unwrap();
        room
    }

    /// Another account, on a device that its own identity has signed, in `room`.
    pub(crate) async fn member(&self, name: &str, room: &Room) -> Client {
        let name = format!("{name}-{}", std::process::id());
        run(&self.dir, &["up", &name]);
        let keys =
            EncryptionSettings { auto_enable_cross_signing: true, ..EncryptionSettings::default() };
        let client = Client::builder().homeserver_url(&self.settings.homeserver);
        let client = client.with_encryption_settings(keys).build().await.unwrap();
        let login = client.matrix_auth().login_username(&name, &format!("{name}-password"));
        login.send().await.unwrap();
        client.encryption().wait_for_e2ee_initialization_tasks().await;
        room.invite_user_by_id(client.user_id().unwrap()).await.unwrap();
        client.join_room_by_id(room.room_id()).await.unwrap();
        client.sync_once(poll()).await.unwrap();
        client
    }

    /// The notices of a room as the owner reads them: text, HTML, and whether they came encrypted.
    pub(crate) async fn read(&self, room: &Room) -> Vec<(String, String, bool)> {
        self.owner.sync_once(poll()).await.unwrap();
        let mut options = MessagesOptions::forward();
        options.limit = 100u32.into();
        let events = room.messages(options).await.unwrap().chunk;
        let notice = |event: &matrix_sdk::deserialized_responses::TimelineEvent| {
            let AnySyncTimelineEvent::MessageLike(AnySyncMessageLikeEvent::RoomMessage(
                SyncMessageLikeEvent::Original(message),
            )) = event.raw().deserialize().unwrap()
            else {
                return None;
            };
            let MessageType::Notice(notice) = message.content.msgtype else { return None };
            let html = notice.formatted.unwrap().body;
            Some((notice.body, html, event.encryption_info().is_some()))
        };
        events.iter().filter_map(notice).collect()
    }
}

pub(crate) fn poll() -> SyncSettings {
    SyncSettings::new().timeout(Duration::from_millis(200))
}

pub(crate) fn run(dir: &Path, arguments: &[&str]) {
    let rig = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/rigs/matrix-testserver");
    let done = Command::new(rig).arg(arguments[0]).arg(dir).args(&arguments[1..]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Stands in for Tor: takes SOCKS 5 requests, notes the host they name, and connects to `port` whatever it is.
pub(crate) async fn socks(port: u16) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let hosts = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&hosts);
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            tokio::spawn(relay(client, port, Arc::clone(&seen)));
        }
    });
    (address, hosts)
}

#[expect(clippy::disallowed_methods, reason = "it connects to the homeserver on this machine")]
async fn relay(mut client: TcpStream, port: u16, seen: Arc<Mutex<Vec<String>>>) {
    let mut head = [0; 2];
    client.read_exact(&mut head).await.unwrap();
    client.read_exact(&mut vec![0; head[1].into()]).await.unwrap();
    client.write_all(&[5, 0]).await.unwrap();
    let mut request = [0; 5];
    client.read_exact(&mut request).await.unwrap();
    // An address in place of a name has no length: five bytes were read, and three plus the port remain.
    let is_name = request[3] == 3;
    let mut rest = vec![0; if is_name { usize::from(request[4]) + 2 } else { 5 }];
    client.read_exact(&mut rest).await.unwrap();
    let host = String::from_utf8_lossy(&rest[..rest.len() - 2]).into_owned();
    seen.lock().unwrap().push(if is_name { host } else { "an address".to_owned() });
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    copy_bidirectional(&mut client, &mut server).await.ok();
}
