//! `hub`: the recipient's side.

use super::{Failure, init, out::say, run::stop_signal};
use crate::{
    home::Home,
    hub::{
        running::RunningHub,
        server::Hub,
        settings::{self, HubConfig},
    },
    keys::Keys,
    secret,
};
use clap::{Args, Subcommand};
use std::net::SocketAddr;

/// `hushgate hub` alone runs it.
#[derive(Debug, Args)]
pub(super) struct HubArgs {
    #[command(subcommand)]
    command: Option<HubCommand>,
}

#[derive(Debug, Subcommand)]
enum HubCommand {
    /// Make a hub's directory.
    Init {
        /// The recipient's name, as gateways will see it.
        #[arg(long)]
        name: String,
        /// Listen on this port of this machine instead of hosting an onion service.
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<SocketAddr>,
    },
    /// Print an invite for one gateway: `hushgate hub invite > hospital.invite`. Hand it over in person or by a
    /// channel that you trust: it can be used once, within 7 days.
    Invite,
    /// Print the checkpoints that the hub keeps for gateways: give them to a gateway's owner, who alone can read theirs
    /// (`hushgate ledger verify --checkpoint FILE`).
    Checkpoints,
    /// Read a new password for the page from standard input and print the hash for hub.toml.
    Password,
}

pub(super) async fn run(home: &Home, args: HubArgs) -> Result<(), Failure> {
    match args.command {
        None => serve(home).await,
        Some(HubCommand::Init { name, listen }) => init(home, &name, listen),
        Some(HubCommand::Invite) => {
            say(invite(home)?.trim_end());
            Ok(())
        }
        Some(HubCommand::Checkpoints) => checkpoints(home),
        Some(HubCommand::Password) => {
            let mut password = String::new();
            std::io::stdin().read_line(&mut password).map_err(Failure::failed)?;
            let hash = secret::hash(password.trim_end_matches(['\r', '\n']));
            say(format!(
                "page-password = \"{}\"",
                hash.ok_or_else(|| Failure::failed("no randomness"))?
            ));
            Ok(())
        }
    }
}

fn checkpoints(home: &Home) -> Result<(), Failure> {
    let (config, keys) = open(home)?;
    let kept =
        Hub::open(&config, &keys).and_then(|it| it.checkpoints()).map_err(Failure::failed)?;
    kept.iter().for_each(say);
    Ok(())
}

fn init(home: &Home, name: &str, listen: Option<SocketAddr>) -> Result<(), Failure> {
    let transport = listen.map_or_else(
        || "kind = \"tor\"".to_owned(),
        |it| format!("kind = \"listen\"\nlisten = \"{it}\""),
    );
    if !crate::source::is_name(name) {
        return Err(Failure::fix("--name must be 1 to 64 lower-case letters, digits and hyphens"));
    }
    let password = init::make_hub(home, name, &transport)?;
    say(format!(
        "Made {dir}. The page's user is `hub`, its password is shown only now: {password}\n\
         Next:\n  \
         hushgate --dir {dir} hub                           run it\n  \
         hushgate --dir {dir} hub invite > {name}.invite    let a gateway in",
        dir = home.dir().display()
    ));
    Ok(())
}

async fn serve(home: &Home) -> Result<(), Failure> {
    let (config, keys) = open(home)?;
    let mut running = RunningHub::start(&config, &keys).await?;
    say(format!("hub `{}` at http://{}/", config.name, running.address));
    let published = async {
        if running.reachable.wait_for(|it| *it).await.is_ok() {
            say("reachable");
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = published => {}
        stopped = stop_signal() => stopped?,
    }
    say("stopping");
    running.stop().await.map_err(|_| Failure::failed("some tasks did not end in time"))
}

fn open(home: &Home) -> Result<(HubConfig, Keys), Failure> {
    if !home.hub_settings().exists() {
        let dir = home.dir().display();
        let text =
            format!("no hub in {dir}: make one with `hushgate --dir {dir} hub init --name NAME`");
        return Err(Failure::fix(text));
    }
    Ok((HubConfig::read(home)?, Keys::open(&home.keys())?))
}

/// Makes an invite and has the hub expect it. Works while the hub runs and while it does not.
pub(crate) fn invite(home: &Home) -> Result<String, Failure> {
    let (config, keys) = open(home)?;
    let address = std::fs::read_to_string(home.hub_address())
        .map_err(|_| Failure::fix("the hub has no address yet: run it once with `hushgate hub`"))?;
    let (invite, hash, until_ms) = settings::invite(&config, &keys, address.trim())?;
    Hub::open(&config, &keys).and_then(|it| it.expect(hash, until_ms)).map_err(Failure::failed)?;
    toml::to_string(&invite).map_err(Failure::failed)
}
