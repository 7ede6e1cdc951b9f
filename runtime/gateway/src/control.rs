//! What the owners of a gateway can say to it, in the room and on its page, and what it does and answers.
//!
//! # Promises
//!
//! - Everything that can be said makes less leave, or tells names and counts; nothing lets more leave. So a word that was
//!   stolen or repeated can silence the gateway, and no more.
//! - Withdrawing asks nothing back: one word, as quick as it can be.

use crate::{
    config::Config,
    consent::{
        grant::{Clock, Grant},
        withdrawal::{self, WithdrawError},
    },
    home::Home,
    message::Millis,
    report::{Question, Report},
    source::{SettingsError, is_name},
    store::{Store, daily, ended},
};
use std::{fs, io};

/// What was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// What can be said.
    Help,
    /// What came and left, and what waits.
    Status,
    /// What was agreed.
    Grants,
    /// End one grant.
    Withdraw(&'a str),
    /// End all.
    Stop,
}

/// What can be said, for people.
const HELP: &str = "stop: withdraw every grant, now. !withdraw GRANT: withdraw one. !grants: what may leave. \
                    !status: what came and left.";

impl<'a> Command<'a> {
    /// Understands a text. Nothing if it is not for the gateway: people talk in rooms.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let command = match (words.next()?, words.next()) {
            ("stop" | "Stop" | "STOP" | "!stop", None) => Self::Stop,
            ("!status", None) => Self::Status,
            ("!grants", None) => Self::Grants,
            ("!withdraw", Some(id)) => Self::Withdraw(id),
            (word, _) if word.starts_with('!') => Self::Help,
            _ => return None,
        };
        // More words than a command has: who knows what they mean.
        Some(if words.next().is_none() { command } else { Self::Help })
    }

    /// Does it, and says what was done.
    pub fn carry_out(self, home: &Home) -> String {
        match self {
            Self::Help => HELP.to_owned(),
            Self::Status => read(home, status),
            Self::Grants => read(home, |_, config| grants(config)),
            Self::Withdraw(id) => withdraw(home, &[id.to_owned()]),
            Self::Stop => match ids(home) {
                Ok(ids) if ids.is_empty() => "no grant is left: nothing leaves".to_owned(),
                Ok(ids) => withdraw(home, &ids),
                Err(error) => format!("NOT withdrawn: {error}"),
            },
        }
    }
}

/// The settings, with grants that know whether they ended.
pub fn settings(home: &Home) -> Result<Config, SettingsError> {
    let config = Config::read(home)?;
    // A store that cannot be read is told of by whoever asks it for more.
    let _ = ended::look(&home.store(), &config.grants);
    Ok(config)
}

fn read(home: &Home, say: impl FnOnce(&Home, &Config) -> String) -> String {
    settings(home).map_or_else(|it| format!("the settings are broken: {it}"), |it| say(home, &it))
}

fn status(home: &Home, config: &Config) -> String {
    let question = Question { subject: None, today: daily::day(Millis::now()), days: 7 };
    let store = Store::look(&home.store()).ok();
    let report = Report::load(config, store.as_ref(), question);
    let stayed =
        report.map(|it| it.stayed().unwrap_or_else(|| "nothing came in 7 days".to_owned()));
    let stayed = stayed.unwrap_or_else(|_| "the store cannot be read".to_owned());
    let problems = fs::read_to_string(home.degraded()).map_or(0, |it| it.lines().count());
    let state = match problems {
        0 => String::new(),
        problems => format!("; DEGRADED: {problems} problems, see `hushgate status`"),
    };
    format!("{} devices, {} grants; {stayed}{state}", config.devices.len(), config.grants.len())
}

fn grants(config: &Config) -> String {
    let line = |it: &Grant| match it.permit(Clock::Known(Millis::now())) {
        Some(_) => {
            format!("{}: {} for {}, at most {}", it.id, it.device, it.recipient, it.capacity())
        }
        None => format!("{}: {} for {}, NOT valid now", it.id, it.device, it.recipient),
    };
    let lines: Vec<_> = config.grants.iter().take(50).map(line).collect();
    if lines.is_empty() { "no grant: nothing leaves".to_owned() } else { lines.join("\n") }
}

/// The grants whose files are there, broken ones too.
pub fn ids(home: &Home) -> io::Result<Vec<String>> {
    let mut ids = Vec::new();
    for entry in fs::read_dir(home.grants())? {
        let name = entry?.file_name();
        let id = name.to_str().and_then(|it| it.strip_suffix(".toml")).filter(|it| is_name(it));
        ids.extend(id.map(str::to_owned));
    }
    ids.sort_unstable();
    Ok(ids)
}

fn withdraw(home: &Home, ids: &[String]) -> String {
    let done = |id: &String| match withdrawal::withdraw(&home.grants(), id) {
        Ok(_) => format!("{id}: withdrawn; nothing more leaves, what waits is purged"),
        Err(WithdrawError::Missing(_) | WithdrawError::Name) => {
            format!("{id}: there is no such grant")
        }
        Err(WithdrawError::Before(..)) => format!("{id}: was withdrawn before"),
        Err(WithdrawError::Full(_) | WithdrawError::Io(_)) => {
            format!("{id}: NOT withdrawn: the disk refused; delete its file in `grants/`")
        }
    };
    ids.iter().map(done).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_for_the_gateway_is_left_alone() {
        for text in ["", "  ", "good morning", "stop it, please", "withdraw ada", "help"] {
            assert_eq!(Command::parse(text), None, "{text}");
        }
    }

    #[test]
    fn one_word_stops_everything() {
        for text in ["stop", "Stop", " STOP\n", "!stop"] {
            assert_eq!(Command::parse(text), Some(Command::Stop), "{text}");
        }
        assert_eq!(Command::parse("!withdraw ada"), Some(Command::Withdraw("ada")));
        for text in ["!", "!withdraw", "!withdraw ada ben", "!status all of it", "!stop now"] {
            assert_eq!(Command::parse(text), Some(Command::Help), "{text}");
        }
    }

    #[test]
    fn a_withdrawn_grant_is_put_away_and_a_name_leads_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path());
        home.make(&["grants"]).unwrap();
        for id in ["ada", "ben", "carl"] {
            fs::write(home.grants().join(format!("{id}.toml")), id).unwrap();
        }
        fs::write(dir.path().join("hushgate.toml"), "kept").unwrap();
        let said = Command::Withdraw("../hushgate").carry_out(&home);
        assert_eq!(said, "../hushgate: there is no such grant");
        assert!(Command::Withdraw("ada").carry_out(&home).starts_with("ada: withdrawn"));
        assert_eq!(Command::Withdraw("ada").carry_out(&home), "ada: was withdrawn before");
        assert_eq!(Command::Stop.carry_out(&home).lines().count(), 2);
        assert_eq!(Command::Stop.carry_out(&home), "no grant is left: nothing leaves");
        let kept = |id: &str| home.grants().join(format!("withdrawn/{id}.toml")).exists();
        assert!(["ada", "ben", "carl"].into_iter().all(kept));
        assert!(home.settings().exists());
    }
}
