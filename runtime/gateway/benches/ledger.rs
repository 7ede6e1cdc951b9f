//! What an entry of the ledger costs, and the proof of one among a million (`HUSHGATE_ENTRIES` for another number).
//! Figures in docs/performance.md.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up should fail loudly")]

use hushgate::{
    keys::Keys,
    ledger::{
        self, Fact, Head, Kind,
        checkpoint::Signer,
        encoding, proof,
        tree::{Edge, leaf_hash},
    },
    message::Millis,
    store::Store,
};
use rusqlite::{Connection, params};
use std::{
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

const PROOFS: i64 = 500;

/// As it is of a frame with three plugins.
const NOTE: &str = "grant-text 0123456789abcdef\n\
    plugin adapter private-iot-text 0123456789abcdef - understood\n\
    plugin minimizer window-median 0123456789abcdef - passed\n\
    plugin policy quiet-hours 0123456789abcdef - released\n\
    field heart-rate\nhost step heart-rate\ncame heart-rate\n";

fn main() {
    let count: i64 = std::env::var("HUSHGATE_ENTRIES").map_or(1_000_000, |it| it.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::create(&dir.path().join("seed")).unwrap();
    let (plain, path) = (dir.path().join("plain.db"), dir.path().join("tree.db"));
    for it in [&plain, &path] {
        drop(Store::open(it, keys.vault(), 1).unwrap());
    }
    let (bare, _) = fill(&plain, count.min(1_000_000), false);
    let (took, head) = fill(&path, count, true);
    let signer = Signer::new(&keys);
    let (proved, slowest, checked) = prove(&path, &signer, head);
    let mut out = std::io::stdout();
    let each = |time: Duration, count: i64| time.as_secs_f64() * 1e6 / count as f64;
    let (bare, took) = (each(bare, count.min(1_000_000)), each(took, count));
    writeln!(out, "| what | µs |\n|---|---|").unwrap();
    writeln!(out, "| the row of an entry, without salt, leaf and tree | {bare:.2} |").unwrap();
    writeln!(out, "| an entry of the ledger, without the commit | {took:.2} |").unwrap();
    writeln!(out, "| proof of one entry among {count}, mean | {:.0} |", each(proved, PROOFS))
        .unwrap();
    writeln!(out, "| the slowest of {PROOFS} | {} |", slowest.as_micros()).unwrap();
    writeln!(out, "| its check | {:.0} |", each(checked, PROOFS)).unwrap();
}

/// Adds entries as the gateway does, in one transaction; with `tree`, as leaves.
fn fill(path: &Path, count: i64, tree: bool) -> (Duration, Head) {
    let mut connection = Connection::open(path).unwrap();
    let transaction = connection.transaction().unwrap();
    let mut edge = Edge::default();
    let started = Instant::now();
    for seq in 1..=count {
        let proof = [7; 32];
        let fact = Fact {
            at: Millis(1_764_000_000_000 + seq),
            kind: Kind::Queued,
            reason: "",
            frame: seq,
            device: "pacemaker",
            recipient: "hospital",
            grant: "ada-pacemaker-hospital",
            release: Some(u128::from(seq.unsigned_abs()).to_be_bytes()),
            proof: &proof,
            note: NOTE,
        };
        let salt = u128::from(seq.unsigned_abs()).to_le_bytes();
        let leaf =
            if tree { encoding::leaf(&salt, &encoding::encode(seq, &fact)) } else { [0; 32] };
        let insert = "INSERT INTO ledger VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)";
        let mut insert = transaction.prepare_cached(insert).unwrap();
        insert
            .execute(params![
                seq,
                fact.at.0,
                fact.kind.name(),
                fact.reason,
                fact.frame,
                fact.device,
                fact.recipient,
                fact.grant,
                fact.release,
                fact.proof,
                fact.note,
                salt,
                leaf
            ])
            .unwrap();
        if tree {
            let node = "INSERT INTO ledger_node VALUES (?1, ?2, ?3)";
            let keep = |level, number: u64, hash| {
                let mut insert = transaction.prepare_cached(node)?;
                insert.execute(params![level, number.cast_signed(), hash]).map(|_| hash)
            };
            edge.push(leaf_hash(&leaf), keep).unwrap();
        }
    }
    let took = started.elapsed();
    let root = edge.root();
    transaction.commit().unwrap();
    (took, Head { size: count, root })
}

fn prove(path: &Path, signer: &Signer, head: Head) -> (Duration, Duration, Duration) {
    let connection = Connection::open(path).unwrap();
    assert_eq!(ledger::root_at(&connection, head.size).unwrap(), head.root);
    let checkpoint = signer.sign(&head);
    let mut random = fastrand::Rng::with_seed(1);
    let (mut proved, mut slowest, mut checked) = <(Duration, Duration, Duration)>::default();
    for _ in 0..PROOFS {
        let seq = random.i64(1..=head.size);
        let started = Instant::now();
        let text = proof::prove(&connection, seq, (&head, &checkpoint)).unwrap();
        let took = started.elapsed();
        proved += took;
        slowest = slowest.max(took);
        let started = Instant::now();
        assert_eq!(proof::check(&text, Some(signer.verifier())).unwrap().entry.seq, seq);
        checked += started.elapsed();
    }
    (proved, slowest, checked)
}
