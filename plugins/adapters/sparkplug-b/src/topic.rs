//! Topics: who speaks, and what about (Sparkplug 3.0, chapter 4).

use hushgate_sdk::adapter::DecodeError;

/// What a message tells of its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It is there, and this is all that it measures.
    Birth,
    /// Something changed.
    Data,
    /// An edge node is gone: its broker says so, with what it was given before.
    NodeDeath,
    /// A device is gone: its edge node says so.
    DeviceDeath,
}

impl Kind {
    /// What the topic says: `spBv1.0/group/NDATA/node` or `spBv1.0/group/DDATA/node/device`.
    pub(crate) fn of_topic(topic: &str) -> Result<Self, DecodeError> {
        let mut parts = topic.split('/');
        let (Some("spBv1.0"), Some(group), Some(kind), Some(node)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(DecodeError::NotMine);
        };
        let (device, end) = (parts.next(), parts.next());
        if group.is_empty() || node.is_empty() || device == Some("") || end.is_some() {
            return Err(DecodeError::NotMine);
        }
        match (kind, device) {
            ("NBIRTH", None) | ("DBIRTH", Some(_)) => Ok(Self::Birth),
            ("NDATA", None) | ("DDATA", Some(_)) => Ok(Self::Data),
            ("NDEATH", None) => Ok(Self::NodeDeath),
            ("DDEATH", Some(_)) => Ok(Self::DeviceDeath),
            // Commands go to devices, STATE comes from hosts.
            _ => Err(DecodeError::NotMine),
        }
    }

    /// Of the reading that it makes.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Birth => "birth",
            Self::Data => "data",
            Self::NodeDeath | Self::DeviceDeath => "death",
        }
    }

    /// Whether its sender is there, if it tells that.
    pub(crate) const fn online(self) -> Option<bool> {
        match self {
            Self::Birth => Some(true),
            Self::Data => None,
            Self::NodeDeath | Self::DeviceDeath => Some(false),
        }
    }
}
