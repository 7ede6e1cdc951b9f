//! Settings whose parts are asked for by name and type.

use crate::{
    ConfigError,
    config::invalid,
    json::{self, Object, Value},
};

/// Settings, or a part of them that has parts itself. A part that is `null` is not there.
///
/// A derived struct of ten such parts makes a component some 10 kB larger: see `docs/performance.md`.
#[derive(Debug)]
pub struct Parts<'a>(Object<'a>);

impl<'a> Parts<'a> {
    /// The settings, of which each is one of `known`.
    ///
    /// # Errors
    ///
    /// Invalid: it is no JSON object, or has another part.
    pub fn parse(json: &'a str, known: &[&str]) -> Result<Self, ConfigError> {
        match json::any(json.as_bytes()) {
            Some(Value::Object(parts)) => Self::of(parts, known),
            _ => Err(invalid("configuration", "must be a JSON object")),
        }
    }

    pub(crate) fn of(parts: Object<'a>, known: &[&str]) -> Result<Self, ConfigError> {
        if let Some((name, _)) = parts.iter().find(|(name, _)| !known.contains(name)) {
            let known = known.join(", ");
            return Err(invalid(name, &format!("is not a setting; there are: {known}")));
        }
        Ok(Self(parts))
    }

    /// What `read` makes of the part, if it is there.
    ///
    /// # Errors
    ///
    /// Invalid: it makes nothing of it. `must_be` says what it must be.
    pub fn part<'p, T>(
        &'p self,
        name: &str,
        must_be: &str,
        read: impl FnOnce(&'p Value<'a>) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        self.0.typed(name, || invalid(name, must_be), read)
    }

    /// A text.
    ///
    /// # Errors
    ///
    /// Invalid: it is none.
    pub fn text(&self, name: &str) -> Result<Option<&str>, ConfigError> {
        self.part(name, "must be a text", Value::as_str)
    }

    /// A whole number.
    ///
    /// # Errors
    ///
    /// Invalid: it is none.
    pub fn whole(&self, name: &str) -> Result<Option<i64>, ConfigError> {
        self.part(name, "must be a whole number", Value::as_i64)
    }

    /// `true` or `false`.
    ///
    /// # Errors
    ///
    /// Invalid: it is neither.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, ConfigError> {
        self.part(name, "must be true or false", Value::as_bool)
    }

    /// A list; an empty one where there is none.
    ///
    /// # Errors
    ///
    /// Invalid: it is none, or `read` makes nothing of an item. `must_be` says what it must be.
    pub fn list<'p, T>(
        &'p self,
        name: &str,
        must_be: &str,
        read: impl FnMut(&'p Value<'a>) -> Option<T>,
    ) -> Result<Vec<T>, ConfigError> {
        let list =
            self.part(name, must_be, |value| value.as_array()?.iter().map(read).collect())?;
        Ok(list.unwrap_or_default())
    }
}

/// A part that must be there.
///
/// # Errors
///
/// Missing: it is not.
pub fn required<T>(name: &str, part: Option<T>) -> Result<T, ConfigError> {
    part.ok_or_else(|| ConfigError::Missing(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["text", "whole", "flag", "list"];

    #[test]
    fn parts_are_of_their_type_or_not_there() {
        let json = r#"{"text":"a","whole":3,"flag":true,"list":["a","b"]}"#;
        let parts = Parts::parse(json, &KNOWN).unwrap();
        assert_eq!(parts.text("text"), Ok(Some("a")));
        assert_eq!(parts.whole("whole"), Ok(Some(3)));
        assert_eq!(parts.flag("flag"), Ok(Some(true)));
        assert_eq!(parts.list("list", "texts", Value::as_str), Ok(vec!["a", "b"]));
        let nothing = Parts::parse(r#"{"text":null}"#, &KNOWN).unwrap();
        assert_eq!(nothing.text("text"), Ok(None));
        assert_eq!(nothing.list("list", "texts", Value::as_str), Ok(vec![]));
        assert_eq!(required::<u8>("whole", None), Err(ConfigError::Missing("whole".to_owned())));
    }

    #[test]
    fn a_mistake_names_its_part() {
        let parts = Parts::parse(r#"{"text":1,"whole":1.5,"flag":0,"list":[1]}"#, &KNOWN).unwrap();
        assert_eq!(parts.text("text"), Err(invalid("text", "must be a text")));
        assert_eq!(parts.whole("whole"), Err(invalid("whole", "must be a whole number")));
        assert_eq!(parts.flag("flag"), Err(invalid("flag", "must be true or false")));
        assert_eq!(parts.list("list", "texts", Value::as_str), Err(invalid("list", "texts")));
        let refused = |json| Parts::parse(json, &KNOWN).map(drop);
        let known = "is not a setting; there are: text, whole, flag, list";
        assert_eq!(refused(r#"{"colour":1}"#), Err(invalid("colour", known)));
        for json in ["", "[]", "7", "{} x"] {
            assert_eq!(refused(json), Err(invalid("configuration", "must be a JSON object")));
        }
    }
}
