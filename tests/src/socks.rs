//! A SOCKS5 proxy that leads everybody to one server of this machine, whatever they ask for.

use std::{
    io::{Read, Write, copy},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

/// Who asked (user and password as in RFC 1929), and for what (a request as in RFC 1928), byte for byte.
pub type Asked = (Vec<u8>, Vec<u8>);

/// Leads to a server for as long as the test process lives.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it was asked, one for each connection.
    pub asked: Receiver<Asked>,
}

impl Proxy {
    /// Begins to lead to `to`.
    pub fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (say, asked) = channel();
        thread::spawn(move || {
            listener.incoming().flatten().for_each(|it| lead(it, to, &say));
        });
        Self { address, asked }
    }
}

#[expect(clippy::disallowed_methods, reason = "the peer of the program that is tested")]
fn lead(mut near: TcpStream, to: SocketAddr, say: &Sender<Asked>) {
    let greeting = words(&mut near);
    assert!(greeting[0] == 5 && greeting[2..].contains(&2), "{greeting:?}");
    near.write_all(&[5, 2]).unwrap();
    let who = words(&mut near);
    near.write_all(&[1, 0]).unwrap();
    let _ = say.send((who, words(&mut near)));
    near.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
    let far = TcpStream::connect(to).unwrap();
    let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
    thread::spawn(move || carry(near, far_too));
    thread::spawn(move || carry(far, near_too));
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    let _ = copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

/// What a peer says until it waits for an answer.
pub fn words(stream: &mut TcpStream) -> Vec<u8> {
    let mut words = vec![0; 1_024];
    let length = stream.read(&mut words).unwrap();
    words.truncate(length);
    words
}
