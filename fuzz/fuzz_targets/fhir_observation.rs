//! FHIR resources and Bundles.

#![no_main]

use hushgate_plugin_fhir_observation::FhirObservation;
use hushgate_sdk::{Frame, Scalar, adapter::Adapter};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, body)) = bytes.split_first() else { return };
    let settings = if *choice & 1 == 0 {
        "{}"
    } else {
        r#"{"codes":{"8280-0":{"path":"waist","unit":"cm"},"a|b":{"path":"c"}}}"#
    };
    let adapter = FhirObservation::configure(settings).expect("settings that are read");
    let frame = Frame {
        channel: String::new(),
        content_type: None,
        received_ms: 1_800_000_000_000,
        body: body.to_vec(),
    };
    let Ok(readings) = adapter.decode(frame) else { return };
    assert!(readings.len() <= 64);
    for field in readings.iter().flat_map(|reading| &reading.fields) {
        assert!((1..=64).contains(&field.path.len()));
        match &field.value {
            Scalar::Real(real) => assert!(real.is_finite()),
            Scalar::Text(text) => assert!(text.len() <= 1024),
            _ => {}
        }
    }
    assert!(readings.iter().all(|reading| reading.fields.len() <= 256));
});
