//! An emergency: for how long the policy `break-glass` of a grant lets through all that the grant allows.
//!
//! # Promises
//!
//! - It widens nothing beyond the grant, and ends by itself, after a day at most.
//! - It stands beside the grant: what was agreed, and what waits under it, stay as they are.

use super::{grant::Grant, stage::Stage};
use crate::source::{SettingsError, Source};
use serde::{Deserialize, Serialize};

/// The policy that holds a grant tight on all other days.
const POLICY: &str = "break-glass";

/// The longest emergency, in minutes.
const MINUTES_MAX: u16 = 24 * 60;

/// Since when the glass is broken, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Glass {
    opened: jiff::Timestamp,
    minutes: u16,
}

impl Glass {
    /// Broken from `opened` on.
    ///
    /// # Errors
    ///
    /// What `minutes` must be.
    pub fn new(opened: jiff::Timestamp, minutes: u16) -> Result<Self, String> {
        if (1..=MINUTES_MAX).contains(&minutes) {
            return Ok(Self { opened, minutes });
        }
        Err(format!("`minutes` must be 1 to {MINUTES_MAX}"))
    }

    /// Reads and checks one file.
    pub fn from_source(source: &Source) -> Result<Self, SettingsError> {
        let Self { opened, minutes } = source.parse()?;
        Self::new(opened, minutes).map_err(|problem| source.named("minutes", problem))
    }

    /// As its file has it.
    pub fn text(&self) -> String {
        format!("opened = \"{}\"\nminutes = {}\n", self.opened, self.minutes)
    }

    /// Whether `grant` has a glass that can be broken.
    pub fn is_in(grant: &Grant) -> bool {
        grant.policies.iter().any(is_glass)
    }

    /// Tells the policy of `grant`.
    pub fn put_into(&self, grant: &mut Grant) {
        for stage in grant.policies.iter_mut().filter(|it| is_glass(it)) {
            stage.set("opened", self.opened.to_string().into());
            stage.set("minutes", self.minutes.into());
        }
    }
}

fn is_glass(stage: &Stage) -> bool {
    stage.plugin == POLICY
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn an_emergency_is_a_day_long_at_most() {
        let read = |text: &str| {
            let source = Source::from_text(Path::new("glass/ada.toml"), text);
            Glass::from_source(&source).map_err(|it| it.to_string())
        };
        let glass = Glass::new(jiff::Timestamp::from_second(1_795_757_100).unwrap(), 30).unwrap();
        assert_eq!(read(&glass.text()), Ok(glass));
        for wrong in ["minutes = 0", "minutes = 1441"] {
            let text = format!("opened = \"2026-11-27T06:25:00Z\"\n{wrong}\n");
            let error = read(&text).unwrap_err();
            assert!(error.starts_with("glass/ada.toml:2: `minutes` must be 1 to 1440"), "{error}");
        }
        assert!(read("opened = \"today\"\nminutes = 1\n").is_err());
    }
}
