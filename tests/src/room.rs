//! The Matrix homeserver, and its owner's view of a room.

use crate::{program, rig};
use serde_json::{Value, json};
use std::{
    fs,
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

/// One test at a time: one of them stops the homeserver.
static TURN: Mutex<()> = Mutex::new(());
/// The owner's access token. Synapse lets nobody log in more than five times in a row.
static OWNER: OnceLock<String> = OnceLock::new();

/// The homeserver of this run, with the limits that Synapse has by default.
pub struct Homeserver {
    dir: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

/// A private room, as its owner sees it.
pub struct Room {
    server: SocketAddr,
    token: String,
    /// Its id.
    pub id: String,
}

impl Homeserver {
    /// Starts it anew, once in this process, so that its limits on logging in are unused; nothing, having said
    /// so, if there is none.
    pub fn of_this_run() -> Option<Self> {
        let dir = rig::matrix()?;
        let server = Self { dir, _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner) };
        OWNER.get_or_init(|| {
            server.stop();
            server.start();
            let login =
                json!({ "type": "m.login.password", "user": "owner", "password": "owner-password" });
            let answer = call(server.address(), "", ("POST", "login"), &login);
            answer["access_token"].as_str().unwrap().to_owned()
        });
        Some(server)
    }

    /// Starts it.
    pub fn start(&self) {
        self.rig("up", &["owner"]);
    }

    /// Stops it; it keeps everything.
    pub fn stop(&self) {
        self.rig("down", &[]);
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        let port = fs::read_to_string(self.dir.join("port")).unwrap();
        format!("127.0.0.1:{}", port.trim()).parse().unwrap()
    }

    fn rig(&self, command: &str, args: &[&str]) {
        let mut rig = rig::script("matrix-testserver");
        rig.env("MATRIX_TESTSERVER_LIMITS", "default");
        let done = rig.arg(command).arg(&self.dir).args(args).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Registers a bot; the owner makes a room and invites it.
    pub fn room(&self, bot: &str) -> Room {
        self.room_of(&[bot], &json!([]))
    }

    /// The same, encrypted, with one more member, who is registered, too.
    pub fn encrypted_room(&self, bot: &str, member: &str) -> Room {
        let content = json!({ "algorithm": "m.megolm.v1.aes-sha2" });
        let encryption =
            json!([{ "type": "m.room.encryption", "state_key": "", "content": content }]);
        self.room_of(&[bot, member], &encryption)
    }

    fn room_of(&self, members: &[&str], state: &Value) -> Room {
        self.rig("up", members);
        let server = self.address();
        let token = OWNER.get().unwrap().clone();
        let invite: Vec<_> = members.iter().map(|it| format!("@{it}:localhost")).collect();
        let wanted = json!({ "preset": "private_chat", "invite": invite, "initial_state": state });
        let made = call(server, &token, ("POST", "createRoom"), &wanted);
        Room { server, token, id: made["room_id"].as_str().unwrap().to_owned() }
    }

    /// A member of an encrypted room says these texts there, by a client of their own.
    pub fn say(&self, room: &Room, member: &str, texts: &[&str]) {
        let example = program::binary().with_file_name("examples").join("say");
        let mut say = Command::new(example);
        say.arg(format!("http://{}", self.address()));
        say.args([member, &format!("{member}-password"), &room.id]);
        let done = say.args(texts).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Room {
    /// The notices in it, oldest first.
    pub fn notices(&self) -> Vec<String> {
        let path = format!("rooms/{}/messages?dir=f&limit=500", self.path());
        let answer = call(self.server, &self.token, ("GET", &path), &Value::Null);
        let contents = answer["chunk"].as_array().unwrap().iter().map(|it| &it["content"]);
        let notices = contents.filter(|it| it["msgtype"] == "m.notice");
        notices.map(|it| it["body"].as_str().unwrap().to_owned()).collect()
    }

    /// Its id inside a URL.
    fn path(&self) -> String {
        self.id.replace('!', "%21").replace(':', "%3A")
    }

    /// How many devices the account has whose session is kept in this gateway's home.
    pub fn devices_of(&self, gateway: &Path) -> usize {
        let session = fs::read(gateway.join("state/matrix/session.json")).unwrap();
        let session: Value = serde_json::from_slice(&session).unwrap();
        let token = session["access_token"].as_str().unwrap();
        let answer = call(self.server, token, ("GET", "devices"), &Value::Null);
        answer["devices"].as_array().unwrap().len()
    }
}

/// `hushgate matrix login`, with the password that the rig gave the bot.
pub fn log_in(gateway: &Path, bot: &str) {
    let mut login = Command::new(program::binary());
    login.arg("--dir").arg(gateway).args(["matrix", "login", "--user", bot]);
    let mut login =
        login.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    writeln!(login.stdin.take().unwrap(), "{bot}-password").unwrap();
    let done = login.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// One call of the client-server API.
fn call(server: SocketAddr, token: &str, (method, path): (&str, &str), body: &Value) -> Value {
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--fail-with-body", "-X", method]);
    if !token.is_empty() {
        curl.args(["-H", &format!("Authorization: Bearer {token}")]);
    }
    if !body.is_null() {
        curl.args(["--json", &body.to_string()]);
    }
    let done = curl.arg(format!("http://{server}/_matrix/client/v3/{path}")).output().unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{path}: {text}{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_str(&text).unwrap()
}
