//! Deletes what came from a consent that was withdrawn, and takes nothing of it again.
//!
//! # Promises
//!
//! - What is deleted is overwritten, as by a sweep; what was withdrawn is remembered for ever.
//! - Asking again gives the same answer: how many values it was, and when.
//! - A gateway withdraws only what it sent itself.

use super::{
    DELETIONS_SHOWN_MAX, Deleted, GATEWAY_TAGS_MAX, HubStore, KeyId, StoreError, Tag, at_most,
};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

/// Nothing tells that a device existed whose values are all gone, nor a consent that was not withdrawn.
pub(super) const FORGET: &str = "
DELETE FROM channel WHERE NOT EXISTS (SELECT 1 FROM point WHERE point.channel = channel.id);
DELETE FROM source WHERE NOT EXISTS (SELECT 1 FROM channel WHERE channel.source = source.id);
DELETE FROM tag WHERE withdrawn_ms IS NULL AND NOT EXISTS (SELECT 1 FROM point WHERE point.tag = tag.id);
";

impl HubStore {
    /// Deletes all values that `gateway` sent under `tag`; how many and when, also if that was long ago.
    pub(crate) fn withdraw(
        &self,
        gateway: KeyId,
        tag: Tag,
        now_ms: i64,
    ) -> Result<Deleted, StoreError> {
        let mut connection = self.lock();
        let deleted = delete(&mut connection, (gateway, tag), now_ms)?;
        // Also for a repeat: the first may have been cut off here, with the values still in the journal.
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(deleted)
    }

    /// The newest deletions of at least one value, newest first.
    pub(crate) fn deletions(&self) -> Result<Vec<Deleted>, StoreError> {
        let connection = self.lock();
        let mut select = connection.prepare_cached(
            "SELECT withdrawn_ms, deleted FROM tag WHERE deleted > 0 ORDER BY withdrawn_ms DESC LIMIT ?1",
        )?;
        let deletions = select.query_map([DELETIONS_SHOWN_MAX], |row| {
            Ok(Deleted { at_ms: row.get(0)?, values: row.get(1)? })
        })?;
        Ok(deletions.collect::<Result<_, _>>()?)
    }
}

fn delete(
    connection: &mut Connection,
    (gateway, tag): (KeyId, Tag),
    now_ms: i64,
) -> Result<Deleted, StoreError> {
    let write = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let id = match find(&write, gateway, tag)? {
        Some((_, Some(before))) => return Ok(before),
        Some((id, None)) => id,
        None => make(&write, gateway, tag)?,
    };
    let values = write.execute("DELETE FROM point WHERE tag = ?1", [id])?;
    let values = u64::try_from(values).unwrap_or(u64::MAX);
    write.execute(
        "UPDATE tag SET withdrawn_ms = ?2, deleted = ?3 WHERE id = ?1",
        params![id, now_ms, values],
    )?;
    write.execute_batch(FORGET)?;
    write.commit()?;
    Ok(Deleted { values, at_ms: now_ms })
}

/// The number of the consent under which a value comes in.
pub(super) fn number(write: &Connection, gateway: KeyId, tag: Tag) -> Result<i64, StoreError> {
    match find(write, gateway, tag)? {
        Some((_, Some(_))) => Err(StoreError::Invalid("its consent was withdrawn")),
        Some((id, None)) => Ok(id),
        None => make(write, gateway, tag),
    }
}

/// Its number, and what was deleted if it was withdrawn.
fn find(
    connection: &Connection,
    gateway: KeyId,
    tag: Tag,
) -> Result<Option<(i64, Option<Deleted>)>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT id, withdrawn_ms, deleted FROM tag WHERE gateway = ?1 AND tag = ?2",
    )?;
    let found = select.query_row(params![gateway, tag], |row| {
        let (at_ms, values): (Option<i64>, u64) = (row.get(1)?, row.get(2)?);
        Ok((row.get(0)?, at_ms.map(|at_ms| Deleted { values, at_ms })))
    });
    Ok(found.optional()?)
}

fn make(write: &Connection, gateway: KeyId, tag: Tag) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM tag WHERE gateway = ?1";
    let tags: usize = write.prepare_cached(sql)?.query_row([gateway], |row| row.get(0))?;
    at_most("the number of a gateway's consents", tags + 1, GATEWAY_TAGS_MAX)?;
    let sql = "INSERT INTO tag (gateway, tag) VALUES (?1, ?2) RETURNING id";
    Ok(write.prepare_cached(sql)?.query_row(params![gateway, tag], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::super::{Counts, Field, Inserted, Received, Value};
    use super::*;
    use std::path::PathBuf;

    const ADA: Tag = [1; 16];
    const BEN: Tag = [2; 16];
    const HOME: KeyId = [7; 8];

    fn empty() -> (tempfile::TempDir, PathBuf, HubStore) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.db");
        let store = HubStore::open(&path).unwrap();
        (folder, path, store)
    }

    fn release(id: u8, tag: Tag) -> Received {
        let value = Value::Choice("hypoglycaemia".into());
        Received {
            release: [id; 16],
            gateway: HOME,
            device: "pump".into(),
            purpose: "care".into(),
            tag: Some(tag),
            received_ms: 0,
            keep_until_ms: 1_000_000,
            fields: vec![Field { path: "state".into(), unit: None, value, at_ms: 0 }],
        }
    }

    fn values(store: &HubStore) -> u64 {
        store.counts().unwrap().values
    }

    #[test]
    fn what_came_from_the_consent_is_deleted_and_the_rest_stays() {
        let (_folder, _, store) = empty();
        let others = Received { gateway: [8; 8], ..release(4, ADA) };
        let untold = Received { tag: None, ..release(5, ADA) };
        store.insert(&[release(1, ADA), release(2, ADA), release(3, BEN), others, untold]).unwrap();
        let deleted = store.withdraw(HOME, ADA, 50).unwrap();
        assert_eq!((deleted, values(&store)), (Deleted { values: 2, at_ms: 50 }, 3));
        assert_eq!(store.deletions().unwrap(), [deleted]);
    }

    #[test]
    fn asking_again_gives_the_same_answer_also_after_a_restart() {
        let (_folder, path, store) = empty();
        store.insert(&[release(1, ADA)]).unwrap();
        let first = store.withdraw(HOME, ADA, 50).unwrap();
        drop(store);
        let store = HubStore::open(&path).unwrap();
        assert_eq!(store.withdraw(HOME, ADA, 99).unwrap(), first);
        let nothing = store.withdraw(HOME, BEN, 60).unwrap();
        assert_eq!(nothing, Deleted { values: 0, at_ms: 60 });
        assert_eq!(store.deletions().unwrap(), [first], "of nothing, nothing is shown");
    }

    #[test]
    fn nothing_of_it_is_taken_in_again_not_even_a_repeat() {
        let (_folder, _, store) = empty();
        store.insert(&[release(1, ADA)]).unwrap();
        store.withdraw(HOME, ADA, 50).unwrap();
        store.sweep(i64::MAX).unwrap();
        for again in [release(1, ADA), release(2, ADA)] {
            let error = store.insert(&[again]).unwrap_err();
            assert!(error.is_final() && error.to_string().contains("withdrawn"), "{error}");
        }
        assert_eq!(store.insert(&[release(3, BEN)]).unwrap(), [Inserted::New]);
        assert_eq!(values(&store), 1);
    }

    #[test]
    fn a_withdrawal_leaves_no_trace_on_the_disk() {
        let (folder, _, store) = empty();
        store.insert(&[release(1, ADA)]).unwrap();
        let on_disk = || {
            let files = std::fs::read_dir(folder.path()).unwrap();
            let text = "hypoglycaemia".as_bytes();
            let holds = |bytes: Vec<u8>| bytes.windows(text.len()).any(|it| it == text);
            files.map(|it| std::fs::read(it.unwrap().path()).unwrap()).any(holds)
        };
        assert!(on_disk(), "the test looks in the wrong place");
        let first = delete(&mut store.lock(), (HOME, ADA), 50).unwrap();
        assert!(on_disk(), "a hub that was cut off here has it in its journal");
        assert_eq!(store.withdraw(HOME, ADA, 60).unwrap(), first);
        assert!(!on_disk());
        assert_eq!(store.counts().unwrap(), Counts { releases: 1, ..Counts::default() });
    }

    #[test]
    fn a_consent_whose_values_are_gone_is_forgotten_unless_it_was_withdrawn() {
        let (_folder, _, store) = empty();
        store.insert(&[release(1, ADA), release(2, BEN)]).unwrap();
        store.withdraw(HOME, ADA, 50).unwrap();
        store.sweep(2_000_000).unwrap();
        let sql = "SELECT count(*) FROM tag";
        assert_eq!(store.lock().query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
    }
}
