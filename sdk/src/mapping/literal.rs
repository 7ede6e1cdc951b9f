//! Values that settings name.

use serde::{Deserialize, Deserializer, de::Error};

use super::Raw;
use crate::{exact::Exact, json::Value};

/// A value that the owner wrote into the settings.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `true` or `false`.
    Flag(bool),
    /// A number: 1 is 1.0, and the text `1`.
    Number(Exact),
    /// A text.
    Text(String),
}

impl Literal {
    /// The text that it is.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Flag(_) | Self::Number(_) => None,
        }
    }

    /// Whether `value` is this one.
    #[must_use]
    pub fn is(&self, value: Raw<'_>) -> bool {
        match self {
            Self::Flag(flag) => value == Raw::Flag(*flag),
            Self::Number(number) => value.number() == Some(*number),
            Self::Text(text) => value == Raw::Text(text),
        }
    }
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        match Raw::from(&value) {
            Raw::Flag(flag) => Ok(Self::Flag(flag)),
            Raw::Number(number) => Ok(Self::Number(number)),
            Raw::Text(text) => Ok(Self::Text(text.to_owned())),
            Raw::Nothing | Raw::Structure => {
                Err(D::Error::custom("a flag, a number or a text was expected"))
            }
        }
    }
}
