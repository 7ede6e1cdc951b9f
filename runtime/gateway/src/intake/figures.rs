//! Privacy in figures, by recipient: of what counts now.

use super::Intake;
use crate::{consent::linkage::Shared, message::Millis, store::StoreError};
use std::collections::BTreeMap;

/// What noise has cost and may cost yet, in micro-epsilon: all fields of all grants together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epsilon {
    /// In the periods that run now.
    pub spent: u64,
    /// Until these periods end.
    pub left: u64,
}

impl Intake {
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
