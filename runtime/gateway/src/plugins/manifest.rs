//! What a plugin says of itself: `plugin.toml` beside the component.

use super::{
    settings::SettingsSchema,
    trust::{Right, Rights},
};
use crate::source::{SettingsError, Source, is_name};
use hushgate_wasm::{bindings::Field, limits::Limits};
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};
use toml::Spanned;

/// The version of `wit/` that this host speaks.
pub const WIT_VERSION: &str = "0.1.0";

/// The most fields that one plugin may declare.
const FIELDS_MAX: usize = 256;
/// The most families of devices that one plugin may name.
const MATCHES_MAX: usize = 64;

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
    /// Which devices it is for.
    pub matches: Vec<Match>,
    /// The declared field that grows from message to message, if frames are to be refused whose does not.
    pub replay: Option<String>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
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

/// Devices that a plugin is for, so that people find it. What it understands, its own code decides.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Match {
    /// Who makes them, or the standard that they follow.
    pub vendor: String,
    /// Their models; none means all of this vendor.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Their firmware, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// MQTT topic filters on which they usually publish.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// Content types that they send.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub content_types: Vec<String>,
}

/// What a plugin may emit. Everything else is dropped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Declared(Vec<DeclaredField>);

/// A path that a plugin may emit, or all paths that begin alike: `temperature-*`, or `*` for any.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredField {
    /// As written.
    pub path: String,
    /// Its one unit; `*` stands for any or none.
    pub unit: Option<String>,
    /// What it tells about people.
    pub privacy: Option<Privacy>,
}

impl Declared {
    /// For people.
    pub fn fields(&self) -> impl Iterator<Item = &DeclaredField> {
        self.0.iter()
    }

    /// Whether `field` was declared by its own name, and not with others that begin alike.
    pub fn names(&self, field: &Field) -> bool {
        self.0.iter().any(|it| it.path == field.path && it.lets(field))
    }

    /// Whether `field` was declared, with this unit.
    pub fn lets(&self, field: &Field) -> bool {
        self.0.iter().any(|it| it.lets(field))
    }
}

impl DeclaredField {
    fn lets(&self, field: &Field) -> bool {
        let path = match self.path.strip_suffix('*') {
            Some(start) => field.path.starts_with(start),
            None => field.path == self.path,
        };
        path && (self.unit == field.unit || self.unit.as_deref() == Some("*"))
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
    #[serde(default, rename = "match")]
    matches: Vec<Match>,
    replay: Option<Spanned<String>>,
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
    privacy: Option<Privacy>,
}

/// What a field tells about people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Privacy {
    /// The state of somebody's body or mind.
    Health,
    /// Where somebody is.
    Location,
    /// Whether and when somebody is there, and what they do.
    Presence,
    /// The state of the device alone.
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
        if file.matches.len() > MATCHES_MAX {
            return Err(
                source.whole(format!("matches more than {MATCHES_MAX} families of devices"))
            );
        }
        let fields = file.field.into_iter().map(|it| it.declared(file.kind)).collect();
        let declared = Declared(fields);
        if let Some(replay) = &file.replay {
            let named = |it: &DeclaredField| it.path == *replay.get_ref();
            if file.kind != Kind::Adapter || !declared.0.iter().any(named) {
                let problem = "must be a field that this adapter declares";
                return Err(source.error(replay.span(), problem));
            }
        }
        let limits = file.limits.map_or_else(Limits::default, |it| it.checked());
        Ok(Self {
            id: file.id.into_inner(),
            version: file.version,
            kind: file.kind,
            summary: file.summary,
            declared,
            matches: file.matches,
            replay: file.replay.map(Spanned::into_inner),
            limits,
            component: component.transpose()?,
            requests: file.requests.map(Spanned::into_inner).unwrap_or_default(),
            settings: settings.transpose()?,
            build: file.build.map(|it| it.run),
        })
    }
}

impl FieldFile {
    fn declared(self, kind: Kind) -> DeclaredField {
        // What a minimizer passes through has the units that came in.
        let any = kind == Kind::Minimizer && self.path == "*" && self.unit.is_none();
        let unit = if any { Some("*".to_owned()) } else { self.unit };
        DeclaredField { path: self.path, unit, privacy: self.privacy }
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
    }

    #[test]
    fn a_star_stands_for_the_end_of_a_path_and_for_any_unit() {
        let lets = |declared: &str, unit: &str, path: &str, field_unit: Option<&str>| {
            let text = GOOD.replace("\"mass\"", &format!("{declared:?}"));
            let declared = parse(&text.replace("\"kg\"", &format!("{unit:?}"))).unwrap().declared;
            let value = Scalar::Int(1);
            declared.lets(&Field { path: path.into(), value, unit: field_unit.map(Into::into) })
        };
        assert!(
            lets("mass-*", "kg", "mass-3", Some("kg")) && !lets("mass-*", "kg", "mass", Some("kg"))
        );
        assert!(!lets("mass-*", "kg", "mass-3", Some("g")) && !lets("*", "kg", "fat", Some("%")));
        assert!(lets("*", "*", "fat", Some("%")) && lets("*", "*", "fat", None));
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
