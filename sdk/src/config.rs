//! Reads a plugin's configuration, so that every mistake names its setting.

mod parts;

use std::borrow::Cow;

use serde::de::{
    Deserialize, DeserializeSeed, IntoDeserializer, MapAccess, value::MapAccessDeserializer,
};

use crate::{
    ConfigError,
    json::{self, Value},
    typed::{Mistake, Typed},
};

pub use parts::{Parts, required};

/// Reads a JSON object into `T`, a struct that derives `serde::Deserialize` with `deny_unknown_fields`.
///
/// # Errors
///
/// [`ConfigError::Missing`] or [`ConfigError::Invalid`], each with the name of the setting as it is written at
/// the top of the object; `configuration` stands for the whole of it.
pub fn parse<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, ConfigError> {
    let Some(Value::Object(settings)) = json::any(json.as_bytes()) else {
        return Err(invalid("configuration", "must be a JSON object"));
    };
    let settings = Settings { rest: settings.into_iter(), current: None };
    T::deserialize(MapAccessDeserializer::new(settings)).map_err(|mistake| mistake.0)
}

/// A setting that is wrong: its name, and what it must be.
#[must_use]
pub fn invalid(setting: &str, must_be: &str) -> ConfigError {
    ConfigError::Invalid((setting.to_owned(), must_be.to_owned()))
}

/// The members of the object, as serde reads them.
struct Settings<'a> {
    rest: std::vec::IntoIter<(Cow<'a, str>, Value<'a>)>,
    current: Option<(Cow<'a, str>, Value<'a>)>,
}

impl<'de> MapAccess<'de> for Settings<'de> {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mistake> {
        self.current = self.rest.next();
        let Some((name, _)) = &self.current else { return Ok(None) };
        seed.deserialize((**name).into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mistake> {
        let (name, value) = self.current.take().unwrap_or_default();
        seed.deserialize(Typed(value)).map_err(|mistake| mistake.within(&name))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    struct Sample {
        from: String,
        #[serde(default)]
        count_min: u8,
        unit: Option<String>,
    }

    fn check(json: &str, expected: Result<Sample, ConfigError>) {
        assert_eq!(parse(json), expected, "{json}");
    }

    #[test]
    fn reads_what_is_given_and_fills_in_what_is_not() {
        let from = || "22:00".to_owned();
        check(r#"{"from":"22:00"}"#, Ok(Sample { from: from(), count_min: 0, unit: None }));
        check(
            r#"{"unit":"/min","from":"22:00","count-min":3}"#,
            Ok(Sample { from: from(), count_min: 3, unit: Some("/min".to_owned()) }),
        );
    }

    #[test]
    fn names_the_setting_that_is_wrong() {
        check("{}", Err(ConfigError::Missing("from".to_owned())));
        check(
            r#"{"from":"a","form":"b"}"#,
            Err(invalid("form", "is not a setting; there are: from, count-min, unit")),
        );
        check(
            r#"{"from":"a","count-min":256}"#,
            Err(invalid("count-min", "invalid value: integer `256`, expected u8")),
        );
        check(
            r#"{"from":7}"#,
            Err(invalid("from", "invalid type: integer `7`, expected a string")),
        );
    }

    #[test]
    fn refuses_what_is_not_an_object() {
        for json in ["", "[]", "7", "{\"from\":\"a\"", "{\"from\":\"a\"} x"] {
            check(json, Err(invalid("configuration", "must be a JSON object")));
        }
    }
}
