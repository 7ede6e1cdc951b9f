//! Rules about the code itself, checked like any other behaviour.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the sources should fail loudly")]

use std::{collections::BTreeSet, fs, path::Path};

/// Which modules each module may name. Read it as the architecture diagram: there is no way back up.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("message", &[]),
    ("html", &[]),
    ("outcome", &[]),
    ("source", &[]),
    ("signature", &[]),
    ("home", &[]),
    ("keys", &[]),
    ("secret", &["keys"]),
    ("wire", &["keys"]),
    ("contract", &["source", "wire"]),
    ("consent", &["message", "source"]),
    ("config", &["consent", "contract", "home", "message", "signature", "source"]),
    ("plugins", &["config", "consent", "contract", "message", "signature", "source"]),
    ("pipeline", &["consent", "contract", "keys", "message", "outcome", "plugins", "wire"]),
    ("ledger", &["keys", "message", "wire"]),
    ("outbox", &["ledger", "message", "outcome", "pipeline", "wire"]),
    ("store", &["consent", "contract", "keys", "ledger", "message", "outbox", "pipeline", "wire"]),
    ("intake", &["consent", "message", "outcome", "pipeline", "plugins", "store"]),
    ("ingress", &["config", "intake", "keys", "message", "store", "secret"]),
    ("transport", &["config", "contract"]),
    (
        "delivery",
        &[
            "consent",
            "contract",
            "intake",
            "keys",
            "ledger",
            "message",
            "outbox",
            "store",
            "transport",
            "wire",
        ],
    ),
    (
        "report",
        &["config", "consent", "html", "keys", "ledger", "message", "outbox", "outcome", "store"],
    ),
    ("control", &["config", "consent", "home", "message", "report", "source", "store"]),
    (
        "page",
        &[
            "config", "consent", "control", "home", "html", "ingress", "keys", "ledger", "message",
            "outcome", "report", "source", "store",
        ],
    ),
    ("rights", &["config", "consent", "home", "keys", "ledger", "message", "outbox", "store"]),
    (
        "telemetry",
        &["consent", "ingress", "intake", "ledger", "message", "outcome", "plugins", "store"],
    ),
    (
        "witness",
        &["config", "control", "home", "html", "keys", "ledger", "message", "outcome", "store"],
    ),
    (
        "gateway",
        &[
            "config",
            "consent",
            "delivery",
            "home",
            "ingress",
            "intake",
            "keys",
            "message",
            "page",
            "pipeline",
            "plugins",
            "source",
            "store",
            "telemetry",
            "transport",
            "witness",
        ],
    ),
    (
        "hub",
        &[
            "gateway",
            "home",
            "html",
            "ingress",
            "keys",
            "message",
            "source",
            "transport",
            "wire",
            "secret",
        ],
    ),
    (
        "cli",
        &[
            "config",
            "consent",
            "contract",
            "control",
            "gateway",
            "home",
            "hub",
            "ingress",
            "keys",
            "ledger",
            "message",
            "outbox",
            "outcome",
            "plugins",
            "report",
            "rights",
            "source",
            "store",
            "transport",
            "wire",
            "witness",
            "secret",
        ],
    ),
];

/// Each heavy or risky crate and the only files that may name it.
const NAMED_IN: &[(&str, &[&str])] = &[
    ("mqtt5", &["ingress/broker.rs"]),
    ("rumqttc", &["ingress/subscriber.rs", "cli/demo/pacemaker.rs"]),
    ("tokio_socks", &["transport.rs"]),
    ("hushgate_tor", &["transport.rs", "transport/tor.rs"]),
    ("hushgate_matrix", &["witness.rs", "cli/connect.rs"]),
    ("hushgate_oci", &["cli/plugin/registry.rs"]),
    ("minisign_verify", &["signature.rs"]),
    ("hpke", &["keys.rs", "wire/envelope.rs", "wire/pairing.rs"]),
];

const LINES_MAX: usize = 400;

#[test]
fn modules_name_only_what_they_may() {
    let broken: Vec<_> = MAY_NAME
        .iter()
        .flat_map(|(module, _)| sources_of(module).into_iter().map(move |it| (*module, it)))
        .flat_map(|(module, (path, text))| {
            let named = modules_named_in(&text).into_iter();
            named.filter(move |it| !may_name(module, it)).map(move |it| format!("{path}: {it}"))
        })
        .collect();
    assert!(broken.is_empty(), "these may not be named here:\n{}", broken.join("\n"));
}

#[test]
fn the_table_has_no_way_back_up() {
    for (at, (module, others)) in MAY_NAME.iter().enumerate() {
        for other in *others {
            let place = MAY_NAME.iter().position(|it| it.0 == *other);
            assert!(
                place.is_some_and(|it| it < at),
                "`{module}` names `{other}`, which stands below it"
            );
        }
    }
}

#[test]
fn every_module_is_in_the_table() {
    let lib = fs::read_to_string(src("lib.rs")).unwrap();
    let declared: BTreeSet<_> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let listed: BTreeSet<_> = MAY_NAME.iter().map(|(module, _)| *module).collect();
    assert_eq!(declared, listed);
}

#[test]
fn every_file_says_what_it_is_for_and_stays_small() {
    for path in workspace_sources() {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//! "), "{path} does not open with a `//!` line");
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{path} has {lines} lines; at most {LINES_MAX}");
    }
}

#[test]
fn heavy_crates_are_named_in_one_place() {
    for path in files_under(&src("")) {
        let text = fs::read_to_string(&path).unwrap();
        for (name, files) in NAMED_IN {
            let named = text.contains(&format!("{name}::"));
            let may = files.iter().any(|it| path.ends_with(&format!("src/{it}")));
            assert!(!named || may, "{path} names `{name}`");
        }
    }
}

#[test]
fn what_is_heavy_or_opens_connections_is_a_dependency_of_one_crate_each() {
    for (name, owner) in
        [("wasmtime", "wasm"), ("arti-client", "tor"), ("matrix-sdk", "matrix"), ("reqwest", "oci")]
    {
        for member in ["gateway", "wasm", "tor", "matrix", "oci"] {
            let manifest = format!("{}/../{member}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
            let manifest = fs::read_to_string(manifest).unwrap();
            let names = manifest.lines().any(|it| {
                it.starts_with(&format!("{name}.")) || it.starts_with(&format!("{name} "))
            });
            assert_eq!(names, member == owner, "`{name}` in runtime/{member}/Cargo.toml");
        }
    }
}

fn may_name(module: &str, other: &str) -> bool {
    let listed = |(m, others): &(&str, &[&str])| *m == module && others.contains(&other);
    module == other || MAY_NAME.iter().any(listed)
}

fn src(path: &str) -> String {
    format!("{}/src/{path}", env!("CARGO_MANIFEST_DIR"))
}

fn workspace_sources() -> Vec<String> {
    let root = format!("{}/../..", env!("CARGO_MANIFEST_DIR"));
    ["runtime", "sdk", "plugins", "xtask", "tests"]
        .iter()
        .flat_map(|it| files_under(&format!("{root}/{it}")))
        .collect()
}

fn sources_of(module: &str) -> Vec<(String, String)> {
    let mut paths = files_under(&src(module));
    paths.push(src(&format!("{module}.rs")));
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn files_under(dir: &str) -> Vec<String> {
    if !Path::new(dir).is_dir() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path().display().to_string();
        if path.ends_with(".rs") {
            found.push(path);
        } else if !path.ends_with("/target") {
            found.extend(files_under(&path));
        }
    }
    found
}

/// First path segment after each `crate::`, in plain and in grouped imports.
fn modules_named_in(text: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => named.extend(top_level_names(group)),
            None => named.extend([ident_at_start(rest)]),
        }
    }
    named.retain(|name| !name.is_empty());
    named
}

/// The names at depth zero of a `{ a::b, c::{d, e} }` group, without the opening brace.
fn top_level_names(group: &str) -> Vec<String> {
    let mut names = vec![ident_at_start(group)];
    let mut depth = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(ident_at_start(&group[at + 1..])),
            _ => {}
        }
    }
    names
}

fn ident_at_start(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}
