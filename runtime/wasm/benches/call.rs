//! What a plugin call costs: the same work natively, on a reused instance, on a fresh one; and loading a
//! component from the cache. Run by `cargo xtask bench`, which sets `HUSHGATE_PLUGINS`.

#![expect(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark that cannot set up should fail loudly"
)]

use criterion::{Criterion, criterion_group, criterion_main};
use hushgate_plugin_private_iot_text::PrivateIotText;
use hushgate_sdk::adapter::Adapter as _;
use hushgate_wasm::{
    bindings::Frame,
    cache::Cache,
    engine::Engine,
    limits::Limits,
    plugin::{Adapter, Setup},
};
use std::{fs, hint::black_box, path::PathBuf};

/// 200 bytes of JSON.
fn body() -> Vec<u8> {
    let start = r#"{"device":"patient","topic":"bpm","payload":" 70.25 bpm ","comment":""#;
    format!("{start}{}\"}}", "x".repeat(198 - start.len())).into_bytes()
}

fn calls(c: &mut Criterion) {
    let plugins = PathBuf::from(std::env::var_os("HUSHGATE_PLUGINS").unwrap());
    let wasm = fs::read(plugins.join("private-iot-text/plugin.wasm")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::new().unwrap();
    let cache = Cache::open(dir.path(), [7; 32]).unwrap();
    let compiled = cache.load(&engine, &wasm).unwrap();
    let setup =
        Setup { id: "bench".into(), config: "{}".into(), limits: Limits::default(), log: false };
    let adapter = Adapter::new(&engine, &compiled, &setup).unwrap();
    let frame = Frame { channel: "p".into(), content_type: None, received_ms: 0, body: body() };

    let mut group = c.benchmark_group("decode 200 B JSON");
    let native = PrivateIotText::configure("{}").unwrap();
    group.bench_function("native", |b| {
        b.iter(|| {
            let frame = hushgate_sdk::Frame {
                channel: "p".into(),
                content_type: None,
                received_ms: 0,
                body: body(),
            };
            native.decode(black_box(frame)).unwrap()
        });
    });
    let mut instance = adapter.instance().unwrap();
    group.bench_function("reused instance", |b| {
        b.iter(|| instance.decode(black_box(&frame)).unwrap().unwrap());
    });
    group.bench_function("fresh instance", |b| {
        b.iter(|| adapter.instance().unwrap().decode(black_box(&frame)).unwrap().unwrap());
    });
    group.finish();
    c.bench_function("load from the cache", |b| b.iter(|| cache.load(&engine, &wasm).unwrap()));
    c.bench_function("compile", |b| {
        b.iter(|| {
            let empty = tempfile::tempdir().unwrap();
            Cache::open(empty.path(), [7; 32]).unwrap().load(&engine, &wasm).unwrap()
        });
    });
}

criterion_group!(benches, calls);
criterion_main!(benches);
