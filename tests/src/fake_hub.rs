//! A hub that answers as a test tells it to, at a real hub's address and, if need be, with its key.

use crate::http;
use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Instant, SystemTime},
};

/// How releases are answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// With this status and body.
    Text(u16, &'static str),
    /// With a well-formed receipt for each release, signed by this key.
    SignedBy(SigningKey),
    /// With receipts by this key that belong to other releases, in the right ones' names.
    SignedForOthers(SigningKey),
    /// Withdrawals with a deletion of 7 values, signed by this key as if this were the tag; releases not at all.
    Deletes(SigningKey, [u8; 16]),
    /// Not at all: the connection is closed.
    Nothing,
    /// Not at all, after the hub at this address took them.
    Lost(SocketAddr),
    /// As the hub at this address does; what passes is kept for [`FakeHub::passed`].
    Through(SocketAddr),
}

/// One request that was let through.
#[derive(Clone, Debug)]
pub struct Passed {
    /// When all of it had come: milliseconds since 1970.
    pub at_ms: i64,
    /// Where it went.
    pub path: String,
    /// What it said.
    pub body: Vec<u8>,
}

/// The key that the hub in this home signs receipts with.
pub fn receipt_key(hub_dir: &Path) -> SigningKey {
    let seed = fs::read_to_string(hub_dir.join("keys/seed")).unwrap();
    let seed = HEXLOWER.decode(seed.trim().as_bytes()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&seed).unwrap();
    mac.update(b"hushgate signing v1");
    SigningKey::from_bytes(&mac.finalize().into_bytes().into())
}

/// A key of nobody.
pub fn other_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// A running fake. Stops when dropped.
pub struct FakeHub {
    address: SocketAddr,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    asked: AtomicUsize,
    stopping: AtomicBool,
    open: Mutex<Option<TcpStream>>,
    /// When releases came last.
    released: Mutex<Option<Instant>>,
    /// The last that it was asked: path and body.
    last: Mutex<(String, Vec<u8>)>,
    passed: Mutex<Vec<Passed>>,
}

impl FakeHub {
    /// Listens on `address` and gives this reply to all releases; introductions are accepted.
    pub fn start(address: SocketAddr, reply: Reply) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let state = Arc::<State>::default();
        let running = state.clone();
        let thread = thread::spawn(move || run(&listener, &reply, &running));
        Self { address, state, thread: Some(thread) }
    }

    /// The path and the body of the last request.
    pub fn last(&self) -> (String, Vec<u8>) {
        self.state.last.lock().unwrap().clone()
    }

    /// Everything that was let through, in order.
    pub fn passed(&self) -> Vec<Passed> {
        self.state.passed.lock().unwrap().clone()
    }

    /// When it was asked last to take releases.
    pub fn last_release(&self) -> Option<Instant> {
        *self.state.released.lock().unwrap()
    }

    /// How often it was asked to take releases.
    pub fn asked(&self) -> usize {
        self.state.asked.load(Ordering::SeqCst)
    }
}

impl Drop for FakeHub {
    fn drop(&mut self) {
        self.state.stopping.store(true, Ordering::SeqCst);
        if let Some(stream) = &*self.state.open.lock().unwrap() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        #[expect(clippy::disallowed_methods, reason = "wakes our own listener")]
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// One connection at a time: there is one gateway.
fn run(listener: &TcpListener, reply: &Reply, state: &State) {
    for stream in listener.incoming().map_while(Result::ok) {
        *state.open.lock().unwrap() = stream.try_clone().ok();
        if state.stopping.load(Ordering::SeqCst) {
            return;
        }
        // A connection that breaks is the gateway's to open again.
        let _ = serve(stream, reply, state);
        *state.open.lock().unwrap() = None;
    }
}

/// Answers until the gateway closes the connection, or after one answer that it will not like.
fn serve(stream: TcpStream, reply: &Reply, state: &State) -> std::io::Result<()> {
    let asked = &state.asked;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    while let Some((path, body)) = request(&mut reader)? {
        if let Reply::Through(hub) = reply {
            let answer = pass(*hub, (&path, &body), state);
            stream.write_all(answer.as_bytes())?;
            asked.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        if path == "/v1/pair" {
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
            continue;
        }
        *state.last.lock().unwrap() = (path.clone(), body.clone());
        let is_release = path == "/v1/releases";
        if is_release {
            *state.released.lock().unwrap() = Some(Instant::now());
        }
        let (status, text) = match reply {
            Reply::SignedBy(_) if !is_release => (404, String::new()),
            Reply::Deletes(key, tag) if !is_release => (200, deletion(key, &body, tag)),
            Reply::Text(status, text) => (*status, (*text).to_owned()),
            Reply::SignedBy(key) => (200, receipts(key, &body, |it| Sha256::digest(it).into())),
            Reply::SignedForOthers(key) => (200, receipts(key, &body, |_| [9; 32])),
            Reply::Lost(hub) => {
                let answer = http::request(*hub, "PUT", &path, &[], &body);
                assert_eq!(answer.status, 200, "{}", answer.text);
                asked.fetch_add(1, Ordering::SeqCst);
                return Ok(());
            }
            Reply::Nothing | Reply::Deletes(..) | Reply::Through(_) => {
                asked.fetch_add(1, Ordering::SeqCst);
                return Ok(());
            }
        };
        let head = format!("HTTP/1.1 {status} Reply\r\nContent-Length: {}\r\n\r\n", text.len());
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(text.as_bytes()))?;
        asked.fetch_add(1, Ordering::SeqCst);
    }
    Ok(())
}

/// The hub's own answer to what is handed on to it.
fn pass(hub: SocketAddr, (path, body): (&str, &[u8]), state: &State) -> String {
    let at_ms = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let at_ms = i64::try_from(at_ms).unwrap();
    let passed = Passed { at_ms, path: path.to_owned(), body: body.to_vec() };
    state.passed.lock().unwrap().push(passed);
    // It says that it closes its own connection, not this one.
    let answer = http::request(hub, "PUT", path, &[], body).text;
    let lines = answer.split("\r\n").filter(|it| !it.eq_ignore_ascii_case("connection: close"));
    lines.collect::<Vec<_>>().join("\r\n")
}

fn request(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some((path, body)))
}

/// The answer of a hub that took all releases of a body.
fn receipts(key: &SigningKey, mut body: &[u8], digest: impl Fn(&[u8]) -> [u8; 32]) -> String {
    let mut receipts = Vec::new();
    while let Some((length, rest)) = body.split_first_chunk() {
        let (envelope, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        // Version, sender, number.
        let release = &envelope[9..25];
        let signed = [&b"hushgate receipt v1"[..], release, &digest(envelope)].concat();
        let signature = BASE64.encode(&key.sign(&signed).to_bytes());
        let release = HEXLOWER.encode(release);
        receipts.push(serde_json::json!({ "release": release, "signature": signature }));
        body = rest;
    }
    serde_json::json!({ "receipts": receipts }).to_string()
}

/// The answer of a hub that deleted what a withdrawal asked for.
fn deletion(key: &SigningKey, body: &[u8], tag: &[u8; 16]) -> String {
    let (id, values, at) = (&body[9..25], 7_u64, 1_800_000_000_000_u64);
    let numbers = [values.to_be_bytes(), at.to_be_bytes()].concat();
    let signed = [&b"hushgate deletion v1"[..], id, tag, &numbers].concat();
    let signature = BASE64.encode(&key.sign(&signed).to_bytes());
    let withdrawal = HEXLOWER.encode(id);
    let answer = serde_json::json!({ "withdrawal": withdrawal, "values": values, "at-ms": at,
                                     "signature": signature });
    answer.to_string()
}
