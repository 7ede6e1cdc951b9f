//! The thread that writes: gathers what waits, commits it once, then answers.

use super::{
    Decided, Job, Reply, Shared, StoreError, consents,
    daily::{self, Counts, Daily, MoreDaily},
    ended, estimates, note, oldest, silence, state,
    tally::{More, Tally},
};
use crate::{
    consent::ending::Ending,
    keys::Vault,
    ledger::{self, Fact, Kind, Salts, nodes, tree::Edge},
    message::Millis,
    outbox::{self, Settlement},
    pipeline::Outcome,
};
use rusqlite::{Connection, Transaction, params};
use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};
use tokio::sync::mpsc;

/// The most jobs in one commit.
const BATCH_MAX: usize = 512;

/// Decisions stand in the order of frames; settlements between them speak of older ones. Erased ones are remembered.
pub(super) const LAST_FRAME: &str = "SELECT max(
    ifnull((SELECT frame FROM ledger
        WHERE kind IN ('withheld', 'quarantined', 'queued') ORDER BY seq DESC LIMIT 1), 0),
    ifnull((SELECT value FROM cursor WHERE name = 'ledger/erased-frame'), 0))";
/// Not read from the ledger: entries of a clock that went back would hide it.
const HIGH_WATER: &str = "SELECT ifnull((SELECT value FROM cursor WHERE name = 'high-water'), 0)";

/// Owns the connection that writes.
pub(crate) struct Writer {
    connection: Connection,
    vault: Vault,
    outbox_entries_max: u64,
    shared: Arc<Shared>,
    kept: Kept,
    daily: Daily,
    salts: Salts,
}

/// What is on disk, as numbers: moves only when a commit succeeded.
#[derive(Clone, Default)]
struct Kept {
    ledger: Edge,
    frame: i64,
    waiting: u64,
    at: Millis,
}

/// What one commit will add.
struct Batch<'a> {
    transaction: Transaction<'a>,
    salts: &'a mut Salts,
    now: Kept,
    states: HashMap<String, (Millis, Vec<u8>)>,
    queued: bool,
    more: More,
    daily: MoreDaily,
    ended: Vec<Ending>,
}

impl Writer {
    pub(crate) fn new(
        connection: Connection,
        vault: Vault,
        outbox_entries_max: u64,
        shared: Arc<Shared>,
    ) -> rusqlite::Result<Self> {
        connection.execute_batch(daily::SCHEMA)?;
        connection.execute_batch(consents::SCHEMA)?;
        outbox::prepare(&connection)?;
        connection.execute_batch(silence::SCHEMA)?;
        connection.execute_batch(estimates::SCHEMA)?;
        connection.execute_batch(ended::SCHEMA)?;
        oldest::prepare(&connection)?;
        let number = |query| connection.query_row(query, [], |row| row.get::<_, i64>(0));
        let kept = Kept {
            ledger: nodes::edge(&connection)?,
            frame: number(LAST_FRAME)?,
            waiting: number("SELECT count(*) FROM outbox")?.unsigned_abs(),
            at: Millis(number(HIGH_WATER)?),
        };
        shared.high_water_ms.store(kept.at.0, Ordering::Release);
        let waiting = outbox::counts(&connection)?.into_iter();
        *shared.tally() = Tally {
            waiting: waiting.map(|(recipient, count)| (recipient, count.unsigned_abs())).collect(),
            ledger: kept.ledger.size().cast_signed(),
            ..Tally::default()
        };
        let daily = Daily::default();
        let salts = Salts::default();
        Ok(Self { connection, vault, outbox_entries_max, shared, kept, daily, salts })
    }

    /// Writes until the last sender is gone.
    pub(crate) fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut waiting = Vec::with_capacity(BATCH_MAX);
        while jobs.blocking_recv_many(&mut waiting, BATCH_MAX) > 0 {
            self.commit(waiting.drain(..));
        }
    }

    fn commit(&mut self, jobs: impl Iterator<Item = Job>) {
        let mut replies = Vec::new();
        let lineage = super::Lineage(self.shared.failures.load(Ordering::Acquire));
        let started = Instant::now();
        let done = self.write(jobs, lineage, &mut replies);
        let failed = match done {
            Ok((queued, frames, more)) => {
                self.tell(frames, more, started);
                self.shared.high_water_ms.fetch_max(self.kept.at.0, Ordering::AcqRel);
                if queued {
                    self.shared.outbox.send_replace(());
                }
                None
            }
            Err(error) => {
                self.shared.tally().failures += 1;
                tracing::error!(%error, "nothing could be kept; devices will send again");
                Some(StoreError::Disk)
            }
        };
        // Whoever computed from what was not kept must compute again.
        if failed.is_some()
            || replies.iter().any(|it: &(Reply, _)| it.1 == Err(StoreError::OutboxFull))
        {
            self.shared.failures.fetch_add(1, Ordering::AcqRel);
        }
        for (reply, result) in replies {
            // Nobody waits any more: the connection is gone, the device sends again.
            let _ = reply.send(failed.map_or(result, Err));
        }
    }

    /// Adds a commit to what everybody may know.
    fn tell(&self, frames: u64, more: More, started: Instant) {
        let mut tally = self.shared.tally();
        tally.add(more);
        tally.frames += frames;
        tally.ledger = self.kept.ledger.size().cast_signed();
        tally.commits += 1;
        tally.time += started.elapsed();
    }

    /// Writes the jobs in one transaction. Whether releases came in, how many frames, and what else to count.
    fn write(
        &mut self,
        jobs: impl Iterator<Item = Job>,
        lineage: super::Lineage,
        replies: &mut Vec<(Reply, Result<(), StoreError>)>,
    ) -> rusqlite::Result<(bool, u64, More)> {
        // All replies first: each must be answered, whatever fails.
        let mut work = Vec::new();
        for job in jobs {
            let (task, reply) = Task::split(job);
            work.push(task);
            replies.push((reply, Ok(())));
        }
        let mut batch = Batch {
            transaction: self.connection.transaction()?,
            salts: &mut self.salts,
            now: self.kept.clone(),
            states: HashMap::new(),
            queued: false,
            more: More::default(),
            daily: MoreDaily::default(),
            ended: Vec::new(),
        };
        let (mut refused, mut writes_daily) = (false, self.daily.is_due());
        for (task, (_, result)) in work.into_iter().zip(replies.iter_mut()) {
            *result = match task {
                Task::Decided(decided) if decided.lineage != lineage || refused => {
                    Err(StoreError::Stale)
                }
                Task::Decided(decided) if !batch.has_room(&decided, self.outbox_entries_max) => {
                    refused = true;
                    Err(StoreError::OutboxFull)
                }
                Task::Decided(decided) => batch.decide(decided).map(Ok)?,
                Task::Settled(settlements) => batch.settle(&settlements).map(Ok)?,
                Task::Sent(releases) => batch.mark_sent(&releases).map(Ok)?,
                Task::Consents(change) => batch.change(&change).map(Ok)?,
                Task::Silent(silence) => batch.silent(&silence).map(Ok)?,
                Task::Cursor(name, value) => batch.set_cursor(&name, value).map(Ok)?,
                Task::Numbers => {
                    writes_daily = true;
                    Ok(())
                }
            };
        }
        if batch.now.at > self.kept.at {
            batch.set_cursor("high-water", batch.now.at.0)?;
        }
        if batch.now.ledger != self.kept.ledger {
            ledger::keep_head(&batch.transaction, &batch.now.ledger)?;
        }
        let Batch { transaction, now, states, queued, more, daily, ended, .. } = batch;
        for (owner, (at, state)) in states {
            state::put(&transaction, &self.vault, (&owner, &state), at)?;
        }
        if writes_daily {
            self.daily.write(&transaction, now.at)?;
        }
        transaction.commit()?;
        if writes_daily {
            self.daily.wrote(now.at);
        }
        self.daily.add(daily);
        ended.iter().for_each(Ending::keep);
        let frames = now.frame.saturating_sub(self.kept.frame).unsigned_abs();
        self.kept = now;
        Ok((queued, frames, more))
    }
}

enum Task {
    Decided(Decided),
    Settled(Vec<Settlement>),
    Sent(Vec<i64>),
    Cursor(String, i64),
    Numbers,
    Consents(consents::Change),
    Silent(silence::Silence),
}

impl Task {
    fn split(job: Job) -> (Self, Reply) {
        match job {
            Job::Decided(decided, reply) => (Self::Decided(decided), reply),
            Job::Settled(settlements, reply) => (Self::Settled(settlements), reply),
            Job::Sent(releases, reply) => (Self::Sent(releases), reply),
            Job::Consents(change, reply) => (Self::Consents(change), reply),
            Job::Silent(silence, reply) => (Self::Silent(silence), reply),
            Job::Cursor(name, value, reply) => (Self::Cursor(name, value), reply),
            Job::Numbers(reply) => (Self::Numbers, reply),
        }
    }
}

impl Batch<'_> {
    fn has_room(&self, decided: &Decided, max: u64) -> bool {
        let more = decided.decisions.iter().filter(|it| matches!(it.outcome, Outcome::Queued(..)));
        self.now.waiting + more.count() as u64 <= max
    }

    fn decide(&mut self, decided: Decided) -> rusqlite::Result<()> {
        if !decided.decisions.is_empty() {
            self.now.frame += 1;
        }
        self.now.at = self.now.at.max(decided.at);
        self.more.decisions += decided.decisions.len() as u64;
        for decision in &decided.decisions {
            let digest;
            let mut counts = Counts {
                fields_in: decision.fields as u64,
                bytes_in: decided.bytes as u64,
                ..Counts::default()
            };
            let (kind, reason, release, proof): (_, _, _, &[u8]) = match &decision.outcome {
                Outcome::Withheld(reason) => (Kind::Withheld, reason.name(), None, &[]),
                Outcome::Quarantined(reason) => (Kind::Quarantined, reason.name(), None, &[]),
                Outcome::Queued(sealed, noted) => {
                    let frame = (self.now.frame, decided.at);
                    outbox::insert(&self.transaction, frame, &decided.device.0, sealed)?;
                    self.now.waiting += 1;
                    self.queued = true;
                    digest = sealed.digest();
                    counts.fields_out = sealed.fields() as u64;
                    counts.bytes_out = sealed.envelope().len() as u64;
                    let reason = noted.map_or("", |it| it.name());
                    (Kind::Queued, reason, Some(sealed.release().0), &digest)
                }
            };
            let note = note::of(decision);
            let fact = Fact {
                at: decided.at,
                kind,
                reason,
                frame: self.now.frame,
                device: &decided.device.0,
                recipient: &decision.recipient,
                grant: &decision.grant,
                release,
                proof,
                note: &note,
            };
            self.more.entry((kind, reason), &decision.recipient);
            let place = (decided.at, &*decided.device.0, &*decision.recipient);
            self.daily.count(place, (kind, reason), counts);
            self.append(&fact)?;
        }
        for ending in &decided.ended {
            let said = (self.now.frame, decided.at);
            if let Some(fact) = ended::put(&self.transaction, ending, said)? {
                self.more.entry((fact.kind, ""), fact.recipient);
                self.append(&fact)?;
            }
        }
        self.ended.extend(decided.ended);
        estimates::put(&self.transaction, &decided.estimates, decided.at)?;
        let states = decided.states.into_iter();
        self.states.extend(states.map(|(owner, state)| (owner, (decided.at, state))));
        Ok(())
    }

    /// A release that is gone already was settled before: repeats are harmless.
    fn settle(&mut self, settlements: &[Settlement]) -> rusqlite::Result<()> {
        let at = Millis::now();
        for settlement in settlements {
            let waiting = &settlement.waiting;
            if !outbox::remove(&self.transaction, waiting.id)? {
                continue;
            }
            self.now.waiting = self.now.waiting.saturating_sub(1);
            let fact = Fact {
                at,
                kind: settlement.kind,
                reason: settlement.reason,
                frame: waiting.frame,
                device: &waiting.device,
                recipient: &waiting.recipient,
                grant: &waiting.grant,
                release: Some(waiting.release.0),
                proof: &settlement.proof,
                note: "",
            };
            let what = (settlement.kind, settlement.reason);
            self.more.entry(what, &waiting.recipient);
            let place = (at, &*waiting.device, &*waiting.recipient);
            self.daily.count(place, what, Counts::default());
            self.append(&fact)?;
        }
        Ok(())
    }

    fn append(&mut self, fact: &Fact<'_>) -> rusqlite::Result<()> {
        ledger::append(&self.transaction, (&mut self.now.ledger, self.salts), fact)
    }

    fn mark_sent(&self, releases: &[i64]) -> rusqlite::Result<()> {
        releases.iter().try_for_each(|it| outbox::mark_sent(&self.transaction, *it))
    }

    fn change(&mut self, change: &consents::Change) -> rusqlite::Result<()> {
        self.queued |=
            consents::apply(&self.transaction, (&mut self.now.ledger, self.salts), change)?;
        Ok(())
    }

    fn silent(&mut self, silence: &silence::Silence) -> rusqlite::Result<()> {
        self.more.silences.push(*silence);
        silence::put(&self.transaction, silence)
    }

    fn set_cursor(&self, name: &str, value: i64) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached("INSERT OR REPLACE INTO cursor VALUES (?1, ?2)")?
            .execute(params![name, value])?;
        Ok(())
    }
}
