//! A plugin that a grant or a device asks for, with its settings.

use crate::source::{SettingsError, Source, read_bytes};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Component, Path},
};
use toml::Spanned;

/// The largest file that can be a setting, in bytes.
const FILE_BYTES_MAX: u64 = 256 << 10;

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
    /// Settings that are whole texts, each in a file of its own.
    #[serde(default)]
    files: BTreeMap<Spanned<String>, String>,
}

impl Stage {
    /// The stage that stands at a span of `source`. Its files are in the directory `attached`; without one it can
    /// have none.
    pub fn from_file(
        source: &Source,
        stage: Spanned<StageFile>,
        attached: Option<&Path>,
    ) -> Result<Self, SettingsError> {
        let asked_at = source.place(&stage.span());
        let StageFile { plugin, mut settings, files } = stage.into_inner();
        for (name, file) in files {
            let text =
                attached_text(attached, &file).map_err(|it| source.error(name.span(), it))?;
            if settings.insert(name.clone(), text.into()).is_some() {
                let problem = format!("`{}` is in `settings` as well", name.get_ref());
                return Err(source.error(name.span(), problem));
            }
        }
        let place = |it: &Spanned<String>| (it.get_ref().clone(), source.place(&it.span()));
        let settings_at = settings.keys().map(place).collect();
        let settings = settings.into_iter().map(|it| (it.0.into_inner(), it.1)).collect();
        let settings = serde_json::Value::Object(settings).to_string();
        Ok(Self { plugin, settings, asked_at, settings_at })
    }

    /// Sets one setting; it stands where the stage was asked for.
    pub fn set(&mut self, name: &str, value: serde_json::Value) {
        let settings = serde_json::from_str::<serde_json::Map<_, _>>(&self.settings);
        let mut settings = settings.unwrap_or_default();
        settings.insert(name.to_owned(), value);
        self.settings = serde_json::Value::Object(settings).to_string();
    }

    /// Where it, or one of its settings, was asked for: a file and a line, for error messages.
    pub fn place(&self, setting: Option<&str>) -> &str {
        setting.and_then(|it| self.settings_at.get(it)).unwrap_or(&self.asked_at)
    }
}

/// What is in a file of `attached`.
fn attached_text(attached: Option<&Path>, file: &str) -> Result<String, String> {
    let dir = attached.ok_or("what a grant says must stand in it: files are for adapters")?;
    if !matches!(Path::new(file).components().collect::<Vec<_>>()[..], [Component::Normal(_)]) {
        return Err(format!("must be the name of a file in {}", dir.display()));
    }
    let bytes = read_bytes(&dir.join(file), FILE_BYTES_MAX).map_err(|it| it.to_string())?;
    String::from_utf8(bytes).map_err(|_| format!("{file} is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn stage(text: &str, attached: Option<&Path>) -> Result<Stage, String> {
        #[derive(Deserialize)]
        struct File {
            adapter: Spanned<StageFile>,
        }
        let source = Source::from_text(Path::new("hushgate.toml"), text);
        let file: File = source.parse().unwrap();
        Stage::from_file(&source, file.adapter, attached).map_err(|it| it.to_string())
    }

    #[test]
    fn a_file_is_a_setting_like_any_other() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("em300.js"), "function decodeUplink() {}\n").unwrap();
        let text = "adapter = { plugin = \"x\", settings = { port = 1 },\n files = { codec = \"em300.js\" } }";
        let read = stage(text, Some(dir.path())).unwrap();
        assert_eq!(read.settings, r#"{"codec":"function decodeUplink() {}\n","port":1}"#);
        assert_eq!(read.place(Some("codec")), "hushgate.toml:2");
        let wrong = |text: &str, attached, why: &str| {
            let error = stage(text, attached).unwrap_err();
            assert!(error.starts_with("hushgate.toml:2: ") && error.contains(why), "{error}");
        };
        wrong(text, None, "files are for adapters");
        wrong(&text.replace("em300", "em400"), Some(dir.path()), "cannot be read");
        wrong(&text.replace("em300", "../em300"), Some(dir.path()), "must be the name of a file");
        wrong(&text.replace("codec =", "port ="), Some(dir.path()), "is in `settings` as well");
        fs::write(dir.path().join("em300.js"), vec![b' '; (256 << 10) + 1]).unwrap();
        wrong(text, Some(dir.path()), "is larger than");
    }
}
