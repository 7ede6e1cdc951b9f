//! Purposes, and which is part of which: a graph without loops, since a purpose may be part of several.
//!
//! # Promises
//!
//! - Both notations of a term are one term: `dpv:Marketing` and `https://w3id.org/dpv#Marketing`.
//! - [`Tree::above`] ends whatever the tree was extended with.

/// One line for each purpose, in order: it, and what it is part of.
const PURPOSES: &str = include_str!("purposes.txt");

/// Full addresses, and the prefixes that stand for them.
const VOCABULARIES: [(&str, &str); 2] =
    [("https://w3id.org/dpv/sector/health#", "sector-health:"), ("https://w3id.org/dpv#", "dpv:")];

/// The one notation of a purpose that counts here.
pub(crate) fn term(text: &str) -> String {
    let term = VOCABULARIES.iter().find_map(|(address, prefix)| {
        text.strip_prefix(address).map(|name| [prefix, name].concat())
    });
    term.unwrap_or_else(|| text.to_owned())
}

/// All that is known of purposes.
#[derive(Debug)]
pub(crate) struct Tree {
    /// A line for each.
    dpv: Vec<&'static str>,
    /// Further ones, each with one that it is part of.
    more: Vec<(String, String)>,
}

impl Tree {
    /// The purposes of the W3C's Data Privacy Vocabulary, and these.
    pub(crate) fn new(more: Vec<(String, String)>) -> Self {
        Self { dpv: PURPOSES.lines().filter(|it| !it.starts_with('#')).collect(), more }
    }

    /// Whether anything is known of it.
    pub(crate) fn knows(&self, term: &str) -> bool {
        self.line(term).is_some() || self.more.iter().any(|it| it.0 == term)
    }

    /// It, and all that it is part of.
    pub(crate) fn above<'a>(&'a self, term: &'a str) -> Vec<&'a str> {
        let mut above = vec![term];
        let mut next = 0;
        while let Some(term) = above.get(next).copied() {
            next += 1;
            let new: Vec<_> = self.parents(term).filter(|it| !above.contains(it)).collect();
            above.extend(new);
        }
        above
    }

    /// Whether it is part of itself.
    pub(crate) fn loops(&self, term: &str) -> bool {
        self.parents(term).any(|parent| self.above(parent).contains(&term))
    }

    fn parents<'a>(&'a self, term: &str) -> impl Iterator<Item = &'a str> {
        let dpv = self.line(term).into_iter().flat_map(|it| it.split(' ').skip(1));
        let more = self.more.iter().filter(move |it| it.0 == *term).map(|it| it.1.as_str());
        dpv.chain(more)
    }

    fn line(&self, term: &str) -> Option<&'static str> {
        let found = self.dpv.binary_search_by(|line| name(line).cmp(term)).ok()?;
        self.dpv.get(found).copied()
    }
}

/// The purpose that a line is about.
fn name(line: &str) -> &str {
    line.split_once(' ').map_or(line, |it| it.0)
}
