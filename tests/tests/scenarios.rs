//! Each folder of `scenarios/` is one test: grants, what happens, and what must have come of it.
//!
//! - `grants/<id>.toml`: what was agreed. `{an-hour-ago}` and `{in-an-hour}` become times of the day (UTC).
//! - `plugins`, if there is one: what `plugin add` takes in besides those of a new gateway, a line each.
//! - `device.toml`, if there is one: keys of the device's entry in hushgate.toml that differ.
//! - `steps.toml`: what happens, in order; see [`Step`].
//! - `expect.toml`: the whole ledger, everything that the hub holds, and what stands nowhere; see [`Expect`].

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use hushgate_tests::{
    guest::changes,
    program::run_ok,
    world::{World, wait_until},
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// One thing that happens.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Step {
    /// The device publishes; `ack` is the reason in its PUBACK, `Success` unless said otherwise.
    Mqtt {
        topic: String,
        payload: String,
        ack: Option<String>,
    },
    /// The device sends over HTTP.
    Http {
        path: String,
        payload: String,
        status: u16,
    },
    /// The hub or the gateway stops, or starts again.
    Stop(Part),
    Start(Part),
    /// A grant's file is deleted.
    RemoveGrant(String),
    /// Somebody says that there is an emergency, for a minute, or that it is over; until it counts.
    BreakGlass(String),
    MendGlass(String),
    /// Until nothing waits in the outbox.
    WaitUntilSettled,
    /// Until the gateway has noticed that the hub is away.
    WaitUntilRefused,
    /// Until the wall clock comes to a multiple of so many seconds, where slots and windows begin.
    WaitForMultipleOf(u64),
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Part {
    Hub,
    Gateway,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Steps {
    step: Vec<Step>,
}

/// What must have come of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// How many entries of each `kind reason` the ledger has: all of them.
    ledger: BTreeMap<String, i64>,
    /// All values at the hub: `device path unit value`, in the order of their times.
    hub: Vec<String>,
    /// Texts that neither the gateway's files and log nor the hub's hold.
    nowhere: Vec<String>,
}

macro_rules! scenarios {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            play(&stringify!($name).replace('_', "-"));
        })*

        #[test]
        fn every_folder_is_played() {
            let mut played = [$(stringify!($name).replace('_', "-")),*];
            played.sort_unstable();
            let mut folders: Vec<_> = fs::read_dir(scenario("")).unwrap()
                .map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
            folders.sort_unstable();
            assert_eq!(folders, played);
        }
    };
}

scenarios! {
    a_text_over_mqtt
    json_over_http
    no_grant
    a_grant_that_ended
    a_grant_that_has_not_begun
    a_value_out_of_range
    a_field_that_was_not_granted
    one_value_in_a_slot
    a_value_out_of_its_budget
    a_median_of_a_window
    quiet_hours
    an_emergency
    a_heart_rate_strap
    two_subjects_and_one_grant
    two_subjects_and_two_grants
    a_grant_withdrawn_while_releases_wait
    a_hub_that_comes_back
    a_frame_that_nobody_understands
}

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name)
}

fn play(name: &str) {
    let folder = scenario(name);
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    let steps: Steps = toml::from_str(&read("steps.toml")).unwrap();
    let expect: Expect = toml::from_str(&read("expect.toml")).unwrap();
    let mut world = World::new();
    if folder.join("device.toml").exists() {
        change_device(&world, &read("device.toml"));
    }
    if folder.join("plugins").exists() {
        for line in read("plugins").lines() {
            let args: Vec<_> = ["plugin", "add"].into_iter().chain(line.split(' ')).collect();
            run_ok(&world.gateway_dir(), &args);
        }
    }
    for grant in fs::read_dir(folder.join("grants")).into_iter().flatten() {
        let path = grant.unwrap().path();
        let id = path.file_stem().unwrap().to_str().unwrap();
        world.grant(id, &with_times(&fs::read_to_string(&path).unwrap()));
    }
    world.start_gateway();
    for step in steps.step {
        take(&mut world, step);
    }
    assert_eq!(ledger(&world), expect.ledger, "the ledger of {name}");
    assert_eq!(at_the_hub(&world), expect.hub, "what the hub of {name} holds");
    world.verify();
    let everything = everything_written(&world);
    for text in expect.nowhere {
        let found = everything.iter().find(|it| holds(&it.1, text.as_bytes()));
        assert!(found.is_none(), "`{text}` stands in {}", found.unwrap().0.display());
    }
}

fn take(world: &mut World, step: Step) {
    match step {
        Step::Mqtt { topic, payload, ack } => {
            let given = world.device().publish(&topic, payload.as_bytes()).unwrap();
            assert_eq!(format!("{given:?}"), ack.unwrap_or_else(|| "Success".to_owned()));
        }
        Step::Http { path, payload, status } => {
            assert_eq!(world.put(&path, payload.as_bytes()), status, "{path}");
        }
        Step::Stop(Part::Hub) => assert!(world.hub.take().unwrap().stop().success()),
        Step::Stop(Part::Gateway) => assert!(world.gateway.take().unwrap().stop().success()),
        Step::Start(Part::Hub) => world.start_hub(),
        Step::Start(Part::Gateway) => world.start_gateway(),
        Step::RemoveGrant(id) => {
            fs::remove_file(world.gateway_dir().join(format!("grants/{id}.toml"))).unwrap();
        }
        Step::BreakGlass(id) => {
            let args = ["grant", "break-glass", &id, "--minutes", "1"];
            counts(world, |home| _ = run_ok(home, &args));
        }
        Step::MendGlass(id) => {
            counts(world, |home| _ = run_ok(home, &["grant", "mend-glass", &id]));
        }
        Step::WaitUntilSettled => world.wait_until_delivered(),
        Step::WaitUntilRefused => wait_until("a delivery failed", || {
            world.gateway.as_ref().unwrap().log_text().contains("delivery failed")
        }),
        Step::WaitForMultipleOf(seconds) => {
            let period = u128::from(seconds) * 1000;
            let over = since_1970().as_millis() % period;
            std::thread::sleep(Duration::from_millis(u64::try_from(period - over).unwrap()));
        }
    }
}

/// Does something that the running gateway takes in, and waits until it did.
fn counts(world: &World, change: impl FnOnce(&Path)) {
    let before = changes(world);
    change(&world.gateway_dir());
    wait_until("it counts", || changes(world) > before);
}

/// Changes keys of the one device in hushgate.toml.
fn change_device(world: &World, changes: &str) {
    let changes: toml::Table = toml::from_str(changes).unwrap();
    world.edit_settings(|text| {
        let mut settings: toml::Table = toml::from_str(&text).unwrap();
        let device = settings["device"].as_array_mut().unwrap()[0].as_table_mut().unwrap();
        device.extend(changes);
        toml::to_string(&settings).unwrap()
    });
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap()
}

fn with_times(grant: &str) -> String {
    let minute = since_1970().as_secs() / 60;
    let time = |minute: u64| format!("{:02}:{:02}", minute / 60 % 24, minute % 60);
    grant.replace("{an-hour-ago}", &time(minute - 60)).replace("{in-an-hour}", &time(minute + 60))
}

fn ledger(world: &World) -> BTreeMap<String, i64> {
    let store = world.store();
    let sql = "SELECT trim(kind || ' ' || reason), count(*) FROM ledger GROUP BY 1";
    let mut select = store.prepare(sql).unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn at_the_hub(world: &World) -> Vec<String> {
    let hub = world.hub_store();
    let sql = "SELECT source.device || ' ' || path || ' ' || unit || ' ' || value FROM point \
               JOIN channel ON channel.id = point.channel JOIN source ON source.id = source \
               ORDER BY at_ms, path";
    let mut select = hub.prepare(sql).unwrap();
    let rows = select.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// All files of both homes and the logs beside them, without code and settings.
fn everything_written(world: &World) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![world.dir.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if ["plugins", "cache", "kept"].iter().any(|it| path.ends_with(it)) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                files.push((path, bytes));
            }
        }
    }
    assert!(files.iter().any(|it| it.0.ends_with("gateway.db")), "no store among {files:?}");
    files
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|it| it == text)
}
