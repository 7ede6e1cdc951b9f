//! What a hub takes from strangers: bodies of envelopes, introductions, receipts' numbers.

#![no_main]

use hushgate::{
    keys::Keys,
    wire::{envelope, pairing, receipt},
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
    if let Ok(envelopes) = envelope::unpack(body) {
        let packed = envelope::pack(envelopes.iter().map(|it| it.bytes));
        assert_eq!(packed, body, "unpacking lost something");
        for it in envelopes.iter().take(2) {
            assert!(it.open(&keys().sealing().0, &[9; 32]).is_err(), "opened what nobody sealed");
        }
    }
    assert!(pairing::open(&keys().sealing().0, body).is_none());
    if let Ok(text) = std::str::from_utf8(body) {
        let _ = receipt::parse_release(text);
    }
});
