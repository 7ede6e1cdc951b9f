//! The decision, asked twice: what may leave of a device when a frame comes, and whether a release may still go when it is sent.
//!
//! # Promises
//!
//! - Total, and nothing but its arguments counts: grants, the clock and what the ledger knows of time. Default deny.
//! - Deny overrides: of a device with several subjects leaves what all of them granted to one recipient for one purpose, as
//!   strictly as the strictest; where one is missing, nothing does.
//! - To take a grant away, or a field out of it, never lets more leave (`tests.rs`, over a million random steps).

use super::grant::{Clock, Grant};
use crate::message::Millis;
use std::collections::{BTreeMap, BTreeSet};

/// How far the clock may step back before it counts as unknown.
const CLOCK_BACK_MS_MAX: i64 = 5 * 60_000;
/// 2026-01-01T00:00:00Z: no gateway of this version ran earlier; a clock that says so was never set.
const CLOCK_MS_MIN: i64 = 1_767_225_600_000;

/// What time it is, if anybody can tell. `high_water` is the latest time that the ledger knows.
pub fn clock(now: Millis, high_water: Millis) -> Clock {
    let floor = high_water.0.saturating_sub(CLOCK_BACK_MS_MAX).max(CLOCK_MS_MIN);
    if now.0 >= floor { Clock::Known(now) } else { Clock::Unknown }
}

/// What was agreed about a device of these `subjects`, and by which grants each was made.
pub fn agreed(
    (device, subjects): (&str, &[String]),
    grants: &[Grant],
) -> Vec<(Grant, Vec<String>)> {
    let mut by_aim: BTreeMap<(&str, &str), Vec<&Grant>> = BTreeMap::new();
    for grant in grants.iter().filter(|it| it.device == device) {
        by_aim.entry((&grant.recipient, &grant.purpose)).or_default().push(grant);
    }
    by_aim.into_values().flat_map(|grants| joint(subjects, &grants)).collect()
}

fn joint(subjects: &[String], grants: &[&Grant]) -> Vec<(Grant, Vec<String>)> {
    if subjects.len() == 1 {
        return grants.iter().map(|it| ((*it).clone(), vec![it.id.clone()])).collect();
    }
    let agreed: BTreeSet<_> = grants.iter().map(|it| it.subject.as_str()).collect();
    if !subjects.iter().all(|it| agreed.contains(it.as_str())) {
        return Vec::new();
    }
    let Some((first, rest)) = grants.split_first() else { return Vec::new() };
    let joint = rest.iter().try_fold((*first).clone(), |joint, it| joint.and(it));
    let sources = grants.iter().map(|it| it.id.clone()).collect();
    joint.map(|it| (it, sources)).into_iter().collect()
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
