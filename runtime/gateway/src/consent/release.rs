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
    operator::{
        Coins, Memory,
        noise::{Epsilon, Noise},
        pseudonym::To,
    },
    schema::{Allowed, Domain, Rule},
};
use crate::message::{Millis, Sensitive};
use hushgate_wasm::bindings::{Reading, Scalar};
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
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
    /// These paths with noise that tells no more than this of them.
    pub noise: Vec<(String, f64)>,
    /// These paths only as pseudonyms.
    pub pseudonymise: BTreeSet<String>,
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
    /// It went into this slot's summary, which leaves in the next.
    Summarized,
    /// What the grant allows in a period was spent: noise, or different pseudonyms.
    Spent,
}

/// What only the host has: what it remembers for the grant, its key for pseudonyms, and chance.
pub struct Host<'a> {
    /// When each field left last.
    pub slots: &'a mut Slots,
    /// What operators remember.
    pub memory: &'a mut Memory,
    /// What pseudonyms are made with.
    pub secret: &'a [u8; 32],
    /// What noise is made with.
    pub coins: Coins<'a>,
}

/// Clamps `readings` to the permit's grant. Of each field the last reading counts.
pub fn clamp(
    permit: Permit<'_>,
    readings: &[Reading],
    host: Host<'_>,
    tightening: &Tightening,
) -> Result<Consented, Nothing> {
    let grant = permit.grant();
    // The capacity counts the slots that a release can be put off by.
    if tightening.not_before > permit.now().plus(millis(grant.wait_max)) {
        return Err(Nothing::Obligation);
    }
    let slot = grant.slot(permit.now().plus(CLOSED_MS));
    let start = grant.slot_start(slot);
    let mut desk = Desk { grant, slot, start, host, tightening };
    let mut fields = Vec::new();
    let mut nothing = Nothing::NotGranted;
    for (rule, steps) in tightening.rules(grant)? {
        match desk.leaves(rule, steps, readings)? {
            Ok(value) => fields.push(ConsentedField {
                path: rule.path.clone(),
                unit: rule.unit_that_leaves(),
                value,
            }),
            Err(why) => nothing = nothing.or(why),
        }
    }
    if fields.is_empty() { Err(nothing) } else { Ok(consented(grant, slot, fields, tightening)) }
}

/// One release in the making.
struct Desk<'a, 'h> {
    grant: &'a Grant,
    slot: i64,
    start: Millis,
    host: Host<'h>,
    tightening: &'a Tightening,
}

impl Desk<'_, '_> {
    /// What leaves of one field, or why it does not; an outer error is for all fields.
    fn leaves(
        &mut self,
        rule: &Rule,
        steps: f64,
        readings: &[Reading],
    ) -> Result<Result<Sensitive<Allowed>, Nothing>, Nothing> {
        let found =
            || readings.iter().rev().flat_map(|it| &it.fields).filter(|it| rule.matches(it));
        let value = match rule.operators.summary {
            None => match found().next() {
                Some(field) => Cow::Borrowed(&field.value),
                None => return Ok(Err(Nothing::NotGranted)),
            },
            Some(summary) => {
                let window = self.host.memory.window(&rule.path);
                let closed = window.close(self.grant, self.slot, summary);
                let mut samples = found().filter_map(|it| rule.sample(&it.value)).peekable();
                let nothing = match samples.peek() {
                    Some(_) => Nothing::Summarized,
                    None => Nothing::NotGranted,
                };
                samples.for_each(|it| window.add(self.start, it, summary));
                match closed {
                    Some(value) => Cow::Owned(Scalar::Real(value)),
                    None => return Ok(Err(nothing)),
                }
            }
        };
        if !rule.takes(&value) {
            return Ok(Err(Nothing::NotGranted));
        }
        if self.host.slots.0.get(&rule.path).is_some_and(|last| *last >= self.start.0) {
            return Ok(Err(Nothing::SlotTaken));
        }
        let value = self.operated(rule, steps, &value)?;
        if value.is_ok() {
            self.host.slots.0.insert(rule.path.clone(), self.start.0);
        }
        Ok(value)
    }

    /// Where the rule asks for a key or for chance, with that; clamped in any case.
    fn operated(
        &mut self,
        rule: &Rule,
        steps: f64,
        value: &Scalar,
    ) -> Result<Result<Sensitive<Allowed>, Nothing>, Nothing> {
        if let (Domain::Pseudonym(pseudonyms), Scalar::Text(text)) = (&rule.domain, value) {
            let known = self.host.memory.known(&rule.path);
            let recipient = &self.grant.recipient;
            let to = To { secret: self.host.secret, recipient, at: self.start };
            let given = pseudonyms.of(text, known, to);
            let given = given.map(|it| Sensitive::new(Allowed::Choice(it)));
            return Ok(given.ok_or(Nothing::Spent));
        }
        let Some((noise, epsilon)) = self.tightening.epsilon(rule)? else {
            return Ok(rule.clamp(value, steps).ok_or(Nothing::NotGranted));
        };
        if !noise.spend(epsilon, self.host.memory.spent(&rule.path), self.start) {
            return Ok(Err(Nothing::Spent));
        }
        // Without chance nothing leaves: never the value as it is.
        let drawn = noise.scale(epsilon).draw(&mut *self.host.coins).ok_or(Nothing::Obligation)?;
        Ok(rule.clamp_noisy(value, steps, drawn).ok_or(Nothing::NotGranted))
    }
}

impl Nothing {
    /// Of two reasons for two fields, the one that says more.
    fn or(self, other: Self) -> Self {
        let weight = |it| match it {
            Self::NotGranted => 0,
            Self::Summarized => 1,
            Self::Spent => 2,
            Self::SlotTaken => 3,
            Self::Obligation => 4,
        };
        if weight(other) > weight(self) { other } else { self }
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
        kept.map(|it| {
            let is_done =
                !self.pseudonymise.contains(&it.path) || matches!(it.domain, Domain::Pseudonym(_));
            self.epsilon(it)?;
            let steps = self.steps(it).filter(|_| is_done).ok_or(Nothing::Obligation)?;
            Ok((it, steps))
        })
        .collect()
    }

    fn steps(&self, rule: &Rule) -> Option<f64> {
        let asked = self.coarsen.iter().filter(|it| it.0 == rule.path);
        asked.map(|it| rule.steps_in(it.1)).try_fold(1.0, |most, it| Some(f64::max(most, it?)))
    }

    /// How much a value of `rule` may tell: what the grant or a policy says, the stricter. Nothing without noise.
    fn epsilon(&self, rule: &Rule) -> Result<Option<(Noise, Epsilon)>, Nothing> {
        let mut least = rule.operators.noise.and_then(|it| it.epsilon);
        for (_, asked) in self.noise.iter().filter(|it| it.0 == rule.path) {
            let asked = Epsilon::of_asked(*asked).ok_or(Nothing::Obligation)?;
            least = Some(least.map_or(asked, |it| it.min(asked)));
        }
        match (rule.operators.noise, least) {
            (Some(noise), Some(epsilon)) => Ok(Some((noise, epsilon))),
            (_, None) => Ok(None),
            // Nobody consented to a budget.
            (None, Some(_)) => Err(Nothing::Obligation),
        }
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
mod operated;
#[cfg(test)]
mod tests;
