//! All adapters that we ship, through one gateway over MQTT: each plugin's own cases are sent by devices, and what
//! their grants allow arrives at the hub.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot set up should fail loudly"
)]

use hushgate_tests::{
    guest::decisions,
    mqtt::Device,
    program::{binary, run_ok},
    world::{World, after, wait_longer},
};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};
use toml::{Table, Value};

/// How many cases of each adapter are sent.
const CASES_MAX: usize = 3;

/// One device: an adapter under the settings of one of its cases, and what it sends.
struct Sender {
    name: String,
    adapter: String,
    settings: Table,
    topic: String,
    body: Vec<u8>,
    /// By path: unit and value of the fields that its grant names.
    told: BTreeMap<String, (Option<String>, f64)>,
}

#[test]
fn every_adapter_works_through_the_gateway() {
    let mut world = World::new();
    let home = world.gateway_dir();
    let made = run_ok(&home, &["device", "secret"]);
    let (secret, hash) = (after(&made, "device): "), after(&made, "secret = "));
    let senders: Vec<_> = adapters().iter().flat_map(|it| senders(it)).collect();
    for it in &senders {
        if !home.join("plugins").join(&it.adapter).exists() {
            run_ok(&home, &["plugin", "add", &it.adapter]);
        }
    }
    let entries: String = senders.iter().map(|it| it.entry(&hash)).collect();
    world.edit_settings(|text| format!("{text}\n{entries}"));
    senders.iter().for_each(|it| world.grant(&format!("ada-{}", it.name), &it.grant()));
    world.start_gateway();
    for it in &senders {
        let mut device = Device::connect(world.mqtt, &it.name, &secret).unwrap();
        device.publish(&it.topic, &it.body).unwrap_or_else(|why| panic!("{}: {why}", it.name));
        let decided = decisions(&world, &it.name);
        assert_eq!(decided, ["queued "], "{} on {}", it.name, it.topic);
    }
    wait_longer(120, "all is delivered", || {
        world.ledger_count("delivered", None) == i64::try_from(senders.len()).unwrap()
    });
    let hub = at_the_hub(&world);
    for it in &senders {
        assert_eq!(hub.get(&it.name), Some(&it.expected()), "{}", it.name);
    }
    // What counts its messages is not taken twice.
    let counted =
        senders.iter().find(|it| it.adapter == "bthome" && it.settings.contains_key("bind-key"));
    let counted = counted.unwrap();
    let mut device = Device::connect(world.mqtt, &counted.name, &secret).unwrap();
    device.publish(&counted.topic, &counted.body).unwrap();
    assert_eq!(decisions(&world, &counted.name), ["queued ", "quarantined replayed"]);
    assert!(world.gateway.take().unwrap().stop().success());
    world.start_gateway();
    let mut device = Device::connect(world.mqtt, &counted.name, &secret).unwrap();
    device.publish(&counted.topic, &counted.body).unwrap();
    assert_eq!(decisions(&world, &counted.name).pop().unwrap(), "quarantined replayed");
    world.verify();
}

impl Sender {
    fn entry(&self, hash: &str) -> String {
        let mut adapter = Table::from_iter([("plugin".to_owned(), self.adapter.clone().into())]);
        adapter.insert("settings".to_owned(), self.settings.clone().into());
        let adapter = Value::Table(adapter);
        let (name, topic) = (&self.name, Value::from(self.topic.clone()));
        format!(
            "[[device]]\nname = \"{name}\"\nsubjects = [\"ada\"]\ntopics = [{topic}]\nsecret = {hash}\nadapter = {adapter}\n"
        )
    }

    fn grant(&self) -> String {
        let head = format!(
            "subject = \"ada\"\ndevice = \"{}\"\nrecipient = \"hospital\"\npurpose = \"dpv:ServiceProvision\"\n\
             every = \"1 s\"\nretention = \"1 h\"\nvalid-from = 2026-01-01T00:00:00Z\nvalid-until = 2100-01-01T00:00:00Z\n",
            self.name
        );
        self.told.iter().fold(head, |mut text, (path, (unit, value))| {
            let unit = unit.as_ref().map(|it| format!("unit = {}\n", Value::from(it.as_str())));
            let (least, most) = (value.floor() - 10.0, value.floor() + 10.0);
            write!(
                text,
                "[[field]]\npath = \"{path}\"\n{}range = [{least:?}, {most:?}]\nstep = 0.5\n",
                unit.unwrap_or_default()
            )
            .unwrap();
            text
        })
    }

    /// On steps of a half.
    fn expected(&self) -> BTreeMap<String, f64> {
        let on_step = |value: f64| (value * 2.0).round_ties_even() / 2.0;
        self.told.iter().map(|(path, (_, value))| (path.clone(), on_step(*value))).collect()
    }
}

fn adapters() -> Vec<PathBuf> {
    let library = binary().parent().unwrap().join("plugins");
    let mut dirs: Vec<_> = fs::read_dir(library)
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| {
            it.is_dir() && table(&it.join("plugin.toml"))["kind"].as_str() == Some("adapter")
        })
        .collect();
    dirs.sort();
    assert!(dirs.len() >= 20, "{dirs:?}");
    dirs
}

/// The first cases of a plugin that tell a number.
fn senders(dir: &Path) -> Vec<Sender> {
    let adapter = dir.file_name().unwrap().to_str().unwrap();
    let cases = table(&dir.join("cases.toml"));
    let common = cases.get("settings").and_then(Value::as_table).cloned().unwrap_or_default();
    let all = cases["case"].as_array().unwrap().iter().filter_map(Value::as_table);
    let numbered = all.enumerate().filter_map(|(number, case)| {
        let frame = case.get("frame")?.as_table()?;
        let settings = case.get("settings").and_then(Value::as_table).unwrap_or(&common);
        let channel = frame.get("channel").and_then(Value::as_str).filter(|it| !it.is_empty());
        let told = told(case.get("readings").or(case.get("contains"))?);
        let name = format!("d-{adapter}-{number}");
        let sender = Sender {
            topic: channel.map_or_else(|| format!("{name}/x"), str::to_owned),
            adapter: adapter.to_owned(),
            settings: settings.clone(),
            body: body(dir, frame),
            name,
            told,
        };
        (!sender.told.is_empty() && !frame.contains_key("content-type")).then_some(sender)
    });
    let (counted, others): (Vec<_>, Vec<_>) =
        numbered.partition(|it| it.settings.contains_key("bind-key"));
    let senders: Vec<_> =
        counted.into_iter().take(1).chain(others.into_iter().take(CASES_MAX)).collect();
    assert!(!senders.is_empty(), "no case of {adapter} can be sent");
    senders
}

/// The numbers that stand once in what the case expects.
fn told(readings: &Value) -> BTreeMap<String, (Option<String>, f64)> {
    let readings = readings.as_array().unwrap().iter().filter_map(|it| it.get("field"));
    let fields: Vec<_> = readings.filter_map(Value::as_array).flatten().collect();
    let path = |it: &Value| it["path"].as_str().unwrap().to_owned();
    let number = |it: &Value| match &it["value"] {
        Value::Integer(whole) => Some(f64::from(i32::try_from(*whole).ok()?)),
        Value::Float(real) => Some(*real).filter(|it| it.abs() < 1e9),
        _ => None,
    };
    let once = |it: &&&Value| fields.iter().filter(|other| path(other) == path(it)).count() == 1;
    let unit = |it: &Value| it.get("unit").and_then(Value::as_str).map(str::to_owned);
    let told =
        fields.iter().filter(once).filter_map(|it| Some((path(it), (unit(it), number(it)?))));
    told.take(8).collect()
}

fn body(dir: &Path, frame: &Table) -> Vec<u8> {
    let text = |key: &str| frame.get(key).and_then(Value::as_str);
    match (text("hex"), text("text"), text("base64"), text("file")) {
        (Some(hex), ..) => {
            let digits: String = hex.split_whitespace().collect();
            data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).unwrap()
        }
        (_, Some(text), ..) => text.into(),
        (_, _, Some(base64), _) => data_encoding::BASE64.decode(base64.as_bytes()).unwrap(),
        (_, _, _, file) => fs::read(dir.join(file.unwrap())).unwrap(),
    }
}

fn table(path: &Path) -> Table {
    fs::read_to_string(path)
        .unwrap()
        .parse()
        .unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// By device and path.
fn at_the_hub(world: &World) -> BTreeMap<String, BTreeMap<String, f64>> {
    let hub = world.hub_store();
    let sql = "SELECT source.device, path, CAST(value AS REAL) FROM point \
               JOIN channel ON channel.id = point.channel JOIN source ON source.id = source";
    let mut select = hub.prepare(sql).unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let mut all: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
    for row in rows {
        let (device, path, value): (String, String, f64) = row.unwrap();
        all.entry(device).or_default().insert(path, value);
    }
    all
}
