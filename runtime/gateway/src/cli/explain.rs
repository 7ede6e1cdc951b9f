//! `explain`: what happened to one frame, in plain words, from the ledger.

use super::{Exit, Failure, open, out::say};
use crate::{
    config::Config,
    home::Home,
    ledger::{
        Entry, Kind,
        basis::{Basis, Called, Line},
        read,
    },
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
    // The adapter's work is the same for all grants.
    entries.iter().find_map(|it| came(&Basis::read(&it.note))).into_iter().for_each(say);
    for entry in &entries {
        say(format!("- {}", sentence(&config, entry)));
        steps(entry).into_iter().for_each(|it| say(format!("  - {it}")));
    }
    Ok(())
}

/// What came in, as far as a grant or a manifest has a name for it, and who understood it.
fn came(basis: &Basis) -> Option<String> {
    let adapter = basis.plugins.first().filter(|it| it.part(0) == "adapter")?;
    let fields = match (basis.came.as_slice(), basis.missing(Line::Came)) {
        ([], 0) => String::new(),
        ([], others) => format!(" {others} field(s) that no grant and no manifest names."),
        (names, 0) => format!(" It had {}.", names.join(", ")),
        (names, others) => format!(" It had {} and {others} more field(s).", names.join(", ")),
    };
    Some(format!("{}.{fields}", sentence_case(&plugin(adapter))))
}

fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |it| it.to_uppercase().chain(letters).collect())
}

/// What each plugin of the grant did, and then the gateway.
fn steps(entry: &Entry) -> Vec<String> {
    let basis = Basis::read(&entry.note);
    let own = basis.plugins.iter().filter(|it| it.part(0) != "adapter").map(plugin);
    let host = basis.host.iter().filter_map(|it| {
        let (words, path) = it.split_once(' ')?;
        let words: Vec<_> = words.split(',').map(operator).collect();
        Some(format!("of {path} the gateway let leave: {}", words.join(", ")))
    });
    let missing = [(Line::Plugin, "plugin"), (Line::Host, "field")].map(|(line, of)| {
        let count = basis.missing(line);
        (count > 0).then(|| format!("what was done in {count} more {of}(s) was not written down"))
    });
    let again = (!basis.plugins.is_empty()).then(|| {
        format!("from the same frame: `hushgate replay FRAME --topic TOPIC --of {}`", entry.seq)
    });
    own.chain(host).chain(missing.into_iter().flatten()).chain(again).collect()
}

/// A plugin by its digest, and what it did.
pub(super) fn plugin(called: &Called) -> String {
    let did: Vec<_> = called.did.iter().map(|it| deed(it)).collect();
    let (kind, id, digest) = (called.part(0), called.part(1), called.part(2));
    format!("{kind} {id} ({digest}) {}", did.join(", "))
}

fn deed(word: &str) -> &'static str {
    match word {
        "failed" => "gave no readings or no answer",
        "understood" => "understood it",
        "passed" => "passed all of it on",
        "less" => "passed a part of it on",
        "more" => "passed more fields on than it got",
        "kept" => "passed nothing on",
        "released" => "let it leave",
        "withheld" => "said no",
        "keep" => "asked that only some fields leave",
        "drop" => "asked that some fields stay",
        "coarsen" => "asked for larger steps",
        "pseudonymise" => "asked for a pseudonym",
        "noise" => "asked for noise",
        "delay" => "asked that it leaves later",
        "pad" => "asked for a larger envelope",
        "note" => "asked that it is noted as out of the ordinary",
        _ => "did what this version has no word for",
    }
}

fn operator(word: &str) -> &'static str {
    match word {
        "median" => "the median of its slot",
        "mean" => "the mean of its slot",
        "min" => "the least of its slot",
        "max" => "the greatest of its slot",
        "count" => "how many there were in its slot",
        "sum" => "the sum of its slot",
        "noise" => "with noise",
        "step" => "inside the grant's range and on its steps",
        "bucket" => "its bucket",
        "pseudonym" => "a pseudonym in its place",
        _ => "by what this version has no word for",
    }
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
        Kind::Ended => format!("it told of the event with which grant {} ended", entry.grant),
        Kind::Deleted => {
            format!("{} deleted what it had from it, and signed for that", entry.recipient)
        }
    };
    let basis = by(config, entry).unwrap_or_default();
    format!("{at:.3}, entry {}: {what}.{basis}", entry.seq)
}

fn sealed(entry: &Entry, why: &str) -> String {
    let basis = Basis::read(&entry.note);
    let (fields, more) = (&basis.fields, basis.missing(Line::Field));
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
