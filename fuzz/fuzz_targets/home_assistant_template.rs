#![no_main]
//! Any template, which is settings, and any JSON: it is refused or the answer keeps the contract.

use hushgate_plugin_home_assistant::HomeAssistant;
use hushgate_sdk::testing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (inner, body) = input;
    let entity = serde_json::json!({
        "platform": "sensor", "name": "x", "state_topic": "t", "value_template": format!("{{{{ {inner} }}}}"),
    });
    let settings = serde_json::json!({ "entities": [entity] }).to_string();
    let answer = testing::decode::<HomeAssistant>(&settings, "t", body.as_bytes());
    assert_ne!(answer, Err("breaks the contract"));
});
