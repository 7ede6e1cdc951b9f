//! The device's side of a page: what is set in it has the gateway's address, the user and the topics that the page's
//! messages have; and how those messages are written down.

use data_encoding::HEXLOWER_PERMISSIVE;
use hushgate_tests::page::{Block, Use};
use std::{fs, process::Command};

/// The machine of the gateway and of the house's broker, on all pages.
pub(crate) const MACHINE: &str = "192.168.1.10";
/// The port of the house's broker, on all pages; the gateway's is 1883.
const BROKER_PORT: &str = "1884";
/// Levels of topics that are the firmware's own, or the device's address.
const FIRMWARE_LEVELS: [&str; 6] = ["sensor", "binary_sensor", "state", "status", "switch:0", "up"];

/// Where something is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// The gateway.
    Gateway,
    /// The house's broker.
    Broker,
    /// A server outside, from which the house's broker fetches.
    Outside,
}

/// What a device publishes.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Who it logs in as; nobody outside.
    pub(crate) user: String,
    /// Where.
    pub(crate) place: Place,
    /// Its topic.
    pub(crate) topic: String,
    /// Its bytes.
    pub(crate) payload: Vec<u8>,
}

/// The messages of a page: those of the first window, and those of the next. Each comes from a device whose settings
/// are on the page, and they fit.
pub(crate) fn messages(blocks: &[Block]) -> [Vec<Message>; 2] {
    let devices: Vec<_> = blocks.iter().filter_map(|it| Some((user(it)?, it))).collect();
    for (user, device) in &devices {
        for text in [MACHINE, user] {
            assert!(device.text.contains(text), "no `{text}` in what is set in the device {user}");
        }
        esphome_takes(device);
    }
    let mut messages = [Vec::new(), Vec::new()];
    for block in blocks {
        let (window, topic) = match &block.purpose {
            Use::Message(topic) => (0, topic),
            Use::LaterMessage(topic) => (1, topic),
            Use::FetchedMessage(topic) => {
                let (user, topic) = (String::new(), topic.clone());
                let payload = payloads(block).remove(0);
                messages[0].push(Message { user, place: Place::Outside, topic, payload });
                continue;
            }
            _ => continue,
        };
        for payload in payloads(block) {
            let sender = devices.iter().find(|it| publishes(it.1, topic, &payload));
            let (user, device) =
                sender.unwrap_or_else(|| panic!("no device here publishes {topic}"));
            let at_broker = device.text.contains(BROKER_PORT);
            let place = if at_broker { Place::Broker } else { Place::Gateway };
            let (user, topic) = ((*user).to_owned(), topic.clone());
            messages[window].push(Message { user, place, topic, payload });
        }
    }
    assert!(!messages[0].is_empty(), "the page has no message");
    if messages[1].is_empty() {
        messages[1] = messages[0].clone();
    }
    messages
}

fn user(block: &Block) -> Option<&str> {
    let Use::Device(user) = &block.purpose else { return None };
    Some(user)
}

/// The bytes of each message: hexadecimal, a text in each line, or all of it without the last line's end.
fn payloads(block: &Block) -> Vec<Vec<u8>> {
    let bytes = |text: &str| text.as_bytes().to_vec();
    match block.language.as_str() {
        "hex" => {
            let digits: String = block.text.split_whitespace().collect();
            vec![HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).unwrap()]
        }
        "lines" => block.text.lines().map(bytes).collect(),
        _ => vec![bytes(block.text.strip_suffix('\n').unwrap())],
    }
}

fn publishes(device: &Block, topic: &str, payload: &[u8]) -> bool {
    if device.language == "cpp" {
        let literals: Vec<_> = device.text.split('"').skip(1).step_by(2).collect();
        return literals.contains(&topic) && writes(&literals, payload);
    }
    let text = device.text.to_lowercase();
    let is_address =
        |it: &str| it.len() > 8 && it.bytes().all(|it| it == b'-' || it.is_ascii_hexdigit());
    let known = |it: &str| FIRMWARE_LEVELS.contains(&it) || text.contains(&it.to_lowercase());
    topic.split('/').all(|it| known(it) || is_address(it))
}

/// Whether a program with these texts in it can write the message: one of them is its format, or all of its keys are
/// among them.
fn writes(literals: &[&str], payload: &[u8]) -> bool {
    if let Ok(serde_json::Value::Object(json)) = serde_json::from_slice(payload) {
        return json.keys().all(|it| literals.contains(&it.as_str()));
    }
    let payload = std::str::from_utf8(payload).unwrap();
    let of_format = |format: &&str| {
        let Some((before, after)) = format.split_once("%.2f") else { return false };
        let number = payload.strip_prefix(before).and_then(|it| it.strip_suffix(after));
        let decimals = number.and_then(|it| it.parse::<f64>().ok().and(it.split_once('.')));
        decimals.is_some_and(|it| it.1.len() == 2)
    };
    literals.iter().any(of_format)
}

/// ESPHome itself checks its configurations, if `HUSHGATE_ESPHOME` says where it is (PyPI's `esphome`).
fn esphome_takes(device: &Block) {
    let Some(esphome) = std::env::var_os("HUSHGATE_ESPHOME") else { return };
    if !device.text.contains("esphome:") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("device.yaml"), &device.text).unwrap();
    let secrets = "wifi_ssid: x\nwifi_password: longenough\nhushgate_secret: x\n";
    fs::write(dir.path().join("secrets.yaml"), secrets).unwrap();
    let checked = Command::new(esphome).args(["config", "device.yaml"]).current_dir(&dir).output();
    let checked = checked.unwrap();
    let said = [checked.stdout, checked.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
    assert!(checked.status.success(), "{}", said.concat());
}
