//! The hushgate program.
fn main() {}
