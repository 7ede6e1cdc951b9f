//! Wakes the watch at once when a whole file is put into its place or taken away, as far as the kernel tells
//! (inotify(7)).
//!
//! # Promises
//!
//! - It is a hint: where it fails (another kernel, a network mount, too many watches), looking in intervals still
//!   finds every change.
//! - What is still being written wakes nobody. What comes in one rush wakes once, at its end.

use crate::home::Home;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::{
    fs,
    mem::MaybeUninit,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::io::unix::AsyncFd;

/// A rush ends when nothing came for so long, and after so many such pauses in any case.
const PAUSE: Duration = Duration::from_millis(2);
const PAUSES_MAX: u32 = 10;

const EVENT_BYTES_MAX: usize = 4096;

/// What the kernel is asked to tell of.
pub(super) struct Placed {
    events: AsyncFd<OwnedFd>,
    home: Home,
}

impl Placed {
    /// For what a gateway follows; nothing where the kernel does not tell.
    pub(super) fn watch(home: &Home) -> Option<Self> {
        let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK);
        #[expect(
            deprecated,
            reason = "its successor is unsafe, for descriptors that are not owned"
        )]
        let events = events.map_err(std::io::Error::from).and_then(AsyncFd::new);
        let unheard = |error: &std::io::Error| {
            tracing::debug!(%error, "changes are found by looking alone");
        };
        let placed = Self { events: events.inspect_err(unheard).ok()?, home: home.clone() };
        placed.watch_all();
        Some(placed)
    }

    /// Waits until something was put into its place, and no more comes for a moment. When the first of it was told.
    ///
    /// Dropping this future at any `await` is safe: it is a hint.
    pub(super) async fn wait(&self) -> Instant {
        if self.next().await.is_none() {
            // It will not get better.
            return std::future::pending().await;
        }
        let heard = Instant::now();
        for _ in 0..PAUSES_MAX {
            if tokio::time::timeout(PAUSE, self.next()).await.is_err() {
                break;
            }
        }
        // A new plugin is a directory of its own.
        self.watch_all();
        heard
    }

    /// Asking twice is asking once.
    fn watch_all(&self) {
        let flags = WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::DELETE
            | WatchFlags::ONLYDIR;
        let home = &self.home;
        let plugins = directories(&home.plugins());
        let all =
            [home.dir().to_owned(), home.grants(), home.glass(), home.attached(), home.plugins()];
        for dir in all.into_iter().chain(plugins) {
            let _ = inotify::add_watch(&self.events, &dir, flags);
        }
    }

    /// Waits for events and reads them away; what they say is found by looking.
    async fn next(&self) -> Option<()> {
        let mut buffer = [MaybeUninit::uninit(); EVENT_BYTES_MAX];
        loop {
            let mut ready = self.events.readable().await.ok()?;
            let read = ready.try_io(|it| Ok(rustix::io::read(it, &mut buffer[..])?.0.len()));
            match read {
                Ok(Ok(_)) => return Some(()),
                Ok(Err(error)) if error.kind() != std::io::ErrorKind::Interrupted => return None,
                Ok(Err(_)) | Err(_) => {}
            }
        }
    }
}

fn directories(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
    entries.map(|it| it.path()).filter(|it| it.is_dir()).collect()
}
