//! A way to a server of this machine that can go silent.

use crate::world::wait_until;
use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::Duration,
};

const PASS: u8 = 0;
const SWALLOW: u8 = 1;
const HOLD: u8 = 2;

/// Leads to a server for as long as the test process lives.
pub struct Detour {
    /// Where it begins.
    pub address: SocketAddr,
    answers: Arc<AtomicU8>,
}

impl Detour {
    /// Begins at `address` (port 0: any) and leads to `to`.
    pub fn open(address: SocketAddr, to: SocketAddr) -> Self {
        // Another test may hold it for a moment, while it looks for a free one.
        let mut bound = None;
        wait_until("the address is free", || {
            bound = TcpListener::bind(address).ok();
            bound.is_some()
        });
        let listener = bound.unwrap();
        let detour = Self {
            address: listener.local_addr().unwrap(),
            answers: Arc::new(AtomicU8::new(PASS)),
        };
        let answers = detour.answers.clone();
        thread::spawn(move || {
            listener.incoming().flatten().for_each(|near| join(near, to, &answers));
        });
        detour
    }

    /// From now on requests arrive, and answers do not; or both again.
    pub fn keep_answers(&self, silent: bool) {
        self.answers.store(if silent { SWALLOW } else { PASS }, Ordering::SeqCst);
    }

    /// From now on answers wait here; or pass again, first those that waited.
    pub fn hold_answers(&self, hold: bool) {
        self.answers.store(if hold { HOLD } else { PASS }, Ordering::SeqCst);
    }
}

/// Carries both ways between `near` and a new connection to `to`, if there can be one.
#[expect(clippy::disallowed_methods, reason = "the peer of the program that is tested")]
fn join(near: TcpStream, to: SocketAddr, answers: &Arc<AtomicU8>) {
    let Ok(far) = TcpStream::connect(to) else { return };
    let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
    let answers = answers.clone();
    thread::spawn(move || carry(near, far_too, &AtomicU8::new(PASS)));
    thread::spawn(move || carry(far, near_too, &answers));
}

fn carry(mut from: TcpStream, mut to: TcpStream, what: &AtomicU8) {
    let mut bytes = [0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        while what.load(Ordering::SeqCst) == HOLD {
            thread::sleep(Duration::from_millis(10));
        }
        if what.load(Ordering::SeqCst) == PASS && to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
