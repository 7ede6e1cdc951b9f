//! Texts of anybody, for patterns of several kinds.

#![no_main]

use hushgate_plugin_text_pattern::TextPattern;
use hushgate_sdk::{Frame, Scalar, adapter::Adapter};
use libfuzzer_sys::fuzz_target;

const SETTINGS: [&str; 2] = [
    r#"{"patterns":[{"match":"T={temperature} C, H={humidity}%"},{"match":"{:skip}: {open:flag} ({room:text})"}],"none-values":["--"]}"#,
    r#"{"patterns":[{"match":"{a}-{b:int}"},{"match":"{c:text} {d:text}"}],"decimal":","}"#,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, body)) = bytes.split_first() else { return };
    let channel = "device".to_owned();
    let frame = Frame { channel, content_type: None, received_ms: 0, body: body.to_vec() };
    let Ok(adapter) = TextPattern::configure(SETTINGS[usize::from(*choice) % SETTINGS.len()])
    else {
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
