//! Pseudonyms: an identifier leaves as a text that means nothing anywhere else.
//!
//! # Promises
//!
//! - Two recipients, or two epochs of one, cannot be compared by it: each has a key of its own.
//! - No more than [`Pseudonyms::max`] different ones leave of a field in an epoch, so that a plugin cannot write
//!   whatever it likes into an identifier.

use super::{super::validity, period};
use crate::message::Millis;
use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::time::Duration;

/// What a grant says about pseudonyms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pseudonyms {
    /// How many different ones in an epoch.
    pub max: u32,
    /// How long an epoch is, in milliseconds.
    pub epoch_ms: i64,
}

impl Default for Pseudonyms {
    fn default() -> Self {
        Self { max: 16, epoch_ms: 90 * 86_400_000 }
    }
}

impl Pseudonyms {
    /// The most that a grant may ask for: all of an epoch are kept.
    pub const MAX: u32 = 1_024;

    /// What it is, for people.
    pub fn in_words(&self) -> String {
        let epoch = Duration::from_millis(self.epoch_ms.unsigned_abs());
        let epoch = validity::in_words(epoch);
        format!("one of {} pseudonyms, new ones after each {epoch}", self.max)
    }

    /// The stricter of both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self { max: self.max.min(other.max), epoch_ms: self.epoch_ms.min(other.epoch_ms) }
    }

    /// The pseudonym of `text` for `recipient`. Nothing if it would be one too many in this epoch.
    pub fn of(self, text: &str, known: &mut Known, to: To<'_>) -> Option<String> {
        let epoch = period(to.at, self.epoch_ms, known.epoch);
        if epoch != known.epoch {
            *known = Known { epoch, given: Vec::new() };
        }
        let key = mac(to.secret, &[to.recipient.as_bytes(), &epoch.to_be_bytes()])?;
        let whole = mac(&key, &[text.as_bytes()])?;
        let mut pseudonym = [0; 16];
        pseudonym.copy_from_slice(&whole[..16]);
        if !known.given.contains(&pseudonym) {
            if known.given.len() >= usize::try_from(self.max).unwrap_or(usize::MAX) {
                return None;
            }
            known.given.push(pseudonym);
        }
        Some(HEXLOWER.encode(&pseudonym))
    }
}

/// For whom a pseudonym is, and when.
#[derive(Clone, Copy)]
pub struct To<'a> {
    /// The gateway's secret for pseudonyms.
    pub secret: &'a [u8; 32],
    /// Who receives it.
    pub recipient: &'a str,
    /// Some time of the epoch.
    pub at: Millis,
}

/// The pseudonyms that left in an epoch.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    epoch: i64,
    given: Vec<[u8; 16]>,
}

impl Known {
    /// All of them, as bytes.
    pub fn given(&self) -> &[[u8; 16]] {
        &self.given
    }
}

/// HMAC-SHA-256 of parts, each after its length: no two lists of parts are the same text.
fn mac(key: &[u8; 32], parts: &[&[u8]]) -> Option<[u8; 32]> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAYS: i64 = 86_400_000;

    fn to(recipient: &'static str, days: i64) -> To<'static> {
        To { secret: &[7; 32], recipient, at: Millis(days * DAYS) }
    }

    #[test]
    fn one_recipient_and_epoch_has_one_pseudonym_and_others_have_another() {
        let (all, mut known) = (Pseudonyms::default(), Known::default());
        let first = all.of("ada", &mut known, to("hospital", 0)).unwrap();
        assert_eq!(first.len(), 32);
        assert_eq!(all.of("ada", &mut known, to("hospital", 89)), Some(first.clone()));
        let mut others = vec![
            first.clone(),
            all.of("ben", &mut known, to("hospital", 0)).unwrap(),
            all.of("ada", &mut Known::default(), to("insurer", 0)).unwrap(),
            all.of("ada", &mut Known::default(), To { secret: &[8; 32], ..to("hospital", 0) })
                .unwrap(),
            all.of("ada", &mut known, to("hospital", 90)).unwrap(),
        ];
        others.sort_unstable();
        others.dedup();
        assert_eq!(others.len(), 5);
        // A clock that steps back does not bring the old ones back.
        assert_ne!(all.of("ada", &mut known, to("hospital", 0)), Some(first));
    }

    #[test]
    fn one_too_many_does_not_leave_until_the_next_epoch() {
        let all = Pseudonyms { max: 3, epoch_ms: DAYS };
        let mut known = Known::default();
        let mut given = |text: String, day| all.of(&text, &mut known, to("hospital", day));
        let left = (0..100).filter_map(|it| given(it.to_string(), 0)).count();
        assert_eq!(left, 3);
        assert!(given("2".into(), 0).is_some());
        assert!(given("50".into(), 0).is_none());
        assert!(given("50".into(), 1).is_some());
    }
}
