//! What is remembered for grants and devices' counters, sealed.

use crate::{consent::operator::Memory, keys::Vault, message::Millis, pipeline::live};
use rusqlite::{Connection, Transaction, params};

/// What is remembered for `owner`; nothing if it cannot be opened.
pub fn get(
    connection: &Connection,
    vault: &Vault,
    owner: &str,
) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut query = connection.prepare_cached("SELECT sealed FROM state WHERE owner = ?1")?;
    let mut rows = query.query([owner])?;
    let sealed = rows.next()?.map_or(Ok(None), |row| row.get::<_, Vec<u8>>(0).map(Some))?;
    Ok(sealed.and_then(|it| vault.open(owner, &it)))
}

/// Whether an owner is a counter of the device `?1`: its name ends with the digest of the adapter's settings.
pub(super) const COUNTER: &str = "substr(owner, 1, length(?1) + 8) = 'device:' || ?1 || ':'";

/// Whose memories are about `device`: grants of it that there are or were, also those of several subjects, and counters.
pub fn owners(connection: &Connection, device: &str) -> rusqlite::Result<Vec<String>> {
    let sql = format!(
        "SELECT owner FROM state WHERE owner IN (
             SELECT grant_id FROM consent WHERE device = ?1
             UNION SELECT grant_id FROM withdrawal WHERE device = ?1) OR {COUNTER}"
    );
    connection.prepare_cached(&sql)?.query_map([device], |row| row.get(0))?.collect()
}

/// What the host's operators remember for `grant`.
pub fn operators(connection: &Connection, vault: &Vault, grant: &str) -> rusqlite::Result<Memory> {
    get(connection, vault, grant).map(live::operators)
}

/// Remembers `state` for `owner` from `at` on.
pub(super) fn put(
    transaction: &Transaction<'_>,
    vault: &Vault,
    (owner, state): (&str, &[u8]),
    at: Millis,
) -> rusqlite::Result<()> {
    let sealed = vault.seal(owner, state).ok_or(rusqlite::Error::InvalidQuery)?;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO state(owner, sealed, at_ms) VALUES (?1, ?2, ?3)")?
        .execute(params![owner, sealed, at.0])
        .map(drop)
}
