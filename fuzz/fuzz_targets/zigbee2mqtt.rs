#![no_main]
//! Any body on the topics of the adapter zigbee2mqtt: the answer keeps the contract.

use hushgate_plugin_zigbee2mqtt::Zigbee2mqtt;
use hushgate_sdk::testing;
use libfuzzer_sys::fuzz_target;

const CHANNELS: &[&str] = &["zigbee2mqtt/a", "zigbee2mqtt/a/availability"];

const SETTINGS: &str = r#"{"exposes":[{"type":"numeric","name":"voltage","property":"voltage","unit":"mV"},{"type":"binary","name":"contact","property":"contact","value_on":false,"value_off":true}]}"#;

fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else { return };
    let channel = CHANNELS[usize::from(*first) % CHANNELS.len()];
    for settings in ["{}", SETTINGS] {
        let answer = testing::decode::<Zigbee2mqtt>(settings, channel, body);
        assert_ne!(answer, Err("breaks the contract"));
    }
});
