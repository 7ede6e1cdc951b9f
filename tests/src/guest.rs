//! Plugins that do harm: see `guests/`.

use std::{fs, path::Path};

/// The component of `guests/<id>.wat`.
pub fn component(id: &str) -> Vec<u8> {
    let path = Path::new(env!("OUT_DIR")).join(format!("{id}.wasm"));
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Puts a component into the gateway at `home` as plugin `id` of this kind. It declares `heart-rate` alone.
pub fn install(home: &Path, (id, kind): (&str, &str), component: &[u8]) {
    let dir = home.join("plugins").join(id);
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("plugin.wasm"), component).unwrap();
    let manifest = format!(
        "id = \"{id}\"\nversion = \"1.0.0\"\nkind = \"{kind}\"\nwit = \"0.1.0\"\nlicence = \"MIT\"\n\
         summary = \"A test's.\"\n[[field]]\npath = \"heart-rate\"\nunit = \"/min\"\nprivacy = \"health\"\n"
    );
    fs::write(dir.join("plugin.toml"), manifest).unwrap();
}
