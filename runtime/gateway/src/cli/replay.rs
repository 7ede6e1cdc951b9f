//! `replay`: what would leave of the newest frames with another plugin, or whether the same comes out of a frame again.

use super::{Failure, again, open, out::say};
use crate::{
    gateway::{
        self, StartError,
        replay::{ANSWER, REFUSED},
    },
    home::Home,
    plugins::shelf::{self, COMPONENT, MANIFEST},
};
use clap::Args;
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Compiling Python takes longest.
const ANSWER_MAX: Duration = Duration::from_secs(180);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What is compared.
#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// A file with the bytes of one frame, to be decided again as it was in an entry of the ledger.
    #[arg(requires = "of", conflicts_with = "against", required_unless_present = "against")]
    frame: Option<PathBuf>,
    /// The number of that entry: its plugins and its grant's text are found by their digests.
    #[arg(long, value_name = "ENTRY", requires = "frame")]
    of: Option<i64>,
    /// The topic, or the path without its first `/`, that the frame came on.
    #[arg(long, requires = "frame", default_value = "")]
    topic: String,
    /// The content type that it came with.
    #[arg(long, requires = "frame")]
    content_type: Option<String>,
    /// The other plugin: its directory, or a component (`.wasm`).
    #[arg(long)]
    against: Option<PathBuf>,
    /// The plugin of this gateway in whose place a bare component would work, with that one's plugin.toml.
    #[arg(long, value_name = "ID", requires = "against")]
    plugin: Option<String>,
}

pub(super) fn run(home: &Home, args: &ReplayArgs) -> Result<(), Failure> {
    if let (Some(file), Some(seq)) = (&args.frame, args.of) {
        let (topic, content_type) = (&*args.topic, args.content_type.as_deref());
        return again::run(home, seq, &again::Given { file, topic, content_type });
    }
    let Some(against) = &args.against else {
        return Err(Failure::fix("a frame with --of, or --against, is expected"));
    };
    open(home)?;
    match gateway::lock(home) {
        Err(StartError::Busy(_)) => {}
        Ok(_) => {
            return Err(Failure::fix(
                "the gateway is not running: only there are frames to compare with, in memory",
            ));
        }
        Err(error) => return Err(error.into()),
    }
    let question = home.replays().join(std::process::id().to_string());
    let said = ask(home, (args, against), &question);
    // Whatever came of it: the gateway answers what is there.
    let _ = fs::remove_dir_all(&question);
    let _ = fs::remove_file(question.with_extension(ANSWER));
    let said = said?;
    match said.strip_prefix(REFUSED) {
        Some(problem) => Err(Failure::fix(problem)),
        None => {
            say(said);
            Ok(())
        }
    }
}

fn ask(
    home: &Home,
    (args, against): (&ReplayArgs, &Path),
    question: &Path,
) -> Result<String, Failure> {
    let fail = |error: io::Error| Failure::fix(format!("{}: {error}", against.display()));
    // Under another name first: the gateway sees all of it or nothing.
    let partial = question.with_extension("asking");
    fs::create_dir_all(&partial).map_err(Failure::failed)?;
    if against.is_dir() {
        shelf::copy(against, &partial).map_err(fail)?;
    } else {
        let manifest = manifest(home, (args, against))?;
        fs::copy(against, partial.join(COMPONENT)).map_err(fail)?;
        let text = fs::read_to_string(&manifest)
            .map_err(|error| Failure::fix(format!("{}: {error}", manifest.display())))?;
        // It is of the component that it was pinned to: of this one on purpose.
        let unpinned: Vec<_> = text.lines().filter(|it| !it.starts_with("component = ")).collect();
        fs::write(partial.join(MANIFEST), unpinned.join("\n")).map_err(Failure::failed)?;
    }
    fs::rename(&partial, question).map_err(Failure::failed)?;
    say("asks the running gateway");
    let end = Instant::now() + ANSWER_MAX;
    while Instant::now() < end {
        if let Ok(said) = fs::read_to_string(question.with_extension(ANSWER)) {
            return Ok(said);
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Err(Failure::failed(format!("the gateway did not answer within {} s", ANSWER_MAX.as_secs())))
}

fn manifest(home: &Home, (args, against): (&ReplayArgs, &Path)) -> Result<PathBuf, Failure> {
    if let Some(id) = &args.plugin {
        return Ok(home.plugins().join(id).join(MANIFEST));
    }
    let beside = against.with_file_name(MANIFEST);
    if beside.is_file() {
        return Ok(beside);
    }
    Err(Failure::fix(format!(
        "{}: no {MANIFEST} beside it; say in whose place it would work: --plugin ID",
        against.display()
    )))
}
