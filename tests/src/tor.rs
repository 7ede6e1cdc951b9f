//! The private Tor network: how to use it, and C-tor programs in it.

use crate::rig;
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

/// The rig rewrites one file for each node that it adds.
static TURN: Mutex<()> = Mutex::new(());

/// A running private Tor network.
pub struct Network(PathBuf);

/// A C-tor program in it. Killed when dropped.
pub struct Node<'a> {
    network: &'a Network,
    name: String,
    /// A client's SOCKS address, a service's onion address.
    pub address: String,
}

impl Network {
    /// The network of this run; nothing, having said so, if there is none.
    pub fn of_this_run() -> Option<Self> {
        rig::tor().map(Self)
    }

    /// The file that describes it to arti.
    pub fn arti_toml(&self) -> PathBuf {
        self.0.join("arti.toml")
    }

    /// A `[transport]` that uses it through arti.
    pub fn arti(&self) -> String {
        format!("kind = \"tor\"\nnetwork = \"{}\"", self.arti_toml().display())
    }

    /// Every address of it.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let text = std::fs::read_to_string(self.arti_toml()).unwrap();
        text.split('"').filter_map(|it| it.parse().ok()).collect()
    }

    /// A C-tor client.
    pub fn client(&self, name: &str) -> Node<'_> {
        self.add("client", name, &[])
    }

    /// A C-tor onion service, whose port 80 leads to `port` of this machine.
    pub fn service(&self, name: &str, port: &str) -> Node<'_> {
        self.add("service", name, &["80", &format!("127.0.0.1:{port}")])
    }

    fn add(&self, what: &str, name: &str, args: &[&str]) -> Node<'_> {
        let name = format!("{name}{}", std::process::id());
        let address = self.rig(what, &[&[name.as_str()], args].concat());
        Node { network: self, name, address }
    }

    fn rig(&self, command: &str, args: &[&str]) -> String {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rig = rig::script("tor-testnet");
        let done = rig.arg(command).arg(&self.0).args(args).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Node<'_> {
    fn drop(&mut self) {
        self.network.rig("kill", &[&self.name]);
    }
}
