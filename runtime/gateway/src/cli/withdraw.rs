//! `grant withdraw`: a consent ends, now.

use super::{Failure, out::say};
use crate::{consent::withdrawal, gateway, home::Home};

/// From now on the grant `id` is none.
pub(super) fn run(home: &Home, id: &str) -> Result<(), Failure> {
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
    say("What its recipient has, it keeps for as long as was agreed: it is not told yet.");
    Ok(())
}
