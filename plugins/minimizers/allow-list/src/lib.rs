//! Lets only the named fields go on.
//!
//! # Promises
//!
//! - A field goes on, unchanged, if its path is named and its reading's kind too; no other field does, whatever
//!   it is called tomorrow.
//! - A reading that has no such field does not go on.
//!
//! # Settings
//!
//! `paths`: the paths, required; one that ends in `*` stands for all that begin so · `kinds`: the kinds of
//! reading, in the same notation; all, if it is not given.

use hushgate_sdk::{
    ConfigError, Reading, config,
    minimizer::{self, Minimizer, Step},
    path::Pattern,
};
use serde::Deserialize;

const NAMES_MAX: usize = 256;

/// The minimizer: what goes on.
#[derive(Debug)]
pub struct AllowList {
    paths: Vec<Pattern>,
    kinds: Option<Vec<Pattern>>,
}

hushgate_sdk::minimizer!(AllowList);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    paths: Vec<Pattern>,
    kinds: Option<Vec<Pattern>>,
}

impl Minimizer for AllowList {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { paths, kinds } = config::parse(json)?;
        check("paths", &paths)?;
        check("kinds", kinds.as_deref().unwrap_or_default())?;
        Ok(Self { paths, kinds })
    }

    fn minimize(
        &self,
        _state: Option<Vec<u8>>,
        _now_ms: u64,
        mut readings: Vec<Reading>,
    ) -> Result<Step, String> {
        readings.retain(|reading| self.kinds.as_ref().is_none_or(|it| any(it, &reading.kind)));
        let named = |path: &str| any(&self.paths, path);
        Ok(Step::stateless(minimizer::change_fields(readings, |field| {
            named(&field.path).then_some(field)
        })))
    }
}

fn any(patterns: &[Pattern], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}

fn check(setting: &str, names: &[Pattern]) -> Result<(), ConfigError> {
    if names.len() > NAMES_MAX {
        return Err(config::invalid(setting, "at most 256 names"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
