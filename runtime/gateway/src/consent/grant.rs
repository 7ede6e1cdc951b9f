//! A subject's consent, as written in a file and as checked.
//!
//! # Promises
//!
//! - A [`Grant`] has passed every check; holding one says nothing about whether it is valid now.
//! - A [`Permit`] says that a grant is valid at one moment. Only [`Grant::permit`] makes one.

use super::{
    capacity::Capacity,
    ending::{Ending, EventFile},
    field::{self, FieldFile},
    purpose,
    record::{Record, RecordFile},
    release::PAD_KIB_MAX,
    schema::Rule,
    signed::SignedBy,
    stage::{Stage, StageFile},
    validity,
};
use crate::{
    message::Millis,
    source::{SettingsError, Source, is_name},
};
use hushgate_wasm::bindings::Reading;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::time::Duration;
use toml::Spanned;

/// A subject's consent: what may leave of one device, for one recipient and one purpose.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The file's name without `.toml`: how ledger and commands name it.
    pub id: String,
    /// Tells this text of the grant from any other: a release leaves only under the text that it was decided by.
    pub digest: [u8; 8],
    /// Whose consent it is.
    pub subject: String,
    /// The device that it is about.
    pub device: String,
    /// Who may receive.
    pub recipient: String,
    /// What for: a term, best one of the Data Privacy Vocabulary (DPV).
    pub purpose: String,
    /// The name of the device that the recipient is told.
    pub device_alias: String,
    /// The fields that may leave.
    pub fields: Vec<Rule>,
    /// Each field leaves at most once in each slot of this length.
    pub every: Duration,
    /// How long the recipient may keep it.
    pub retention: Duration,
    /// How long a policy may put a release off at most, and how long it may wait for the recipient from then on
    /// before it expires.
    pub wait_max: Duration,
    /// From when it is valid.
    pub valid_from: Millis,
    /// The first moment at which it no longer is.
    pub valid_until: Millis,
    /// How often something may leave under it at most, if that is bounded.
    pub uses: Option<u32>,
    /// What ends it, if it is not a time alone; several, where several subjects agreed.
    pub endings: Vec<Ending>,
    /// What it says beyond that.
    pub record: Record,
    /// Who signed its text, if its subject has a key.
    pub signed: Option<SignedBy>,
    /// Plugins that make less of the readings, in order.
    pub minimizers: Vec<Stage>,
    /// Plugins that may tighten it further.
    pub policies: Vec<Stage>,
}

/// A grant that is valid at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Permit<'a> {
    grant: &'a Grant,
    now: Millis,
}

/// The time, or that nobody knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// It is this time.
    Known(Millis),
    /// The clock went back behind what the ledger has seen, or was never set.
    Unknown,
}

/// How far the clock may step back before it counts as unknown.
const CLOCK_BACK_MS_MAX: i64 = 5 * 60_000;
/// 2026-01-01T00:00:00Z: no gateway of this version ran earlier; a clock that says so was never set.
const CLOCK_MS_MIN: i64 = 1_767_225_600_000;

impl Clock {
    /// What a clock that says `now` is worth to somebody who has seen it say `seen`.
    pub fn told(now: Millis, seen: Millis) -> Self {
        let floor = seen.0.saturating_sub(CLOCK_BACK_MS_MAX).max(CLOCK_MS_MIN);
        if now.0 >= floor { Self::Known(now) } else { Self::Unknown }
    }
}

impl<'a> Permit<'a> {
    /// The grant.
    pub fn grant(&self) -> &'a Grant {
        self.grant
    }

    /// The moment.
    pub fn now(&self) -> Millis {
        self.now
    }
}

impl Grant {
    /// Whether it is valid now. An unknown clock is no.
    pub fn permit(&self, clock: Clock) -> Option<Permit<'_>> {
        match clock {
            Clock::Known(now)
                if self.valid_from <= now && now < self.valid_until && self.ended().is_none() =>
            {
                Some(Permit { grant: self, now })
            }
            _ => None,
        }
    }

    /// Whether it ends with these readings of its own device.
    pub fn ends_with(&self, readings: &[Reading]) -> bool {
        self.endings.iter().any(|it| it.is_of_own_device() && it.is_in(readings))
    }

    /// When an event ended it, if one did.
    pub fn ended(&self) -> Option<Millis> {
        self.endings.iter().filter_map(Ending::at).min()
    }

    /// The most that can leave under it.
    pub fn capacity(&self) -> Capacity {
        let ways = || (self.slots_waited_max() + 1.0) * f64::from(PAD_KIB_MAX + 1);
        Capacity::of(&self.fields, self.every, if self.policies.is_empty() { 1.0 } else { ways() })
    }

    /// The slot of `now`: a number that grows by one each [`Grant::every`].
    pub fn slot(&self, now: Millis) -> i64 {
        now.0 / self.every_ms()
    }

    /// When `slot` begins.
    pub fn slot_start(&self, slot: i64) -> Millis {
        Millis(slot.saturating_mul(self.every_ms()))
    }

    /// By how many slots a policy can put a release off: [`super::release::clamp`] sees to it.
    fn slots_waited_max(&self) -> f64 {
        (self.wait_max.as_secs_f64() / self.every.as_secs_f64()).ceil()
    }

    fn every_ms(&self) -> i64 {
        i64::try_from(self.every.as_millis()).unwrap_or(i64::MAX).max(1)
    }

    /// The grant `ada`, of a text that is one.
    #[cfg(test)]
    pub(crate) fn of_text(text: &str) -> Self {
        Self::from_source(&Source::from_text(std::path::Path::new("ada.toml"), text)).unwrap()
    }

    /// Reads and checks one grant file.
    pub fn from_source(source: &Source) -> Result<Self, SettingsError> {
        let id =
            source.path().file_stem().and_then(|it| it.to_str()).unwrap_or_default().to_owned();
        if !is_name(&id) {
            return Err(source.whole("its name must be lower-case letters, digits and hyphens"));
        }
        let file: File = source.parse()?;
        for name in [&file.subject, &file.device, &file.recipient] {
            check_name(source, name)?;
        }
        if let Some(alias) = &file.device_alias {
            check_name(source, alias)?;
        }
        let ends = (file.valid_until.as_ref(), file.valid_for.as_ref());
        let (valid_from, valid_until) = validity::window(source, &file.valid_from, ends)?;
        purpose::check(file.purpose.get_ref())
            .map_err(|it| source.error(file.purpose.span(), it))?;
        let digest = digest(source.text().as_bytes());
        let whose = (&**file.device.get_ref(), &**file.recipient.get_ref(), valid_from);
        let ending =
            file.ends_with.map(|it| Ending::of(source, it, (&id, digest), whose)).transpose()?;
        Ok(Self {
            id,
            digest,
            endings: ending.into_iter().collect(),
            device_alias: file.device_alias.as_ref().unwrap_or(&file.device).get_ref().clone(),
            every: source.duration(&file.every)?,
            retention: source.duration(&file.retention)?,
            wait_max: source.duration(&file.wait_max)?,
            fields: field::rules(source, file.field)?,
            minimizers: stages(source, file.minimize)?,
            policies: stages(source, file.policy)?,
            subject: file.subject.into_inner(),
            device: file.device.into_inner(),
            recipient: file.recipient.into_inner(),
            purpose: file.purpose.into_inner(),
            uses: validity::uses(source, file.uses)?,
            record: Record::from_file(source, file.record)?,
            signed: None,
            valid_from,
            valid_until,
        })
    }

    /// What this and another subject's grant for the same device, recipient and purpose both allow: the
    /// stricter of the two, everywhere.
    pub fn and(mut self, other: &Self) -> Option<Self> {
        self.fields = self
            .fields
            .iter()
            .filter_map(|ours| {
                let same = |it: &&Rule| it.path == ours.path && it.unit == ours.unit;
                ours.and(other.fields.iter().find(same)?).ok()
            })
            .collect();
        self.digest = digest(&[self.digest, other.digest].concat());
        // It is nobody's text.
        self.signed = None;
        self.every = self.every.max(other.every);
        self.retention = self.retention.min(other.retention);
        self.wait_max = self.wait_max.min(other.wait_max);
        self.valid_from = self.valid_from.max(other.valid_from);
        self.valid_until = self.valid_until.min(other.valid_until);
        self.uses = [self.uses, other.uses].into_iter().flatten().min();
        self.minimizers.extend(other.minimizers.iter().cloned());
        self.policies.extend(other.policies.iter().cloned());
        self.endings.extend(other.endings.iter().cloned());
        (!self.fields.is_empty()).then_some(self)
    }
}

fn digest(text: &[u8]) -> [u8; 8] {
    let hash: [u8; 32] = Sha256::digest(text).into();
    let mut digest = [0; 8];
    digest.copy_from_slice(&hash[..8]);
    digest
}

/// The file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    subject: Spanned<String>,
    device: Spanned<String>,
    device_alias: Option<Spanned<String>>,
    recipient: Spanned<String>,
    purpose: Spanned<String>,
    every: Spanned<String>,
    retention: Spanned<String>,
    #[serde(default = "wait_max_default")]
    wait_max: Spanned<String>,
    valid_from: Spanned<toml::value::Datetime>,
    valid_until: Option<Spanned<toml::value::Datetime>>,
    valid_for: Option<Spanned<String>>,
    uses: Option<Spanned<i64>>,
    ends_with: Option<Spanned<EventFile>>,
    record: Option<RecordFile>,
    field: Vec<Spanned<FieldFile>>,
    #[serde(default)]
    minimize: Vec<Spanned<StageFile>>,
    #[serde(default)]
    policy: Vec<Spanned<StageFile>>,
}

fn wait_max_default() -> Spanned<String> {
    Spanned::new(0..0, "24 h".into())
}

fn stages(source: &Source, stages: Vec<Spanned<StageFile>>) -> Result<Vec<Stage>, SettingsError> {
    stages.into_iter().map(|it| Stage::from_file(source, it, None)).collect()
}

fn check_name(source: &Source, name: &Spanned<String>) -> Result<(), SettingsError> {
    if is_name(name.get_ref()) {
        return Ok(());
    }
    Err(source.error(name.span(), "must be 1 to 64 lower-case letters, digits and hyphens"))
}

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const GOOD: &str = r#"
subject = "ada"
device = "pacemaker"
recipient = "hospital"
purpose = "sector-health:PatientMonitoring"
every = "5 min"
retention = "30 days"
valid-from = 2026-11-23T00:00:00Z
valid-until = 2027-11-23T00:00:00Z

[[field]]
path = "heart-rate"
unit = "/min"
range = [30, 220]
step = 5

[[minimize]]
plugin = "window-median"
settings = { window-s = 300 }
"#;

    fn parse(text: &str) -> Result<Grant, String> {
        let source = Source::from_text(Path::new("grants/ada.toml"), text);
        Grant::from_source(&source).map_err(|it| it.to_string())
    }

    #[track_caller]
    fn refused(from: &str, to: &str, problem: &str) {
        assert!(GOOD.contains(from));
        assert_eq!(parse(&GOOD.replace(from, to)).unwrap_err(), problem);
    }

    #[test]
    fn a_good_file_becomes_a_grant() {
        let grant = parse(GOOD).unwrap();
        assert_eq!((grant.id.as_str(), grant.device_alias.as_str()), ("ada", "pacemaker"));
        assert_eq!(grant.minimizers[0].settings, r#"{"window-s":300}"#);
        assert_eq!(grant.minimizers[0].place(None), "grants/ada.toml:17");
        assert_eq!(grant.wait_max, Duration::from_secs(86_400));
    }

    #[test]
    fn errors_name_the_line() {
        refused(
            "every = \"5 min\"",
            "every = \"often\"",
            "grants/ada.toml:6: must be a duration of at least 1 s, such as `5 min`, `24 h` or `30 days`",
        );
        refused(
            "step = 5",
            "step = 0",
            "grants/ada.toml:11: `step` must be above 0 and leave at most 2^53 values in the range",
        );
        refused(
            "step = 5",
            "stepp = 5",
            "grants/ada.toml:15: unknown field `stepp`, expected one of `path`, `unit`, `range`, `step`, `one-of`, `flag`, `buckets`, `pseudonym`, `pseudonyms-max`, `epoch`, `aggregate`, `noise`",
        );
        refused("2027", "2025", "grants/ada.toml:9: must be after `valid-from`");
        refused(
            "\"ada\"",
            "\"Ada L.\"",
            "grants/ada.toml:2: must be 1 to 64 lower-case letters, digits and hyphens",
        );
    }

    #[test]
    fn a_grant_is_valid_from_and_until_and_only_by_a_known_clock() {
        let grant = parse(GOOD).unwrap();
        let valid = |clock| grant.permit(clock).is_some();
        assert!(!valid(Clock::Unknown));
        assert!(!valid(Clock::Known(grant.valid_from.plus(-1))));
        assert!(valid(Clock::Known(grant.valid_from)));
        assert!(valid(Clock::Known(grant.valid_until.plus(-1))));
        assert!(!valid(Clock::Known(grant.valid_until)));
    }
}
