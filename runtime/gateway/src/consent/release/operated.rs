//! What the host's operators let leave, and that no plugin gets more through than the capacity says.

use super::*;
use crate::consent::grant::Clock;
use hushgate_wasm::bindings::Field;

fn grant(fields: &str) -> Grant {
    Grant::of_text(&format!(
        "subject = \"ada\"\ndevice = \"door\"\nrecipient = \"hospital\"\npurpose = \"own:care\"\n\
         every = \"10 s\"\nretention = \"1 h\"\nvalid-from = 1970-01-01T00:00:00Z\n\
         valid-until = 2027-01-01T00:00:00Z\nfield = [{fields}]\n"
    ))
}

/// What the host keeps from release to release.
struct Kept {
    grant: Grant,
    slots: Slots,
    memory: Memory,
    chance: fastrand::Rng,
}

impl Kept {
    fn new(fields: &str) -> Self {
        let chance = fastrand::Rng::with_seed(5);
        let (slots, memory) = (Slots::default(), Memory::default());
        Self { grant: grant(fields), slots, memory, chance }
    }

    fn clamp(
        &mut self,
        now: i64,
        readings: &[Reading],
        tight: &Tightening,
    ) -> Result<Vec<(String, Option<String>, String)>, Nothing> {
        let permit = self.grant.permit(Clock::Known(Millis(now))).unwrap();
        let mut coins = || Some(self.chance.u64(..));
        let (slots, memory) = (&mut self.slots, &mut self.memory);
        let host = Host { slots, memory, secret: &[7; 32], coins: &mut coins };
        let told = clamp(permit, readings, host, tight)?;
        let word = |it: &ConsentedField| match it.value.reveal() {
            Allowed::Number(number) => number.to_string(),
            Allowed::Flag(flag) => flag.to_string(),
            Allowed::Choice(text) => text.clone(),
        };
        Ok(told.fields().iter().map(|it| (it.path.clone(), it.unit.clone(), word(it))).collect())
    }

    /// The value of the one field, or why there is none.
    fn one(&mut self, now: i64, value: Scalar) -> String {
        self.one_with(now, value, &Tightening::default())
    }

    fn one_with(&mut self, now: i64, value: Scalar, tight: &Tightening) -> String {
        match self.clamp(now, &[reading("v", value)], tight) {
            Ok(told) => told[0].2.clone(),
            Err(nothing) => format!("{nothing:?}"),
        }
    }
}

fn reading(path: &str, value: Scalar) -> Reading {
    let field = Field { path: path.into(), value, unit: None };
    Reading { kind: "k".into(), at_ms: None, fields: vec![field] }
}

#[test]
fn of_a_number_its_bucket_leaves() {
    let mut kept = Kept::new("{ path = \"v\", buckets = [60, 100] }");
    assert_eq!(kept.one(0, Scalar::Int(72)), "60..<100");
    assert_eq!(kept.one(10_000, Scalar::Real(f64::NAN)), "NotGranted");
    assert_eq!(kept.one(10_000, Scalar::Text("72 ada".into())), "NotGranted");
    assert_eq!(kept.grant.fields[0].alphabet(), 3.0);
}

#[test]
fn a_slots_summary_leaves_in_the_next_slot_or_never() {
    let summary = |summary: &str| {
        let range = "range = [0, 100], step = 1";
        let mut kept =
            Kept::new(&format!("{{ path = \"v\", {range}, aggregate = \"{summary}\" }}"));
        for (at, value) in [(0, 90), (1_000, 10), (2_000, 20), (3_000, 1_000)] {
            assert_eq!(kept.one(at, Scalar::Int(value)), "Summarized");
        }
        let told = kept.one(10_000, Scalar::Int(7));
        // Once in a slot; and this slot's own are too old two slots later.
        assert_eq!(kept.one(12_000, Scalar::Int(7)), "Summarized");
        assert_eq!(kept.one(30_000, Scalar::Int(7)), "Summarized");
        // What comes late is in no summary.
        assert_eq!(kept.one(25_000, Scalar::Int(99)), "Summarized");
        assert_eq!(kept.one(40_000, Scalar::Int(1)), if summary == "count" { "1" } else { "7" });
        told
    };
    let told = ["median", "mean", "min", "max", "count", "sum"].map(summary);
    assert_eq!(told, ["20", "55", "10", "100", "4", "100"]);
}

#[test]
fn a_count_leaves_without_the_unit_of_what_was_counted() {
    let field = "path = \"v\", unit = \"/min\", range = [0, 9], step = 1, aggregate = \"count\"";
    let mut kept = Kept::new(&format!("{{ {field} }}"));
    let mut beat = reading("v", Scalar::Int(70));
    beat.fields[0].unit = Some("/min".into());
    let all = Tightening::default();
    assert!(kept.clamp(0, &[beat.clone(), beat.clone()], &all).is_err());
    assert_eq!(kept.clamp(10_000, &[beat], &all), Ok(vec![("v".into(), None, "2".into())]));
}

const NOISY: &str = "{ path = \"v\", range = [0, 100], step = 5, \
    noise = { epsilon = \"1/2\", sensitivity = 4, budget = \"2\", period = \"1 h\" } }";

#[test]
fn noise_stays_on_the_grants_values_and_ends_with_its_budget() {
    let mut kept = Kept::new(NOISY);
    let mut told = BTreeSet::new();
    for hour in 0..200 {
        for slot in 0..4 {
            let value: f64 =
                kept.one(hour * 3_600_000 + slot * 10_000, Scalar::Int(52)).parse().unwrap();
            assert!((0.0..=100.0).contains(&value) && value % 5.0 == 0.0, "{value}");
            told.insert(value.to_bits());
        }
        // A frame in a taken slot costs nothing; one more than the budget does not leave.
        assert_eq!(kept.one(hour * 3_600_000 + 30_001, Scalar::Int(52)), "SlotTaken");
        assert_eq!(kept.one(hour * 3_600_000 + 40_000, Scalar::Int(52)), "Spent");
    }
    assert_eq!(told.len(), 21, "all of the grant's values, and no other");
}

#[test]
fn a_policy_asks_for_noise_only_where_a_grant_has_a_budget_for_it() {
    let asks = |epsilon| Tightening { noise: vec![("v".into(), epsilon)], ..Tightening::default() };
    let plain = "{ path = \"v\", range = [0, 100], step = 5 }";
    assert_eq!(Kept::new(plain).one_with(0, Scalar::Int(5), &asks(0.1)), "Obligation");
    let budget = NOISY.replace("epsilon = \"1/2\", ", "");
    assert_eq!(Kept::new(&budget).one(0, Scalar::Int(52)), "50");
    let told: BTreeSet<_> = (0..20)
        .map(|it| {
            let mut kept = Kept::new(&budget);
            kept.chance = fastrand::Rng::with_seed(it);
            kept.one_with(0, Scalar::Int(52), &asks(0.1))
        })
        .collect();
    assert!(told.len() > 3, "{told:?}");
    for none in [f64::NAN, 0.0, -1.0, 2.0] {
        assert_eq!(Kept::new(&budget).one_with(0, Scalar::Int(5), &asks(none)), "Obligation");
    }
    // Less than the grant's own costs less of the budget, more changes nothing.
    let count = |epsilon| {
        let mut kept = Kept::new(NOISY);
        (0..100)
            .filter(|it| kept.one_with(it * 10_000, Scalar::Int(5), &asks(epsilon)) != "Spent")
            .count()
    };
    assert_eq!([0.25, 1.0].map(count), [8, 4]);
}

#[test]
fn where_there_is_no_chance_nothing_leaves() {
    let mut kept = Kept::new(NOISY);
    let permit = kept.grant.permit(Clock::Known(Millis(0))).unwrap();
    let (slots, memory) = (&mut kept.slots, &mut kept.memory);
    let host = Host { slots, memory, secret: &[7; 32], coins: &mut || None };
    let told = clamp(permit, &[reading("v", Scalar::Int(5))], host, &Tightening::default());
    assert_eq!(told.unwrap_err(), Nothing::Obligation);
}

#[test]
fn a_text_leaves_as_a_pseudonym_and_a_policy_may_ask_for_that() {
    let asks = Tightening { pseudonymise: ["v".into()].into(), ..Tightening::default() };
    let field = "{ path = \"v\", pseudonym = true, pseudonyms-max = 2 }";
    let mut kept = Kept::new(field);
    let first = kept.one_with(0, Scalar::Text("ada".into()), &asks);
    assert_eq!(first.len(), 32);
    assert_eq!(kept.one(10_000, Scalar::Text("ada".into())), first);
    assert_ne!(kept.one(20_000, Scalar::Text("ben".into())), first);
    assert_eq!(kept.one(30_000, Scalar::Text("eve".into())), "Spent");
    assert_eq!(kept.one(30_000, Scalar::Int(1)), "NotGranted");
    let plain = "{ path = \"v\", one-of = [\"ada\"] }";
    assert_eq!(Kept::new(plain).one_with(0, Scalar::Text("ada".into()), &asks), "Obligation");
}

#[test]
fn operators_of_two_subjects_meet_in_the_stricter_or_not_at_all() {
    let meet = |ours: &str, theirs: &str| grant(ours).and(&grant(theirs)).map(|it| it.fields);
    let field = |rest: &str| format!("{{ path = \"v\", {rest} }}");
    let both = meet(&field("buckets = [1, 2, 3]"), &field("buckets = [2, 3, 4]"));
    assert_eq!(both, Some(grant(&field("buckets = [2, 3]")).fields));
    assert_eq!(meet(&field("buckets = [1]"), &field("buckets = [2]")), None);
    let plain = field("range = [0, 9], step = 1");
    let with = |rest: &str| field(&format!("range = [0, 9], step = 1, {rest}"));
    assert_eq!(meet(&plain, &field("buckets = [1]")), None);
    let median = with("aggregate = \"median\"");
    assert_eq!(meet(&plain, &median), Some(grant(&median).fields));
    assert_eq!(meet(&plain, &with("aggregate = \"count\"")), None);
    assert_eq!(meet(&median, &with("aggregate = \"max\"")), None);
    let noisy = with("noise = { epsilon = \"1/9\", sensitivity = 2, budget = \"3\" }");
    assert_eq!(meet(&plain, &noisy), Some(grant(&noisy).fields));
    let (few, many) =
        ("pseudonym = true, pseudonyms-max = 2", "pseudonym = true, epoch = \"7 days\"");
    let both = grant(&field("pseudonym = true, pseudonyms-max = 2, epoch = \"7 days\"")).fields;
    assert_eq!(meet(&field(few), &field(many)), Some(both));
}

#[test]
fn what_operators_do_is_told_in_the_consents_record() {
    let told = |rest: &str| {
        let grant = grant(&format!("{{ path = \"v\", {rest} }}"));
        crate::consent::record::jsonld::values(&grant.fields[0])
    };
    assert_eq!(told("unit = \"/min\", buckets = [60, 100]"), "one of: <60, 60..<100, >=100 /min");
    assert_eq!(told("pseudonym = true"), "one of 16 pseudonyms, new ones after each 90 days");
    assert_eq!(
        told(
            "range = [0, 9], step = 1, aggregate = \"sum\", \
              noise = { epsilon = \"1/10\", sensitivity = 1, budget = \"3\" }"
        ),
        "0 to 9, in steps of 1, the sum of each time slot, \
         with noise of epsilon 1/10, at most 3 in 30 days"
    );
}

/// One kind of field each, with few enough values to try all.
const KINDS: [&str; 7] = [
    "range = [0, 4], step = 2, aggregate = \"median\"",
    "range = [0, 4], step = 2",
    "flag = true",
    "one-of = [\"open\", \"shut\"]",
    "buckets = [10, 20]",
    "pseudonym = true, pseudonyms-max = 2",
    "range = [0, 3], step = 1, noise = { epsilon = \"1\", sensitivity = 1, budget = \"9\" }",
];

/// Whatever a hostile plugin may return for one field: far outside, in all types, and nothing at all.
fn hostile(random: &mut fastrand::Rng) -> Scalar {
    match random.u8(0..8) {
        0 => Scalar::Real(f64::from_bits(random.u64(..))),
        1 => Scalar::Int(random.i64(..)),
        2 => Scalar::Flag(random.bool()),
        3 => Scalar::Text(["open", "shut", "marker"][random.usize(0..3)].into()),
        4 => Scalar::Text(random.u64(..).to_string()),
        _ => Scalar::Real(random.f64() * 40.0 - 5.0),
    }
}

/// All that a recipient can see of one slot in which a hostile plugin speaks: which fields came together, in which
/// order, with which values. Counted over many tries from one state of the host.
fn seen(kept: &Kept, tries: usize, random: &mut fastrand::Rng) -> BTreeSet<String> {
    let paths: Vec<_> = kept.grant.fields.iter().map(|it| it.path.clone()).collect();
    let mut slot = || {
        let (slots, memory) = (kept.slots.clone(), kept.memory.clone());
        let mut kept = Kept { grant: kept.grant.clone(), slots, memory, chance: random.fork() };
        // What a summary says in this slot was chosen in the one before.
        let before = reading(&paths[random.usize(0..paths.len())], hostile(random));
        let _ = kept.clamp(995_000, &[before], &Tightening::default());
        let calls = (0..random.usize(0..5)).map(|call| {
            let fields = (0..random.usize(0..6))
                .map(|_| reading(&paths[random.usize(0..paths.len())], hostile(random)));
            let readings: Vec<_> = fields.collect();
            let now = 1_000_000 + call as i64 * 1_000 + random.i64(0..900);
            kept.clamp(now, &readings, &Tightening::default()).unwrap_or_default()
        });
        let calls: Vec<_> = calls.filter(|it| !it.is_empty()).collect();
        format!("{calls:?}")
    };
    (0..tries).map(|_| slot()).collect()
}

/// A grant of some of the kinds, whose pseudonyms are all known, as they are to a recipient after a while.
fn some_grant(random: &mut fastrand::Rng) -> Kept {
    let count = random.usize(1..=3);
    let field =
        |it: usize| format!("{{ path = \"f{it}\", {} }}", KINDS[random.usize(0..KINDS.len())]);
    let fields: Vec<_> = (0..count).map(field).collect();
    let mut kept = Kept::new(&fields.join(", "));
    for (at, text) in ["open", "shut"].into_iter().enumerate() {
        for field in 0..count {
            let reading = reading(&format!("f{field}"), Scalar::Text(text.into()));
            let _ = kept.clamp(at as i64 * 20_000, &[reading], &Tightening::default());
        }
    }
    kept
}

#[test]
fn no_plugin_shows_a_recipient_more_in_a_slot_than_the_capacity_says() {
    let mut random = fastrand::Rng::with_seed(11);
    let mut fullest = 0.0_f64;
    for _ in 0..60 {
        let kept = some_grant(&mut random);
        let most = kept.grant.capacity().bits_per_slot.exp2();
        let seen = seen(&kept, 3_000, &mut random).len() as f64;
        assert!(seen <= most * (1.0 + 1e-9), "{seen} of {most}: {:?}", kept.grant.fields);
        fullest = fullest.max(seen / most);
    }
    // The bound is near enough to what can be done for a fault to be seen.
    assert!(fullest > 0.6, "{fullest}");
}

#[test]
fn the_measure_would_see_a_step_or_a_slot_that_is_not_kept() {
    let mut random = fastrand::Rng::with_seed(12);
    let coarse = Kept::new("{ path = \"f0\", range = [0, 30], step = 10 }");
    let most = coarse.grant.capacity().bits_per_slot.exp2();
    assert_eq!(seen(&coarse, 3_000, &mut random).len() as f64, most.round());
    let fine = Kept::new("{ path = \"f0\", range = [0, 30], step = 1 }");
    assert!(seen(&fine, 3_000, &mut random).len() as f64 > most);
    // Slots of a second instead of ten: several values of what should be one slot.
    let mut often = Kept::new("{ path = \"f0\", range = [0, 30], step = 10 }");
    often.grant.every = Duration::from_secs(1);
    assert!(seen(&often, 3_000, &mut random).len() as f64 > most);
}
