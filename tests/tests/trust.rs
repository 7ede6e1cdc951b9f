//! What the owner trusts plugins with: who signed them, and what they may have beyond their arguments.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot set up should fail loudly, and tells its figures"
)]

use hushgate_tests::{
    guest::{self, decisions, enrol, grant_for, put, replace, variant},
    minisign::{key_pair, sign},
    program::{run, run_ok},
    world::{World, wait_until},
};
use std::{fs, path::Path, process::Output};

const WORLD: &str = r#"
[[case]]
name = "the time is the frame's"
frame = { text = "time", received-ms = 1_500_250 }
readings = [{ kind = "temperature", field = [{ path = "temperature", value = 1500.25, unit = "Cel" }] }]
[[case]]
name = "random numbers, the same in each call"
frame = { text = "random" }
readings = [{ kind = "temperature", field = [{ path = "temperature", value = 0.5, unit = "Cel", within = 0.5 }] }]
"#;

/// Of each of these there is none.
const NONE: [&str; 6] = ["files", "environment", "arguments", "told", "network", "waiting"];

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn log(world: &World) -> String {
    world.gateway.as_ref().unwrap().log_text()
}

/// The most resident memory that the gateway ever had.
fn peak_kib(world: &World) -> u64 {
    let pid = world.gateway.as_ref().unwrap().pid();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// A plugin with a line more in its manifest.
fn asks(dir: &Path, for_what: &str) {
    let manifest = fs::read_to_string(dir.join("plugin.toml")).unwrap();
    let asks = manifest.replacen("kind = ", &format!("requests = [{for_what}]\nkind = "), 1);
    fs::write(dir.join("plugin.toml"), asks).unwrap();
}

#[test]
fn a_component_with_wasi_gets_an_empty_one_and_only_if_its_owner_allows_it() {
    let mut world = World::new();
    let (home, dir) = (world.gateway_dir(), world.dir.path().join("knows-no-world"));
    let plugin = dir.to_str().unwrap();
    run_ok(&home, &["plugin", "new", "adapter", plugin, "--lang", "python"]);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/knows-no-world.py");
    fs::copy(source, dir.join("plugin.py")).unwrap();
    let build = fs::read_to_string(dir.join("build.sh")).unwrap();
    assert!(build.contains(" --stub-wasi --output"));
    fs::write(dir.join("build.sh"), build.replace(" --stub-wasi --output", " --output")).unwrap();
    let none = NONE.map(|it| {
        format!(
            "[[case]]\nname = \"no {it}\"\nframe = {{ text = \"{it}\" }}\nreadings = [{{ kind = \"temperature\", \
             field = [{{ path = \"temperature\", value = 0.0, unit = \"Cel\" }}] }}]\n"
        )
    });
    fs::write(dir.join("cases.toml"), format!("{WORLD}{}", none.concat())).unwrap();
    let built = run_ok(&home, &["plugin", "build", plugin]);
    assert!(built.contains("wants wasi:sockets/tcp@0.2"), "{built}");
    asks(&dir, "\"wasi\"");
    let refused = text(&run(&home, &["plugin", "add", plugin]));
    let line = format!("plugin.toml:{}: asks for wasi", 3);
    assert!(refused.contains(&line), "{refused}");
    assert!(refused.contains("hushgate plugin allow knows-no-world wasi"), "{refused}");
    // Its cases are put to it here.
    run_ok(&home, &["plugin", "add", plugin, "--allow", "wasi"]);
    assert!(run_ok(&home, &["plugin", "list"]).contains("8 cases"));
    let secret = enrol(&home, "x", "knows-no-world");
    world.start_gateway();
    assert_eq!(put(&world, ("x", &secret), b"time"), 204);
    assert_eq!(decisions(&world, "x"), ["withheld no-grant"]);
    // Another component in its place while it runs: compiled, but not by the gateway itself.
    let (wasm, peak) = (home.join("plugins/knows-no-world/plugin.wasm"), || peak_kib(&world));
    let before = peak();
    replace(&wasm, &variant(&fs::read(&wasm).unwrap(), 1));
    wait_until("it counts", || log(&world).contains("the changes count now"));
    let more = peak() - before;
    eprintln!("the gateway's peak grew by {more} KiB");
    assert!(more < 200 * 1024, "compiling took {more} KiB of the gateway's memory");
    let kept = text(&run(&home, &["plugin", "allow", "knows-no-world"]));
    assert!(kept.contains("works for device `x`"), "{kept}");
}

#[test]
fn a_policy_sees_values_only_if_it_asks_and_its_owner_allows_it() {
    let mut world = World::new();
    let home = world.gateway_dir();
    let id = "withholds-if-it-sees";
    guest::install(&home, (id, "policy"), &guest::component(id));
    let secret = enrol(&home, "x", "private-iot-text");
    world.grant("ada-x", &grant_for("x", &format!("[[policy]]\nplugin = \"{id}\"\n")));
    world.start_gateway();
    let sent = || {
        assert_eq!(put(&world, ("x", &secret), b"bpm: 70.00 bpm"), 204);
        decisions(&world, "x").pop().unwrap()
    };
    let status = || run_ok(&home, &["status"]);
    assert_eq!(sent(), "queued ");
    asks(&home.join("plugins").join(id), "\"values\"");
    wait_until("it is told", || status().contains("asks for values"));
    wait_until("what works goes on", || sent() == "queued ");
    run_ok(&home, &["plugin", "allow", id, "values"]);
    wait_until("it sees them", || sent() == "withheld policy");
    assert!(!status().contains("DEGRADED"));
}

#[test]
fn an_adapter_cannot_ask_for_values() {
    let world = World::new();
    let home = world.gateway_dir();
    guest::install(&home, ("x", "adapter"), &guest::component("counts"));
    asks(&home.join("plugins/x"), "\"values\"");
    let listed = text(&run(&home, &["plugin", "list"]));
    assert!(listed.contains("x/plugin.toml:3: `values` is for policies"), "{listed}");
}

#[test]
fn with_trusted_keys_only_what_they_signed_is_used() {
    let mut world = World::new();
    let (home, keys) = (world.gateway_dir(), world.dir.path().to_owned());
    let ours = key_pair(&keys);
    let plugin = home.join("plugins/private-iot-text");
    world.grant("ada-pacemaker", hushgate_tests::world::GRANT);
    world.edit_settings(|it| format!("{it}\n[plugins]\ntrusted-keys = [\"{ours}\"]\n"));
    let refused = |why: &str| {
        let output = run(&home, &["run"]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(3) && text.contains(why), "{why}: {text}");
    };
    refused("plugin.toml: is not signed");
    sign(&keys, &plugin);
    refused("says nothing of the component");
    run_ok(&home, &["plugin", "pin", plugin.to_str().unwrap()]);
    refused("is not as it was signed");
    sign(&keys, &plugin);
    world.start_gateway();
    assert_eq!(world.put("/patient/beats/bpm", b"Beats: 71.00 bpm "), 204);
    wait_until("it is delivered", || world.ledger_count("delivered", None) == 1);
    // Other code under the same manifest, while it runs.
    let good = fs::read(plugin.join("plugin.wasm")).unwrap();
    replace(&plugin.join("plugin.wasm"), &variant(&good, 1));
    wait_until("it is told", || run_ok(&home, &["status"]).contains("is another component's"));
    replace(&plugin.join("plugin.wasm"), &good);
    wait_until("it is well again", || {
        !run_ok(&home, &["status"]).contains("is another component's")
    });
    // Somebody else's signature.
    let theirs = tempfile::tempdir().unwrap();
    key_pair(theirs.path());
    sign(theirs.path(), &plugin);
    world.gateway.as_ref().unwrap().hang_up();
    wait_until("it is told", || run_ok(&home, &["status"]).contains("is not as it was signed"));
    world.edit_settings(|it| it.replace(&ours, "RWQ"));
    wait_until("it is told", || {
        let text = String::from_utf8(run(&home, &["status"]).stderr).unwrap();
        text.contains("must be a minisign public key")
    });
}
