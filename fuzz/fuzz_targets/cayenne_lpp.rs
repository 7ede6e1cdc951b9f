//! Payloads of radio nodes, which anybody within reach can send.

#![no_main]

use hushgate_plugin_cayenne_lpp::CayenneLpp;
use hushgate_sdk::{Frame, Scalar, adapter::Adapter};
use libfuzzer_sys::fuzz_target;

const SETTINGS: [&str; 3] =
    ["{}", r#"{"encoding":"hex"}"#, r#"{"encoding":"base64","names":{"3":"body-temperature"}}"#];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, body)) = bytes.split_first() else { return };
    let channel = "node".to_owned();
    let frame = Frame { channel, content_type: None, received_ms: 0, body: body.to_vec() };
    let Ok(adapter) = CayenneLpp::configure(SETTINGS[usize::from(*choice) % SETTINGS.len()]) else {
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
