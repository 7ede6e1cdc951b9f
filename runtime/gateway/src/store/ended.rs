//! Which texts of grants ended by an event, and when.
//!
//! # Promises
//!
//! - It is kept in the transaction of the frame that said it, with an entry of its own in the ledger.
//! - All plans of one text share what is known of it: a change of settings brings no ended grant back.

use super::{OpenError, Store, StoreError};
use crate::{
    consent::{ending::Ending, grant::Grant},
    ledger::{Fact, Kind},
    message::Millis,
};
use rusqlite::{Connection, Transaction, params};
use std::{collections::HashMap, path::Path, sync::PoisonError};

/// The table.
pub(super) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS ended(
    grant_id TEXT NOT NULL, text BLOB NOT NULL, device TEXT NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (grant_id, text)) STRICT, WITHOUT ROWID;
";

/// What this process knows, by grant and text.
pub(super) type Known = HashMap<(String, [u8; 8]), Ending>;

impl Store {
    /// From now on these grants, and the plans made of them, know what happened and what happens. Grants of a text that
    /// was asked for before share it with those: ask before a plan is made of them.
    pub fn recall_ended(&self, grants: &mut [Grant]) -> Result<(), StoreError> {
        // A panic while holding the lock cannot leave a map half changed.
        let mut known = self.shared.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Known::new();
        for ending in grants.iter_mut().flat_map(|it| &mut it.endings) {
            let key = (ending.grant.clone(), ending.text);
            match known.get(&key) {
                Some(before) => ending.share(before),
                None => self.read(|it| recall(it, ending))?,
            }
            next.insert(key, ending.clone());
        }
        // What is in no grant any more is on disk, if it happened.
        known.retain(|key, it| next.contains_key(key) || it.at().is_some() && it.is_awaited());
        known.extend(next);
        Ok(())
    }
}

/// Tells grants what a store says of them, if there is one.
pub fn look(store: &Path, grants: &[Grant]) -> Result<(), OpenError> {
    let mut endings = grants.iter().flat_map(|it| &it.endings).peekable();
    if endings.peek().is_none() || !store.exists() {
        return Ok(());
    }
    let connection = Store::look(store)?;
    let sqlite = |source| OpenError::Sqlite { path: store.display().to_string(), source };
    endings.try_for_each(|it| recall(&connection, it)).map_err(sqlite)
}

/// Nothing in a file that no gateway of this version wrote yet.
fn recall(connection: &Connection, ending: &Ending) -> rusqlite::Result<()> {
    if !connection.table_exists(None, "ended")? {
        return Ok(());
    }
    let sql = "SELECT at_ms FROM ended WHERE grant_id = ?1 AND text = ?2";
    let mut query = connection.prepare_cached(sql)?;
    let mut rows = query.query(params![ending.grant, ending.text])?;
    if let Some(row) = rows.next()? {
        ending.happen(Millis(row.get(0)?));
        ending.keep();
    }
    Ok(())
}

/// What the ledger says of it; nothing if it said so before.
pub(super) fn put<'a>(
    transaction: &Transaction<'_>,
    ending: &'a Ending,
    (frame, at): (i64, Millis),
) -> rusqlite::Result<Option<Fact<'a>>> {
    let sql = "INSERT OR IGNORE INTO ended VALUES (?1, ?2, ?3, ?4)";
    let row = params![ending.grant, ending.text, ending.device, at.0];
    let is_new = transaction.prepare_cached(sql)?.execute(row)? > 0;
    Ok(is_new.then_some(Fact {
        at,
        kind: Kind::Ended,
        reason: "",
        frame,
        device: &ending.device,
        recipient: &ending.recipient,
        grant: &ending.grant,
        release: None,
        proof: &[],
        note: "",
    }))
}
