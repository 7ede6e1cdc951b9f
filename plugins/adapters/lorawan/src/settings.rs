//! What the owner set, checked.

use std::collections::BTreeMap;

use hushgate_sdk::{ConfigError, config, naming};
use serde::Deserialize;

use crate::radio;

/// Names that one configuration may map.
const FIELDS_MAX: usize = 256;
/// The longest unit, in bytes.
const UNIT_BYTES_MAX: usize = 32;

/// What the owner set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// What decoded names stand for.
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, Rule>,
    /// Take uplinks that no device sent.
    #[serde(default)]
    pub(crate) simulated: bool,
}

/// What one name stands for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// The field.
    pub(crate) path: String,
    /// Its unit.
    pub(crate) unit: Option<String>,
    /// By what its numbers are multiplied.
    pub(crate) scale: Option<f64>,
}

impl Settings {
    /// Reads and checks them.
    pub(crate) fn parse(json: &str) -> Result<Self, ConfigError> {
        let settings: Self = config::parse(json)?;
        if settings.fields.len() > FIELDS_MAX {
            return Err(config::invalid("fields", "at most 256 names"));
        }
        settings.fields.values().try_for_each(Rule::check)?;
        Ok(settings)
    }
}

impl Rule {
    fn check(&self) -> Result<(), ConfigError> {
        let invalid = |must_be| Err(config::invalid("fields", must_be));
        if !naming::is_path(&self.path) {
            return invalid("each path of lower-case words, joined by hyphens and grouped by dots");
        }
        if radio::PATHS.contains(&self.path.as_str()) {
            return invalid("other paths than those of the network itself");
        }
        if self.unit.as_ref().is_some_and(|it| it.is_empty() || it.len() > UNIT_BYTES_MAX) {
            return invalid("each unit of 1 to 32 bytes");
        }
        if self.scale.is_some_and(|it| !it.is_finite() || it == 0.0) {
            return invalid("each scale a number that is not 0");
        }
        Ok(())
    }
}
