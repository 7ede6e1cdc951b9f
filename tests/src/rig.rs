//! Peers that `cargo verify` starts once for all tests.

use std::{path::PathBuf, process::Command};

/// The directory of a running private Tor network (`tests/rigs/tor-testnet`), if there is one.
pub fn tor() -> Option<PathBuf> {
    directory("HUSHGATE_TOR_TESTNET")
}

/// The directory of a running Synapse with its usual rate limits (`tests/rigs/matrix-testserver`), if there is
/// one.
pub fn matrix() -> Option<PathBuf> {
    directory("HUSHGATE_MATRIX_LIMITED_TESTSERVER")
}

fn directory(variable: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from);
    if found.is_none() {
        // A test without its peer says so; `cargo verify` always sets the variable.
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            format!("skipped: {variable} is not set; run `cargo verify`\n").as_bytes(),
        );
    }
    found
}

/// A script in `tests/rigs/`.
pub fn script(name: &str) -> Command {
    Command::new(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rigs").join(name))
}

/// A free TCP port on 127.0.0.1. Somebody else may take it; that is rare and loud.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
