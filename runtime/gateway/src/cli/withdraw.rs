//! `grant withdraw`: a consent ends, now.

use super::{Failure, out::say};
use crate::{
    config::Config, consent::withdrawal, contract::Format, gateway, home::Home, store::consents,
};
use rusqlite::Connection;

/// From now on the grant `id` is none.
pub(super) fn run(home: &Home, id: &str) -> Result<(), Failure> {
    let told = told(home, id);
    let withdrawn = withdrawal::withdraw(&home.grants(), id).map_err(Failure::fix)?;
    let kept = withdrawn.kept.display();
    if let Some(error) = withdrawn.unsaid {
        say(format!("{kept}: the time could not be written: {error}"));
    }
    say(format!("`{id}` is withdrawn; its text is in {kept} now."));
    say(match gateway::lock(home) {
        Err(gateway::StartError::Busy(_)) => {
            "The running gateway denies its next frame and purges what waits under it, within a second."
        }
        _ => {
            "The gateway does not run: nothing leaves. When it starts, it purges what waits under it."
        }
    });
    told.iter().for_each(say);
    Ok(())
}

/// What the recipient will hear of it. Nothing is known of it where settings are broken: that must not keep a grant
/// alive.
fn told(home: &Home, id: &str) -> Option<String> {
    let config = Config::read(home).ok()?;
    let grant = config.grants.iter().find(|it| it.id == id)?;
    let recipient = &grant.recipient;
    Some(match config.contracts.get(recipient)?.format {
        Format::Hushgate(_) => format!(
            "`{recipient}` is told to delete what it has from this grant, as often as it takes until it signs that it \
             did. `hushgate status` says whether it has."
        ),
        Format::PrivateIot => format!(
            "`{recipient}` cannot be told: its format has no word for it. What it has, it keeps: ask its owner."
        ),
    })
}

/// Withdrawals that their recipients have not confirmed, in words.
pub(super) fn unconfirmed(home: &Home, store: &Connection) -> Result<Vec<String>, Failure> {
    let (untold, known) = consents::look(store).map_err(Failure::failed)?;
    let untold = untold.iter().map(|it| {
        let since = jiff::Timestamp::from_millisecond(it.at.0).unwrap_or_default();
        let (grant, recipient) = (&it.grant, &it.recipient);
        format!(
            "withdrawn: `{grant}`; `{recipient}` did not confirm the deletion yet, since {since:.0}"
        )
    });
    let is_gone = |it: &&String| !home.grants().join(format!("{it}.toml")).exists();
    let unseen = known.iter().filter(is_gone).map(|it| {
        format!("withdrawn: `{it}`; the gateway has not seen it yet, and will when it runs")
    });
    Ok(untold.chain(unseen).collect())
}
