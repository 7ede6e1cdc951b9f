//! Values that settings name.

use super::Raw;
use crate::exact::Exact;

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
