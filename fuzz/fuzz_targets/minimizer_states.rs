//! States that nobody wrote, clocks that jump, any number: no minimizer panics, grows or breaks the contract.

#![no_main]

use hushgate_plugin_change_only::ChangeOnly;
use hushgate_plugin_threshold::Threshold;
use hushgate_plugin_window::Statistics;
use hushgate_plugin_window_median::WindowMedian;
use hushgate_sdk::{Field, Reading, Scalar, minimizer::Minimizer};
use libfuzzer_sys::fuzz_target;

const STATE_BYTES_MAX: usize = 16 << 10;

fuzz_target!(|input: (u8, [u64; 2], [f64; 2], &[u8])| {
    let (plugin, times, values, state) = input;
    let calls = times.into_iter().zip(values);
    match plugin % 4 {
        0 => run::<WindowMedian>(r#"{"window-s":1}"#, state, calls),
        1 => run::<Statistics>(
            r#"{"window-s":1,"fields":{"*":["median","mean","min","max","count"]}}"#,
            state,
            calls,
        ),
        2 => run::<Threshold>(
            r#"{"fields":{"*":{"high":1,"high-clear":0,"low":-1,"count":2,"heartbeat-s":1}}}"#,
            state,
            calls,
        ),
        _ => run::<ChangeOnly>(
            r#"{"fields":{"*":{"delta":0.5,"at-least-every-s":1}}}"#,
            state,
            calls,
        ),
    }
});

fn run<M: Minimizer>(settings: &str, state: &[u8], calls: impl Iterator<Item = (u64, f64)>) {
    let plugin = M::configure(settings).expect("settings of our own");
    let mut state = Some(state.to_vec());
    for (now_ms, value) in calls {
        let fields = vec![
            Field::without_unit("a", Scalar::Real(value)),
            Field::with_unit("a", Scalar::Int(value.to_bits().cast_signed()), "/min"),
            Field::without_unit("b", Scalar::Text("text".to_owned())),
        ];
        let given = vec![Reading::at(Some(value.to_bits()), "sample", fields)];
        let step = plugin.minimize(state, now_ms, given).expect("no minimizer refuses anything");
        check(&step.readings);
        assert!(step.state.as_ref().is_none_or(|it| it.len() <= STATE_BYTES_MAX));
        state = step.state;
    }
}

fn check(readings: &[Reading]) {
    assert!(readings.len() <= 64);
    for reading in readings {
        assert!((1..=256).contains(&reading.fields.len()));
        for field in &reading.fields {
            assert!((1..=64).contains(&field.path.len()));
            assert!(!matches!(field.value, Scalar::Real(real) if !real.is_finite()));
        }
    }
}
