//! Checks a whole ledger against itself, the outbox and the recipients' keys.

use super::{Entry, Kind, after, chain};
use crate::wire::{
    envelope::ReleaseId,
    receipt,
    withdrawal::{self, GrantTag},
};
use rusqlite::Connection;
use std::collections::{BTreeMap, HashMap, HashSet};

const PAGE: usize = 4096;

/// What a good ledger holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Entries by kind.
    pub counts: BTreeMap<Kind, u64>,
    /// Frames that were decided.
    pub frames: u64,
    /// Deliveries whose signature was checked.
    pub signed: u64,
    /// Deliveries to recipients that sign nothing, or whose key is no longer known.
    pub unsigned: u64,
    /// Releases that wait.
    pub waiting: u64,
    /// The last entry's hash.
    pub head: [u8; 32],
}

/// The first thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The file cannot be read.
    #[error("the ledger cannot be read: {0}")]
    Unreadable(#[from] rusqlite::Error),
    /// An entry is missing.
    #[error("entry {0} is missing")]
    Gap(i64),
    /// An entry was changed after it was written.
    #[error("entry {0} was changed, or one before it was")]
    Changed(i64),
    /// A release was settled that was never queued, or settled twice.
    #[error("entry {0} settles a release that does not wait")]
    Settled(i64),
    /// A release was queued twice.
    #[error("entry {0} queues a release a second time")]
    Queued(i64),
    /// A frame was decided more than once for one grant.
    #[error("entry {0} decides frame {1} a second time")]
    Decided(i64, i64),
    /// A delivery carries a signature that is not the recipient's.
    #[error("entry {0} carries a signature that is not the recipient's")]
    Signature(i64),
    /// A deletion was confirmed that nobody asked for, or twice.
    #[error("entry {0} confirms a deletion that nobody waits for")]
    Deleted(i64),
    /// The outbox and the ledger disagree on what waits.
    #[error("the outbox holds {outbox} releases, the ledger says {ledger}")]
    Outbox {
        /// What the outbox holds.
        outbox: u64,
        /// What the ledger says.
        ledger: u64,
    },
}

/// Walks the ledger. `keys` gives a recipient's receipt key, where it has one.
pub fn run(
    connection: &Connection,
    keys: &HashMap<String, [u8; 32]>,
) -> Result<Summary, VerifyError> {
    // One snapshot, so that a running gateway does not look like a fault.
    let snapshot = connection.unchecked_transaction()?;
    let mut walk = Walk {
        keys,
        seq: 0,
        frame: 0,
        decided: HashSet::new(),
        waiting: HashMap::new(),
        withdrawn: HashMap::new(),
        summary: Summary::default(),
    };
    loop {
        let page = after(&snapshot, walk.seq, PAGE)?;
        if page.is_empty() {
            break;
        }
        for entry in page {
            walk.step(&entry)?;
        }
    }
    let ledger = walk.waiting.len() as u64;
    let outbox: i64 = snapshot.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0))?;
    let outbox = outbox.unsigned_abs();
    if outbox != ledger {
        return Err(VerifyError::Outbox { outbox, ledger });
    }
    Ok(Summary { waiting: ledger, ..walk.summary })
}

struct Walk<'a> {
    keys: &'a HashMap<String, [u8; 32]>,
    seq: i64,
    /// The frame that the last decision was about. Decisions of one frame stand together.
    frame: i64,
    decided: HashSet<String>,
    /// Queued and not settled: the envelope's digest by release.
    waiting: HashMap<[u8; 16], [u8; 32]>,
    /// Withdrawn and not confirmed: what the recipient knows the consent by.
    withdrawn: HashMap<[u8; 16], GrantTag>,
    summary: Summary,
}

impl Walk<'_> {
    fn step(&mut self, entry: &Entry) -> Result<(), VerifyError> {
        if entry.seq != self.seq + 1 {
            return Err(VerifyError::Gap(self.seq + 1));
        }
        if entry.hash != chain(&self.summary.head, entry.seq, &entry.fact()) {
            return Err(VerifyError::Changed(entry.seq));
        }
        self.seq = entry.seq;
        self.summary.head = entry.hash;
        *self.summary.counts.entry(entry.kind).or_default() += 1;
        match entry.kind {
            Kind::Withheld | Kind::Quarantined => self.decide(entry),
            Kind::Queued => {
                self.decide(entry)?;
                self.queue(entry)
            }
            Kind::Delivered | Kind::Expired | Kind::Purged => self.settle(entry),
            Kind::Withdrawn => {
                let tag = entry.proof.as_slice().try_into().map(GrantTag);
                self.withdrawn.extend(entry.release.zip(tag.ok()));
                Ok(())
            }
            Kind::Deleted => self.delete(entry),
        }
    }

    fn decide(&mut self, entry: &Entry) -> Result<(), VerifyError> {
        if entry.frame != self.frame {
            if entry.frame < self.frame {
                return Err(VerifyError::Decided(entry.seq, entry.frame));
            }
            self.frame = entry.frame;
            self.decided.clear();
            self.summary.frames += 1;
        }
        if self.decided.insert(entry.grant.clone()) {
            return Ok(());
        }
        Err(VerifyError::Decided(entry.seq, entry.frame))
    }

    fn queue(&mut self, entry: &Entry) -> Result<(), VerifyError> {
        let digest = entry.proof.as_slice().try_into();
        let (Some(release), Ok(digest)) = (entry.release, digest) else {
            return Err(VerifyError::Queued(entry.seq));
        };
        match self.waiting.insert(release, digest) {
            None => Ok(()),
            Some(_) => Err(VerifyError::Queued(entry.seq)),
        }
    }

    fn settle(&mut self, entry: &Entry) -> Result<(), VerifyError> {
        let settled = entry.release.and_then(|it| Some((it, self.waiting.remove(&it)?)));
        let (release, digest) = settled.ok_or(VerifyError::Settled(entry.seq))?;
        if entry.kind != Kind::Delivered {
            return Ok(());
        }
        let (Some(key), false) = (self.keys.get(&entry.recipient), entry.proof.is_empty()) else {
            self.summary.unsigned += 1;
            return Ok(());
        };
        let signature = entry.proof.as_slice().try_into();
        let signature = signature.map_err(|_| VerifyError::Signature(entry.seq))?;
        if !receipt::verify(key, ReleaseId(release), &digest, &signature) {
            return Err(VerifyError::Signature(entry.seq));
        }
        self.summary.signed += 1;
        Ok(())
    }

    fn delete(&mut self, entry: &Entry) -> Result<(), VerifyError> {
        let asked = entry.release.and_then(|it| Some((it, self.withdrawn.remove(&it)?)));
        let (id, tag) = asked.ok_or(VerifyError::Deleted(entry.seq))?;
        let Some(key) = self.keys.get(&entry.recipient) else { return Ok(()) };
        let good = withdrawal::verify(key, (ReleaseId(id), tag), &entry.proof);
        good.map(drop).ok_or(VerifyError::Signature(entry.seq))
    }
}
