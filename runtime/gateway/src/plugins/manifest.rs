//! What a plugin says of itself: `plugin.toml` beside the component.

use super::{
    settings::SettingsSchema,
    trust::{Right, Rights},
};
use crate::source::{SettingsError, Source, is_name};
use hushgate_wasm::{bindings::Field, limits::Limits};
use serde::Deserialize;
use std::{fmt, time::Duration};
use toml::Spanned;

/// The version of `wit/` that this host speaks.
pub const WIT_VERSION: &str = "0.1.0";

/// The most fields that one plugin may declare.
const FIELDS_MAX: usize = 256;

/// A checked manifest.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The plugin's name and its directory's.
    pub id: String,
    /// Its own version.
    pub version: String,
    /// What it does.
    pub kind: Kind,
    /// One line for people.
    pub summary: String,
    /// What it may emit.
    pub declared: Declared,
    /// What one instance may use.
    pub limits: Limits,
    /// SHA-256 of the component that it belongs to, if it says so: then it is of no other.
    pub component: Option<[u8; 32]>,
    /// What it asks for beyond its arguments.
    pub requests: Rights,
    /// What settings it takes, if it says so.
    pub settings: Option<SettingsSchema>,
    /// The command that builds it, in its directory: for its author, never run by a gateway.
    pub build: Option<String>,
}

/// The three kinds of plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Frame to readings.
    Adapter,
    /// Readings to readings.
    Minimizer,
    /// Tightens grants.
    Policy,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Adapter => "adapter",
            Self::Minimizer => "minimizer",
            Self::Policy => "policy",
        })
    }
}

/// What a plugin may emit. Everything else is dropped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Declared {
    fields: Vec<(String, Option<String>)>,
    any: bool,
}

impl Declared {
    /// Paths and units, for people.
    pub fn fields(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.fields.iter().map(|it| (it.0.as_str(), it.1.as_deref()))
    }

    /// Whether `field` was declared, with this unit.
    pub fn lets(&self, field: &Field) -> bool {
        let same = |it: &(String, Option<String>)| it.0 == field.path && it.1 == field.unit;
        self.any || self.fields.iter().any(same)
    }
}

/// The file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    id: Spanned<String>,
    version: String,
    kind: Kind,
    wit: Spanned<String>,
    #[serde(rename = "licence")]
    _licence: String,
    summary: String,
    component: Option<Spanned<String>>,
    #[serde(default)]
    field: Vec<FieldFile>,
    limits: Option<LimitsFile>,
    requests: Option<Spanned<Rights>>,
    settings: Option<Spanned<serde_json::Map<String, serde_json::Value>>>,
    build: Option<BuildFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuildFile {
    run: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldFile {
    path: String,
    unit: Option<String>,
    #[serde(rename = "privacy")]
    _privacy: Option<Privacy>,
}

/// What a field tells about people.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Privacy {
    Health,
    Location,
    Presence,
    Technical,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LimitsFile {
    memory_mib: Option<u32>,
    call_ms: Option<u32>,
}

impl Manifest {
    /// Reads and checks one.
    pub fn from_source(source: &Source) -> Result<Self, SettingsError> {
        let file: File = source.parse()?;
        let id = file.id.get_ref();
        if !is_name(id) {
            let problem = "must be 1 to 64 lower-case letters, digits and hyphens";
            return Err(source.error(file.id.span(), problem));
        }
        if file.wit.get_ref() != WIT_VERSION {
            let problem =
                format!("must be \"{WIT_VERSION}\": this gateway speaks no other version");
            return Err(source.error(file.wit.span(), problem));
        }
        if file.field.len() > FIELDS_MAX {
            return Err(source.whole(format!("declares more than {FIELDS_MAX} fields")));
        }
        let component = file.component.map(|it| {
            let problem =
                "must be the component's SHA-256 in hexadecimal; `hushgate plugin pin` writes it";
            digest(it.get_ref()).ok_or_else(|| source.error(it.span(), problem))
        });
        let settings = file.settings.map(|it| {
            let span = it.span();
            SettingsSchema::new(it.into_inner()).map_err(|problem| source.error(span, problem))
        });
        let of_policies = |it: &&Spanned<Rights>| it.get_ref().contains(&Right::Values);
        if let Some(asks) = file.requests.as_ref().filter(of_policies)
            && file.kind != Kind::Policy
        {
            let problem = "`values` is for policies: others are given all values anyway";
            return Err(source.error(asks.span(), problem));
        }
        // Only a minimizer has something to pass through.
        let any = file.kind == Kind::Minimizer && file.field.iter().any(|it| it.path == "*");
        let fields = file.field.into_iter().map(|it| (it.path, it.unit)).collect();
        let limits = file.limits.map_or_else(Limits::default, |it| it.checked());
        Ok(Self {
            id: file.id.into_inner(),
            version: file.version,
            kind: file.kind,
            summary: file.summary,
            declared: Declared { fields, any },
            limits,
            component: component.transpose()?,
            requests: file.requests.map(Spanned::into_inner).unwrap_or_default(),
            settings: settings.transpose()?,
            build: file.build.map(|it| it.run),
        })
    }
}

fn digest(hex: &str) -> Option<[u8; 32]> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?.try_into().ok()
}

impl LimitsFile {
    fn checked(&self) -> Limits {
        let default = Limits::default();
        let memory = self.memory_mib.and_then(|it| usize::try_from(it).ok()?.checked_mul(1 << 20));
        Limits {
            memory_bytes: memory.unwrap_or(default.memory_bytes),
            call: self.call_ms.map_or(default.call, |it| Duration::from_millis(it.into())),
            ..default
        }
        .capped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hushgate_wasm::bindings::Scalar;
    use std::path::Path;

    const GOOD: &str = r#"
id = "scale"
version = "1.0.0"
kind = "adapter"
wit = "0.1.0"
licence = "MIT"
summary = "A scale."
[[field]]
path = "mass"
unit = "kg"
privacy = "health"
[limits]
memory-mib = 100000
"#;

    fn parse(text: &str) -> Result<Manifest, String> {
        let source = Source::from_text(Path::new("plugin.toml"), text);
        Manifest::from_source(&source).map_err(|it| it.to_string())
    }

    #[test]
    fn only_declared_fields_pass() {
        let declared = parse(GOOD).unwrap().declared;
        let lets = |path: &str, unit: Option<&str>| {
            let value = Scalar::Int(1);
            declared.lets(&Field { path: path.into(), value, unit: unit.map(Into::into) })
        };
        assert!(lets("mass", Some("kg")));
        assert!(!lets("mass", Some("[lb_av]")) && !lets("mass", None) && !lets("fat", Some("kg")));
        let adapter = parse(&GOOD.replace("\"mass\"", "\"*\"")).unwrap().declared;
        assert!(!adapter.any, "an adapter declared everything");
    }

    #[test]
    fn limits_are_capped_and_mistakes_have_lines() {
        assert_eq!(
            parse(GOOD).unwrap().limits.memory_bytes,
            hushgate_wasm::limits::MEMORY_BYTES_MAX
        );
        let error = parse(&GOOD.replace("wit = \"0.1.0\"", "wit = \"9\"")).unwrap_err();
        assert!(error.starts_with("plugin.toml:5: must be \"0.1.0\""), "{error}");
        assert!(parse(&GOOD.replace("kind", "knid")).unwrap_err().starts_with("plugin.toml:4: "));
    }
}
