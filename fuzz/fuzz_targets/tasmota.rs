#![no_main]
//! Any body on the topics of the adapter tasmota: the answer keeps the contract.

use hushgate_plugin_tasmota::Tasmota;
use hushgate_sdk::testing;
use libfuzzer_sys::fuzz_target;

const CHANNELS: &[&str] = &[
    "tele/a/SENSOR",
    "tele/a/STATE",
    "stat/a/STATUS8",
    "stat/a/POWER",
    "tele/a/LWT",
    "tele/a/ZbReceived",
];

const SETTINGS: &str = r#"{"utc-offset-minutes":60,"names":{"A-1":"b"}}"#;

fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else { return };
    let channel = CHANNELS[usize::from(*first) % CHANNELS.len()];
    for settings in ["{}", SETTINGS] {
        let answer = testing::decode::<Tasmota>(settings, channel, body);
        assert_ne!(answer, Err("breaks the contract"));
    }
});
