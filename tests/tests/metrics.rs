//! The numbers that a gateway tells are exact, name nobody and nothing that a device said, and are told on this
//! machine alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use hushgate_tests::{
    guest::{self, enrol, grant_for, put},
    http,
    leak::Markers,
    program::{Program, run, run_ok},
    raw::Peer,
    scrape::Scrape,
    world::{GRANT, World, wait_until},
};

/// As a device would say it; released, it loses its fraction.
const VALUE: f64 = 918_273.25;

/// Row and number, where nothing else is to be expected.
const EXPECTED: [(&str, f64); 28] = [
    ("hushgate_decisions_unproved", 0.0),
    ("hushgate_frames_total", 10.0),
    ("hushgate_decisions_total{outcome=\"queued\",reason=\"\"}", 1.0),
    ("hushgate_decisions_total{outcome=\"withheld\",reason=\"not-granted\"}", 1.0),
    ("hushgate_decisions_total{outcome=\"withheld\",reason=\"no-grant\"}", 1.0),
    ("hushgate_decisions_total{outcome=\"withheld\",reason=\"foreign-topic\"}", 1.0),
    ("hushgate_decisions_total{outcome=\"quarantined\",reason=\"malformed\"}", 1.0),
    ("hushgate_decisions_total{outcome=\"quarantined\",reason=\"plugin-trap\"}", 3.0),
    ("hushgate_decisions_total{outcome=\"quarantined\",reason=\"plugin-resting\"}", 2.0),
    ("hushgate_releases_total{event=\"queued\",reason=\"\"}", 1.0),
    ("hushgate_releases_total{event=\"delivered\",reason=\"\"}", 1.0),
    ("hushgate_releases_total{event=\"refused\",reason=\"refused\"}", 0.0),
    ("hushgate_releases_total{event=\"purged\",reason=\"grant-ended\"}", 0.0),
    ("hushgate_outbox_waiting{recipient=\"hospital\"}", 0.0),
    ("hushgate_ledger_entries", 11.0),
    ("hushgate_commit_failures_total", 0.0),
    ("hushgate_generation", 1.0),
    ("hushgate_degraded", 0.0),
    ("hushgate_problems", 0.0),
    ("hushgate_plugin_calls_total{plugin=\"private-iot-text\"}", 3.0),
    ("hushgate_plugin_calls_total{plugin=\"traps\"}", 3.0),
    ("hushgate_plugin_failures_total{plugin=\"traps\",reason=\"trap\"}", 3.0),
    ("hushgate_plugin_failures_total{plugin=\"traps\",reason=\"time\"}", 0.0),
    ("hushgate_plugin_failures_total{plugin=\"private-iot-text\",reason=\"trap\"}", 0.0),
    ("hushgate_plugin_rests_total{plugin=\"traps\"}", 1.0),
    ("hushgate_plugin_rests_total{plugin=\"private-iot-text\"}", 0.0),
    ("hushgate_plugin_waits_total{plugin=\"traps\"}", 0.0),
    ("hushgate_plugin_refusals_total{plugin=\"traps\"}", 0.0),
];

#[test]
fn every_number_is_what_happened_and_says_nothing_of_anybody() {
    let mut world = World::new();
    let home = world.gateway_dir();
    guest::install(&home, ("traps", "adapter"), &guest::component("traps"));
    let harmful = enrol(&home, "wanderer-trap", "traps");
    let silent = enrol(&home, "wanderer-lamp", "private-iot-text");
    let lines = GRANT.lines().filter(|it| !it.contains("blood-pressure"));
    world.grant("ada-pacemaker", &lines.collect::<Vec<_>>().join("\n"));
    world.grant("ada-wanderer-trap", &grant_for("wanderer-trap", ""));
    let metrics = Scrape::switch_on(&world);
    world.start_gateway();
    let send = |body: String| assert_eq!(world.put("/patient/x", body.as_bytes()), 204);
    send(format!("bpm: {VALUE} bpm"));
    send("mmHg: 1000.00 mmHg".into());
    send("bpm: wanderer bpm".into());
    assert_eq!(world.put("/wanderer-topic", b"bpm: 70.00 bpm"), 403);
    assert_eq!(put(&world, ("wanderer-lamp", &silent), b"bpm: 70.00 bpm"), 204);
    for _ in 0..5 {
        assert_eq!(put(&world, ("wanderer-trap", &harmful), b"wanderer-payload"), 204);
    }
    wait_until("it is delivered", || world.ledger_count("delivered", None) == 1);
    let scrape = Scrape::of(metrics);
    for (row, number) in EXPECTED {
        assert_eq!(scrape.get(row), number, "{row} in\n{}", scrape.text);
    }
    let decided: f64 = scrape.family("hushgate_decisions_total").values().sum();
    assert_eq!(decided, 10.0, "{}", scrape.text);
    assert_eq!(scrape.get("hushgate_ledger_entries"), ledger_entries(&world));
    assert!(scrape.get("hushgate_commits_total") >= 11.0);
    // Once a second one of a million values, and what the other device's grant adds.
    assert!(scrape.get("hushgate_capacity_bits_per_hour{recipient=\"hospital\"}") > 71_000.0);
    assert!(scrape.get("hushgate_commit_seconds_total") > 0.0);
    assert!(scrape.plugin("seconds_total", "traps") > 0.0);
    let text = Markers::default().text("wanderer").text("pacemaker").text("patient");
    let found = text.number(VALUE).number(VALUE.floor()).found("a metric", scrape.text.as_bytes());
    assert_eq!(found, [""; 0]);
    let names_subject = scrape.text.split(|it: char| !it.is_alphanumeric()).any(|it| it == "ada");
    assert!(!names_subject, "{}", scrape.text);
}

fn ledger_entries(world: &World) -> f64 {
    let count = world.store().query_row("SELECT count(*) FROM ledger", [], |row| row.get(0));
    count.unwrap()
}

#[test]
fn what_waits_and_ends_is_counted_also_over_a_restart() {
    let mut world = World::new();
    world.grant("ada-pacemaker", GRANT);
    let metrics = Scrape::switch_on(&world);
    world.hub.as_mut().unwrap().kill();
    world.start_gateway();
    assert_eq!(world.put("/patient/x", b"bpm: 70.00 bpm"), 204);
    let waiting = "hushgate_outbox_waiting{recipient=\"hospital\"}";
    let queued = "hushgate_releases_total{event=\"queued\",reason=\"\"}";
    assert_eq!(Scrape::of(metrics).get(waiting), 1.0);
    assert!(world.gateway.as_mut().unwrap().stop().success());
    world.start_gateway();
    let scrape = Scrape::of(metrics);
    assert_eq!((scrape.get(waiting), scrape.get(queued)), (1.0, 0.0));
    // A plugin that breaks makes it degraded, a grant that goes purges what waits.
    let component = world.gateway_dir().join("plugins/private-iot-text/plugin.wasm");
    std::fs::write(component, b"\0asm, or so it says").unwrap();
    wait_until("it is degraded", || Scrape::of(metrics).get("hushgate_degraded") == 1.0);
    assert_eq!(Scrape::of(metrics).get("hushgate_problems"), 1.0);
    std::fs::remove_file(world.gateway_dir().join("grants/ada-pacemaker.toml")).unwrap();
    wait_until("nothing waits", || Scrape::of(metrics).get(waiting) == 0.0);
    let purged = Scrape::of(metrics);
    let purged = purged.family("hushgate_releases_total");
    let purged: f64 = purged.iter().filter(|it| it.0.contains("\"purged\"")).map(|it| it.1).sum();
    assert_eq!(purged, 1.0);
}

#[test]
fn only_this_machine_is_told_and_only_where_it_was_asked_for() {
    let world = World::new();
    for address in ["0.0.0.0:9480", "192.168.1.2:9480", "[::]:9480", "hushgate.example:9480"] {
        let settings = format!("[metrics]\nlisten = \"{address}\"\n\n[limits]");
        world.edit_settings(|it| it.replace("[limits]", &settings));
        let path = world.gateway_dir().join("hushgate.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let line = text.lines().position(|it| it.contains(address)).unwrap() + 1;
        let output = run(&world.gateway_dir(), &["run"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{address}: {said}");
        assert!(said.contains(&format!("hushgate.toml:{line}: ")), "{address}: {said}");
        world.edit_settings(|it| it.replace(&settings, "[limits]"));
    }
}

#[test]
fn whoever_asks_for_something_else_or_without_end_gets_nothing_and_holds_up_nobody() {
    let mut world = World::new();
    world.grant("ada-pacemaker", GRANT);
    let metrics = Scrape::switch_on(&world);
    world.start_gateway();
    let status = |method: &str, path: &str, headers: &[&str]| {
        http::request(metrics, method, path, headers, b"").status
    };
    assert_eq!(status("GET", "/", &[]), 404);
    assert_eq!(status("GET", "/metrics/x", &[]), 404);
    assert_eq!(status("POST", "/metrics", &[]), 405);
    assert_eq!(status("PUT", "/patient/x", &[]), 404);
    let many: Vec<String> = (0..10_000).map(|it| format!("X-{it}: x")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let refused = status("GET", "/metrics", &many);
    assert!([0, 431].contains(&refused), "{refused}");
    // A name of its own for this machine is how a web page would ask.
    let mut page = Peer::open(metrics);
    page.say(b"GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    assert!(page.rest().starts_with("HTTP/1.1 403 "));
    // A head that never ends is cut off; so is a body that never ends.
    let mut endless = Peer::open(metrics);
    endless.say(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ");
    for _ in 0..32 {
        endless.say(&[b'x'; 64 << 10]);
    }
    assert!(!endless.rest().contains("hushgate_"));
    let mut endless = Peer::open(metrics);
    endless.say(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\n");
    for _ in 0..32 {
        endless.say(&[b'x'; 64 << 10]);
    }
    endless.rest();
    // More connections than it takes: those too many are dropped, and frames do not notice.
    let held: Vec<_> = (0..40).map(|_| Peer::open(metrics)).collect();
    assert_eq!(world.put("/patient/x", b"bpm: 70.00 bpm"), 204);
    drop(held);
    wait_until("it is told again", || status("GET", "/metrics", &[]) == 200);
    assert!(!world.gateway.as_ref().unwrap().log_text().contains("panicked"));
}

/// Two fields with a budget each, of which one leaves with each message.
const NOISY: &str = r#"[
    { path = "heart-rate", unit = "/min", range = [0, 250], step = 1,
      noise = { epsilon = "1/10", sensitivity = 1, budget = "1" } },
    { path = "blood-pressure", unit = "mm[Hg]", range = [40, 240], step = 5,
      noise = { epsilon = "1/4", sensitivity = 1, budget = "2" } },
]
"#;

#[test]
fn a_budget_is_told_as_far_as_it_is_spent_also_over_a_restart() {
    let mut world = World::new();
    world.grant("ada-pacemaker", &with_fields(NOISY));
    let metrics = Scrape::switch_on(&world);
    world.start_gateway();
    let spent = "hushgate_epsilon_spent{recipient=\"hospital\"}";
    let left = "hushgate_epsilon_left{recipient=\"hospital\"}";
    let told = || [spent, left].map(|it| Scrape::of(metrics).get(it));
    assert_eq!(told(), [0.0, 3.0]);
    for _ in 0..3 {
        world.queue(70);
    }
    assert_eq!(told(), [0.3, 2.7]);
    assert!(world.gateway.as_mut().unwrap().stop().success());
    world.start_gateway();
    assert_eq!(told(), [0.3, 2.7]);
    for said in [run_ok(&world.gateway_dir(), &["status"]), world.report()] {
        for text in [
            "`heart-rate` of pacemaker for hospital: epsilon 0.3 of 1 spent until 20",
            "`blood-pressure` of pacemaker for hospital: epsilon 0 of 2 spent until 20",
        ] {
            assert!(said.contains(text), "no `{text}` in {said}");
        }
    }
}

/// [`GRANT`] with other fields.
fn with_fields(fields: &str) -> String {
    format!("{}field = {fields}", GRANT.split_once("field = ").unwrap().0)
}

#[test]
fn the_age_of_the_oldest_of_what_is_kept_is_told() {
    let mut world = World::new();
    world.grant("ada-pacemaker", GRANT);
    let metrics = Scrape::switch_on(&world);
    world.start_gateway();
    let kept = ["waiting", "remembered"]
        .map(|it| format!("hushgate_oldest_datum_seconds{{kept=\"{it}\"}}"));
    let entry = "hushgate_oldest_entry_seconds";
    let told = || {
        let scrape = Scrape::of(metrics);
        [&*kept[0], &*kept[1], entry].map(|it| scrape.get(it))
    };
    assert_eq!(told(), [0.0; 3]);
    world.queue(70);
    world.wait_until_delivered();
    world.hub.as_mut().unwrap().kill();
    let [waiting, remembered, since] = told();
    assert!(waiting == 0.0 && remembered > 0.0 && since > 0.0);
    world.queue(70);
    world.queue(70);
    assert!(world.gateway.as_mut().unwrap().stop().success());
    // By the clock of an hour later: both releases came in an hour ago.
    world.restart_with_clock_off_by(3_600);
    let ages = told();
    assert!(ages.iter().all(|it| (3_600.0..3_900.0).contains(it)), "{ages:?}");
    let moment = |sql: &str| -> String {
        let sql = format!("SELECT strftime('%Y-%m-%d %H:%M UTC', ({sql}) / 1000, 'unixepoch')");
        world.store().query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    let waiting = moment(
        "SELECT max(at_ms) FROM (SELECT min(at_ms) AS at_ms FROM ledger
                          WHERE kind = 'queued' GROUP BY release ORDER BY seq LIMIT 1 OFFSET 1)",
    );
    let [said, page] = [run_ok(&world.gateway_dir(), &["status"]), world.report()];
    for text in [
        format!("oldest release that waits here, sealed: it came in {waiting}"),
        "oldest memory of plugins and operators here, sealed: written last 20".to_owned(),
        format!(
            "oldest entry of the ledger, which has no values: of {}",
            moment("SELECT min(at_ms) FROM ledger")
        ),
    ] {
        assert!(said.contains(&text) && page.contains(&text), "no `{text}` in {said}");
    }
}

#[test]
fn how_long_a_withdrawal_took_is_told_from_hearing_of_it_to_the_last_release_that_waited() {
    let mut world = World::new();
    world.grant("ada-pacemaker", GRANT);
    enrol(&world.gateway_dir(), "lamp", "private-iot-text");
    world.grant("ada-lamp", &grant_for("lamp", ""));
    let metrics = Scrape::switch_on(&world);
    world.hub.as_mut().unwrap().kill();
    world.start_gateway();
    world.queue(70);
    world.queue(71);
    let count = |until: &str, what: &str| {
        let scrape = Scrape::of(metrics);
        scrape.get(&format!("hushgate_withdrawal_seconds_{what}{{until=\"{until}\"}}"))
    };
    // A changed text is another consent, not a withdrawal.
    let generation = || Scrape::of(metrics).get("hushgate_generation");
    let before = generation();
    world.grant("ada-lamp", &grant_for("lamp", "# changed\n"));
    wait_until("the change counts", || generation() > before + 1.0);
    run_ok(&world.gateway_dir(), &["grant", "withdraw", "ada-pacemaker"]);
    wait_until("nothing waits", || count("purged", "count") > 0.0);
    assert_eq!([count("denied", "count"), count("purged", "count")], [1.0; 2]);
    let [denied, purged] = [count("denied", "sum"), count("purged", "sum")];
    assert!(0.0 < denied && denied < purged, "{denied} {purged}");
    assert_eq!(world.ledger_count("purged", None), 2);
    let status = run_ok(&world.gateway_dir(), &["status"]);
    let said = status.lines().find(|it| it.starts_with("last withdrawal")).unwrap();
    let number = |start: &str| hushgate_tests::world::after(said, start).parse::<f64>().unwrap();
    // Told in whole milliseconds, kept in whole microseconds.
    for (start, seconds) in [("in force after ", denied), ("and after ", purged)] {
        assert!((number(start) - seconds * 1e3).abs() <= 1.0, "{said}: {seconds}");
    }
    assert!(world.report().contains(said));
    // Kept, and the last one that was.
    assert!(world.gateway.as_mut().unwrap().stop().success());
    assert!(run_ok(&world.gateway_dir(), &["status"]).contains(said));
}

#[test]
fn recipients_that_know_a_device_by_one_name_are_named_until_grants_say_otherwise() {
    let mut world = World::new();
    let insurer = world.dir.path().join("insurer");
    let listen = format!("127.0.0.1:{}", hushgate_tests::rig::free_port());
    run_ok(&insurer, &["hub", "init", "--name", "insurer", "--listen", &listen]);
    let hub = Program::start(&insurer, &["hub"]);
    hub.wait_for("reachable");
    let invite = world.dir.path().join("insurer.invite");
    std::fs::write(&invite, run_ok(&insurer, &["hub", "invite"])).unwrap();
    run_ok(&world.gateway_dir(), &["recipient", "add", invite.to_str().unwrap()]);
    let for_insurer = |world: &World, alias: &str| {
        let text = GRANT.replace("\"hospital\"", "\"insurer\"");
        world.grant("ada-insurer", &format!("{alias}{text}"));
    };
    world.grant("ada-hospital", GRANT);
    for_insurer(&world, "");
    let metrics = Scrape::switch_on(&world);
    world.start_gateway();
    let shared = || {
        let scrape = Scrape::of(metrics);
        ["alias", "key", "tag", "pseudonym"]
            .map(|it| scrape.get(&format!("hushgate_identifiers_shared{{kind=\"{it}\"}}")))
    };
    assert_eq!(shared(), [1.0, 0.0, 0.0, 0.0]);
    let said = "LINKABLE: hospital and insurer know a device by one name, `pacemaker`: write another `device-alias` \
                into the grants of each (ada-hospital, ada-insurer)";
    let none = "no two recipients know one identifier";
    let told = || [run_ok(&world.gateway_dir(), &["status"]), world.report()];
    assert!(told().iter().all(|it| it.contains(said) && !it.contains(none)), "{:?}", told());
    for_insurer(&world, "device-alias = \"heart\"\n");
    wait_until("the alias counts", || shared() == [0.0; 4]);
    assert!(told().iter().all(|it| it.contains(none) && !it.contains("LINKABLE")), "{:?}", told());
    // A new grant does not begin with the name that somebody else knows.
    std::fs::remove_file(world.gateway_dir().join("grants/ada-insurer.toml")).unwrap();
    let new =
        ["grant", "new", "--subject", "ada", "--device", "pacemaker", "--recipient", "insurer"];
    run_ok(&world.gateway_dir(), &new);
    wait_until("it counts", || world.report().contains("pacemaker") && shared() == [0.0; 4]);
    let text =
        std::fs::read_to_string(world.gateway_dir().join("grants/ada-pacemaker-insurer.toml"));
    assert!(text.unwrap().contains("device-alias = \"pacemaker-insurer\"\n"));
}

#[test]
fn fewer_bits_leave_than_came_and_both_are_told() {
    let mut world = World::new();
    let fields = "[{ path = \"heart-rate\", unit = \"/min\", range = [0, 100], step = 100 }]\n\
                  minimize = [{ plugin = \"window-median\", settings = { window-s = 1 } }]\n";
    world.grant("ada-pacemaker", &with_fields(fields));
    let metrics = Scrape::switch_on(&world);
    world.start_gateway();
    // 16 values alike; of them leaves one or the other of two.
    let mut sent = 0;
    while world.ledger_count("queued", None) < 4 || sent % 64 != 0 {
        let body = format!("Beats: {} bpm", 40 + sent % 16 * 2);
        assert_eq!(world.put("/patient/beats/bpm", body.as_bytes()), 204);
        sent += 1;
    }
    // They go to disk every 10 s, and at the end.
    assert!(world.gateway.as_mut().unwrap().stop().success());
    let left = world.ledger_count("queued", None);
    let correction = 15.0 / (2.0 * f64::from(sent) * 2_f64.ln());
    let came = format!(
        "`heart-rate` of pacemaker for hospital: came in about {:.1} bits a value ({sent} values), left about ",
        4.0 + correction
    );
    let left = format!(" bits a value ({left} values)");
    for said in [run_ok(&world.gateway_dir(), &["status"]), world.report()] {
        assert!(said.contains(&came) && said.contains(&left), "no `{came}…{left}` in {said}");
    }
    world.start_gateway();
    let scrape = Scrape::of(metrics);
    let bits = |of: &str| {
        scrape.get(&format!("hushgate_entropy_bits{{recipient=\"hospital\",of=\"{of}\"}}"))
    };
    assert!((bits("came") - 4.0 - correction).abs() < 1e-9, "{}", scrape.text);
    assert!(bits("left") <= 1.0, "{}", scrape.text);
}
