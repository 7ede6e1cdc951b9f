//! What the owner reads in the Matrix room, on a homeserver with its default limits.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use hushgate_tests::{
    detour::Detour,
    mqtt::Device,
    room::{Homeserver, Room, log_in},
    world::{GRANT, World, wait_longer, wait_until},
};
use std::{collections::BTreeMap, net::SocketAddr, process};

/// As few digits that could stand in a time or a hash as possible.
const PAYLOAD: &[u8] = b"marker: 942857.00 bpm ";
const VALUE: &str = "942857";

/// Synapse lets ten posts through at once, and then one in five seconds.
const DIGESTS: usize = 12;

struct Told {
    homeserver: Detour,
    room: Room,
    world: World,
    bot: String,
    /// How many devices the bot's account had after the log-in.
    devices: usize,
}

/// A running gateway that tells a room of its own.
fn told(homeserver: &Homeserver, test: &str) -> Told {
    let bot = format!("bot-{test}-{}", process::id());
    let room = homeserver.room(&bot);
    told_in(homeserver, (bot, room), "")
}

/// A running gateway with this bot in this room; `more` is added to its settings of Matrix.
fn told_in(homeserver: &Homeserver, (bot, room): (String, Room), more: &str) -> Told {
    let homeserver = Detour::open(SocketAddr::from(([127, 0, 0, 1], 0)), homeserver.address());
    let mut world = World::new();
    world.grant("ada-pacemaker", GRANT);
    let section = format!(
        "\n[matrix]\nhomeserver = \"http://{}\"\nroom = \"{}\"\nevery = \"1 s\"\n{more}\n",
        homeserver.address, room.id
    );
    world.edit_settings(|it| it + &section);
    log_in(&world.gateway_dir(), &bot);
    let devices = room.devices_of(&world.gateway_dir());
    world.start_gateway();
    Told { homeserver, room, world, bot, devices }
}

fn send(world: &World, device: &mut Device) {
    device.publish("patient/beats/bpm", PAYLOAD).unwrap();
    assert_eq!(world.ledger_count("quarantined", None), 0);
}

/// How far the room was told, and how far a post was begun.
fn cursors(world: &World) -> (i64, i64) {
    let cursor = |name: &str| {
        let query = "SELECT value FROM cursor WHERE name = ?1";
        world.store().query_row(query, [name], |row| row.get(0)).unwrap_or(0)
    };
    (cursor("witness/told"), cursor("witness/telling"))
}

fn ledger_end(world: &World) -> i64 {
    world.store().query_row("SELECT max(seq) FROM ledger", [], |row| row.get(0)).unwrap()
}

fn wait_until_told(world: &World) {
    world.wait_until_delivered();
    wait_longer(120, "the room was told everything", || cursors(world).0 == ledger_end(world));
}

/// Sums up what the digests say; checks that each goes on where the one before ended.
fn sums(notices: &[String]) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    let mut last = 0;
    for notice in notices {
        let lines: Vec<&str> = notice.lines().collect();
        let (foot, counts) = lines.split_last().unwrap();
        let entry = foot.strip_prefix("ledger of ").unwrap().split_once(' ').unwrap().0;
        let entry: i64 = entry.parse().unwrap();
        assert!(entry > last, "told twice: {notices:#?}");
        last = entry;
        for count in &counts[1..] {
            if let Some((number, what)) = count.split_once(' ')
                && let Ok(number) = number.parse::<i64>()
            {
                *sums.entry(what.to_owned()).or_default() += number;
            }
        }
    }
    sums
}

/// Each delivery and each refusal of the ledger is in the room once.
fn assert_told_once(told: &Told) -> Vec<String> {
    let notices = told.room.notices();
    let sums = sums(&notices);
    let world = &told.world;
    let delivered = world.ledger_count("delivered", None);
    assert_eq!(sums.get("delivered to hospital"), Some(&delivered), "{notices:#?}");
    let withheld: i64 =
        sums.iter().filter(|it| it.0.starts_with("withheld: ")).map(|it| it.1).sum();
    assert_eq!(withheld, world.ledger_count("withheld", None), "{notices:#?}");
    notices
}

#[test]
fn the_room_hears_of_deliveries_and_nothing_that_was_measured_or_is_secret() {
    let Some(homeserver) = Homeserver::of_this_run() else { return };
    let told = told(&homeserver, "quiet");
    let mut device = told.world.device();
    send(&told.world, &mut device);
    send(&told.world, &mut device);
    wait_until_told(&told.world);
    let notices = assert_told_once(&told);
    // Some letters of a hash spell a name.
    let lines =
        notices.iter().flat_map(|it| it.lines()).map(|it| it.split(", root ").next().unwrap());
    let text: String = lines.collect();
    assert!(text.contains("delivered to hospital"), "{text}");
    for word in [VALUE, "marker", "pacemaker", "ada", "bpm", "heart", &told.world.secret] {
        assert!(!text.contains(word), "`{word}` is in the room: {text}");
    }
    let log = told.world.gateway.as_ref().unwrap().log_text();
    for word in [VALUE, "marker", &told.world.secret, &told.bot, &told.room.id] {
        assert!(!log.contains(word), "`{word}` is in the log: {log}");
    }
}

#[test]
fn one_word_of_an_owner_in_the_room_withdraws_every_grant() {
    let Some(homeserver) = Homeserver::of_this_run() else { return };
    // Its limits on logging in are unused again.
    homeserver.stop();
    homeserver.start();
    let [bot, ada] = ["bot", "ada"].map(|it| format!("{it}-stop-{}", process::id()));
    let room = homeserver.encrypted_room(&bot, &ada);
    let owners = format!("owners = [\"@{ada}:localhost\"]");
    let told = told_in(&homeserver, (bot, room), &owners);
    let mut device = told.world.device();
    send(&told.world, &mut device);
    // By now the bot is in the room.
    wait_until_told(&told.world);
    let grant = told.world.gateway_dir().join("grants/ada-pacemaker.toml");
    homeserver.say(&told.room, &ada, &["good morning", "stop"]);
    wait_longer(120, "the grant is withdrawn", || !grant.exists());
    wait_until("nothing leaves any more", || {
        send(&told.world, &mut device);
        told.world.ledger_count("withheld", Some("no-grant")) > 0
    });
    assert!(told.world.gateway_dir().join("grants/withdrawn/ada-pacemaker.toml").exists());
}

#[test]
fn a_homeserver_that_was_away_is_told_each_entry_once_even_if_the_gateway_dies_meanwhile() {
    let Some(homeserver) = Homeserver::of_this_run() else { return };
    let mut told = told(&homeserver, "away");
    let mut device = told.world.device();
    send(&told.world, &mut device);
    wait_until_told(&told.world);

    // A post is begun in vain; the gateway dies, and comes back before the homeserver, without a log-in.
    homeserver.stop();
    send(&told.world, &mut device);
    wait_until("a post was begun", || cursors(&told.world).1 > cursors(&told.world).0);
    told.world.gateway.take().unwrap().kill();
    told.world.start_gateway();
    told.world.wait_until_delivered();
    homeserver.start();
    wait_until_told(&told.world);
    let told_before = assert_told_once(&told).len();

    // A post arrives, and the gateway dies before it hears so.
    told.homeserver.keep_answers(true);
    send(&told.world, &mut told.world.device());
    wait_until("the room hears of it", || told.room.notices().len() > told_before);
    // What comes later must not change the post that is repeated.
    send(&told.world, &mut told.world.device());
    told.world.gateway.take().unwrap().kill();
    told.homeserver.keep_answers(false);
    let (done, begun) = cursors(&told.world);
    assert!(begun > done, "the gateway knows that the post arrived");
    told.world.start_gateway();
    wait_until_told(&told.world);
    assert_told_once(&told);
    assert_eq!(told.room.devices_of(&told.world.gateway_dir()), told.devices, "logged in again");
}

#[test]
fn more_digests_than_the_homeserver_lets_through_are_told_all_the_same() {
    let Some(homeserver) = Homeserver::of_this_run() else { return };
    let told = told(&homeserver, "many");
    let mut device = told.world.device();
    while told.room.notices().len() < DIGESTS {
        send(&told.world, &mut device);
        wait_until_told(&told.world);
    }
    assert_told_once(&told);
    assert!(!told.world.gateway.as_ref().unwrap().log_text().contains("ERROR"));
    assert_eq!(told.room.devices_of(&told.world.gateway_dir()), told.devices, "logged in again");
}
