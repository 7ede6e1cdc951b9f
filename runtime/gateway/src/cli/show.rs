//! `status`, `grant`: what is, in words.

use super::{Failure, consent as record, glass, init::GRANT, open, out::say, withdraw};
use crate::{
    config::{Config, Way},
    consent::{
        capacity::by_pair,
        grant::{Clock, Grant},
        purpose, signed, validity,
    },
    home::Home,
    ledger::{self, Kind},
    message::Millis,
    outbox,
    outcome::Reason,
    report::{Question, Report},
    source::{Source, is_name},
    store::{Store, daily},
};
use clap::Subcommand;
use data_encoding::BASE64;
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
    /// Withdraw a grant: nothing more leaves under it, and its recipient is told to delete what it has.
    Withdraw {
        /// The grant's name.
        id: String,
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
        /// As a signed note (C2SP): whoever gets it can check that this gateway issued it.
        #[arg(long)]
        signed: bool,
    },
    /// Print the key that checks records which this gateway signed.
    Key,
    /// Check and print a record that `grant export --signed` wrote, with nothing but its file and the gateway's key.
    Check {
        /// The file.
        record: PathBuf,
        /// The gateway's key, as its owner's `hushgate grant key` prints it.
        #[arg(long)]
        key: String,
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

pub(super) fn grants(home: &Home, command: &GrantCommand) -> Result<(), Failure> {
    match command {
        GrantCommand::List => {
            let (config, _) = open(home)?;
            config.grants.iter().for_each(|it| say(describe(it)));
            if let Ok(store) = Store::look(&home.store()) {
                withdraw::unconfirmed(home, &store)?.iter().for_each(say);
            }
            Ok(())
        }
        GrantCommand::Withdraw { id } => withdraw::run(home, id),
        GrantCommand::Export { id, signed } => record::export(home, id, *signed),
        GrantCommand::Key => record::key(home),
        GrantCommand::Check { record, key } => record::check(record, key),
        GrantCommand::Receipt { id, out, json } => record::receipt(home, id, (out, *json)),
        GrantCommand::BreakGlass { id, minutes } => glass::break_it(home, id, *minutes),
        GrantCommand::MendGlass { id } => glass::mend(home, id),
        GrantCommand::New { subject, device, recipient } => new(home, (subject, device, recipient)),
    }
}

fn new(home: &Home, (subject, device, recipient): (&str, &str, &str)) -> Result<(), Failure> {
    let id = format!("{subject}-{device}-{recipient}");
    let path = home.grants().join(format!("{id}.toml"));
    if path.exists() {
        return Err(Failure::fix(format!("{} is there already", path.display())));
    }
    let (config, _) = open(home)?;
    let mut text = grant_text(subject, device, recipient);
    if let Some(alias) = alias(&config, device, recipient) {
        let line = format!("recipient = \"{recipient}\"\n");
        let why = "# What the recipient is told as the device's name: another recipient must not know the same.";
        text = text.replacen(&line, &format!("{line}{why}\ndevice-alias = \"{alias}\"\n"), 1);
    }
    let grant = config.grant(&Source::from_text(&path, &text))?;
    std::fs::write(&path, text).map_err(Failure::fix)?;
    let path = path.display();
    say(describe(&grant));
    say(match config.signers.has(subject) {
        true => format!(
            "Edit {path}, then have `{subject}` sign it with `minisign -Sm {path}`. Until then nothing leaves under it, \
             and a gateway does not start."
        ),
        false => format!("Edit {path} to change it; `hushgate grant withdraw {id}` ends it."),
    });
    Ok(())
}

/// The name that `recipient` knows the device by, or a new one if another recipient knows the device's own.
fn alias(config: &Config, device: &str, recipient: &str) -> Option<String> {
    let mut told = config.grants.iter().filter(|it| it.device == device);
    let own = told.clone().find(|it| it.recipient == recipient);
    let alias = match own {
        Some(own) => own.device_alias.clone(),
        None if told.any(|it| it.device_alias == device) => format!("{device}-{recipient}"),
        None => device.to_owned(),
    };
    (alias != device && is_name(&alias)).then_some(alias)
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
    let valid = match (grant.permit(Clock::Known(Millis::now())), grant.ended()) {
        (Some(_), _) => "valid now".to_owned(),
        (None, Some(at)) => {
            let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
            format!("ENDED by its event at {at:.0}")
        }
        (None, None) => "NOT valid now".to_owned(),
    };
    let fields: Vec<_> =
        grant.fields.iter().map(|it| format!("{} ({} values)", it.path, it.alphabet())).collect();
    let uses = grant.uses.map_or_else(String::new, |it| format!("; {it} times in all"));
    let ends = grant.endings.iter().map(|it| format!("; ends when {it}")).collect::<String>();
    let better = purpose::better(&grant.purpose).map_or_else(String::new, |it| {
        format!("\n  WARNING: `{}` is no term of the DPV: write `{it}`", grant.purpose)
    });
    format!(
        "{id}: {valid}\n  {subject} lets {recipient} learn, for {purpose}, of {device}: {fields}\n  \
         at most once in {every} each; at most {capacity} can leave; kept there for {kept}{uses}{ends}; {signed}{better}",
        id = grant.id,
        subject = grant.subject,
        recipient = grant.recipient,
        purpose = grant.purpose,
        device = grant.device,
        fields = fields.join(", "),
        every = validity::in_words(grant.every),
        capacity = grant.capacity(),
        kept = validity::in_words(grant.retention),
        signed = signed::in_words(grant),
    )
}

pub(super) fn status(home: &Home) -> Result<(), Failure> {
    let (config, keys) = open(home)?;
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
    let now = Clock::Known(Millis::now());
    let valid = config.grants.iter().filter(|it| it.permit(now).is_some());
    for ((device, recipient), capacity) in by_pair(valid) {
        say(format!("of {device}, {recipient} can learn at most {capacity} now"));
    }
    let Ok(store) = Store::look(&home.store()) else {
        say("ledger: empty");
        return Ok(());
    };
    withdraw::unconfirmed(home, &store)?.iter().for_each(say);
    waiting(&store, &config)?;
    let question = Question { subject: None, today: daily::day(Millis::now()), days: 7 };
    let report = Report::load(&config, Some(&store), question)
        .and_then(|it| it.measured(&config, (&store, &keys)))
        .map_err(Failure::failed)?;
    report.stayed().iter().for_each(say);
    report.figures().iter().for_each(say);
    let head = ledger::head(&store).map_err(Failure::failed)?;
    say(format!("ledger: {} entries, root {}", head.size, BASE64.encode(&head.root)));
    let last = ledger::after(&store, (head.size - 1000).max(0), 1000).map_err(Failure::failed)?;
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
