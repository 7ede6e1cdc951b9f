//! Purposes, and which is part of which: a graph without loops, since a purpose may be part of several.
//!
//! # Promises
//!
//! - Both notations of a term are one term: `dpv:Marketing` and `https://w3id.org/dpv#Marketing`.
//! - [`Tree::above`] ends whatever the tree was extended with.

use std::collections::{BTreeMap, BTreeSet};

/// One line for each purpose: it, and what is broader.
const PURPOSES: &str = include_str!("purposes.txt");

/// Full address, prefix, and how `purposes.txt` begins such a term.
const VOCABULARIES: [(&str, &str, &str); 2] = [
    ("https://w3id.org/dpv/sector/health#", "sector-health:", "health:"),
    ("https://w3id.org/dpv#", "dpv:", ""),
];

/// A purpose, by one of its names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Term(String);

impl Term {
    /// The term that is written so.
    pub(crate) fn new(text: &str) -> Self {
        let term = VOCABULARIES.iter().find_map(|(address, prefix, _)| {
            text.strip_prefix(address).map(|name| format!("{prefix}{name}"))
        });
        Self(term.unwrap_or_else(|| text.to_owned()))
    }

    /// The term that `purposes.txt` writes so.
    fn short(text: &str) -> Self {
        let term = VOCABULARIES.iter().find_map(|(_, prefix, short)| {
            text.strip_prefix(short).map(|name| format!("{prefix}{name}"))
        });
        Self(term.unwrap_or_default())
    }
}

/// All that is known of purposes.
#[derive(Debug)]
pub(crate) struct Tree(BTreeMap<Term, Vec<Term>>);

impl Tree {
    /// The purposes of the W3C's Data Privacy Vocabulary.
    pub(crate) fn dpv() -> Self {
        let lines = PURPOSES.lines().filter(|it| !it.starts_with('#'));
        let terms = lines.filter_map(|line| {
            let mut terms = line.split(' ').map(Term::short);
            Some((terms.next()?, terms.collect()))
        });
        Self(terms.collect())
    }

    /// Makes `child` part of `parent`, too.
    pub(crate) fn extend(&mut self, child: Term, parent: Term) {
        self.0.entry(child).or_default().push(parent);
    }

    /// Whether anything is known of it.
    pub(crate) fn knows(&self, term: &Term) -> bool {
        self.0.contains_key(term)
    }

    /// It, and all that it is part of.
    pub(crate) fn above(&self, term: &Term) -> BTreeSet<Term> {
        let mut above = BTreeSet::new();
        let mut next = vec![term];
        while let Some(term) = next.pop() {
            if above.insert(term.clone()) {
                next.extend(self.0.get(term).into_iter().flatten());
            }
        }
        above
    }

    /// Whether it is part of itself.
    pub(crate) fn loops(&self, term: &Term) -> bool {
        let parents = self.0.get(term).into_iter().flatten();
        parents.into_iter().any(|parent| self.above(parent).contains(term))
    }
}
