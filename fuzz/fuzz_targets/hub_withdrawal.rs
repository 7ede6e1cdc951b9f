//! What a hub takes from strangers as a withdrawal or to keep, and what a gateway takes from a hub as its answer.

#![no_main]

use hushgate::{
    keys::Keys,
    wire::{
        deposit,
        envelope::{Content, ReleaseId},
        letter::Letter,
        withdrawal::{self, Deletion, GrantTag, Withdrawal},
    },
};
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let path = std::env::temp_dir().join(format!("hushgate-fuzz-{}", std::process::id()));
        Keys::create(&path).expect("a key for the fuzzer")
    })
}

fuzz_target!(|body: &[u8]| {
    if let Ok(it) = Letter::parse(body) {
        let key = keys().sealing().0;
        assert!(Withdrawal::open(&it, &key, &[9; 32]).is_err(), "opened what nobody sealed");
        assert!(deposit::open(&it, &key, &[9; 32]).is_err(), "opened what nobody sealed");
    }
    let (key, asked) =
        (keys().signing().verifying_key().to_bytes(), (ReleaseId([1; 16]), GrantTag([2; 16])));
    if let Ok(it) = serde_json::from_slice::<Deletion>(body) {
        assert!(it.verify(&key, asked).is_none(), "took what nobody signed");
    }
    assert!(withdrawal::verify(&key, asked, body).is_none(), "took what nobody signed");
    let _ = serde_json::from_slice::<Content>(body);
});
