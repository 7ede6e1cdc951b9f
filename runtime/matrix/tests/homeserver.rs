//! What the bot promises, shown against a real homeserver.
//!
//! Needs `HUSHGATE_MATRIX_TESTSERVER=<dir>`, where `tests/rigs/matrix-testserver up <dir> bot owner` was run,
//! and skips without it. Each test registers a bot of its own.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]
#![recursion_limit = "256"]

#[path = "homeserver/rig.rs"]
mod rig;

use std::{
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use hushgate_matrix::{Bot, MatrixError, POST_BYTES_MAX, Post, Settings, log_in};
use matrix_sdk::{
    Client, Room,
    ruma::{
        UserId,
        api::client::room::create_room::v3::{Request as CreateRoom, RoomPreset},
        events::room::message::RoomMessageEventContent,
    },
};
use tokio::time::{sleep, timeout};

use rig::{Rig, poll, run, socks};

fn notice(text: &str, encrypted: bool) -> (String, String, bool) {
    (text.to_owned(), html(text), encrypted)
}

fn html(text: &str) -> String {
    format!("<b>{text}</b>")
}

async fn post(bot: &Bot, room: &Room, transaction: &str, text: &str) -> Result<(), MatrixError> {
    bot.post(room.room_id().as_str(), &Post { transaction, text, html: &html(text) }).await
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn logs_in_once_and_keeps_the_session_for_the_owner_alone() {
    let Some(rig) = Rig::up("once").await else { return };
    let session = rig.settings.state_dir.join("session.json");

    let refused = log_in(&rig.settings, &rig.user, "not the password").await;
    assert!(matches!(refused, Err(MatrixError::Fix(_))), "{refused:?}");
    assert!(!session.exists());
    assert!(matches!(Bot::restore(&rig.settings).await, Err(MatrixError::Fix(_))));

    let bot = rig.log_in().await;
    assert_eq!(mode(&session), 0o600);
    assert_eq!(mode(&rig.settings.state_dir), 0o700);

    let in_use = Bot::restore(&rig.settings).await;
    assert!(matches!(in_use, Err(MatrixError::Fix(_))), "two bots share one store");
    drop(bot);
    drop(Bot::restore(&rig.settings).await.unwrap());
    drop(Bot::restore(&rig.settings).await.unwrap());

    let again = log_in(&rig.settings, &rig.user, &rig.password()).await;
    assert!(matches!(again, Err(MatrixError::Fix(_))), "{again:?}");

    let wrong = Settings { store_passphrase: "another".to_owned(), ..rig.settings.clone() };
    assert!(matches!(Bot::restore(&wrong).await, Err(MatrixError::Fix(_))));
}

#[tokio::test]
async fn a_log_in_that_was_interrupted_is_started_afresh() {
    let Some(rig) = Rig::up("afresh").await else { return };
    drop(rig.log_in().await);
    std::fs::remove_file(rig.settings.state_dir.join("session.json")).unwrap();
    rig.log_in().await;
}

#[tokio::test]
async fn the_first_log_in_makes_a_device_that_its_account_vouches_for() {
    let Some(rig) = Rig::up("cross").await else { return };
    let _bot = rig.log_in().await;
    let user = UserId::parse(rig.user_id()).unwrap();
    let encryption = rig.owner.encryption();
    encryption.request_user_identity(&user).await.unwrap().unwrap();
    rig.owner.sync_once(poll()).await.unwrap();
    let devices = encryption.get_user_devices(&user).await.unwrap();
    assert!(devices.devices().next().is_some());
    assert!(devices.devices().all(|device| device.is_cross_signed_by_owner()));
}

#[tokio::test]
async fn posts_once_and_encrypted_where_the_room_is() {
    let Some(mut rig) = Rig::up("posts").await else { return };
    let bot = rig.log_in().await;
    rig.sync(&bot);
    for encrypted in [true, false] {
        let room = rig.room(encrypted).await;
        let id = room.room_id().as_str();
        let early = post(&bot, &room, "t0", "early").await;
        assert!(matches!(early, Err(MatrixError::Fix(_))), "{early:?}");

        bot.join(id).await.unwrap();
        bot.join(id).await.unwrap();
        post(&bot, &room, "t1", "first").await.unwrap();
        post(&bot, &room, "t1", "first").await.unwrap();
        post(&bot, &room, "t2", "second").await.unwrap();
        let expected = [notice("first", encrypted), notice("second", encrypted)];
        assert_eq!(rig.read(&room).await, expected, "encrypted: {encrypted}");
    }
}

#[tokio::test]
async fn hears_its_owners_alone_and_only_what_their_own_devices_encrypted() {
    let Some(mut rig) = Rig::up("hears").await else { return };
    let bot = rig.log_in().await;
    let rooms = [rig.room(true).await, rig.room(false).await, rig.room(true).await];
    for room in &rooms {
        bot.join(room.room_id().as_str()).await.unwrap();
    }
    let [room, plain, other] = &rooms;
    let ada = rig.member("ada", room).await;
    let eve = rig.member("eve", room).await;
    let id = ada.user_id().unwrap().to_string();
    // The rig's owner is one of the bot's, on a device that no identity has signed.
    let owners = [id.clone(), "@owner:localhost".to_owned()];
    let mut heard = bot.hear(room.room_id().as_str(), &owners).unwrap();
    let mut unheard = bot.hear(plain.room_id().as_str(), &owners).unwrap();
    rig.sync(&bot);
    plain.invite_user_by_id(ada.user_id().unwrap()).await.unwrap();
    other.invite_user_by_id(ada.user_id().unwrap()).await.unwrap();
    for room in [plain, other] {
        ada.join_room_by_id(room.room_id()).await.unwrap();
    }
    ada.sync_once(poll()).await.unwrap();
    say(&ada, plain, "in clear").await;
    say(&ada, other, "elsewhere").await;
    say(&rig.owner, room, "unsigned").await;
    say(&eve, room, "a stranger").await;
    say(&ada, room, &"long".repeat(100)).await;
    say(&ada, room, "stop").await;
    let first = timeout(Duration::from_secs(60), heard.recv()).await.unwrap().unwrap();
    assert_eq!(first.text, "stop");
    assert!(first.event.starts_with('$'));
    assert!(heard.try_recv().is_err() && unheard.try_recv().is_err());
}

#[tokio::test]
async fn hears_an_owner_whose_keys_come_with_the_first_word() {
    let Some(mut rig) = Rig::up("first").await else { return };
    let bot = rig.log_in().await;
    let room = rig.room(true).await;
    bot.join(room.room_id().as_str()).await.unwrap();
    // All that the bot ever gets of this owner comes in one answer.
    let bea = rig.member("bea", &room).await;
    let owners = [bea.user_id().unwrap().to_string()];
    let mut heard = bot.hear(room.room_id().as_str(), &owners).unwrap();
    say(&bea, &room, "stop").await;
    rig.sync(&bot);
    let first = timeout(Duration::from_secs(60), heard.recv()).await.unwrap().unwrap();
    assert_eq!(first.text, "stop");
}

async fn say(who: &Client, room: &Room, text: &str) {
    let room = who.get_room(room.room_id()).unwrap();
    room.send(RoomMessageEventContent::text_plain(text)).await.unwrap();
}

#[tokio::test]
async fn a_device_that_comes_later_reads_what_comes_later() {
    let Some(mut rig) = Rig::up("later").await else { return };
    let bot = rig.log_in().await;
    let room = rig.room(true).await;
    bot.join(room.room_id().as_str()).await.unwrap();
    rig.sync(&bot);
    post(&bot, &room, "t1", "before").await.unwrap();

    let second = Client::builder().homeserver_url(&rig.settings.homeserver).build().await.unwrap();
    second.matrix_auth().login_username("owner", "owner-password").await.unwrap();
    second.sync_once(poll()).await.unwrap();
    sleep(Duration::from_secs(3)).await;
    post(&bot, &room, "t2", "after").await.unwrap();

    rig.owner = second;
    rig.owner.sync_once(poll()).await.unwrap();
    let room = rig.owner.get_room(room.room_id()).unwrap();
    assert_eq!(rig.read(&room).await, [notice("after", true)]);
}

#[tokio::test]
async fn a_room_is_found_by_its_alias_and_not_by_nonsense() {
    let Some(rig) = Rig::up("alias").await else { return };
    let bot = rig.log_in().await;
    let mut request = CreateRoom::new();
    request.room_alias_name = Some(rig.user.clone());
    request.preset = Some(RoomPreset::PublicChat);
    let room = rig.owner.create_room(request).await.unwrap();
    let alias = format!("#{}:localhost", rig.user);

    bot.join(&alias).await.unwrap();
    bot.post(&alias, &Post { transaction: "t1", text: "hello", html: &html("hello") })
        .await
        .unwrap();
    assert_eq!(rig.read(&room).await, [notice("hello", false)]);

    let private = rig.room(false).await;
    rig.owner
        .get_room(private.room_id())
        .unwrap()
        .kick_user(&UserId::parse(rig.user_id()).unwrap(), None)
        .await
        .unwrap();
    for room in
        ["nonsense", "#no-such-room:localhost", "!nosuchroom:localhost", private.room_id().as_str()]
    {
        let result = bot.join(room).await;
        assert!(matches!(result, Err(MatrixError::Fix(_))), "{room}: {result:?}");
        let result = bot.post(room, &Post { transaction: "t2", text: "text", html: "text" }).await;
        assert!(matches!(result, Err(MatrixError::Fix(_))), "{room}: {result:?}");
    }
    let long = "x".repeat(POST_BYTES_MAX);
    let result = bot.post(&alias, &Post { transaction: "t3", text: &long, html: "" }).await;
    assert!(matches!(result, Err(MatrixError::Fix(_))), "{result:?}");
}

#[tokio::test]
async fn the_longest_post_fits_an_encrypted_event() {
    let Some(rig) = Rig::up("long").await else { return };
    let bot = rig.log_in().await;
    let room = rig.room(true).await;
    bot.join(room.room_id().as_str()).await.unwrap();
    let long = "x".repeat(POST_BYTES_MAX - 120);
    bot.post(room.room_id().as_str(), &Post { transaction: "t1", text: &long, html: "" })
        .await
        .unwrap();
    assert_eq!(rig.read(&room).await, [(long, String::new(), true)]);
}

#[tokio::test]
async fn an_outage_is_told_as_such_and_outlived() {
    let Some(mut rig) = Rig::up("outage").await else { return };
    let bot = rig.log_in().await;
    let room = rig.room(true).await;
    bot.join(room.room_id().as_str()).await.unwrap();
    post(&bot, &room, "t1", "before").await.unwrap();
    drop(bot);

    run(&rig.dir, &["down"]);
    let bot = Bot::restore(&rig.settings).await.unwrap();
    rig.sync(&bot);
    bot.join(room.room_id().as_str()).await.unwrap();
    let away = post(&bot, &room, "t2", "after").await;
    assert!(matches!(away, Err(MatrixError::Later(_))), "{away:?}");
    let away = bot.join("!another:localhost").await;
    assert!(matches!(away, Err(MatrixError::Later(_))), "{away:?}");

    run(&rig.dir, &["up"]);
    post(&bot, &room, "t2", "after").await.unwrap();
    post(&bot, &room, "t1", "before").await.unwrap();
    assert_eq!(rig.read(&room).await, [notice("before", true), notice("after", true)]);

    // Sync is back too: a room is seen to be left without asking.
    room.kick_user(&UserId::parse(rig.user_id()).unwrap(), None).await.unwrap();
    let id = room.room_id().to_owned();
    let noticed = async {
        while bot
            .post(id.as_str(), &Post { transaction: "t1", text: "before", html: "" })
            .await
            .is_ok()
        {
            sleep(Duration::from_millis(500)).await;
        }
    };
    timeout(Duration::from_secs(60), noticed).await.unwrap();
    assert!(rig.syncing.try_join_next().is_none());
}

#[tokio::test]
async fn a_session_that_is_gone_ends_sync_and_asks_for_a_log_in() {
    let Some(rig) = Rig::up("gone").await else { return };
    let bot = rig.log_in().await;
    let room = rig.room(false).await;
    bot.join(room.room_id().as_str()).await.unwrap();
    let session = std::fs::read(rig.settings.state_dir.join("session.json")).unwrap();
    let session: serde_json::Value = serde_json::from_slice(&session).unwrap();
    let token = session["access_token"].as_str().unwrap();
    let done = Command::new("curl")
        .args(["-fsS", "-X", "POST", "-H", &format!("Authorization: Bearer {token}")])
        .arg(format!("{}/_matrix/client/v3/logout", rig.settings.homeserver))
        .output()
        .unwrap();
    assert!(done.status.success());

    let ended = timeout(Duration::from_secs(20), bot.sync()).await.unwrap();
    assert!(matches!(ended, MatrixError::Fix(_)), "{ended:?}");
    assert_eq!(post(&bot, &room, "t1", "text").await, Err(ended));
}

#[tokio::test]
async fn with_a_proxy_every_request_goes_to_the_onion_by_name() {
    let Some(mut rig) = Rig::up("socks").await else { return };
    let port = rig.settings.homeserver.rsplit_once(':').unwrap().1.parse().unwrap();
    let (proxy, hosts) = socks(port).await;
    let onion = format!("{}.onion", "a".repeat(56));
    rig.settings.homeserver = format!("http://{onion}");
    rig.settings.socks_proxy = Some(proxy);

    // The log-in's answer names the homeserver's own address, which the bot must not follow.
    let bot = rig.log_in().await;
    rig.sync(&bot);
    let room = rig.room(true).await;
    bot.join(room.room_id().as_str()).await.unwrap();
    post(&bot, &room, "t1", "hello").await.unwrap();
    assert_eq!(rig.read(&room).await, [notice("hello", true)]);
    let hosts = hosts.lock().unwrap();
    assert!(!hosts.is_empty() && hosts.iter().all(|host| *host == onion), "{hosts:?}");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_line_holds_a_secret_or_a_text() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG)
        .with_writer(move || writer.clone())
        .finish();
    // This thread runs the whole test: nothing else in the process logs there.
    let _guard = tracing::subscriber::set_default(subscriber);
    let Some(mut rig) = Rig::up("quiet").await else { return };
    let bot = rig.log_in().await;
    rig.sync(&bot);
    for encrypted in [true, false] {
        let room = rig.room(encrypted).await;
        bot.join(room.room_id().as_str()).await.unwrap();
        post(&bot, &room, "t1", "the-text-itself").await.unwrap();
    }
    let session = std::fs::read(rig.settings.state_dir.join("session.json")).unwrap();
    let session: serde_json::Value = serde_json::from_slice(&session).unwrap();
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("Sent event in room"), "the log was not captured");
    let token = session["access_token"].as_str().unwrap();
    for secret in [token, &rig.password(), &rig.settings.store_passphrase, "the-text-itself"] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "logged: {secret}");
    }
}

/// For a homeserver started with `MATRIX_TESTSERVER_LIMITS=default`; alone, since it may log in five times.
#[tokio::test]
#[ignore = "takes minutes, and a homeserver with its default limits"]
async fn default_limits_are_waited_out() {
    let Some(mut rig) = Rig::up("limits").await else { return };
    let bot = rig.log_in().await;
    rig.sync(&bot);
    let room = rig.room(true).await;
    bot.join(room.room_id().as_str()).await.unwrap();
    let started = Instant::now();
    for number in 0..15 {
        post(&bot, &room, &format!("t{number}"), &format!("text {number}")).await.unwrap();
        eprintln!("{number}: {:?}", started.elapsed());
    }
    assert!(started.elapsed() > Duration::from_secs(10), "the homeserver has no limits");
    let expected: Vec<_> = (0..15).map(|number| notice(&format!("text {number}"), true)).collect();
    assert_eq!(rig.read(&room).await, expected);
}
