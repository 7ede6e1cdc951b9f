//! Reads JSON bodies (RFC 8259).
//!
//! # Promises
//!
//! - What is no number, flag or text becomes no value: `null` is never 0.

mod member;
mod strict;

use crate::{Scalar, adapter::DecodeError, typed};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The body as `T`: a struct of what is looked at.
///
/// # Errors
///
/// Malformed: it is not JSON, or not of that shape.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    typed(value(body)?)
}

/// A part of a body as `T`.
///
/// # Errors
///
/// Malformed: it is not of that shape.
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T, DecodeError> {
    typed::read(value).map_err(|_| malformed())
}

/// The body, whatever it is.
///
/// # Errors
///
/// Malformed: it is not JSON.
pub fn value(body: &[u8]) -> Result<Value, DecodeError> {
    std::str::from_utf8(body).ok().and_then(typed::value).ok_or_else(malformed)
}

/// The members of the body, which is an object.
///
/// # Errors
///
/// Malformed: it is not JSON, or no object.
pub fn object(body: &[u8]) -> Result<Map<String, Value>, DecodeError> {
    match value(body)? {
        Value::Object(members) => Ok(members),
        _ => Err(malformed()),
    }
}

/// The text that the body, an object, has as `name`: quicker than [`object`] where nothing else of it counts.
///
/// # Errors
///
/// Malformed: it is not JSON, or has no such text.
pub fn text(body: &[u8], name: &str) -> Result<String, DecodeError> {
    let found = std::str::from_utf8(body).ok().and_then(|it| member::text(it, name));
    found.flatten().ok_or_else(malformed)
}

/// The body, in which no object has two members of one name: what reads the first would not see what reads the last
/// sees.
///
/// # Errors
///
/// Malformed: it is not JSON, or a name is there twice.
pub fn strict(body: &[u8]) -> Result<Value, DecodeError> {
    std::str::from_utf8(body).ok().and_then(strict::read).ok_or_else(malformed)
}

/// A single value, or `None` for `null`, an array and an object.
#[must_use]
pub fn scalar(value: &Value) -> Option<Scalar> {
    match value {
        Value::Bool(flag) => Some(Scalar::Flag(*flag)),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Some(Scalar::Int(whole)),
            None => number.as_f64().map(Scalar::Real),
        },
        Value::String(text) => Some(Scalar::Text(text.clone())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn malformed() -> DecodeError {
    DecodeError::Malformed("the body is not the JSON that it should be".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_single_values_are_values() {
        let check = |json: &str, expected: Option<Scalar>| {
            assert_eq!(scalar(&value(json.as_bytes()).unwrap()), expected, "{json}");
        };
        check("true", Some(Scalar::Flag(true)));
        check("-3", Some(Scalar::Int(-3)));
        check("18.9", Some(Scalar::Real(18.9)));
        check("18446744073709551615", Some(Scalar::Real(18_446_744_073_709_551_615.0)));
        check("\"on\"", Some(Scalar::Text("on".to_owned())));
        for nothing in ["null", "[1]", "{}"] {
            check(nothing, None);
        }
        assert!(value(b"{").is_err());
        assert!(value(b"\"\xFF\"").is_err());
    }

    #[test]
    fn one_text_is_found_among_anything() {
        let text = |body: &str| text(body.as_bytes(), "a").ok();
        for found in [
            r#"{"a":"x"}"#,
            r#" {"b":{"a":"y"},"c":["a","y"],"a":"\u0078","d":-1.5e3} "#,
            r#"{"a":"y","a":"x"}"#,
        ] {
            assert_eq!(text(found), Some("x".to_owned()), "{found}");
        }
        for nothing in [
            "",
            "{",
            "[]",
            "1",
            "-1",
            "0.5",
            "null",
            "true",
            "\"x\"",
            "{}",
            r#"["a","x"]"#,
            r#"{"a":1}"#,
            r#"{"a":{"a":"x"}}"#,
            r#"{"a":["x"]}"#,
            r#"{"a":"x"} 1"#,
            r#"{"a":"x","a":null}"#,
            r#"{"a":"x""#,
        ] {
            assert_eq!(text(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_strict_body_names_no_member_twice() {
        let body = br#"{"a":[{"b":1,"c":-2,"d":0.5},true,null,"\n"],"b":{}}"#;
        assert_eq!(strict(body), value(body));
        for twice in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"b":2,"\u0061":3}}]"#] {
            assert!(value(twice.as_bytes()).is_ok(), "{twice}");
            assert!(strict(twice.as_bytes()).is_err(), "{twice}");
        }
    }
}
