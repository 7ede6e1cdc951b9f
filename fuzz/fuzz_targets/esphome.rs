#![no_main]
//! Any body on the topics of the adapter esphome: the answer keeps the contract.

use hushgate_plugin_esphome::Esphome;
use hushgate_sdk::testing;
use libfuzzer_sys::fuzz_target;

const CHANNELS: &[&str] = &[
    "a/sensor/x/state",
    "a/light/x/state",
    "a/event/x/state",
    "a/climate/x/mode/state",
    "a/text_sensor/x/state",
];

const SETTINGS: &str = r#"{"sensors":{"x":{"path":"temperature","unit":"Cel"}}}"#;

fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else { return };
    let channel = CHANNELS[usize::from(*first) % CHANNELS.len()];
    for settings in ["{}", SETTINGS] {
        let answer = testing::decode::<Esphome>(settings, channel, body);
        assert_ne!(answer, Err("breaks the contract"));
    }
});
