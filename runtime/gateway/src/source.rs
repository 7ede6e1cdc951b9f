//! One settings file as written, and errors that name its line.

use serde::de::DeserializeOwned;
use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};

/// The largest settings file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 8 << 20;

/// What is wrong in a settings file, where, and what it must be.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}{}: {problem}", file.display(), line.map(|it| format!(":{it}")).unwrap_or_default())]
pub struct SettingsError {
    /// The file.
    pub file: PathBuf,
    /// The line in it, from 1; none where the whole file is meant.
    pub line: Option<usize>,
    /// What is wrong and what it must be.
    pub problem: String,
}

/// A settings file that was read and not yet understood.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// Reads `path`, which may have at most 8 MiB.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = String::from_utf8(read_bytes(path, FILE_BYTES_MAX)?).map_err(|_| {
            let problem = "cannot be read: stream did not contain valid UTF-8".into();
            SettingsError { file: path.to_owned(), line: None, problem }
        })?;
        Ok(Self { path: path.to_owned(), text })
    }

    /// A text that stands for a file at `path`.
    pub fn from_text(path: &Path, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Where it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Understands it as TOML. Unknown keys are errors: a misspelt privacy setting must not be ignored.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, SettingsError> {
        toml::from_str(&self.text).map_err(|error| SettingsError {
            file: self.path.clone(),
            line: error.span().map(|it| self.line_of(&it)),
            problem: error.message().trim_end().replace('\n', ", "),
        })
    }

    /// An error about what stands at `span`.
    pub fn error(&self, span: Range<usize>, problem: impl Into<String>) -> SettingsError {
        let line = Some(self.line_of(&span));
        SettingsError { file: self.path.clone(), line, problem: problem.into() }
    }

    /// Where `span` stands, for error messages: the file and the line.
    pub fn place(&self, span: &Range<usize>) -> String {
        format!("{}:{}", self.path.display(), self.line_of(span))
    }

    /// An error about the whole file.
    pub fn whole(&self, problem: impl Into<String>) -> SettingsError {
        SettingsError { file: self.path.clone(), line: None, problem: problem.into() }
    }

    /// An error about the setting `key`, on the line where it stands first.
    pub fn named(&self, key: &str, problem: impl Into<String>) -> SettingsError {
        let stands = |line: &str| line.trim_start().trim_start_matches('[').starts_with(key);
        let line = self.text.lines().position(stands).map(|it| it + 1);
        SettingsError { file: self.path.clone(), line, problem: problem.into() }
    }

    /// A duration such as `5 min`, `24 h` or `30 days`, above 0.
    pub fn duration(&self, setting: &toml::Spanned<String>) -> Result<Duration, SettingsError> {
        match humantime::parse_duration(setting.get_ref()) {
            Ok(duration) if duration >= Duration::from_secs(1) => Ok(duration),
            _ => Err(self.error(
                setting.span(),
                "must be a duration of at least 1 s, such as `5 min`, `24 h` or `30 days`",
            )),
        }
    }

    fn line_of(&self, span: &Range<usize>) -> usize {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        before.iter().filter(|it| **it == b'\n').count() + 1
    }
}

/// What is in the file at `path`, which may have at most `bytes_max`.
pub fn read_bytes(path: &Path, bytes_max: u64) -> Result<Vec<u8>, SettingsError> {
    let fail = |problem: String| SettingsError { file: path.to_owned(), line: None, problem };
    let unreadable = |error: std::io::Error| fail(format!("cannot be read: {error}"));
    if fs::metadata(path).map_err(unreadable)?.len() > bytes_max {
        return Err(fail(format!("is larger than {bytes_max} bytes")));
    }
    fs::read(path).map_err(unreadable)
}

/// Whether `name` can serve as a name: lower-case letters, digits and hyphens, 1 to 64, as it becomes part of
/// file names and ledger lines.
pub fn is_name(name: &str) -> bool {
    let allowed = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
    !name.is_empty() && name.len() <= 64 && name.chars().all(allowed)
}
