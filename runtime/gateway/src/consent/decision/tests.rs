//! Over a million random steps of people, clocks and restarts: nothing leaves without the valid consent of everybody.
//!
//! Times are whole seconds, so that moments often meet. What is judged is the code above and the clamp. The judge looks at the files and the clock alone.

use super::*;
use crate::{
    consent::{
        release::{self, Slots, Tightening},
        schema::Allowed,
    },
    source::Source,
};
use hushgate_wasm::bindings::{Field, Reading, Scalar};
use std::path::Path;

const STEPS: u32 = 1_000_000;
const START: i64 = CLOCK_MS_MIN + 1_000_000_000;
const PATHS: [&str; 3] = ["heart-rate", "weight", "open"];
const RECIPIENTS: [&str; 2] = ["hospital", "aunt"];
const PURPOSES: [&str; 2] = ["care", "research"];

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        it ^ (it >> 31)
    }

    fn below(&mut self, end: u64) -> i64 {
        i64::try_from(self.next() % end).unwrap()
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

/// A release that waits.
struct Waiting {
    device: usize,
    grant: String,
    digest: [u8; 8],
    expires: Millis,
}

/// A house with two devices: `bed` of ada and ben, `ring` of ada alone.
struct House {
    random: Random,
    now: i64,
    high_water: Millis,
    files: BTreeMap<String, Grant>,
    /// What counts since the last reload.
    plans: [Vec<(Grant, Vec<String>)>; 2],
    loaded: BTreeMap<String, Grant>,
    slots: BTreeMap<String, Slots>,
    waiting: Vec<Waiting>,
    released: u64,
    sent: u64,
}

const DEVICES: [(&str, &[&str]); 2] = [("bed", &["ada", "ben"]), ("ring", &["ada"])];

fn subjects(device: usize) -> Vec<String> {
    DEVICES[device].1.iter().map(|it| (*it).to_owned()).collect()
}

fn plan(device: usize, grants: &BTreeMap<String, Grant>) -> Vec<(Grant, Vec<String>)> {
    let grants: Vec<_> = grants.values().cloned().collect();
    agreed((DEVICES[device].0, &subjects(device)), &grants)
}

impl House {
    fn new(seed: u64) -> Self {
        Self {
            random: Random(seed),
            now: START,
            high_water: Millis(0),
            files: BTreeMap::new(),
            plans: [Vec::new(), Vec::new()],
            loaded: BTreeMap::new(),
            slots: BTreeMap::new(),
            waiting: Vec::new(),
            released: 0,
            sent: 0,
        }
    }

    fn step(&mut self) {
        match self.random.below(100) {
            0..=7 => self.give(),
            8..=10 => _ = self.withdraw(),
            11..=16 => self.reload(),
            17 => self.restart(),
            18 => self.now -= 1_000 * self.random.below(20 * 60),
            19 => self.now += 1_000 * self.random.below(4 * 60),
            20 => self.now = self.random.pick(&[0, CLOCK_MS_MIN - 1, START, self.high_water.0]),
            // Somebody sets the clock right.
            21..=25 => self.now = self.now.max(self.high_water.0),
            26..=50 => self.now += 1_000 * self.random.below(9),
            51..=85 => self.frame(),
            _ => self.send(),
        }
    }

    /// Writes a file, new or in the place of another.
    fn give(&mut self) {
        let random = &mut self.random;
        let device = usize::try_from(random.below(2)).unwrap();
        let subject = random.pick(DEVICES[device].1);
        let recipient = random.pick(&RECIPIENTS);
        let purpose = random.pick(&PURPOSES);
        let id = format!("{subject}-{}-{recipient}-{}", DEVICES[device].0, random.below(2));
        let from = self.now.clamp(START, START + 200_000_000) + 1_000 * (random.below(600) - 300);
        let until = from + 1_000 * (1 + random.below(1_800));
        let mut fields = String::new();
        for path in PATHS {
            if random.below(3) == 0 {
                continue;
            }
            fields += &match path {
                "open" => "{ path = \"open\", flag = true },".to_owned(),
                _ => {
                    let (min, step) = (random.below(50), 1 + random.below(7));
                    let max = min + step * random.below(40);
                    format!("{{ path = \"{path}\", range = [{min}, {max}], step = {step} }},")
                }
            };
        }
        let at = |it: i64| jiff::Timestamp::from_millisecond(it).unwrap();
        let text = format!(
            "subject = \"{subject}\"\ndevice = \"{}\"\nrecipient = \"{recipient}\"\npurpose = \"{purpose}\"\n\
             every = \"{} s\"\nretention = \"1 h\"\nwait-max = \"{} s\"\nvalid-from = {}\nvalid-until = {}\nfield = [{fields}]\n",
            DEVICES[device].0,
            1 + random.below(30),
            1 + random.below(900),
            at(from),
            at(until),
        );
        let source = Source::from_text(Path::new(&format!("{id}.toml")), &text);
        // A grant without fields is none.
        if let Ok(grant) = Grant::from_source(&source) {
            self.files.insert(id, grant);
        }
    }

    fn withdraw(&mut self) -> Option<Grant> {
        let ids: Vec<_> = self.files.keys().cloned().collect();
        let id = ids.get(usize::try_from(self.random.below(8)).unwrap())?;
        self.files.remove(id)
    }

    fn reload(&mut self) {
        self.loaded = self.files.clone();
        self.plans = [0, 1].map(|it| plan(it, &self.loaded));
        self.taking_away_never_adds();
    }

    /// What is in memory alone is gone; what is on disk stays.
    fn restart(&mut self) {
        for slots in self.slots.values_mut() {
            *slots = postcard::from_bytes(&postcard::to_allocvec(slots).unwrap()).unwrap();
        }
        self.reload();
    }

    fn clock(&self) -> Clock {
        clock(Millis(self.now), self.high_water)
    }

    fn frame(&mut self) {
        let device = usize::try_from(self.random.below(2)).unwrap();
        let readings = self.readings();
        let clock = self.clock();
        for (grant, _) in self.plans[device].clone() {
            let Some(permit) = grant.permit(clock) else { continue };
            let slots = self.slots.entry(grant.id.clone()).or_default();
            let Ok(consented) = release::clamp(permit, &readings, slots, &Tightening::default())
            else {
                continue;
            };
            self.released += 1;
            self.judge(device, &grant);
            for field in consented.fields() {
                self.judge_field(device, &grant, (&field.path, field.value.reveal()));
            }
            let (digest, expires) = (consented.grant_digest(), consented.expires());
            self.waiting.push(Waiting { device, grant: grant.id, digest, expires });
        }
        // The ledger knows the time of every frame, whatever became of it.
        self.high_water = self.high_water.max(Millis(self.now));
    }

    fn readings(&mut self) -> Vec<Reading> {
        let mut field = |path: &str| {
            let value = match self.random.below(5) {
                0 => Scalar::Flag(true),
                1 => Scalar::Real(f64::NAN),
                2 => Scalar::Text("ada".into()),
                _ => Scalar::Real(self.random.below(1_000) as f64 / 3.0 - 50.0),
            };
            Field { path: path.into(), value, unit: None }
        };
        let fields = PATHS.iter().map(|it| field(it)).collect();
        vec![Reading { kind: "k".into(), at_ms: None, fields }]
    }

    fn send(&mut self) {
        let clock = self.clock();
        for waiting in std::mem::take(&mut self.waiting) {
            let plans = &self.plans[waiting.device];
            let same = |it: &&Grant| it.id == waiting.grant && it.digest == waiting.digest;
            let grant = plans.iter().map(|it| &it.0).find(same).cloned();
            match at_sending(grant.as_ref(), waiting.expires, clock) {
                Sending::Wait => self.waiting.push(waiting),
                Sending::Expired | Sending::Ended => {}
                Sending::Go => {
                    self.sent += 1;
                    self.judge(waiting.device, &grant.unwrap());
                    assert!(self.now < waiting.expires.0, "sent after it expired");
                }
            }
        }
    }

    /// The files that a release for this aim rests on: of each subject at least one, and all are valid at this moment.
    fn judge(&self, device: usize, grant: &Grant) {
        let is_known =
            self.now >= CLOCK_MS_MIN && self.now + CLOCK_BACK_MS_MAX >= self.high_water.0;
        assert!(is_known, "something left though nobody could know the time");
        for subject in DEVICES[device].1 {
            let theirs = self.files_for(device, grant).filter(|it| it.subject == *subject);
            let valid = |it: &Grant| it.valid_from.0 <= self.now && self.now < it.valid_until.0;
            let theirs: Vec<_> =
                theirs.filter(|it| DEVICES[device].1.len() > 1 || it.id == grant.id).collect();
            assert!(!theirs.is_empty(), "{subject} granted nothing");
            assert!(theirs.iter().all(|it| valid(it)), "{subject}'s grant is not valid now");
        }
    }

    /// Each file that it rests on names the field and has the value in its range.
    fn judge_field(&self, device: usize, grant: &Grant, (path, value): (&str, &Allowed)) {
        use crate::consent::schema::Domain;
        let rests_on = self.files_for(device, grant);
        for file in rests_on.filter(|it| DEVICES[device].1.len() > 1 || it.id == grant.id) {
            let rule =
                file.fields.iter().find(|it| it.path == path).expect("a field was not granted");
            let fits = match (&rule.domain, value) {
                (Domain::Flag, Allowed::Flag(_)) => true,
                (Domain::Number { min, max, .. }, Allowed::Number(it)) => (min..=max).contains(&it),
                _ => false,
            };
            assert!(fits, "{path} left as {value:?} under {rule:?}");
        }
    }

    fn files_for<'a>(
        &'a self,
        device: usize,
        grant: &'a Grant,
    ) -> impl Iterator<Item = &'a Grant> + 'a {
        self.loaded.values().filter(move |it| {
            it.device == DEVICES[device].0
                && it.recipient == grant.recipient
                && it.purpose == grant.purpose
        })
    }

    /// Without one of its grants, a device of one subject lets the others' fields leave and no more; one of several lets
    /// no pair of recipient and field leave that it did not before, unless a subject gave two grants for it.
    fn taking_away_never_adds(&mut self) {
        let ids: Vec<_> = self.loaded.keys().cloned().collect();
        let Some(gone) = ids.get(usize::try_from(self.random.below(12)).unwrap()) else { return };
        let mut fewer = self.loaded.clone();
        let Some(gone) = fewer.remove(gone) else { return };
        let of_both = |it: &&Grant| it.subject == gone.subject && it.device == gone.device;
        let twice = fewer
            .values()
            .filter(of_both)
            .any(|it| it.recipient == gone.recipient && it.purpose == gone.purpose);
        for device in [0, 1] {
            let before = reach(&self.plans[device]);
            let after = reach(&plan(device, &fewer));
            assert!(
                (device == 0 && twice) || after.is_subset(&before),
                "less was granted, and more leaves"
            );
        }
    }
}

/// Which fields reach whom, and for what.
fn reach(plans: &[(Grant, Vec<String>)]) -> BTreeSet<(String, String, String)> {
    let fields = plans.iter().flat_map(|(grant, _)| {
        let aim = (grant.recipient.clone(), grant.purpose.clone());
        grant.fields.iter().map(move |it| (aim.0.clone(), aim.1.clone(), it.path.clone()))
    });
    fields.collect()
}

#[test]
fn nothing_leaves_without_the_valid_consent_of_everybody() {
    let (mut released, mut sent) = (0, 0);
    for seed in 0..20 {
        let mut house = House::new(seed);
        (0..STEPS / 20).for_each(|_| house.step());
        released += house.released;
        sent += house.sent;
    }
    // A test in which nothing leaves shows nothing.
    assert!(released > 20_000 && sent > 5_000, "{released} released, {sent} sent");
}

#[test]
fn a_clock_that_was_never_set_or_went_back_is_unknown() {
    let known = |now, high| clock(Millis(now), Millis(high)) != Clock::Unknown;
    assert!(known(CLOCK_MS_MIN, 0) && !known(CLOCK_MS_MIN - 1, 0));
    assert!(
        known(START, START + CLOCK_BACK_MS_MAX) && !known(START, START + CLOCK_BACK_MS_MAX + 1)
    );
}
