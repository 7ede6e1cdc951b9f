//! The command line: what can be asked, and how the answer ends.

mod again;
mod connect;
mod consent;
mod demo;
mod device;
mod explain;
mod glass;
mod hub;
mod init;
mod ledger;
mod out;
mod page;
mod plugin;
mod replay;
mod report;
mod rights;
mod run;
mod send;
mod show;
mod withdraw;

pub(crate) use self::{
    connect::add as add_recipient,
    device::add as add_device,
    hub::invite,
    init::{make_gateway, make_hub},
    ledger::{against, describe_summary},
    out::say,
    run::stop_signal,
    show::grant_text,
};
use crate::{
    config::Config,
    control,
    gateway::StartError,
    home::Home,
    keys::{Keys, KeysError},
    source::SettingsError,
    store::Store,
};
use clap::{Parser, Subcommand};
use rusqlite::Connection;
use std::{io::IsTerminal, path::PathBuf, process::ExitCode};
use tempfile::TempDir;

/// A privacy gateway: devices speak to it, and only what their people agreed to leaves, through Tor, sealed to
/// its recipient, with a receipt for each delivery.
///
/// Exit codes: 0 done; 1 failed, trying again may help; 2 the command was not understood; 3 something in the
/// settings, keys or plugins must be changed first; 4 another hushgate is running in this directory; 5 the
/// ledger does not verify.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Args {
    /// The directory of this gateway or hub.
    #[arg(short, long, global = true, env = "HUSHGATE_DIR", default_value = "hushgate")]
    dir: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a gateway's directory: commented settings, keys (mode 0600), the first plugins.
    Init(init::InitArgs),
    /// Run the gateway.
    Run,
    /// Run a hub, the recipient's side; or make one, or invite a gateway to it.
    Hub(hub::HubArgs),
    /// Watch it work: a hub, a gateway and a simulated pacemaker in this terminal.
    Demo(demo::DemoArgs),
    /// Enrol devices.
    #[command(subcommand)]
    Device(device::DeviceCommand),
    /// Say who may receive.
    #[command(subcommand)]
    Recipient(connect::RecipientCommand),
    /// Show what was agreed, and how much can leave under it.
    #[command(subcommand)]
    Grant(show::GrantCommand),
    /// Send one frame to the running gateway, as a device would over HTTP.
    Send(send::SendArgs),
    /// Show settings, devices, grants, what waits and what was delivered.
    Status,
    /// Read or check the ledger.
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Say in plain words what happened to one frame: what was decided, by which grant, what left, and how it ended.
    Explain(explain::ExplainArgs),
    /// Say what would be released of the newest frames with another plugin that is not released now; or decide one frame
    /// again, by the very plugins and grant that an entry of the ledger names.
    Replay(replay::ReplayArgs),
    /// Write a page of what devices sent, what left and for whom, by day.
    Report(report::ReportArgs),
    /// Write down all that is held about a subject.
    Export(rights::ExportArgs),
    /// Erase everything that is held about a subject; recipients are told to delete what they have.
    Erase(rights::EraseArgs),
    /// The owner's page.
    #[command(subcommand)]
    Page(page::PageCommand),
    /// Draw where the data of each device goes, by the settings of now.
    Diagram(report::DiagramArgs),
    /// Compile a component for a running gateway, which starts this itself.
    #[command(name = hushgate_wasm::cache::COMPILE, hide = true)]
    Compile {
        /// The component.
        from: PathBuf,
        /// Where its machine code goes.
        to: PathBuf,
    },
    /// List, inspect and test plugins, or begin one of your own.
    #[command(subcommand)]
    Plugin(plugin::PluginCommand),
    /// Connect to a Matrix room.
    #[cfg(feature = "matrix")]
    #[command(subcommand)]
    Matrix(connect::MatrixCommand),
}

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Failed; trying again may help.
    Failed = 1,
    /// Something in the settings, keys or plugins must be changed first. (2 is clap's: not understood.)
    Fix = 3,
    /// Another hushgate is running in this directory.
    Busy = 4,
    /// The ledger does not verify.
    Ledger = 5,
}

/// What went wrong, for people, and how the program ends.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    text: String,
}

impl Failure {
    fn new(exit: Exit, text: impl std::fmt::Display) -> Self {
        Self { exit, text: text.to_string() }
    }

    fn text(&self) -> &str {
        &self.text
    }

    /// Something that the owner must change.
    pub(crate) fn fix(text: impl std::fmt::Display) -> Self {
        Self::new(Exit::Fix, text)
    }

    /// Something that may be better next time.
    pub(crate) fn failed(text: impl std::fmt::Display) -> Self {
        Self::new(Exit::Failed, text)
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::fix(error)
    }
}

impl From<KeysError> for Failure {
    fn from(error: KeysError) -> Self {
        Self::fix(error)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let exit = if matches!(error, StartError::Busy(_)) { Exit::Busy } else { Exit::Fix };
        Self::new(exit, error)
    }
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let args = Args::parse();
    start_log();
    let mut outlives = None;
    let result = tokio::runtime::Runtime::new()
        .map_err(Failure::failed)
        .and_then(|runtime| runtime.block_on(dispatch(args, &mut outlives)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            out::complain(&failure.text);
            ExitCode::from(failure.exit as u8)
        }
    }
}

/// To standard error; `HUSHGATE_LOG=debug` shows more. The crates below speak of peers and of ordinary
/// answers as errors: they are kept down.
fn start_log() {
    let quiet = "warn,hushgate=info,hushgate_tor=info,hushgate_matrix=info,matrix_sdk=off,matrix_sdk_base=off,\
                 matrix_sdk_crypto=off,ruma=off,mqtt5=off,tor_netdir=error,tor_guardmgr=error";
    let filter = std::env::var("HUSHGATE_LOG")
        .map_or_else(|_| quiet.to_owned(), |it| format!("{quiet},hushgate={it}"));
    let filter = tracing_subscriber::EnvFilter::try_new(filter)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(quiet));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}

/// `outlives` is dropped after all tasks: Tor's write their last state into the demo's directory.
async fn dispatch(args: Args, outlives: &mut Option<TempDir>) -> Result<(), Failure> {
    let home = Home::new(&args.dir);
    match args.command {
        Command::Init(it) => init::gateway(&home, &it),
        Command::Run => run::gateway(&home).await,
        Command::Hub(it) => hub::run(&home, it).await,
        Command::Demo(it) => demo::run(&it, outlives).await,
        Command::Device(it) => device::run(&home, it),
        Command::Recipient(it) => connect::recipient(&home, it),
        Command::Grant(it) => show::grants(&home, &it),
        Command::Send(it) => send::run(&home, it).await,
        Command::Status => show::status(&home),
        Command::Ledger(it) => ledger::run(&home, it),
        Command::Explain(it) => explain::explain(&home, &it),
        Command::Replay(it) => replay::run(&home, &it),
        Command::Report(it) => report::report(&home, it),
        Command::Export(it) => rights::export(&home, &it),
        Command::Erase(it) => rights::erase(&home, &it),
        Command::Page(it) => page::run(&home, &it),
        Command::Diagram(it) => report::diagram(&home, it),
        Command::Compile { from, to } => {
            let engine = hushgate_wasm::engine::Engine::compiler().map_err(Failure::failed)?;
            hushgate_wasm::cache::compile(&engine, &from, &to).map_err(Failure::fix)
        }
        Command::Plugin(it) => plugin::run(&home, it).await,
        #[cfg(feature = "matrix")]
        Command::Matrix(it) => connect::matrix(&home, it).await,
    }
}

/// The store, to look at; nothing if the gateway has never run.
fn look(home: &Home) -> Result<Option<Connection>, Failure> {
    let store = home.store().exists().then(|| Store::look(&home.store()));
    store.transpose().map_err(Failure::fix)
}

fn open(home: &Home) -> Result<(Config, Keys), Failure> {
    if !home.settings().exists() {
        let dir = home.dir().display();
        return Err(Failure::fix(format!(
            "no gateway in {dir}: make one with `hushgate --dir {dir} init`"
        )));
    }
    Ok((control::settings(home)?, Keys::open(&home.keys())?))
}
