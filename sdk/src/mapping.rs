//! What an owner's settings say of values, for adapters that read JSON, tables or texts by configuration alone.
//!
//! # Promises
//!
//! - A number stays the decimal that was written, also scaled and shifted: 189 with a scale of 0.1 is 18.9.
//! - A value of another type than its rule's is malformed, never converted into something that looks right.
//!   Digits in a text are a number where a number is expected: many devices put them in quotation marks.
//! - `null`, and what a rule lists as none, become no field.

mod literal;
mod moment;
mod parts;

use crate::{
    Field, Reading, Scalar, adapter::DecodeError, exact::Exact, json::Value, naming::is_path,
};

pub use literal::Literal;
pub use moment::{At, Format, Moment};

/// The most bytes of a unit.
const UNIT_BYTES_MAX: usize = 64;

/// The most bytes of a text.
const TEXT_BYTES_MAX: usize = 1024;

/// The most fields of a reading.
const FIELDS_MAX: usize = 256;

/// A value as a message has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Raw<'a> {
    /// There is a place for it, and it is empty.
    Nothing,
    /// `true` or `false`.
    Flag(bool),
    /// A number.
    Number(Exact),
    /// A text.
    Text(&'a str),
    /// Something of several values.
    Structure,
}

/// What becomes of one value.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Where the value is: a pointer into JSON, or a column.
    pub source: String,
    /// The field's path.
    pub path: String,
    /// The field's unit.
    pub unit: Option<String>,
    /// What it is. A real number unless said otherwise.
    pub kind: Kind,
    /// By what a number is multiplied.
    pub scale: Option<Exact>,
    /// What is added to a number after that.
    pub offset: Option<Exact>,
    /// What stands for yes. With neither of the lists: `true`, 1.
    pub true_values: Vec<Literal>,
    /// What stands for no. With neither of the lists: `false`, 0.
    pub false_values: Vec<Literal>,
    /// What stands for nothing at all.
    pub none_values: Vec<Literal>,
    /// Whether a message without a place for it is malformed.
    pub required: bool,
}

/// What a value becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A measured quantity.
    #[default]
    Real,
    /// A count.
    Int,
    /// Yes or no.
    Flag,
    /// At most 1 KiB of text.
    Text,
}

/// What a message must say to be meant.
#[derive(Clone, Debug)]
pub struct When {
    /// Where it is said: a pointer into JSON, or a column.
    pub source: String,
    /// What must be there.
    pub equals: Literal,
}

impl<'a> From<&'a Value<'_>> for Raw<'a> {
    fn from(value: &'a Value<'_>) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::Bool(flag) => Self::Flag(*flag),
            Value::Number(number) => Exact::of_json(*number).map_or(Self::Structure, Self::Number),
            Value::String(text) => Self::Text(text),
            Value::Array(_) | Value::Object(_) => Self::Structure,
        }
    }
}

impl Raw<'_> {
    /// The number that it is, or that its text is.
    fn number(self) -> Option<Exact> {
        match self {
            Self::Number(number) => Some(number),
            Self::Text(text) => Exact::parse(text.trim()),
            Self::Nothing | Self::Flag(_) | Self::Structure => None,
        }
    }
}

impl Rule {
    /// A value that becomes a field of this path, as it is.
    #[must_use]
    pub const fn new(path: String, kind: Kind) -> Self {
        Self {
            source: String::new(),
            path,
            unit: None,
            kind,
            scale: None,
            offset: None,
            true_values: Vec::new(),
            false_values: Vec::new(),
            none_values: Vec::new(),
            required: false,
        }
    }

    /// What becomes of the value, or of none where the message has no place for it.
    ///
    /// # Errors
    ///
    /// Malformed: the value is of another type, or it is required and not there.
    pub fn field(&self, value: Option<Raw<'_>>) -> Result<Option<Field>, DecodeError> {
        let Some(value) = value else { return self.missing() };
        if value == Raw::Nothing || self.none_values.iter().any(|none| none.is(value)) {
            return Ok(None);
        }
        let value = match self.kind {
            Kind::Real => self.number(value).and_then(Number::real),
            Kind::Int => self.number(value).and_then(Number::int),
            Kind::Flag => self.flag(value).map(Scalar::Flag),
            Kind::Text => text(value),
        };
        let value = value.ok_or_else(|| malformed("a value is not of its type"))?;
        Ok(Some(Field { path: self.path.clone(), value, unit: self.unit.clone() }))
    }

    /// Whether it can work.
    ///
    /// # Errors
    ///
    /// Says what it must be.
    pub fn check(&self) -> Result<(), &'static str> {
        let numeric = matches!(self.kind, Kind::Real | Kind::Int);
        let literals = !self.true_values.is_empty() || !self.false_values.is_empty();
        if !is_path(&self.path) {
            return Err("each with a `path` of lower-case words, joined by hyphens and dots");
        }
        if self.unit.as_deref().is_some_and(|unit| !is_unit(unit)) {
            return Err("each with a `unit` as UCUM writes it, or none");
        }
        if !numeric && (self.scale.is_some() || self.offset.is_some()) {
            return Err("with `scale` and `offset` for numbers alone");
        }
        if literals && self.kind != Kind::Flag {
            return Err("with `true-values` and `false-values` for flags alone");
        }
        Ok(())
    }

    fn missing(&self) -> Result<Option<Field>, DecodeError> {
        if self.required {
            return Err(malformed("a required value is not there"));
        }
        Ok(None)
    }

    fn number(&self, value: Raw<'_>) -> Option<Number> {
        let number = value.number()?;
        if self.scale.is_none() && self.offset.is_none() {
            return Some(Number::Exact(number));
        }
        let scale = self.scale.unwrap_or(Exact::ONE);
        let offset = self.offset.unwrap_or(Exact::ZERO);
        let exact = number.times(scale).and_then(|it| it.plus(offset));
        let near = || number.to_f64() * scale.to_f64() + offset.to_f64();
        Some(exact.map_or_else(|| Number::Near(near()), Number::Exact))
    }

    fn flag(&self, value: Raw<'_>) -> Option<bool> {
        let among = |literals: &[Literal]| literals.iter().any(|literal| literal.is(value));
        if self.true_values.is_empty() && self.false_values.is_empty() {
            return usual_flag(value);
        }
        (among(&self.true_values) || among(&self.false_values)).then(|| among(&self.true_values))
    }
}

impl When {
    /// Whether the message is meant.
    #[must_use]
    pub fn holds(&self, value: Option<Raw<'_>>) -> bool {
        value.is_some_and(|value| self.equals.is(value))
    }
}

/// Whether all of `rules` can work together.
///
/// # Errors
///
/// Says what they must be.
pub fn check(rules: &[Rule]) -> Result<(), &'static str> {
    if rules.is_empty() || rules.len() > FIELDS_MAX {
        return Err("1 to 256 of them");
    }
    rules.iter().try_for_each(Rule::check)?;
    let twice =
        |(at, rule): (usize, &Rule)| rules.iter().take(at).any(|earlier| earlier.path == rule.path);
    if rules.iter().enumerate().any(twice) {
        return Err("each with a `path` of its own");
    }
    Ok(())
}

/// A reading of what rules made of a message, or none if they made nothing.
#[must_use]
pub fn reading(moment: Moment, mut fields: Vec<Field>) -> Option<Reading> {
    if fields.is_empty() {
        return None;
    }
    let at = match moment {
        Moment::Unknown => None,
        Moment::At(ms) => Some(ms),
        Moment::Local(text) => {
            fields.push(Field::without_unit("device-time", Scalar::Text(text)));
            None
        }
    };
    Some(Reading::at(at, "measurement", fields))
}

/// Whether `unit` has the letters of a UCUM unit: visible ones of ASCII, 64 at most.
#[must_use]
pub fn is_unit(unit: &str) -> bool {
    (1..=UNIT_BYTES_MAX).contains(&unit.len()) && unit.bytes().all(|it| it.is_ascii_graphic())
}

/// A number, scaled.
#[derive(Clone, Copy)]
enum Number {
    Exact(Exact),
    /// It has more digits than can be calculated with exactly.
    Near(f64),
}

impl Number {
    fn real(self) -> Option<Scalar> {
        let value = match self {
            Self::Exact(exact) => exact.to_f64(),
            Self::Near(near) => near,
        };
        value.is_finite().then_some(Scalar::Real(value))
    }

    fn int(self) -> Option<Scalar> {
        match self {
            Self::Exact(exact) => exact.whole().map(Scalar::Int),
            Self::Near(_) => None,
        }
    }
}

fn usual_flag(value: Raw<'_>) -> Option<bool> {
    match value {
        Raw::Flag(flag) => Some(flag),
        Raw::Text("true") => Some(true),
        Raw::Text("false") => Some(false),
        value => match value.number()?.whole()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
    }
}

fn text(value: Raw<'_>) -> Option<Scalar> {
    match value {
        Raw::Text(text) if text.len() <= TEXT_BYTES_MAX => Some(Scalar::Text(text.to_owned())),
        _ => None,
    }
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

#[cfg(test)]
mod tests;
