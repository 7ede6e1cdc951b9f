//! What a component is, in words.

use super::{Failure, Workbench, say};
use crate::plugins::{
    manifest::{Kind, Manifest},
    shelf::{COMPONENT, MANIFEST},
};
use crate::source::{Source, read_bytes};
use data_encoding::HEXLOWER;
use hushgate_wasm::{
    cache::{COMPONENT_BYTES_MAX, Compiled},
    engine::Engine,
    wasi::is_wasi,
};
use std::path::Path;

const INTERFACE: &str = "hushgate:plugin/";

/// The first bytes of a digest, enough to tell plugins apart by eye.
pub(super) fn short(digest: &[u8; 32]) -> String {
    format!("{}…", HEXLOWER.encode(&digest[..8]))
}

pub(super) fn run(path: &Path) -> Result<(), Failure> {
    let dir = path.is_dir();
    let component = if dir { path.join(COMPONENT) } else { path.to_owned() };
    let wasm = read_bytes(&component, COMPONENT_BYTES_MAX)?;
    let bench = Workbench::new(Engine::new())?;
    let compiled = bench
        .cache
        .load(&bench.engine, &wasm)
        .map_err(|it| Failure::fix(format!("{}: {it}", component.display())))?;
    say(format!(
        "{}: {} bytes, sha-256 {}",
        component.display(),
        wasm.len(),
        HEXLOWER.encode(&compiled.digest)
    ));
    say(kind(&compiled, &bench.engine));
    for import in compiled.imports(&bench.engine) {
        say(format!("  wants {import}: {}", meaning(&import)));
    }
    if dir {
        let manifest = Manifest::from_source(&Source::read(&path.join(MANIFEST))?)?;
        say(describe(&manifest));
    }
    Ok(())
}

/// The kind and the version of the contract, by what it offers.
fn kind(compiled: &Compiled, engine: &Engine) -> String {
    let exports = compiled.exports(engine);
    let kinds: Vec<_> = exports.iter().filter_map(|it| it.strip_prefix(INTERFACE)).collect();
    match kinds[..] {
        [] => "is no plugin: it offers nothing of hushgate:plugin".into(),
        [kind] => format!("offers {}", kind.replace('@', ", WIT ")),
        _ => format!("offers {}: a plugin is of one kind", kinds.join(" and ")),
    }
}

fn meaning(import: &str) -> &'static str {
    match import.strip_prefix(INTERFACE).and_then(|it| it.split('@').next()) {
        Some("types") => "types only, it reaches nothing",
        Some("log") => "a few lines for the local log, shown only if the owner asks",
        _ if import.starts_with("wasi:clocks") => "to know the time; its clock is the frame's",
        _ if import.starts_with("wasi:filesystem") => "to read files; it finds none",
        _ if import.starts_with("wasi:sockets") => "to use the network; it finds none",
        _ if import.starts_with("wasi:random") => "random numbers; they are the same in each call",
        _ if is_wasi(import) => "part of a WASI; an empty one, if its owner allows `wasi`",
        _ => "something that no plugin gets, so it will not load",
    }
}

fn describe(manifest: &Manifest) -> String {
    let limits = manifest.limits;
    let fields: Vec<_> = manifest
        .declared
        .fields()
        .map(|it| match (it.path.as_str(), it.unit.as_deref()) {
            ("*", Some("*")) if manifest.kind == Kind::Minimizer => "any field that came in".into(),
            (path, None) => path.to_owned(),
            (path, Some("*")) => format!("{path} (any unit)"),
            (path, Some(unit)) => format!("{path} ({unit})"),
        })
        .collect();
    let emits = if fields.is_empty() { "nothing".to_owned() } else { fields.join(", ") };
    let asks: String = manifest
        .requests
        .iter()
        .map(|it| format!("\n  asks its owner for {}: {}", it.name(), it.explain()))
        .collect();
    let told = manifest.settings.iter().flat_map(|it| it.told());
    let settings: String =
        told.map(|(name, what)| format!("\n  setting `{name}`: {what}")).collect();
    format!(
        "{} {}, {}: {}\n  may emit: {emits}{asks}{settings}\n  each call: at most {} MiB and {} ms",
        manifest.id,
        manifest.version,
        manifest.kind,
        manifest.summary,
        limits.memory_bytes >> 20,
        limits.call.as_millis(),
    )
}
