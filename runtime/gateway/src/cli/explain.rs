//! `explain`: what happened to one frame, in plain words, from the ledger.

use super::{Exit, Failure, open, out::say};
use crate::{
    config::Config,
    home::Home,
    ledger::{Entry, Kind, basis::Basis, read},
    outcome::Reason,
    store::Store,
    wire::receipt::parse_release,
};
use clap::Args;
use data_encoding::HEXLOWER;

/// What is to be explained.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The number of an entry, as `ledger show` prints it, or of a release (32 hexadecimal digits).
    what: String,
}

pub(super) fn explain(home: &Home, args: &ExplainArgs) -> Result<(), Failure> {
    let (config, _) = open(home)?;
    let store = Store::look(&home.store()).map_err(Failure::fix)?;
    let failed = |error: rusqlite::Error| {
        let text = format!("the ledger cannot be read here, see `hushgate ledger verify`: {error}");
        Failure::new(Exit::Ledger, text)
    };
    let found = match (args.what.parse::<i64>(), parse_release(&args.what)) {
        (_, Some(release)) => read::of_release(&store, release.0).map(|it| it.into_iter().next()),
        (Ok(seq), None) => read::one(&store, seq),
        (Err(_), None) => {
            return Err(Failure::fix("an entry's number or a release's 32 digits is expected"));
        }
    };
    let Some(entry) = found.map_err(failed)? else {
        let text =
            format!("the ledger says nothing of {}: it is not there, or was erased", args.what);
        return Err(Failure::fix(text));
    };
    // No frame is behind a withdrawal; its number stands where releases have theirs.
    let withdrawal = entry.release.filter(|_| entry.frame == 0);
    let entries = match withdrawal {
        Some(number) => read::of_release(&store, number),
        None => read::of_frame(&store, entry.frame),
    };
    let entries = entries.map_err(failed)?;
    if let Some(changed) = entries.iter().find(|it| !it.is_whole()) {
        let text = format!("entry {} was changed: what it says is not explained", changed.seq);
        return Err(Failure::new(Exit::Ledger, text));
    }
    say(match withdrawal {
        Some(_) => format!("Grant {} for {} ended.", entry.grant, entry.recipient),
        None => format!("Frame {} came from {}.", entry.frame, entry.device),
    });
    entries.iter().for_each(|it| say(format!("- {}", sentence(&config, it))));
    Ok(())
}

fn sentence(config: &Config, entry: &Entry) -> String {
    let at = jiff::Timestamp::from_millisecond(entry.at.0).unwrap_or_default();
    let why = Reason::explain(&entry.reason);
    let what = match entry.kind {
        Kind::Withheld if entry.grant.is_empty() => format!("nothing left: {why}"),
        Kind::Withheld => format!("nothing left for {}: {why}", entry.recipient),
        Kind::Quarantined => format!("nobody could read it, and nothing left: {why}"),
        Kind::Queued => sealed(entry, why),
        Kind::Delivered if entry.proof.is_empty() => {
            format!("{} took it; it signs no receipts", entry.recipient)
        }
        Kind::Delivered => format!("{} has it and signed for it", entry.recipient),
        Kind::Expired => format!("it waited too long and was deleted here: {why}"),
        Kind::Purged => format!("it was deleted here: {why}"),
        Kind::Withdrawn => "the consent was withdrawn".to_owned(),
        Kind::Deleted => {
            format!("{} deleted what it had from it, and signed for that", entry.recipient)
        }
    };
    let basis = by(config, entry).unwrap_or_default();
    format!("{at:.3}, entry {}: {what}.{basis}", entry.seq)
}

fn sealed(entry: &Entry, why: &str) -> String {
    let Basis { fields, more, .. } = Basis::read(&entry.note);
    let fields = match (fields.is_empty(), more) {
        (true, _) => "fields that were not written down then".to_owned(),
        (false, 0) => fields.join(", "),
        (false, more) => format!("{} and {more} more", fields.join(", ")),
    };
    let release = entry.release.map(|it| HEXLOWER.encode(&it)).unwrap_or_default();
    let noted = if entry.reason.is_empty() { String::new() } else { format!(" ({why})") };
    format!("{fields} left for {}, sealed as release {release}{noted}", entry.recipient)
}

/// Which grant it was decided by, and whether it says the same today.
fn by(config: &Config, entry: &Entry) -> Option<String> {
    let text = Basis::read(&entry.note).grant_text?;
    let now = config.grants.iter().find(|it| it.id == entry.grant);
    let today = match now.map(|it| HEXLOWER.encode(&it.digest) == text) {
        Some(true) => "it says the same today",
        Some(false) => "it says something else today, or was joined with others",
        None => "it is not there any more",
    };
    Some(format!(" By grant {}, whose text had the digest {text}: {today}.", entry.grant))
}
