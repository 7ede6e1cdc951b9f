//! Whether the entries make sense together: a frame is decided once, a release settled once, with its recipient's signature.

use super::{Fault, Summary};
use crate::{
    ledger::{Entry, Kind},
    wire::{
        envelope::ReleaseId,
        receipt,
        withdrawal::{self, GrantTag},
    },
};
use std::collections::{HashMap, HashSet};

/// What was decided and waits, so far.
#[derive(Default)]
pub(super) struct Books {
    /// The frame that the last decision was about. Decisions of one frame stand together.
    frame: i64,
    decided: HashSet<String>,
    /// Queued and not settled: the envelope's digest by release.
    pub(super) waiting: HashMap<[u8; 16], [u8; 32]>,
    /// Withdrawn and not confirmed: what the recipient knows the consent by.
    withdrawn: HashMap<[u8; 16], GrantTag>,
}

type Keys = HashMap<String, [u8; 32]>;

impl Books {
    pub(super) fn step(
        &mut self,
        entry: &Entry,
        keys: &Keys,
        summary: &mut Summary,
    ) -> Result<(), Fault> {
        match entry.kind {
            Kind::Withheld | Kind::Quarantined => self.decide(entry, summary),
            Kind::Queued => {
                // Both, so that its end is not taken for one without a beginning.
                let queued = self.queue(entry);
                self.decide(entry, summary).and(queued)
            }
            Kind::Delivered | Kind::Expired | Kind::Purged => self.settle(entry, keys, summary),
            Kind::Withdrawn => {
                let tag = entry.proof.as_slice().try_into().map(GrantTag);
                self.withdrawn.extend(entry.release.zip(tag.ok()));
                Ok(())
            }
            Kind::Deleted => self.delete(entry, keys),
            Kind::Ended => Ok(()),
        }
    }

    fn decide(&mut self, entry: &Entry, summary: &mut Summary) -> Result<(), Fault> {
        if entry.frame != self.frame {
            if entry.frame < self.frame {
                return Err(Fault::Decided(entry.seq, entry.frame));
            }
            self.frame = entry.frame;
            self.decided.clear();
            summary.frames += 1;
        }
        if self.decided.insert(entry.grant.clone()) {
            return Ok(());
        }
        Err(Fault::Decided(entry.seq, entry.frame))
    }

    fn queue(&mut self, entry: &Entry) -> Result<(), Fault> {
        let digest = entry.proof.as_slice().try_into();
        let (Some(release), Ok(digest)) = (entry.release, digest) else {
            return Err(Fault::Queued(entry.seq));
        };
        match self.waiting.insert(release, digest) {
            None => Ok(()),
            Some(_) => Err(Fault::Queued(entry.seq)),
        }
    }

    fn settle(&mut self, entry: &Entry, keys: &Keys, summary: &mut Summary) -> Result<(), Fault> {
        let settled = entry.release.and_then(|it| Some((it, self.waiting.remove(&it)?)));
        let (release, digest) = settled.ok_or(Fault::Settled(entry.seq))?;
        if entry.kind != Kind::Delivered {
            return Ok(());
        }
        let (Some(key), false) = (keys.get(&entry.recipient), entry.proof.is_empty()) else {
            summary.unsigned += 1;
            return Ok(());
        };
        let signature = entry.proof.as_slice().try_into();
        let signature = signature.map_err(|_| Fault::Signature(entry.seq))?;
        if !receipt::verify(key, ReleaseId(release), &digest, &signature) {
            return Err(Fault::Signature(entry.seq));
        }
        summary.signed += 1;
        Ok(())
    }

    fn delete(&mut self, entry: &Entry, keys: &Keys) -> Result<(), Fault> {
        let asked = entry.release.and_then(|it| Some((it, self.withdrawn.remove(&it)?)));
        let (id, tag) = asked.ok_or(Fault::Deleted(entry.seq))?;
        let Some(key) = keys.get(&entry.recipient) else { return Ok(()) };
        let good = withdrawal::verify(key, (ReleaseId(id), tag), &entry.proof);
        good.map(drop).ok_or(Fault::Signature(entry.seq))
    }
}
