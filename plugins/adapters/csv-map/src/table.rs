//! Lines of cells (RFC 4180), with any separator.
//!
//! # Promises
//!
//! - One pass over the text, and no cell is looked at twice.

use std::borrow::Cow;

/// What is left of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'a> {
    rest: &'a str,
    separator: char,
}

/// Quotation marks that do not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl<'a> Table<'a> {
    pub(crate) fn new(text: &'a str, separator: char) -> Self {
        Self { rest: text, separator }
    }

    /// The cells of the next line that is not empty, at most `cells_max`, or `None` at the end.
    pub(crate) fn line(&mut self, cells_max: usize) -> Result<Option<Vec<Cow<'a, str>>>, Broken> {
        self.rest = self.rest.trim_start_matches(['\r', '\n']);
        if self.rest.is_empty() {
            return Ok(None);
        }
        let mut cells = Vec::new();
        loop {
            cells.push(self.cell()?);
            if cells.len() > cells_max {
                return Err(Broken);
            }
            match self.rest.strip_prefix(self.separator) {
                Some(rest) => self.rest = rest,
                None => return Ok(Some(cells)),
            }
        }
    }

    /// Ends before a separator, the end of the line, or that of the text.
    fn cell(&mut self) -> Result<Cow<'a, str>, Broken> {
        match self.rest.strip_prefix('"') {
            Some(quoted) => self.quoted(quoted),
            None => {
                let end = self.rest.find([self.separator, '\r', '\n']).unwrap_or(self.rest.len());
                let (cell, rest) = self.rest.split_at_checked(end).unwrap_or_default();
                self.rest = rest;
                if cell.contains('"') { Err(Broken) } else { Ok(Cow::Borrowed(cell.trim())) }
            }
        }
    }

    fn quoted(&mut self, quoted: &'a str) -> Result<Cow<'a, str>, Broken> {
        let mut cell = Cow::Borrowed("");
        let mut rest = quoted;
        loop {
            let (part, after) = rest.split_once('"').ok_or(Broken)?;
            cell += part;
            rest = after;
            match rest.strip_prefix('"') {
                Some(after) => {
                    cell += "\"";
                    rest = after;
                }
                None => break,
            }
        }
        self.rest = rest;
        let ends = rest.is_empty() || rest.starts_with([self.separator, '\r', '\n']);
        if ends { Ok(cell) } else { Err(Broken) }
    }
}
