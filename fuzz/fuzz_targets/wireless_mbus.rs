//! Puts arbitrary telegrams to the adapter of wireless M-Bus, and holds it to the contract.

#![no_main]

use hushgate_plugin_wireless_mbus::WirelessMbus;
use hushgate_sdk::{Frame, Scalar, adapter::Adapter};
use libfuzzer_sys::fuzz_target;

const SETTINGS: [&str; 6] = [
    r#"{"format":"no-length"}"#,
    r#"{"format":"stripped","utc-offset-minutes":60}"#,
    "{}",
    r#"{"format":"no-length","key":"000102030405060708090A0B0C0D0E0F","unencrypted":"accept"}"#,
    r#"{"encoding":"json","trailing":1}"#,
    r#"{"encoding":"rtl-wmbus"}"#,
];

fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else { return };
    let settings = SETTINGS[usize::from(*first) % SETTINGS.len()];
    let Ok(adapter) = WirelessMbus::configure(settings) else { return };
    let frame = Frame {
        channel: "wmbus".to_owned(),
        content_type: None,
        received_ms: 0,
        body: body.to_vec(),
    };
    let Ok(readings) = adapter.decode(frame) else { return };
    assert!(readings.len() <= 64);
    for reading in readings {
        assert!(reading.fields.len() <= 256);
        for field in reading.fields {
            assert!(field.path.len() <= 64);
            assert!(!matches!(field.value, Scalar::Real(real) if !real.is_finite()));
        }
    }
});
