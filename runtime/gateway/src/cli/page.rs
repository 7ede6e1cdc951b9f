//! `page`: turns the owner's page on.

use super::{
    Failure,
    device::{append, fresh_secret},
    open,
    out::say,
};
use crate::home::Home;
use clap::Subcommand;
use std::net::SocketAddr;

/// What can be done with the page.
#[derive(Debug, Subcommand)]
pub(super) enum PageCommand {
    /// Turn the page on: it shows what leaves, and ends it by one click. On this machine only, with a password.
    On {
        /// Where. An address of this machine.
        #[arg(long, default_value = "127.0.0.1:8481")]
        listen: SocketAddr,
    },
}

pub(super) fn run(home: &Home, command: &PageCommand) -> Result<(), Failure> {
    let PageCommand::On { listen } = command;
    let (config, _) = open(home)?;
    if let Some(page) = config.page {
        return Err(Failure::fix(format!(
            "the page is on already, at http://{}/. For a new password delete `[page]` in {} and do this again",
            page.listen,
            home.settings().display()
        )));
    }
    let (password, hash) = fresh_secret()?;
    let entry = format!("[page]\nlisten = \"{listen}\"\npassword = \"{hash}\"\n");
    append(home, &format!("\n{entry}"))
        .map_err(|it| Failure::fix(format!("the page was not turned on: {it}")))?;
    say(format!(
        "The page is at http://{listen}/ once the gateway was started anew. Its user is `hushgate`, its password is \
         shown only now: {password}"
    ));
    Ok(())
}
