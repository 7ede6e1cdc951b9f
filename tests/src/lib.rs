//! Starts the real program in temporary directories, alone and against real peers, and looks at what it left.
//!
//! The program is `HUSHGATE_BIN`, or the one that `cargo build` left in the target directory. Tests that need
//! a Tor network or a homeserver ask [`rig`] for it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot set up should fail loudly"
)]

pub mod detour;
pub mod fake_hub;
pub mod guest;
pub mod http;
pub mod leak;
pub mod measure;
pub mod minisign;
pub mod mosquitto;
pub mod mqtt;
pub mod opened;
pub mod page;
pub mod program;
pub mod publisher;
pub mod random;
pub mod raw;
pub mod registry;
pub mod rig;
pub mod room;
pub mod scrape;
pub mod sockets;
pub mod socks;
pub mod tor;
pub mod world;
