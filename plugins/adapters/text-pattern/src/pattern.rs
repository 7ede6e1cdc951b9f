//! Patterns: text with holes for values.
//!
//! # Promises
//!
//! - Matching never goes back: it takes time in proportion to the text, whatever pattern and text are.

use hushgate_sdk::{
    mapping::{Kind, Rule},
    naming::is_path,
};

/// The most parts of a pattern.
const PARTS_MAX: usize = 256;

/// A pattern, as its owner wrote it.
#[derive(Debug)]
pub(crate) struct Pattern(Vec<Part>);

#[derive(Debug)]
enum Part {
    /// This text.
    Text(String),
    /// White space, or none.
    Space,
    /// A value.
    Hole(Hole),
}

#[derive(Debug)]
enum Hole {
    /// A value that nobody wants.
    Skipped,
    /// A number: as many characters as belong to one.
    Number(Box<Rule>),
    /// All up to what follows.
    Word(Box<Rule>),
}

impl Pattern {
    /// Reads `T={temperature} C, {name:text} {:skip}`; `{{` and `}}` stand for braces.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut parts = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() && parts.len() <= PARTS_MAX {
            let (part, after) = part(rest)?;
            match (parts.last_mut(), part) {
                (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
                (Some(Part::Hole(_)), Part::Hole(_)) => {
                    return Err("with something between two holes");
                }
                (_, part) => parts.push(part),
            }
            rest = after;
        }
        if parts.len() > PARTS_MAX {
            return Err("of at most 256 parts");
        }
        let pattern = Self(parts);
        if pattern.rules().next().is_none() {
            return Err("with a hole for a value, such as {temperature}");
        }
        Ok(pattern)
    }

    /// What becomes of the values, in their order.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter().filter_map(Part::rule)
    }

    /// The same, to be told units and the like.
    pub(crate) fn rules_mut(&mut self) -> impl Iterator<Item = &mut Box<Rule>> {
        self.0.iter_mut().filter_map(|part| match part {
            Part::Hole(Hole::Number(rule) | Hole::Word(rule)) => Some(rule),
            Part::Hole(Hole::Skipped) | Part::Text(_) | Part::Space => None,
        })
    }

    /// The values in `text`, each with its rule, or `None` if it is not of this pattern.
    pub(crate) fn values<'a>(&self, text: &'a str, decimal: char) -> Option<Vec<(&Rule, &'a str)>> {
        let mut values = Vec::new();
        let mut rest = text.trim();
        for (at, part) in self.0.iter().enumerate() {
            let taken = match part {
                Part::Text(text) => rest.starts_with(text.as_str()).then_some(text.len()),
                Part::Space => Some(rest.len() - rest.trim_start().len()),
                Part::Hole(Hole::Number(rule)) => number_end(rest, rule, decimal),
                Part::Hole(Hole::Skipped | Hole::Word(_)) => self.end_before(at + 1, rest),
            }?;
            let (value, after) = rest.split_at_checked(taken)?;
            values.extend(part.rule().map(|rule| (rule, value.trim())));
            rest = after;
        }
        rest.is_empty().then_some(values)
    }

    /// Where what follows begins: a text, white space, or the end.
    fn end_before(&self, next: usize, rest: &str) -> Option<usize> {
        match self.0.get(next) {
            None => Some(rest.len()),
            Some(Part::Text(text)) => rest.find(text.as_str()),
            Some(Part::Space) => Some(rest.find(char::is_whitespace).unwrap_or(rest.len())),
            // No hole follows another.
            Some(Part::Hole(_)) => None,
        }
    }
}

impl Part {
    const fn rule(&self) -> Option<&Rule> {
        match self {
            Self::Hole(Hole::Number(rule) | Hole::Word(rule)) => Some(rule),
            Self::Hole(Hole::Skipped) | Self::Text(_) | Self::Space => None,
        }
    }
}

/// The first part of what is left of a pattern, and what is left then.
fn part(rest: &str) -> Result<(Part, &str), &'static str> {
    let spaces = rest.len() - rest.trim_start().len();
    if let (1.., Some(after)) = (spaces, rest.get(spaces..)) {
        return Ok((Part::Space, after));
    }
    for brace in ["{{", "}}"] {
        if let (Some(after), Some(brace)) = (rest.strip_prefix(brace), brace.get(..1)) {
            return Ok((Part::Text(brace.to_owned()), after));
        }
    }
    if let Some(after) = rest.strip_prefix('{') {
        let (inside, after) = after.split_once('}').ok_or("with a } for each {")?;
        return Ok((Part::Hole(hole(inside)?), after));
    }
    let is_end = |c: char| c == '{' || c == '}' || c.is_whitespace();
    let end = rest.find(is_end).unwrap_or(rest.len());
    let (text, after) = rest.split_at_checked(end).unwrap_or_default();
    if text.is_empty() {
        return Err("with a { for each }, or }} for the character");
    }
    Ok((Part::Text(text.to_owned()), after))
}

fn hole(inside: &str) -> Result<Hole, &'static str> {
    let (path, kind) = inside.split_once(':').unwrap_or((inside, ""));
    let rule = |kind| {
        let path = path.to_owned();
        is_path(&path)
            .then(|| Box::new(Rule::new(path, kind)))
            .ok_or("with holes for paths of lower-case words, joined by hyphens and dots")
    };
    match (path, kind) {
        ("", "skip") => Ok(Hole::Skipped),
        (_, "") => Ok(Hole::Number(rule(Kind::Real)?)),
        (_, "int") => Ok(Hole::Number(rule(Kind::Int)?)),
        (_, "flag") => Ok(Hole::Word(rule(Kind::Flag)?)),
        (_, "text") => Ok(Hole::Word(rule(Kind::Text)?)),
        _ => Err("with holes such as {path}, {path:int}, {path:flag}, {path:text} and {:skip}"),
    }
}

/// Where a number ends, or a word that stands for none.
fn number_end(rest: &str, rule: &Rule, decimal: char) -> Option<usize> {
    let unsigned = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let whole = digits(unsigned);
    if whole == 0 {
        return rule
            .none_values
            .iter()
            .filter_map(|none| none.text())
            .filter(|none| rest.starts_with(*none))
            .map(str::len)
            .max();
    }
    let fraction = unsigned.get(whole..)?.strip_prefix(decimal).map_or(0, digits);
    let fraction = if fraction == 0 { 0 } else { fraction + decimal.len_utf8() };
    Some(rest.len() - unsigned.len() + whole + fraction)
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}
