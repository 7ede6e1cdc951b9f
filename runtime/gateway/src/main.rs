//! The hushgate program.

use std::process::ExitCode;

fn main() -> ExitCode {
    hushgate::cli::main()
}
