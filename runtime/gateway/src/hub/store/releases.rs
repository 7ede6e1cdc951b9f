//! Takes releases in, and lets go of what may not be kept.
//!
//! # Promises
//!
//! - A batch is kept whole or not at all, and a release in it at most once.
//! - Nothing over a limit reaches the file.
//! - After a sweep nothing tells that a device existed whose values are all gone, except the releases' random ids.

use super::{
    BATCH_RELEASES_MAX, CHOICE_BYTES_MAX, Field, GATEWAY_CHANNELS_MAX, HubStore, INVITES_KEPT_MS,
    Inserted, KeyId, LEGACY_KEPT_MS, NAME_BYTES_MAX, PATH_BYTES_MAX, RELEASE_FIELDS_MAX,
    RELEASE_IDS_KEPT_MS, Received, StoreError, UNIT_BYTES_MAX, Value, at_most, withdrawals,
};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, ToSql, TransactionBehavior, params};

impl HubStore {
    /// Keeps a batch, and says for each release whether it was news.
    ///
    /// Releases are told apart by gateway and id, so that no gateway can use up another's ids.
    ///
    /// # Errors
    ///
    /// Nothing of the batch is kept. After [`StoreError::TooLarge`] or [`StoreError::Invalid`] a smaller batch, without
    /// the release that caused it, may still be taken in.
    pub(crate) fn insert(&self, batch: &[Received]) -> Result<Vec<Inserted>, StoreError> {
        at_most("the number of releases", batch.len(), BATCH_RELEASES_MAX)?;
        batch.iter().try_for_each(check)?;
        let mut connection = self.lock();
        let write = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let inserted =
            batch.iter().map(|received| insert(&write, received)).collect::<Result<_, _>>()?;
        write.commit()?;
        Ok(inserted)
    }

    /// Deletes what may not be kept past `now_ms`, and returns how many values that were.
    ///
    /// What is deleted is overwritten, in the file as in its journal; there it may wait until no other process reads.
    pub(crate) fn sweep(&self, now_ms: i64) -> Result<usize, StoreError> {
        let mut connection = self.lock();
        let write = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let delete = |sql: &str, end_ms: i64| write.execute(sql, [end_ms]);
        let values = delete("DELETE FROM point WHERE keep_until_ms <= ?1", now_ms)?;
        delete("DELETE FROM seen WHERE keep_until_ms <= ?1", now_ms)?;
        delete(
            "DELETE FROM invite WHERE expires_ms <= ?1",
            now_ms.saturating_sub(INVITES_KEPT_MS),
        )?;
        delete(
            "DELETE FROM legacy WHERE received_ms <= ?1",
            now_ms.saturating_sub(LEGACY_KEPT_MS),
        )?;
        write.execute_batch(withdrawals::FORGET)?;
        write.commit()?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(values)
    }
}

fn check(received: &Received) -> Result<(), StoreError> {
    not_empty("a device name is empty", &received.device)?;
    at_most("a device name", received.device.len(), NAME_BYTES_MAX)?;
    at_most("a purpose", received.purpose.len(), NAME_BYTES_MAX)?;
    at_most("the number of fields", received.fields.len(), RELEASE_FIELDS_MAX)?;
    received.fields.iter().try_for_each(check_field)
}

fn check_field(field: &Field) -> Result<(), StoreError> {
    not_empty("a field path is empty", &field.path)?;
    at_most("a field path", field.path.len(), PATH_BYTES_MAX)?;
    at_most("a unit", field.unit.as_ref().map_or(0, String::len), UNIT_BYTES_MAX)?;
    match &field.value {
        Value::Number(number) if !number.is_finite() => {
            Err(StoreError::Invalid("a number is not finite"))
        }
        Value::Choice(choice) => at_most("a choice", choice.len(), CHOICE_BYTES_MAX),
        Value::Number(_) | Value::Flag(_) => Ok(()),
    }
}

fn not_empty(otherwise: &'static str, text: &str) -> Result<(), StoreError> {
    if text.is_empty() { Err(StoreError::Invalid(otherwise)) } else { Ok(()) }
}

fn insert(write: &Connection, received: &Received) -> Result<Inserted, StoreError> {
    // Before anything else: of a consent that was withdrawn not even a repeat is good.
    let tag =
        received.tag.map(|it| withdrawals::number(write, received.gateway, it)).transpose()?;
    let keep_id_until_ms =
        received.received_ms.saturating_add(RELEASE_IDS_KEPT_MS).max(received.keep_until_ms);
    let sql = "INSERT INTO seen (gateway, release, keep_until_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    let mut remember = write.prepare_cached(sql)?;
    if remember.execute(params![received.gateway, received.release, keep_id_until_ms])? == 0 {
        return Ok(Inserted::Repeat);
    }
    if received.fields.is_empty() {
        return Ok(Inserted::New);
    }
    let source = source(write, received)?;
    let mut insert = write.prepare_cached(
        "INSERT INTO point (channel, at_ms, keep_until_ms, value, tag) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for field in &received.fields {
        let channel = channel(write, (source, received.gateway), field)?;
        let at_ms = field.at_ms.min(received.received_ms);
        insert.execute(params![channel, at_ms, received.keep_until_ms, field.value, tag])?;
    }
    Ok(Inserted::New)
}

fn source(write: &Connection, received: &Received) -> Result<i64, StoreError> {
    let mut upsert = write.prepare_cached(
        "INSERT INTO source (gateway, device, purpose, received_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET received_ms = max(received_ms, excluded.received_ms) RETURNING id",
    )?;
    let source = params![received.gateway, received.device, received.purpose, received.received_ms];
    Ok(upsert.query_row(source, |row| row.get(0))?)
}

fn channel(
    write: &Connection,
    (source, gateway): (i64, KeyId),
    field: &Field,
) -> Result<i64, StoreError> {
    let key = params![source, field.path, field.unit.as_deref().unwrap_or_default()];
    let sql = "SELECT id FROM channel WHERE source = ?1 AND path = ?2 AND unit = ?3";
    if let Some(id) = write.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()? {
        return Ok(id);
    }
    let sql =
        "SELECT count(*) FROM source JOIN channel ON channel.source = source.id WHERE gateway = ?1";
    let channels: usize = write.query_row(sql, [gateway], |row| row.get(0))?;
    at_most("the number of a gateway's fields", channels + 1, GATEWAY_CHANNELS_MAX)?;
    let sql = "INSERT INTO channel (source, path, unit) VALUES (?1, ?2, ?3) RETURNING id";
    Ok(write.query_row(sql, key, |row| row.get(0))?)
}

/// The three types stay apart in a column of any type: REAL, INTEGER and TEXT.
impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Number(number) => ToSqlOutput::from(*number),
            Self::Flag(flag) => ToSqlOutput::from(*flag),
            Self::Choice(choice) => ToSqlOutput::Borrowed(ValueRef::Text(choice.as_bytes())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Counts;
    use super::*;
    use std::path::PathBuf;

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    fn empty() -> (tempfile::TempDir, PathBuf, HubStore) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.db");
        let store = HubStore::open(&path).unwrap();
        (folder, path, store)
    }

    /// A heart rate that is received at `at_ms` and kept for a day.
    fn release(id: u8, at_ms: i64) -> Received {
        let value = Value::Number(72.0);
        Received {
            release: [id; 16],
            gateway: [1; 8],
            device: "pacemaker".into(),
            purpose: "care".into(),
            tag: None,
            received_ms: at_ms,
            keep_until_ms: at_ms + DAY_MS,
            fields: vec![Field {
                path: "heart-rate".into(),
                unit: Some("/min".into()),
                value,
                at_ms,
            }],
        }
    }

    #[test]
    fn a_release_is_kept_once() {
        let (_folder, path, store) = empty();
        let inserted = store.insert(&[release(1, 0), release(2, 0), release(1, 5)]).unwrap();
        assert_eq!(inserted, [Inserted::New, Inserted::New, Inserted::Repeat]);
        drop(store);
        let store = HubStore::open(&path).unwrap();
        assert_eq!(
            store.insert(&[release(2, 9), release(3, 9)]).unwrap(),
            [Inserted::Repeat, Inserted::New]
        );
        assert_eq!(
            store.counts().unwrap(),
            Counts { devices: 1, releases: 3, values: 3, ..Counts::default() }
        );
    }

    #[test]
    fn a_gateway_cannot_use_up_the_ids_of_another() {
        let (_folder, _, store) = empty();
        store.insert(&[release(1, 0)]).unwrap();
        let other = Received { gateway: [2; 8], ..release(1, 0) };
        assert_eq!(store.insert(&[other]).unwrap(), [Inserted::New]);
    }

    #[test]
    fn a_repeat_is_known_after_its_values_are_gone() {
        let (_folder, _, store) = empty();
        store.insert(&[release(1, 0)]).unwrap();
        assert_eq!(store.sweep(DAY_MS - 1).unwrap(), 0);
        assert_eq!(store.sweep(DAY_MS).unwrap(), 1);
        assert_eq!(store.counts().unwrap(), Counts { releases: 1, ..Counts::default() });
        assert_eq!(store.insert(&[release(1, DAY_MS)]).unwrap(), [Inserted::Repeat]);
        store.sweep(RELEASE_IDS_KEPT_MS - 1).unwrap();
        assert_eq!(store.counts().unwrap().releases, 1);
        store.sweep(RELEASE_IDS_KEPT_MS).unwrap();
        assert_eq!(store.counts().unwrap().releases, 0);
    }

    #[test]
    fn a_sweep_leaves_no_trace_on_the_disk() {
        let (folder, _, store) = empty();
        let mut secret = release(1, 0);
        secret.device = "grandmothers-insulin-pump".into();
        secret.fields[0].value = Value::Choice("hypoglycaemia".into());
        store.insert(&[secret]).unwrap();
        let on_disk = |text: &str| {
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).any(
                |path| {
                    let bytes = std::fs::read(path).unwrap();
                    bytes.windows(text.len()).any(|window| window == text.as_bytes())
                },
            )
        };
        assert!(
            on_disk("grandmothers") && on_disk("hypoglycaemia"),
            "the test looks in the wrong place"
        );
        store.sweep(DAY_MS).unwrap();
        assert!(!on_disk("grandmothers") && !on_disk("hypoglycaemia"));
    }

    #[test]
    fn a_sweep_spares_what_may_stay() {
        let (_folder, _, store) = empty();
        store.insert(&[release(1, 0), release(2, 10)]).unwrap();
        assert_eq!(store.sweep(DAY_MS + 5).unwrap(), 1);
        assert_eq!(
            store.counts().unwrap(),
            Counts { devices: 1, releases: 2, values: 1, ..Counts::default() }
        );
    }

    fn refuses(what: &str, change: impl Fn(&mut Received)) {
        let (_folder, _, store) = empty();
        let mut changed = release(2, 0);
        change(&mut changed);
        let error = store.insert(&[release(1, 0), changed]).unwrap_err();
        assert!(matches!(error, StoreError::TooLarge { .. } | StoreError::Invalid(_)), "{error:?}");
        assert!(error.to_string().starts_with(what), "{error}");
        assert_eq!(store.counts().unwrap(), Counts::default(), "part of the batch was kept");
    }

    #[test]
    fn what_exceeds_a_limit_is_refused_with_its_whole_batch() {
        let text = |bytes: usize| "x".repeat(bytes);
        refuses("a device name exceeds", |received| received.device = text(NAME_BYTES_MAX + 1));
        refuses("a device name is empty", |received| received.device.clear());
        refuses("a purpose exceeds", |received| received.purpose = text(NAME_BYTES_MAX + 1));
        refuses("a field path exceeds", |received| {
            received.fields[0].path = text(PATH_BYTES_MAX + 1)
        });
        refuses("a field path is empty", |received| received.fields[0].path.clear());
        refuses("a unit exceeds", |received| {
            received.fields[0].unit = Some(text(UNIT_BYTES_MAX + 1))
        });
        refuses("a choice exceeds", |received| {
            received.fields[0].value = Value::Choice(text(CHOICE_BYTES_MAX + 1));
        });
        refuses("a number is not finite", |received| {
            received.fields[0].value = Value::Number(f64::NAN)
        });
        refuses("the number of fields exceeds", |received| {
            received.fields = vec![received.fields[0].clone(); RELEASE_FIELDS_MAX + 1];
        });
    }

    #[test]
    fn a_batch_that_is_too_large_is_refused() {
        let (_folder, _, store) = empty();
        let batch = vec![release(1, 0); BATCH_RELEASES_MAX + 1];
        assert!(matches!(store.insert(&batch), Err(StoreError::TooLarge { .. })));
    }

    #[test]
    fn a_gateway_cannot_make_up_fields_without_end() {
        let (_folder, _, store) = empty();
        let named = |first: usize, count: usize| {
            let field = |number| Field {
                path: format!("field-{number}"),
                ..release(1, 0).fields.remove(0)
            };
            let fields = (first..first + count).map(field).collect();
            Received {
                release: u128::try_from(first).unwrap().to_le_bytes(),
                fields,
                ..release(0, 0)
            }
        };
        let many = |first| named(first, RELEASE_FIELDS_MAX);
        let full =
            (0..GATEWAY_CHANNELS_MAX).step_by(RELEASE_FIELDS_MAX).map(many).collect::<Vec<_>>();
        store.insert(&full).unwrap();
        assert!(matches!(store.insert(&[named(5_000, 1)]), Err(StoreError::TooLarge { .. })));
        let other = Received { gateway: [2; 8], ..named(5_000, 1) };
        assert_eq!(store.insert(&[other]).unwrap(), [Inserted::New]);
        store.insert(&[Received { release: [9; 16], ..named(0, 1) }]).unwrap();
    }
}
