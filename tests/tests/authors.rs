//! The author's path: what `docs/plugins.md` says works as written, and what `plugin new` makes builds and passes
//! its own tests, in each language and kind.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use hushgate_tests::{
    guest,
    program::{Program, binary, run, run_ok},
    world::World,
};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

const CASE: &str = r#"
[[case]]
name = "the first call"
frame = { text = "anything" }
contains = [{ kind = "", field = [{ path = "heart-rate", value = NUMBER, unit = "/min" }] }]
"#;

const KINDS: [&str; 3] = ["adapter", "minimizer", "policy"];

/// The shell commands of a page, in order.
fn commands(page: &str) -> String {
    let mut blocks = page.split("```sh\n").skip(1);
    let blocks = blocks.by_ref().map(|it| it.split_once("```").unwrap().0);
    blocks.collect()
}

#[test]
fn every_command_in_the_page_for_authors_works_in_its_order() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/plugins.md");
    let commands = commands(&fs::read_to_string(page).unwrap());
    assert!(commands.lines().count() > 5, "{commands}");
    let dir = tempfile::tempdir().unwrap();
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("sh")
        .args(["-eux", "-c", &commands])
        .current_dir(&dir)
        .env("PATH", format!("{}:{path}", binary().parent().unwrap().display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("ok: my-thermometer: 9 cases"), "{said}");
    assert!(said.contains("types only, it reaches nothing"), "{said}");
}

#[track_caller]
fn builds_and_passes(lang: &str) {
    let dir = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let plugin = dir.path().join(format!("my-{kind}"));
        let plugin = plugin.to_str().unwrap();
        run_ok(dir.path(), &["plugin", "new", kind, plugin, "--lang", lang]);
        run_ok(dir.path(), &["plugin", "build", plugin]);
        let said = run_ok(dir.path(), &["plugin", "test", plugin]);
        assert!(said.starts_with(&format!("ok: my-{kind}: ")), "{said}");
    }
}

/// A plugin whose build is a copy, so that a change is quick.
#[test]
fn a_plugin_that_changes_is_built_tested_and_taken_in_if_it_passes() {
    let world = World::new();
    let home = world.gateway_dir();
    guest::install(world.dir.path(), ("x", "adapter"), &guest::component("counts"));
    let dir = world.dir.path().join("plugins/x");
    fs::rename(dir.join("plugin.wasm"), dir.join("source.wasm")).unwrap();
    let manifest = fs::read_to_string(dir.join("plugin.toml")).unwrap();
    let build = "[build]\nrun = \"cp source.wasm plugin.wasm\"\n";
    fs::write(dir.join("plugin.toml"), manifest + build).unwrap();
    let dev = Program::start(&home, &["plugin", "dev", "--add", dir.to_str().unwrap()]);
    dev.wait_for("waits for the next change");
    let taken_in = || fs::read(home.join("plugins/x/plugin.wasm")).unwrap();
    assert_eq!(taken_in(), guest::component("counts"));
    fs::write(dir.join("cases.toml"), CASE.replace("NUMBER", "2.0")).unwrap();
    dev.wait_for("    +   heart-rate = 1.0 /min");
    dev.wait_for("waits for the next change");
    assert!(!home.join("plugins/x/cases.toml").exists(), "it was taken in although it fails");
    fs::write(dir.join("cases.toml"), CASE.replace("NUMBER", "1.0")).unwrap();
    dev.wait_for("ok: x: 1 cases");
    dev.wait_for("waits for the next change");
    assert!(home.join("plugins/x/cases.toml").exists());
}

#[test]
fn rust_plugins_build_and_pass_at_once() {
    builds_and_passes("rust");
}

#[test]
fn c_plugins_build_and_pass_at_once() {
    builds_and_passes("c");
}

#[test]
fn javascript_plugins_build_and_pass_at_once() {
    builds_and_passes("js");
}

#[test]
fn python_plugins_build_and_pass_at_once() {
    builds_and_passes("python");
}

#[test]
fn a_wrong_answer_is_shown_line_by_line() {
    let dir = tempfile::tempdir().unwrap();
    let shipped = binary().parent().unwrap().join("plugins/ble-gatt");
    for file in ["plugin.toml", "plugin.wasm"] {
        fs::copy(shipped.join(file), dir.path().join(file)).unwrap();
    }
    let table = r#"settings = { characteristic = "2A37" }
[[case]]
name = "too high"
frame = { hex = "00 55" }
readings = [{ kind = "heart-rate", field = [{ path = "heart-rate", value = 86, unit = "/min" }] }]
[[case]]
name = "cut off"
frame = { hex = "10 55 21 00 21 00" }
contains = [{ kind = "heart-rate", field = [{ path = "heart-rate", value = 85, unit = "/min" }] }]
truncated = "refused"
[[case]]
name = "what must not leave"
frame = { hex = "10 55 21 00" }
contains = []
must-not-contain = ["rr-interval"]
[[case]]
name = "too fine"
frame = { hex = "00 55" }
contains = []
max-precision = { heart-rate = 10.0 }
[budget]
fuel = 10
"#;
    let test = |table: &str| {
        fs::write(dir.path().join("cases.toml"), table).unwrap();
        let output = run(dir.path(), &["plugin", "test", dir.path().to_str().unwrap()]);
        let said = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), said + &String::from_utf8_lossy(&output.stderr))
    };
    let (code, said) = test(&table.replace("fuel = 10", ""));
    assert_eq!(code, Some(1), "{said}");
    for line in [
        "cases.toml:2 `too high`",
        "    -   heart-rate = 86 /min",
        "    +   heart-rate = 85 /min",
        "cut off after 4 bytes, it is still understood",
        "must not contain `rr-interval`",
        "`heart-rate` is finer than 10: 85",
        "4 failures",
    ] {
        assert!(said.contains(line), "no `{line}` in {said}");
    }
    let (code, said) = test(table);
    assert!(
        code == Some(1) && said.contains("over budget") && said.contains("of 10 fuel"),
        "{said}"
    );
    let (code, said) = test("[[case]]\nname = \"x\"\nfraem = 1\n");
    assert!(code == Some(3) && said.contains("cases.toml:3: unknown field `fraem`"), "{said}");
}
