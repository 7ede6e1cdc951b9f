//! A grant is withdrawn, by a command or by hand: its recipient is told, deletes what it has from it, and signs for that.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use hushgate_tests::{
    detour::Detour,
    fake_hub::{FakeHub, Reply, other_key, receipt_key},
    http,
    program::{run, run_ok},
    rig::free_port,
    world::{GRANT, World, wait_until},
};
use rusqlite::Connection;
use std::{
    fs,
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

const ID: &str = "ada-pacemaker";
/// Another consent for the same device and recipient.
const RESEARCH: &str = "ada-research";

/// Withdraws [`GRANT`]; what the command says.
#[track_caller]
fn withdraw(world: &World) -> String {
    run_ok(&world.gateway_dir(), &["grant", "withdraw", ID])
}

/// A gateway that delivered one release.
fn delivered() -> World {
    let world = World::running();
    world.queue(71);
    wait_until("it is delivered", || world.ledger_count("delivered", None) == 1);
    world
}

/// The same, and its hub then moved away from where the gateway looks for it, which is this address.
fn moved() -> (World, SocketAddr) {
    let mut world = delivered();
    let known = world.move_hub(free_port());
    (world, known)
}

/// Sends frames until the hub holds one of these beats.
#[track_caller]
fn arrives(world: &World, beats: u64) {
    let body = format!("Beats: {beats} bpm");
    wait_until("it arrives", || {
        assert_eq!(world.put("/patient/beats/bpm", body.as_bytes()), 204);
        world.received().iter().any(|it| it.1 == beats)
    });
}

/// How many values the hub holds.
fn held(world: &World) -> usize {
    world.received().len()
}

#[track_caller]
fn wait_until_deleted(world: &World) {
    wait_until("the hub signed for the deletion", || world.ledger_count("deleted", None) == 1);
    assert_eq!(world.ledger_count("withdrawn", None), 1);
    world.verify();
}

/// The number and the tag of the one withdrawal.
fn withdrawal(world: &World) -> ([u8; 16], [u8; 16]) {
    let query = "SELECT id, tag FROM withdrawal";
    world.store().query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

fn says(world: &World, command: &[&str], what: &str) -> bool {
    run_ok(&world.gateway_dir(), command).contains(what)
}

#[test]
fn the_command_withdraws_while_the_gateway_runs_and_keeps_the_text_with_the_time() {
    let mut world = World::running();
    world.hub.as_mut().unwrap().kill();
    assert_eq!(world.put("/patient/beats/bpm", b"Beats: 71.00 bpm "), 204);
    let said = withdraw(&world);
    assert!(said.contains("within a second") && said.contains("`hospital` is told"), "{said}");
    wait_until("what waited is purged", || world.ledger_count("purged", Some("grant-ended")) == 1);
    assert_eq!(world.put("/patient/beats/bpm", b"Beats: 72.00 bpm "), 204);
    assert_eq!(world.ledger_count("withheld", Some("no-grant")), 1);
    let kept = world.gateway_dir().join(format!("grants/withdrawn/{ID}.toml"));
    let kept = fs::read_to_string(kept).unwrap();
    assert!(kept.starts_with(GRANT) && kept.contains("# Withdrawn at 2"), "{kept}");
    world.verify();
}

#[test]
fn the_command_withdraws_without_a_gateway_and_whatever_else_is_broken() {
    let world = World::new();
    world.grant(ID, GRANT);
    world.grant("broken", "this is no grant");
    let said = withdraw(&world);
    assert!(said.contains("does not run"), "{said}");
    fs::remove_file(world.gateway_dir().join("grants/broken.toml")).unwrap();
    assert_eq!(run_ok(&world.gateway_dir(), &["grant", "list"]), "");
    // Given again under the same name, and withdrawn again: both texts stay.
    world.grant(ID, GRANT);
    withdraw(&world);
    let kept = |name: &str| world.gateway_dir().join("grants/withdrawn").join(name).exists();
    assert!(kept("ada-pacemaker.toml") && kept("ada-pacemaker.2.toml"));
    let again = run(&world.gateway_dir(), &["grant", "withdraw", ID]);
    assert_eq!(again.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&again.stderr).contains("was withdrawn before"));
    let escape = run(&world.gateway_dir(), &["grant", "withdraw", "../hushgate"]);
    assert_eq!(escape.status.code(), Some(3));
}

#[test]
fn the_hub_deletes_what_came_from_the_grant_and_nothing_else_and_signs_for_it() {
    let world = World::running();
    world
        .grant(RESEARCH, &GRANT.replace("sector-health:PatientMonitoring", "dpv:AcademicResearch"));
    wait_until("both leave", || {
        world.queue(71);
        world.ledger_count("queued", None) >= 2 && held(&world) >= 2
    });
    world.wait_until_delivered();
    let of = |purpose: &str| {
        let query = "SELECT count(*) FROM point JOIN channel ON channel.id = point.channel
                     JOIN source ON source.id = channel.source WHERE purpose = ?1";
        world.hub_store().query_row(query, [purpose], |row| row.get::<_, i64>(0)).unwrap()
    };
    let (mine, others) = (of("sector-health:PatientMonitoring"), of("dpv:AcademicResearch"));
    assert!(mine > 0 && others > 0);
    withdraw(&world);
    wait_until_deleted(&world);
    assert_eq!((of("sector-health:PatientMonitoring"), of("dpv:AcademicResearch")), (0, others));
    let page = page(&world);
    let plural = if mine == 1 { "" } else { "s" };
    assert!(page.contains(&format!("{mine} value{plural} deleted on ")), "{page}");
    assert!(!says(&world, &["status"], "withdrawn: "));
    assert!(says(&world, &["ledger", "show"], "grant ada-pacemaker for hospital deleted"));
}

fn page(world: &World) -> String {
    let login = data_encoding::BASE64.encode(format!("hub:{}", world.password).as_bytes());
    let login = format!("Authorization: Basic {login}");
    http::request(world.hub_address, "GET", "/", &[&login], b"").text
}

#[test]
fn a_hub_that_was_away_is_told_when_it_is_back_also_by_another_run_of_the_gateway() {
    let mut world = delivered();
    world.hub.as_mut().unwrap().kill();
    fs::remove_file(world.gateway_dir().join(format!("grants/{ID}.toml"))).unwrap();
    wait_until("it is noticed", || world.ledger_count("withdrawn", None) == 1);
    for command in [&["status"][..], &["grant", "list"]] {
        assert!(says(&world, command, "`hospital` did not confirm the deletion yet"));
    }
    assert!(world.gateway.take().unwrap().stop().success());
    world.start_gateway();
    assert_eq!(held(&world), 1);
    world.start_hub();
    wait_until_deleted(&world);
    assert_eq!(held(&world), 0);
}

#[test]
fn a_grant_that_is_withdrawn_while_no_gateway_runs_is_told_at_the_next_start() {
    let mut world = delivered();
    assert!(world.gateway.take().unwrap().stop().success());
    withdraw(&world);
    assert!(says(&world, &["status"], "the gateway has not seen it yet"));
    world.start_gateway();
    wait_until_deleted(&world);
    assert_eq!(held(&world), 0);
}

#[test]
fn a_repeat_gets_the_same_answer() {
    let (world, known) = moved();
    let fake = FakeHub::start(known, Reply::Lost(world.hub_address));
    withdraw(&world);
    wait_until("the hub was told, and its answer lost", || fake.asked() >= 2);
    assert_eq!((held(&world), world.ledger_count("deleted", None)), (0, 0));
    drop(fake);
    let _detour = Detour::open(known, world.hub_address);
    wait_until_deleted(&world);
    let query = "SELECT proof FROM ledger WHERE kind = 'deleted'";
    let proof: Vec<u8> = world.store().query_row(query, [], |row| row.get(0)).unwrap();
    assert_eq!(proof[..8], 1_u64.to_be_bytes(), "the one value was deleted by the first");
}

#[test]
fn another_gateway_of_the_hub_cannot_withdraw_it() {
    let world = delivered();
    let query = "SELECT tag FROM tag";
    let tag: [u8; 16] = world.hub_store().query_row(query, [], |row| row.get(0)).unwrap();
    let mut other = World::alone("kind = \"loopback\"");
    let invite = other.dir.path().join("hospital.invite");
    fs::write(&invite, run_ok(&world.hub_dir(), &["hub", "invite"])).unwrap();
    run_ok(&other.gateway_dir(), &["recipient", "add", invite.to_str().unwrap()]);
    other.grant(ID, GRANT);
    other.start_gateway();
    assert!(other.gateway.take().unwrap().stop().success());
    // It learned the tag somehow, and says with its own key that it withdraws it.
    let stolen = Connection::open(other.gateway_dir().join("state/gateway.db")).unwrap();
    assert_eq!(stolen.execute("UPDATE consent SET tag = ?1", [tag]).unwrap(), 1);
    drop(stolen);
    withdraw(&other);
    other.start_gateway();
    wait_until("the hub answered", || other.ledger_count("deleted", None) == 1);
    assert_eq!(held(&world), 1);
    let noise = http::request(world.hub_address, "PUT", "/v1/withdrawals", &[], &[1; 1024]);
    assert_eq!(noise.status, 403, "{}", noise.text);
}

#[test]
fn only_the_hubs_word_for_this_withdrawal_counts() {
    let (world, known) = moved();
    withdraw(&world);
    wait_until("it is noticed", || world.ledger_count("withdrawn", None) == 1);
    let (hub, (_, tag)) = (receipt_key(&world.hub_dir()), withdrawal(&world));
    for reply in [Reply::Deletes(other_key(), tag), Reply::Deletes(hub.clone(), [0; 16])] {
        let fake = FakeHub::start(known, reply);
        wait_until("it was told", || fake.asked() >= 2);
        assert_eq!(world.ledger_count("deleted", None), 0);
    }
    // What was wrong with them was the key, and the tag.
    let _fake = FakeHub::start(known, Reply::Deletes(hub, tag));
    wait_until_deleted(&world);
}

#[test]
fn a_release_that_arrives_late_is_refused_for_good() {
    let (world, known) = moved();
    let fake = FakeHub::start(known, Reply::Nothing);
    world.queue(72);
    wait_until("it is on its way", || fake.asked() > 0);
    let (path, late) = fake.last();
    assert_eq!(path, "/v1/releases");
    drop(fake);
    let _detour = Detour::open(known, world.hub_address);
    withdraw(&world);
    wait_until_deleted(&world);
    let before = held(&world);
    for _ in 0..2 {
        let answer = http::request(world.hub_address, "PUT", &path, &[], &late);
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.text.contains("\"receipts\":[],\"refused\":[\""), "{}", answer.text);
    }
    assert_eq!((before, held(&world)), (0, 0));
}

#[test]
fn a_grant_that_is_given_again_is_another_consent() {
    let world = delivered();
    withdraw(&world);
    wait_until_deleted(&world);
    world.grant(ID, GRANT);
    arrives(&world, 73);
    world.wait_until_delivered();
    world.verify();
}

#[test]
fn what_was_withdrawn_by_a_word_is_told_also_if_it_is_given_again_before_a_gateway_runs() {
    let mut world = delivered();
    assert!(world.gateway.take().unwrap().stop().success());
    withdraw(&world);
    world.grant(ID, GRANT);
    world.start_gateway();
    wait_until_deleted(&world);
    assert!(!world.gateway_dir().join("grants/withdrawn/ada-pacemaker.said").exists());
    arrives(&world, 73);
    assert!(world.gateway.take().unwrap().stop().success());
    world.start_gateway();
    assert_eq!(world.ledger_count("withdrawn", None), 1);
    assert!(held(&world) >= 1);
}

#[test]
fn what_is_withdrawn_and_given_again_in_one_moment_is_told_and_the_new_one_counts() {
    let world = delivered();
    withdraw(&world);
    world.grant(ID, &GRANT.replace("step = 1 ", "step = 3 "));
    wait_until_deleted(&world);
    arrives(&world, 75);
    assert_eq!(world.ledger_count("withdrawn", None), 1);
}

#[test]
fn an_editor_that_takes_the_file_away_for_a_moment_withdraws_nothing() {
    let world = delivered();
    withdraw(&world);
    wait_until_deleted(&world);
    world.grant(ID, GRANT);
    arrives(&world, 73);
    let file = world.gateway_dir().join(format!("grants/{ID}.toml"));
    // On a machine that stood still meanwhile it says nothing.
    wait_until("it was a moment", || {
        let (before, start) = (world.ledger_count("withdrawn", None), Instant::now());
        fs::remove_file(&file).unwrap();
        thread::sleep(Duration::from_millis(500));
        world.grant(ID, &GRANT.replace("step = 1 ", "step = 5 "));
        let was_a_moment = start.elapsed() < Duration::from_millis(1500);
        arrives(&world, 75);
        assert!(!was_a_moment || world.ledger_count("withdrawn", None) == before);
        was_a_moment
    });
}

#[test]
fn a_changed_text_is_no_withdrawal() {
    let mut world = delivered();
    world.grant(ID, &GRANT.replace("step = 1 ", "step = 2 "));
    arrives(&world, 74);
    world.grant(ID, "this is no grant");
    wait_until("it ended", || {
        assert_eq!(world.put("/patient/beats/bpm", b"Beats: 76 bpm"), 204);
        world.ledger_count("withheld", Some("no-grant")) > 0
    });
    // Longer than a file may be away.
    thread::sleep(Duration::from_secs(3));
    assert!(world.gateway.take().unwrap().stop().success());
    assert_eq!(world.ledger_count("withdrawn", None), 0);
    world.grant(ID, GRANT);
    world.start_gateway();
    assert!(held(&world) >= 2);
    assert_eq!(world.ledger_count("withdrawn", None), 0);
}

#[test]
fn a_hub_that_is_older_than_withdrawals_gets_its_releases_all_the_same() {
    let (world, known) = moved();
    world
        .grant(RESEARCH, &GRANT.replace("sector-health:PatientMonitoring", "dpv:AcademicResearch"));
    withdraw(&world);
    wait_until("it is noticed", || world.ledger_count("withdrawn", None) == 1);
    let fake = FakeHub::start(known, Reply::SignedBy(receipt_key(&world.hub_dir())));
    let before = world.ledger_count("delivered", None);
    world.queue(75);
    wait_until("it is delivered", || world.ledger_count("delivered", None) > before);
    assert_eq!(world.ledger_count("deleted", None), 0);
    drop(fake);
}

#[test]
fn a_recipient_in_the_prototypes_format_cannot_be_told_and_the_command_says_so() {
    let mut world = World::new();
    let invite = world.dir.path().join("old.invite");
    let address = world.hub_address;
    fs::write(
        &invite,
        format!("name = \"old\"\naddress = \"{address}\"\nformat = \"private-iot\"\n"),
    )
    .unwrap();
    run_ok(&world.gateway_dir(), &["recipient", "add", invite.to_str().unwrap()]);
    world.grant(ID, &GRANT.replace("hospital", "old"));
    world.start_gateway();
    let said = withdraw(&world);
    assert!(said.contains("`old` cannot be told"), "{said}");
    wait_until("it is noticed", || world.ledger_count("withdrawn", None) == 1);
    assert!(!says(&world, &["status"], "withdrawn: "));
    world.verify();
}
