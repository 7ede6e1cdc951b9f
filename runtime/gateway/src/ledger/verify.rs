//! Checks a whole ledger against its own tree, the outbox, the recipients' keys and a checkpoint.
//!
//! # Promises
//!
//! - It reads one file and nothing else.
//! - It goes on after a fault: each broken entry is named, up to [`FAULTS_MAX`], and the rest is still checked.
//! - What follows from a fault is not told as another: if entries are damaged, whether releases were settled properly is
//!   not judged.

mod books;

use super::{
    Entry, Head, Kind,
    migrate::chain,
    nodes,
    read::{self, Found},
    tree::{Edge, Hash, TILE_LEVELS, leaf_hash},
};
use books::Books;
use rusqlite::{Connection, OptionalExtension};
use std::collections::{BTreeMap, HashMap};

/// The most faults that are listed.
pub const FAULTS_MAX: usize = 100;

/// A gap that is larger is not filled.
const GAP_MAX: i64 = 1 << 26;

/// What a ledger is compared with.
#[derive(Clone, Debug, Default)]
pub struct Against {
    /// The recipients' receipt keys, by name.
    pub keys: HashMap<String, [u8; 32]>,
    /// An end of the log that somebody else knows.
    pub seen: Option<Head>,
}

/// What a ledger holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Entries by kind.
    pub counts: BTreeMap<Kind, u64>,
    /// Entries that were erased.
    pub erased: u64,
    /// Frames that were decided.
    pub frames: u64,
    /// Deliveries whose signature was checked.
    pub signed: u64,
    /// Deliveries to recipients that sign nothing, or whose key is no longer known.
    pub unsigned: u64,
    /// Releases that wait.
    pub waiting: u64,
    /// The end of the log.
    pub head: Head,
    /// How long the log is that a checkpoint knows, and that this one continues.
    pub continues: Option<i64>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What could be read.
    pub summary: Summary,
    /// What is wrong, in the order of entries.
    pub faults: Vec<Fault>,
    /// How many faults more there are.
    pub more: u64,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file cannot be read.
    #[error("the ledger cannot be read: {0}")]
    File(String),
    /// An entry cannot be read.
    #[error("entry {0} cannot be read")]
    Unreadable(i64),
    /// Entries are missing.
    #[error("{}", gap(*.0, *.1))]
    Missing(i64, i64),
    /// An entry was changed after it was written.
    #[error("entry {0} was changed, or its salt or leaf was")]
    Changed(i64),
    /// The tree over some entries is not theirs.
    #[error("the tree over entries {0} to {1} is not theirs")]
    Tree(i64, i64),
    /// The last root is not that of the entries.
    #[error("the ledger's head is not that of its {0} entries")]
    Head(i64),
    /// The chain of an earlier version does not lead to its last hash.
    #[error("an entry among the first {0} was changed before the ledger became a tree")]
    Chain(i64),
    /// It is shorter than it was.
    #[error("the ledger has {has} entries, the checkpoint knows {knew}: it was cut or put back")]
    Cut {
        /// How many there are.
        has: i64,
        /// How many there were.
        knew: i64,
    },
    /// It is another one.
    #[error("the first {0} entries are not those that the checkpoint knows")]
    Other(i64),
    /// A release was settled that was never queued, or settled twice.
    #[error("entry {0} settles a release that does not wait")]
    Settled(i64),
    /// A release was queued twice.
    #[error("entry {0} queues a release a second time")]
    Queued(i64),
    /// A frame was decided more than once for one grant.
    #[error("entry {0} decides frame {1} a second time")]
    Decided(i64, i64),
    /// A delivery carries a signature that is not the recipient's.
    #[error("entry {0} carries a signature that is not the recipient's")]
    Signature(i64),
    /// A deletion was confirmed that nobody asked for, or twice.
    #[error("entry {0} confirms a deletion that nobody waits for")]
    Deleted(i64),
    /// The outbox and the ledger disagree on what waits.
    #[error("the outbox holds {outbox} releases, the ledger says {ledger}")]
    Outbox {
        /// What the outbox holds.
        outbox: u64,
        /// What the ledger says.
        ledger: u64,
    },
}

fn gap(first: i64, last: i64) -> String {
    match first == last {
        true => format!("entry {first} is missing"),
        false => format!("entries {first} to {last} are missing"),
    }
}

/// Walks the ledger.
pub fn run(connection: &Connection, against: &Against) -> Report {
    let mut report = Report::default();
    // One snapshot, so that a running gateway does not look like a fault.
    let done = connection.unchecked_transaction().and_then(|snapshot| {
        let mut walk = Walk::begin(&snapshot, against)?;
        read::scan(&snapshot, (1, walk.last), |found| walk.visit(found));
        walk.end();
        report = walk.report;
        Ok(())
    });
    if let Err(error) = done {
        report.tell(Fault::File(error.to_string()));
    }
    report
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.faults.is_empty()
    }

    fn tell(&mut self, fault: Fault) {
        if let (Some(Fault::Missing(_, last)), Fault::Missing(first, more)) =
            (self.faults.last_mut(), &fault)
            && *last + 1 == *first
        {
            *last = *more;
            return;
        }
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        } else {
            self.more += 1;
        }
    }
}

struct Walk<'a> {
    connection: &'a Connection,
    against: &'a Against,
    head: Head,
    /// The last entry that is there or should be.
    last: i64,
    edge: Edge,
    /// On which levels that are kept, from the leaves up, something since the last node above is not known: that node is
    /// not told as a fault again.
    unsure: u8,
    /// So much is missing that places and leaves do not go together any more.
    lost: bool,
    /// No entry is damaged so far.
    whole: bool,
    /// The chain of an earlier version: how far it goes and its last hash, and how far it was followed.
    chain: Option<(i64, Hash, Hash)>,
    books: Books,
    report: Report,
}

impl<'a> Walk<'a> {
    fn begin(connection: &'a Connection, against: &'a Against) -> rusqlite::Result<Self> {
        let last = read::last(connection)?;
        // One that cannot be read is not that of the entries.
        let head = super::head(connection).unwrap_or(Head { size: last, root: [0; 32] });
        let query = "SELECT size, hash FROM ledger_chain";
        let chain = connection.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?, [0; 32])));
        let chain = chain.optional()?;
        let mut report = Report::default();
        report.summary.head = head;
        Ok(Self {
            connection,
            against,
            head,
            last,
            edge: Edge::default(),
            unsure: 0,
            lost: false,
            whole: true,
            chain,
            books: Books::default(),
            report,
        })
    }

    fn visit(&mut self, found: Found) {
        match found {
            Found::Entry(entry) => {
                if entry.is_whole() {
                    self.keep_books(&entry);
                } else {
                    self.damaged(Fault::Changed(entry.seq));
                }
                self.follow_chain(&entry);
                self.grow(leaf_hash(&entry.leaf));
            }
            Found::Erased(_, leaf) => {
                self.report.summary.erased += 1;
                self.chain = None;
                self.grow(leaf_hash(&leaf));
            }
            Found::Unreadable(seq) => {
                self.damaged(Fault::Unreadable(seq));
                self.grow([0; 32]);
            }
            Found::Missing(first, last) => self.missing(first, last),
        }
    }

    fn damaged(&mut self, fault: Fault) {
        self.report.tell(fault);
        self.unsure |= 1;
        self.whole = false;
    }

    fn missing(&mut self, first: i64, last: i64) {
        self.damaged(Fault::Missing(first, last));
        self.lost |= last > self.head.size || last - first > GAP_MAX;
        let filled = if self.lost { 0 } else { last - first + 1 };
        (0..filled).for_each(|_| self.grow([0; 32]));
    }

    /// Adds a leaf and compares each node that is kept. Where it is another one, who is right is not known.
    fn grow(&mut self, leaf: Hash) {
        if self.lost {
            return;
        }
        let (connection, report, unsure) = (self.connection, &mut self.report, &mut self.unsure);
        let size = self.edge.size().cast_signed() + 1;
        let Ok(()) = self.edge.push(leaf, |level, number, hash| {
            let kept = nodes::kept(connection, level, number).ok().flatten();
            let (below, here) = (1 << (level / TILE_LEVELS - 1), 1 << (level / TILE_LEVELS));
            let was_unsure = *unsure & below != 0;
            *unsure &= !below;
            if kept != Some(hash) && !was_unsure {
                report.tell(Fault::Tree((number << level).cast_signed() + 1, size));
            }
            if kept.is_none() || (kept != Some(hash) && !was_unsure) {
                *unsure |= here;
            }
            Ok::<_, std::convert::Infallible>(kept.unwrap_or(hash))
        });
        if let Some(seen) = self.against.seen.filter(|it| it.size == size && self.unsure == 0) {
            if self.edge.root() == seen.root {
                self.report.summary.continues = Some(size);
            } else {
                self.report.tell(Fault::Other(size));
            }
        }
    }

    fn follow_chain(&mut self, entry: &Entry) {
        let Some((size, last, so_far)) = &mut self.chain else { return };
        *so_far = chain(so_far, entry.seq, &entry.fact());
        if entry.seq < *size {
            return;
        }
        let (size, good) = (*size, so_far == last);
        self.chain = None;
        if !good && self.whole {
            self.report.tell(Fault::Chain(size));
        }
    }

    fn keep_books(&mut self, entry: &Entry) {
        *self.report.summary.counts.entry(entry.kind).or_default() += 1;
        match self.books.step(entry, &self.against.keys, &mut self.report.summary) {
            Err(fault @ Fault::Signature(_)) => self.report.tell(fault),
            Err(fault) if self.whole => self.report.tell(fault),
            Ok(()) | Err(_) => {}
        }
    }

    fn end(&mut self) {
        let size = self.edge.size().cast_signed();
        if self.head.size > self.last {
            self.damaged(Fault::Missing(self.last + 1, self.head.size));
        } else if self.head != Head::of(&self.edge) && self.unsure == 0 && !self.lost {
            self.report.tell(Fault::Head(size));
        }
        if let Some((size, ..)) = self.chain.filter(|_| self.whole) {
            self.report.tell(Fault::Chain(size));
        }
        if let Some(seen) = self.against.seen.filter(|it| it.size > self.last) {
            self.report.tell(Fault::Cut { has: self.last, knew: seen.size });
        } else if self.against.seen.is_some_and(|it| it.size == 0) {
            self.report.summary.continues = Some(0);
        }
        let ledger = self.books.waiting.len() as u64;
        self.report.summary.waiting = ledger;
        let query = "SELECT count(*) FROM outbox";
        match self.connection.query_row(query, [], |row| row.get::<_, i64>(0)) {
            Err(error) => self.report.tell(Fault::File(error.to_string())),
            Ok(outbox) if outbox.unsigned_abs() != ledger && self.whole => {
                self.report.tell(Fault::Outbox { outbox: outbox.unsigned_abs(), ledger });
            }
            Ok(_) => {}
        }
    }
}
