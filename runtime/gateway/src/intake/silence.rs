//! Consents that ended and whose releases may still wait.

use super::{Intake, lock};
use crate::{
    consent::ending::Ending, message::Millis, plugins::plan::Generation, store::silence::Silence,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How many may be unfinished at once; of further ones it is not told how long they took.
const UNFINISHED_MAX: usize = 1_024;

/// One of which is known when it was heard of, and how long it took until frames were denied.
#[derive(Clone, Copy, Debug)]
pub struct Unfinished {
    at: Millis,
    heard: Instant,
    denied: Duration,
}

impl Unfinished {
    /// Nothing of it waits any more.
    pub fn ends(self) -> Silence {
        Silence { at: self.at, denied: self.denied, purged: self.heard.elapsed() }
    }
}

impl Intake {
    /// From now on frames see `generation`, which lacks grants whose withdrawal was `heard` of.
    pub fn withdraw(&self, generation: Generation, heard: Instant) {
        self.generation.store(Arc::new(generation));
        let denied = heard.elapsed();
        // Before anybody begins to purge.
        self.unfinished([Unfinished { at: Millis::now(), heard, denied }]);
        self.changes.send_replace(());
    }

    /// Grants that end with what `happened` count no more from now on, and what waits under them is purged.
    pub(super) fn end(&self, happened: &mut Vec<Ending>, at: Millis) -> Vec<Ending> {
        let happened = std::mem::take(happened);
        if !happened.is_empty() {
            happened.iter().for_each(|it| it.happen(at));
            self.changes.send_replace(());
        }
        happened
    }

    /// What must be purged. To be asked before the generation.
    pub fn to_purge(&self) -> Vec<Unfinished> {
        std::mem::take(&mut *lock(&self.withdrawals))
    }

    /// It could not be purged yet.
    pub fn unfinished(&self, more: impl IntoIterator<Item = Unfinished>) {
        let mut all = lock(&self.withdrawals);
        all.extend(more);
        all.truncate(UNFINISHED_MAX);
    }
}
