//! What leaves of readings under a grant, one release after another.

use super::*;
use crate::{consent::grant::Clock, source::Source};
use hushgate_wasm::bindings::{Field, Scalar};
use std::path::Path;

const GRANT: &str = r#"
subject = "ada"
device = "pacemaker"
recipient = "hospital"
purpose = "sector-health:PatientMonitoring"
every = "10 s"
wait-max = "100 s"
retention = "30 days"
valid-from = 1970-01-01T00:00:00Z
valid-until = 2027-11-23T00:00:00Z
field = [
    { path = "heart-rate", unit = "/min", range = [30, 220], step = 5 },
    { path = "contact", flag = true },
]
"#;

fn grant() -> Grant {
    grant_with("10 s")
}

fn grant_with(every: &str) -> Grant {
    let text = GRANT.replace("every = \"10 s\"", &format!("every = \"{every}\""));
    Grant::from_source(&Source::from_text(Path::new("ada.toml"), &text)).unwrap()
}

fn reading(fields: &[(&str, Scalar, Option<&str>)]) -> Reading {
    let field = |it: &(&str, Scalar, Option<&str>)| Field {
        path: it.0.into(),
        value: it.1.clone(),
        unit: it.2.map(Into::into),
    };
    Reading { kind: "k".into(), at_ms: Some(1), fields: fields.iter().map(field).collect() }
}

fn bpm(value: f64) -> Reading {
    reading(&[("heart-rate", Scalar::Real(value), Some("/min"))])
}

/// What leaves at `now`, as `path=value` words.
fn leaves(now: i64, readings: &[Reading], slots: &mut Slots, tight: &Tightening) -> String {
    leaves_under((&grant(), now), readings, slots, tight)
}

fn leaves_under(
    (grant, now): (&Grant, i64),
    readings: &[Reading],
    slots: &mut Slots,
    tight: &Tightening,
) -> String {
    let permit = grant.permit(Clock::Known(Millis(now))).unwrap();
    let (memory, mut chance) = (&mut Memory::default(), || None);
    let host = Host { slots, memory, secret: &[7; 32], coins: &mut chance };
    match clamp(permit, readings, host, tight) {
        Err(nothing) => format!("{nothing:?}"),
        Ok(it) => {
            let word = |it: &ConsentedField| format!("{}={:?}", it.path, it.value.reveal());
            let words: Vec<_> = it.fields().iter().map(word).collect();
            format!("{}..{} {}", it.at().0, it.due().0, words.join(" "))
        }
    }
}

#[test]
fn only_granted_fields_leave_on_their_step_and_at_the_slots_time() {
    let mixed = reading(&[
        ("heart-rate", Scalar::Real(71.6), Some("/min")),
        ("rr-interval", Scalar::Real(0.8), Some("s")),
        ("contact", Scalar::Flag(true), None),
    ]);
    assert_eq!(
        leaves(12_345, &[mixed], &mut Slots::default(), &Tightening::default()),
        "10000..20000 heart-rate=Number(70.0) contact=Flag(true)"
    );
}

#[test]
fn another_unit_or_type_is_not_granted() {
    let kelvin = reading(&[("heart-rate", Scalar::Real(71.0), Some("Hz"))]);
    let text = reading(&[("heart-rate", Scalar::Text("71 ada".into()), Some("/min"))]);
    for it in [kelvin, text] {
        let all = Tightening::default();
        assert_eq!(leaves(0, &[it], &mut Slots::default(), &all), "NotGranted");
    }
}

#[test]
fn a_field_leaves_once_in_a_slot_even_if_the_clock_steps_back() {
    let (mut slots, all) = (Slots::default(), Tightening::default());
    assert_eq!(
        leaves(20_001, &[bpm(70.0)], &mut slots, &all),
        "20000..30000 heart-rate=Number(70.0)"
    );
    assert_eq!(leaves(29_899, &[bpm(90.0)], &mut slots, &all), "SlotTaken");
    assert_eq!(leaves(10_000, &[bpm(90.0)], &mut slots, &all), "SlotTaken");
    assert_eq!(
        leaves(30_000, &[bpm(90.0)], &mut slots, &all),
        "30000..40000 heart-rate=Number(90.0)"
    );
}

#[test]
fn a_field_leaves_once_in_a_slot_also_when_slots_become_longer_or_shorter() {
    let all = Tightening::default();
    let mut slots = Slots::default();
    let mut at = |every: &str, now: i64| {
        let (readings, grant) = ([bpm(70.0)], grant_with(every));
        leaves_under((&grant, now), &readings, &mut slots, &all) != "SlotTaken"
    };
    assert!(at("10 s", 1_000_000));
    assert!(!at("5 min", 1_100_000), "its slot began before that");
    assert!(at("5 min", 1_200_000));
    assert!(!at("10 s", 1_200_001));
    assert!(at("10 s", 1_210_000));
}

#[test]
fn a_policy_takes_away_and_delays() {
    let dropped = Tightening { drop: ["heart-rate".into()].into(), ..Tightening::default() };
    assert_eq!(leaves(0, &[bpm(70.0)], &mut Slots::default(), &dropped), "NotGranted");
    let kept = Tightening { keep: Some(["contact".into()].into()), ..Tightening::default() };
    assert_eq!(leaves(0, &[bpm(70.0)], &mut Slots::default(), &kept), "NotGranted");
    let later = Tightening { not_before: Millis(99_000), ..Tightening::default() };
    assert_eq!(
        leaves(0, &[bpm(70.0)], &mut Slots::default(), &later),
        "0..100000 heart-rate=Number(70.0)"
    );
}

#[test]
fn a_policy_chooses_among_the_slots_that_are_counted() {
    let later = |millis: i64| Tightening { not_before: Millis(millis), ..Tightening::default() };
    for now in [20_000, 20_001, 29_000] {
        let leaves =
            |it: i64| leaves(now, &[bpm(70.0)], &mut Slots::default(), &later(now + it * 500));
        let ways: BTreeSet<_> = (-10..=1_000).map(leaves).collect();
        let ways = ways.iter().filter(|it| *it != "Obligation").count();
        assert!((10..=11).contains(&ways), "{ways} at {now}");
    }
}

#[test]
fn what_cannot_be_coarser_does_not_leave() {
    let mixed = || {
        let contact = ("contact", Scalar::Flag(true), None);
        [reading(&[("heart-rate", Scalar::Int(71), Some("/min")), contact])]
    };
    let coarser = |path: &str, step| (path.to_owned(), step);
    let mut all = Tightening { coarsen: vec![coarser("contact", 2.0)], ..Tightening::default() };
    let mut slots = Slots::default();
    assert_eq!(leaves(0, &mixed(), &mut slots, &all), "Obligation");
    all.drop.insert("contact".into());
    all.coarsen.push(coarser("heart-rate", 20.0));
    all.coarsen.push(coarser("heart-rate", 1.0));
    assert_eq!(leaves(0, &mixed(), &mut slots.clone(), &all), "0..10000 heart-rate=Number(70.0)");
    all.coarsen.push(coarser("heart-rate", f64::NAN));
    assert_eq!(leaves(0, &mixed(), &mut slots, &all), "Obligation");
    // Nor does it take the slot.
    all.coarsen.pop();
    assert_ne!(leaves(0, &mixed(), &mut slots, &all), "SlotTaken");
}

#[test]
fn what_would_wait_longer_than_the_grant_says_does_not_leave() {
    let mut slots = Slots::default();
    let later = |millis: i64| Tightening { not_before: Millis(millis), ..Tightening::default() };
    for too_late in [101_001, i64::MAX] {
        let it = leaves(1_000, &[bpm(70.0)], &mut slots, &later(too_late));
        assert_eq!(it, "Obligation");
    }
    // Nor does it take the slot.
    assert_eq!(
        leaves(1_000, &[bpm(70.0)], &mut slots, &later(101_000)),
        "0..110000 heart-rate=Number(70.0)"
    );
}
