//! People give, change and take back, clocks jump, gateways restart: a million times, nothing leaves that one of them
//! did not allow.

use super::*;
use crate::{
    consent::{
        operator::Memory,
        release::{Consented, Host, Slots, Tightening, clamp},
        schema::{Allowed, Domain},
    },
    message::Millis,
};
use fastrand::Rng;
use hushgate_wasm::bindings::{Field, Reading, Scalar};
use std::collections::HashSet;

/// How many stories are told, and how many events each has at most.
const STORIES: u64 = 1_000_000;
const EVENTS_MAX: usize = 24;

/// 2026-11-23T00:00:00Z, when the first text becomes valid.
const BEGIN: i64 = 1_795_392_000_000;
const HOUR: i64 = 3_600_000;
/// Where times are most telling: where a text begins or ends.
const EDGES: [i64; 4] = [0, 1, 2, 6];

/// A gateway and the world around it.
struct World<'a> {
    library: &'a Library,
    /// How many subjects the device has.
    subjects: usize,
    /// What is in the directory, and what the gateway saw there last.
    disk: Files,
    noticed: Files,
    active: Vec<&'a Joint>,
    /// What the clock says, and the latest that the ledger has seen.
    now: i64,
    seen: i64,
    slots: HashMap<&'a str, Slots>,
    /// The files whose text ended with its event, as somebody would note it who knows nothing of grants.
    contact: HashSet<usize>,
    /// What waits, and the files that it was decided by.
    outbox: Vec<(Consented, Files)>,
    released: u64,
    denied: u64,
}

impl<'a> World<'a> {
    fn new(library: &'a Library, random: &mut Rng) -> Self {
        let mut world = Self {
            library,
            subjects: random.usize(1..=3),
            disk: [None; FILES.len()],
            noticed: [None; FILES.len()],
            active: Vec::new(),
            now: BEGIN,
            seen: BEGIN,
            slots: HashMap::new(),
            contact: HashSet::new(),
            outbox: Vec::new(),
            released: 0,
            denied: 0,
        };
        for at in 0..FILES.len() {
            world.disk[at] = random.u8(0..4).checked_sub(1).map(usize::from);
        }
        world.restart();
        world
    }

    fn step(&mut self, random: &mut Rng) {
        match random.u8(0..12) {
            0 => self.disk[random.usize(0..FILES.len())] = Some(random.usize(0..TEXTS)),
            1 => self.disk[random.usize(0..FILES.len())] = None,
            2 => self.notice(random.bool()),
            3 => self.restart(),
            4 => self.now = any_time(self.now, random),
            5 => self.now += random.i64(0..20 * 60_000),
            6..=8 => self.frame(random),
            _ => self.send(),
        }
    }

    /// First what ends, which cannot fail; then all that is new, which can.
    fn notice(&mut self, builds: bool) {
        let stays = |id: &str| {
            let at = FILES.iter().position(|it| it.0 == id).unwrap();
            self.disk[at].is_some() && self.disk[at] == self.noticed[at]
        };
        self.active.retain(|it| stands(&it.sources, stays));
        self.noticed = self.disk;
        if builds {
            self.restart();
        }
    }

    fn restart(&mut self) {
        self.noticed = self.disk;
        self.active = self.library.joints[&(self.subjects, self.disk)].iter().collect();
    }

    fn clock(&self) -> Clock {
        Clock::told(Millis(self.now), Millis(self.seen))
    }

    fn frame(&mut self, random: &mut Rng) {
        let readings = [reading(random)];
        self.tell(&readings);
        let asked: Vec<_> = self
            .active
            .iter()
            .filter(|it| it.grant.permit(self.clock()).is_some())
            .copied()
            .collect();
        for it in asked {
            // Plugins take their time, and clocks do not wait for them.
            if random.u8(0..8) == 0 {
                self.now = any_time(self.now, random);
            }
            if it.grant.ends_with(&readings) {
                continue;
            }
            let Some(permit) = it.grant.permit(self.clock()) else { continue };
            let slots = self.slots.entry(it.grant.id.as_str()).or_default();
            let (memory, mut coins) = (&mut Memory::default(), || None);
            let host = Host { slots, memory, secret: &[7; 32], coins: &mut coins };
            if let Ok(consented) = clamp(permit, &readings, host, &Tightening::default()) {
                self.outbox.push((consented, self.noticed));
            }
        }
        self.seen = self.seen.max(self.now);
    }

    /// Notes what ends by these readings, for the gateway and for who looks at it.
    fn tell(&mut self, readings: &[Reading]) {
        for (file, text) in self.noticed.iter().enumerate().filter_map(|it| Some((it.0, (*it.1)?)))
        {
            let text = &self.library.texts[file][text];
            let ends = text.endings.iter().filter(|it| it.ends_now(readings, self.clock()));
            ends.for_each(|it| it.happen(Millis(self.now)));
            let is_valid = self.clock() == Clock::Unknown || text.valid_from.0 <= self.now;
            let is_contact = matches!(readings[0].fields[1].value, Scalar::Flag(true));
            if !text.endings.is_empty() && is_valid && is_contact {
                self.contact.insert(file);
            }
        }
    }

    fn send(&mut self) {
        for (release, then) in std::mem::take(&mut self.outbox) {
            let grants = self.active.iter().map(|it| &it.grant);
            let grant = same(grants, release.grant(), release.grant_digest());
            match grant.and_then(|it| it.permit(self.clock())) {
                Some(_) if release.due().0 <= self.now => self.left(&release, then),
                Some(_) => self.outbox.push((release, then)),
                None => self.denied += 1,
            }
        }
    }

    /// Looks at what left with other eyes: those of each subject, by what the files said.
    fn left(&mut self, release: &Consented, then: Files) {
        self.released += 1;
        assert!(self.now >= self.seen - 300_000, "nobody can tell the time");
        for subject in &SUBJECTS[..self.subjects] {
            let theirs = self.noticed.iter().enumerate().filter(|it| FILES[it.0].1 == *subject);
            let texts =
                theirs.filter_map(|(file, at)| Some((file, &self.library.texts[file][(*at)?])));
            let for_this = texts.filter(|(_, text)| {
                // Who is alone gives for what is written, and nothing else.
                let is_more = self.subjects > 1 && release.purpose() == REMOTE;
                text.purpose == release.purpose() || is_more && text.purpose == MONITORING
            });
            let is_over = |file: &usize| {
                self.noticed[*file] == Some(UNTIL_CONTACT) && self.contact.contains(file)
            };
            let mut allowing = for_this.filter(|(file, text)| {
                then[*file] == self.noticed[*file]
                    && !is_over(file)
                    && allows(text, release, self.now)
            });
            assert!(
                allowing.next().is_some(),
                "{subject} did not allow {release:?} at {}",
                self.now
            );
        }
    }
}

/// Forward, back, to the beginning of all clocks, or to where a text begins or ends.
fn any_time(now: i64, random: &mut Rng) -> i64 {
    match random.u8(0..8) {
        0 => now + random.i64(0..2 * HOUR),
        1 => now - random.i64(0..20 * 60_000),
        2 => now - random.i64(0..2 * HOUR),
        3 => random.i64(0..BEGIN),
        _ => BEGIN + EDGES[random.usize(0..EDGES.len())] * HOUR + random.i64(-1..=1),
    }
}

fn reading(random: &mut Rng) -> Reading {
    let rate = Scalar::Real(random.f64() * 300.0 - 20.0);
    let field = |path: &str, value, unit: Option<&str>| Field {
        path: path.into(),
        value,
        unit: unit.map(Into::into),
    };
    let fields = vec![
        field("rate", rate, Some("/min")),
        field("contact", Scalar::Flag(random.bool()), None),
        field("name", Scalar::Text("ada".into()), None),
    ];
    Reading { kind: "k".into(), at_ms: Some(random.u64(..)), fields }
}

/// Whether a subject's own text allows it, now.
fn allows(text: &Grant, release: &Consented, now: i64) -> bool {
    let in_time = text.valid_from.0 <= now && now < text.valid_until.0;
    let kept = i128::from(release.keep_ms()) <= i128::try_from(text.retention.as_millis()).unwrap();
    let named = release.fields().iter().all(|field| {
        let rule = text.fields.iter().find(|it| it.path == field.path && it.unit == field.unit);
        rule.is_some_and(|it| match (&it.domain, field.value.reveal()) {
            (Domain::Number { min, max, .. }, Allowed::Number(number)) => {
                (*min..=*max).contains(number)
            }
            (Domain::Flag, Allowed::Flag(_)) => true,
            _ => false,
        })
    });
    in_time && kept && named
}

#[test]
fn in_a_million_stories_nothing_leaves_without_a_valid_grant_of_every_subject() {
    let library = Library::new();
    let mut random = Rng::with_seed(5);
    let (mut released, mut denied, mut ended) = (0, 0, 0);
    for _ in 0..STORIES {
        let mut world = World::new(&library, &mut random);
        for _ in 0..random.usize(4..=EVENTS_MAX) {
            world.step(&mut random);
        }
        released += world.released;
        denied += world.denied;
        ended += world.contact.len();
        let forget = |file: usize| &library.texts[file][UNTIL_CONTACT].endings[0];
        world.contact.into_iter().for_each(|it| forget(it).forget());
    }
    // Or the stories would prove nothing.
    let (ended, told) = (ended as u64, format!("{released} {denied} {ended}"));
    assert!(released > STORIES / 20 && denied > STORIES / 10 && ended > STORIES / 10, "{told}");
}
