//! A peer that may say anything: MQTT 5 packets by the byte, and bytes that are none.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// A TCP connection. Reading from it never waits for ever.
pub struct Peer(TcpStream);

/// One MQTT control packet: its first byte, and what comes after the length.
#[derive(Debug, PartialEq, Eq)]
pub struct Packet {
    /// Type and flags.
    pub head: u8,
    /// The rest.
    pub body: Vec<u8>,
}

impl Peer {
    /// Opens a connection and says nothing.
    #[expect(clippy::disallowed_methods, reason = "the peer of the program that is tested")]
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
        Self(stream)
    }

    /// Lets reading from it take another time than half a minute.
    pub fn wait_at_most(&mut self, time: Duration) {
        self.0.set_read_timeout(Some(time)).unwrap();
    }

    /// Opens a connection and logs in; the reason code in CONNACK, and nothing if the broker hung up instead.
    pub fn connect(
        broker: SocketAddr,
        id: &str,
        login: Option<(&str, &str)>,
    ) -> (Self, Option<u8>) {
        let mut peer = Self::open(broker);
        peer.say(&connect(id, login));
        let reason = peer.hear().and_then(|it| it.body.get(1).copied());
        (peer, reason)
    }

    /// Sends bytes. A peer that has hung up is no error.
    pub fn say(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
    }

    /// All that is still said until the other side hangs up, as text.
    pub fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        // A connection that was reset has said what it said.
        let _ = self.0.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The next packet; nothing once the other side has hung up.
    pub fn hear(&mut self) -> Option<Packet> {
        let mut head = [0];
        self.0.read_exact(&mut head).ok()?;
        let (mut length, mut shift) = (0, 0);
        loop {
            let mut byte = [0];
            self.0.read_exact(&mut byte).ok()?;
            length |= usize::from(byte[0] & 0x7f) << shift;
            shift += 7;
            if byte[0] & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).ok()?;
        Some(Packet { head: head[0], body })
    }
}

fn connect(id: &str, login: Option<(&str, &str)>) -> Vec<u8> {
    const CLEAN_START: u8 = 0x02;
    const USER_AND_PASSWORD: u8 = 0xc0;
    let flags = CLEAN_START | login.map_or(0, |_| USER_AND_PASSWORD);
    let mut body = [text("MQTT"), vec![5, flags, 0, 60, 0], text(id)].concat();
    if let Some((user, password)) = login {
        body.extend([text(user), text(password)].concat());
    }
    packet(0x10, &body)
}

/// PUBLISH with packet number 7 where the quality of service asks for one.
pub fn publish(topic: &str, (qos, again): (u8, bool), payload: &[u8]) -> Vec<u8> {
    let number: &[u8] = if qos > 0 { &[0, 7] } else { &[] };
    let head = 0x30 | qos << 1 | u8::from(again) << 3;
    packet(head, &[&text(topic), number, &[0], payload].concat())
}

/// SUBSCRIBE to one filter.
pub fn subscribe(filter: &str) -> Vec<u8> {
    packet(0x82, &[vec![0, 8, 0], text(filter), vec![1]].concat())
}

/// Any packet.
pub fn packet(head: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![head];
    let mut left = body.len();
    loop {
        let byte = u8::try_from(left & 0x7f).unwrap();
        left >>= 7;
        bytes.push(if left > 0 { byte | 0x80 } else { byte });
        if left == 0 {
            break;
        }
    }
    bytes.extend_from_slice(body);
    bytes
}

fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap().to_be_bytes();
    [&length, text.as_bytes()].concat()
}
