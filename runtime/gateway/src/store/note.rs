//! What the ledger's note says of a decision.

use crate::{
    ledger::basis::{Line, Note},
    pipeline::{Decision, Outcome},
};

/// The names of what was asked, what was done, what came and what left.
pub(super) fn of(decision: &Decision) -> String {
    let mut note = Note::new(decision.grant_digest);
    let steps = &decision.steps;
    for (name, words) in &steps.plugins {
        let did = words.names().flat_map(|it| [",", it]).skip(1);
        note.add(Line::Plugin, [&**name, " "].into_iter().chain(did));
    }
    if let Outcome::Queued(sealed, _) = &decision.outcome {
        let left = sealed.names().iter();
        left.for_each(|it| note.add(Line::Field, std::iter::once(&**it)));
    }
    steps.host.iter().for_each(|it| note.add(Line::Host, std::iter::once(&**it)));
    if let Some(came) = &steps.came {
        came.names.iter().for_each(|it| note.add(Line::Came, std::iter::once(&**it)));
        note.missed(Line::Came, came.others);
    }
    note.done()
}
