//! The log on disk: what is added, changed, cut, damaged, brought over from the chain.

use super::{
    read::Found,
    verify::{Against, FAULTS_MAX, Fault, Report},
    *,
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// As much of it as is looked at.
const OUTBOX: &str = "CREATE TABLE outbox(release BLOB);
    CREATE TABLE withdrawal(id BLOB, done INTEGER);
    CREATE TABLE cursor(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;";

/// A store with `count` entries, added as a gateway does: commit by commit, each time from what is on disk.
pub(super) fn store(count: i64) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let mut connection = Connection::open(&path).unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    connection.execute_batch(OUTBOX).unwrap();
    add(&mut connection, count);
    (dir, path)
}

fn add(connection: &mut Connection, count: i64) {
    let mut salts = Salts::default();
    let mut left = count;
    while left > 0 {
        let mut edge = nodes::edge(connection).unwrap();
        let transaction = connection.transaction().unwrap();
        for _ in 0..left.min(97) {
            let frame = edge.size().cast_signed() + 1;
            append(&transaction, (&mut edge, &mut salts), &withheld(frame)).unwrap();
        }
        keep_head(&transaction, &edge).unwrap();
        transaction.commit().unwrap();
        left -= 97;
    }
}

fn withheld(frame: i64) -> Fact<'static> {
    Fact {
        at: Millis(1_000 + frame),
        kind: Kind::Withheld,
        reason: "minimized",
        frame,
        device: if frame % 3 == 0 { "scale" } else { "pacemaker" },
        recipient: "hospital",
        grant: "ada",
        release: None,
        proof: &[],
        note: "",
    }
}

fn check(path: &Path, seen: Option<Head>) -> Report {
    let against = Against { seen, ..Against::default() };
    verify::run(&Connection::open(path).unwrap(), &against)
}

/// What is wrong with a copy of the store after `change`.
fn faults(path: &Path, change: impl FnOnce(&Path)) -> Vec<Fault> {
    let copy = path.with_extension("copy");
    fs::copy(path, &copy).unwrap();
    change(&copy);
    check(&copy, None).faults
}

fn after_sql(path: &Path, sql: &str) -> Vec<Fault> {
    faults(path, |copy| {
        let changed = Connection::open(copy).unwrap().execute(sql, []).unwrap();
        assert!(changed > 0, "{sql}");
    })
}

#[test]
fn a_log_verifies_at_any_length_and_keeps_its_head() {
    for count in [0, 1, 2, 255, 256, 257, 700] {
        let (_dir, path) = store(count);
        let report = check(&path, None);
        assert_eq!(report.faults, []);
        let connection = Connection::open(&path).unwrap();
        assert_eq!(report.summary.head.size, count);
        assert_eq!(report.summary.head, head(&connection).unwrap());
        assert_eq!(report.summary.head.root, root_at(&connection, count).unwrap());
    }
}

#[test]
fn each_change_is_found_and_located() {
    let (_dir, path) = store(700);
    for column in ["at_ms = at_ms + 1", "kind = 'quarantined'", "reason = 'policy'", "frame = 2"] {
        let found = after_sql(&path, &format!("UPDATE ledger SET {column} WHERE seq = 300"));
        assert_eq!(found, [Fault::Changed(300)], "{column}");
    }
    for column in ["device", "recipient", "grant_id", "note"] {
        let found = after_sql(&path, &format!("UPDATE ledger SET {column} = 'x' WHERE seq = 699"));
        assert_eq!(found, [Fault::Changed(699)], "{column}");
    }
    for value in
        ["proof = x'00'", "release = zeroblob(16)", "salt = zeroblob(16)", "leaf = zeroblob(32)"]
    {
        let found = after_sql(&path, &format!("UPDATE ledger SET {value} WHERE seq IN (5, 700)"));
        assert_eq!(found, [Fault::Changed(5), Fault::Changed(700)], "{value}");
    }
    for value in ["kind = 'other'", "salt = x'00'", "leaf = x'00'"] {
        let found = after_sql(&path, &format!("UPDATE ledger SET {value} WHERE seq = 7"));
        assert_eq!(found, [Fault::Unreadable(7)], "{value}");
    }
    let node = "UPDATE ledger_node SET hash = zeroblob(32) WHERE level = 8 AND number = 1";
    assert_eq!(after_sql(&path, node), [Fault::Tree(257, 512)]);
    let node = "DELETE FROM ledger_node WHERE number = 0";
    assert_eq!(after_sql(&path, node), [Fault::Tree(1, 256)]);
    let head = "UPDATE ledger_head SET root = zeroblob(32)";
    assert_eq!(after_sql(&path, head), [Fault::Head(700)]);
    assert_eq!(after_sql(&path, "UPDATE ledger_head SET size = 699"), [Fault::Head(700)]);
    assert_eq!(after_sql(&path, "DELETE FROM ledger_head"), [Fault::Head(700)]);
    assert_eq!(after_sql(&path, "UPDATE ledger_head SET root = x'00'"), [Fault::Head(700)]);
    let gone = "DELETE FROM ledger WHERE seq BETWEEN 4 AND 9 OR seq = 699";
    assert_eq!(after_sql(&path, gone), [Fault::Missing(4, 9), Fault::Missing(699, 699)]);
    let cut = "DELETE FROM ledger WHERE seq > 600";
    assert_eq!(after_sql(&path, cut), [Fault::Missing(601, 700)]);
    assert_eq!(after_sql(&path, "DELETE FROM ledger"), [Fault::Missing(1, 700)]);
    let more =
        "INSERT INTO ledger SELECT seq + 2000000000, at_ms, kind, reason, frame, device, recipient,
        grant_id, release, proof, note, salt, leaf FROM ledger WHERE seq = 1";
    assert_eq!(
        after_sql(&path, more),
        [Fault::Missing(701, 2_000_000_000), Fault::Changed(2_000_000_001)]
    );
}

#[test]
fn any_flipped_bit_of_the_log_is_found() {
    let (_dir, path) = store(300);
    let mut random = fastrand::Rng::with_seed(9162);
    for _ in 0..60 {
        let table = ["ledger", "ledger_node", "ledger_head"][random.usize(0..3)];
        let column = match table {
            "ledger" => {
                ["salt", "leaf", "device", "reason", "kind", "grant_id"][random.usize(0..6)]
            }
            "ledger_node" => "hash",
            _ => "root",
        };
        let found = faults(&path, |copy| {
            let connection = Connection::open(copy).unwrap();
            let rows: i64 = connection
                .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
                .unwrap();
            let place = random.i64(0..rows);
            let query =
                format!("SELECT CAST({column} AS BLOB) FROM {table} LIMIT 1 OFFSET {place}");
            let mut bytes: Vec<u8> = connection.query_row(&query, [], |row| row.get(0)).unwrap();
            let bit = random.usize(0..bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            // Where the column is a text, the text that has these bytes, be they one or not.
            let sql = format!(
                "UPDATE {table} SET {column} = CAST(?1 AS {kind}) WHERE {key} = {place} + {first}",
                kind = if bytes.len() == 16 || bytes.len() == 32 { "BLOB" } else { "TEXT" },
                key = match table {
                    "ledger" => "seq",
                    "ledger_node" => "number",
                    _ => "id",
                },
                first = i32::from(table != "ledger_node"),
            );
            assert_eq!(connection.execute(&sql, [&bytes]).unwrap(), 1);
        });
        assert_eq!(found.len(), 1, "{table}.{column}: {found:?}");
    }
}

#[test]
fn a_damaged_page_is_located_and_the_rest_is_served() {
    let (_dir, path) = store(3_000);
    let connection = Connection::open(&path).unwrap();
    let page: usize = connection.query_row("PRAGMA page_size", [], |row| row.get(0)).unwrap();
    drop(connection);
    let bytes = fs::read(&path).unwrap();
    // A page of entries holds the device's name again and again.
    let holds = |it: &&[u8]| it.windows(9).filter(|it| it == b"pacemaker").count() > 5;
    let places: Vec<_> = (0..bytes.len() / page)
        .filter(|it| Some(&bytes[it * page..(it + 1) * page]).as_ref().is_some_and(holds))
        .collect();
    let place = places[places.len() / 2];
    let copy = path.with_extension("copy");
    let mut damaged = bytes.clone();
    damaged[place * page..(place + 1) * page].fill(0xa5);
    fs::write(&copy, damaged).unwrap();
    let report = check(&copy, None);
    let broken: Vec<_> = report
        .faults
        .iter()
        .map(|it| match it {
            Fault::Unreadable(seq) => *seq,
            other => panic!("{other}"),
        })
        .collect();
    assert!((2..100).contains(&broken.len()), "{broken:?}");
    assert!(broken.windows(2).all(|it| it[0] + 1 == it[1]), "{broken:?}");
    assert_eq!(report.summary.counts[&Kind::Withheld], 3_000 - broken.len() as u64);
    let mut served = 0;
    read::scan(&Connection::open(&copy).unwrap(), (1, 3_000), |found| {
        served += usize::from(matches!(found, Found::Entry(it) if it.is_whole()));
    });
    assert_eq!(served, 3_000 - broken.len());
}

#[test]
fn faults_are_listed_up_to_a_number_and_counted_beyond() {
    let (_dir, path) = store(300);
    Connection::open(&path).unwrap().execute("UPDATE ledger SET at_ms = 0", []).unwrap();
    let report = check(&path, None);
    assert_eq!((report.faults.len(), report.more), (FAULTS_MAX, 300 - FAULTS_MAX as u64));
}

#[test]
fn a_log_that_was_cut_or_put_back_or_written_anew_is_found_by_who_has_seen_its_end() {
    let (_dir, path) = store(400);
    let mut connection = Connection::open(&path).unwrap();
    let seen = head(&connection).unwrap();
    let backup = path.with_extension("backup");
    fs::copy(&path, &backup).unwrap();
    add(&mut connection, 300);
    let later = head(&connection).unwrap();
    for (seen, knew) in [(seen, 400), (later, 700), (Head::default(), 0)] {
        let report = check(&path, Some(seen));
        assert_eq!((report.faults, report.summary.continues), (vec![], Some(knew)));
    }
    // Put back as a whole, it is sound in itself.
    assert_eq!(check(&backup, None).faults, []);
    assert_eq!(check(&backup, Some(later)).faults, [Fault::Cut { has: 400, knew: 700 }]);
    // So is another one with the same words: its salts are others.
    let (_dir, other) = store(700);
    assert_eq!(check(&other, None).faults, []);
    assert_eq!(check(&other, Some(seen)).faults, [Fault::Other(400)]);
}

#[test]
fn a_gateway_goes_on_after_a_damaged_end_and_the_damage_stays_known() {
    let (_dir, path) = store(300);
    let mut connection = Connection::open(&path).unwrap();
    connection.execute("DELETE FROM ledger WHERE seq = 290", []).unwrap();
    add(&mut connection, 300);
    assert_eq!(check(&path, None).faults, [Fault::Missing(290, 290)]);
}

#[test]
fn what_is_erased_leaves_its_leaf_and_the_rest_is_proved_as_before() {
    let (_dir, path) = store(700);
    let mut connection = Connection::open(&path).unwrap();
    let seen = head(&connection).unwrap();
    let whose = (&["scale".to_owned()][..], &[String::new()][..]);
    let transaction = connection.transaction().unwrap();
    assert_eq!(erase::erase(&transaction, whose).unwrap(), 700 / 3);
    assert_eq!(erase::erase(&transaction, whose).unwrap(), 0);
    transaction.commit().unwrap();
    let report = check(&path, Some(seen));
    assert_eq!((report.faults, report.summary.erased), (vec![], 700 / 3));
    assert_eq!(report.summary.continues, Some(700));
    assert!(after(&connection, 0, 1_000).unwrap().iter().all(|it| it.device == "pacemaker"));
    let left = "SELECT count(*) FROM ledger WHERE device = 'scale' OR (seq % 3 = 0 AND
        (salt IS NOT NULL OR at_ms <> 0 OR frame <> 0 OR recipient <> '' OR grant_id <> ''))";
    assert_eq!(connection.query_row(left, [], |row| row.get(0)), Ok(0));
    let frame = "SELECT value FROM cursor";
    assert_eq!(connection.query_row(frame, [], |row| row.get(0)), Ok(700));
    // Of an erased entry, too, the leaf cannot be changed unnoticed, nor can one be passed off as erased.
    for (seq, tree) in [(300, Fault::Tree(257, 512)), (699, Fault::Head(700))] {
        let found =
            after_sql(&path, &format!("UPDATE ledger SET leaf = zeroblob(32) WHERE seq = {seq}"));
        assert_eq!(found, [tree]);
    }
    add(&mut connection, 100);
    assert_eq!(check(&path, Some(seen)).faults, []);
}

/// A store as version 2 wrote it.
fn chained(count: i64) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(migrate::SCHEMA_2).unwrap();
    connection.execute_batch(OUTBOX).unwrap();
    let mut hash = [0; 32];
    for seq in 1..=count {
        let fact = withheld(seq);
        hash = migrate::chain(&hash, seq, &fact);
        let mut insert = connection
            .prepare_cached("INSERT INTO ledger VALUES (?1,?2,?3,?4,?5,?6,?7,?8,NULL,?9,?10)")
            .unwrap();
        let names = (seq, fact.at.0, fact.kind.name(), fact.reason, fact.frame, fact.device);
        let (a, b, c, d, e, f) = names;
        insert
            .execute(params![a, b, c, d, e, f, fact.recipient, fact.grant, fact.proof, hash])
            .unwrap();
    }
    (dir, path)
}

fn bring_over(path: &Path) -> Connection {
    let mut connection = Connection::open(path).unwrap();
    let transaction = connection.transaction().unwrap();
    migrate::from_2(&transaction).unwrap();
    transaction.commit().unwrap();
    connection
}

#[test]
fn a_chain_becomes_a_tree_with_the_same_entries_and_its_last_hash_is_kept() {
    for count in [0, 1, 300] {
        let (_dir, path) = chained(count);
        let before = migrate::last_of_chain_2(&Connection::open(&path).unwrap());
        let mut connection = bring_over(&path);
        assert_eq!(check(&path, None).faults, []);
        let entries = after(&connection, 0, 1_000).unwrap();
        assert_eq!(entries.len() as i64, count);
        assert!(entries.iter().all(|it| it.fact() == withheld(it.seq)));
        let kept = connection.query_row("SELECT hash FROM ledger_chain", [], |row| row.get(0));
        assert_eq!(kept.ok(), before);
        add(&mut connection, 10);
        assert_eq!(check(&path, None).faults, []);
    }
}

#[test]
fn what_was_changed_in_a_chain_is_not_made_good_by_the_tree() {
    for sql in [
        "UPDATE ledger SET device = 'other' WHERE seq = 30",
        "UPDATE ledger SET hash = zeroblob(32) WHERE seq = 300",
        "UPDATE ledger SET kind = 'other' WHERE seq = 30",
        "DELETE FROM ledger WHERE seq = 30",
    ] {
        let (_dir, path) = chained(300);
        Connection::open(&path).unwrap().execute(sql, []).unwrap();
        let mut connection = bring_over(&path);
        assert_eq!(check(&path, None).faults, [Fault::Chain(300)], "{sql}");
        add(&mut connection, 10);
        assert!(check(&path, None).faults.contains(&Fault::Chain(300)), "{sql}");
    }
}
