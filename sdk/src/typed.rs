//! Reads values of JSON into the types that they should be of.
//!
//! # Promises
//!
//! - A struct is an object: an array of its members in order is a mistake.
//! - A number with a fraction is not quoted where it is a mistake: what writes such numbers as text is a third of a
//!   small component, and nothing else in it may need that.

use std::{borrow::Cow, fmt};

use crate::{
    ConfigError,
    config::invalid,
    json::{Number, Value},
};
use serde::{
    de::{
        Deserialize, Deserializer, Error, Expected, IntoDeserializer, Unexpected, Visitor,
        value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

/// The value as a `T`.
pub(crate) fn read<'de, T: Deserialize<'de>>(value: Value<'de>) -> Result<T, Mistake> {
    T::deserialize(Typed(value))
}

/// A value, as serde reads it.
pub(crate) struct Typed<'de>(pub(crate) Value<'de>);

/// What serde calls an error, with the name of the setting kept.
#[derive(Debug)]
pub(crate) struct Mistake(pub(crate) ConfigError);

/// What stands for the name of a setting where only a part of one is known to be wrong.
const WHOLE: &str = "configuration";

impl Typed<'_> {
    fn is_not<T>(&self, expected: &dyn Expected) -> Result<T, Mistake> {
        let found = match &self.0 {
            Value::Null => Unexpected::Unit,
            Value::Bool(flag) => Unexpected::Bool(*flag),
            Value::Number(Number::Whole(whole)) => Unexpected::Signed(*whole),
            Value::Number(Number::Large(whole)) => Unexpected::Unsigned(*whole),
            Value::Number(_) => Unexpected::Float(f64::NAN),
            Value::String(text) => Unexpected::Str(text),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        Err(Mistake::invalid_type(found, expected))
    }
}

impl<'de> Deserializer<'de> for Typed<'de> {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(flag),
            Value::Number(_) => self.deserialize_f64(visitor),
            Value::String(_) => self.deserialize_string(visitor),
            Value::Array(_) => self.deserialize_seq(visitor),
            Value::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0 {
            Value::Bool(flag) => visitor.visit_bool(flag),
            _ => self.is_not(&visitor),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0 {
            Value::Number(Number::Whole(whole)) => visitor.visit_i64(whole),
            Value::Number(Number::Large(whole)) => visitor.visit_u64(whole),
            Value::Number(number) => visitor.visit_f64(number.to_f64()),
            _ => self.is_not(&visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0 {
            Value::String(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Value::String(Cow::Owned(text)) => visitor.visit_string(text),
            _ => self.is_not(&visitor),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let Value::Array(items) = self.0 else { return self.is_not(&visitor) };
        let mut items = SeqDeserializer::new(items.into_iter().map(Typed));
        let value = visitor.visit_seq(&mut items)?;
        items.end()?;
        Ok(value)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let Value::Object(members) = self.0 else { return self.is_not(&visitor) };
        visitor.visit_map(MapDeserializer::new(members.into_iter().map(member)))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(name.into_deserializer()),
            Value::Object(members) if members.len() == 1 => {
                let members = MapDeserializer::new(members.into_iter().map(member));
                visitor.visit_enum(MapAccessDeserializer::new(members))
            }
            _ => self.is_not(&visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.deserialize_map(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _items: usize,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_string(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_f64(visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u128 f32 char bytes byte_buf unit unit_struct tuple_struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Mistake> for Typed<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn member<'a>((name, value): (Cow<'a, str>, Value<'a>)) -> (Cow<'a, str>, Typed<'a>) {
    (name, Typed(value))
}

impl Mistake {
    /// The same mistake, in the setting of that name.
    pub(crate) fn within(self, name: &str) -> Self {
        let text = match self.0 {
            ConfigError::Missing(inner) => format!("missing field `{inner}`"),
            ConfigError::Invalid((inner, text)) if inner == WHOLE => text,
            ConfigError::Invalid((inner, text)) => format!("`{inner}` {text}"),
        };
        Self(invalid(name, &text))
    }
}

impl Error for Mistake {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(invalid(WHOLE, &text.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self(invalid(WHOLE, &format!("invalid type: {}, expected {expected}", told(found))))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self(invalid(WHOLE, &format!("invalid value: {}, expected {expected}", told(found))))
    }

    fn missing_field(name: &'static str) -> Self {
        Self(ConfigError::Missing(name.to_owned()))
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        let mut text = "is not a setting; there are: ".to_owned();
        // `join` alone would be a kilobyte.
        for (place, name) in known.iter().enumerate() {
            text.push_str(if place == 0 { "" } else { ", " });
            text.push_str(name);
        }
        Self(invalid(name, &text))
    }
}

fn told(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(flag) => format!("boolean `{flag}`"),
        Unexpected::Unsigned(whole) => format!("integer `{whole}`"),
        Unexpected::Signed(whole) => format!("integer `{whole}`"),
        Unexpected::Str(text) => format!("string \"{text}\""),
        Unexpected::Float(_) => "floating point number".to_owned(),
        Unexpected::Unit => "null".to_owned(),
        Unexpected::Seq => "sequence".to_owned(),
        Unexpected::Map => "map".to_owned(),
        _ => "another value".to_owned(),
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl std::error::Error for Mistake {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::json;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    enum Shape {
        Point,
        Circle(f64),
        Box { wide: u8, high: i16 },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample<'a> {
        shape: Shape,
        #[serde(default)]
        pair: Option<(bool, u32)>,
        #[serde(default)]
        names: BTreeMap<String, Vec<char>>,
        #[serde(borrow)]
        other: Option<Value<'a>>,
    }

    fn sample(json: &str) -> Result<Sample<'_>, String> {
        read(json::any(json.as_bytes()).unwrap()).map_err(|mistake| match mistake.0 {
            ConfigError::Missing(name) => format!("{name} is missing"),
            ConfigError::Invalid((name, text)) => format!("{name}: {text}"),
        })
    }

    #[test]
    fn types_are_read_as_serde_json_reads_them() {
        for json in [
            r#"{"shape":"point"}"#,
            r#"{"shape":{"circle":3},"pair":[true,7],"names":{"a":["x","y"],"b":[]},"other":null}"#,
            r#"{"shape":{"box":{"wide":255,"high":-1}},"pair":null,"other":{"a":[1,-2,0.5,"t",false]}}"#,
        ] {
            assert_eq!(sample(json).unwrap(), serde_json::from_str(json).unwrap(), "{json}");
        }
    }

    #[test]
    fn a_struct_is_an_object_and_mistakes_say_what_was_expected() {
        let check = |json: &str, expected: &str| {
            assert_eq!(sample(json), Err(expected.to_owned()), "{json}");
        };
        check(r#"["point"]"#, "configuration: invalid type: sequence, expected struct Sample");
        check("{}", "shape is missing");
        check(r#"{"shap":1}"#, "shap: is not a setting; there are: shape, pair, names, other");
        check(
            r#"{"shape":{"circle":true}}"#,
            "configuration: invalid type: boolean `true`, expected f64",
        );
        check(
            r#"{"shape":{"box":{"wide":1.5,"high":0}}}"#,
            "configuration: invalid type: floating point number, expected u8",
        );
        check(
            r#"{"shape":{"box":{"wide":256,"high":0}}}"#,
            "configuration: invalid value: integer `256`, expected u8",
        );
        check(
            r#"{"shape":{"point":null,"circle":1}}"#,
            "configuration: invalid type: map, expected enum Shape",
        );
        check(
            r#"{"shape":"point","pair":[true,1,2]}"#,
            "configuration: invalid length 3, expected 2 elements in sequence",
        );
        check(
            r#"{"shape":"point","names":{"a":["xy"]}}"#,
            "configuration: invalid value: string \"xy\", expected a character",
        );
    }
}
