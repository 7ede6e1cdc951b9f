//! Protocol buffers of anybody: births, data, deaths.

#![no_main]

use hushgate_plugin_sparkplug_b::SparkplugB;
use hushgate_sdk::{Frame, Scalar, adapter::Adapter};
use libfuzzer_sys::fuzz_target;

const TOPICS: [&str; 3] = ["spBv1.0/g/NDATA/n", "spBv1.0/g/DBIRTH/n/d", "spBv1.0/g/NDEATH/n"];

const SETTINGS: [&str; 2] = [
    "{}",
    r#"{"aliases":{"1":"x","2":"y"},"names":{"x":{"path":"temperature","unit":"Cel","type":"Int32"}}}"#,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, body)) = bytes.split_first() else { return };
    let channel = TOPICS[usize::from(*choice) % TOPICS.len()].to_owned();
    let frame = Frame { channel, content_type: None, received_ms: 0, body: body.to_vec() };
    let Ok(adapter) = SparkplugB::configure(SETTINGS[usize::from(*choice >> 4) % SETTINGS.len()])
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
