//! Makes the plugins of `guests/` and `hostile/` from WebAssembly text, so that no compiler for guests is needed.
//!
//! A file `<id>.wat` holds the items of one core module beside those of `shared.wat`; its first line names the
//! kind: `;; adapter`, or `;; adapter alone` without what is shared. A file that begins with `;; component` is a
//! component as it is.

use std::{error::Error, fs, path::Path};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../wit");
    let out = std::env::var("OUT_DIR")?;
    let shared = fs::read_to_string("guests/shared.wat")?;
    for folder in ["guests", "hostile"] {
        println!("cargo::rerun-if-changed={folder}");
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let wat = path.extension().is_some_and(|it| it == "wat");
            let id = path.file_stem().and_then(|it| it.to_str());
            let Some(id) = id.filter(|it| wat && *it != "shared") else {
                continue;
            };
            let component = plugin(&fs::read_to_string(&path)?, &shared)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            fs::write(Path::new(&out).join(format!("{id}.wasm")), component)?;
        }
    }
    Ok(())
}

fn plugin(text: &str, shared: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let first = text.lines().next().unwrap_or_default().trim_start_matches(";; ");
    match first.split_once(' ') {
        None if first == "component" => Ok(wat::parse_str(text)?),
        None => component(first, &module(shared, text)),
        Some((kind, _)) => component(kind, &module("", text)),
    }
}

/// Imports come first in a module.
fn module(shared: &str, own: &str) -> String {
    let (imports, items): (Vec<_>, Vec<_>) =
        own.lines().partition(|it| it.trim_start().starts_with("(import"));
    format!("(module\n{}\n{shared}\n{}\n)", imports.join("\n"), items.join("\n"))
}

fn component(kind: &str, module: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut module = wat::parse_str(module)?;
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir("../wit")?;
    let world = resolve.select_world(&[package], Some(&format!("{kind}-plugin")))?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    Ok(ComponentEncoder::default().validate(true).module(&module)?.encode()?)
}
