//! Files that others may have written: grants, invites, manifests, tables of tests, signatures and keys. And that a grant clamps whatever it is given.

#![no_main]

use hushgate::{
    consent::grant::Grant,
    contract::Contract,
    plugins::{manifest::Manifest, table::Table},
    signature::{self, Key},
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
    let _ = Key::parse(text);
    let keys =
        Vec::from_iter(Key::parse("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"));
    assert!(signature::signer(&keys, "never signed", Some(text)).is_err());
    let _ = Table::from_source(&source, Path::new("/nowhere"));
    if let Ok(grant) = Grant::from_source(&source) {
        assert!(grant.capacity().bits_per_hour.is_finite());
        for rule in &grant.fields {
            assert!(rule.alphabet() >= 1.0);
        }
    }
});
