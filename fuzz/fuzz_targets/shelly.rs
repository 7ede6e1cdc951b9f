#![no_main]
//! Any body on the topics of the adapter shelly: the answer keeps the contract.

use hushgate_plugin_shelly::Shelly;
use hushgate_sdk::testing;
use libfuzzer_sys::fuzz_target;

const CHANNELS: &[&str] = &["a/events/rpc", "a/status/switch:0", "a/status/em:1", "a/online"];

const SETTINGS: &str = "{}";

fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else { return };
    let channel = CHANNELS[usize::from(*first) % CHANNELS.len()];
    for settings in ["{}", SETTINGS] {
        let answer = testing::decode::<Shelly>(settings, channel, body);
        assert_ne!(answer, Err("breaks the contract"));
    }
});
