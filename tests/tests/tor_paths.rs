//! Every way over Tor, in a private network: arti and C-tor on both sides, and the prototype's page.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use hushgate_tests::{
    detour::Detour,
    mqtt::Device,
    program::Program,
    rig,
    sockets::Watch,
    tor::Network,
    world::{GRANT, World, wait_longer, wait_until},
};
use std::{fs, net::SocketAddr, path::Path, process::Command};

const TOPIC: &str = "patient/beats/bpm";
const PAYLOAD: &[u8] = b"Beats: 71.60 bpm ";

fn queued(world: &World) -> i64 {
    world.ledger_count("queued", None)
}

fn delivered(world: &World) -> i64 {
    world.ledger_count("delivered", None)
}

/// Sends until one more release was sealed: the grant lets one go each second.
fn send(world: &World, device: &mut Device) {
    let before = queued(world);
    wait_until("the grant's next second has begun", || {
        device.publish(TOPIC, PAYLOAD).unwrap();
        queued(world) > before
    });
}

fn start(world: &mut World) -> Device {
    world.grant("ada-pacemaker", GRANT);
    world.start_gateway();
    world.device()
}

fn releases_at_the_hub(world: &World) -> i64 {
    world.hub_store().query_row("SELECT count(*) FROM point", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_hub_that_comes_and_goes_gets_each_release_once_and_over_tor_alone() {
    let Some(network) = Network::of_this_run() else { return };
    let mut world = World::over_tor(&network.arti(), &network.arti());
    let mut device = start(&mut world);
    let watch = Watch::begin(world.gateway.as_ref().unwrap().pid());
    send(&world, &mut device);
    wait_until("the first is delivered", || delivered(&world) == 1);
    assert!(world.verify().contains("1 deliveries signed, 0 unsigned"));

    // Stopped and started again, it has the address that the gateway knows.
    let onion = world.onion.clone();
    assert!(world.hub.take().unwrap().stop().success());
    world.start_hub();
    assert_eq!(world.onion, onion);
    send(&world, &mut device);
    wait_until("the second is delivered", || delivered(&world) == 2);

    world.hub.take().unwrap().kill();
    send(&world, &mut device);
    send(&world, &mut device);
    assert_eq!(delivered(&world), 2, "delivered to nobody");
    world.start_hub();
    wait_until("all are delivered", || delivered(&world) == 4);
    world.wait_until_delivered();
    assert_eq!(releases_at_the_hub(&world), 4);
    assert!(world.verify().contains("4 deliveries signed, 0 unsigned"));

    let relays: Vec<String> = network.addresses().iter().map(ToString::to_string).collect();
    let peers = watch.end();
    assert!(!peers.is_empty(), "no connection was seen");
    let strangers: Vec<_> = peers.iter().filter(|it| !relays.contains(it)).collect();
    assert!(strangers.is_empty(), "connected past Tor: {strangers:?}");
}

/// Fetches the hub's page as Tor Browser would; status and text, 0 if it was not reached.
fn page(socks: &str, onion: &str, options: &[&str]) -> (u32, String) {
    let mut curl = Command::new("curl");
    curl.args(["-s", "-m", "30", "-w", "\n%{http_code}", "--socks5-hostname", socks]);
    let done = curl.args(options).arg(format!("http://{onion}/")).output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    let (text, status) = text.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), text.to_owned())
}

#[test]
fn c_tor_leads_a_gateway_to_the_hub_and_a_reader_with_the_password_to_its_page() {
    let Some(network) = Network::of_this_run() else { return };
    let client = network.client("socks");
    let way = format!("kind = \"socks\"\nsocks = \"{}\"", client.address);
    let mut world = World::over_tor(&network.arti(), &way);
    let mut device = start(&mut world);
    let watch = Watch::begin(world.gateway.as_ref().unwrap().pid());
    send(&world, &mut device);
    wait_until("it is delivered", || delivered(&world) == 1);
    assert!(world.verify().contains("1 deliveries signed, 0 unsigned"));
    let peers: Vec<String> = watch.end().into_iter().collect();
    assert_eq!(peers, [client.address.as_str()], "connected past its proxy");

    let (status, text) = page(&client.address, &world.onion, &[]);
    assert_eq!(status, 401, "without a password");
    assert!(!text.contains("72"), "without a password: {text}");
    assert_eq!(page(&client.address, &world.onion, &["-u", "hub:guess"]).0, 401);
    let (status, text) =
        page(&client.address, &world.onion, &["-u", &format!("hub:{}", world.password)]);
    assert_eq!(status, 200);
    assert!(text.contains("Heart rate") && text.contains("72"), "{text}");
}

#[test]
fn the_prototypes_page_behind_c_tor_gets_what_it_always_got() {
    let Some(network) = Network::of_this_run() else { return };
    let mut world = World::alone(&network.arti());
    let stand_in = rig::script("flask-standin.py");
    let stand_in = Program::spawn(stand_in, &world.dir.path().join("page.log"));
    let port = stand_in.wait_for("ready ");
    let service = network.service("page", &port);
    fs::write(
        world.gateway_dir().join("recipients/hospital.toml"),
        format!(
            "name = \"hospital\"\naddress = \"{}:80\"\nformat = \"private-iot\"\n",
            service.address
        ),
    )
    .unwrap();
    let mut device = start(&mut world);
    send(&world, &mut device);
    wait_until("it is delivered", || delivered(&world) == 1);
    let page = format!("127.0.0.1:{port}").parse().unwrap();
    let page = hushgate_tests::http::request(page, "GET", "/", &[], b"").text;
    assert!(page.contains(": heart-rate:  72 /min"), "{page}");
    assert_eq!(page.matches("data:").count(), 1, "{page}");
    assert!(world.verify().contains("0 deliveries signed, 1 unsigned"));
}

/// The network's file with all ways into it leading to ports of this machine; and those ports.
fn closed_ways(network: &Network, file: &Path) -> Vec<(SocketAddr, SocketAddr)> {
    let mut text = fs::read_to_string(network.arti_toml()).unwrap();
    let mut ways = Vec::new();
    for address in network.addresses() {
        let ours = SocketAddr::from(([127, 0, 0, 1], rig::free_port()));
        if text.contains(&format!("\"{address}\"")) {
            text = text.replace(&format!("\"{address}\""), &format!("\"{ours}\""));
            ways.push((ours, address));
        }
    }
    fs::write(file, text).unwrap();
    ways
}

#[test]
fn a_gateway_that_starts_without_a_network_takes_frames_in_and_delivers_them_later() {
    let Some(network) = Network::of_this_run() else { return };
    let mut world = World::over_tor(&network.arti(), &network.arti());
    let file = world.dir.path().join("network.toml");
    let ways = closed_ways(&network, &file);
    let (before, after) = (network.arti_toml().display().to_string(), file.display().to_string());
    world.edit_settings(|it| it.replace(&before, &after));
    let mut device = start(&mut world);
    send(&world, &mut device);
    send(&world, &mut device);
    assert_eq!((queued(&world), delivered(&world)), (2, 0));

    let _open: Vec<_> = ways.into_iter().map(|(ours, relay)| Detour::open(ours, relay)).collect();
    // Arti may pause; the gateway starts it anew after a minute at the latest.
    wait_longer(150, "both are delivered", || delivered(&world) == 2);
    assert!(world.verify().contains("2 deliveries signed, 0 unsigned"));
}
