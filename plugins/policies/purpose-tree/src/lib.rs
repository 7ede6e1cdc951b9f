//! Releases only for purposes that the owner allows, each with all that is part of it.
//!
//! # Promises
//!
//! - A release leaves only where its purpose is one of `allow`, or part of one; never for a purpose that is
//!   broader, or that nothing is known of.
//! - `deny` overrides: what is part of a denied purpose is withheld, whatever else it is part of.
//! - Of a purpose that `fields` names only those fields leave, and of its parts the same. Where it names several
//!   that apply, only what all of them name.

mod tree;

use std::collections::{BTreeMap, BTreeSet};

use hushgate_sdk::{
    ConfigError, config,
    policy::{FieldView, Obligation, Policy, Request, Verdict},
};
use serde::Deserialize;
use tree::{Term, Tree};

const TERMS_MAX: usize = 256;
const TERM_BYTES_MAX: usize = 128;

/// The policy.
#[derive(Debug)]
pub struct PurposeTree {
    tree: Tree,
    allow: BTreeSet<Term>,
    deny: BTreeSet<Term>,
    fields: BTreeMap<Term, BTreeSet<String>>,
}

hushgate_sdk::policy!(PurposeTree);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    allow: Vec<String>,
    #[serde(default)]
    deny: Vec<String>,
    #[serde(default)]
    tree: BTreeMap<String, String>,
    #[serde(default)]
    fields: BTreeMap<String, BTreeSet<String>>,
}

impl Policy for PurposeTree {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let settings: Settings = config::parse(json)?;
        let Settings { allow, deny, tree, fields } = &settings;
        check("allow", allow.iter())?;
        check("deny", deny.iter())?;
        check("tree", tree.iter().flat_map(|(child, parent)| [child, parent]))?;
        check("fields", fields.keys())?;
        if allow.is_empty() {
            return Err(config::invalid("allow", "at least one purpose"));
        }
        let policy = Self {
            tree: extended(tree)?,
            allow: allow.iter().map(|it| Term::new(it)).collect(),
            deny: deny.iter().map(|it| Term::new(it)).collect(),
            fields: limits(fields),
        };
        policy.must_know("deny", policy.deny.iter())?;
        policy.must_know("fields", policy.fields.keys())?;
        Ok(policy)
    }

    fn evaluate(&self, request: Request) -> Result<Verdict, String> {
        let above = self.tree.above(&Term::new(&request.purpose));
        if above.is_disjoint(&self.allow) {
            return Ok(Verdict::Withhold("a purpose that is not allowed".to_owned()));
        }
        if !above.is_disjoint(&self.deny) {
            return Ok(Verdict::Withhold("a purpose that is denied".to_owned()));
        }
        Ok(self.limit(&above, &request.fields))
    }
}

impl PurposeTree {
    /// Of a purpose that is part of all those.
    fn limit(&self, above: &BTreeSet<Term>, fields: &[FieldView]) -> Verdict {
        let limits: Vec<_> = above.iter().filter_map(|it| self.fields.get(it)).collect();
        if limits.is_empty() {
            return Verdict::Release(Vec::new());
        }
        let paths: BTreeSet<_> = fields.iter().map(|it| &it.path).collect();
        let kept = paths.into_iter().filter(|path| limits.iter().all(|it| it.contains(*path)));
        match kept.cloned().collect::<Vec<_>>() {
            kept if kept.is_empty() => {
                Verdict::Withhold("no field of it for this purpose".to_owned())
            }
            kept => Verdict::Release(vec![Obligation::Keep(kept)]),
        }
    }

    /// A slip of the pen in what is forbidden would allow it.
    fn must_know<'a>(
        &self,
        setting: &str,
        mut terms: impl Iterator<Item = &'a Term>,
    ) -> Result<(), ConfigError> {
        let known = terms.all(|it| self.tree.knows(it) || self.allow.contains(it));
        if known { Ok(()) } else { Err(config::invalid(setting, UNKNOWN)) }
    }
}

const UNKNOWN: &str = "purposes that DPV, `tree` or `allow` has";

fn check<'a>(setting: &str, terms: impl Iterator<Item = &'a String>) -> Result<(), ConfigError> {
    let mut count = 0;
    for term in terms {
        count += 1;
        let graphic = term.bytes().all(|it| it.is_ascii_graphic());
        if count > TERMS_MAX || term.is_empty() || term.len() > TERM_BYTES_MAX || !graphic {
            return Err(config::invalid(setting, "at most 256 terms of at most 128 bytes"));
        }
    }
    Ok(())
}

fn extended(more: &BTreeMap<String, String>) -> Result<Tree, ConfigError> {
    let mut tree = Tree::dpv();
    let more: Vec<_> = more.iter().map(|it| (Term::new(it.0), Term::new(it.1))).collect();
    for (child, parent) in &more {
        tree.extend(child.clone(), parent.clone());
    }
    if !more.iter().all(|(_, parent)| tree.knows(parent)) {
        return Err(config::invalid("tree", "parents that DPV or `tree` itself has"));
    }
    if more.iter().any(|(child, _)| tree.loops(child)) {
        return Err(config::invalid("tree", "without loops"));
    }
    Ok(tree)
}

/// Two notations of one purpose are one limit: what both allow.
fn limits(written: &BTreeMap<String, BTreeSet<String>>) -> BTreeMap<Term, BTreeSet<String>> {
    let mut limits: BTreeMap<Term, BTreeSet<String>> = BTreeMap::new();
    for (term, paths) in written {
        let limit = limits.entry(Term::new(term)).or_insert_with(|| paths.clone());
        limit.retain(|it| paths.contains(it));
    }
    limits
}

#[cfg(test)]
mod tests;
