//! Which plugin is for a device: found by words, or by a first message of the device.

use hushgate_tests::{
    program::{run, run_ok},
    world::World,
};
use std::fs;

const SHELLY: &str = r#"{"src":"shellyplusht-08b61fcb7f3c","dst":"shellyplusht-08b61fcb7f3c/events","method":"NotifyStatus","params":{"ts":1631266595.43,"temperature:0":{"id":0,"tC":20.6,"tF":69.1},"humidity:0":{"id":0,"rh":53.2}}}"#;

#[test]
fn words_find_plugins_by_vendor_and_by_what_they_tell() {
    let dir = tempfile::tempdir().unwrap();
    let found = |words: &[&str]| {
        let args = [&["plugin", "search"], words].concat();
        let said = run_ok(dir.path(), &args);
        let ids = said.lines().filter(|it| !it.starts_with(' ') && it.contains("): "));
        ids.map(|it| it.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(&["shelly"])[0], "shelly");
    let cuffs = found(&["blood", "pressure"]);
    assert!(
        cuffs.contains(&"ble-gatt".to_owned()) && cuffs.contains(&"fhir-observation".to_owned())
    );
    assert!(!cuffs.contains(&"shelly".to_owned()), "{cuffs:?}");
    assert!(found(&[]).len() >= 36);
    let none = run(dir.path(), &["plugin", "search", "flying", "carpet"]);
    assert_eq!(none.status.code(), Some(3));
}

#[test]
fn a_first_message_tells_which_adapter_understands_it_and_nothing_is_changed() {
    let world = World::new();
    let home = world.gateway_dir();
    let file = world.dir.path().join("first.json");
    fs::write(&file, SHELLY).unwrap();
    let before = fs::read_to_string(home.join("hushgate.toml")).unwrap();
    let device = ["device", "add", "hall", "--subject", "ada"];
    let topic = ["--topics", "shellyplusht-08b61fcb7f3c/events/rpc"];
    let guess = ["--guess", file.to_str().unwrap()];
    let said = run_ok(&home, &[&device[..], &topic, &guess].concat());
    let first = said.lines().nth(1).unwrap();
    assert!(first.starts_with("shelly: "), "{said}");
    for line in ["  temperature = 20.6 Cel", "  humidity = 53.2 %", "--adapter shelly"] {
        assert!(said.contains(line), "no `{line}` in {said}");
    }
    assert_eq!(fs::read_to_string(home.join("hushgate.toml")).unwrap(), before);
    assert!(!home.join("plugins/shelly").exists());
    run_ok(&home, &[&device[..], &topic, &["--adapter", "shelly"]].concat());
    assert!(home.join("plugins/shelly/plugin.wasm").exists(), "it was not taken in");
    let unknown = run(
        &home,
        &[&["device", "add", "x", "--subject", "ada"][..], &topic, &["--adapter", "shellfish"]]
            .concat(),
    );
    let text = String::from_utf8_lossy(&unknown.stderr);
    assert!(unknown.status.code() == Some(3) && text.contains("plugin search"), "{text}");
    assert!(!fs::read_to_string(home.join("hushgate.toml")).unwrap().contains("\"x\""));
}

#[test]
fn an_adapter_that_must_be_told_more_says_so_when_its_device_is_added() {
    let world = World::new();
    let home = world.gateway_dir();
    let add = ["device", "add", "soil", "--subject", "ada", "--topics", "soil/#", "--adapter"];
    let said = run_ok(&home, &[&add[..], &["json-map"]].concat());
    let lines = fs::read_to_string(home.join("hushgate.toml")).unwrap().lines().count();
    for text in [&format!("hushgate.toml:{lines}: setting `fields` is missing"), "\n  fields: "] {
        assert!(said.contains(text), "no `{text}` in {said}");
    }
    let add = ["device", "add", "hall", "--subject", "ada", "--topics", "hall/#", "--adapter"];
    assert!(!run_ok(&home, &[&add[..], &["shelly"]].concat()).contains("missing"));
}
