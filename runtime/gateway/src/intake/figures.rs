//! Privacy in figures, by recipient: of what counts now.

use super::{Intake, Live};
use crate::{
    consent::{entropy::Estimate, linkage::Shared},
    message::Millis,
    plugins::plan::DevicePlan,
    store::{Lineage, StoreError},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// What noise has cost and may cost yet, in micro-epsilon: all fields of all grants together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epsilon {
    /// In the periods that run now.
    pub spent: u64,
    /// Until these periods end.
    pub left: u64,
}

/// How often estimates of a device go to disk.
const ESTIMATED_EVERY: Duration = Duration::from_secs(10);

/// How much a recipient's fields say: bits a value, the mean over all values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Entropy {
    /// As adapters understood them.
    pub came: f64,
    /// As they left.
    pub left: f64,
}

/// By grant or counter.
type States = Vec<(String, Vec<u8>)>;

impl Live {
    /// How much fields say, if it is time.
    pub(super) fn take_estimates(&mut self, plan: &DevicePlan) -> Vec<Estimate> {
        if self.estimated.elapsed() < ESTIMATED_EVERY {
            return Vec::new();
        }
        self.estimated = Instant::now();
        self.device.estimates(plan)
    }

    /// All that is not on disk: states and estimates. The latter only if this was made for `plan`, if there is one still.
    pub(super) fn take_all(
        &mut self,
        plan: Option<&DevicePlan>,
    ) -> (States, Vec<Estimate>, Lineage) {
        let its = plan.filter(|it| it.generation == self.generation);
        let estimates = its.map(|it| self.device.estimates(it)).unwrap_or_default();
        (self.device.take_changes(true), estimates, self.lineage)
    }
}

impl Intake {
    /// How much the fields of each recipient say under the grants that count now, as estimated last.
    pub fn entropy(&self) -> Result<BTreeMap<String, Entropy>, StoreError> {
        let generation = self.generation();
        let ids: BTreeSet<_> = generation.grants().map(|it| &*it.grant.id).collect();
        let mut all: BTreeMap<String, [(f64, f64); 2]> = BTreeMap::new();
        for it in self.store.estimates()?.into_iter().filter(|it| ids.contains(&*it.grant)) {
            let sums = all.entry(it.recipient).or_default();
            for (sum, bits) in sums.iter_mut().zip([it.came, it.left]) {
                let values = f64::from(bits.values);
                *sum = (sum.0 + bits.bits * values, sum.1 + values);
            }
        }
        let mean = |(bits, values): (f64, f64)| bits / values.max(1.0);
        let entropy = |[came, left]: [_; 2]| Entropy { came: mean(came), left: mean(left) };
        Ok(all.into_iter().map(|(recipient, sums)| (recipient, entropy(sums))).collect())
    }

    /// Identifiers that several recipients know, by the settings that count now and of what was given out.
    pub fn shared(&self) -> Result<Vec<Shared>, StoreError> {
        let generation = self.generation();
        let agreed: Vec<_> = generation.grants().map(|it| (&it.grant, &*it.contract)).collect();
        self.store.shared(|it| self.sealing.public_to(it), &agreed)
    }

    /// For each recipient that has a budget. Read from the disk, a row for each grant with noise.
    pub fn epsilon(&self, now: Millis) -> Result<BTreeMap<String, Epsilon>, StoreError> {
        let mut all: BTreeMap<String, Epsilon> = BTreeMap::new();
        for grant in self.generation().grants().map(|it| &it.grant) {
            if grant.fields.iter().all(|it| it.operators.noise.is_none()) {
                continue;
            }
            let memory = self.store.operators(&grant.id)?;
            let sum = all.entry(grant.recipient.clone()).or_default();
            for account in grant.fields.iter().filter_map(|it| memory.account(it, now)) {
                sum.spent = sum.spent.saturating_add(account.spent);
                sum.left = sum.left.saturating_add(account.left());
            }
        }
        Ok(all)
    }
}
