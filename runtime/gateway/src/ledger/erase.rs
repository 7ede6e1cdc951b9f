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

/// Whose entries.
#[derive(Clone, Debug, Default)]
pub struct Erasure {
    /// All about these devices.
    pub devices: Vec<String>,
    /// All under these grants.
    pub grants: Vec<String>,
}

/// The number of the last frame, kept where erasing cannot reach it.
pub(crate) const LAST_FRAME: &str = "ledger/erased-frame";

/// Erases. How many entries were.
pub(crate) fn erase(transaction: &Transaction<'_>, whose: &Erasure) -> rusqlite::Result<usize> {
    transaction.execute(
        "INSERT OR REPLACE INTO cursor SELECT ?1, max(
             (SELECT ifnull(max(frame), 0) FROM ledger),
             ifnull((SELECT value FROM cursor WHERE name = ?1), 0))",
        [LAST_FRAME],
    )?;
    let mut erased = 0;
    for (column, names) in [("device", &whose.devices), ("grant_id", &whose.grants)] {
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
