//! `device`: enrols devices.

mod guess;

use super::{Failure, open, out::say, plugin::add::shipped_if_missing};
use crate::{
    config::Config,
    home::Home,
    plugins::{manifest::Manifest, shelf::MANIFEST},
    secret,
    source::{Source, is_name},
};
use clap::Subcommand;
use std::{fs, path::PathBuf};

/// What can be done with devices.
#[derive(Debug, Subcommand)]
pub(super) enum DeviceCommand {
    /// Add a device to hushgate.toml and print its secret, once.
    Add {
        /// Its name; also its MQTT user.
        name: String,
        /// Whose data it is. Several times for several people.
        #[arg(long = "subject", required = true)]
        subjects: Vec<String>,
        /// The MQTT topic filters that it may publish on. Several times for several.
        #[arg(long = "topics", required = true)]
        topics: Vec<String>,
        /// The plugin that understands it: `hushgate plugin search` finds it. One that came with Hushgate is
        /// taken in.
        #[arg(long, required_unless_present = "guess")]
        adapter: Option<String>,
        /// Add nothing yet: show which adapters understand a first frame of it, in a file.
        #[arg(long, value_name = "FILE", conflicts_with = "adapter")]
        guess: Option<PathBuf>,
        /// The topic of that frame, if it is not the first of `--topics`.
        #[arg(long, requires = "guess")]
        topic: Option<String>,
    },
    /// Make a new secret and print it with the hash for hushgate.toml.
    Secret,
}

pub(super) fn run(home: &Home, command: DeviceCommand) -> Result<(), Failure> {
    match command {
        DeviceCommand::Secret => {
            let (secret, hash) = fresh_secret()?;
            say(format!("secret (give it to the device): {secret}\nsecret = \"{hash}\""));
            Ok(())
        }
        DeviceCommand::Add { guess: Some(file), topics, topic, .. } => {
            let first = topics.first().map(String::as_str).unwrap_or_default();
            guess::run(home, &file, topic.as_deref().unwrap_or(first))
        }
        DeviceCommand::Add { name, subjects, topics, adapter, .. } => {
            let adapter = adapter.unwrap_or_default();
            let secret = add(home, &name, (&subjects, &topics), &adapter)?;
            say(format!(
                "Added `{name}`. Its secret is shown only now:\n  \
                 MQTT: user {name}, password {secret}\n  \
                 HTTP: Authorization: Bearer {name}.{secret}"
            ));
            unsaid(home, &adapter).iter().for_each(say);
            Ok(())
        }
    }
}

/// What `adapter` must be told before the device that was just added can be understood.
fn unsaid(home: &Home, adapter: &str) -> Option<String> {
    let manifest = Source::read(&home.plugins().join(adapter).join(MANIFEST)).ok()?;
    let schema = Manifest::from_source(&manifest).ok()?.settings?;
    let problem = schema.check("{}").err()?;
    let (path, lines) =
        (home.settings(), fs::read_to_string(home.settings()).ok()?.lines().count());
    Some(format!(
        "It is not used yet. {}:{lines}: {problem}. Write it there, as in \
         `adapter = {{ plugin = \"{adapter}\", settings = {{ … }} }}`; what `{adapter}` can be told:{}",
        path.display(),
        schema.told().map(|(name, what)| format!("\n  {name}: {what}")).collect::<String>(),
    ))
}

pub(super) fn fresh_secret() -> Result<(String, String), Failure> {
    let no_randomness = || Failure::failed("the operating system gave no randomness");
    let secret = secret::new().ok_or_else(no_randomness)?;
    let hash = secret::hash(&secret).ok_or_else(no_randomness)?;
    Ok((secret, hash))
}

/// Adds the entry, and takes it back if the settings would be wrong with it. Returns the secret.
pub(crate) fn add(
    home: &Home,
    name: &str,
    (subjects, topics): (&[String], &[String]),
    adapter: &str,
) -> Result<String, Failure> {
    open(home)?;
    if !is_name(name) {
        return Err(Failure::fix("a name is 1 to 64 lower-case letters, digits and hyphens"));
    }
    shipped_if_missing(home, adapter)?;
    let (secret, hash) = fresh_secret()?;
    let list = |it: &[String]| toml::Value::from(it.to_vec()).to_string();
    let entry = format!(
        "\n[[device]]\nname = \"{name}\"\nsubjects = {}\ntopics = {}\nsecret = \"{hash}\"\nadapter = {{ plugin = {} }}\n",
        list(subjects),
        list(topics),
        toml::Value::from(adapter),
    );
    append(home, &entry).map_err(|it| Failure::fix(format!("the device was not added: {it}")))?;
    Ok(secret)
}

/// Adds to the settings, and takes it back if they would be wrong with it.
pub(super) fn append(home: &Home, entry: &str) -> Result<(), String> {
    let path = home.settings();
    let write =
        |text: &str| fs::write(&path, text).map_err(|it| format!("{}: {it}", path.display()));
    let before = fs::read_to_string(&path).map_err(|it| format!("{}: {it}", path.display()))?;
    write(&format!("{}\n{entry}", before.trim_end()))?;
    Config::read(home).map(drop).map_err(|error| match write(&before) {
        Ok(()) => error.problem,
        Err(failed) => failed,
    })
}
