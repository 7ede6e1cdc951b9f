//! Reads JSON bodies (RFC 8259).
//!
//! # Promises
//!
//! - What is no number, flag or text becomes no value: `null` is never 0.
//! - A number stays the decimal that was written, up to 18 digits; beyond that it is the nearest `f64`.
//! - At most 128 values are nested in each other, and 2,048 members in one object; a body with more is malformed.
//!
//! # A body
//!
//! Members are asked for by name and type; what is not there, or `null`, is `None`, another type makes the body malformed.
//!
//! ```
//! use hushgate_sdk::{Scalar, adapter::DecodeError, fields::Fields, json};
//!
//! let state = json::object(br#"{"temperature":18.90,"battery":91,"action":null}"#)?;
//! let mut fields = Fields::default();
//! if let Some(celsius) = state.real("temperature")? {
//!     fields.push("temperature", Scalar::Real(celsius), Some("Cel"));
//! }
//! assert_eq!(state.whole("battery")?, Some(91));
//! assert_eq!(state.text("action")?, None);
//! assert!(matches!(state.flag("battery"), Err(DecodeError::Malformed(_))));
//! # Ok::<(), DecodeError>(())
//! ```

mod deserialize;
mod member;
mod number;
mod pointer;
mod read;
mod value;

use crate::{adapter::DecodeError, typed};
use serde::Deserialize;

use read::Reader;

pub use number::Number;
pub use pointer::Pointer;
pub use value::{Object, Value};

/// The body as `T`: a struct of what is looked at.
///
/// # Errors
///
/// Malformed: it is not JSON, or not of that shape.
pub fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, DecodeError> {
    typed::read(value(body)?).map_err(|_| malformed())
}

/// The body, whatever it is.
///
/// # Errors
///
/// Malformed: it is not JSON.
pub fn value(body: &[u8]) -> Result<Value<'_>, DecodeError> {
    any(body).ok_or_else(malformed)
}

/// The members of the body, which is an object.
///
/// # Errors
///
/// Malformed: it is not JSON, or no object.
pub fn object(body: &[u8]) -> Result<Object<'_>, DecodeError> {
    match value(body)? {
        Value::Object(members) => Ok(members),
        _ => Err(malformed()),
    }
}

/// The body, in which no object has two members of one name: what reads the first would not see what reads the last
/// sees.
///
/// # Errors
///
/// Malformed: it is not JSON, or a name is there twice.
pub fn strict(body: &[u8]) -> Result<Value<'_>, DecodeError> {
    Reader { is_strict: true }.read(body).ok_or_else(malformed)
}

/// The value that `json` is, if it is JSON.
pub(crate) fn any(json: &[u8]) -> Option<Value<'_>> {
    Reader { is_strict: false }.read(json)
}

fn malformed() -> DecodeError {
    DecodeError::Malformed("the body is not the JSON that it should be".to_owned())
}

#[cfg(test)]
mod tests;
