//! The limits of one field, and on which side of them it is.
//!
//! # Promises
//!
//! - A limit that was crossed is left only beyond its clearing value, so that noise at the limit tells nothing.

use hushgate_sdk::{bytes::Bytes, state::Memory};
use serde::Deserialize;

const COUNT_MAX: u16 = 1_000;
const HEARTBEAT_S_MAX: u64 = 604_800;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct LimitsSetting {
    unit: Option<String>,
    high: Option<f64>,
    high_clear: Option<f64>,
    low: Option<f64>,
    low_clear: Option<f64>,
    #[serde(default = "count")]
    count: u16,
    heartbeat_s: Option<u64>,
}

const fn count() -> u16 {
    1
}

/// The limits of a path.
#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) unit: Option<String>,
    /// Above.
    high: Option<Limit>,
    /// Below: the limit of the value with the other sign.
    low: Option<Limit>,
    count: u16,
    heartbeat_ms: Option<u64>,
}

/// What is above `set` is beyond it, until it is not above `clear`.
#[derive(Clone, Copy, Debug)]
struct Limit {
    set: f64,
    clear: f64,
}

impl LimitsSetting {
    pub(crate) fn checked(self) -> Result<Limits, &'static str> {
        let (high, low) = (limit(self.high, self.high_clear)?, limit(self.low, self.low_clear)?);
        let low = low.map(|it| Limit { set: -it.set, clear: -it.clear });
        if high.is_none() && low.is_none() {
            return Err("`high`, `low` or both");
        }
        if ![high, low].iter().flatten().all(|it| it.clear <= it.set) {
            return Err("`high-clear` at most `high`, `low-clear` at least `low`");
        }
        if self.high.zip(self.low).is_some_and(|(high, low)| low > high) {
            return Err("`low` at most `high`");
        }
        if !(1..=COUNT_MAX).contains(&self.count) {
            return Err("`count` of 1 to 1000");
        }
        if self.heartbeat_s.is_some_and(|it| !(1..=HEARTBEAT_S_MAX).contains(&it)) {
            return Err("`heartbeat-s` of 1 to 604800");
        }
        let heartbeat_ms = self.heartbeat_s.map(|it| it * 1000);
        Ok(Limits { unit: self.unit, high, low, count: self.count, heartbeat_ms })
    }
}

fn limit(set: Option<f64>, clear: Option<f64>) -> Result<Option<Limit>, &'static str> {
    match (set, clear) {
        (None, Some(_)) => Err("a limit where a value clears it"),
        (set, clear) => Ok(set.map(|set| Limit { set, clear: clear.unwrap_or(set) })),
    }
}

/// What is remembered of a field.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Alarm {
    high: Side,
    low: Side,
}

/// Whether a value is beyond one limit.
#[derive(Debug, Default, PartialEq)]
struct Side {
    beyond: bool,
    /// Values in a row that said otherwise.
    contrary: u16,
    told_ms: Option<u64>,
}

impl Alarm {
    /// Takes a value in. Returns the flags that go on, each by name.
    pub(crate) fn see(
        &mut self,
        limits: &Limits,
        now_ms: u64,
        value: f64,
    ) -> [Option<(&'static str, bool)>; 2] {
        let high = limits.high.and_then(|limit| self.high.see(limits, limit, (now_ms, value)));
        let low = limits.low.and_then(|limit| self.low.see(limits, limit, (now_ms, -value)));
        [high.map(|on| ("high", on)), low.map(|on| ("low", on))]
    }
}

impl Side {
    fn see(&mut self, limits: &Limits, limit: Limit, (now_ms, value): (u64, f64)) -> Option<bool> {
        let beyond = value > if self.beyond { limit.clear } else { limit.set };
        self.contrary = if beyond == self.beyond { 0 } else { self.contrary.saturating_add(1) };
        let changes = self.contrary >= limits.count;
        if changes {
            self.beyond = beyond;
            self.contrary = 0;
        }
        if !changes && !self.is_due(limits.heartbeat_ms, now_ms) {
            return None;
        }
        self.told_ms = Some(now_ms);
        Some(self.beyond)
    }

    /// A clock that went back makes it due: better told twice than not.
    fn is_due(&self, heartbeat_ms: Option<u64>, now_ms: u64) -> bool {
        let since_ms = |told_ms| now_ms.checked_sub(told_ms);
        let passed =
            |every_ms| self.told_ms.and_then(since_ms).is_none_or(|since_ms| since_ms >= every_ms);
        heartbeat_ms.is_some_and(passed)
    }
}

/// Of above and then of below: 1 if beyond, 2 if told, 3 if both (1 byte), contrary values (2), time when told (8).
impl Memory for Alarm {
    fn write(&self, out: &mut Vec<u8>) {
        for side in [&self.high, &self.low] {
            out.push(u8::from(side.beyond) | u8::from(side.told_ms.is_some()) << 1);
            out.extend(side.contrary.to_le_bytes());
            out.extend(side.told_ms.unwrap_or(0).to_le_bytes());
        }
    }

    fn read(rest: &mut Bytes<'_>) -> Option<Self> {
        Some(Self { high: Side::read(rest)?, low: Side::read(rest)? })
    }
}

impl Side {
    fn read(rest: &mut Bytes<'_>) -> Option<Self> {
        let (beyond, told) = match rest.u8().ok()? {
            flags @ 0..=3 => (flags & 1 != 0, flags & 2 != 0),
            _ => return None,
        };
        let contrary = rest.u16_le().ok()?;
        let told_ms = rest.array().ok().map(u64::from_le_bytes)?;
        Some(Self { beyond, contrary, told_ms: told.then_some(told_ms) })
    }
}
