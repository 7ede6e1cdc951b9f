//! `ledger`: read it, check it.

use super::{Exit, Failure, open, out::say};
use crate::{
    config::Config,
    contract::{Contract, Format},
    home::Home,
    ledger::{
        self, Head, Kind,
        checkpoint::{self, SEALED_FOR, Signer},
        note::Verifier,
        proof::{self, PROOF_BYTES_MAX, ProofError},
        read::{self, Found},
        verify::{self, Against},
    },
    outcome::Reason,
    store::{OpenError, Store},
};
use clap::{Args, Subcommand};
use data_encoding::BASE64;
use rusqlite::Connection;
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

/// The most bytes of a hub's list of checkpoints.
const KEPT_BYTES_MAX: usize = 4 << 20;

/// What can be done with the ledger.
#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// Check every entry, the tree over them, every signature, and that nothing is missing. Reads one file and nothing
    /// else: neither the gateway nor a network is needed.
    Verify(VerifyArgs),
    /// Print a signed checkpoint: how long the ledger is now, and its root. Give it to somebody; whoever has one notices
    /// later that the ledger was cut, put back or written anew.
    Checkpoint,
    /// Print the key that checks this ledger's checkpoints and proofs.
    Key,
    /// Print a proof of one entry, which needs nothing else: keep it in a file.
    Prove {
        /// The entry's number, as `ledger show` prints it.
        entry: i64,
    },
    /// Check a proof, with nothing but its file, and say what it proves.
    Check(CheckArgs),
    /// Show the newest entries.
    Show {
        /// How many.
        #[arg(long, default_value_t = 20)]
        last: u32,
        #[command(flatten)]
        which: Which,
    },
}

/// A proof, and whose it should be.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The file that `ledger prove` wrote.
    proof: PathBuf,
    /// The key of the ledger, as its owner's `hushgate ledger key` prints it. Without it only the file's own words are
    /// checked.
    #[arg(long)]
    key: Option<String>,
}

/// Which ledger.
#[derive(Debug, Default, Args)]
pub(super) struct Which {
    /// A copy of a gateway's store (`state/gateway.db`), instead of this gateway's own.
    #[arg(long)]
    file: Option<PathBuf>,
}

/// What to check it against.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    which: Which,
    /// A checkpoint that was kept, or what `hushgate hub checkpoints` printed at a recipient: the ledger must continue what
    /// they know.
    #[arg(long)]
    checkpoint: Option<PathBuf>,
    /// The key that signed the checkpoint, if it is not this gateway's.
    #[arg(long)]
    key: Option<String>,
}

pub(super) fn run(home: &Home, command: LedgerCommand) -> Result<(), Failure> {
    match command {
        LedgerCommand::Verify(it) => verify(home, &it),
        LedgerCommand::Checkpoint => {
            let (signer, store) = (signer(home)?, Which::default().look(home)?);
            let head = ledger::head(&store).map_err(Failure::failed)?;
            say(signer.sign(&head).trim_end());
            Ok(())
        }
        LedgerCommand::Key => {
            say(signer(home)?.verifier().text());
            Ok(())
        }
        LedgerCommand::Prove { entry } => prove(home, entry),
        LedgerCommand::Check(it) => check(&it),
        LedgerCommand::Show { last, which } => show(&which.look(home)?, last),
    }
}

impl Which {
    fn look(&self, home: &Home) -> Result<Connection, Failure> {
        let path = self.file.clone().unwrap_or_else(|| home.store());
        if self.file.is_none() {
            // Says what is wrong if this is no gateway's directory.
            open(home)?;
        }
        if !path.exists() {
            let none = "there is no ledger yet: the gateway has not run";
            return Err(Failure::fix(format!("{}: {none}", path.display())));
        }
        Store::look(&path).map_err(|error| match error {
            OpenError::Sqlite { .. } => Failure::new(Exit::Ledger, error),
            _ => Failure::fix(error),
        })
    }
}

fn signer(home: &Home) -> Result<Signer, Failure> {
    open(home).map(|(_, keys)| Signer::new(&keys))
}

pub(super) fn verifier(key: &str) -> Result<Verifier, Failure> {
    let broken =
        "--key: not a key as `hushgate ledger key` or `grant key` prints it (name+hash+key)";
    Verifier::parse(key).ok_or_else(|| Failure::fix(broken))
}

/// A text that is no longer than that.
pub(super) fn read_text(path: &Path, bytes_max: usize) -> Result<String, Failure> {
    let failed = |it: std::io::Error| Failure::fix(format!("{}: {it}", path.display()));
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    file.take(bytes_max as u64 + 1).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

fn prove(home: &Home, entry: i64) -> Result<(), Failure> {
    let (signer, store) = (signer(home)?, Which::default().look(home)?);
    let head = ledger::head(&store).map_err(Failure::failed)?;
    let checkpoint = signer.sign(&head);
    let proof = proof::prove(&store, entry, (&head, &checkpoint)).map_err(|error| match error {
        ProofError::Damaged(_) | ProofError::Store(_) => Failure::new(Exit::Ledger, error),
        _ => Failure::fix(error),
    })?;
    say(proof.trim_end());
    Ok(())
}

fn check(args: &CheckArgs) -> Result<(), Failure> {
    let key = args.key.as_deref().map(verifier).transpose()?;
    let proved = proof::check(&read_text(&args.proof, PROOF_BYTES_MAX)?, key.as_ref())
        .map_err(|it| Failure::new(Exit::Ledger, format!("{}: {it}", args.proof.display())))?;
    let (log, size) = (&proved.log, proved.head.size);
    say(format!("proved: this is entry {} of the {size} of {log}", proved.entry.seq));
    if !proved.signed {
        say("NOT CHECKED: who signed it. Give the ledger's key with --key");
    }
    say(line(&Found::Entry(Box::new(proved.entry))));
    Ok(())
}

/// What the checkpoints in a file say: one by the right key, or all that a hub kept for this gateway.
fn seen(home: &Home, args: &VerifyArgs) -> Result<Vec<Head>, Failure> {
    let Some(path) = &args.checkpoint else { return Ok(Vec::new()) };
    let fix = |it: &dyn std::fmt::Display| Failure::fix(format!("{}: {it}", path.display()));
    let text = read_text(path, KEPT_BYTES_MAX)?;
    let verifier = match &args.key {
        Some(key) => verifier(key)?,
        None => signer(home)?.verifier().clone(),
    };
    if checkpoint::read(&text).is_some() {
        return checkpoint::open(&verifier, &text).map(|it| vec![it]).map_err(|it| fix(&it));
    }
    let vault = open(home)?.1.vault();
    // Those of other gateways are in the hub's list as well.
    let kept = text.lines().filter_map(|it| {
        let kept = BASE64.decode(it.rsplit(' ').next()?.as_bytes()).ok()?;
        checkpoint::open(&verifier, str::from_utf8(&vault.open(SEALED_FOR, &kept)?).ok()?).ok()
    });
    let kept: Vec<_> = kept.collect();
    let none = "no checkpoint, and none that a hub kept for this gateway";
    if kept.is_empty() { Err(fix(&none)) } else { Ok(kept) }
}

/// The checkpoint that the ledger does not continue, or else the longest.
fn hardest(store: &Connection, seen: &[Head]) -> Option<Head> {
    let continues = |it: &&Head| ledger::root_at(store, it.size).is_ok_and(|root| root == it.root);
    seen.iter().find(|it| !continues(it)).or_else(|| seen.iter().max_by_key(|it| it.size)).copied()
}

fn verify(home: &Home, args: &VerifyArgs) -> Result<(), Failure> {
    let store = args.which.look(home)?;
    // A copied store is checked anywhere; where no gateway is, nobody's receipt key is known.
    let against = open(home).map_or_else(|_| Against::default(), |(config, _)| against(&config));
    let against = Against { seen: hardest(&store, &seen(home, args)?), ..against };
    let report = verify::run(&store, &against);
    if report.is_good() {
        say(describe_summary(&report.summary));
        return Ok(());
    }
    report.faults.iter().for_each(say);
    if report.more > 0 {
        say(format!("and {} faults more", report.more));
    }
    let number = report.faults.len() as u64 + report.more;
    let text = format!(
        "the ledger does not verify: {number} faults; `hushgate ledger show` still shows what can be read"
    );
    Err(Failure::new(Exit::Ledger, text))
}

/// The keys that recipients sign with.
pub(crate) fn against(config: &Config) -> Against {
    let key = |contract: &Contract| match contract.format {
        Format::Hushgate(keys) => Some((contract.name.clone(), keys.receipt)),
        Format::PrivateIot => None,
    };
    Against { keys: config.contracts.values().filter_map(|it| key(it)).collect(), seen: None }
}

/// What a good ledger holds, in words.
pub(crate) fn describe_summary(summary: &verify::Summary) -> String {
    let counts = summary.counts.iter().map(|(kind, count)| format!("{count} {}", kind.name()));
    let erased = (summary.erased > 0).then(|| format!("{} erased", summary.erased));
    let counts: Vec<_> = counts.chain(erased).collect();
    let continues =
        summary.continues.map(|it| format!("; it continues the {it} of the checkpoint"));
    format!(
        "the ledger verifies: {} frames; {}\n{} deliveries signed, {} unsigned; {} releases wait\n\
         {} entries, root {}{}",
        summary.frames,
        if counts.is_empty() { "no entries".to_owned() } else { counts.join(", ") },
        summary.signed,
        summary.unsigned,
        summary.waiting,
        summary.head.size,
        BASE64.encode(&summary.head.root),
        continues.unwrap_or_default(),
    )
}

fn show(store: &Connection, last: u32) -> Result<(), Failure> {
    let end = read::last(store).map_err(|it| Failure::new(Exit::Ledger, it))?;
    let end = ledger::head(store).map_or(end, |it| end.max(it.size));
    let first = end.saturating_sub(i64::from(last)).max(0) + 1;
    read::scan(store, (first, end), |found| say(line(&found)));
    Ok(())
}

fn line(found: &Found) -> String {
    let entry = match found {
        Found::Entry(entry) if entry.is_whole() => entry,
        Found::Entry(entry) => {
            return format!("{:>6} WAS CHANGED: what it says is not shown", entry.seq);
        }
        Found::Erased(seq, _) => return format!("{seq:>6} erased"),
        Found::Missing(first, last) => return format!("{first:>6} to {last} MISSING"),
        Found::Unreadable(seq) => return format!("{seq:>6} CANNOT BE READ"),
    };
    let at = jiff::Timestamp::from_millisecond(entry.at.0).unwrap_or_default();
    if matches!(entry.kind, Kind::Withdrawn | Kind::Deleted | Kind::Ended) {
        let (seq, kind) = (entry.seq, entry.kind.name());
        return format!("{seq:>6} {at:.3} grant {} for {} {kind}", entry.grant, entry.recipient);
    }
    let to = if entry.recipient.is_empty() { "" } else { " for " };
    let why = if entry.reason.is_empty() {
        String::new()
    } else {
        format!(": {}", Reason::explain(&entry.reason))
    };
    format!(
        "{:>6} {at:.3} frame {} of {}{to}{} {}{why}",
        entry.seq,
        entry.frame,
        entry.device,
        entry.recipient,
        entry.kind.name()
    )
}
