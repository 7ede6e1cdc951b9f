//! The blocks of code on a page that people copy from.
//!
//! # Promises
//!
//! - A block whose first line does not say what it is for is an error: nothing on a page goes untested.

use std::{fs, path::Path};

/// What a block of code is for, by the words behind its language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// `sh`: commands, run in their order.
    Commands,
    /// `text says`: lines that the commands before it print.
    Says,
    /// `LANGUAGE home/grants/ada.toml`: the text of a file, or more of it.
    File(String),
    /// `LANGUAGE of USER`: what is set in the device, which then logs in as `USER`.
    Device(String),
    /// `LANGUAGE on TOPIC`: what the device publishes.
    Message(String),
    /// `LANGUAGE later on TOPIC`: what it publishes in the next window, if that is not the same again.
    LaterMessage(String),
    /// `LANGUAGE from TOPIC`: what the house's broker fetches from a server outside.
    FetchedMessage(String),
    /// `text at the hub`: everything that the recipient has in the end.
    AtTheHub,
    /// `text stays at home`: texts that neither the hub nor what the gateway writes must have.
    StaysAtHome,
}

/// A block of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its language.
    pub language: String,
    /// What it is for.
    pub purpose: Use,
    /// What stands in it.
    pub text: String,
}

impl Block {
    /// The blocks of the page at `path`, in order.
    #[track_caller]
    pub fn all_of(path: &Path) -> Vec<Self> {
        let page = fs::read_to_string(path).unwrap_or_else(|it| panic!("{}: {it}", path.display()));
        let parts: Vec<_> = format!("\n{page}").split("\n```").map(str::to_owned).collect();
        assert!(parts.len() % 2 == 1, "{}: a block has no end", path.display());
        parts.chunks(2).filter_map(|it| it.get(1)).map(|it| Self::read(it)).collect()
    }

    fn read(block: &str) -> Self {
        let (head, text) = block.split_once('\n').unwrap_or((block, ""));
        let (language, words) = head.split_once(' ').unwrap_or((head, ""));
        let purpose = match words.split(' ').collect::<Vec<_>>()[..] {
            [""] if language == "sh" => Use::Commands,
            ["says"] => Use::Says,
            ["of", user] => Use::Device(user.to_owned()),
            ["on", topic] => Use::Message(topic.to_owned()),
            ["from", topic] => Use::FetchedMessage(topic.to_owned()),
            ["later", "on", topic] => Use::LaterMessage(topic.to_owned()),
            ["at", "the", "hub"] => Use::AtTheHub,
            ["stays", "at", "home"] => Use::StaysAtHome,
            [file] if file.contains(['.', '/']) => Use::File(file.to_owned()),
            _ => panic!("nobody knows what to do with the block `{head}`"),
        };
        Self { language: language.to_owned(), purpose, text: format!("{text}\n") }
    }
}
