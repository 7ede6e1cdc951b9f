//! Since when the oldest of what is kept is there.
//!
//! # Promises
//!
//! - What was kept by an earlier version is never taken for younger than it can be.

use super::{Store, StoreError, erase::Whose};
use crate::message::Millis;
use rusqlite::{Connection, OptionalExtension};

/// The oldest of each kind; nothing where nothing is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Oldest {
    /// When the frame came in of which a release waits.
    pub waiting: Option<Millis>,
    /// What plugins, operators or a device's counter left that was not written anew for longest: when it was written last,
    /// and the grant or counter.
    pub remembered: Option<(Millis, String)>,
    /// The first entry of the ledger that was not erased.
    pub entry: Option<Millis>,
}

/// What is remembered gets a column for it, in a store of before, too.
pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    if !connection.column_exists(None, "state", "at_ms")? {
        connection.execute_batch(
            "BEGIN IMMEDIATE;
             ALTER TABLE state ADD COLUMN at_ms INTEGER NOT NULL DEFAULT 0;
             UPDATE state SET at_ms = ifnull((SELECT at_ms FROM ledger ORDER BY seq LIMIT 1), 0);
             COMMIT;",
        )?;
    }
    connection.execute_batch("CREATE INDEX IF NOT EXISTS state_at ON state(at_ms, owner);")
}

/// Of all, or of all but what is `others`': what nobody can tell whose it is, as under a grant that is gone, is never left
/// out. Nor is the ledger's, which is of all in any case.
pub fn look(connection: &Connection, others: Option<&Whose>) -> rusqlite::Result<Oldest> {
    let entry = first_entry(connection)?;
    // No gateway of this version has run.
    if !connection.column_exists(None, "state", "at_ms")? {
        return Ok(Oldest { entry, ..Oldest::default() });
    }
    let nobody = Whose::default();
    let others = others.unwrap_or(&nobody);
    let waiting = waiting(connection, others)?;
    Ok(Oldest { waiting, remembered: remembered(connection, others)?, entry })
}

/// In the order in which they came in: the first is the oldest.
fn waiting(connection: &Connection, others: &Whose) -> rusqlite::Result<Option<Millis>> {
    let mut query = connection.prepare_cached("SELECT at_ms, device FROM outbox ORDER BY id")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let device: String = row.get(1)?;
        if !others.devices.contains(&device) {
            return Ok(Some(Millis(row.get(0)?)));
        }
    }
    Ok(None)
}

/// By an index: the first is the oldest.
fn remembered(
    connection: &Connection,
    others: &Whose,
) -> rusqlite::Result<Option<(Millis, String)>> {
    let mut query =
        connection.prepare_cached("SELECT at_ms, owner FROM state ORDER BY at_ms, owner")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let owner: String = row.get(1)?;
        if !others.has(&owner) {
            return Ok(Some((Millis(row.get(0)?), owner)));
        }
    }
    Ok(None)
}

fn first_entry(connection: &Connection) -> rusqlite::Result<Option<Millis>> {
    let sql = "SELECT at_ms FROM ledger WHERE salt IS NOT NULL ORDER BY seq LIMIT 1";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0).map(Millis)).optional()
}

impl Whose {
    /// Whether what is remembered for `owner`, a grant or a device's counter, is theirs.
    fn has(&self, owner: &str) -> bool {
        let counter = |device: &String| {
            owner.strip_prefix("device:").and_then(|it| it.strip_prefix(&**device))
        };
        self.grants.iter().any(|it| it == owner)
            || self.devices.iter().filter_map(counter).any(|it| it.starts_with(':'))
    }
}

impl Store {
    /// The oldest of all that is kept.
    pub fn oldest(&self) -> Result<Oldest, StoreError> {
        self.read(|it| {
            let nobody = Whose::default();
            let (waiting, remembered) = (waiting(it, &nobody)?, remembered(it, &nobody)?);
            // While this runs nothing is erased: the first entry stays the first.
            let entry = match self.first_entry.get() {
                Some(entry) => Some(*entry),
                None => first_entry(it)?.map(|it| *self.first_entry.get_or_init(|| it)),
            };
            Ok(Oldest { waiting, remembered, entry })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ledger, outbox};

    /// As a version before it was told would have written it.
    fn before() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        let state = "CREATE TABLE state(owner TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;";
        for sql in [ledger::SCHEMA, outbox::TABLE, state] {
            connection.execute_batch(sql).unwrap();
        }
        connection
    }

    fn entry(connection: &Connection, (seq, at): (i64, i64), salt: Option<[u8; 16]>) {
        let sql = "INSERT INTO ledger VALUES (?1, ?2, 'queued', '', 1, 'd', 'r', 'g', NULL, x'', '', ?3, x'00')";
        connection.execute(sql, (seq, at, salt)).unwrap();
    }

    fn release(connection: &Connection, (number, device): (u8, &str), at: i64) {
        let sql = "INSERT INTO outbox(release, frame, device, recipient, grant_id, grant_digest, due_ms, expires_ms,
                   envelope, at_ms) VALUES (?1, 1, ?2, 'hospital', 'ada', x'', 0, 0, x'', ?3)";
        connection.execute(sql, ([number; 16], device, at)).unwrap();
    }

    fn state(connection: &Connection, owner: &str, at: i64) {
        let sql = "INSERT INTO state(owner, sealed, at_ms) VALUES (?1, x'', ?2)";
        connection.execute(sql, (owner, at)).unwrap();
    }

    #[test]
    fn the_oldest_of_each_kind_is_found_of_all_and_of_one_person() {
        let connection = before();
        assert_eq!(look(&connection, None).unwrap(), Oldest::default());
        prepare(&connection).unwrap();
        assert_eq!(look(&connection, None).unwrap(), Oldest::default());
        entry(&connection, (1, 5), None);
        entry(&connection, (2, 7), Some([1; 16]));
        entry(&connection, (3, 9), Some([1; 16]));
        for (number, device, at) in [(1, "scale", 20), (2, "door", 30), (3, "door", 40)] {
            release(&connection, (number, device), at);
        }
        for (owner, at) in
            [("ben", 11), ("device:scale:00", 12), ("device:door:00", 14), ("ada", 13)]
        {
            state(&connection, owner, at);
        }
        let oldest = |waiting, remembered: Option<(i64, &str)>| Oldest {
            waiting: Some(Millis(waiting)),
            remembered: remembered.map(|it| (Millis(it.0), it.1.to_owned())),
            entry: Some(Millis(7)),
        };
        assert_eq!(look(&connection, None).unwrap(), oldest(20, Some((11, "ben"))));
        let without = |device: &str, grants: &[&str]| {
            let grants = grants.iter().map(ToString::to_string).collect();
            let others = Whose { devices: vec![device.to_owned()], grants };
            look(&connection, Some(&others)).unwrap()
        };
        assert_eq!(without("scale", &["ben"]), oldest(30, Some((13, "ada"))));
        assert_eq!(without("scale", &["ben", "ada"]), oldest(30, Some((14, "device:door:00"))));
        // What is left of a grant that is gone may be anybody's.
        assert_eq!(without("scale", &["ada"]), oldest(30, Some((11, "ben"))));
        // One name begins like another.
        assert_eq!(without("scal", &["ben"]), oldest(20, Some((12, "device:scale:00"))));
    }

    #[test]
    fn what_an_earlier_version_kept_is_as_old_as_it_can_be() {
        let connection = before();
        entry(&connection, (1, 5), Some([1; 16]));
        connection.execute("INSERT INTO state VALUES ('ada', x'')", []).unwrap();
        let oldest = || look(&connection, None).unwrap();
        assert_eq!((oldest().remembered, oldest().entry), (None, Some(Millis(5))));
        prepare(&connection).unwrap();
        prepare(&connection).unwrap();
        assert_eq!(oldest().remembered, Some((Millis(5), "ada".into())));
    }
}
