//! What a stretch of the ledger says, in a few lines for people.

use crate::{
    ledger::{Entry, Kind},
    message::Millis,
    outcome::Reason,
};
use std::collections::BTreeMap;

/// The most lines of one digest: a room is read by people, and a post has a limit.
const LINES_MAX: usize = 50;

/// Counts of a stretch of the ledger.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    first: Option<Millis>,
    last: (i64, Millis),
    root: [u8; 32],
    /// By recipient.
    delivered: BTreeMap<String, u64>,
    ended: BTreeMap<(String, Kind, String), u64>,
    withheld: BTreeMap<String, u64>,
    /// Releases in an emergency, by recipient.
    noted: BTreeMap<String, u64>,
}

impl Digest {
    /// Counts one more entry.
    pub fn count(&mut self, entry: &Entry) {
        self.first.get_or_insert(entry.at);
        self.last = (entry.seq, entry.at);
        let count = match entry.kind {
            Kind::Queued if entry.reason.is_empty() => return,
            Kind::Queued => self.noted.entry(entry.recipient.clone()),
            Kind::Delivered => self.delivered.entry(entry.recipient.clone()),
            Kind::Withheld | Kind::Quarantined => {
                *self.withheld.entry(entry.reason.clone()).or_default() += 1;
                return;
            }
            Kind::Expired | Kind::Purged | Kind::Withdrawn | Kind::Deleted | Kind::Ended => {
                let key = (entry.recipient.clone(), entry.kind, entry.reason.clone());
                *self.ended.entry(key).or_default() += 1;
                return;
            }
        };
        *count.or_default() += 1;
    }

    /// The last entry counted.
    pub fn last(&self) -> i64 {
        self.last.0
    }

    /// Says which root the ledger had when it ended with [`Self::last`].
    pub fn set_root(&mut self, root: [u8; 32]) {
        self.root = root;
    }

    /// As plain text.
    pub fn text(&self) -> String {
        let (head, lines, foot) = self.parts();
        format!("{head}\n{}\n{foot}", lines.join("\n"))
    }

    /// As HTML. Names are lower-case letters, digits and hyphens: nothing needs escaping.
    pub fn html(&self) -> String {
        let (head, lines, foot) = self.parts();
        let lines: String = lines.iter().map(|it| format!("<li>{it}</li>")).collect();
        format!("<b>{head}</b><ul>{lines}</ul><small>{foot}</small>")
    }

    fn parts(&self) -> (String, Vec<String>, String) {
        let head = format!("{} to {}", clock(self.first.unwrap_or_default()), clock(self.last.1));
        let noted = self.noted.iter().map(|(who, n)| {
            format!("EMERGENCY: {n} released to {who} with what a policy holds back on other days")
        });
        let delivered = self.delivered.iter().map(|(who, n)| format!("{n} delivered to {who}"));
        let ended = self.ended.iter().map(|((who, kind, reason), n)| match kind {
            Kind::Withdrawn => format!("{n} withdrawn: grants for {who}"),
            Kind::Ended => format!("{n} ended by an event: grants for {who}"),
            Kind::Deleted => format!("{n} deleted by {who}: what it had from a grant"),
            _ => format!("{n} {} for {who}: {}", kind.name(), Reason::explain(reason)),
        });
        let withheld = self
            .withheld
            .iter()
            .map(|(reason, n)| format!("{n} withheld: {}", Reason::explain(reason)));
        let mut lines: Vec<_> =
            noted.chain(delivered).chain(ended).chain(withheld).take(LINES_MAX).collect();
        if lines.is_empty() {
            lines.push("releases were sealed and wait for their time".into());
        }
        let root = data_encoding::BASE64.encode(&self.root);
        (head, lines, format!("ledger of {} entries, root {root}", self.last.0))
    }
}

fn clock(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map_or_else(|_| "?".into(), |it| it.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: i64, kind: Kind, reason: &str) -> Entry {
        let recipient = if kind == Kind::Withheld { "" } else { "hospital" };
        Entry {
            seq,
            at: Millis(seq * 1000),
            kind,
            reason: reason.into(),
            frame: seq,
            device: "pacemaker".into(),
            recipient: recipient.into(),
            grant: String::new(),
            release: None,
            proof: Vec::new(),
            note: String::new(),
            salt: [0; 16],
            leaf: [0; 32],
        }
    }

    #[test]
    fn a_digest_counts_and_names_no_value() {
        let mut digest = Digest::default();
        for it in [
            entry(7, Kind::Queued, ""),
            entry(8, Kind::Delivered, ""),
            entry(9, Kind::Delivered, ""),
            entry(10, Kind::Withheld, "minimized"),
            entry(11, Kind::Purged, "grant-ended"),
            entry(12, Kind::Withdrawn, ""),
            entry(13, Kind::Deleted, ""),
            entry(14, Kind::Ended, ""),
        ] {
            digest.count(&it);
        }
        digest.set_root([0xab; 32]);
        let mut emergency = Digest::default();
        emergency.count(&entry(1, Kind::Queued, "emergency"));
        assert!(emergency.text().contains("EMERGENCY: 1 released to hospital with"));
        assert_eq!(
            digest.text(),
            "1970-01-01 00:00:07 UTC to 1970-01-01 00:00:14 UTC\n\
             2 delivered to hospital\n\
             1 purged for hospital: the grant ended\n\
             1 withdrawn: grants for hospital\n\
             1 deleted by hospital: what it had from a grant\n\
             1 ended by an event: grants for hospital\n\
             1 withheld: kept for the next summary\n\
             ledger of 14 entries, root q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="
        );
        assert!(digest.html().contains("<li>2 delivered to hospital</li>"));
    }
}
