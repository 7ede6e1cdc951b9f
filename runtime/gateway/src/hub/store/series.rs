//! Reads out what is shown of a hub: the newest values, and how they changed.
//!
//! # Promises
//!
//! - A value past its `keep_until_ms` is not read, swept or not.
//! - A series keeps the extremes of what it leaves out.

use super::{ChannelId, DeviceLatest, Field, FieldLatest, HubStore, StoreError, Value};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, Row};
use std::ops::RangeInclusive;

impl HubStore {
    /// The newest values of every device that has any at `now_ms` (milliseconds since 1970), by device name.
    pub(crate) fn latest(&self, now_ms: i64) -> Result<Vec<DeviceLatest>, StoreError> {
        let connection = self.lock();
        let mut select = connection.prepare_cached(
            "SELECT source.id, gateway, device, purpose, received_ms, channel.id, path, unit, value, at_ms
             FROM source JOIN channel ON channel.source = source.id
             JOIN point ON point.id = (
                 SELECT id FROM point WHERE point.channel = channel.id AND keep_until_ms > ?1
                 ORDER BY at_ms DESC, id DESC LIMIT 1)
             ORDER BY device, purpose, gateway, channel.id",
        )?;
        let rows =
            select.query_map([now_ms], |row| Ok((row.get(0)?, device(row)?, field(row)?)))?;
        let mut devices: Vec<(i64, DeviceLatest)> = Vec::new();
        for row in rows {
            let (source, device, field) = row?;
            match devices.last_mut() {
                Some((last, device)) if *last == source => device.fields.push(field),
                _ => devices.push((source, DeviceLatest { fields: vec![field], ..device })),
            }
        }
        Ok(devices.into_iter().map(|(_, device)| device).collect())
    }

    /// The numbers of a channel measured within `span_ms` (since 1970) and kept past its end, by time.
    ///
    /// At most `points_max`, or 2 if that is less. If there are more, the lowest and the highest of each of
    /// `points_max / 2` equal parts of the span stand for the rest.
    pub(crate) fn series(
        &self,
        channel: ChannelId,
        span_ms: RangeInclusive<i64>,
        points_max: usize,
    ) -> Result<Vec<(i64, f64)>, StoreError> {
        let numbers =
            "FROM point WHERE channel = ?1 AND at_ms BETWEEN ?2 AND ?3 AND keep_until_ms > ?3
                       AND typeof(value) = 'real'";
        let (start_ms, end_ms) = span_ms.into_inner();
        let parts = i64::try_from(points_max / 2).unwrap_or(i64::MAX).max(1);
        let connection = self.lock();

        let all = format!("SELECT at_ms, value {numbers} ORDER BY at_ms, id LIMIT ?4");
        let one_too_many = parts.saturating_mul(2).saturating_add(1);
        let points = select_points(&connection, &all, [channel.0, start_ms, end_ms, one_too_many])?;
        if points.len() <= points_max.max(2) {
            return Ok(points);
        }
        let part_ms = end_ms.saturating_sub(start_ms) / parts + 1;
        // Beside a lone min() or max(), SQLite takes the other columns from the row that has it.
        let extremes = format!(
            "SELECT at_ms, min(value) {numbers} GROUP BY (at_ms - ?2) / ?4
             UNION SELECT at_ms, max(value) {numbers} GROUP BY (at_ms - ?2) / ?4 ORDER BY at_ms"
        );
        select_points(&connection, &extremes, [channel.0, start_ms, end_ms, part_ms])
    }
}

fn device(row: &Row<'_>) -> rusqlite::Result<DeviceLatest> {
    Ok(DeviceLatest {
        gateway: row.get("gateway")?,
        device: row.get("device")?,
        purpose: row.get("purpose")?,
        fields: Vec::new(),
        received_ms: row.get("received_ms")?,
    })
}

fn field(row: &Row<'_>) -> rusqlite::Result<FieldLatest> {
    let unit: String = row.get("unit")?;
    let unit = Some(unit).filter(|unit| !unit.is_empty());
    let field =
        Field { path: row.get("path")?, unit, value: row.get("value")?, at_ms: row.get("at_ms")? };
    Ok(FieldLatest { channel: ChannelId(row.get(5)?), field })
}

fn select_points(
    connection: &Connection,
    sql: &str,
    with: [i64; 4],
) -> Result<Vec<(i64, f64)>, StoreError> {
    let mut select = connection.prepare_cached(sql)?;
    let points = select.query_map(with, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(points.collect::<Result<_, _>>()?)
}

impl FromSql for Value {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Real(number) => Ok(Self::Number(number)),
            ValueRef::Integer(flag) => Ok(Self::Flag(flag != 0)),
            ValueRef::Text(_) => Ok(Self::Choice(value.as_str()?.to_owned())),
            ValueRef::Null | ValueRef::Blob(_) => Err(FromSqlError::InvalidType),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Received;
    use super::*;

    const KEEP_MS: i64 = 1_000_000;

    /// A store with one release per line of `(device, path, value, at_ms)`, each kept for [`KEEP_MS`].
    fn holding(values: &[(&str, &str, Value, i64)]) -> (tempfile::TempDir, HubStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = HubStore::open(&folder.path().join("hub.db")).unwrap();
        let releases =
            values.iter().enumerate().map(|(number, (device, path, value, at_ms))| Received {
                release: u128::try_from(number).unwrap().to_le_bytes(),
                gateway: [1; 8],
                device: (*device).into(),
                purpose: "care".into(),
                tag: None,
                received_ms: *at_ms,
                keep_until_ms: at_ms + KEEP_MS,
                fields: vec![Field {
                    path: (*path).into(),
                    unit: None,
                    value: value.clone(),
                    at_ms: *at_ms,
                }],
            });
        let releases = releases.collect::<Vec<_>>();
        releases
            .chunks(super::super::BATCH_RELEASES_MAX)
            .for_each(|batch| drop(store.insert(batch).unwrap()));
        (folder, store)
    }

    fn number(number: f64) -> Value {
        Value::Number(number)
    }

    #[test]
    fn the_newest_value_of_each_field_is_shown_whatever_the_order_of_arrival() {
        let (_folder, store) = holding(&[
            ("watch", "pulse", number(71.0), 20),
            ("watch", "worn", Value::Flag(true), 20),
            ("scale", "weight", number(80.5), 5),
            ("watch", "pulse", number(70.0), 10),
            ("watch", "mode", Value::Choice("sleep".into()), 30),
        ]);
        let latest = store.latest(100).unwrap();
        let told = latest.iter().map(|device| {
            let values = device
                .fields
                .iter()
                .map(|latest| (latest.field.path.as_str(), latest.field.value.clone()));
            (device.device.as_str(), device.received_ms, values.collect::<Vec<_>>())
        });
        let watch = vec![
            ("pulse", number(71.0)),
            ("worn", Value::Flag(true)),
            ("mode", Value::Choice("sleep".into())),
        ];
        assert_eq!(
            told.collect::<Vec<_>>(),
            [("scale", 5, vec![("weight", number(80.5))]), ("watch", 30, watch)]
        );
    }

    #[test]
    fn nothing_is_shown_past_its_end_even_before_the_sweep() {
        let (_folder, store) =
            holding(&[("watch", "pulse", number(70.0), 10), ("watch", "pulse", number(71.0), 5)]);
        let channel = store.latest(0).unwrap()[0].fields[0].channel;
        assert_eq!(store.series(channel, 0..=KEEP_MS + 5, 9).unwrap(), [(10, 70.0)]);
        assert_eq!(store.latest(KEEP_MS + 9).unwrap().len(), 1);
        assert!(store.latest(KEEP_MS + 10).unwrap().is_empty());
        assert!(store.series(channel, 0..=KEEP_MS + 10, 9).unwrap().is_empty());
    }

    #[test]
    fn a_time_after_the_receipt_is_shown_as_the_receipts() {
        let (_folder, store) = holding(&[("watch", "pulse", number(70.0), 10)]);
        let mut ahead = Received {
            release: [9; 16],
            gateway: [1; 8],
            device: "watch".into(),
            purpose: "care".into(),
            tag: None,
            received_ms: 50,
            keep_until_ms: KEEP_MS,
            fields: vec![store.latest(0).unwrap()[0].fields[0].field.clone()],
        };
        ahead.fields[0].at_ms = i64::MAX;
        store.insert(&[ahead]).unwrap();
        assert_eq!(store.latest(60).unwrap()[0].fields[0].field.at_ms, 50);
    }

    #[test]
    fn units_and_purposes_are_not_mixed() {
        let (_folder, store) = holding(&[("watch", "temperature", number(36.6), 10)]);
        let release = |unit: &str, purpose: &str| Received {
            release: unit.repeat(16).as_bytes()[..16].try_into().unwrap(),
            gateway: [1; 8],
            device: "watch".into(),
            purpose: purpose.into(),
            tag: None,
            received_ms: 20,
            keep_until_ms: KEEP_MS,
            fields: vec![Field {
                path: "temperature".into(),
                unit: Some(unit.into()),
                value: number(97.9),
                at_ms: 20,
            }],
        };
        store.insert(&[release("[degF]", "care"), release("Cel", "research")]).unwrap();
        let latest = store.latest(30).unwrap();
        assert_eq!(latest.iter().map(|device| device.fields.len()).collect::<Vec<_>>(), [2, 1]);
        let series = |field: &FieldLatest| store.series(field.channel, 0..=100, 9).unwrap();
        assert_eq!(series(&latest[0].fields[0]), [(10, 36.6)]);
        assert_eq!(series(&latest[0].fields[1]), [(20, 97.9)]);
    }

    #[test]
    fn a_series_is_bounded_and_keeps_the_extremes() {
        let mut values = (0..2_000)
            .map(|n| ("watch", "pulse", number(70.0 + f64::from(n % 7)), i64::from(n) * 10));
        let mut values = values.by_ref().collect::<Vec<_>>();
        values[777].2 = number(180.0);
        values[1_333].2 = number(31.0);
        let (_folder, store) = holding(&values);
        let channel = store.latest(0).unwrap()[0].fields[0].channel;
        let points = store.series(channel, 0..=19_990, 100).unwrap();
        assert!((90..=100).contains(&points.len()), "{}", points.len());
        assert!(points.is_sorted_by_key(|(at_ms, _)| *at_ms));
        assert!(points.contains(&(7_770, 180.0)) && points.contains(&(13_330, 31.0)));
        assert_eq!(store.series(channel, 100..=190, 10).unwrap().len(), 10);
        assert_eq!(store.series(channel, 100..=200, 10).unwrap().len(), 10);
        assert_eq!(store.series(channel, i64::MIN..=i64::MAX - KEEP_MS, 0).unwrap(), []);
    }

    #[test]
    fn the_number_of_a_deleted_channel_is_not_used_again() {
        let (_folder, store) = holding(&[("watch", "pulse", number(70.0), 10)]);
        let old = store.latest(0).unwrap()[0].fields[0].channel;
        store.sweep(KEEP_MS + 10).unwrap();
        let mut other = Received {
            release: [9; 16],
            gateway: [2; 8],
            device: "pump".into(),
            purpose: "care".into(),
            tag: None,
            received_ms: 10,
            keep_until_ms: KEEP_MS,
            fields: Vec::new(),
        };
        other.fields.push(Field { path: "dose".into(), unit: None, value: number(1.0), at_ms: 10 });
        store.insert(&[other]).unwrap();
        assert_eq!(store.series(old, 0..=100, 9).unwrap(), []);
    }
}
