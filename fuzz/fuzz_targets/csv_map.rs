//! Lines of anybody, for settings of several kinds.

#![no_main]

use hushgate_plugin_csv_map::CsvMap;
use hushgate_sdk::{Frame, Scalar, adapter::Adapter};
use libfuzzer_sys::fuzz_target;

const SETTINGS: [&str; 3] = [
    r#"{"fields":[{"column":"1","path":"x"},{"column":"2","path":"y","type":"flag"}]}"#,
    r#"{"separator":";","decimal":",","header":true,"fields":[{"column":"a","path":"x","scale":"0.1"}],"at":{"column":"b","format":"local"}}"#,
    r#"{"columns":["a","b"],"when":{"column":"a","equals":"T"},"fields":[{"column":"b","path":"x","type":"text"}]}"#,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, body)) = bytes.split_first() else { return };
    let channel = "logger".to_owned();
    let frame = Frame { channel, content_type: None, received_ms: 0, body: body.to_vec() };
    let Ok(adapter) = CsvMap::configure(SETTINGS[usize::from(*choice) % SETTINGS.len()]) else {
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
