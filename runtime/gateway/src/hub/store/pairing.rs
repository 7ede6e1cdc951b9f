//! Keeps which gateways are paired, and the invitations by which they become so.
//!
//! # Promises
//!
//! - An invitation pairs one gateway, and only before it expires.
//! - A paired gateway's key is never replaced by another with the same id.

use super::{HubStore, INVITES_MAX, KeyId, RedeemError, Redeemed, StoreError, at_most};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

impl HubStore {
    /// Lets one gateway pair with the code of this hash until `expires_ms` (milliseconds since 1970).
    ///
    /// At most [`INVITES_MAX`] unused invitations are remembered.
    pub(crate) fn add_invite(
        &self,
        code_hash: [u8; 32],
        expires_ms: i64,
    ) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let write = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let unused = "SELECT count(*) FROM invite WHERE gateway_key IS NULL";
        let unused: usize = write.query_row(unused, [], |row| row.get(0))?;
        at_most("the number of unused invitations", unused + 1, INVITES_MAX)?;
        write.execute(
            "INSERT INTO invite (code_hash, expires_ms) VALUES (?1, ?2)",
            params![code_hash, expires_ms],
        )?;
        Ok(write.commit()?)
    }

    /// Pairs the gateway that has `gateway_key` and showed the code of this hash.
    ///
    /// The same gateway may ask again at any time, for as long as the invitation is remembered.
    pub(crate) fn redeem(
        &self,
        code_hash: [u8; 32],
        gateway_key: [u8; 32],
        now_ms: i64,
    ) -> Result<Redeemed, RedeemError> {
        let mut connection = self.lock();
        let write = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::Database)?;
        match invite(&write, code_hash)?.ok_or(RedeemError::Unknown)? {
            (_, Some(user)) if user == gateway_key => {
                return Ok(Redeemed::Repeat(key_id(&gateway_key)));
            }
            (_, Some(_)) => return Err(RedeemError::UsedByOther),
            (expires_ms, None) if expires_ms <= now_ms => return Err(RedeemError::Expired),
            (_, None) => {}
        }
        let id = key_id(&gateway_key);
        if gateway(&write, id)?.is_some_and(|paired| paired != gateway_key) {
            return Err(RedeemError::KeyIdTaken);
        }
        pair(&write, code_hash, gateway_key, now_ms)?;
        write.commit().map_err(StoreError::Database)?;
        Ok(Redeemed::New(id))
    }

    /// The public key of the paired gateway with this key id.
    pub(crate) fn gateway_by_key_id(&self, id: KeyId) -> Result<Option<[u8; 32]>, StoreError> {
        gateway(&self.lock(), id)
    }
}

fn key_id(gateway_key: &[u8; 32]) -> KeyId {
    let mut id = KeyId::default();
    id.iter_mut().zip(Sha256::digest(gateway_key)).for_each(|(byte, digested)| *byte = digested);
    id
}

/// When it expires, and the key of the gateway that used it.
type Invite = (i64, Option<[u8; 32]>);

fn invite(connection: &Connection, code_hash: [u8; 32]) -> Result<Option<Invite>, StoreError> {
    let sql = "SELECT expires_ms, gateway_key FROM invite WHERE code_hash = ?1";
    Ok(connection.query_row(sql, [code_hash], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

fn gateway(connection: &Connection, id: KeyId) -> Result<Option<[u8; 32]>, StoreError> {
    Ok(connection
        .query_row("SELECT key FROM gateway WHERE id = ?1", [id], |row| row.get(0))
        .optional()?)
}

fn pair(
    connection: &Connection,
    code_hash: [u8; 32],
    gateway_key: [u8; 32],
    now_ms: i64,
) -> Result<(), StoreError> {
    let sql = "UPDATE invite SET gateway_key = ?2 WHERE code_hash = ?1";
    connection.execute(sql, params![code_hash, gateway_key])?;
    let sql = "INSERT INTO gateway (id, key, paired_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    connection.execute(sql, params![key_id(&gateway_key), gateway_key, now_ms])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::INVITES_KEPT_MS;
    use super::*;

    const CODE: [u8; 32] = [1; 32];
    const ALICE: [u8; 32] = [2; 32];
    const MALLORY: [u8; 32] = [3; 32];

    fn invited() -> (tempfile::TempDir, HubStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = HubStore::open(&folder.path().join("hub.db")).unwrap();
        store.add_invite(CODE, 1_000).unwrap();
        (folder, store)
    }

    #[test]
    fn an_invitation_pairs_one_gateway() {
        let (_folder, store) = invited();
        let id = key_id(&ALICE);
        assert_eq!(store.gateway_by_key_id(id).unwrap(), None);
        assert_eq!(store.redeem(CODE, ALICE, 10).unwrap(), Redeemed::New(id));
        assert!(matches!(store.redeem(CODE, MALLORY, 11), Err(RedeemError::UsedByOther)));
        assert_eq!(store.gateway_by_key_id(id).unwrap(), Some(ALICE));
        assert_eq!(store.gateway_by_key_id(key_id(&MALLORY)).unwrap(), None);
        assert_eq!(store.counts().unwrap().gateways, 1);
    }

    #[test]
    fn the_same_gateway_may_ask_again() {
        let (folder, store) = invited();
        store.redeem(CODE, ALICE, 10).unwrap();
        drop(store);
        let store = HubStore::open(&folder.path().join("hub.db")).unwrap();
        assert_eq!(store.redeem(CODE, ALICE, 2_000).unwrap(), Redeemed::Repeat(key_id(&ALICE)));
        store.add_invite([9; 32], 3_000).unwrap();
        assert_eq!(store.redeem([9; 32], ALICE, 2_000).unwrap(), Redeemed::New(key_id(&ALICE)));
        assert_eq!(store.counts().unwrap().gateways, 1);
    }

    #[test]
    fn an_unknown_or_expired_invitation_pairs_nobody() {
        let (_folder, store) = invited();
        assert!(matches!(store.redeem([8; 32], ALICE, 10), Err(RedeemError::Unknown)));
        assert!(matches!(store.redeem(CODE, ALICE, 1_000), Err(RedeemError::Expired)));
        store.sweep(1_000).unwrap();
        assert!(matches!(store.redeem(CODE, ALICE, 1_000), Err(RedeemError::Expired)));
        store.sweep(1_000 + INVITES_KEPT_MS).unwrap();
        assert!(matches!(store.redeem(CODE, ALICE, 1_000), Err(RedeemError::Unknown)));
        assert_eq!(store.counts().unwrap().gateways, 0);
    }

    #[test]
    fn a_key_with_the_id_of_another_is_refused() {
        let (_folder, store) = invited();
        let sql = "INSERT INTO gateway (id, key, paired_ms) VALUES (?1, ?2, 0)";
        store.lock().execute(sql, params![key_id(&ALICE), MALLORY]).unwrap();
        assert!(matches!(store.redeem(CODE, ALICE, 10), Err(RedeemError::KeyIdTaken)));
        assert_eq!(store.gateway_by_key_id(key_id(&ALICE)).unwrap(), Some(MALLORY));
    }

    #[test]
    fn a_key_id_is_the_start_of_the_keys_sha_256() {
        // Printed by: head -c 32 /dev/zero | sha256sum
        assert_eq!(key_id(&[0; 32]), [0x66, 0x68, 0x7a, 0xad, 0xf8, 0x62, 0xbd, 0x77]);
    }

    #[test]
    fn unused_invitations_are_limited() {
        let (_folder, store) = invited();
        let code = |number: usize| Sha256::digest(number.to_le_bytes()).into();
        (1..INVITES_MAX).for_each(|number| store.add_invite(code(number), 1_000).unwrap());
        assert!(matches!(store.add_invite([7; 32], 1_000), Err(StoreError::TooLarge { .. })));
        store.redeem(CODE, ALICE, 10).unwrap();
        store.add_invite([7; 32], 1_000).unwrap();
    }
}
