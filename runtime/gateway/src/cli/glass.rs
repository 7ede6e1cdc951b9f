//! `grant break-glass` and `mend-glass`: an emergency, and its end.

use super::{Failure, open, out::say};
use crate::{consent::glass::Glass, home::Home, source::is_name};
use std::{fs, io};

/// From now on, and for so many minutes.
pub(super) fn break_it(home: &Home, id: &str, minutes: u16) -> Result<(), Failure> {
    let (config, _) = open(home)?;
    let grant = config.grants.iter().find(|it| it.id == id);
    let grant = grant
        .ok_or_else(|| Failure::fix(format!("no grant `{id}` in {}", home.grants().display())))?;
    if !Glass::is_in(grant) {
        return Err(Failure::fix(format!(
            "the grant `{id}` has no policy `break-glass`: all that it allows leaves anyway"
        )));
    }
    let glass = Glass::new(jiff::Timestamp::now(), minutes).map_err(Failure::fix)?;
    home.make(&["glass"]).map_err(Failure::fix)?;
    // In one step: the gateway reads the whole of it or nothing.
    let (path, part) = (file(home, id), home.glass().join("new"));
    fs::write(&part, glass.text()).and_then(|()| fs::rename(&part, &path)).map_err(Failure::fix)?;
    say(format!(
        "The glass of `{id}` is broken for {minutes} minutes: all that it allows leaves for {}. Each such release is \
         told in the ledger and the room. `hushgate grant mend-glass {id}` ends it before.",
        grant.recipient
    ));
    Ok(())
}

/// At once.
pub(super) fn mend(home: &Home, id: &str) -> Result<(), Failure> {
    open(home)?;
    if !is_name(id) {
        return Err(Failure::fix("a grant's name is lower-case letters, digits and hyphens"));
    }
    match fs::remove_file(file(home, id)) {
        Ok(()) => say(format!("The glass of `{id}` is whole.")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            say(format!("Nobody has broken the glass of `{id}`."));
        }
        Err(error) => return Err(Failure::fix(error)),
    }
    Ok(())
}

fn file(home: &Home, id: &str) -> std::path::PathBuf {
    home.glass().join(format!("{id}.toml"))
}
