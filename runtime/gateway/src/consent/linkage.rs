//! Identifiers that two recipients both know: who compares what two have can tell by each of them that it is about one home.

use std::collections::{BTreeMap, BTreeSet};

/// What can identify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// What a recipient calls a device: `device-alias`.
    Alias,
    /// The key by which a recipient knows the gateway.
    Key,
    /// What a recipient knows a consent by.
    Tag,
    /// A pseudonym that may have left.
    Pseudonym,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Alias, Self::Key, Self::Tag, Self::Pseudonym];

    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Alias => "alias",
            Self::Key => "key",
            Self::Tag => "tag",
            Self::Pseudonym => "pseudonym",
        }
    }
}

/// One identifier as one recipient knows it.
#[derive(Clone, Debug)]
pub struct Given {
    /// What it is.
    pub kind: Kind,
    /// Who knows it.
    pub recipient: String,
    /// By which grant.
    pub grant: String,
    /// As it is sent.
    pub identifier: Vec<u8>,
}

/// One identifier that more than one recipient knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// What it is.
    pub kind: Kind,
    /// Who knows it.
    pub recipients: BTreeSet<String>,
    /// By which grants.
    pub grants: BTreeSet<String>,
    /// As it is sent.
    pub identifier: Vec<u8>,
}

/// Those that more than one recipient knows.
pub fn shared(given: impl Iterator<Item = Given>) -> Vec<Shared> {
    let mut known: BTreeMap<_, (BTreeSet<_>, BTreeSet<_>)> = BTreeMap::new();
    for it in given {
        let (recipients, grants) = known.entry((it.kind, it.identifier)).or_default();
        recipients.insert(it.recipient);
        grants.insert(it.grant);
    }
    let several = known.into_iter().filter(|it| it.1.0.len() > 1);
    let shared = |((kind, identifier), (recipients, grants))| Shared {
        kind,
        recipients,
        grants,
        identifier,
    };
    several.map(shared).collect()
}

impl Shared {
    /// What it is, for people, and what to do.
    pub fn in_words(&self) -> String {
        let (who, grants) = (names(&self.recipients, " and "), names(&self.grants, ", "));
        match self.kind {
            Kind::Alias => format!(
                "LINKABLE: {who} know a device by one name, `{}`: write another `device-alias` into the grants of each \
                 ({grants})",
                String::from_utf8_lossy(&self.identifier)
            ),
            Kind::Key => format!(
                "LINKABLE: {who} know this gateway by one key: they are one hub under several names; make another one"
            ),
            Kind::Tag | Kind::Pseudonym => format!(
                "LINKABLE: {who} know one {}, by {grants}: this is a fault of the program",
                self.kind.name()
            ),
        }
    }
}

fn names(all: &BTreeSet<String>, between: &str) -> String {
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    all.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(kind: Kind, recipient: &str, identifier: &str) -> Given {
        let (recipient, grant) = (recipient.to_owned(), format!("ada-{recipient}"));
        Given { kind, recipient, grant, identifier: identifier.into() }
    }

    #[test]
    fn what_several_recipients_know_is_one_identifier_and_what_one_knows_twice_is_none() {
        let all = [
            given(Kind::Alias, "hospital", "pacemaker"),
            given(Kind::Alias, "hospital", "pacemaker"),
            given(Kind::Alias, "hospital", "scale"),
            given(Kind::Tag, "hospital", "a"),
            given(Kind::Alias, "insurer", "pacemaker"),
            given(Kind::Alias, "family", "pacemaker"),
            given(Kind::Key, "insurer", "a"),
            given(Kind::Tag, "insurer", "b"),
        ];
        let shared = shared(all.into_iter());
        assert_eq!(shared.len(), 1);
        assert_eq!((shared[0].kind, shared[0].recipients.len()), (Kind::Alias, 3));
        assert_eq!(
            shared[0].in_words(),
            "LINKABLE: family and hospital and insurer know a device by one name, `pacemaker`: write another \
             `device-alias` into the grants of each (ada-family, ada-hospital, ada-insurer)"
        );
    }
}
