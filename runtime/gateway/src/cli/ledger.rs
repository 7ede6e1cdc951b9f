//! `ledger`: read it, check it.

use super::{Exit, Failure, open, out::say};
use crate::{
    config::Config,
    contract::{Contract, Format},
    home::Home,
    ledger::{
        self, Kind,
        read::{self, Found},
        verify::{self, Against},
    },
    outcome::Reason,
    store::{OpenError, Store},
};
use clap::{Args, Subcommand};
use data_encoding::BASE64;
use rusqlite::Connection;
use std::path::PathBuf;

/// What can be done with the ledger.
#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// Check every entry, the tree over them, every signature, and that nothing is missing. Reads one file and nothing
    /// else: neither the gateway nor a network is needed.
    Verify(VerifyArgs),
    /// Show the newest entries.
    Show {
        /// How many.
        #[arg(long, default_value_t = 20)]
        last: u32,
        #[command(flatten)]
        which: Which,
    },
}

/// Which ledger.
#[derive(Debug, Args)]
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
}

pub(super) fn run(home: &Home, command: LedgerCommand) -> Result<(), Failure> {
    match command {
        LedgerCommand::Verify(it) => verify(home, &it),
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

fn verify(home: &Home, args: &VerifyArgs) -> Result<(), Failure> {
    let store = args.which.look(home)?;
    // A copied store is checked anywhere; where no gateway is, nobody's receipt key is known.
    let against = open(home).map_or_else(|_| Against::default(), |(config, _)| against(&config));
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
    format!(
        "the ledger verifies: {} frames; {}\n{} deliveries signed, {} unsigned; {} releases wait\n\
         {} entries, root {}",
        summary.frames,
        if counts.is_empty() { "no entries".to_owned() } else { counts.join(", ") },
        summary.signed,
        summary.unsigned,
        summary.waiting,
        summary.head.size,
        BASE64.encode(&summary.head.root),
    )
}

fn show(store: &Connection, last: u32) -> Result<(), Failure> {
    let head = ledger::head(store).map_err(Failure::failed)?;
    let first = head.size.saturating_sub(i64::from(last)).max(0) + 1;
    read::scan(store, (first, head.size), |found| say(line(&found)));
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
    if matches!(entry.kind, Kind::Withdrawn | Kind::Deleted) {
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
