//! Keeps lines in the prototype's format, which are text with neither type nor consent.

use super::{
    HubStore, LEGACY_BYTES_MAX, LEGACY_LINES_MAX, LegacyLine, NAME_BYTES_MAX, StoreError, at_most,
};
use rusqlite::{TransactionBehavior, params};

impl HubStore {
    /// Keeps a line in the prototype's format, and of all such lines the newest [`LEGACY_LINES_MAX`].
    ///
    /// The name has at most [`NAME_BYTES_MAX`] bytes, the line [`LEGACY_BYTES_MAX`].
    pub(crate) fn insert_legacy(
        &self,
        id_device: &str,
        data: &str,
        received_ms: i64,
    ) -> Result<(), StoreError> {
        at_most("a device name", id_device.len(), NAME_BYTES_MAX)?;
        at_most("a line", data.len(), LEGACY_BYTES_MAX)?;
        let mut connection = self.lock();
        let write = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let line = params![id_device, data, received_ms];
        write.execute(
            "INSERT INTO legacy (id_device, data, received_ms) VALUES (?1, ?2, ?3)",
            line,
        )?;
        let oldest = "DELETE FROM legacy WHERE id <= (SELECT id FROM legacy ORDER BY id DESC LIMIT 1 OFFSET ?1)";
        write.execute(oldest, [LEGACY_LINES_MAX])?;
        Ok(write.commit()?)
    }

    /// The newest `lines_max` lines in the prototype's format, newest first.
    pub(crate) fn legacy_latest(&self, lines_max: usize) -> Result<Vec<LegacyLine>, StoreError> {
        let connection = self.lock();
        let sql = "SELECT id_device, data, received_ms FROM legacy ORDER BY id DESC LIMIT ?1";
        let mut select = connection.prepare_cached(sql)?;
        let lines = select.query_map([lines_max.min(LEGACY_LINES_MAX)], |row| {
            Ok(LegacyLine { id_device: row.get(0)?, data: row.get(1)?, received_ms: row.get(2)? })
        })?;
        Ok(lines.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::LEGACY_KEPT_MS;
    use super::*;

    #[test]
    fn only_the_newest_lines_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = HubStore::open(&folder.path().join("hub.db")).unwrap();
        for number in 0..i64::try_from(LEGACY_LINES_MAX).unwrap() + 3 {
            store.insert_legacy("patient", &format!("bpm:  {number} bpm "), number).unwrap();
        }
        let lines = store.legacy_latest(usize::MAX).unwrap();
        assert_eq!(lines.len(), LEGACY_LINES_MAX);
        let newest = LegacyLine {
            id_device: "patient".into(),
            data: "bpm:  1002 bpm ".into(),
            received_ms: 1002,
        };
        assert_eq!(store.legacy_latest(1).unwrap(), [newest]);
        assert_eq!(lines.last().unwrap().received_ms, 3);
        assert_eq!(store.counts().unwrap().legacy_lines, 1000);
    }

    #[test]
    fn a_line_is_not_kept_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let store = HubStore::open(&folder.path().join("hub.db")).unwrap();
        store.insert_legacy("patient", "old", 1_000).unwrap();
        store.insert_legacy("patient", "young", 2_000).unwrap();
        store.sweep(1_000 + LEGACY_KEPT_MS).unwrap();
        let lines = store.legacy_latest(9).unwrap();
        assert_eq!(lines.iter().map(|line| line.data.as_str()).collect::<Vec<_>>(), ["young"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = HubStore::open(&folder.path().join("hub.db")).unwrap();
        let long = "x".repeat(LEGACY_BYTES_MAX + 1);
        assert!(matches!(
            store.insert_legacy("a", &long, 0),
            Err(StoreError::TooLarge { what: "a line", .. })
        ));
        assert!(matches!(
            store.insert_legacy(&long[..NAME_BYTES_MAX + 1], "a", 0),
            Err(StoreError::TooLarge { what: "a device name", .. })
        ));
        assert!(store.legacy_latest(9).unwrap().is_empty());
    }
}
