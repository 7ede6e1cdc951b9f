//! What is read of a proof, a checkpoint, a key and an entry that a stranger wrote.

#![no_main]

use hushgate::ledger::{Entry, checkpoint, note::Verifier, proof};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(entry) = Entry::read_opened(bytes) {
        assert_eq!(entry.opened(), bytes, "an entry has two encodings");
        assert!(entry.is_whole());
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let key = Verifier::new("hushgate/0000000000000000", [7; 32]);
    if let Ok(proved) = proof::check(text, None) {
        assert!(proved.entry.is_whole() && !proved.signed);
    }
    assert!(checkpoint::open(&key, text).is_err(), "opened what nobody signed");
    let _ = checkpoint::read(text);
    if let Some(key) = Verifier::parse(text) {
        assert_eq!(key.text(), text.trim());
    }
});
