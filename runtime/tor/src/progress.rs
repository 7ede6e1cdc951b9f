//! Says in a few words how far Tor has come.

use arti_client::status::{BlockageKind, BootstrapStatus};

/// How far Tor has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// From 0 (nothing yet) to 100 (the directory is here and a relay has answered).
    pub percent: u8,
    /// Whether a connection can be tried with hope. It stays set for a minute or longer after the
    /// network has gone: only failing connections show that.
    pub ready: bool,
    /// A few constant words for the owner, such as `no internet connection`.
    pub note: &'static str,
}

impl Progress {
    /// Nothing has been done yet.
    pub(crate) const STARTING: Self = Self { percent: 0, ready: false, note: "starting" };

    pub(crate) fn of(status: &BootstrapStatus) -> Self {
        let ready = status.ready_for_traffic();
        let note = match status.blocked() {
            Some(blockage) => blocked_note(&blockage.kind()),
            None if ready => "ready",
            None => "connecting",
        };
        Self { percent: percent(status.as_frac()), ready, note }
    }
}

fn blocked_note(kind: &BlockageKind) -> &'static str {
    match kind {
        BlockageKind::Disabled => "switched off",
        BlockageKind::Offline => "no internet connection",
        BlockageKind::Filtering => "the internet connection seems filtered",
        BlockageKind::ClockSkewed => "the clock of this machine seems wrong",
        BlockageKind::CantBootstrap => "the directory of relays cannot be fetched",
        _ => "the tor network cannot be reached",
    }
}

fn percent(fraction: f32) -> u8 {
    (fraction.clamp(0.0, 1.0) * 100.0) as u8
}
