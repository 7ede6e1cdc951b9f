//! docs/devices/: each page works as written. Its commands are run, its files written, the message of its device is
//! published with the device's own secret, and the hub holds what the page says, and nothing that stays at home.
//!
//! What a page leaves to its reader is put in its place here: addresses of the home network become this machine's,
//! and the grants, which are for a year, have not ended. Hours pass by a clock that is put forward.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a page that does not work should fail loudly"
)]

mod device;
mod house;

use house::House;
use hushgate_tests::{
    mosquitto,
    page::{Block, Use},
    world::World,
};
use std::path::{Path, PathBuf};

macro_rules! pages {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            try_out(&stringify!($name).replace('_', "-"));
        })*

        #[test]
        fn every_page_is_tried_out_and_in_the_index() {
            let mut tried = [$(stringify!($name).replace('_', "-")),*].map(|it| it + ".md");
            tried.sort_unstable();
            let entries = std::fs::read_dir(page("")).unwrap();
            let mut pages: Vec<_> =
                entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
            pages.retain(|it| !["README.md", WAYS].contains(&it.as_str()));
            pages.sort_unstable();
            assert_eq!(pages, tried);
            let index = std::fs::read_to_string(page("README.md")).unwrap();
            pages.iter().for_each(|it| assert!(index.contains(&format!("]({it})")), "{it}"));
        }
    };
}

pages! {
    esp32_arduino
    esp32_esphome
    zigbee2mqtt
    shelly
    blood_pressure
    bthome
    lorawan
    p1_meter
}

/// How devices reach the gateway: comes before each page.
const WAYS: &str = "ways.md";

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/devices").join(name)
}

fn try_out(name: &str) {
    let blocks = Block::all_of(&page(&format!("{name}.md")));
    let messages = device::messages(&blocks);
    let mut house = House::new();
    house.prepare(&Block::all_of(&page(WAYS)));
    house.prepare(&blocks);
    house.live_through(&messages);
    house.check(&texts(&blocks, &Use::AtTheHub), &texts(&blocks, &Use::StaysAtHome));
}

#[test]
fn the_index_finds_an_adapter() {
    House::new().prepare(&Block::all_of(&page("README.md")));
}

#[test]
fn a_retained_last_will_is_taken_as_the_page_on_ways_says() {
    let world = World::running();
    let will = ["--will-topic", "patient/status", "--will-payload", "offline", "--will-retain"];
    for version in ["mqttv311", "mqttv5"] {
        let login = ("pacemaker", world.secret.as_str());
        let mut device = mosquitto::client("mosquitto_pub", world.mqtt, login);
        device.args(["-V", version, "-q", "1", "-t", "patient/beats", "-m", "Beats: 71 bpm"]);
        let said = device.args(will).output().unwrap();
        assert!(said.status.success(), "{version}: {said:?}");
    }
    assert_eq!(world.frames(), 2);
}

fn texts(blocks: &[Block], purpose: &Use) -> Vec<String> {
    let blocks = blocks.iter().filter(|it| it.purpose == *purpose);
    let texts: Vec<_> = blocks.flat_map(|it| it.text.lines().map(str::to_owned)).collect();
    assert!(!texts.is_empty(), "the page does not say: {purpose:?}");
    texts
}
