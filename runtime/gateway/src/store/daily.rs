//! What came and what left on each day, in numbers: what reports are made of.
//!
//! # Promises
//!
//! - Counts, never values. They stay in this file, go with their device, and after [`DAYS_KEPT`] at the latest.
//! - They go to disk every ten seconds, also if nothing else comes: a crash can take the last ones. What happened is the
//!   ledger's to prove; this is to be read quickly.

use super::Store;
use crate::{ledger::Kind, message::Millis};
use rusqlite::{Connection, Row, Transaction, params};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How many days back there are numbers.
pub const DAYS_KEPT: i64 = 400;
/// How often they go to disk.
const WRITTEN_EVERY: Duration = Duration::from_secs(10);
/// So many rows may wait to be written; more, and they are written with the next commit.
const ROWS_MAX: usize = 4096;
const DAY_MS: i64 = 86_400_000;

/// The table. Made when a store is opened: numbers may be missing, so that a store of an older version begins with none.
pub(super) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS daily(
    day INTEGER NOT NULL, device TEXT NOT NULL, recipient TEXT NOT NULL, kind TEXT NOT NULL,
    reason TEXT NOT NULL, events INTEGER NOT NULL, fields_in INTEGER NOT NULL,
    fields_out INTEGER NOT NULL, bytes_in INTEGER NOT NULL, bytes_out INTEGER NOT NULL,
    PRIMARY KEY(day, device, recipient, kind, reason)) STRICT, WITHOUT ROWID;
";

/// Sees to it that they go to disk while nothing else does, until `stop`.
pub async fn run(store: Arc<Store>, stop: CancellationToken) {
    let mut written = 0;
    while timeout(WRITTEN_EVERY, stop.cancelled()).await.is_err() {
        let entries = store.tally().ledger;
        if entries == written {
            continue;
        }
        match store.keep_numbers().await {
            Ok(()) => written = entries,
            Err(error) => tracing::warn!(%error, "the numbers of this day were not kept yet"),
        }
    }
}

/// How often something happened, and how much it was about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries of the ledger.
    pub events: u64,
    /// Fields that an adapter understood.
    pub fields_in: u64,
    /// Fields that were released.
    pub fields_out: u64,
    /// Bytes of frames.
    pub bytes_in: u64,
    /// Bytes of sealed releases, padding included.
    pub bytes_out: u64,
}

impl Counts {
    /// Both.
    pub fn add(&mut self, more: Self) {
        self.events = self.events.saturating_add(more.events);
        self.fields_in = self.fields_in.saturating_add(more.fields_in);
        self.fields_out = self.fields_out.saturating_add(more.fields_out);
        self.bytes_in = self.bytes_in.saturating_add(more.bytes_in);
        self.bytes_out = self.bytes_out.saturating_add(more.bytes_out);
    }
}

/// What happened to frames of one device for one recipient on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Days since 1970-01-01, UTC.
    pub day: i64,
    /// The device.
    pub device: String,
    /// For whom; empty where no grant was found.
    pub recipient: String,
    /// What happened.
    pub kind: Kind,
    /// Why; empty where it needs no reason.
    pub reason: String,
    /// How often.
    pub counts: Counts,
}

/// The day of a moment.
pub fn day(at: Millis) -> i64 {
    at.0.div_euclid(DAY_MS)
}

/// Where something happened, and what.
type Key = (i64, String, String, Kind, &'static str);

/// What happened and is not on disk yet.
#[derive(Debug)]
pub(super) struct Daily {
    rows: BTreeMap<Key, Counts>,
    written: Instant,
    /// The day on which old numbers were deleted last.
    swept: i64,
}

impl Default for Daily {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), written: Instant::now(), swept: 0 }
    }
}

/// What one commit adds.
#[derive(Debug, Default)]
pub(super) struct MoreDaily(Vec<(Key, Counts)>);

impl MoreDaily {
    pub(super) fn count(
        &mut self,
        (at, device, recipient): (Millis, &str, &str),
        (kind, reason): (Kind, &'static str),
        counts: Counts,
    ) {
        let key = (day(at), device.to_owned(), recipient.to_owned(), kind, reason);
        self.0.push((key, Counts { events: 1, ..counts }));
    }
}

impl Daily {
    /// It is on disk; its numbers will be.
    pub(super) fn add(&mut self, more: MoreDaily) {
        for (key, counts) in more.0 {
            self.rows.entry(key).or_default().add(counts);
        }
    }

    /// Whether it is time to write.
    pub(super) fn is_due(&self) -> bool {
        self.rows.len() >= ROWS_MAX
            || (!self.rows.is_empty() && self.written.elapsed() >= WRITTEN_EVERY)
    }

    /// Adds what is not on disk to what is. [`Self::wrote`] says that this was committed.
    pub(super) fn write(&self, transaction: &Transaction<'_>, now: Millis) -> rusqlite::Result<()> {
        let mut add = transaction.prepare_cached(
            "INSERT INTO daily VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT DO UPDATE SET events = events + excluded.events,
             fields_in = fields_in + excluded.fields_in, fields_out = fields_out + excluded.fields_out,
             bytes_in = bytes_in + excluded.bytes_in, bytes_out = bytes_out + excluded.bytes_out",
        )?;
        for ((day, device, recipient, kind, reason), counts) in &self.rows {
            let Counts { events, fields_in, fields_out, bytes_in, bytes_out } = *counts;
            let [events, fields_in, fields_out, bytes_in, bytes_out] =
                [events, fields_in, fields_out, bytes_in, bytes_out].map(u64::cast_signed);
            let kind = kind.name();
            add.execute(params![
                day, device, recipient, kind, reason, events, fields_in, fields_out, bytes_in,
                bytes_out
            ])?;
        }
        if self.swept < day(now) {
            let old = day(now) - DAYS_KEPT;
            transaction.execute("DELETE FROM daily WHERE day < ?1", [old])?;
        }
        Ok(())
    }

    /// What [`Self::write`] wrote is on disk.
    pub(super) fn wrote(&mut self, now: Millis) {
        self.rows.clear();
        self.written = Instant::now();
        self.swept = day(now);
    }
}

/// All lines from `first`, a day, on.
pub fn since(connection: &Connection, first: i64) -> rusqlite::Result<Vec<Line>> {
    connection
        .prepare_cached("SELECT * FROM daily WHERE day >= ?1 ORDER BY day, device, recipient")?
        .query_map([first], line)?
        .collect()
}

fn line(row: &Row<'_>) -> rusqlite::Result<Line> {
    let kind: String = row.get(3)?;
    let number = |at| row.get::<_, i64>(at).map(i64::unsigned_abs);
    Ok(Line {
        day: row.get(0)?,
        device: row.get(1)?,
        recipient: row.get(2)?,
        kind: Kind::from_name(&kind).unwrap_or(Kind::Withheld),
        reason: row.get(4)?,
        counts: Counts {
            events: number(5)?,
            fields_in: number(6)?,
            fields_out: number(7)?,
            bytes_in: number(8)?,
            bytes_out: number(9)?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 20_784;

    fn counted(days: &[i64]) -> Daily {
        let mut more = MoreDaily::default();
        for day in days {
            let counts = Counts { fields_in: 3, bytes_in: 200, ..Counts::default() };
            let place = (Millis(day * DAY_MS + 1), "scale", "hospital");
            more.count(place, (Kind::Withheld, "minimized"), counts);
        }
        let mut daily = Daily::default();
        daily.add(more);
        daily
    }

    fn write(connection: &mut Connection, daily: &mut Daily, now: Millis) {
        let transaction = connection.transaction().unwrap();
        daily.write(&transaction, now).unwrap();
        transaction.commit().unwrap();
        daily.wrote(now);
    }

    #[test]
    fn days_add_up_and_old_ones_go() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        let now = Millis(DAY * DAY_MS);
        let mut daily = counted(&[DAY - DAYS_KEPT - 1, DAY - 1, DAY, DAY]);
        write(&mut connection, &mut daily, now);
        write(&mut connection, &mut counted(&[DAY]), now);
        // Nothing is written twice.
        write(&mut connection, &mut daily, now);
        let lines = since(&connection, 0).unwrap();
        let events: Vec<_> = lines.iter().map(|it| (it.day, it.counts.events)).collect();
        assert_eq!(events, [(DAY - 1, 1), (DAY, 3)]);
        assert_eq!((lines[1].counts.fields_in, lines[1].counts.bytes_in), (9, 600));
        assert_eq!(since(&connection, DAY).unwrap().len(), 1);
    }
}
