//! What people read: standard output, and complaints on standard error.

use std::io::{Write, stderr, stdout};

/// Prints a line. A reader that has gone away is no fault of ours.
pub(crate) fn say(text: impl std::fmt::Display) {
    let _ = writeln!(stdout().lock(), "{text}");
}

/// Prints what went wrong.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(stderr().lock(), "hushgate: {text}");
}
