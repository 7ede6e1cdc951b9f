//! Settings of several parts, as their owner writes them.
//!
//! # Promises
//!
//! - A mistake names its part, and what that must be or which parts there are.

use serde::{Deserialize, Deserializer, de::Error};

use super::{At, Format, Kind, Literal, Raw, Rule, When};
use crate::{
    ConfigError,
    config::{Parts, required},
    exact::Exact,
    json::{Object, Value},
};

/// Reads parts that stand inside of a setting: a mistake names the part.
fn read<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    known: &[&str],
    read: impl FnOnce(&Parts<'de>) -> Result<T, ConfigError>,
) -> Result<T, D::Error> {
    let parts = Object::deserialize(deserializer)?;
    let whole = Parts::of(parts, known).and_then(|parts| read(&parts));
    whole.map_err(|mistake| {
        D::Error::custom(match mistake {
            ConfigError::Missing(name) => format!("missing field `{name}`"),
            ConfigError::Invalid((name, text)) => format!("`{name}` {text}"),
        })
    })
}

/// Where a value is: a pointer into JSON, or a column.
fn source(parts: &Parts<'_>) -> Result<String, ConfigError> {
    let source = match parts.text("pointer")? {
        Some(pointer) => Some(pointer),
        None => parts.text("column")?,
    };
    required("pointer", source).map(str::to_owned)
}

fn number(parts: &Parts<'_>, name: &str) -> Result<Option<Exact>, ConfigError> {
    parts.part(name, "must be a decimal number, or its text", Exact::of_setting)
}

fn literals(parts: &Parts<'_>, name: &str) -> Result<Vec<Literal>, ConfigError> {
    parts.list(name, "must be a list of flags, numbers and texts", Literal::of)
}

const RULE: [&str; 11] = [
    "pointer",
    "column",
    "path",
    "unit",
    "type",
    "scale",
    "offset",
    "true-values",
    "false-values",
    "none-values",
    "required",
];

impl Rule {
    fn of(parts: &Parts<'_>) -> Result<Self, ConfigError> {
        let kind = parts.part("type", "must be real, int, flag or text", Kind::of)?;
        Ok(Self {
            source: source(parts)?,
            path: required("path", parts.text("path")?)?.to_owned(),
            unit: parts.text("unit")?.map(str::to_owned),
            kind: kind.unwrap_or_default(),
            scale: number(parts, "scale")?,
            offset: number(parts, "offset")?,
            true_values: literals(parts, "true-values")?,
            false_values: literals(parts, "false-values")?,
            none_values: literals(parts, "none-values")?,
            required: parts.flag("required")?.unwrap_or_default(),
        })
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, &RULE, Self::of)
    }
}

impl Kind {
    fn of(value: &Value<'_>) -> Option<Self> {
        match value.as_str()? {
            "real" => Some(Self::Real),
            "int" => Some(Self::Int),
            "flag" => Some(Self::Flag),
            "text" => Some(Self::Text),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let kind = Self::of(&Value::deserialize(deserializer)?);
        kind.ok_or_else(|| D::Error::custom("must be real, int, flag or text"))
    }
}

const AT: [&str; 5] = ["pointer", "column", "format", "utc-offset-minutes", "none-values"];

impl At {
    fn of(parts: &Parts<'_>) -> Result<Self, ConfigError> {
        let minutes = |value: &Value<'_>| i16::try_from(value.as_i64()?).ok();
        let format =
            parts.part("format", "must be unix-s, unix-ms, rfc3339 or local", Format::of)?;
        Ok(Self {
            source: source(parts)?,
            format: required("format", format)?,
            utc_offset_minutes: parts.part(
                "utc-offset-minutes",
                "must be a whole number",
                minutes,
            )?,
            none_values: literals(parts, "none-values")?,
        })
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, &AT, Self::of)
    }
}

impl Format {
    fn of(value: &Value<'_>) -> Option<Self> {
        match value.as_str()? {
            "unix-s" => Some(Self::UnixS),
            "unix-ms" => Some(Self::UnixMs),
            "rfc3339" => Some(Self::Rfc3339),
            "local" => Some(Self::Local),
            _ => None,
        }
    }
}

const WHEN: [&str; 3] = ["pointer", "column", "equals"];

impl When {
    fn of(parts: &Parts<'_>) -> Result<Self, ConfigError> {
        let equals = parts.part("equals", "must be a flag, a number or a text", Literal::of)?;
        Ok(Self { source: source(parts)?, equals: required("equals", equals)? })
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, &WHEN, Self::of)
    }
}

impl Literal {
    fn of(value: &Value<'_>) -> Option<Self> {
        match Raw::from(value) {
            Raw::Flag(flag) => Some(Self::Flag(flag)),
            Raw::Number(number) => Some(Self::Number(number)),
            Raw::Text(text) => Some(Self::Text(text.to_owned())),
            Raw::Nothing | Raw::Structure => None,
        }
    }
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let literal = Self::of(&Value::deserialize(deserializer)?);
        literal.ok_or_else(|| D::Error::custom("a flag, a number or a text was expected"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        #[serde(default)]
        fields: Vec<Rule>,
        at: Option<At>,
        when: Option<When>,
    }

    fn check(settings: &str, name: &str, expected: &str) {
        match config::parse::<Settings>(settings) {
            Err(ConfigError::Invalid((setting, text))) => {
                assert_eq!((setting.as_str(), text.as_str()), (name, expected), "{settings}");
            }
            other => panic!("{settings}: {other:?}"),
        }
    }

    #[test]
    fn all_parts_are_read() {
        let settings = config::parse::<Settings>(
            r#"{"fields":[{"column":"a","path":"b","unit":"Cel","type":"int","scale":"0.1","offset":-2,
                "true-values":[true],"false-values":[0],"none-values":["-"],"required":true},
                {"pointer":"/x","path":"x","unit":null}],
                "at":{"pointer":"/t","format":"local","utc-offset-minutes":60,"none-values":[0]},
                "when":{"pointer":"","equals":1.5}}"#,
        );
        let Settings { fields, at, when } = settings.unwrap();
        let [rule, other] = &fields[..] else { panic!("{fields:?}") };
        assert_eq!((rule.source.as_str(), rule.path.as_str()), ("a", "b"));
        assert_eq!(
            (rule.unit.as_deref(), rule.kind, rule.required),
            (Some("Cel"), Kind::Int, true)
        );
        assert_eq!((rule.scale, rule.offset), (Some(Exact::new(1, -1)), Some(Exact::new(-2, 0))));
        assert_eq!(rule.true_values, [Literal::Flag(true)]);
        assert_eq!(rule.false_values, [Literal::Number(Exact::ZERO)]);
        assert_eq!(rule.none_values, [Literal::Text("-".to_owned())]);
        assert_eq!((other.source.as_str(), other.kind, &other.unit), ("/x", Kind::Real, &None));
        let at = at.unwrap();
        assert_eq!((at.format, at.utc_offset_minutes), (Format::Local, Some(60)));
        assert_eq!(when.unwrap().equals, Literal::Number(Exact::new(15, -1)));
    }

    #[test]
    fn a_mistake_names_its_part() {
        let rule = |parts: &str| format!(r#"{{"fields":[{parts}]}}"#);
        check(&rule(r#"{"pointer":"/x"}"#), "fields", "missing field `path`");
        check(&rule(r#"{"path":"x"}"#), "fields", "missing field `pointer`");
        check(&rule("[]"), "fields", "must be an object");
        let at = |parts: &str| format!(r#"{{"at":{{"pointer":"/t",{parts}}}}}"#);
        check(
            &at(r#""colour":1"#),
            "at",
            "`colour` is not a setting; there are: pointer, column, format, utc-offset-minutes, none-values",
        );
        check(&at(r#""format":"iso""#), "at", "`format` must be unix-s, unix-ms, rfc3339 or local");
        check(
            &at(r#""format":"local","utc-offset-minutes":0.5"#),
            "at",
            "`utc-offset-minutes` must be a whole number",
        );
        check(r#"{"when":{"pointer":"/t"}}"#, "when", "missing field `equals`");
        for (part, must_be) in [
            (r#""unit":7"#, "`unit` must be a text"),
            (r#""type":"number""#, "`type` must be real, int, flag or text"),
            (r#""scale":true"#, "`scale` must be a decimal number, or its text"),
            (r#""none-values":[null]"#, "`none-values` must be a list of flags, numbers and texts"),
            (r#""required":1"#, "`required` must be true or false"),
        ] {
            check(&rule(&format!(r#"{{"pointer":"/x","path":"x",{part}}}"#)), "fields", must_be);
        }
    }
}
