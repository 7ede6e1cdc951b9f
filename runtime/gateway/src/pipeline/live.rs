//! What one device has alive: its own plugin instances, and what its grants remember.
//!
//! # Promises
//!
//! - No instance ever serves two devices: a [`LiveDevice`] belongs to one.
//! - An instance that failed is dropped and made anew for the next frame; after some failures in a row not for the
//!   next, but after a growing rest: what fails always must not take the time of others.
//! - How often something left under a text of a grant is counted for as long as that text stands, across restarts.
//! - What a minimizer remembers is forgotten when the plugin or its settings change; in which slots something
//!   left is not.

use crate::{
    consent::{
        ending::Ending,
        entropy::{Bits, Estimate, Flows},
        operator::Memory,
        release::Slots,
    },
    message::Millis,
    outcome::Reason,
    pipeline::{fresh::Highest, reason},
    plugins::{
        pace::Pace,
        plan::{DevicePlan, GrantPlan},
    },
};
use hushgate_wasm::{
    plugin::{AdapterInstance, MinimizerInstance, PolicyInstance},
    sandbox::CallError,
};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, sync::Arc};

/// One device's instances and states.
#[derive(Default)]
pub struct LiveDevice {
    /// Its adapter.
    pub adapter: Warm<AdapterInstance>,
    /// The highest counter that it sent, and the name of that state.
    pub highest: Highest,
    highest_owner: String,
    /// Its grants, in the plan's order.
    pub grants: Vec<LiveGrant>,
    /// What its last frame told of that ends grants.
    pub happened: Vec<Ending>,
}

/// One grant's instances and state.
pub struct LiveGrant {
    id: String,
    /// Its minimizers, in order.
    pub minimizers: Vec<Warm<MinimizerInstance>>,
    /// Its policies, in order.
    pub policies: Vec<Warm<PolicyInstance>>,
    /// How much its fields say.
    pub flows: Flows,
    state: GrantState,
    change: Change,
}

/// What of a state is not on disk yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// Nothing.
    None,
    /// Samples of a window: their frames are accounted for without it.
    Samples,
    /// That something left: must be kept with what left, or it could leave twice.
    Release,
}

/// What a grant remembers from frame to frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct GrantState {
    slots: Slots,
    /// By minimizer: its fingerprint and what it left.
    minimizers: Vec<([u8; 8], Option<Vec<u8>>)>,
    used: Used,
    /// Written after the rest, by itself: what earlier versions wrote ends before it.
    #[serde(skip)]
    operators: Memory,
}

/// How often something left under one text of a grant: a new text is a new consent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Used {
    text: [u8; 8],
    times: u32,
}

/// As it was kept before uses were counted.
#[derive(Deserialize)]
struct Uncounted {
    slots: Slots,
    minimizers: Vec<([u8; 8], Option<Vec<u8>>)>,
}

impl LiveDevice {
    /// For `plan`, with what each grant and counter remembered under the plan `before`, or on disk.
    pub fn new<E>(
        plan: &DevicePlan,
        before: Option<Self>,
        mut remembered: impl FnMut(&str) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Self, E> {
        let owner = plan.adapter.counter.as_ref().map(|it| it.1.clone()).unwrap_or_default();
        let highest = match &before {
            Some(before) if before.highest_owner == owner => before.highest,
            _ if owner.is_empty() => Highest::default(),
            _ => Highest::read(remembered(&owner)?.as_deref()),
        };
        let before = before.map(|it| it.grants).unwrap_or_default();
        let mut before: HashMap<_, _> =
            before.into_iter().map(|it| (it.id, (it.state, it.change, it.flows))).collect();
        let grants = plan.grants.iter().map(|it| {
            let kept = match before.remove(&it.grant.id) {
                Some(kept) => kept,
                None => {
                    let state = GrantState::read(remembered(&it.grant.id)?);
                    (state, Change::None, Flows::default())
                }
            };
            Ok(LiveGrant::new(it, kept))
        });
        let grants = grants.collect::<Result<_, _>>()?;
        let (adapter, happened) = (Warm::default(), Vec::new());
        Ok(Self { adapter, highest, highest_owner: owner, grants, happened })
    }

    /// What must go to disk now, by grant or counter: what left, at once; samples of a window only if `samples`
    /// says so.
    pub fn take_changes(&mut self, samples: bool) -> Vec<(String, Vec<u8>)> {
        let least = if samples { Change::Samples } else { Change::Release };
        let changed = self.grants.iter_mut().filter(|it| it.change >= least);
        let grants = changed.filter_map(|it| Some((it.id.clone(), it.take()?)));
        let highest = self.highest.take().map(|it| (self.highest_owner.clone(), it));
        grants.chain(highest).collect()
    }

    /// How much the fields of each grant of `plan`, for which it was made, say: what came in and what left.
    pub fn estimates(&self, plan: &DevicePlan) -> Vec<Estimate> {
        let grants = self.grants.iter().zip(&plan.grants);
        let of_grant = |(live, plan): (&LiveGrant, &Arc<GrantPlan>)| {
            let (grant, fields) = (&plan.grant, live.flows.estimates(&plan.grant.fields));
            let estimate = |(path, came, left): (&str, Bits, Bits)| Estimate {
                grant: grant.id.clone(),
                device: grant.device.clone(),
                recipient: grant.recipient.clone(),
                path: path.to_owned(),
                came,
                left,
            };
            fields.map(estimate).collect::<Vec<_>>()
        };
        grants.flat_map(of_grant).collect()
    }

    /// Drops the instances and estimates, and keeps the states: for a device that has fallen silent.
    pub fn cool(&mut self) {
        self.adapter = Warm::default();
        for grant in &mut self.grants {
            grant.minimizers.fill_with(Warm::default);
            grant.policies.fill_with(Warm::default);
            grant.flows = Flows::default();
        }
    }
}

/// What the host's operators remember in a grant's state, as it is on disk.
pub fn operators(state: Option<Vec<u8>>) -> Memory {
    GrantState::read(state).operators
}

/// A state in which `text` was given a pseudonym for `recipient`.
#[cfg(test)]
pub(crate) fn with_pseudonym(path: &str, text: &str, recipient: &str) -> Vec<u8> {
    use crate::consent::operator::pseudonym::{Pseudonyms, To};
    let mut state = GrantState::default();
    let to = To { secret: &[7; 32], recipient, at: Millis(1) };
    Pseudonyms::default().of(text, state.operators.known(path), to).unwrap();
    state.bytes().unwrap()
}

impl GrantState {
    /// What cannot be read was written by another version: begin anew.
    fn read(bytes: Option<Vec<u8>>) -> Self {
        let Some(bytes) = bytes else { return Self::default() };
        let uncounted = || {
            let Uncounted { slots, minimizers } = postcard::from_bytes(&bytes).ok()?;
            Some(Self { slots, minimizers, ..Self::default() })
        };
        Self::of_bytes(&bytes).ok().or_else(uncounted).unwrap_or_default()
    }

    fn of_bytes(bytes: &[u8]) -> Result<Self, postcard::Error> {
        let (mut state, rest) = postcard::take_from_bytes::<Self>(bytes)?;
        if !rest.is_empty() {
            state.operators = postcard::from_bytes(rest)?;
        }
        Ok(state)
    }

    fn bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        let state = postcard::to_allocvec(self)?;
        postcard::to_extend(&self.operators, state)
    }
}

impl LiveGrant {
    fn new(plan: &GrantPlan, (mut state, change, mut flows): (GrantState, Change, Flows)) -> Self {
        let mut found = std::mem::take(&mut state.minimizers).into_iter();
        state.minimizers = plan
            .minimizers
            .iter()
            .map(|it| match found.next() {
                Some((fingerprint, left)) if fingerprint == it.fingerprint => (fingerprint, left),
                _ => (it.fingerprint, None),
            })
            .collect();
        if state.used.text != plan.grant.digest {
            state.used = Used { text: plan.grant.digest, times: 0 };
            flows = Flows::default();
        }
        let minimizers = plan.minimizers.iter().map(|_| Warm::default()).collect();
        let policies = plan.policies.iter().map(|_| Warm::default()).collect();
        Self { id: plan.grant.id.clone(), minimizers, policies, flows, state, change }
    }

    /// One that remembers nothing.
    #[cfg(test)]
    pub(super) fn unused(plan: &GrantPlan) -> Self {
        Self::new(plan, (GrantState::default(), Change::None, Flows::default()))
    }

    /// As it is after a restart: with what was kept of it alone.
    #[cfg(test)]
    pub(super) fn restarted(mut self, plan: &GrantPlan) -> Self {
        Self::new(plan, (GrantState::read(self.take()), Change::None, Flows::default()))
    }

    /// Whether it was made for this grant, with an instance and a state for each of its plugins. Without one, its
    /// stage would be skipped.
    pub(super) fn fits(&self, plan: &GrantPlan) -> bool {
        let minimizers = plan.minimizers.len();
        self.id == plan.grant.id
            && self.policies.len() == plan.policies.len()
            && [self.minimizers.len(), self.state.minimizers.len()] == [minimizers; 2]
    }

    /// In which slots its fields have left, and what the host's operators remember.
    pub fn kept_by_the_host(&mut self) -> (&mut Slots, &mut Memory) {
        self.change = Change::Release;
        (&mut self.state.slots, &mut self.state.operators)
    }

    /// Whether something left as often as `uses` says.
    pub fn is_used_up(&self, uses: Option<u32>) -> bool {
        uses.is_some_and(|it| self.state.used.times >= it)
    }

    /// Counts that something leaves: kept with it, in one transaction.
    pub fn use_once(&mut self) {
        self.change = Change::Release;
        self.state.used.times = self.state.used.times.saturating_add(1);
    }

    /// What the minimizer at `place` left.
    pub fn left(&self, place: usize) -> Option<&[u8]> {
        self.state.minimizers.get(place)?.1.as_deref()
    }

    /// What the minimizer at `place` leaves now.
    pub fn leave(&mut self, place: usize, left: Option<Vec<u8>>) {
        if let Some(slot) = self.state.minimizers.get_mut(place) {
            slot.1 = left;
            self.change = self.change.max(Change::Samples);
        }
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        self.change = Change::None;
        self.state.bytes().ok()
    }
}

/// Failures in a row that cost no rest.
const FAILURES_MAX: u32 = 3;
/// The first rest, and the longest.
const REST_MS_MIN: i64 = 1_000;
const REST_MS_MAX: i64 = 60_000;

/// An instance that is kept from call to call, while it is well.
pub struct Warm<I> {
    instance: Option<I>,
    /// In a row.
    failures: u32,
    rest_until: Millis,
}

impl<I> Default for Warm<I> {
    fn default() -> Self {
        Self { instance: None, failures: 0, rest_until: Millis::default() }
    }
}

impl<I> Warm<I> {
    /// Calls the instance at `now`, made by `make` if there is none, and puts it on the plugin's account. After
    /// any error it is gone.
    pub fn call<T>(
        &mut self,
        (now, pace): (Millis, &Pace),
        make: impl FnOnce() -> Result<I, CallError>,
        call: impl FnOnce(&mut I) -> Result<T, CallError>,
    ) -> Result<T, Reason> {
        // Further away than any rest: the clock went back.
        if now < self.rest_until && self.rest_until <= now.plus(REST_MS_MAX) {
            return Err(Reason::PluginResting);
        }
        let started = pace.start();
        let made = self.instance.take().map_or_else(make, Ok);
        let called = made.and_then(|mut it| call(&mut it).map(|answer| (it, answer)));
        pace.end(&started, called.as_ref().err().copied());
        match called {
            Ok((instance, answer)) => {
                *self = Self { instance: Some(instance), ..Self::default() };
                Ok(answer)
            }
            Err(error) => {
                self.failed(now, pace);
                Err(reason(error))
            }
        }
    }

    fn failed(&mut self, now: Millis, pace: &Pace) {
        self.failures = self.failures.saturating_add(1);
        if let Some(rests) = self.failures.checked_sub(FAILURES_MAX) {
            let rest = REST_MS_MIN.checked_shl(rests.min(16)).unwrap_or(REST_MS_MAX);
            self.rest_until = now.plus(rest.min(REST_MS_MAX));
            pace.rested();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::operator::pseudonym::{Pseudonyms, To};

    #[test]
    fn slots_that_were_kept_before_uses_were_counted_still_count() {
        let slots: Slots = postcard::from_bytes(&[1, 1, b'a', 20]).unwrap();
        let before = postcard::to_allocvec(&(&slots, vec![([7_u8; 8], Some(vec![1_u8]))])).unwrap();
        let state = GrantState::read(Some(before));
        assert_eq!((state.slots, state.used), (slots, Used::default()));
        assert_eq!(state.minimizers, [([7; 8], Some(vec![1]))]);
    }

    #[test]
    fn what_the_host_remembers_is_the_same_after_a_restart() {
        let mut state = GrantState::default();
        let to = To { secret: &[7; 32], recipient: "hospital", at: Millis(1) };
        let given = Pseudonyms::default().of("ada", state.operators.known("badge"), to);
        assert!(given.is_some());
        assert_eq!(GrantState::read(Some(state.bytes().unwrap())), state);
    }

    #[test]
    fn what_an_earlier_version_wrote_is_not_forgotten() {
        let state = GrantState { minimizers: vec![([7; 8], None)], ..GrantState::default() };
        let earlier = postcard::to_allocvec(&state).unwrap();
        assert_eq!(GrantState::read(Some(earlier)), state);
    }
}
