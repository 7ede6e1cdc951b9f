//! `status`, `ledger`, `grant`, `plugins`: what is, in words.

use super::{Exit, Failure, consent as record, glass, init::GRANT, open, out::say};
use crate::{
    config::{Config, Way},
    consent::{
        grant::{Clock, Grant},
        purpose, validity,
    },
    contract::Format,
    home::Home,
    ledger::{self, Kind, verify},
    message::Millis,
    outbox,
    outcome::Reason,
    report::{Question, Report},
    store::{Store, daily},
};
use clap::Subcommand;
use data_encoding::HEXLOWER;
use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};

/// What can be done with grants.
#[derive(Debug, Subcommand)]
pub(super) enum GrantCommand {
    /// Show each grant in words, with the most bits an hour that can leave under it.
    List,
    /// Write a grant to start from, valid for a year, and print where it is. Edit it before you run.
    New {
        /// Whose consent it is.
        #[arg(long)]
        subject: String,
        /// The device.
        #[arg(long)]
        device: String,
        /// Who may receive.
        #[arg(long)]
        recipient: String,
    },
    /// In an emergency: for so many minutes all leaves that the grant allows, whatever its policy `break-glass`
    /// holds back on other days. The ledger and the room say of each release that it left so.
    BreakGlass {
        /// The grant's name.
        id: String,
        /// For how long: 1 to 1440. It ends by itself.
        #[arg(long)]
        minutes: u16,
    },
    /// Print it as a consent record (ISO/IEC TS 27560:2023, JSON-LD in the W3C's profile dpv-27560).
    Export {
        /// The grant's name.
        id: String,
    },
    /// Write a receipt for the subject: one page to print and keep.
    Receipt {
        /// The grant's name.
        id: String,
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
        /// For machines: JSON-LD in the place of a page.
        #[arg(long)]
        json: bool,
    },
    /// End an emergency before its time.
    MendGlass {
        /// The grant's name.
        id: String,
    },
}

/// What can be done with the ledger.
#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// Check every entry, every signature, and that nothing is missing.
    Verify,
    /// Show the newest entries.
    Show {
        /// How many.
        #[arg(long, default_value_t = 20)]
        last: u32,
    },
}

pub(super) fn grants(home: &Home, command: &GrantCommand) -> Result<(), Failure> {
    match command {
        GrantCommand::List => {
            let (config, _) = open(home)?;
            config.grants.iter().for_each(|it| say(describe(it)));
            Ok(())
        }
        GrantCommand::Export { id } => record::export(home, id),
        GrantCommand::Receipt { id, out, json } => record::receipt(home, id, (out, *json)),
        GrantCommand::BreakGlass { id, minutes } => glass::break_it(home, id, *minutes),
        GrantCommand::MendGlass { id } => glass::mend(home, id),
        GrantCommand::New { subject, device, recipient } => {
            let id = format!("{subject}-{device}-{recipient}");
            let path = home.grants().join(format!("{id}.toml"));
            if path.exists() {
                return Err(Failure::fix(format!("{} is there already", path.display())));
            }
            std::fs::write(&path, grant_text(subject, device, recipient)).map_err(Failure::fix)?;
            match open(home) {
                Ok((config, _)) => {
                    config.grants.iter().filter(|it| it.id == id).for_each(|it| say(describe(it)));
                    say(format!("Edit {} to change it, delete it to withdraw.", path.display()));
                    Ok(())
                }
                Err(error) => {
                    std::fs::remove_file(&path).map_err(Failure::fix)?;
                    Err(error)
                }
            }
        }
    }
}

/// A grant to start from, valid for a year from today.
pub(crate) fn grant_text(subject: &str, device: &str, recipient: &str) -> String {
    let day = |days: i64| {
        let at =
            jiff::Timestamp::from_second(Millis::now().0 / 1000 / 86_400 * 86_400 + days * 86_400);
        at.unwrap_or_default().to_string()
    };
    GRANT
        .replace("{subject}", subject)
        .replace("{device}", device)
        .replace("{recipient}", recipient)
        .replace("{from}", &day(0))
        .replace("{until}", &day(365))
}

fn describe(grant: &Grant) -> String {
    let valid = match grant.permit(Clock::Known(Millis::now())) {
        Some(_) => "valid now",
        None => "NOT valid now",
    };
    let fields: Vec<_> =
        grant.fields.iter().map(|it| format!("{} ({} values)", it.path, it.alphabet())).collect();
    let uses = grant.uses.map_or_else(String::new, |it| format!("; {it} times in all"));
    let better = purpose::better(&grant.purpose).map_or_else(String::new, |it| {
        format!("\n  WARNING: `{}` is no term of the DPV: write `{it}`", grant.purpose)
    });
    format!(
        "{id}: {valid}\n  {subject} lets {recipient} learn, for {purpose}, of {device}: {fields}\n  \
         at most once in {every} each; at most {capacity} can leave; kept there for {kept}{uses}{better}",
        id = grant.id,
        subject = grant.subject,
        recipient = grant.recipient,
        purpose = grant.purpose,
        device = grant.device,
        fields = fields.join(", "),
        every = validity::in_words(grant.every),
        capacity = grant.capacity(),
        kept = validity::in_words(grant.retention),
    )
}

pub(super) fn status(home: &Home) -> Result<(), Failure> {
    let (config, _) = open(home)?;
    let running = match crate::gateway::lock(home) {
        Ok(_) => "not running",
        Err(crate::gateway::StartError::Busy(_)) => "running",
        Err(error) => return Err(error.into()),
    };
    let way = match &config.way {
        Way::Tor { .. } => "Tor in process".to_owned(),
        Way::Socks(address) => format!("Tor at {address}"),
        Way::Loopback => "LOOPBACK, not anonymous".to_owned(),
    };
    say(format!("gateway: {running}; way out: {way}"));
    if let Ok(problems) = std::fs::read_to_string(home.degraded()) {
        problems.lines().for_each(|it| say(format!("DEGRADED: {it}")));
    }
    say(format!("devices: {}", config.devices.len()));
    config.grants.iter().for_each(|it| say(describe(it)));
    let Ok(store) = Store::look(&home.store()) else {
        say("ledger: empty");
        return Ok(());
    };
    waiting(&store, &config)?;
    let question = Question { subject: None, today: daily::day(Millis::now()), days: 7 };
    let report = Report::load(&config, Some(&store), question).map_err(Failure::failed)?;
    report.stayed().iter().for_each(say);
    let head = ledger::head(&store).map_err(Failure::failed)?;
    say(format!("ledger: {} entries, head {}", head.seq, HEXLOWER.encode(&head.hash[..8])));
    let last = ledger::after(&store, (head.seq - 1000).max(0), 1000).map_err(Failure::failed)?;
    let mut counts: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for it in last.iter().filter(|it| it.kind != Kind::Queued) {
        let why = if it.reason.is_empty() { "" } else { Reason::explain(&it.reason) };
        *counts.entry((it.kind.name(), why)).or_default() += 1;
    }
    say(format!("of the last {} entries:", last.len()));
    for ((kind, why), count) in counts {
        say(format!("  {count:>6} {kind}{}{why}", if why.is_empty() { "" } else { ": " }));
    }
    Ok(())
}

fn waiting(store: &rusqlite::Connection, config: &Config) -> Result<(), Failure> {
    let counts: HashMap<_, _> =
        outbox::counts(store).map_err(Failure::failed)?.into_iter().collect();
    for contract in config.contracts.values() {
        let count = counts.get(&contract.name).copied().unwrap_or(0);
        say(format!("waiting for {} at {}: {count}", contract.name, contract.address));
    }
    Ok(())
}

pub(super) fn ledger(home: &Home, command: &LedgerCommand) -> Result<(), Failure> {
    let (config, _) = open(home)?;
    if !home.store().exists() {
        say("the ledger is empty: the gateway has not run yet");
        return Ok(());
    }
    let store = Store::look(&home.store()).map_err(Failure::fix)?;
    match command {
        LedgerCommand::Verify => {
            let summary = verify::run(&store, &receipt_keys(&config)).map_err(|error| {
                Failure::new(Exit::Ledger, format!("the ledger does not verify: {error}"))
            })?;
            say(describe_summary(&summary));
        }
        LedgerCommand::Show { last } => {
            let head = ledger::head(&store).map_err(Failure::failed)?;
            let from = (head.seq - i64::from(*last)).max(0);
            let entries = ledger::after(&store, from, usize::try_from(*last).unwrap_or(usize::MAX));
            entries.map_err(Failure::failed)?.iter().for_each(|it| say(line(it)));
        }
    }
    Ok(())
}

/// The keys that recipients sign with.
pub(crate) fn receipt_keys(config: &Config) -> HashMap<String, [u8; 32]> {
    let key = |contract: &crate::contract::Contract| match contract.format {
        Format::Hushgate(keys) => Some((contract.name.clone(), keys.receipt)),
        Format::PrivateIot => None,
    };
    config.contracts.values().filter_map(|it| key(it)).collect()
}

/// What a good ledger holds, in words.
pub(crate) fn describe_summary(summary: &verify::Summary) -> String {
    let counts: Vec<_> =
        summary.counts.iter().map(|(kind, count)| format!("{count} {}", kind.name())).collect();
    format!(
        "the ledger verifies: {} frames; {}\n{} deliveries signed, {} unsigned; {} releases wait\nhead {}",
        summary.frames,
        if counts.is_empty() { "no entries".to_owned() } else { counts.join(", ") },
        summary.signed,
        summary.unsigned,
        summary.waiting,
        HEXLOWER.encode(&summary.head),
    )
}

fn line(entry: &ledger::Entry) -> String {
    let at = jiff::Timestamp::from_millisecond(entry.at.0).unwrap_or_default();
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
