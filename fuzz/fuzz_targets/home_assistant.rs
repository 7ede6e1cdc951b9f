#![no_main]
//! Any body on the topics of the adapter home-assistant: the answer keeps the contract.

use hushgate_plugin_home_assistant::HomeAssistant;
use hushgate_sdk::testing;
use libfuzzer_sys::fuzz_target;

const CHANNELS: &[&str] = &["t", "e", "p"];

const SETTINGS: &str = r#"{"entities":[{"stat_t":"t","val_tpl":"{{ (value_json.a * 0.1 / value_json.b) | round(2) }}","unit_of_meas":"W","dev_cla":"power"},{"p":"event","stat_t":"e"},{"p":"device_tracker","json_attr_t":"p"}]}"#;

fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else { return };
    let channel = CHANNELS[usize::from(*first) % CHANNELS.len()];
    for settings in ["{}", SETTINGS] {
        let answer = testing::decode::<HomeAssistant>(settings, channel, body);
        assert_ne!(answer, Err("breaks the contract"));
    }
});
