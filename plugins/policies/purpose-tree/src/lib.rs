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

use std::collections::BTreeMap;

use hushgate_sdk::{
    ConfigError, config,
    policy::{FieldView, Obligation, Policy, Request, Verdict},
};
use serde::Deserialize;
use tree::{Tree, term};

const TERMS_MAX: usize = 256;
const TERM_BYTES_MAX: usize = 128;

/// The policy.
#[derive(Debug)]
pub struct PurposeTree {
    tree: Tree,
    allow: Vec<String>,
    deny: Vec<String>,
    limits: Vec<Limit>,
}

/// The only fields that leave for a purpose.
#[derive(Debug)]
struct Limit {
    purpose: String,
    paths: Vec<String>,
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
    fields: BTreeMap<String, Vec<String>>,
}

impl Policy for PurposeTree {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { allow, deny, tree, fields } = config::parse(json)?;
        check("allow", allow.iter())?;
        check("deny", deny.iter())?;
        check("tree", tree.iter().flat_map(|(child, parent)| [child, parent]))?;
        check("fields", fields.keys())?;
        if allow.is_empty() {
            return Err(config::invalid("allow", "at least one purpose"));
        }
        let limit = |(purpose, paths): (String, _)| Limit { purpose: term(&purpose), paths };
        let policy = Self {
            tree: extended(&tree)?,
            allow: allow.iter().map(|it| term(it)).collect(),
            deny: deny.iter().map(|it| term(it)).collect(),
            limits: fields.into_iter().map(limit).collect(),
        };
        policy.must_know("deny", policy.deny.iter())?;
        policy.must_know("fields", policy.limits.iter().map(|it| &it.purpose))?;
        Ok(policy)
    }

    fn evaluate(&self, request: Request) -> Result<Verdict, String> {
        let purpose = term(&request.purpose);
        let above = self.tree.above(&purpose);
        let is_part_of_one = |them: &[String]| them.iter().any(|it| above.contains(&it.as_str()));
        if !is_part_of_one(&self.allow) {
            return Ok(Verdict::Withhold("a purpose that is not allowed".to_owned()));
        }
        if is_part_of_one(&self.deny) {
            return Ok(Verdict::Withhold("a purpose that is denied".to_owned()));
        }
        Ok(self.limit(&above, request.fields))
    }
}

impl PurposeTree {
    /// Of a purpose that is part of all those.
    fn limit(&self, above: &[&str], fields: Vec<FieldView>) -> Verdict {
        let applies = |it: &&Limit| above.contains(&it.purpose.as_str());
        let limits: Vec<_> = self.limits.iter().filter(applies).collect();
        if limits.is_empty() {
            return Verdict::Release(Vec::new());
        }
        let mut kept = Vec::new();
        for path in fields.into_iter().map(|it| it.path) {
            if !kept.contains(&path) && limits.iter().all(|it| it.paths.contains(&path)) {
                kept.push(path);
            }
        }
        if kept.is_empty() {
            return Verdict::Withhold("no field of it for this purpose".to_owned());
        }
        Verdict::Release(vec![Obligation::Keep(kept)])
    }

    /// A slip of the pen in what is forbidden would allow it.
    fn must_know<'a>(
        &self,
        setting: &str,
        mut terms: impl Iterator<Item = &'a String>,
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
    let more: Vec<_> = more.iter().map(|it| (term(it.0), term(it.1))).collect();
    let tree = Tree::new(more.clone());
    if !more.iter().all(|(_, parent)| tree.knows(parent)) {
        return Err(config::invalid("tree", "parents that DPV or `tree` itself has"));
    }
    if more.iter().any(|(child, _)| tree.loops(child)) {
        return Err(config::invalid("tree", "without loops"));
    }
    Ok(tree)
}

#[cfg(test)]
mod tests;
