//! `plugins/index.toml` says what the manifests say.

use hushgate::plugins::library::Index;
use std::{fs, path::Path};

#[test]
fn the_index_is_made_of_the_manifests() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
    let dirs = ["adapters", "minimizers", "policies"].map(|it| plugins.join(it));
    let made = Index::of(&dirs).unwrap().text().unwrap();
    let kept = fs::read_to_string(plugins.join("index.toml")).unwrap_or_default();
    assert!(
        made == kept,
        "plugins/index.toml is not up to date; run in plugins/: hushgate plugin index adapters minimizers policies > index.toml"
    );
}

#[test]
fn every_adapter_says_which_devices_it_is_for_and_what_it_tells() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/adapters");
    for entry in Index::of(&[plugins]).unwrap().plugin {
        let vendors = entry.matches.iter().all(|it| !it.vendor.is_empty());
        assert!(vendors && !entry.matches.is_empty(), "{}: no [[match]]", entry.id);
    }
}
