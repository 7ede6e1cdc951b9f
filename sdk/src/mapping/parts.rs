//! Settings of several parts, as their owner writes them.
//!
//! # Promises
//!
//! - A mistake names its part, and what that must be or which parts there are.
//! - What a derived reader of these types would be is a tenth of a component; this is a hundredth.

use serde::{Deserialize, Deserializer, de::Error};

use super::{At, Format, Kind, Literal, Raw, Rule, When};
use crate::{
    exact::Exact,
    json::{Object, Value},
};

/// What is wrong with the parts.
type Wrong = String;

/// The parts, of which each is one of `known`.
struct Parts<'a>(Object<'a>);

impl<'a> Parts<'a> {
    fn read<D: Deserializer<'a>>(deserializer: D, known: &[&str]) -> Result<Self, D::Error> {
        let parts = Object::deserialize(deserializer)?;
        if let Some((name, _)) = parts.iter().find(|(name, _)| !known.contains(name)) {
            let known = known.join(", ");
            return Err(D::Error::custom(format!("`{name}` is not a setting; there are: {known}")));
        }
        Ok(Self(parts))
    }

    fn value(&self, name: &str) -> Option<&Value<'a>> {
        self.0.member(name)
    }

    fn part<T>(
        &self,
        name: &str,
        must_be: &str,
        read: impl FnOnce(&Value<'a>) -> Option<T>,
    ) -> Result<Option<T>, Wrong> {
        match self.value(name) {
            Some(value) => match read(value) {
                Some(part) => Ok(Some(part)),
                None => Err(format!("`{name}` must be {must_be}")),
            },
            None => Ok(None),
        }
    }

    fn text(&self, name: &str) -> Result<Option<String>, Wrong> {
        self.part(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    fn required<T>(&self, name: &str, part: Option<T>) -> Result<T, Wrong> {
        part.ok_or_else(|| format!("missing field `{name}`"))
    }

    /// Where a value is: a pointer into JSON, or a column.
    fn source(&self) -> Result<String, Wrong> {
        let source = match self.text("pointer")? {
            Some(pointer) => Some(pointer),
            None => self.text("column")?,
        };
        self.required("pointer", source)
    }

    fn number(&self, name: &str) -> Result<Option<Exact>, Wrong> {
        self.part(name, "a decimal number, or its text", Exact::of_setting)
    }

    fn literals(&self, name: &str) -> Result<Vec<Literal>, Wrong> {
        let read = |value: &Value<'_>| value.as_array()?.iter().map(Literal::of).collect();
        let literals = self.part(name, "a list of flags, numbers and texts", read)?;
        Ok(literals.unwrap_or_default())
    }
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
    fn of(parts: &Parts<'_>) -> Result<Self, Wrong> {
        let flag = |name| parts.part(name, "true or false", Value::as_bool);
        Ok(Self {
            source: parts.source()?,
            path: parts.required("path", parts.text("path")?)?,
            unit: parts.text("unit")?,
            kind: parts.part("type", "real, int, flag or text", Kind::of)?.unwrap_or_default(),
            scale: parts.number("scale")?,
            offset: parts.number("offset")?,
            true_values: parts.literals("true-values")?,
            false_values: parts.literals("false-values")?,
            none_values: parts.literals("none-values")?,
            required: flag("required")?.unwrap_or_default(),
        })
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(&Parts::read(deserializer, &RULE)?).map_err(D::Error::custom)
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
    fn of(parts: &Parts<'_>) -> Result<Self, Wrong> {
        let minutes = |value: &Value<'_>| i16::try_from(value.as_i64()?).ok();
        let format = parts.part("format", "unix-s, unix-ms, rfc3339 or local", Format::of)?;
        Ok(Self {
            source: parts.source()?,
            format: parts.required("format", format)?,
            utc_offset_minutes: parts.part("utc-offset-minutes", "a whole number", minutes)?,
            none_values: parts.literals("none-values")?,
        })
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(&Parts::read(deserializer, &AT)?).map_err(D::Error::custom)
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
    fn of(parts: &Parts<'_>) -> Result<Self, Wrong> {
        let equals = parts.part("equals", "a flag, a number or a text", Literal::of)?;
        Ok(Self { source: parts.source()?, equals: parts.required("equals", equals)? })
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(&Parts::read(deserializer, &WHEN)?).map_err(D::Error::custom)
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
    use crate::{ConfigError, config};

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
