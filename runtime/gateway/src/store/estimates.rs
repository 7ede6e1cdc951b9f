//! How much the fields of each grant say, as estimated last: numbers of bits and of values, no value.

use super::{Store, StoreError};
use crate::{
    consent::entropy::{Bits, Estimate},
    message::Millis,
};
use rusqlite::{Connection, Row, Transaction, params};

/// The table. What was estimated stays until it is estimated anew.
pub(super) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS estimate(
    grant_id TEXT NOT NULL, path TEXT NOT NULL, device TEXT NOT NULL, recipient TEXT NOT NULL,
    came_bits REAL NOT NULL, came INTEGER NOT NULL, came_more INTEGER NOT NULL,
    left_bits REAL NOT NULL, left INTEGER NOT NULL, left_more INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (grant_id, path)) STRICT, WITHOUT ROWID;
";

impl Store {
    /// All of them.
    pub fn estimates(&self) -> Result<Vec<Estimate>, StoreError> {
        self.read(look)
    }
}

/// Keeps them in the place of those before.
pub(super) fn put(
    transaction: &Transaction<'_>,
    estimates: &[Estimate],
    at: Millis,
) -> rusqlite::Result<()> {
    let sql =
        "INSERT OR REPLACE INTO estimate VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    let mut insert = transaction.prepare_cached(sql)?;
    for Estimate { grant, device, recipient, path, came, left } in estimates {
        insert.execute(params![
            grant,
            path,
            device,
            recipient,
            came.bits,
            came.values,
            came.at_least,
            left.bits,
            left.values,
            left.at_least,
            at.0,
        ])?;
    }
    Ok(())
}

/// All of them; none in a file that no gateway of this version wrote yet.
pub fn look(connection: &Connection) -> rusqlite::Result<Vec<Estimate>> {
    if !connection.table_exists(None, "estimate")? {
        return Ok(Vec::new());
    }
    let sql = "SELECT * FROM estimate ORDER BY device, recipient, grant_id, path";
    connection.prepare_cached(sql)?.query_map([], estimate)?.collect()
}

fn estimate(row: &Row<'_>) -> rusqlite::Result<Estimate> {
    Ok(Estimate {
        grant: row.get(0)?,
        path: row.get(1)?,
        device: row.get(2)?,
        recipient: row.get(3)?,
        came: bits(row, 4)?,
        left: bits(row, 7)?,
    })
}

/// In three columns.
fn bits(row: &Row<'_>, at: usize) -> rusqlite::Result<Bits> {
    Ok(Bits { bits: row.get(at)?, values: row.get(at + 1)?, at_least: row.get(at + 2)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_read_as_it_was_kept_and_the_last_one_counts() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(look(&connection).unwrap(), []);
        connection.execute_batch(SCHEMA).unwrap();
        let bits = |bits, values, at_least| Bits { bits, values, at_least };
        let estimate = |path: &str, came| Estimate {
            grant: "ada".into(),
            device: "door".into(),
            recipient: "hospital".into(),
            path: path.into(),
            came,
            left: bits(0.5, 7, false),
        };
        let transaction = connection.transaction().unwrap();
        let [first, second, other] = [("a", 6.25), ("a", 6.5), ("b", 1.0)]
            .map(|it| estimate(it.0, bits(it.1, u32::MAX, true)));
        put(&transaction, &[first, other.clone()], Millis(1)).unwrap();
        put(&transaction, std::slice::from_ref(&second), Millis(2)).unwrap();
        transaction.commit().unwrap();
        assert_eq!(look(&connection).unwrap(), [second, other]);
    }
}
