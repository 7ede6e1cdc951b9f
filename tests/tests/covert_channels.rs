//! Hostile plugins that tell a secret to their recipient in every way they have: what comes to the hub is opened with
//! the hub's own key, decoded, and compared with the capacity that `status` says.
//!
//! Each symbol of a secret is drawn anew for each slot. What a recipient can see of a slot is all that came of it: how
//! many releases, in which order, of which size, and every word in them.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]
#![expect(clippy::print_stderr, reason = "what was measured is worth a look")]

use hushgate_tests::{
    fake_hub::{FakeHub, Reply},
    guest::{self, decisions, put_to, status},
    measure::{bits, bits_of_choice, bits_of_lateness},
    opened::Opener,
    program::run_ok,
    random::{self, Random},
    rig::free_port,
    world::{World, after},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    net::SocketAddr,
    path::Path,
    thread,
    time::{Duration, SystemTime},
};

/// How long a slot is, and how many of them each device has.
const SLOT_MS: i64 = 1_000;
const ROUNDS: usize = 16;
/// How many devices speak in the same way.
const DEVICES: usize = 6;
const SLOTS_PER_HOUR: f64 = 3_600.0;

const NUMBER: &str = "{ path = \"heart-rate\", unit = \"/min\", range = [0, 2], step = 1 }";
const FINE: &str = "{ path = \"heart-rate\", unit = \"/min\", range = [0, 2.5], step = 0.0625 }";
const ONE: &str = "{ path = \"heart-rate\", unit = \"/min\", range = [0, 1], step = 1 }";
const TWO: &str = "{ path = \"a\", unit = \"/min\", range = [0, 1], step = 1 }, \
    { path = \"b\", unit = \"/min\", range = [0, 1], step = 1 }";
const THREE: &str = "{ path = \"a\", unit = \"/min\", range = [0, 1], step = 1 }, \
    { path = \"b\", unit = \"/min\", range = [0, 1], step = 1 }, \
    { path = \"c\", unit = \"/min\", range = [0, 1], step = 1 }";
const MINIMIZER: &str = "[[minimize]]\nplugin = \"leaks-as-minimizer\"\n";
const POLICY: &str = "[[policy]]\nplugin = \"leaks-as-policy\"\n";

/// A way to tell something: see `hostile/leaks.wat` and the two beside it.
struct Channel {
    name: &'static str,
    /// What the adapter, and the plugin behind it, are told to do.
    way: [u8; 2],
    /// The secret is drawn from so many.
    symbols: u64,
    fields: &'static str,
    stage: &'static str,
    carries: Carries,
}

/// What must get through.
#[derive(Clone, Copy)]
enum Carries {
    /// So many bits of a slot at least: else the measure would be blind.
    Bits(f64),
    /// Nothing: one release, always the same.
    OneRelease,
    /// Nothing: no release at all, although its frames ended in so many ways.
    NoRelease(usize),
}
use Carries::{Bits, NoRelease, OneRelease};

const fn channel(name: &'static str, way: [u8; 2], carries: Carries) -> Channel {
    Channel { name, way, symbols: 16, fields: ONE, stage: "", carries }
}

/// `a-fine-value` is what the grant of `a-value` holds back: the same plugin and the same secret under another step.
const CHANNELS: [Channel; 16] = [
    Channel { fields: NUMBER, ..channel("a-value", *b"v ", Bits(1.0)) },
    Channel { fields: FINE, ..channel("a-fine-value", *b"v ", Bits(2.0)) },
    Channel { fields: NUMBER, ..channel("rubbish", *b"r ", Bits(0.8)) },
    Channel { fields: NUMBER, ..channel("a-value-again", *b"a2", Bits(1.0)) },
    Channel { fields: TWO, ..channel("order", *b"o2", Bits(2.0)) },
    Channel { fields: THREE, ..channel("omission", *b"m ", Bits(2.2)) },
    channel("count", *b"c ", OneRelease),
    channel("kinds-and-times", *b"n ", OneRelease),
    channel("logs", *b"l ", OneRelease),
    channel("errors", *b"e ", NoRelease(4)),
    Channel { symbols: 2, ..channel("crashes", *b"t ", Bits(0.2)) },
    Channel { stage: MINIMIZER, fields: NUMBER, ..channel("state", *b"ps", Bits(0.8)) },
    Channel { stage: MINIMIZER, ..channel("hoarded-state", *b"ph", OneRelease) },
    Channel { stage: MINIMIZER, ..channel("minimizer-errors", *b"pe", NoRelease(3)) },
    Channel { stage: POLICY, symbols: 96, ..channel("sizes-and-delays", *b"pb", Bits(4.0)) },
    Channel { stage: POLICY, ..channel("policy-errors", *b"pe", NoRelease(3)) },
];

/// Plugins that work on, or do not, before they return.
const SPINNING: usize = 8;

#[test]
fn no_plugin_tells_a_recipient_more_than_the_capacity_says() {
    let seed = random::number("SEED").unwrap_or_else(random::seed);
    eprintln!("SEED={seed}");
    let (world, hub) = hostile_world();
    let capacity = |name: &str| -> f64 {
        let said = status(&world);
        after(&said, &format!("of {name}, hospital can learn at most ")).parse().unwrap()
    };
    let sent = speak(&world, seed);
    world.wait_until_delivered();
    let spun = speak_in_time(&world, seed);
    world.wait_until_delivered();
    let seen = Seen::of(&world, &hub);
    for channel in &CHANNELS {
        let pairs = seen.pairs(channel, &sent);
        let bound = capacity(&device(channel.name, 0)) / SLOTS_PER_HOUR;
        let most = bits_of_choice(pairs.now.iter().map(|it| &it.1));
        let told = bits(&pairs.now).max(bits(&pairs.before)).min(most);
        let hourly = [told, most, bound].map(|it| it * SLOTS_PER_HOUR);
        eprintln!(
            "{:16} {:6.0} bits/h told, {:6.0} could be by what was seen, {:6.0} allowed",
            channel.name, hourly[0], hourly[1], hourly[2]
        );
        assert!(most <= bound, "{} tells too much: {pairs:?}", channel.name);
        let came = pairs.now.iter().filter(|it| !it.1.is_empty());
        let different = came.map(|it| &it.1).collect::<BTreeSet<_>>().len();
        match channel.carries {
            Bits(least) => assert!(told >= least, "{} tells {told}", channel.name),
            OneRelease => {
                assert_eq!(different, 1, "{}: {pairs:?}", channel.name);
                assert!(told < 0.3, "{} tells {told} by what does not come", channel.name);
            }
            NoRelease(ways) => {
                assert_eq!(different, 0, "{}: {pairs:?}", channel.name);
                let ended: BTreeSet<_> = (0..DEVICES)
                    .flat_map(|it| decisions(&world, &device(channel.name, it)))
                    .collect();
                assert!(ended.len() >= ways, "{}: {ended:?}", channel.name);
            }
        }
    }
    // The measure sees a bound that is not there: the same plugin tells more where the step is fine.
    let coarse = capacity(&device("a-value", 0));
    let fine = bits(&seen.pairs(&CHANNELS[1], &sent).now) * SLOTS_PER_HOUR;
    assert!(fine > coarse, "{fine} of {coarse}");
    seen.moments_say_nothing(&world, &spun);
    world.verify();
}

fn device(channel: &str, number: usize) -> String {
    format!("{channel}-{number}")
}

/// A gateway with all of these plugins, and a hub behind something that keeps what passes.
fn hostile_world() -> (World, FakeHub) {
    let mut world = World::new();
    let home = world.gateway_dir();
    install(&home, ("leaks", "leaks", "adapter"), "");
    install(&home, ("leaks-as-minimizer", "leaks-as-minimizer", "minimizer"), "");
    install(&home, ("leaks-as-policy", "leaks-as-policy", "policy"), "requests = [\"values\"]\n");
    let settings = fs::read_to_string(home.join("hushgate.toml")).unwrap();
    let secret = settings.lines().find(|it| it.starts_with("secret = ")).unwrap();
    let mut devices = String::new();
    let mut add = |name: &str, fields: &str, stage: &str| {
        devices += &format!(
            "\n[[device]]\nname = \"{name}\"\nsubjects = [\"ada\"]\ntopics = [\"{name}/#\"]\n{secret}\n\
             adapter = {{ plugin = \"leaks\" }}\n"
        );
        world.grant(name, &grant(name, fields, stage));
    };
    for channel in &CHANNELS {
        (0..DEVICES).for_each(|it| add(&device(channel.name, it), channel.fields, channel.stage));
    }
    for number in 0..SPINNING {
        // Each a plugin of its own: one that is slow gets a fifth of a core, over all its devices.
        let id = device("spins", number);
        install(&home, (&id, "leaks-as-minimizer", "minimizer"), "");
        add(&id, ONE, &MINIMIZER.replace("leaks-as-minimizer", &id));
    }
    world.edit_settings(|it| it + &devices);
    run_ok(&home, &["plugin", "allow", "leaks-as-policy", "values"]);
    let known = world.move_hub(free_port());
    let hub = FakeHub::start(known, Reply::Through(world.hub_address));
    world.start_gateway();
    (world, hub)
}

fn install(home: &Path, (id, component, kind): (&str, &str, &str), more: &str) {
    guest::install(home, (id, kind), &guest::component(component));
    let path = home.join("plugins").join(id).join("plugin.toml");
    let manifest = fs::read_to_string(&path).unwrap();
    let (head, _) = manifest.split_once("[[field]]").unwrap();
    let field = |path: &str| format!("[[field]]\npath = \"{path}\"\nunit = \"/min\"\n");
    let fields =
        if kind == "policy" { "" } else { &["heart-rate", "a", "b", "c"].map(field).concat() };
    fs::write(path, format!("{head}{more}{fields}[limits]\ncall-ms = 1000\n")).unwrap();
}

fn grant(device: &str, fields: &str, stage: &str) -> String {
    format!(
        "subject = \"ada\"\ndevice = \"{device}\"\nrecipient = \"hospital\"\n\
         purpose = \"sector-health:PatientMonitoring\"\nevery = \"1 s\"\nwait-max = \"5 s\"\n\
         retention = \"1 h\"\nvalid-from = 2026-01-01T00:00:00Z\nvalid-until = 2100-01-01T00:00:00Z\n\
         field = [{fields}]\n{stage}"
    )
}

/// Where frames are sent to, and the secret of all devices.
type Door<'a> = (SocketAddr, &'a str);

/// What was said: by which device, in which slot.
type Sent = BTreeMap<(String, i64), u64>;

/// Says a symbol in each slot, with each device.
fn speak(world: &World, seed: u64) -> Sent {
    let all: Vec<_> = CHANNELS
        .iter()
        .flat_map(|channel| (0..DEVICES).map(move |it| (channel, device(channel.name, it))))
        .collect();
    let door: Door<'_> = (world.http, &world.secret);
    thread::scope(|scope| {
        let parts = all.chunks(16).enumerate().map(|(number, part)| {
            let random = Random::new(seed.wrapping_add(number as u64 * 7919));
            scope.spawn(move || say(door, part, random))
        });
        let parts: Vec<_> = parts.collect();
        parts.into_iter().flat_map(|it| it.join().unwrap()).collect()
    })
}

/// What those that spin were told, frame by frame. Nothing else happens meanwhile that would blur the moments.
fn speak_in_time(world: &World, seed: u64) -> Vec<Vec<u64>> {
    let door: Door<'_> = (world.http, &world.secret);
    thread::scope(|scope| {
        let spinning = (0..SPINNING).map(|number| {
            let random = Random::new(seed.wrapping_sub(number as u64 * 7919));
            scope.spawn(move || spin(door, number, random))
        });
        let spinning: Vec<_> = spinning.collect();
        spinning.into_iter().map(|it| it.join().unwrap()).collect()
    })
}

fn say((gateway, secret): Door<'_>, devices: &[(&Channel, String)], mut random: Random) -> Sent {
    let mut sent = Sent::new();
    for _ in 0..ROUNDS {
        wait_for_phase(0);
        for (channel, name) in devices {
            // What comes at the end of a slot may belong to the next.
            if now_ms() % SLOT_MS > SLOT_MS * 6 / 10 {
                wait_for_phase(0);
            }
            let (symbol, slot) = (random.below(channel.symbols), now_ms() / SLOT_MS * SLOT_MS);
            sent.insert((name.clone(), slot), symbol);
            let parts: &[u8] = if channel.way[1] == b'2' { &[0, 1] } else { &channel.way[1..] };
            for part in parts {
                let body = [channel.way[0], u8::try_from(symbol).unwrap(), *part];
                assert_eq!(put_to(gateway, (name, secret), &body), 204, "{name}");
            }
        }
    }
    sent
}

/// One frame in a slot: some plugins get theirs early in it, the others so late that they can end behind it.
fn spin((gateway, secret): Door<'_>, number: usize, mut random: Random) -> Vec<u64> {
    let one = |_| {
        let early = number < SPINNING / 4;
        let phase = if early { random.below(600) } else { 935 + random.below(55) };
        wait_for_phase(i64::try_from(phase).unwrap());
        let symbol = random.below(2);
        let body = [b'p', u8::try_from(symbol).unwrap(), b'w'];
        assert_eq!(put_to(gateway, (&device("spins", number), secret), &body), 204);
        symbol
    };
    (0..ROUNDS).map(one).collect()
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

/// Waits until so many milliseconds of a slot are over, the next time.
fn wait_for_phase(phase: i64) {
    let left = (phase - now_ms()).rem_euclid(SLOT_MS);
    thread::sleep(Duration::from_millis((left + i64::from(left == 0) * SLOT_MS).unsigned_abs()));
}

/// One release, without what is the same in all of a device.
#[derive(Clone, Debug)]
struct Release {
    number: String,
    device: String,
    at_ms: i64,
    came_ms: i64,
    seen: String,
}

/// What came to the hub, in order.
struct Seen(Vec<Release>);

/// A secret's symbols, each with what was seen of the slot in which it, or the one before it, was said.
#[derive(Debug, Default)]
struct Pairs {
    now: Vec<(u64, Vec<String>)>,
    before: Vec<(u64, Vec<String>)>,
}

impl Seen {
    fn of(world: &World, hub: &FakeHub) -> Self {
        let opener = Opener::of(&world.hub_dir(), &world.hub_store());
        let mut all = Vec::new();
        let mut told_of: HashMap<String, String> = HashMap::new();
        for passed in hub.passed().into_iter().filter(|it| it.path == "/v1/releases") {
            for it in opener.open(&passed.body) {
                let mut content = it.content.as_object().unwrap().clone();
                let device = content.remove("device").unwrap().as_str().unwrap().to_owned();
                let at_ms = content.remove("at-ms").unwrap().as_i64().unwrap();
                // The consent's own number, which is the same in all of a device.
                let tag = content.remove("tag").unwrap().to_string();
                assert_eq!(*told_of.entry(device.clone()).or_insert_with(|| tag.clone()), tag);
                let seen = format!("{} bytes {}", it.bytes, serde_json::Value::from(content));
                let (number, came_ms) = (it.release, passed.at_ms);
                all.push(Release { number, device, at_ms, came_ms, seen });
            }
        }
        let delivered = world.ledger_count("delivered", None);
        assert_eq!(all.len(), usize::try_from(delivered).unwrap(), "something came twice");
        Self(all)
    }

    fn pairs(&self, channel: &Channel, sent: &Sent) -> Pairs {
        let mut by_slot: HashMap<(&str, i64), Vec<String>> = HashMap::new();
        for it in &self.0 {
            let mut seen = it.seen.clone();
            if channel.stage == POLICY {
                let late = (it.came_ms - it.at_ms).div_euclid(SLOT_MS) - 1;
                seen = format!("{seen}, {late} slots late");
            }
            by_slot.entry((&it.device, it.at_ms)).or_default().push(seen);
        }
        let mut pairs = Pairs::default();
        for number in 0..DEVICES {
            let name = device(channel.name, number);
            let own = sent.range((name.clone(), 0)..=(name.clone(), i64::MAX));
            let mut before = None;
            for ((_, slot), symbol) in own {
                let seen = by_slot.get(&(&*name, *slot)).cloned().unwrap_or_default();
                pairs.now.push((*symbol, seen.clone()));
                pairs.before.extend(before.map(|it| (it, seen)));
                before = Some(*symbol);
            }
        }
        pairs
    }

    /// The moment at which a release comes, after the end of its slot, does not tell how long its plugin worked.
    fn moments_say_nothing(&self, world: &World, spun: &[Vec<u64>]) {
        let by_number: HashMap<_, _> = self.0.iter().map(|it| (&*it.number, it)).collect();
        let mut late = Vec::new();
        for (number, symbols) in spun.iter().enumerate() {
            let came = releases(world, &device("spins", number));
            assert_eq!(came.len(), symbols.len(), "each frame has its own entry");
            let known = symbols.iter().zip(came).filter_map(|(symbol, release)| {
                let release = by_number.get(&*release?)?;
                Some((*symbol, release.came_ms - release.at_ms - SLOT_MS))
            });
            late.extend(known);
        }
        assert!(late.len() > SPINNING * ROUNDS / 2, "only {} came", late.len());
        let told = bits_of_lateness(&late);
        // Were it told, it would be seen: here the longer work makes it later by as much as chance does.
        let mut sorted: Vec<_> = late.iter().map(|it| it.1).collect();
        sorted.sort_unstable();
        let spread = sorted[sorted.len() * 9 / 10] - sorted[sorted.len() / 10] + 1;
        let shifted = |it: &(u64, i64)| (it.0, it.1 + spread * i64::try_from(it.0).unwrap());
        let control = bits_of_lateness(&late.iter().map(shifted).collect::<Vec<_>>());
        let count = late.len();
        eprintln!(
            "moments: {told:.3} bits of {count} releases, {spread} ms apart; {control:.3} if told"
        );
        assert!(control > 0.4, "{control}");
        assert!(told < 0.25, "{told}: {late:?}");
    }
}

/// Of each frame of a device, in order, its release.
fn releases(world: &World, device: &str) -> Vec<Option<String>> {
    let store = world.store();
    let sql = "SELECT hex(release) FROM ledger WHERE device = ?1 \
               AND kind IN ('withheld', 'quarantined', 'queued') ORDER BY seq";
    let mut rows = store.prepare(sql).unwrap();
    let hex = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    rows.query_map([device], hex)
        .unwrap()
        .map(|it| Some(it.unwrap()).filter(|it| !it.is_empty()))
        .collect()
}
