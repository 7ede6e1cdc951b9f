//! What people read: standard output, and complaints on standard error.

use super::Failure;
use std::{
    fs,
    io::{IsTerminal, Write, stderr, stdout},
    path::Path,
};

/// Prints a line. A reader that has gone away is no fault of ours.
pub(crate) fn say(text: impl std::fmt::Display) {
    let _ = writeln!(stdout().lock(), "{text}");
}

/// Prints what went wrong.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(stderr().lock(), "hushgate: {text}");
}

/// Shows how far long work is, in one line of a terminal that is wiped at the end.
pub(crate) fn progress(number: usize, of: usize) {
    let mut terminal = stderr().lock();
    if terminal.is_terminal() {
        let text = if number < of { format!("{number} of {of}") } else { String::new() };
        let _ = write!(terminal, "\r\x1b[K{text}");
        let _ = terminal.flush();
    }
}

/// Writes a file for people, and says where it is.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |it| Failure::failed(format!("{}: {it}", path.display()));
    fs::write(path, text).map_err(failed)?;
    say(format!("wrote {}", path.display()));
    Ok(())
}
