//! `grant export`, `check` and `receipt`: what was agreed, for other machines and for people.

use super::{
    Failure, ledger, open,
    out::{say, write},
};
use crate::{
    config::Config,
    consent::{
        grant::{Clock, Grant},
        record::jsonld,
    },
    home::Home,
    keys::Keys,
    ledger::note::{self, NOTE_BYTES_MAX, Verifier},
    message::Millis,
    report::receipt,
};
use std::path::Path;

/// As a consent record after ISO/IEC TS 27560:2023, to standard output; as a signed note, if it is to be `signed`.
pub(super) fn export(home: &Home, id: &str, signed: bool) -> Result<(), Failure> {
    let (config, keys) = open(home)?;
    let record = jsonld::record(find(&config, id)?, Clock::Known(Millis::now()));
    let record = format!("{:#}\n", record.map_err(Failure::fix)?);
    if !signed {
        say(record.trim_end());
        return Ok(());
    }
    let note = note::sign(&record, verifier(&keys).name(), &keys.record_signing());
    if note.len() > NOTE_BYTES_MAX {
        let problem = format!(
            "the record of `{id}` is larger than a signed note may be ({NOTE_BYTES_MAX} bytes)"
        );
        return Err(Failure::fix(problem));
    }
    say(note.trim_end());
    Ok(())
}

/// What checks records that this gateway signed.
pub(super) fn key(home: &Home) -> Result<(), Failure> {
    say(verifier(&open(home)?.1).text());
    Ok(())
}

/// Whether the holder of `key` signed the record in `file`.
pub(super) fn check(file: &Path, key: &str) -> Result<(), Failure> {
    let verifier = ledger::verifier(key)?;
    let note = ledger::read_text(file, NOTE_BYTES_MAX)?;
    let record = verifier.open(&note).ok_or_else(|| {
        Failure::fix(format!(
            "{}: is not a record as {} signed it",
            file.display(),
            verifier.name()
        ))
    })?;
    say(record.trim_end());
    say(format!("signed by {}", verifier.name()));
    Ok(())
}

fn verifier(keys: &Keys) -> Verifier {
    Verifier::of_gateway(keys.record_signing().verifying_key().to_bytes())
}

/// For the subject: as a page, or as JSON.
pub(super) fn receipt(home: &Home, id: &str, (out, json): (&Path, bool)) -> Result<(), Failure> {
    let (config, _) = open(home)?;
    let (grant, now) = (find(&config, id)?, Millis::now());
    let text = match json {
        true => {
            let receipt = jsonld::receipt(grant, Clock::Known(now), now).map_err(Failure::fix)?;
            format!("{receipt:#}\n")
        }
        false => receipt::render(grant, state(grant, now), now),
    };
    write(out, &text)
}

fn find<'a>(config: &'a Config, id: &str) -> Result<&'a Grant, Failure> {
    config.grants.iter().find(|it| it.id == id).ok_or_else(|| {
        let known: Vec<_> = config.grants.iter().map(|it| it.id.as_str()).collect();
        Failure::fix(format!("no grant `{id}` (there are: {})", known.join(", ")))
    })
}

fn state(grant: &Grant, now: Millis) -> &'static str {
    match now {
        _ if now < grant.valid_from => "Given, and not valid yet",
        _ if now >= grant.valid_until => "Ended: nothing leaves any more",
        _ => "Valid now",
    }
}
