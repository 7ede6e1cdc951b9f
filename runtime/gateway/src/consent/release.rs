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
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

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

/// When the slot began in which each field of a grant left last. Kept with the release, in one transaction; a time and
/// not a number, so that it still means the same when the grant's slots become longer or shorter.
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
    pub keep: Option<BTreeSet<String>>,
    /// Not these paths.
    pub drop: BTreeSet<String>,
    /// These paths no finer than this.
    pub coarsen: Vec<(String, f64)>,
    /// Not before this.
    pub not_before: Millis,
    /// At least so many KiB: in whole ones, since the capacity counts them.
    pub pad_kib: u32,
    /// The release is out of the ordinary: whoever reads the ledger or the room must see it.
    pub noted: bool,
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
    let start = grant.slot_start(slot);
    let rules = tightening.rules(grant)?;
    let mut fields = Vec::new();
    let mut taken = false;
    for (rule, steps) in rules {
        let found = readings.iter().rev().flat_map(|it| &it.fields).find(|it| rule.matches(it));
        let Some(found) = found else { continue };
        let Some(value) = rule.clamp(&found.value, steps) else { continue };
        if slots.0.get(&rule.path).is_some_and(|last| *last >= start.0) {
            taken = true;
            continue;
        }
        slots.0.insert(rule.path.clone(), start.0);
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
        self.keep.as_ref().is_none_or(|it| it.contains(path)) && !self.drop.contains(path)
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
mod tests;
