//! Reads lines of values with a separator, as their owner's settings say: which column becomes which field.
//!
//! # Promises
//!
//! - Nothing is emitted that the settings do not name.
//! - A line with more or fewer cells than there are columns, and a value of another type than its rule's, make
//!   the whole frame malformed: what slipped by one column would look like a value.
//! - An empty cell becomes no field.

mod table;

use std::borrow::Cow;

use hushgate_sdk::{
    ConfigError, Frame, Reading,
    adapter::{Adapter, DecodeError},
    config,
    mapping::{self, At, Kind, Moment, Raw, Rule, When},
};
use serde::Deserialize;
use table::{Broken, Table};

/// Readings of one frame, by the contract.
const READINGS_MAX: usize = 64;

/// The most cells in a line.
const CELLS_MAX: usize = 256;

/// The adapter, with what its owner said of the lines.
#[derive(Debug)]
pub struct CsvMap {
    separator: char,
    decimal: char,
    header: bool,
    columns: Vec<String>,
    fields: Vec<Rule>,
    at: Option<At>,
    when: Option<When>,
}

hushgate_sdk::adapter!(CsvMap);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default = "comma")]
    separator: char,
    #[serde(default = "point")]
    decimal: char,
    #[serde(default)]
    header: bool,
    #[serde(default)]
    columns: Vec<String>,
    fields: Vec<Rule>,
    at: Option<At>,
    when: Option<When>,
}

/// A line: its cells, and what they are called.
struct Line<'a> {
    names: &'a [Cow<'a, str>],
    cells: Vec<Cow<'a, str>>,
}

impl Adapter for CsvMap {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { separator, decimal, header, columns, fields, at, when } =
            config::parse(json)?;
        if matches!(separator, '"' | '\r' | '\n') {
            return Err(config::invalid("separator", "one character, neither \" nor a line's end"));
        }
        if !matches!(decimal, '.' | ',') {
            return Err(config::invalid("decimal", "a point or a comma"));
        }
        if columns.len() > CELLS_MAX || (header && !columns.is_empty()) {
            return Err(config::invalid("columns", "at most 256, and none with a `header`"));
        }
        mapping::check(&fields).map_err(|must_be| config::invalid("fields", must_be))?;
        if let Some(Err(must_be)) = at.as_ref().map(At::check) {
            return Err(config::invalid("at", must_be));
        }
        let adapter = Self { separator, decimal, header, columns, fields, at, when };
        adapter.check_columns()?;
        Ok(adapter)
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        let text =
            std::str::from_utf8(&frame.body).map_err(|_| malformed("the body is not UTF-8"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut table = Table::new(text, self.separator);
        let first = table.line(CELLS_MAX)?.ok_or_else(|| malformed("there is no line"))?;
        let (names, mut next) = match self.header {
            true => (first, table.line(CELLS_MAX)?),
            false => (self.names(first.len()), Some(first)),
        };
        let (mut readings, mut lines, mut meant) = (Vec::new(), 0, 0);
        while let Some(cells) = next {
            lines += 1;
            if lines > READINGS_MAX {
                return Err(DecodeError::Unsupported("there are more than 64 lines".to_owned()));
            }
            let line = Line::of(&names, cells)?;
            if self.is_meant(&line) {
                meant += 1;
                readings.extend(self.reading(&line)?);
            }
            next = table.line(CELLS_MAX)?;
        }
        if meant == 0 && lines > 0 {
            return Err(DecodeError::NotMine);
        }
        Ok(readings)
    }
}

impl CsvMap {
    /// A rule for a column that cannot be there would be silent for ever.
    fn check_columns(&self) -> Result<(), ConfigError> {
        let known = |column: &str| match (self.header, self.columns.is_empty()) {
            (true, _) => true,
            (false, false) => self.columns.iter().any(|it| it == column),
            (false, true) => column.parse().is_ok_and(|it: usize| (1..=CELLS_MAX).contains(&it)),
        };
        let must_be = "with columns of the table: by name, or by number from 1 without names";
        if !self.fields.iter().all(|rule| known(&rule.source)) {
            return Err(config::invalid("fields", must_be));
        }
        if !self.at.iter().all(|at| known(&at.source)) {
            return Err(config::invalid("at", must_be));
        }
        if !self.when.iter().all(|when| known(&when.source)) {
            return Err(config::invalid("when", must_be));
        }
        Ok(())
    }

    fn names(&self, cells: usize) -> Vec<Cow<'_, str>> {
        match &self.columns[..] {
            [] => (1..=cells).map(|number| Cow::Owned(number.to_string())).collect(),
            columns => columns.iter().map(|name| Cow::Borrowed(name.as_str())).collect(),
        }
    }

    fn is_meant(&self, line: &Line<'_>) -> bool {
        self.when.as_ref().is_none_or(|when| when.holds(line.cell(&when.source).map(raw)))
    }

    fn reading(&self, line: &Line<'_>) -> Result<Option<Reading>, DecodeError> {
        let mut fields = Vec::with_capacity(self.fields.len());
        for rule in &self.fields {
            let cell = line.cell(&rule.source).map(|cell| self.number(rule.kind, cell));
            fields.extend(rule.field(cell.as_deref().map(raw))?);
        }
        let moment = match &self.at {
            Some(at) => at.moment(line.cell(&at.source).map(raw))?,
            None => Moment::Unknown,
        };
        Ok(mapping::reading(moment, fields))
    }

    /// A number is read with a point. Where there should be a comma, one with a point is none: `1.234,5` could be
    /// read in two ways.
    fn number<'a>(&self, kind: Kind, cell: &'a str) -> Cow<'a, str> {
        let numeric = matches!(kind, Kind::Real | Kind::Int) && cell.chars().all(is_number_char);
        if self.decimal == '.' || !numeric {
            return Cow::Borrowed(cell);
        }
        let swap = |c| match c {
            ',' => '.',
            '.' => ',',
            other => other,
        };
        Cow::Owned(cell.chars().map(swap).collect())
    }
}

impl<'a> Line<'a> {
    fn of(names: &'a [Cow<'a, str>], cells: Vec<Cow<'a, str>>) -> Result<Self, DecodeError> {
        if names.len() != cells.len() {
            return Err(malformed("a line has more or fewer cells than there are columns"));
        }
        Ok(Self { names, cells })
    }

    fn cell(&self, column: &str) -> Option<&str> {
        let at = self.names.iter().position(|name| name == column)?;
        self.cells.get(at).map(AsRef::as_ref)
    }
}

impl From<Broken> for DecodeError {
    fn from(_: Broken) -> Self {
        malformed("the quotation marks of a line do not fit together, or it has too many cells")
    }
}

fn raw(cell: &str) -> Raw<'_> {
    if cell.is_empty() { Raw::Nothing } else { Raw::Text(cell) }
}

const fn is_number_char(c: char) -> bool {
    matches!(c, '0'..='9' | '+' | '-' | '.' | ',' | 'e' | 'E')
}

const fn comma() -> char {
    ','
}

const fn point() -> char {
    '.'
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

#[cfg(test)]
mod tests;
