//! Limits hold on every entry into a plugin, and a compiled file is loaded only if this gateway wrote it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot set up should fail loudly"
)]

use hushgate_tests::guest::component;
use hushgate_wasm::{
    bindings::Frame,
    cache::{Cache, Compiled},
    engine::Engine,
    limits::Limits,
    plugin::{Adapter, LinkError, Policy, Setup},
    sandbox::CallError,
};
use std::{fs, path::PathBuf};

const KEY: [u8; 32] = [7; 32];

struct Bench {
    engine: Engine,
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { engine: Engine::new().unwrap(), dir: tempfile::tempdir().unwrap() }
    }

    fn load(&self, key: [u8; 32], id: &str) -> Compiled {
        let cache = Cache::open(self.dir.path(), key).unwrap();
        cache.load(&self.engine, &component(id)).unwrap()
    }

    fn adapter(&self, id: &str, limits: Limits) -> Result<Adapter, LinkError> {
        Adapter::new(&self.engine, &self.load(KEY, id), &setup(id, limits))
    }

    /// The compiled files that are kept.
    fn kept(&self) -> Vec<PathBuf> {
        fs::read_dir(self.dir.path()).unwrap().map(|it| it.unwrap().path()).collect()
    }
}

fn setup(id: &str, limits: Limits) -> Setup {
    Setup { id: id.into(), config: "{}".into(), limits, log: false, wasi: false }
}

fn frame() -> Frame {
    Frame { channel: "x".into(), content_type: None, received_ms: 0, body: b"anything".to_vec() }
}

fn why(started: Result<Adapter, LinkError>) -> CallError {
    match started {
        Err(LinkError::Start(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it started"),
    }
}

#[test]
fn a_call_that_breaks_a_limit_ends_its_instance_and_no_other() {
    let bench = Bench::new();
    for (id, expected) in [
        ("loops", CallError::TimedOut),
        ("takes-memory", CallError::OutOfMemory),
        ("traps", CallError::Trapped),
        ("recurses", CallError::Trapped),
        ("returns-a-gigabyte", CallError::BadOutput),
        ("returns-rubbish", CallError::BadOutput),
    ] {
        let adapter = bench.adapter(id, Limits::default()).unwrap();
        let (mut one, mut other) = (adapter.instance().unwrap(), adapter.instance().unwrap());
        assert_eq!(one.decode(&frame()).unwrap_err(), expected, "{id}");
        assert!(one.is_dead() && !other.is_dead(), "{id}");
        assert_eq!(one.decode(&frame()).unwrap_err(), CallError::NoInstance, "{id}");
        assert_eq!(other.decode(&frame()).unwrap_err(), expected, "{id}");
    }
}

#[test]
fn limits_hold_while_an_instance_is_made_and_configured() {
    let bench = Bench::new();
    for (id, expected) in [
        ("loops-at-start", CallError::TimedOut),
        ("loops-in-configure", CallError::TimedOut),
        ("takes-memory-in-configure", CallError::OutOfMemory),
    ] {
        assert_eq!(why(bench.adapter(id, Limits::default())), expected, "{id}");
    }
    // `counts` begins with 2 MiB.
    let small = Limits { memory_bytes: 1 << 20, ..Limits::default() };
    assert_eq!(why(bench.adapter("counts", small)), CallError::OutOfMemory);
}

#[test]
fn output_is_counted_after_lifting() {
    let bench = Bench::new();
    let decode = |output_bytes| {
        let limits = Limits { output_bytes, ..Limits::default() };
        let mut instance = bench.adapter("tells-more", limits).unwrap().instance().unwrap();
        instance.decode(&frame()).map(|it| it.unwrap().len())
    };
    assert_eq!(decode(1 << 10), Ok(1));
    assert_eq!(decode(64), Err(CallError::BadOutput));
}

#[test]
fn a_component_of_another_kind_or_with_wishes_does_not_fit() {
    let bench = Bench::new();
    for id in ["traps-as-policy", "traps-as-minimizer", "wants-the-clock"] {
        let started = bench.adapter(id, Limits::default());
        assert!(matches!(started, Err(LinkError::Unfit(_))), "{id}");
    }
    let policy = bench.load(KEY, "traps-as-policy");
    assert!(Policy::new(&bench.engine, &policy, &setup("p", Limits::default())).is_ok());
}

#[test]
fn a_component_is_compiled_once() {
    let bench = Bench::new();
    assert!(!bench.load(KEY, "traps").cached);
    assert!(bench.load(KEY, "traps").cached);
    assert!(!bench.load(KEY, "counts").cached, "another component");
    assert!(!bench.load([8; 32], "traps").cached, "another gateway's key");
}

#[test]
fn a_file_that_this_gateway_did_not_write_is_compiled_anew() {
    let bench = Bench::new();
    bench.load(KEY, "traps");
    let path = bench.kept().pop().unwrap();
    let good = fs::read(&path).unwrap();
    bench.load(KEY, "counts");
    let other = fs::read(bench.kept().into_iter().find(|it| *it != path).unwrap()).unwrap();
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let forged = [
        flipped(0),
        flipped(31),
        flipped(32),
        flipped(good.len() / 2),
        flipped(good.len() - 1),
        good[..good.len() - 1].to_vec(),
        good[..31].to_vec(),
        good[32..].to_vec(),
        Vec::new(),
        other,
    ];
    for (number, bytes) in forged.iter().enumerate() {
        fs::write(&path, bytes).unwrap();
        assert!(!bench.load(KEY, "traps").cached, "forged file {number} was loaded");
        assert!(bench.load(KEY, "traps").cached, "it was not replaced");
    }
}
