//! Files that others may have written: grants, invites, manifests, tables of tests. And that a grant clamps whatever it is given.

#![no_main]

use hushgate::{
    consent::grant::Grant,
    contract::Contract,
    plugins::{manifest::Manifest, table::Table},
    source::Source,
};
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|text: &str| {
    let source = Source::from_text(Path::new("some.toml"), text);
    let _ = Contract::from_source(&source);
    if let Ok(manifest) = Manifest::from_source(&source)
        && let Some(schema) = &manifest.settings
    {
        let _ = schema.check(r#"{"a":{"b":[1,"x",null]},"c":true}"#);
    }
    let _ = Table::from_source(&source, Path::new("/nowhere"));
    if let Ok(grant) = Grant::from_source(&source) {
        assert!(grant.capacity().bits_per_hour.is_finite());
        for rule in &grant.fields {
            assert!(rule.alphabet() >= 1.0);
        }
    }
});
