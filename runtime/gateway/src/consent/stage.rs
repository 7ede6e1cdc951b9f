//! A plugin that a grant or a device asks for, with its settings.

use crate::source::Source;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// A plugin at work for one grant or device.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// The plugin's id.
    pub plugin: String,
    /// Its settings, as JSON.
    pub settings: String,
    asked_at: String,
    /// Where each setting stands.
    settings_at: BTreeMap<String, String>,
}

/// A plugin and its settings, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StageFile {
    plugin: String,
    #[serde(default)]
    settings: BTreeMap<Spanned<String>, serde_json::Value>,
}

impl Stage {
    /// The stage that stands at a span of `source`.
    pub fn from_file(source: &Source, stage: Spanned<StageFile>) -> Self {
        let asked_at = source.place(&stage.span());
        let StageFile { plugin, settings } = stage.into_inner();
        let place = |it: &Spanned<String>| (it.get_ref().clone(), source.place(&it.span()));
        let settings_at = settings.keys().map(place).collect();
        let settings = settings.into_iter().map(|it| (it.0.into_inner(), it.1)).collect();
        let settings = serde_json::Value::Object(settings).to_string();
        Self { plugin, settings, asked_at, settings_at }
    }

    /// Where it, or one of its settings, was asked for: a file and a line, for error messages.
    pub fn place(&self, setting: Option<&str>) -> &str {
        setting.and_then(|it| self.settings_at.get(it)).unwrap_or(&self.asked_at)
    }
}
