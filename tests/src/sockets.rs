//! Which connections a process opens, as the kernel sees them.

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread::JoinHandle,
    time::Duration,
};

/// How often the kernel is asked. A connection that nobody answers stays visible for seconds.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// The state of a socket that listens.
const LISTEN: &str = "0A";

/// Looks at a process until it is asked what it saw.
pub struct Watch {
    stop: Sender<()>,
    looking: JoinHandle<BTreeSet<String>>,
}

impl Watch {
    /// Begins to look at the process `pid`.
    pub fn begin(pid: u32) -> Self {
        let (stop, stopped) = channel();
        let looking = std::thread::spawn(move || {
            let mut seen = BTreeSet::new();
            seen.extend(peers(pid));
            while matches!(stopped.recv_timeout(LOOK_EVERY), Err(RecvTimeoutError::Timeout)) {
                seen.extend(peers(pid));
            }
            seen
        });
        Self { stop, looking }
    }

    /// Every peer that the process opened a connection to, as an address and a port; sockets that are not TCP
    /// over IPv4 by their kind.
    pub fn end(self) -> BTreeSet<String> {
        let _ = self.stop.send(());
        self.looking.join().unwrap()
    }
}

/// Whom the process is connected to, by connections that it opened itself.
fn peers(pid: u32) -> Vec<String> {
    let sockets = sockets(pid);
    let rows = |kind: &str| {
        let table = fs::read_to_string(format!("/proc/{pid}/net/{kind}")).unwrap_or_default();
        let rows = table.lines().skip(1).filter_map(Row::parse);
        rows.filter(|it| sockets.contains(&it.inode)).collect::<Vec<_>>()
    };
    let tcp = rows("tcp");
    let listening: HashSet<u16> =
        tcp.iter().filter(|it| it.state == LISTEN).map(|it| it.local.port()).collect();
    let opened = tcp.iter().filter(|it| !listening.contains(&it.local.port()));
    let others = ["udp", "udp6", "tcp6"].into_iter().filter(|it| !rows(it).is_empty());
    opened.map(|it| it.remote.to_string()).chain(others.map(str::to_owned)).collect()
}

/// The inodes of its sockets.
fn sockets(pid: u32) -> HashSet<String> {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else { return HashSet::new() };
    let inode = |link: std::path::PathBuf| {
        Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
    };
    files.flatten().filter_map(|it| inode(fs::read_link(it.path()).ok()?)).collect()
}

/// A line of `/proc/<pid>/net/tcp`.
struct Row {
    local: SocketAddr,
    remote: SocketAddr,
    state: String,
    inode: String,
}

impl Row {
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, local, remote, state, _, _, _, _, _, inode, ..] = words[..] else { return None };
        // Of other kinds only the inode matters.
        let address = |text| address(text).unwrap_or((Ipv4Addr::UNSPECIFIED, 0).into());
        let (state, inode) = (state.to_owned(), inode.to_owned());
        Some(Self { local: address(local), remote: address(remote), state, inode })
    }
}

fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let ip = Ipv4Addr::from(u32::from_str_radix(ip, 16).ok()?.to_ne_bytes());
    Some(SocketAddrV4::new(ip, u16::from_str_radix(port, 16).ok()?).into())
}
