//! JSON of anybody, for settings of several kinds.

#![no_main]

use hushgate_plugin_json_map::JsonMap;
use hushgate_sdk::{Frame, Scalar, adapter::Adapter};
use libfuzzer_sys::fuzz_target;

const SETTINGS: [&str; 3] = [
    r#"{"fields":[{"pointer":"/a","path":"x","scale":"0.1","offset":-40},{"pointer":"/b/0","path":"y","type":"int"}],"at":{"pointer":"/t","format":"unix-s"}}"#,
    r#"{"each":"","fields":[{"pointer":"","path":"x"}]}"#,
    r#"{"each":"/l","when":{"pointer":"/k","equals":1},"fields":[{"pointer":"/v","path":"x","type":"text"}],"at":{"pointer":"/t","format":"rfc3339"}}"#,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, body)) = bytes.split_first() else { return };
    let channel = "device".to_owned();
    let frame = Frame { channel, content_type: None, received_ms: 0, body: body.to_vec() };
    let Ok(adapter) = JsonMap::configure(SETTINGS[usize::from(*choice) % SETTINGS.len()]) else {
        panic!("settings that are fine were refused")
    };
    let Ok(readings) = adapter.decode(frame) else { return };
    assert!(readings.len() <= 64);
    assert!(readings.iter().all(|reading| reading.fields.len() <= 256));
    for field in readings.iter().flat_map(|reading| &reading.fields) {
        assert!(field.path.len() <= 64);
        assert!(!matches!(field.value, Scalar::Real(real) if !real.is_finite()));
        assert!(!matches!(&field.value, Scalar::Text(text) if text.len() > 1024));
    }
});
