//! Takes entries out of the log for good and leaves their leaves.
//!
//! # Promises
//!
//! - Of an erased entry its place and its leaf are left. The leaf is the hash of a random salt that is gone as well: it can be
//!   compared with nothing.
//! - The tree stays as it was: all other entries are proved as before, also against checkpoints that others have.
//! - Numbers of frames go on where they were.
//! - A withdrawal that its recipient has not confirmed stays until it has.

use rusqlite::{Transaction, params};

/// The number of the last frame, kept where erasing cannot reach it.
pub(crate) const LAST_FRAME: &str = "ledger/erased-frame";

/// Erases what is said of some devices and grants. How many entries that was.
pub(crate) fn erase(
    transaction: &Transaction<'_>,
    (devices, grants): (&[String], &[String]),
) -> rusqlite::Result<usize> {
    transaction.execute(
        "INSERT OR REPLACE INTO cursor SELECT ?1, max(
             (SELECT ifnull(max(frame), 0) FROM ledger),
             ifnull((SELECT value FROM cursor WHERE name = ?1), 0))",
        [LAST_FRAME],
    )?;
    let mut erased = 0;
    for (column, names) in [("device", devices), ("grant_id", grants)] {
        let mut update = transaction.prepare(&format!(
            "UPDATE ledger SET at_ms = 0, kind = 'erased', reason = '', frame = 0, device = '', recipient = '',
                 grant_id = '', release = NULL, proof = x'', note = '', salt = NULL
             WHERE {column} = ?1 AND salt IS NOT NULL
                 AND (release IS NULL OR release NOT IN (SELECT id FROM withdrawal WHERE NOT done))"
        ))?;
        for name in names.iter().filter(|it| !it.is_empty()) {
            erased += update.execute(params![name])?;
        }
    }
    Ok(erased)
}
