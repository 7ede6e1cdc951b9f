//! Decides when the Tor client has to be started anew.
//!
//! Arti waits longer and longer between its attempts to reach the network, hours after a long
//! outage, and does not notice when the network is back. A new client tries at once.
//!
//! # Promises
//!
//! - A client that works is left alone, however many single connections fail.
//! - A client that cannot reach the network is replaced about once a minute, not more often.

use std::time::{Duration, Instant};

use crate::progress::Progress;

/// Connections in a row that found no way into the network before the client is replaced.
const REFUSALS_MIN: u32 = 3;
/// How long they must have been failing.
const REFUSED_TIME_MIN: Duration = Duration::from_secs(60);
/// How long a client may stand still before it is ready.
const STALLED_TIME_MAX: Duration = Duration::from_secs(60);

/// What was seen of the client at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Report {
    /// A connection attempt showed that the network can be reached, whether it succeeded or not.
    Reached,
    /// A connection attempt found no way into the network.
    Refused,
    /// A hosted service has not been reachable for a long time.
    Unreachable,
}

/// What to do with the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advice {
    Keep,
    Replace,
}

/// What is known of one client; a new client gets a new one.
#[derive(Debug)]
pub(crate) struct Watchdog {
    refusals: u32,
    refused_since: Instant,
    percent: u8,
    moved_at: Instant,
}

impl Watchdog {
    pub(crate) fn new(now: Instant) -> Self {
        Self { refusals: 0, refused_since: now, percent: 0, moved_at: now }
    }

    pub(crate) fn report(&mut self, report: Report, now: Instant) -> Advice {
        match report {
            Report::Reached => self.refusals = 0,
            Report::Refused => {
                if self.refusals == 0 {
                    self.refused_since = now;
                }
                self.refusals += 1;
            }
            Report::Unreachable => return Advice::Replace,
        }
        let refused_for = now.duration_since(self.refused_since);
        if self.refusals >= REFUSALS_MIN && refused_for >= REFUSED_TIME_MIN {
            return Advice::Replace;
        }
        Advice::Keep
    }

    pub(crate) fn observe(&mut self, progress: Progress, now: Instant) -> Advice {
        if progress.ready || progress.percent != self.percent {
            self.percent = progress.percent;
            self.moved_at = now;
        }
        if now.duration_since(self.moved_at) >= STALLED_TIME_MAX {
            return Advice::Replace;
        }
        Advice::Keep
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Advice, Progress, Report, Report::*, Watchdog};

    /// Plays reports at the given seconds; says at which one the client was replaced.
    fn replaced_at(reports: &[(u64, Report)]) -> Option<u64> {
        let start = Instant::now();
        let mut watchdog = Watchdog::new(start);
        let at = |second| start + Duration::from_secs(second);
        let advice = |&&(second, report): &&(u64, Report)| {
            watchdog.report(report, at(second)) == Advice::Replace
        };
        reports.iter().find(advice).map(|&(second, _)| second)
    }

    #[test]
    fn a_minute_of_refusals_replaces_the_client() {
        assert_eq!(replaced_at(&[(100, Refused), (130, Refused), (160, Refused)]), Some(160));
        assert_eq!(replaced_at(&[(0, Refused), (1, Refused), (2, Refused), (59, Refused)]), None);
        assert_eq!(replaced_at(&[(0, Refused), (90, Refused)]), None);
    }

    #[test]
    fn one_sign_of_life_starts_the_minute_over() {
        let mut reports = vec![(0, Refused), (30, Refused), (50, Reached), (61, Refused)];
        reports.extend([(90, Refused), (120, Refused)]);
        assert_eq!(replaced_at(&reports), None);
        reports.push((121, Refused));
        assert_eq!(replaced_at(&reports), Some(121));
    }

    #[test]
    fn an_unreachable_service_replaces_the_client() {
        assert_eq!(replaced_at(&[(5, Reached), (6, Unreachable)]), Some(6));
    }

    #[test]
    fn only_a_client_that_stands_still_before_it_is_ready_is_replaced() {
        let start = Instant::now();
        let mut watchdog = Watchdog::new(start);
        let mut at = |second, percent, ready| {
            let progress = Progress { percent, ready, note: "" };
            watchdog.observe(progress, start + Duration::from_secs(second))
        };
        assert_eq!(at(59, 0, false), Advice::Keep);
        assert_eq!(at(60, 1, false), Advice::Keep, "it has moved");
        assert_eq!(at(119, 1, false), Advice::Keep);
        assert_eq!(at(500, 100, true), Advice::Keep, "it is ready");
        assert_eq!(at(900, 100, true), Advice::Keep, "and stays so");
        assert_eq!(at(959, 100, false), Advice::Keep);
        assert_eq!(at(960, 100, false), Advice::Replace);
    }
}
