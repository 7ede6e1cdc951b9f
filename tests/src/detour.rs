//! A way to a server of this machine that can go silent.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Leads to a server for as long as the test process lives.
pub struct Detour {
    /// Where it begins.
    pub address: SocketAddr,
    silent: Arc<AtomicBool>,
}

impl Detour {
    /// Begins at `address` (port 0: any) and leads to `to`.
    pub fn open(address: SocketAddr, to: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let detour = Self {
            address: listener.local_addr().unwrap(),
            silent: Arc::new(AtomicBool::new(false)),
        };
        let silent = detour.silent.clone();
        std::thread::spawn(move || {
            listener.incoming().flatten().for_each(|near| join(near, to, &silent));
        });
        detour
    }

    /// From now on requests arrive, and answers do not; or both again.
    pub fn keep_answers(&self, silent: bool) {
        self.silent.store(silent, Ordering::SeqCst);
    }
}

/// Carries both ways between `near` and a new connection to `to`, if there can be one.
#[expect(clippy::disallowed_methods, reason = "the peer of the program that is tested")]
fn join(near: TcpStream, to: SocketAddr, silent: &Arc<AtomicBool>) {
    let Ok(far) = TcpStream::connect(to) else { return };
    let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
    let silent = silent.clone();
    std::thread::spawn(move || carry(near, far_too, &AtomicBool::new(false)));
    std::thread::spawn(move || carry(far, near_too, &silent));
}

fn carry(mut from: TcpStream, mut to: TcpStream, silent: &AtomicBool) {
    let mut bytes = [0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if !silent.load(Ordering::SeqCst) && to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
