//! How long it took until nothing left any more, each time that grants were withdrawn.

use super::{Job, Store, StoreError};
use crate::message::Millis;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::time::Duration;

/// How many are kept, the newest.
const KEPT_MAX: i64 = 100;

/// The table.
pub(super) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS silence(
    id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, denied_us INTEGER NOT NULL,
    purged_us INTEGER NOT NULL) STRICT;
";

/// Both times begin when the gateway heard of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// When that was.
    pub at: Millis,
    /// Until the next frame would have been denied.
    pub denied: Duration,
    /// Until nothing waited any more, but for what was on its way to its recipient.
    pub purged: Duration,
}

/// How often something took how long.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    /// By the first of [`Histogram::BOUNDS`] that it is not above; the last one for what is above all.
    counts: [u64; Self::BOUNDS.len() + 1],
    sum: Duration,
}

impl Histogram {
    /// In seconds.
    pub const BOUNDS: [f64; 6] = [0.001, 0.01, 0.1, 1.0, 10.0, 60.0];

    /// One more.
    pub(super) fn add(&mut self, time: Duration) {
        let place = Self::BOUNDS.iter().take_while(|it| time.as_secs_f64() > **it).count();
        self.counts[place] += 1;
        self.sum += time;
    }

    /// How many were not above each of the bounds.
    pub fn below(&self) -> impl Iterator<Item = (f64, u64)> {
        let mut below = 0;
        Self::BOUNDS.into_iter().zip(self.counts).map(move |(bound, count)| {
            below += count;
            (bound, below)
        })
    }

    /// How many there were, and how long they took together.
    pub fn all(&self) -> (u64, Duration) {
        (self.counts.iter().sum(), self.sum)
    }
}

impl Store {
    /// It took so long. Only the newest are kept.
    pub async fn silenced(&self, silence: Silence) -> Result<(), StoreError> {
        self.ask(|reply| Job::Silent(silence, reply)).await
    }
}

pub(super) fn put(transaction: &Transaction<'_>, silence: &Silence) -> rusqlite::Result<()> {
    let micros = |it: Duration| i64::try_from(it.as_micros()).unwrap_or(i64::MAX);
    let row = params![silence.at.0, micros(silence.denied), micros(silence.purged)];
    transaction
        .prepare_cached("INSERT INTO silence(at_ms, denied_us, purged_us) VALUES (?1, ?2, ?3)")?
        .execute(row)?;
    transaction
        .prepare_cached("DELETE FROM silence WHERE id <= (SELECT max(id) FROM silence) - ?1")?
        .execute([KEPT_MAX])
        .map(drop)
}

/// The newest; nothing if there was none, or no gateway of this version has run.
pub fn last(connection: &Connection) -> rusqlite::Result<Option<Silence>> {
    if !connection.table_exists(None, "silence")? {
        return Ok(None);
    }
    let sql = "SELECT at_ms, denied_us, purged_us FROM silence ORDER BY id DESC LIMIT 1";
    let micros = |it: i64| Duration::from_micros(it.unsigned_abs());
    let row = |row: &rusqlite::Row<'_>| {
        let (denied, purged) = (micros(row.get(1)?), micros(row.get(2)?));
        Ok(Silence { at: Millis(row.get(0)?), denied, purged })
    };
    connection.query_row(sql, [], row).optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_are_kept_and_the_last_of_them_is_read() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(last(&connection).unwrap(), None);
        connection.execute_batch(SCHEMA).unwrap();
        assert_eq!(last(&connection).unwrap(), None);
        let transaction = connection.transaction().unwrap();
        let silence = |at| Silence {
            at: Millis(at),
            denied: Duration::from_micros(1_200),
            purged: Duration::from_millis(400),
        };
        (0..2 * KEPT_MAX).for_each(|at| put(&transaction, &silence(at)).unwrap());
        transaction.commit().unwrap();
        assert_eq!(last(&connection).unwrap(), Some(silence(2 * KEPT_MAX - 1)));
        let count = connection.query_row("SELECT count(*) FROM silence", [], |row| row.get(0));
        assert_eq!(count, Ok(KEPT_MAX));
    }

    #[test]
    fn a_histogram_counts_what_is_not_above_each_bound() {
        let mut all = Histogram::default();
        for millis in [0, 1, 2, 1_000, 1_001, 3_600_000] {
            all.add(Duration::from_millis(millis));
        }
        let counts: Vec<_> = all.below().map(|it| it.1).collect();
        assert_eq!(counts, [2, 3, 3, 4, 5, 5]);
        assert_eq!(all.all(), (6, Duration::from_millis(3_602_004)));
    }
}
