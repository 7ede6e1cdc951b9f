//! Which grants count together, and which of them still stands: no I/O, no state, an answer for every input.
//!
//! # Promises
//!
//! - Default deny: without a grant of every subject of a device for one recipient and one purpose there is none. A grant
//!   for a purpose is one for all that is part of it (the vocabulary's own tree), never the other way round.
//! - What counts is never wider than any of the grants that it was made of.
//! - Taking a grant or a field away never widens what may leave, with one exception that is the subject's own: where
//!   one of several subjects gave two grants for one recipient and purpose, both bind, until one is taken back.
//! - A release leaves only under the text that it was decided by.

use super::{
    grant::{Clock, Grant},
    purpose,
};
use crate::message::Millis;
use std::collections::BTreeSet;

/// What all subjects of a device allow together.
#[derive(Clone, Debug)]
pub struct Joint {
    /// The grant; for a device with several subjects, what all of theirs allow.
    pub grant: Grant,
    /// The grants that it was made of. If one goes, this goes.
    pub sources: Vec<String>,
}

/// What may leave of `device`, for each recipient and purpose. Deny overrides: where a subject's grant is missing, or
/// two have nothing in common, there is none.
pub fn joint(device: &str, subjects: &[String], grants: &[Grant]) -> Vec<Joint> {
    let is_theirs = |it: &&Grant| it.device == device && subjects.contains(&it.subject);
    let theirs: Vec<_> = grants.iter().filter(is_theirs).collect();
    if subjects.len() == 1 {
        let alone = |it: &Grant| Joint { grant: it.clone(), sources: vec![it.id.clone()] };
        return theirs.into_iter().map(alone).collect();
    }
    let aims: BTreeSet<_> =
        theirs.iter().map(|it| (&*it.recipient, purpose::term(&it.purpose))).collect();
    let of_aim = |(recipient, aim): (&str, String)| {
        // Who lets it be used for more lets it be used for this.
        let is_for_it =
            |it: &&Grant| it.recipient == *recipient && purpose::is_within(&aim, &it.purpose);
        let (mut exactly, more): (Vec<_>, Vec<_>) = (theirs.iter().copied())
            .filter(is_for_it)
            .partition(|it| purpose::term(&it.purpose) == aim);
        exactly.extend(more);
        of_one_aim(subjects, &exactly)
    };
    aims.into_iter().filter_map(of_aim).collect()
}

/// What `grants` allow together, for what the first of them is for.
fn of_one_aim(subjects: &[String], grants: &[&Grant]) -> Option<Joint> {
    let agreed: BTreeSet<_> = grants.iter().map(|it| it.subject.as_str()).collect();
    if !subjects.iter().all(|it| agreed.contains(it.as_str())) {
        return None;
    }
    let (first, rest) = grants.split_first()?;
    let grant = rest.iter().try_fold((*first).clone(), |joint, it| joint.and(it))?;
    Some(Joint { grant, sources: grants.iter().map(|it| it.id.clone()).collect() })
}

/// Whether what was made of `sources` stays when only the grants stay that `stays` says.
pub fn stands(sources: &[String], stays: impl Fn(&str) -> bool) -> bool {
    sources.iter().all(|it| stays(it))
}

/// Among `grants` that which a release was decided by, if it still says what it said then.
pub fn same<'a>(
    mut grants: impl Iterator<Item = &'a Grant>,
    id: &str,
    digest: [u8; 8],
) -> Option<&'a Grant> {
    grants.find(|it| it.id == id && it.digest == digest)
}

/// What becomes of a release at the moment of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// It goes.
    Go,
    /// Nobody knows the time: it waits.
    Wait,
    /// It waited too long.
    Expired,
    /// What it was decided by has ended.
    Ended,
}

/// Decides again. `grant` is what the release was decided by, if that still says what it said then.
pub fn at_sending(grant: Option<&Grant>, expires: Millis, clock: Clock) -> Sending {
    match clock {
        Clock::Unknown => Sending::Wait,
        Clock::Known(now) if expires <= now => Sending::Expired,
        Clock::Known(_) if grant.is_some_and(|it| it.permit(clock).is_some()) => Sending::Go,
        Clock::Known(_) => Sending::Ended,
    }
}

#[cfg(test)]
mod tests;
