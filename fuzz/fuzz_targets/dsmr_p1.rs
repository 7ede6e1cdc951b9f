//! Puts arbitrary lines to the adapter of P1 telegrams, and holds it to the contract.

#![no_main]

use hushgate_plugin_dsmr_p1::DsmrP1;
use hushgate_sdk::{Frame, Scalar, adapter::Adapter};
use libfuzzer_sys::fuzz_target;

const SETTINGS: [&str; 3] =
    ["{}", r#"{"checksum":"optional"}"#, r#"{"checksum":"optional","utc-offset-minutes":60}"#];

fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else { return };
    let settings = SETTINGS[usize::from(*first) % SETTINGS.len()];
    let Ok(adapter) = DsmrP1::configure(settings) else { return };
    let frame =
        Frame { channel: "p1".to_owned(), content_type: None, received_ms: 0, body: body.to_vec() };
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
