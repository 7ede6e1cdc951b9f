//! `grant export` and `grant receipt`: what was agreed, for other machines and for people.

use super::{
    Failure, open,
    out::{say, write},
};
use crate::{
    config::Config,
    consent::{
        grant::{Clock, Grant},
        record::jsonld,
    },
    home::Home,
    message::Millis,
    report::receipt,
};
use std::path::Path;

/// As a consent record after ISO/IEC TS 27560:2023, to standard output.
pub(super) fn export(home: &Home, id: &str) -> Result<(), Failure> {
    let (config, _) = open(home)?;
    let record = jsonld::record(find(&config, id)?, Clock::Known(Millis::now()));
    say(format!("{:#}", record.map_err(Failure::fix)?));
    Ok(())
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
