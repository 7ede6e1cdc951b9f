//! Values and secrets that go in through every door are nowhere but where they belong: the hub's store, and there
//! only as they were released.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use hushgate_tests::{
    http,
    leak::Markers,
    mqtt::Device,
    program::run,
    world::{World, after, wait_until},
};
use std::{fs, path::Path, time::Duration};

/// A heart rate for each way that a frame can end; released, it loses its fraction.
const DELIVERED: f64 = 918_273_645_541.25;
const SLOT_TAKEN: f64 = 918_273_645_542.25;
const MINIMIZED: f64 = 918_273_645_543.25;
const WAITING: f64 = 918_273_645_544.25;
const NOT_GRANTED: f64 = 918_273_645_545.25;
const NO_GRANT: f64 = 918_273_645_546.25;

/// Texts that devices send where numbers or names are expected.
const TEXTS: [&str; 10] = [
    "wanderer-topic",
    "wanderer-foreign-topic",
    "wanderer-payload",
    "wanderer-unit",
    "wanderer-json-device",
    "wanderer-json-topic",
    "wanderer-broken-json",
    "wanderer-content-type",
    "wanderer-large",
    "wanderer-secret",
];

const GRANT: &str = r#"
subject = "ada"
device = "DEVICE"
recipient = "hospital"
purpose = "sector-health:PatientMonitoring"
every = "EVERY"
retention = "1 h"
valid-from = 2026-01-01T00:00:00Z
valid-until = 2100-01-01T00:00:00Z
field = [{ path = "heart-rate", unit = "/min", range = [0, 1000000000000], step = 1 }]
"#;

/// One median a day: until then the raw values are in the minimizer's state.
const MEDIAN: &str = r#"
[[minimize]]
plugin = "window-median"
settings = { window-s = 86400 }
"#;

/// A world with a device for each way a frame can end.
struct Watched {
    world: World,
    /// `watch`: released at once; `ring`: waits, as the hub is away by then; `lamp`: no grant.
    secrets: [(&'static str, String); 3],
}

impl Watched {
    fn new(log: &str) -> Self {
        let mut world = World::new();
        let secrets = ["watch", "ring", "lamp"].map(|name| (name, world.enrol(name, "home/#")));
        let grant =
            |device: &str, every: &str| GRANT.replace("DEVICE", device).replace("EVERY", every);
        world.grant("ada-watch", &grant("watch", "1 s"));
        world.grant("ada-ring", &grant("ring", "1 s"));
        world.grant("ada-pacemaker", &(grant("pacemaker", "1 h") + MEDIAN));
        world.gateway_env = vec![("HUSHGATE_LOG", log.to_owned())];
        world.start_gateway();
        Self { world, secrets }
    }

    fn device(&self, name: &str) -> Device {
        let secret = &self.secrets.iter().find(|it| it.0 == name).unwrap().1;
        Device::connect(self.world.mqtt, name, secret).unwrap()
    }

    /// Sends values that end in each way while the hub is there, and one that waits after it went.
    fn send_values(&mut self) {
        let beats = |number: f64| format!("Beats: {number} bpm").into_bytes();
        let world = &self.world;
        let mut watch = self.device("watch");
        watch.publish("home/beats", &beats(DELIVERED)).unwrap();
        // Two in a row fall into one slot, if not the first time.
        wait_until("a slot was taken", || {
            watch.publish("home/beats", &beats(SLOT_TAKEN)).unwrap();
            world.ledger_count("withheld", Some("slot-taken")) > 0
        });
        watch.publish("home/mmhg", format!("{NOT_GRANTED} mmHg").as_bytes()).unwrap();
        self.device("lamp").publish("home/beats", &beats(NO_GRANT)).unwrap();
        // Samples of a window go to the disk from time to time.
        wait_until("samples are on disk", || {
            assert_eq!(world.put("/patient/beats", &beats(MINIMIZED)), 204);
            world.remembers("ada-pacemaker")
        });
        wait_until("the hub has it", || world.ledger_count("delivered", None) > 0);
        world.wait_until_delivered();
        self.world.hub.as_mut().unwrap().kill();
        self.device("ring").publish("home/beats", &beats(WAITING)).unwrap();
    }

    /// Sends what nobody understands, or nobody may send.
    fn send_texts(&self) {
        let world = &self.world;
        let mut watch = self.device("watch");
        watch.publish("home/wanderer-topic", b"wanderer-payload").unwrap();
        watch.publish("home/beats", b"Beats: 70 wanderer-unit").unwrap();
        watch.publish("wanderer-foreign-topic", b"wanderer-payload").unwrap();
        watch.publish("home/beats", b"\xff\xfewanderer-payload").unwrap();
        let json = br#"{"device":"wanderer-json-device","topic":"wanderer-json-topic","payload":"wanderer-payload"}"#;
        assert_eq!(world.put("/", json), 204);
        assert_eq!(world.put("/", br#"{"device":"wanderer-broken-json"#), 204);
        assert_eq!(world.put("/wanderer-foreign-topic", b"wanderer-payload"), 403);
        assert_eq!(world.put("/patient/wanderer-topic", &b"wanderer-large".repeat(10_000)), 413);
        let authorization = format!("Authorization: Bearer pacemaker.{}", world.secret);
        let headers = [authorization.as_str(), "Content-Type: text/wanderer-content-type"];
        let body = b"wanderer-payload";
        assert_eq!(http::request(world.http, "PUT", "/", &headers, body).status, 204);
        let guessed = ["Authorization: Bearer pacemaker.wanderer-secret"];
        assert_eq!(http::request(world.http, "PUT", "/", &guessed, body).status, 401);
        assert!(Device::connect(world.mqtt, "watch", "wanderer-secret").is_err());
        // Larger than a packet may be: the broker cuts the connection.
        let _ = watch.send("home/beats", &b"wanderer-large".repeat(10_000));
        let _ = watch.acknowledgement(Duration::from_secs(60));
    }

    /// What every command that looks at it says.
    fn shown(&self) -> Vec<u8> {
        let show = [
            &["status"][..],
            &["ledger", "show", "--last", "100000"],
            &["ledger", "verify"],
            &["grant", "list"],
            &["recipient", "list"],
            &["plugin", "list"],
        ];
        let say = |args: &&[&str]| {
            let output = run(&self.world.gateway_dir(), args);
            assert!(output.status.success(), "{args:?}");
            [output.stdout, output.stderr].concat()
        };
        show.iter().flat_map(say).collect()
    }

    /// What must be nowhere at the gateway, and nowhere at all as it was sent.
    fn secrets(&self) -> Markers {
        let world = &self.world;
        let invite = fs::read_to_string(world.dir.path().join("hospital.invite")).unwrap();
        let code = after(&invite, "\ncode = \"");
        let secrets = self.secrets.iter().map(|it| it.1.as_str());
        let secrets = secrets.chain([&*world.secret, &*world.password, code.trim_end_matches('"')]);
        let seeds = [world.gateway_dir(), world.hub_dir()]
            .map(|it| fs::read_to_string(it.join("keys/seed")).unwrap().trim().to_owned());
        let texts = secrets.chain(seeds.iter().map(String::as_str)).chain(TEXTS);
        let numbers = [DELIVERED, SLOT_TAKEN, MINIMIZED, WAITING, NOT_GRANTED, NO_GRANT];
        let markers = texts.fold(Markers::default(), Markers::text);
        numbers.into_iter().fold(markers, Markers::number)
    }

    /// Looks everywhere.
    #[track_caller]
    fn look(&self) {
        let (world, secrets) = (&self.world, self.secrets());
        let kept = [MINIMIZED, WAITING, NOT_GRANTED, NO_GRANT].map(f64::trunc);
        let at_the_hub = kept.into_iter().fold(secrets.clone(), Markers::number);
        let released = [DELIVERED, SLOT_TAKEN].map(f64::trunc);
        let at_the_gateway = released.into_iter().fold(at_the_hub.clone(), Markers::number);
        // The invite, which its owner was handed, carries the code; keys are in their own file.
        let except = ["recipients/hospital.toml", "keys/seed"];
        let mut found = at_the_gateway.found_under(&world.gateway_dir(), &except);
        found.extend(at_the_hub.found_under(&world.hub_dir(), &except));
        for log in [world.gateway_dir(), world.hub_dir()].map(|it| it.with_extension("log")) {
            found.extend(at_the_gateway.found("log", &fs::read(log).unwrap()));
        }
        found.extend(at_the_gateway.found("shown", &self.shown()));
        if let Some(gateway) = &world.gateway {
            for it in ["cmdline", "environ"] {
                let path = Path::new("/proc").join(gateway.pid().to_string()).join(it);
                found.extend(at_the_gateway.found(it, &fs::read(path).unwrap()));
            }
        }
        assert_eq!(found, [""; 0]);
    }

    /// The search would find what is there: the hub has the released value, and nothing else of it.
    #[track_caller]
    fn check_that_it_ended_in_each_way(&self) {
        let ended = [
            ("delivered", ""),
            ("withheld", "slot-taken"),
            ("withheld", "minimized"),
            ("withheld", "not-granted"),
            ("withheld", "no-grant"),
            ("withheld", "foreign-topic"),
            ("quarantined", "malformed"),
            ("quarantined", "unsupported"),
            ("quarantined", "too-large"),
        ];
        for (kind, reason) in ended {
            assert!(self.world.ledger_count(kind, Some(reason)) > 0, "none {kind} {reason}");
        }
        assert!(self.world.verify().contains("1 releases wait"));
        let released = Markers::default().number(DELIVERED.trunc());
        assert!(!released.found_under(&self.world.hub_dir(), &[]).is_empty());
    }
}

#[track_caller]
fn leaks_nothing(log: &str) {
    let mut watched = Watched::new(log);
    watched.send_values();
    watched.send_texts();
    watched.check_that_it_ended_in_each_way();
    watched.look();
    let ended = watched.world.gateway.take().unwrap().stop();
    assert!(ended.success());
    watched.look();
}

#[test]
fn values_and_secrets_stay_where_they_belong_with_debug_logs() {
    leaks_nothing("debug");
}

#[test]
fn values_and_secrets_stay_where_they_belong_with_trace_logs() {
    leaks_nothing("trace");
}
