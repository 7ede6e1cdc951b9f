//! Answers what would leave with another plugin: `replay` puts one into a directory, the running gateway, which
//! alone has frames, writes what came of it beside.
//!
//! # Promises
//!
//! - Nothing leaves and nothing counts: the plugin is not even asked whether its own tests pass.
//! - An answer holds numbers, no values.

use super::disclosure::{self, Compared};
use crate::{
    config::Config,
    home::Home,
    intake::Intake,
    plugins::{plan::Generation, shelf::Shelf},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// How many questions are answered at one look.
const QUESTIONS_MAX: usize = 4;

/// What a file is called that ends with an answer.
pub const ANSWER: &str = "answer";

/// What an answer begins with that says why there is none.
pub const REFUSED: &str = "refused: ";

/// Answers what was asked and is not answered yet.
pub(super) fn answer(home: &Home, shelf: &Shelf, intake: &Intake) {
    let asked = fs::read_dir(home.replays()).into_iter().flatten().flatten().map(|it| it.path());
    let open = |it: &PathBuf| it.extension().is_none() && !it.with_extension(ANSWER).exists();
    for question in asked.filter(open).take(QUESTIONS_MAX) {
        let said = ask(home, shelf, (intake, &question));
        let said = said.unwrap_or_else(|problem| format!("{REFUSED}{problem}"));
        let partial = question.with_extension("partial");
        let written = fs::write(&partial, said)
            .and_then(|()| fs::rename(&partial, question.with_extension(ANSWER)));
        if let Err(error) = written {
            tracing::warn!(%error, "a replay could not be answered");
        }
    }
}

fn ask(home: &Home, shelf: &Shelf, (intake, dir): (&Intake, &Path)) -> Result<String, String> {
    let config = Config::read(home).map_err(|it| it.to_string())?;
    let (other, id) = shelf.trying(dir).map_err(|it| it.to_string())?;
    let number = intake.generation().number;
    let generation = Generation::build(number, &config, &other).map_err(|it| it.to_string())?;
    let devices = config.plugins().filter(|it| it.0 == id).map(|it| it.1).collect();
    let compared = disclosure::compare(intake, &generation, devices)?;
    Ok(tell(&id, &compared))
}

fn tell(id: &str, compared: &Compared) -> String {
    let Compared { devices, frames, differences } = compared;
    if *devices == 0 {
        return format!("no device uses `{id}`: nothing would change");
    }
    let more = differences.iter().filter(|it| it.is_more()).count();
    let mut lines = vec![format!(
        "the newest {frames} frames of {devices} device(s), with `{id}` as it would be:"
    )];
    lines.extend(differences.iter().map(|it| format!("  {it}")));
    lines.push(match more {
        _ if *frames == 0 => "no frame came since the gateway started: nothing to compare with".into(),
        0 => "it would release nothing more".into(),
        _ => format!("it would release more in {more} place(s), and would wait for `hushgate plugin approve {id}`"),
    });
    lines.join("\n")
}
