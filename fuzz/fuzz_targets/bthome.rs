//! Advertisements of anybody within reach of the radio, and what gateways make of them.

#![no_main]

use hushgate_plugin_bthome::BtHome;
use hushgate_sdk::{Frame, Scalar, adapter::Adapter};
use libfuzzer_sys::fuzz_target;

const SETTINGS: [&str; 4] = [
    "{}",
    r#"{"encoding":"hex"}"#,
    r#"{"encoding":"theengs"}"#,
    r#"{"mac":"54:48:E6:8F:80:A5","bind-key":"231d39c1d7cc1ab1aee224cd096db932"}"#,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, body)) = bytes.split_first() else { return };
    let settings = SETTINGS[usize::from(*choice) % SETTINGS.len()];
    let channel = "sensor".to_owned();
    let frame = Frame { channel, content_type: None, received_ms: 0, body: body.to_vec() };
    let Ok(adapter) = BtHome::configure(settings) else {
        panic!("settings that are fine were refused")
    };
    let Ok(readings) = adapter.decode(frame) else { return };
    assert!(readings.len() <= 1);
    for field in readings.iter().flat_map(|reading| &reading.fields) {
        assert!(field.path.len() <= 64);
        assert!(!matches!(field.value, Scalar::Real(real) if !real.is_finite()));
    }
    assert!(readings.iter().all(|reading| reading.fields.len() <= 256));
});
