//! Keeps sealed checkpoints for gateways, so that they can prove later how their ledgers were.
//!
//! # Promises
//!
//! - One a day of each gateway, the first, which nothing sent later replaces; [`DAYS_MAX`] of them.

use super::{HubStore, KeyId, StoreError};
use rusqlite::params;

/// How many days are kept of each gateway.
pub(crate) const DAYS_MAX: i64 = 400;
const DAY_MS: i64 = 86_400_000;

/// The table. Made when a store is opened.
pub(super) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS deposit (
    gateway BLOB NOT NULL, day INTEGER NOT NULL, at_ms INTEGER NOT NULL, kept BLOB NOT NULL,
    PRIMARY KEY (gateway, day)) STRICT, WITHOUT ROWID;
";

/// What is kept of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deposit {
    /// Whose.
    pub gateway: KeyId,
    /// When it came, in milliseconds since 1970.
    pub at_ms: i64,
    /// What the gateway sealed for itself.
    pub kept: Vec<u8>,
}

impl HubStore {
    /// Keeps it, if it is the first of its day.
    pub(crate) fn deposit(&self, it: &Deposit) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let write = connection.transaction()?;
        let day = it.at_ms.div_euclid(DAY_MS);
        let row = params![it.gateway, day, it.at_ms, it.kept];
        write.execute("INSERT OR IGNORE INTO deposit VALUES (?1, ?2, ?3, ?4)", row)?;
        write.execute("DELETE FROM deposit WHERE day <= ?1", [day.saturating_sub(DAYS_MAX)])?;
        Ok(write.commit()?)
    }

    /// All that is kept, the oldest first.
    pub(crate) fn deposits(&self) -> Result<Vec<Deposit>, StoreError> {
        let connection = self.lock();
        let mut select = connection
            .prepare_cached("SELECT gateway, at_ms, kept FROM deposit ORDER BY gateway, day")?;
        let deposits = select.query_map([], |row| {
            Ok(Deposit { gateway: row.get(0)?, at_ms: row.get(1)?, kept: row.get(2)? })
        })?;
        Ok(deposits.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_each_day_stays_and_old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let store = HubStore::open(&folder.path().join("hub.db")).unwrap();
        let deposit = |gateway: u8, at_ms: i64, kept: u8| {
            let it = Deposit { gateway: [gateway; 8], at_ms, kept: vec![kept] };
            store.deposit(&it).unwrap();
            it
        };
        let first = deposit(1, 10, 1);
        deposit(1, 20, 2);
        let other = deposit(2, 20, 3);
        let next = deposit(1, DAY_MS, 4);
        assert_eq!(store.deposits().unwrap(), [first, next.clone(), other]);
        let last = deposit(2, DAY_MS * DAYS_MAX, 5);
        assert_eq!(store.deposits().unwrap(), [next, last]);
    }
}
