//! What we ship understands frames as independent implementations do: each script in `oracles/` makes frames with a
//! library of somebody else's and says what that one reads in them.
//!
//! A script prints one JSON object a line; see [`Told`]. Its first line names the packages that it needs.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot set up should fail loudly, and tells its figures"
)]

use hushgate_tests::program::binary;
use hushgate_wasm::{
    bindings::{DecodeError, Frame, Reading, Scalar},
    cache::Cache,
    engine::Engine,
    limits::Limits,
    plugin::{Adapter, Setup},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fs, path::Path, process::Command};

/// One frame, and what must become of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Told {
    #[serde(default)]
    settings: Map<String, Value>,
    #[serde(default)]
    channel: String,
    content_type: Option<String>,
    #[serde(default = "some_day")]
    received_ms: u64,
    hex: String,
    /// Paths, each with its value and unit: these must be among what is read.
    #[serde(default)]
    fields: BTreeMap<String, (Value, Option<String>)>,
    /// Or the error.
    error: Option<String>,
}

/// 2026-11-27: times may be told from when the frame came in.
const fn some_day() -> u64 {
    1_795_757_100_000
}

/// Relative: an oracle may compute in floating point what we keep in decimals.
const CLOSE: f64 = 1e-9;

macro_rules! oracles {
    ($($name:ident $id:literal)*) => {
        $(#[test]
        fn $name() {
            compare($id);
        })*

        #[test]
        fn every_script_is_run() {
            let mut run = vec![$(concat!($id, ".py").to_owned()),*];
            run.sort_unstable();
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracles");
            let mut scripts: Vec<_> = fs::read_dir(folder).unwrap()
                .map(|it| it.unwrap().file_name().into_string().unwrap())
                .filter(|it| it.ends_with(".py")).collect();
            scripts.sort_unstable();
            assert_eq!(scripts, run);
        }
    };
}

oracles! {
    ble_gatt "ble-gatt"
    bthome "bthome"
    cayenne_lpp "cayenne-lpp"
    dsmr_p1 "dsmr-p1"
    fhir_observation "fhir-observation"
    home_assistant "home-assistant"
    lorawan "lorawan"
    lorawan_codec "lorawan-codec"
    open_mhealth "open-mhealth"
    senml "senml"
    sparkplug_b "sparkplug-b"
    wireless_mbus "wireless-mbus"
}

fn compare(id: &str) {
    let Some(told) = ask(id) else { return };
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::new().unwrap();
    let cache = Cache::open(dir.path(), [7; 32]).unwrap();
    let wasm = binary().parent().unwrap().join("plugins").join(id).join("plugin.wasm");
    let compiled = cache.load(&engine, &fs::read(wasm).unwrap()).unwrap();
    let mut started: BTreeMap<String, Adapter> = BTreeMap::new();
    let mut frames = 0;
    for line in told.lines() {
        let told: Told = serde_json::from_str(line).unwrap();
        let config = Value::Object(told.settings.clone()).to_string();
        let adapter = started.entry(config.clone()).or_insert_with(|| {
            let limits = Limits::default();
            let setup = Setup { id: id.into(), config, limits, log: false, wasi: false };
            Adapter::new(&engine, &compiled, &setup).unwrap()
        });
        let frame = Frame {
            channel: told.channel.clone(),
            content_type: told.content_type.clone(),
            received_ms: told.received_ms,
            body: data_encoding::HEXLOWER_PERMISSIVE.decode(told.hex.as_bytes()).unwrap(),
        };
        let answer = adapter.instance().unwrap().decode(&frame).unwrap();
        check(&told, answer).unwrap_or_else(|why| panic!("{id}: {why}\n{line}"));
        frames += 1;
    }
    eprintln!("{id}: {frames} frames");
    assert!(frames >= 50, "only {frames} frames");
}

/// What the script says; none where there is nobody to ask.
fn ask(id: &str) -> Option<String> {
    let Some(environments) = std::env::var_os("HUSHGATE_ORACLES") else {
        eprintln!("skipped: HUSHGATE_ORACLES is not set; run `cargo verify`");
        return None;
    };
    let python = Path::new(&environments).join(id).join("bin/python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracles").join(format!("{id}.py"));
    let output = Command::new(python).arg(script).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn check(told: &Told, answer: Result<Vec<Reading>, DecodeError>) -> Result<(), String> {
    let error = |error: &DecodeError| match error {
        DecodeError::NotMine => "not-mine",
        DecodeError::Malformed(_) => "malformed",
        DecodeError::Unsupported(_) => "unsupported",
    };
    let readings = match (&told.error, answer) {
        (None, Ok(readings)) => readings,
        (Some(expected), Err(answer)) if expected == error(&answer) => return Ok(()),
        (expected, answer) => {
            return Err(format!("{expected:?} expected, and there is {answer:?}"));
        }
    };
    let fields: Vec<_> = readings.iter().flat_map(|it| &it.fields).collect();
    for (path, (value, unit)) in &told.fields {
        let is_it = |it: &&&hushgate_wasm::bindings::Field| {
            it.path == *path && it.unit == *unit && is_close(&it.value, value)
        };
        if !fields.iter().any(|it| is_it(&it)) {
            return Err(format!("no {path} = {value} {unit:?} in {fields:?}"));
        }
    }
    Ok(())
}

fn is_close(value: &Scalar, told: &Value) -> bool {
    let near = |value: f64| {
        told.as_f64().is_some_and(|told| (value - told).abs() <= CLOSE * told.abs().max(1e-3))
    };
    match value {
        Scalar::Flag(value) => told.as_bool() == Some(*value),
        #[expect(clippy::cast_precision_loss, reason = "compared within a relative distance")]
        Scalar::Int(value) => told.as_i64() == Some(*value) || near(*value as f64),
        Scalar::Real(value) => near(*value),
        Scalar::Text(value) => told.as_str() == Some(value),
        Scalar::Blob(value) => told.as_str() == Some(&data_encoding::HEXLOWER.encode(value)),
    }
}
