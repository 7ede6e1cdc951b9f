//! A checkpoint (C2SP tlog-checkpoint): how long the log is and its root, signed. Who keeps one notices later that the
//! log was cut, put back or written anew.

use super::{
    Head,
    note::{self, Verifier},
};
use crate::keys::Keys;
use data_encoding::BASE64;
use ed25519_dalek::SigningKey;

/// What a gateway seals the checkpoints for that hubs keep for it.
pub const SEALED_FOR: &str = "checkpoint that a hub keeps";

/// Signs checkpoints in a gateway's name.
pub struct Signer {
    key: SigningKey,
    verifier: Verifier,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.verifier.name())
    }
}

impl Signer {
    /// With a key of its own.
    pub fn new(keys: &Keys) -> Self {
        let key = keys.checkpoint_signing();
        let verifier = Verifier::of_gateway(key.verifying_key().to_bytes());
        Self { key, verifier }
    }

    /// Who checks them.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The checkpoint of a log.
    pub fn sign(&self, head: &Head) -> String {
        let name = self.verifier.name();
        let text = format!("{name}\n{}\n{}\n", head.size, BASE64.encode(&head.root));
        note::sign(&text, name, &self.key)
    }
}

/// Why a checkpoint says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It is none.
    #[error("this is no checkpoint: a name, a number, a root and a signature are expected")]
    Malformed,
    /// Somebody else's.
    #[error("the checkpoint is not signed by that key")]
    Signature,
}

/// What a checkpoint says, if `verifier` signed it.
pub fn open(verifier: &Verifier, checkpoint: &str) -> Result<Head, CheckpointError> {
    let (_, head) = read(checkpoint).ok_or(CheckpointError::Malformed)?;
    let text = verifier.open(checkpoint).ok_or(CheckpointError::Signature)?;
    // A key speaks for its own log alone.
    let own = text.lines().next() == Some(verifier.name());
    own.then_some(head).ok_or(CheckpointError::Signature)
}

/// The log's name and what a checkpoint says, whoever signed it.
pub fn read(checkpoint: &str) -> Option<(&str, Head)> {
    let (text, _) = note::split(checkpoint)?;
    let mut lines = text.lines();
    let (name, size, root) = (lines.next()?, lines.next()?, lines.next()?);
    let head = Head {
        size: size.parse().ok().filter(|it: &i64| *it >= 0 && it.to_string() == size)?,
        root: BASE64.decode(root.as_bytes()).ok()?.try_into().ok()?,
    };
    (!name.is_empty()).then_some((name, head))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> Signer {
        Signer::new(&Keys::create(&tempfile::tempdir().unwrap().path().join("seed")).unwrap())
    }

    #[test]
    fn a_checkpoint_opens_for_its_log_alone() {
        let (mine, others) = (signer(), signer());
        let head = Head { size: 17, root: [3; 32] };
        let checkpoint = mine.sign(&head);
        let lines: Vec<_> = checkpoint.lines().collect();
        assert_eq!(lines[0], mine.verifier().name());
        assert_eq!(lines[1..4], ["17", "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=", ""]);
        assert_eq!(open(mine.verifier(), &checkpoint), Ok(head));
        assert_eq!(open(others.verifier(), &checkpoint), Err(CheckpointError::Signature));
        // Signed by the right key, but about another log.
        let text = format!("hushgate/other\n17\n{}\n", lines[2]);
        let foreign = note::sign(&text, mine.verifier().name(), &mine.key);
        assert_eq!(open(mine.verifier(), &foreign), Err(CheckpointError::Signature));
        for broken in [
            "",
            "a\n1\nb\n",
            &checkpoint.replace("\n17\n", "\n017\n"),
            &checkpoint.replace("\n17\n", "\n-1\n"),
        ] {
            assert_eq!(open(mine.verifier(), broken), Err(CheckpointError::Malformed));
        }
    }
}
