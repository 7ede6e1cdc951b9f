//! Values of any characteristic, whatever a sensor or somebody in its place sends.

#![no_main]

use hushgate_plugin_ble_gatt::BleGatt;
use hushgate_sdk::{Frame, Scalar, adapter::Adapter};
use libfuzzer_sys::fuzz_target;

const CHANNELS: [&str; 14] = [
    "2a18", "2a19", "2a1c", "2a1e", "2a35", "2a36", "2a37", "2a53", "2a5b", "2a5e", "2a5f", "2a9c",
    "2a9d", "2aa7",
];
const SETTINGS: [&str; 4] = [
    "{}",
    r#"{"encoding":"hex"}"#,
    r#"{"encoding":"openmqttgateway"}"#,
    r#"{"utc-offset-minutes":60,"e2e-crc":true}"#,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, body)) = bytes.split_first() else { return };
    let channel = CHANNELS[usize::from(*choice) % CHANNELS.len()].to_owned();
    let settings = SETTINGS[usize::from(*choice) / CHANNELS.len() % SETTINGS.len()];
    let frame = Frame { channel, content_type: None, received_ms: 0, body: body.to_vec() };
    let Ok(adapter) = BleGatt::configure(settings) else {
        panic!("settings that are fine were refused")
    };
    let Ok(readings) = adapter.decode(frame) else { return };
    assert!(readings.len() <= 64);
    for field in readings.iter().flat_map(|reading| &reading.fields) {
        assert!(field.path.len() <= 64);
        assert!(!matches!(field.value, Scalar::Real(real) if !real.is_finite()));
    }
});
