//! The part of Jinja that `value_template`s of discovery use: one expression.
//!
//! # Promises
//!
//! - What is outside of it is refused when the settings are read, never half understood.
//! - Arithmetic is decimal: `231 * 0.1` is 23.1.

mod lexer;
mod parser;
mod python;
mod value;

use hushgate_sdk::json::Value;
pub(crate) use value::Term;

/// Bytes in a template.
const BYTES_MAX: usize = 2048;

/// A template that can be rendered.
#[derive(Debug)]
pub(crate) struct Template(Expr);

/// A part of an expression.
#[derive(Debug)]
enum Expr {
    Constant(Term<'static>),
    /// `value`: the payload as it came.
    Payload,
    /// `value_json`.
    Json,
    Key(Box<Expr>, String),
    Index(Box<Expr>, usize),
    Filter(Box<Expr>, Filter),
    Math(Math, Box<Expr>, Box<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    /// `is defined`.
    Defined(Box<Expr>),
    /// What holds if the condition does, the condition, and what holds if it does not.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
}

#[derive(Debug)]
enum Filter {
    Float(Option<Box<Expr>>),
    Int(Option<Box<Expr>>),
    Round(usize),
    Default(Box<Expr>),
    /// Stops where the value is not defined.
    IsDefined,
    Lower,
    Upper,
    Trim,
    Abs,
}

#[derive(Clone, Copy, Debug)]
enum Math {
    Add,
    Subtract,
    Multiply,
    Divide,
}

#[derive(Clone, Copy, Debug)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Template {
    /// Reads a template. `None` if it is outside of what is understood.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > BYTES_MAX {
            return None;
        }
        let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
        let inner = inner.strip_prefix('-').unwrap_or(inner);
        let inner = inner.strip_suffix('-').unwrap_or(inner);
        parser::parse(&lexer::tokens(inner)?).map(Self)
    }

    /// Whether it needs the payload to be JSON.
    pub(crate) fn needs_json(&self) -> bool {
        self.0.needs_json()
    }

    /// The value, or `None` where Home Assistant would keep the state as it was.
    pub(crate) fn render<'a>(&self, payload: &'a str, json: &'a Value<'a>) -> Option<Term<'a>> {
        self.0.term(payload, json)
    }
}

impl Expr {
    fn needs_json(&self) -> bool {
        match self {
            Self::Json => true,
            Self::Constant(_) | Self::Payload => false,
            Self::Key(inner, _)
            | Self::Index(inner, _)
            | Self::Filter(inner, _)
            | Self::Not(inner)
            | Self::Defined(inner) => inner.needs_json(),
            Self::Math(_, left, right)
            | Self::Compare(_, left, right)
            | Self::And(left, right)
            | Self::Or(left, right) => left.needs_json() || right.needs_json(),
            Self::If(yes, condition, no) => {
                yes.needs_json() || condition.needs_json() || no.needs_json()
            }
        }
    }

    fn term<'a>(&self, payload: &'a str, json: &'a Value<'a>) -> Option<Term<'a>> {
        let of = |expr: &Self| expr.term(payload, json);
        match self {
            Self::Constant(term) => Some(term.clone()),
            Self::Payload => Some(Term::Text(payload.into())),
            Self::Json => Some(Term::of(json)),
            Self::Key(inner, key) => of(inner)?.key(key),
            Self::Index(inner, at) => of(inner)?.index(*at),
            Self::Filter(inner, filter) => filter.apply(of(inner)?, &of),
            Self::Math(math, left, right) => of(left)?.math(*math, &of(right)?),
            Self::Compare(how, left, right) => of(left)?.compare(*how, &of(right)?).map(Term::Flag),
            Self::Not(inner) => Some(Term::Flag(!of(inner)?.is_true())),
            Self::And(left, right) => match of(left)? {
                left if left.is_true() => of(right),
                left => Some(left),
            },
            Self::Or(left, right) => match of(left)? {
                left if left.is_true() => Some(left),
                _ => of(right),
            },
            Self::Defined(inner) => Some(Term::Flag(of(inner)? != Term::Undefined)),
            Self::If(yes, condition, no) => of(if of(condition)?.is_true() { yes } else { no }),
        }
    }
}

impl Filter {
    fn apply<'a>(
        &self,
        term: Term<'a>,
        of: &impl Fn(&Expr) -> Option<Term<'a>>,
    ) -> Option<Term<'a>> {
        let or = |value: Option<Term<'a>>, default: &Option<Box<Expr>>| match (value, default) {
            (Some(value), _) => Some(value),
            (None, Some(default)) => of(default),
            (None, None) => None,
        };
        match self {
            // An error in Home Assistant, too, whatever the default.
            Self::Float(_) | Self::Int(_) if term == Term::Undefined => None,
            Self::Float(default) => or(term.float(), default),
            Self::Int(default) => or(term.int(), default),
            Self::Round(places) => term.round(*places),
            Self::Default(default) if term == Term::Undefined => of(default),
            Self::IsDefined if term == Term::Undefined => None,
            Self::Default(_) | Self::IsDefined => Some(term),
            Self::Lower => Some(Term::Text(term.text()?.to_lowercase().into())),
            Self::Upper => Some(Term::Text(term.text()?.to_uppercase().into())),
            Self::Trim => Some(Term::Text(term.text()?.trim().to_owned().into())),
            Self::Abs => term.abs(),
        }
    }
}
