//! `recipient` and `matrix`: who hears of it.

use super::{Failure, open, out::say};
use crate::{contract::Contract, home::Home, source::Source};
use clap::Subcommand;
use std::{fs, path::PathBuf};

/// What can be done with recipients.
#[derive(Debug, Subcommand)]
pub(super) enum RecipientCommand {
    /// Add a recipient by the invite that its hub made. Nothing leaves before a grant allows it.
    Add {
        /// The invite.
        invite: PathBuf,
    },
    /// Show who may receive, if a grant allows it.
    List,
}

pub(super) fn recipient(home: &Home, command: RecipientCommand) -> Result<(), Failure> {
    match command {
        RecipientCommand::Add { invite } => {
            let contract = add(home, &invite)?;
            say(format!(
                "Added `{}` at {}. It receives nothing before a grant allows it:\n  \
                 hushgate --dir {} grant new --subject NAME --device NAME --recipient {}",
                contract.name,
                contract.address,
                home.dir().display(),
                contract.name
            ));
        }
        RecipientCommand::List => {
            let (config, _) = open(home)?;
            for contract in config.contracts.values() {
                say(format!("{}  {}", contract.name, contract.address));
            }
        }
    }
    Ok(())
}

/// Checks an invite and keeps it as the recipient's contract.
pub(crate) fn add(home: &Home, invite: &std::path::Path) -> Result<Contract, Failure> {
    let source = Source::read(invite)?;
    let contract = Contract::from_source(&source)?;
    let path = home.recipients().join(format!("{}.toml", contract.name));
    if path.exists() {
        let text = format!(
            "{} is there already: delete it first to replace the recipient",
            path.display()
        );
        return Err(Failure::fix(text));
    }
    write_private(&path, source.text())?;
    // The settings must be good with it, or it goes again.
    if let Err(error) = open(home) {
        fs::remove_file(&path).map_err(Failure::fix)?;
        return Err(error);
    }
    Ok(contract)
}

/// An invite's code is a secret until it was used.
fn write_private(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut it| it.write_all(text.as_bytes()))
        .map_err(|error| Failure::fix(format!("{}: {error}", path.display())))
}

/// What can be done with Matrix.
#[cfg(feature = "matrix")]
#[derive(Debug, Subcommand)]
pub(super) enum MatrixCommand {
    /// Log in once; the password is read from standard input. The session is kept.
    Login {
        /// The bot's user name or id.
        #[arg(long)]
        user: String,
    },
}

#[cfg(feature = "matrix")]
pub(super) async fn matrix(home: &Home, command: MatrixCommand) -> Result<(), Failure> {
    let MatrixCommand::Login { user } = command;
    let (config, keys) = open(home)?;
    let Some(matrix) = &config.matrix else {
        let text = format!("{}: has no [matrix] part yet", home.settings().display());
        return Err(Failure::fix(text));
    };
    let mut password = String::new();
    std::io::stdin().read_line(&mut password).map_err(Failure::failed)?;
    let settings = crate::witness::settings(home, matrix, &keys);
    let id =
        hushgate_matrix::log_in(&settings, &user, password.trim_end_matches(['\r', '\n'])).await;
    let id = id.map_err(|error| match error {
        hushgate_matrix::MatrixError::Later(_) => Failure::failed(error),
        hushgate_matrix::MatrixError::Fix(_) => Failure::fix(error),
    })?;
    say(format!(
        "Logged in as {id}. Invite it to the room; `hushgate run` restores the session from now on."
    ));
    Ok(())
}
