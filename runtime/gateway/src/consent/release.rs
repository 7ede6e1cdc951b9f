//! The last check before sealing: clamps what a pipeline produced to its grant.
//!
//! # Promises
//!
//! - [`clamp`] is the only maker of [`Consented`], and needs a [`Permit`].
//! - Each field leaves at most once in a slot, whatever a plugin returns.
//! - The time that leaves is the slot's, not the reading's: a device's clock says nothing.
//! - What leaves in a slot was clamped some time before the slot's end, so that it is on disk by then and leaves with it.

use super::{
    grant::{Grant, Permit},
    schema::{Allowed, Rule},
};
use crate::message::{Millis, Sensitive};
use hushgate_wasm::bindings::Reading;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// What may leave under one grant, in one release.
///
/// Only this module can make one, so holding it proves that a valid grant allows each field.
#[derive(Clone, Debug)]
pub struct Consented {
    grant: String,
    grant_digest: [u8; 8],
    recipient: String,
    device_alias: String,
    purpose: String,
    slot_start: Millis,
    slot_end: Millis,
    keep_ms: i64,
    expires: Millis,
    fields: Vec<ConsentedField>,
}

/// One field inside its grant's schema.
#[derive(Clone, Debug)]
pub struct ConsentedField {
    /// Its path.
    pub path: String,
    /// Its UCUM unit.
    pub unit: Option<String>,
    /// One of the values that the grant allows.
    pub value: Sensitive<Allowed>,
}

/// In which slot each field of a grant left last. Kept with the release, in one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slots(BTreeMap<String, i64>);

/// The most that a policy can have a release padded to, in KiB: it chooses among so many sizes, or none.
pub const PAD_KIB_MAX: u32 = 16;

/// How long before its end a slot is closed, in milliseconds. Sealing and a commit take less; what is on disk only after
/// the end leaves at that moment, which a plugin could choose.
const CLOSED_MS: i64 = 100;

/// What a policy asked for, on top of the grant.
#[derive(Clone, Debug, Default)]
pub struct Tightening {
    /// Only these paths, if any are named.
    pub keep: Option<Vec<String>>,
    /// Not these paths.
    pub drop: Vec<String>,
    /// These paths no finer than this.
    pub coarsen: Vec<(String, f64)>,
    /// Not before this.
    pub not_before: Millis,
    /// At least so many KiB: in whole ones, since the capacity counts them.
    pub pad_kib: u32,
}

/// Why nothing of it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nothing {
    /// No field that the grant names was there.
    NotGranted,
    /// Every field that it names has left in this slot already.
    SlotTaken,
    /// A policy asked for something that cannot be done with it.
    Obligation,
}

/// Clamps `readings` to the permit's grant. Of each field the last reading counts.
pub fn clamp(
    permit: Permit<'_>,
    readings: &[Reading],
    slots: &mut Slots,
    tightening: &Tightening,
) -> Result<Consented, Nothing> {
    let grant = permit.grant();
    // The capacity counts the slots that a release can be put off by.
    if tightening.not_before > permit.now().plus(millis(grant.wait_max)) {
        return Err(Nothing::Obligation);
    }
    let slot = grant.slot(permit.now().plus(CLOSED_MS));
    let rules = tightening.rules(grant)?;
    let mut fields = Vec::new();
    let mut taken = false;
    for (rule, steps) in rules {
        let found = readings.iter().rev().flat_map(|it| &it.fields).find(|it| rule.matches(it));
        let Some(found) = found else { continue };
        let Some(value) = rule.clamp(&found.value, steps) else { continue };
        if slots.0.get(&rule.path).is_some_and(|last| *last >= slot) {
            taken = true;
            continue;
        }
        slots.0.insert(rule.path.clone(), slot);
        fields.push(ConsentedField { path: rule.path.clone(), unit: rule.unit.clone(), value });
    }
    match (fields.is_empty(), taken) {
        (false, _) => Ok(consented(grant, slot, fields, tightening)),
        (true, true) => Err(Nothing::SlotTaken),
        (true, false) => Err(Nothing::NotGranted),
    }
}

fn consented(
    grant: &Grant,
    slot: i64,
    fields: Vec<ConsentedField>,
    tightening: &Tightening,
) -> Consented {
    // A delay ends with a slot, so that a policy cannot speak through the moment of sending.
    let last = slot.max(grant.slot(tightening.not_before.plus(-1)));
    let slot_end = grant.slot_start(last.saturating_add(1));
    Consented {
        grant: grant.id.clone(),
        grant_digest: grant.digest,
        recipient: grant.recipient.clone(),
        device_alias: grant.device_alias.clone(),
        purpose: grant.purpose.clone(),
        slot_start: grant.slot_start(slot),
        slot_end,
        keep_ms: millis(grant.retention),
        expires: slot_end.plus(millis(grant.wait_max)).min(grant.valid_until),
        fields,
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Tightening {
    /// What may leave of `grant`, and of how many steps only one is left.
    fn rules<'a>(&self, grant: &'a Grant) -> Result<Vec<(&'a Rule, f64)>, Nothing> {
        let kept = grant.fields.iter().filter(|it| self.lets(&it.path));
        kept.map(|it| Ok((it, self.steps(it).ok_or(Nothing::Obligation)?))).collect()
    }

    fn steps(&self, rule: &Rule) -> Option<f64> {
        let asked = self.coarsen.iter().filter(|it| it.0 == rule.path);
        asked.map(|it| rule.steps_in(it.1)).try_fold(1.0, |most, it| Some(f64::max(most, it?)))
    }

    fn lets(&self, path: &str) -> bool {
        let kept = self.keep.as_ref().is_none_or(|keep| keep.iter().any(|it| it == path));
        kept && self.drop.iter().all(|it| it != path)
    }
}

impl Consented {
    /// The grant that allows it.
    pub fn grant(&self) -> &str {
        &self.grant
    }

    /// The grant's text, as [`Grant::digest`].
    pub fn grant_digest(&self) -> [u8; 8] {
        self.grant_digest
    }

    /// Who may receive it.
    pub fn recipient(&self) -> &str {
        &self.recipient
    }

    /// The name of the device that the recipient is told.
    pub fn device_alias(&self) -> &str {
        &self.device_alias
    }

    /// What for.
    pub fn purpose(&self) -> &str {
        &self.purpose
    }

    /// The time that leaves with it.
    pub fn at(&self) -> Millis {
        self.slot_start
    }

    /// Before this it is not sent.
    pub fn due(&self) -> Millis {
        self.slot_end
    }

    /// After this it is not sent.
    pub fn expires(&self) -> Millis {
        self.expires
    }

    /// How long the recipient may keep it, in milliseconds.
    pub fn keep_ms(&self) -> i64 {
        self.keep_ms
    }

    /// What leaves.
    pub fn fields(&self) -> &[ConsentedField] {
        &self.fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{consent::grant::Clock, source::Source};
    use hushgate_wasm::bindings::{Field, Scalar};
    use std::{collections::BTreeSet, path::Path};

    const GRANT: &str = r#"
subject = "ada"
device = "pacemaker"
recipient = "hospital"
purpose = "dpv:HealthMonitoring"
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
        Grant::from_source(&Source::from_text(Path::new("ada.toml"), GRANT)).unwrap()
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
        let grant = grant();
        let permit = grant.permit(Clock::Known(Millis(now))).unwrap();
        match clamp(permit, readings, slots, tight) {
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
    fn a_policy_takes_away_and_delays() {
        let dropped = Tightening { drop: vec!["heart-rate".into()], ..Tightening::default() };
        assert_eq!(leaves(0, &[bpm(70.0)], &mut Slots::default(), &dropped), "NotGranted");
        let kept = Tightening { keep: Some(vec!["contact".into()]), ..Tightening::default() };
        assert_eq!(leaves(0, &[bpm(70.0)], &mut Slots::default(), &kept), "NotGranted");
        let later = Tightening { not_before: Millis(99_000), ..Tightening::default() };
        assert_eq!(
            leaves(0, &[bpm(70.0)], &mut Slots::default(), &later),
            "0..100000 heart-rate=Number(70.0)"
        );
    }

    #[test]
    fn a_policy_chooses_among_the_slots_that_are_counted() {
        let later =
            |millis: i64| Tightening { not_before: Millis(millis), ..Tightening::default() };
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
        let mut all =
            Tightening { coarsen: vec![coarser("contact", 2.0)], ..Tightening::default() };
        let mut slots = Slots::default();
        assert_eq!(leaves(0, &mixed(), &mut slots, &all), "Obligation");
        all.drop.push("contact".into());
        all.coarsen.push(coarser("heart-rate", 20.0));
        all.coarsen.push(coarser("heart-rate", 1.0));
        assert_eq!(
            leaves(0, &mixed(), &mut slots.clone(), &all),
            "0..10000 heart-rate=Number(70.0)"
        );
        all.coarsen.push(coarser("heart-rate", f64::NAN));
        assert_eq!(leaves(0, &mixed(), &mut slots, &all), "Obligation");
        // Nor does it take the slot.
        all.coarsen.pop();
        assert_ne!(leaves(0, &mixed(), &mut slots, &all), "SlotTaken");
    }

    #[test]
    fn what_would_wait_longer_than_the_grant_says_does_not_leave() {
        let mut slots = Slots::default();
        let later =
            |millis: i64| Tightening { not_before: Millis(millis), ..Tightening::default() };
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
}
