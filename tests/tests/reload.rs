//! Plugins change while the gateway runs: what is good counts within a second, what is not never takes the place
//! of what works, and no frame is lost, mixed or failed by it.
//!
//! `HUSHGATE_SWAP_SECONDS` and `HUSHGATE_RELOADS` make the long tests longer.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot set up should fail loudly, and tells its figures"
)]

use hushgate_tests::{
    guest::{
        self, changes, component_of, decisions, enrol, grant_for, last_decision, put, put_to,
        replace, running_with, status, variant,
    },
    program::{run, run_ok},
    publisher::{HANG, Publisher},
    random::number,
    world::{World, wait_until},
};
use std::{
    fs,
    path::Path,
    sync::mpsc::channel,
    thread,
    time::{Duration, Instant},
};

const CASES: &str = r#"
[[case]]
name = "the first call"
frame = { text = "anything" }
contains = [{ kind = "", field = [{ path = "heart-rate", value = NUMBER, unit = "/min" }] }]
[properties]
deterministic = false
"#;

#[test]
fn a_plugin_can_be_added_verified_rolled_back_and_removed() {
    let (world, secret) = running_with("counts");
    let home = world.gateway_dir();
    let of = |id: &str, component: &[u8]| {
        guest::install(world.dir.path(), (id, "adapter"), component);
        world.dir.path().join("plugins").join(id).display().to_string()
    };
    wait_until("the lock is there", || home.join("hushgate.lock").exists());
    assert!(run_ok(&home, &["plugin", "verify"]).contains("x: the bytes that work here"));
    let said = run_ok(&home, &["plugin", "add", &of("x", &guest::component("traps"))]);
    assert!(said.contains("newly declared fields: none"), "{said}");
    wait_until("it counts", || changes(&world) == 1);
    assert_eq!(last_decision(&world, &secret), "quarantined plugin-trap");
    run_ok(&home, &["plugin", "rollback", "x"]);
    run_ok(&home, &["plugin", "approve", "x"]);
    wait_until("it counts", || changes(&world) == 2);
    wait_until("a slot is free", || last_decision(&world, &secret) == "queued ");
    let used = run(&home, &["plugin", "remove", "x"]);
    assert!(String::from_utf8_lossy(&used.stderr).contains("works for device `x`"));
    let z = of("z", &guest::component("counts"));
    let table = CASES.replace("text = \"anything\"", "file = \"one.bin\"").replace("NUMBER", "1.0");
    fs::write(Path::new(&z).join("cases.toml"), table).unwrap();
    fs::write(Path::new(&z).join("one.bin"), b"anything").unwrap();
    run_ok(&home, &["plugin", "add", &z]);
    let verified = || String::from_utf8(run(&home, &["plugin", "verify"]).stdout).unwrap();
    wait_until("it is locked", || verified().contains("z: the bytes"));
    run_ok(&home, &["plugin", "remove", "z"]);
    wait_until("it is forgotten", || !verified().contains("z:"));
    let component = Path::new(&z).join("built.wasm");
    fs::rename(Path::new(&z).join("plugin.wasm"), &component).unwrap();
    run_ok(&home, &["plugin", "add", component.to_str().unwrap()]);
    wait_until("it is locked", || verified().contains("z: the bytes"));
    let good = fs::read(component_of(&world)).unwrap();
    replace(&component_of(&world), b"\0asm, or so it says");
    assert_eq!(run(&home, &["plugin", "verify"]).status.code(), Some(3));
    replace(&component_of(&world), &good);
    let bad = of("x", &guest::component("loops-as-policy"));
    let refused = run(&home, &["plugin", "add", &bad]);
    assert_eq!(refused.status.code(), Some(3), "it is no adapter");
}

#[test]
fn the_same_bytes_again_change_nothing() {
    let (world, secret) = running_with("counts");
    replace(&component_of(&world), &guest::component("counts"));
    // What comes after it counts, so it would have.
    replace(
        &world.gateway_dir().join("plugins/x/cases.toml"),
        CASES.replace("NUMBER", "1.0").as_bytes(),
    );
    wait_until("the other change counts", || changes(&world) > 0);
    assert_eq!(last_decision(&world, &secret), "queued ");
    replace(&component_of(&world), &guest::component("counts"));
    world.gateway.as_ref().unwrap().hang_up();
    replace(&component_of(&world), &variant(&guest::component("counts"), 1));
    wait_until("the next change counts", || changes(&world) > 1);
    assert_eq!(changes(&world), 2);
}

#[test]
fn what_is_broken_never_takes_the_place_of_what_works_not_even_at_a_restart() {
    let (mut world, secret) = running_with("counts");
    let (wasm, cases) = (component_of(&world), world.gateway_dir().join("plugins/x/cases.toml"));
    let good = fs::read(&wasm).unwrap();
    let wrong_table = CASES.replace("NUMBER", "2.0");
    let table: [(&Path, &[u8], &str); 4] = [
        (&wasm, b"\0asm, or so it says", "plugin.wasm: not a component"),
        (&wasm, &guest::component("loops-in-configure"), "took too long"),
        (&wasm, &guest::component("traps-as-policy"), "does not fit"),
        (&cases, wrong_table.as_bytes(), "+   heart-rate = 1.0 /min"),
    ];
    for (file, broken, why) in table {
        replace(file, broken);
        wait_until("it is told", || status(&world).contains("DEGRADED"));
        let told = status(&world);
        assert!(told.contains(why), "{why}: {told}");
        wait_until("a slot is free", || last_decision(&world, &secret) == "queued ");
        // A power cut now: the gateway starts with what worked.
        world.gateway = None;
        world.start_gateway();
        wait_until("a slot is free", || last_decision(&world, &secret) == "queued ");
        assert!(status(&world).contains("DEGRADED"), "{why}");
        replace(&wasm, &good);
        let _ = fs::remove_file(&cases);
        wait_until("it is well again", || !status(&world).contains("DEGRADED"));
    }
    assert!(!decisions(&world, "x").iter().any(|it| it.starts_with("quarantined")));
}

#[test]
fn a_wrong_setting_is_told_with_its_line_and_changes_nothing() {
    let (world, secret) = running_with("counts");
    let home = world.gateway_dir();
    let manifest = fs::read_to_string(home.join("plugins/x/plugin.toml")).unwrap();
    let schema =
        "[settings]\nadditionalProperties = false\n[settings.properties.key]\ntype = \"string\"\n";
    replace(&home.join("plugins/x/plugin.toml"), (manifest + schema).as_bytes());
    wait_until("it counts", || changes(&world) == 1);
    let settings = fs::read_to_string(home.join("hushgate.toml")).unwrap();
    for (wrong, why) in [
        ("key = 4711", "setting `key` is wrong: value is not of type"),
        ("keys = \"4711\"", "setting `keys` is not a setting of this plugin"),
    ] {
        let named = format!("adapter = {{ plugin = \"x\", settings = {{\n\n  {wrong},\n}} }}");
        let asked = settings.replace("adapter = { plugin = \"x\" }", &named);
        assert_ne!(asked, settings);
        replace(&home.join("hushgate.toml"), asked.as_bytes());
        wait_until("it is told", || status(&world).contains(why));
        let line = asked.lines().position(|it| it.contains("4711")).unwrap() + 1;
        let told = status(&world);
        assert!(told.contains(&format!("hushgate.toml:{line}: plugin `x`: {why}")), "{told}");
        assert!(!told.contains("4711"), "{told}");
        wait_until("a slot is free", || last_decision(&world, &secret) == "queued ");
    }
    replace(&home.join("hushgate.toml"), settings.as_bytes());
    wait_until("it is well again", || !status(&world).contains("DEGRADED"));
}

#[test]
fn what_changes_together_counts_together_or_not_at_all() {
    let (world, secret) = running_with("counts");
    let home = world.gateway_dir();
    guest::install(&home, ("y", "adapter"), &guest::component("counts"));
    enrol(&home, "y", "y");
    wait_until("it counts", || changes(&world) > 0);
    let before = changes(&world);
    // The one is good, the other is broken.
    replace(&home.join("plugins/y/plugin.wasm"), b"\0asm, or so it says");
    replace(&component_of(&world), &guest::component("traps"));
    wait_until("it is told", || status(&world).contains("DEGRADED"));
    wait_until("a slot is free", || last_decision(&world, &secret) == "queued ");
    assert_eq!(changes(&world), before);
    replace(&home.join("plugins/y/plugin.wasm"), &variant(&guest::component("counts"), 1));
    wait_until("both count", || changes(&world) > before);
    assert_eq!(last_decision(&world, &secret), "quarantined plugin-trap");
}

#[test]
fn a_device_that_is_added_can_send_at_once_and_one_that_is_deleted_cannot_any_more() {
    let (world, secret) = running_with("counts");
    let home = world.gateway_dir();
    let settings = fs::read_to_string(home.join("hushgate.toml")).unwrap();
    let other = enrol(&home, "other", "x");
    world.grant("ada-other", &grant_for("other", ""));
    wait_until("it may send", || put(&world, ("other", &other), b"anything") == 204);
    wait_until("it counts", || {
        put(&world, ("other", &other), b"anything");
        decisions(&world, "other").contains(&"queued ".to_owned())
    });
    assert_eq!(put(&world, ("x", &secret), b"anything"), 204);
    fs::remove_file(home.join("grants/ada-other.toml")).unwrap();
    replace(&home.join("hushgate.toml"), settings.as_bytes());
    wait_until("it may not", || put(&world, ("other", &other), b"anything") == 401);
    assert_eq!(put(&world, ("x", &secret), b"anything"), 204);
}

#[test]
fn a_directory_that_cannot_be_used_is_listed_with_what_is_wrong() {
    let world = World::new();
    let home = world.gateway_dir();
    guest::install(&home, ("x", "adapter"), &guest::component("counts"));
    fs::write(home.join("plugins/x/cases.toml"), CASES.replace("NUMBER", "7.0")).unwrap();
    let output = run(&home, &["plugin", "list"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text.contains("cases.toml:2 `the first call`") && text.contains("-   heart-rate = 7.0"),
        "{text}"
    );
}

/// Swaps every 50 ms under load. Each frame is looked for in the ledger, one by one.
#[test]
fn swaps_under_load_lose_and_fail_no_frame() {
    let mut world = World::new();
    let mut devices: Vec<_> = (0..4).map(|it| Publisher::enrol(&world, it, it as u64)).collect();
    world.start_gateway();
    let wasm = world.gateway_dir().join("plugins/private-iot-text/plugin.wasm");
    let (component, broker) = (fs::read(&wasm).unwrap(), world.mqtt);
    let (connected, count) = channel();
    let swaps = thread::scope(|scope| {
        let loads: Vec<_> = devices
            .iter_mut()
            .map(|it| {
                let connected = connected.clone();
                scope.spawn(move || (it.load(broker, &connected), it))
            })
            .collect();
        loads.iter().for_each(|_| count.recv_timeout(HANG).unwrap());
        let end =
            Instant::now() + Duration::from_secs(number("HUSHGATE_SWAP_SECONDS").unwrap_or(10));
        for tag in (0..4).cycle() {
            if Instant::now() > end {
                break;
            }
            replace(&wasm, &variant(&component, tag));
            world.gateway.as_ref().unwrap().hang_up();
            thread::sleep(Duration::from_millis(50));
        }
        let swaps = changes(&world);
        assert!(world.gateway.take().unwrap().stop().success());
        let store = world.store();
        for load in loads {
            let (round, device) = load.join().unwrap();
            device.compare(&store, &round);
        }
        swaps
    });
    let frames: u64 = devices.iter().map(Publisher::sent).sum();
    eprintln!("{swaps} swaps, {frames} frames sent");
    assert!(swaps > 20, "{swaps} swaps");
    world.start_gateway();
    world.verify();
}

/// One grant goes through two stages with the same component, of which the second crashes if it is not the first's.
#[test]
fn swaps_under_load_mix_no_frame() {
    let mut world = World::new();
    let home = world.gateway_dir();
    let component = guest::component("marks-and-checks");
    let marked = |mark: u8| {
        let at = component.windows(6).position(|it| it == b"MARK=1").unwrap();
        let mut marked = component.clone();
        marked[at + 5] = b'0' + mark;
        marked
    };
    guest::install(&home, ("m", "minimizer"), &component);
    let secret = enrol(&home, "x", "private-iot-text");
    world.grant("ada-x", &grant_for("x", &"[[minimize]]\nplugin = \"m\"\n".repeat(2)));
    world.start_gateway();
    let wasm = home.join("plugins/m/plugin.wasm");
    let end = Instant::now() + Duration::from_secs(number("HUSHGATE_SWAP_SECONDS").unwrap_or(5));
    let sent = thread::scope(|scope| {
        let http = world.http;
        let load = scope.spawn(move || {
            let frame = |_: &u64| put_to(http, ("x", &secret), b"bpm: 70.00 bpm") == 204;
            (0..).take_while(|it| Instant::now() < end && frame(it)).count()
        });
        for mark in (1..5).cycle().take_while(|_| Instant::now() < end) {
            replace(&wasm, &marked(mark));
            world.gateway.as_ref().unwrap().hang_up();
            thread::sleep(Duration::from_millis(50));
        }
        load.join().unwrap()
    });
    let decided = decisions(&world, "x");
    let swaps = changes(&world);
    eprintln!("{swaps} swaps, {sent} frames sent");
    assert!(swaps > 10 && decided.len() == sent, "{swaps} swaps, {} of {sent}", decided.len());
    let mixed = decided.iter().filter(|it| it.contains("plugin")).count();
    assert_eq!(mixed, 0, "frames saw two generations");
}

#[test]
fn many_reloads_leave_nothing_behind() {
    let (world, secret) = running_with("counts");
    let (wasm, component) = (component_of(&world), guest::component("counts"));
    let gateway = world.gateway.as_ref().unwrap();
    let reloads = number("HUSHGATE_RELOADS").unwrap_or(300);
    let reload = |tag: u64| {
        let before = fs::metadata(&gateway.log).unwrap().len();
        replace(&wasm, &variant(&component, u8::from(tag.is_multiple_of(2))));
        gateway.hang_up();
        wait_until("it counts", || fs::metadata(&gateway.log).unwrap().len() > before);
        assert_eq!(put(&world, ("x", &secret), b"anything"), 204);
    };
    (0..100).for_each(reload);
    let (kib, files) = held(gateway.pid());
    (0..reloads).for_each(reload);
    let (kib_then, files_then) = held(gateway.pid());
    eprintln!(
        "after 100 reloads: {kib} KiB, {files} files; {reloads} later: {kib_then} KiB, {files_then} files"
    );
    assert!(files_then <= files, "files stay open");
    assert!(kib_then < kib + 8 * 1024, "memory grows");
}

/// Resident memory in KiB, and open files: the fewest of a second, since the last connections are
/// still closing at first.
fn held(pid: u32) -> (u64, usize) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:")).unwrap();
    let kib = line.split_whitespace().next().unwrap().parse().unwrap();
    let files = (0..20).map(|_| {
        thread::sleep(Duration::from_millis(50));
        fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
    });
    (kib, files.min().unwrap())
}
