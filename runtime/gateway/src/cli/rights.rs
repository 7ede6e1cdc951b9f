//! `export`: everything that is held about a subject, for the subject.

use super::{Failure, look, open, out::say};
use crate::{
    home::Home,
    rights::{ExportError, Held},
};
use clap::Args;
use std::{
    fs::OpenOptions,
    io::{BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

/// Whose data goes where.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Whose data.
    subject: String,
    /// The file to write. It must not be there yet: it is for its subject's eyes alone (mode 0600).
    #[arg(long, default_value = "export.json")]
    out: PathBuf,
}

pub(super) fn export(home: &Home, args: &ExportArgs) -> Result<(), Failure> {
    let (config, keys) = open(home)?;
    let store = look(home)?;
    let vault = keys.vault();
    let held = Held::of(&config, store.as_ref().map(|it| (it, &vault)), &args.subject);
    let held = held.map_err(Failure::fix)?;
    let failed = |it: std::io::Error| Failure::fix(format!("{}: {it}", args.out.display()));
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&args.out);
    let mut file = BufWriter::new(file.map_err(failed)?);
    held.export(&mut file).map_err(|it| match it {
        ExportError::Io(error) => failed(error),
        error => Failure::failed(error),
    })?;
    file.flush().map_err(failed)?;
    say(format!("wrote all that is held about {} to {}", args.subject, args.out.display()));
    Ok(())
}
