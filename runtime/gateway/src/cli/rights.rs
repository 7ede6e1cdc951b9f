//! `export` and `erase`: everything that is held about a subject, for the subject.

use super::{Failure, look, open, out::say};
use crate::{
    gateway::{self, StartError},
    home::Home,
    message::Millis,
    rights::{ExportError, Held, erase::Plan},
    store::erase::Erased,
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

/// Whose data goes away.
#[derive(Debug, Args)]
pub(super) struct EraseArgs {
    /// Whose: all devices that are theirs alone, and all that left under their grants.
    subject: Option<String>,
    /// A device that the settings do not name any more. May be repeated.
    #[arg(long)]
    device: Vec<String>,
    /// A grant that is not there any more. May be repeated.
    #[arg(long)]
    grant: Vec<String>,
    /// Do it. Without this only what would be done is said.
    #[arg(long)]
    yes: bool,
}

pub(super) fn erase(home: &Home, args: &EraseArgs) -> Result<(), Failure> {
    let (config, _) = open(home)?;
    let mut plan = match &args.subject {
        Some(subject) => Plan::of(&config, subject).map_err(Failure::fix)?,
        None => Plan::default(),
    };
    plan.devices.extend(args.device.iter().cloned());
    plan.grants.extend(args.grant.iter().cloned());
    if plan == Plan::default() {
        return Err(Failure::fix("name a subject, a --device or a --grant"));
    }
    describe(&plan);
    if !args.yes {
        say("Nothing was erased. Do it with --yes, while the gateway does not run.");
        return Ok(());
    }
    let _lock = gateway::lock(home).map_err(|error| match error {
        StartError::Busy(dir) => Failure::fix(format!(
            "the gateway in {dir} runs: stop it first. `hushgate grant withdraw` ends a consent at once"
        )),
        error => Failure::fix(error),
    })?;
    let erased = plan.run(home, Millis::now()).map_err(Failure::failed)?;
    rest(&plan, &erased);
    Ok(())
}

fn describe(plan: &Plan) {
    let list = |names: &[String]| names.join(", ");
    if !plan.devices.is_empty() {
        say(format!("all about the devices: {}", list(&plan.devices)));
    }
    if !plan.grants.is_empty() {
        say(format!("all that left under the grants, and the grants: {}", list(&plan.grants)));
    }
    if !plan.shared.is_empty() {
        say(format!(
            "NOT what else came from {}: somebody else is behind it as well",
            list(&plan.shared)
        ));
    }
}

/// What was done, and what nobody but its owner can do.
fn rest(plan: &Plan, erased: &Erased) {
    say(format!(
        "erased: {} entries of the ledger, {} releases that waited, and what was remembered and counted. The ledger \
         still verifies.",
        erased.entries, erased.waiting
    ));
    if erased.untold > 0 {
        let names = |flag, names: &[String]| {
            names.iter().map(|it| format!(" --{flag} {it}")).collect::<String>()
        };
        say(format!(
            "{} withdrawals stay until their recipients have signed that they deleted what they had: let the gateway \
             run until `hushgate status` says none is open, then\n  hushgate erase{}{} --yes",
            erased.untold,
            names("device", &plan.devices),
            names("grant", &erased.grants)
        ));
    }
    say(
        "Yours to do: the devices' entries in hushgate.toml, files that you exported, copies of this directory, and what the \
         Matrix room has.",
    );
}
