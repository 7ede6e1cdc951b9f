//! Paths of fields: the owner's, or made of the type and the channel.

use std::collections::BTreeMap;

use hushgate_sdk::{ConfigError, config, naming};

use crate::types::{self, Part};

const SETTING: &str = "names";

/// Names that one configuration may have: one for each value of as many channels as fit into a long frame.
const NAMES_MAX: usize = 256;

/// Bytes of a name: `.longitude` may follow it.
const NAME_BYTES_MAX: usize = 54;

/// What the owner calls channels, or single values of them.
#[derive(Debug)]
pub(crate) struct Names(Vec<Name>);

#[derive(Debug)]
struct Name {
    channel: u8,
    /// All values of the channel, if there is none.
    word: Option<String>,
    path: String,
}

impl Names {
    /// Of a table such as `{"3": "body-temperature", "4.humidity": "bathroom"}`.
    pub(crate) fn of(table: BTreeMap<String, String>) -> Result<Self, ConfigError> {
        if table.len() > NAMES_MAX {
            return Err(config::invalid(SETTING, "at most 256 of them"));
        }
        let mut names = table.into_iter().map(Name::of).collect::<Result<Vec<_>, _>>()?;
        // The name of a single value counts before that of its channel.
        names.sort_by_key(|name| name.word.is_none());
        Ok(Self(names))
    }

    /// The path of a value; `alone` if its data type has no other.
    pub(crate) fn path(&self, channel: u8, part: &Part, alone: bool) -> String {
        let Part { word, axis, .. } = part;
        let named = self.0.iter().find(|it| it.channel == channel && it.fits(word));
        match (named, alone, *axis) {
            (Some(Name { path, .. }), true, _) => path.clone(),
            (Some(Name { path, .. }), false, "") => format!("{path}.{word}"),
            (Some(Name { path, .. }), false, axis) => format!("{path}{axis}"),
            (None, _, axis) => format!("{word}-{channel}{axis}"),
        }
    }
}

impl Name {
    fn of((key, path): (String, String)) -> Result<Self, ConfigError> {
        let (channel, word) = match key.split_once('.') {
            Some((channel, word)) => (channel, Some(word.to_owned())),
            None => (key.as_str(), None),
        };
        let channel = channel.parse().map_err(|_| {
            config::invalid(SETTING, "each for a channel from 0 to 255, such as 3 or 3.temperature")
        })?;
        if word.as_deref().is_some_and(|word| !types::has_word(word)) {
            return Err(config::invalid(
                SETTING,
                "each for a value that there is, such as 3.temperature",
            ));
        }
        if !naming::is_path(&path) || path.len() > NAME_BYTES_MAX {
            return Err(config::invalid(
                SETTING,
                "each of lower-case words, joined by hyphens and dots, of 54 bytes at most",
            ));
        }
        Ok(Self { channel, word, path })
    }

    fn fits(&self, word: &str) -> bool {
        self.word.as_deref().is_none_or(|it| it == word)
    }
}
