//! Makes the plugins of `guests/` from WebAssembly text, so that no compiler for guests is needed.
//!
//! A file `<id>.wat` holds the items of one core module after those of `shared.wat`; its first line names the
//! kind: `;; adapter`. A file that begins with `;; component` is a component as it is.

use std::{error::Error, fs, path::Path};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=guests");
    println!("cargo::rerun-if-changed=../wit");
    let out = std::env::var("OUT_DIR")?;
    let shared = fs::read_to_string("guests/shared.wat")?;
    for entry in fs::read_dir("guests")? {
        let path = entry?.path();
        let wat = path.extension().is_some_and(|it| it == "wat");
        let id = path.file_stem().and_then(|it| it.to_str());
        let Some(id) = id.filter(|it| wat && *it != "shared") else {
            continue;
        };
        let text = fs::read_to_string(&path)?;
        let kind = text.lines().next().unwrap_or_default().trim_start_matches(";; ");
        let component = if kind == "component" {
            wat::parse_str(&text).map_err(Into::into)
        } else {
            component(kind, &format!("(module\n{shared}\n{text})"))
        };
        let component =
            component.map_err(|error: Box<dyn Error>| format!("{}: {error}", path.display()))?;
        fs::write(Path::new(&out).join(format!("{id}.wasm")), component)?;
    }
    Ok(())
}

fn component(kind: &str, module: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut module = wat::parse_str(module)?;
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir("../wit")?;
    let world = resolve.select_world(&[package], Some(&format!("{kind}-plugin")))?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    Ok(ComponentEncoder::default().validate(true).module(&module)?.encode()?)
}
