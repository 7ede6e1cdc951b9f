//! Which identifiers recipients know: by the settings that count, and of what was given out.

use super::state;
use crate::{
    consent::{
        grant::Grant,
        linkage::{Given, Kind, Shared, shared},
        schema::Domain,
    },
    contract::{Contract, Format},
    keys::Vault,
};
use rusqlite::{Connection, Row};
use std::collections::{BTreeMap, BTreeSet};

/// Those that several recipients know by the grants that were agreed. `key` is the key by which somebody with such a key
/// knows this gateway.
pub fn look(
    connection: &Connection,
    (vault, key): (&Vault, impl Fn(&[u8; 32]) -> [u8; 32]),
    agreed: &[(&Grant, &Contract)],
) -> rusqlite::Result<Vec<Shared>> {
    let mut all: Vec<Given> = agreed.iter().map(|it| alias(it.0)).collect();
    let by_recipient: BTreeMap<_, _> =
        agreed.iter().map(|it| (&*it.0.recipient, (it.0, it.1.format))).collect();
    all.extend(by_recipient.into_values().filter_map(|(grant, format)| match format {
        Format::Hushgate(keys) => Some(given(Kind::Key, grant, key(&keys.sealing).to_vec())),
        Format::PrivateIot => None,
    }));
    for (grant, _) in agreed {
        pseudonyms(connection, vault, grant, &mut all)?;
    }
    let devices: BTreeSet<_> = agreed.iter().map(|it| &*it.0.device).collect();
    tags(connection, &devices, &mut all)?;
    Ok(shared(all.into_iter()))
}

fn given(kind: Kind, grant: &Grant, identifier: Vec<u8>) -> Given {
    Given { kind, recipient: grant.recipient.clone(), grant: grant.id.clone(), identifier }
}

fn alias(grant: &Grant) -> Given {
    given(Kind::Alias, grant, grant.device_alias.clone().into_bytes())
}

fn pseudonyms(
    connection: &Connection,
    vault: &Vault,
    grant: &Grant,
    all: &mut Vec<Given>,
) -> rusqlite::Result<()> {
    let is_pseudonym =
        |it: &&crate::consent::schema::Rule| matches!(it.domain, Domain::Pseudonym(_));
    let mut paths = grant.fields.iter().filter(is_pseudonym).map(|it| &it.path).peekable();
    if paths.peek().is_some() {
        let memory = state::operators(connection, vault, &grant.id)?;
        let its = paths.flat_map(|it| memory.given(it));
        all.extend(its.map(|it| given(Kind::Pseudonym, grant, it.to_vec())));
    }
    Ok(())
}

/// A recipient that cannot be told has none.
fn tags(
    connection: &Connection,
    devices: &BTreeSet<&str>,
    all: &mut Vec<Given>,
) -> rusqlite::Result<()> {
    if !connection.table_exists(None, "consent")? {
        return Ok(());
    }
    let sql = "SELECT device, recipient, grant_id, tag FROM consent WHERE length(tag) > 0";
    let tag = |row: &Row<'_>| {
        let (kind, recipient, grant) = (Kind::Tag, row.get(1)?, row.get(2)?);
        Ok((row.get::<_, String>(0)?, Given { kind, recipient, grant, identifier: row.get(3)? }))
    };
    for row in connection.prepare_cached(sql)?.query_map([], tag)? {
        let (device, given) = row?;
        all.extend(devices.contains(&*device).then_some(given));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        contract::Address, keys::Keys, message::Millis, pipeline::live, store::consents,
        wire::invite::RecipientKeys,
    };

    const FIELD: &str = "{ path = \"badge\", pseudonym = true }";

    fn grant(recipient: &str, alias: &str) -> Grant {
        let text = format!(
            "subject = \"ada\"\ndevice = \"door\"\nrecipient = \"{recipient}\"\npurpose = \"own:care\"\n\
             device-alias = \"{alias}\"\nevery = \"10 s\"\nretention = \"1 h\"\n\
             valid-from = 1970-01-01T00:00:00Z\nvalid-until = 2027-01-01T00:00:00Z\nfield = [{FIELD}]\n"
        );
        Grant { id: format!("ada-{recipient}"), ..Grant::of_text(&text) }
    }

    fn contract(name: &str, key: u8) -> Contract {
        Contract {
            name: name.into(),
            address: Address::Loopback("127.0.0.1:9".parse().unwrap()),
            format: Format::Hushgate(RecipientKeys { sealing: [key; 32], receipt: [0; 32] }),
            envelope_bytes: 1024,
            code: None,
        }
    }

    /// What two recipients share, of whom this is true, each with its own grant.
    fn shared_by(
        aliases: [&str; 2],
        keys_of: [u8; 2],
        pseudonyms_for: [&str; 2],
        tags: [u8; 2],
    ) -> Vec<Kind> {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::create(&dir.path().join("key")).unwrap();
        let mut connection = Connection::open_in_memory().unwrap();
        let state = "CREATE TABLE state(owner TEXT PRIMARY KEY, sealed BLOB NOT NULL, at_ms INTEGER) STRICT;";
        connection.execute_batch(state).unwrap();
        connection.execute_batch(consents::SCHEMA).unwrap();
        let names = ["hospital", "insurer"];
        let grants = [0, 1].map(|it| grant(names[it], aliases[it]));
        let contracts = [0, 1].map(|it| contract(names[it], keys_of[it]));
        let transaction = connection.transaction().unwrap();
        for at in [0, 1] {
            let state = live::with_pseudonym("badge", "ben", pseudonyms_for[at]);
            let owner = (&*grants[at].id, &*state);
            state::put(&transaction, &keys.vault(), owner, Millis(0)).unwrap();
            let sql = "INSERT INTO consent VALUES (?1, ?1, 'door', ?2, zeroblob(32), ?3)";
            let row = (&grants[at].id, names[at], [tags[at]; 16]);
            transaction.execute(sql, row).unwrap();
        }
        transaction.commit().unwrap();
        let agreed = [(&grants[0], &contracts[0]), (&grants[1], &contracts[1])];
        let key = |it: &[u8; 32]| keys.sealing_public_to(it);
        let shared = look(&connection, (&keys.vault(), key), &agreed).unwrap();
        shared.into_iter().map(|it| it.kind).collect()
    }

    #[test]
    fn recipients_share_nothing_but_what_the_settings_give_to_both() {
        let apart = ["a", "b"];
        let own = ["hospital", "insurer"];
        assert_eq!(shared_by(apart, [1, 2], own, [3, 4]), []);
        assert_eq!(shared_by(["a", "a"], [1, 2], own, [3, 4]), [Kind::Alias]);
        assert_eq!(shared_by(apart, [1, 1], own, [3, 4]), [Kind::Key]);
        assert_eq!(shared_by(apart, [1, 2], ["hospital"; 2], [3, 4]), [Kind::Pseudonym]);
        assert_eq!(shared_by(apart, [1, 2], own, [3, 3]), [Kind::Tag]);
    }
}
