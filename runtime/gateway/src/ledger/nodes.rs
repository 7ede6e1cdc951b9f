//! The tree's nodes, as the store keeps them: leaves with their entries, each eighth level in a table of its own.

use super::tree::{self, Edge, Hash, Nodes};
use rusqlite::{Connection, Error, OptionalExtension, Transaction, params};

impl Nodes for Connection {
    type Error = Error;

    fn row(&self, level: u32, from: u64, count: u64) -> Result<Vec<Hash>, Error> {
        let (from, count) = (from.cast_signed(), count.cast_signed());
        let nodes = if level == 0 {
            let query =
                "SELECT seq - 1, leaf FROM ledger WHERE seq > ?1 AND seq <= ?1 + ?2 ORDER BY seq";
            self.prepare_cached(query)?
                .query_map([from, count], |row| {
                    Ok((row.get(0)?, tree::leaf_hash(&row.get::<_, Hash>(1)?)))
                })?
                .collect::<Result<Vec<(i64, Hash)>, _>>()?
        } else {
            let query = "SELECT number, hash FROM ledger_node
                WHERE level = ?3 AND number >= ?1 AND number < ?1 + ?2 ORDER BY number";
            self.prepare_cached(query)?
                .query_map(params![from, count, level], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<Vec<(i64, Hash)>, _>>()?
        };
        let whole = nodes.len() as u64 == count.unsigned_abs();
        if whole && nodes.iter().zip(from..).all(|(node, number)| node.0 == number) {
            return Ok(nodes.into_iter().map(|it| it.1).collect());
        }
        Err(Error::QueryReturnedNoRows)
    }
}

/// Adds a leaf to the tree and keeps what is to be kept of it.
pub(crate) fn push(
    transaction: &Transaction<'_>,
    edge: &mut Edge,
    leaf: &Hash,
) -> rusqlite::Result<()> {
    edge.push(tree::leaf_hash(leaf), |level, number, hash| {
        transaction
            .prepare_cached("INSERT OR REPLACE INTO ledger_node VALUES (?1, ?2, ?3)")?
            .execute(params![level, number.cast_signed(), hash])?;
        Ok(hash)
    })
}

/// A node that is kept.
pub(crate) fn kept(
    connection: &Connection,
    level: u32,
    number: u64,
) -> rusqlite::Result<Option<Hash>> {
    let query = "SELECT hash FROM ledger_node WHERE level = ?1 AND number = ?2";
    let mut query = connection.prepare_cached(query)?;
    query.query_row(params![level, number.cast_signed()], |row| row.get(0)).optional()
}

/// The right edge of the log that is kept. Where a part of it cannot be read, something stands in its place that no
/// check will take for it: a gateway goes on after the damage, and [`super::verify`] tells of it.
pub(crate) fn edge(connection: &Connection) -> rusqlite::Result<Edge> {
    struct Damaged<'a>(&'a Connection);
    impl Nodes for Damaged<'_> {
        type Error = Error;
        fn row(&self, level: u32, from: u64, count: u64) -> Result<Vec<Hash>, Error> {
            self.0.row(level, from, count).or_else(|error| {
                tracing::error!(level, from, count, %error, "the ledger is damaged: see `hushgate ledger verify`");
                Ok(vec![[0; 32]; usize::try_from(count).unwrap_or(0)])
            })
        }
    }
    let size: i64 =
        connection.query_row("SELECT ifnull(max(seq), 0) FROM ledger", [], |row| row.get(0))?;
    Edge::load(&Damaged(connection), size.max(0).unsigned_abs())
}
