//! How a frame can end. Every acknowledged frame ends in exactly one way for each grant that was asked, and
//! the ledger says which.

use std::fmt;

/// Why a frame, or a part of it, went no further. A closed set: no text of a device or plugin reaches the
/// ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// No grant for this device is valid now.
    NoGrant,
    /// The clock went back or was never set: nobody can tell whether a grant is valid.
    ClockUnknown,
    /// The grant names no field of it.
    NotGranted,
    /// Its fields have left already in this slot of the grant.
    SlotTaken,
    /// A minimizer keeps it for a later release.
    Minimized,
    /// A policy said no.
    Policy,
    /// It leaves, but out of the ordinary: a policy that holds the grant tight on other days let it through.
    Emergency,
    /// A policy asked for something that this host cannot do.
    Obligation,
    /// What the grant allows in a period is spent: noise, or different pseudonyms.
    BudgetSpent,
    /// It came on a topic that is not the device's.
    ForeignTopic,
    /// No plugin handles such frames.
    Unknown,
    /// It breaks the format.
    Malformed,
    /// It is of a version or option that the plugin does not know.
    Unsupported,
    /// The device's counter in it is not higher than before: it was sent again, perhaps by somebody else.
    Replayed,
    /// It is larger than a frame may be.
    TooLarge,
    /// A plugin returned an error.
    PluginError,
    /// A plugin took too long.
    PluginTime,
    /// A plugin used too much memory.
    PluginMemory,
    /// A plugin returned too much, or broken output.
    PluginOutput,
    /// A plugin trapped or could not be started.
    PluginTrap,
    /// A plugin failed several times in a row and is left alone for a while.
    PluginResting,
    /// A plugin is slow, and too many frames of the device wait for it.
    PluginBusy,
    /// It could not be sealed.
    Seal,
    /// The recipient refused it for good.
    Refused,
    /// Its grant ended or was withdrawn while it waited.
    GrantEnded,
    /// The grant has been used as often as it says.
    UsedUp,
    /// It waited longer than the grant allows.
    Waited,
    /// It was sent, no receipt came, and it may not be sent again: the recipient may have it.
    Unanswered,
}

const NAMES: [(Reason, &str); 28] = [
    (Reason::NoGrant, "no-grant"),
    (Reason::ClockUnknown, "clock-unknown"),
    (Reason::NotGranted, "not-granted"),
    (Reason::SlotTaken, "slot-taken"),
    (Reason::Minimized, "minimized"),
    (Reason::Policy, "policy"),
    (Reason::Emergency, "emergency"),
    (Reason::Obligation, "obligation"),
    (Reason::BudgetSpent, "budget-spent"),
    (Reason::ForeignTopic, "foreign-topic"),
    (Reason::Unknown, "unknown"),
    (Reason::Malformed, "malformed"),
    (Reason::Unsupported, "unsupported"),
    (Reason::Replayed, "replayed"),
    (Reason::TooLarge, "too-large"),
    (Reason::PluginError, "plugin-error"),
    (Reason::PluginTime, "plugin-time"),
    (Reason::PluginMemory, "plugin-memory"),
    (Reason::PluginOutput, "plugin-output"),
    (Reason::PluginTrap, "plugin-trap"),
    (Reason::PluginResting, "plugin-resting"),
    (Reason::PluginBusy, "plugin-busy"),
    (Reason::Seal, "seal"),
    (Reason::Refused, "refused"),
    (Reason::GrantEnded, "grant-ended"),
    (Reason::UsedUp, "used-up"),
    (Reason::Waited, "waited"),
    (Reason::Unanswered, "unanswered"),
];

impl Reason {
    /// As the ledger writes it.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|it| it.0 == self).map_or("unknown", |it| it.1)
    }

    /// In words, for people.
    pub fn explain(name: &str) -> &'static str {
        match name {
            "no-grant" => "no grant is valid for this device",
            "clock-unknown" => "the clock is not to be trusted",
            "not-granted" => "the grant names no field of it",
            "slot-taken" => "this slot's value has left already",
            "minimized" => "kept for the next summary",
            "policy" => "a policy said no",
            "emergency" => "an emergency: what the policy holds back on other days left as well",
            "obligation" => "a policy asked for what this gateway cannot do",
            "budget-spent" => "what the grant allows in this period is spent",
            "foreign-topic" => "not one of the device's topics",
            "malformed" => "it breaks the device's format",
            "unsupported" => "a version or option that the adapter does not know",
            "replayed" => "its counter is not higher than before",
            "too-large" => "larger than a frame may be",
            "plugin-error" => "a plugin returned an error",
            "plugin-time" => "a plugin took too long",
            "plugin-memory" => "a plugin used too much memory",
            "plugin-output" => "a plugin returned too much",
            "plugin-trap" => "a plugin crashed",
            "plugin-resting" => "a plugin failed too often and is left alone for a while",
            "plugin-busy" => "a plugin is slow, and too many frames wait for it",
            "seal" => "it could not be sealed",
            "refused" => "the recipient refused it",
            "grant-ended" => "the grant ended",
            "used-up" => "the grant was used as often as it says",
            "waited" => "the recipient was away for too long",
            "unanswered" => "it was sent, but no receipt came: the recipient may have it",
            _ => "no plugin handles it",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_name_of_its_own() {
        let mut names: Vec<_> = NAMES.iter().map(|it| it.0.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), NAMES.len());
    }
}
