//! What `cargo demo` and `cargo verify` do: make everything ready, saying what, and run it.
//!
//! # Promises
//!
//! - Each step is announced by one line; what is installed is named before it is installed.
//! - A second run rebuilds and reinstalls nothing that has not changed.
//! - Whatever was started is stopped again, also when this program is interrupted or killed.

mod bench;
mod command;
mod demo;
mod guest;
mod packages;
mod parts;
mod progress;
mod rigs;
mod suites;
mod verify;
mod workspace;

use std::env;
use std::process::ExitCode;

const USAGE: &str = "\
usage:
  cargo demo [-- ARGUMENTS]    build all and run `hushgate demo ARGUMENTS`
                               (--private-tor: over a private Tor network on this machine)
  cargo verify [-- PART...]    build all and run the tests, or some parts of them
  cargo verify -- --list       name the parts
  cargo xtask bench            measure the gateway's core as a release";

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let task = args.next().unwrap_or_default();
    // `cargo demo -- --x` and `cargo demo --x` mean the same.
    let args: Vec<String> =
        args.enumerate().filter(|(i, a)| *i > 0 || a != "--").map(|(_, a)| a).collect();
    let done = match task.as_str() {
        "demo" => demo::run(args),
        "verify" => verify::run(&args),
        "bench" => bench::run(),
        _ => Err(command::Failure::new(USAGE)),
    };
    done.unwrap_or_else(|failure| {
        progress::warn(&failure);
        ExitCode::FAILURE
    })
}
