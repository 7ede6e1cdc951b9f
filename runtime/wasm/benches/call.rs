//! What a plugin call costs: the same work natively, on a reused instance, on a fresh one; and loading a
//! component from the cache. Run by `cargo xtask bench`, which sets `HUSHGATE_PLUGINS`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up should fail loudly")]

use hushgate_plugin_private_iot_text::PrivateIotText;
use hushgate_sdk::adapter::Adapter as _;
use hushgate_wasm::{
    bindings::Frame,
    cache::Cache,
    engine::Engine,
    limits::Limits,
    plugin::{Adapter, Setup},
};
use std::{
    fs,
    hint::black_box,
    io::Write as _,
    path::PathBuf,
    time::{Duration, Instant},
};

const BATCH_MIN: Duration = Duration::from_millis(20);
const BATCHES: usize = 50;

/// 200 bytes of JSON.
fn body() -> Vec<u8> {
    let start = r#"{"device":"patient","topic":"bpm","payload":" 70.25 bpm ","comment":""#;
    format!("{start}{}\"}}", "x".repeat(198 - start.len())).into_bytes()
}

fn main() {
    let plugins = PathBuf::from(std::env::var_os("HUSHGATE_PLUGINS").unwrap());
    let wasm = fs::read(plugins.join("private-iot-text/plugin.wasm")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::new().unwrap();
    let cache = Cache::open(dir.path(), [7; 32]).unwrap();
    let compiled = cache.load(&engine, &wasm).unwrap();
    let limits = Limits::default();
    let setup = Setup { id: "bench".into(), config: "{}".into(), limits, log: false, wasi: false };
    let adapter = Adapter::new(&engine, &compiled, &setup).unwrap();
    let frame = Frame { channel: "p".into(), content_type: None, received_ms: 0, body: body() };
    let native = PrivateIotText::configure("{}").unwrap();
    let native_frame = || hushgate_sdk::Frame {
        channel: "p".into(),
        content_type: None,
        received_ms: 0,
        body: body(),
    };
    say("| what | median µs | least µs |\n|---|---|---|");
    measure("make the native frame", native_frame);
    measure("decode 200 B JSON natively, frame made anew", || {
        native.decode(native_frame()).is_ok()
    });
    let mut instance = adapter.instance().unwrap();
    measure("decode 200 B JSON, reused instance", || instance.decode(&frame).is_ok());
    measure("decode 200 B JSON, fresh instance", || {
        adapter.instance().unwrap().decode(&frame).is_ok()
    });
    measure("load a component from the cache", || cache.load(&engine, &wasm).unwrap());
    measure("compile a component", || {
        let empty = tempfile::tempdir().unwrap();
        Cache::open(empty.path(), [7; 32]).unwrap().load(&engine, &wasm).unwrap()
    });
}

/// Median and least over batches long enough to time.
fn measure<T>(what: &str, mut work: impl FnMut() -> T) {
    let mut batch = |count: u32| {
        let start = Instant::now();
        for _ in 0..count {
            black_box(work());
        }
        start.elapsed()
    };
    let mut count = 1;
    while batch(count) < BATCH_MIN {
        count *= 2;
    }
    let mut times: Vec<_> =
        (0..BATCHES).map(|_| batch(count).as_secs_f64() * 1e6 / f64::from(count)).collect();
    times.sort_by(f64::total_cmp);
    say(&format!("| {what} | {:.2} | {:.2} |", times[BATCHES / 2], times[0]));
}

fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").unwrap();
}
