//! What devices sent, what left of it and for whom, over some days: the subject's own look at the gateway.
//!
//! # Promises
//!
//! - Names and counts, never a value: a report can be shown to whoever may know that these devices exist.
//! - It is read from the gateway's own file, whether the gateway runs or not, and changes nothing.

mod figures;
pub mod flow;
mod page;
pub mod receipt;

use crate::{
    config::Config,
    consent::grant::{Clock, Grant},
    keys::Keys,
    ledger::{self, Head, Kind},
    message::Millis,
    outbox,
    store::{
        daily::{self, Counts, Line},
        erase::Whose,
    },
};
use figures::Figures;
use rusqlite::Connection;
use std::collections::BTreeMap;

/// The most days of one report.
pub const DAYS_MAX: u16 = 92;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Question {
    /// About whom; everybody if nobody is named.
    pub subject: Option<String>,
    /// The last day, as days since 1970.
    pub today: i64,
    /// How many days, today included: 1 to [`DAYS_MAX`].
    pub days: u16,
}

/// Everything that a report says.
#[derive(Clone, Debug)]
pub struct Report {
    question: Question,
    devices: Vec<DeviceReport>,
    /// By day, the last one at the end: frames that came, releases that were sealed.
    by_day: Vec<(i64, u64, u64)>,
    waiting: u64,
    /// The moment from which the oldest release waits for its recipient.
    oldest: Option<Millis>,
    head: Head,
    figures: Figures,
}

/// One device and whom it was for.
#[derive(Clone, Debug)]
struct DeviceReport {
    name: String,
    /// By recipient; nobody is the empty name.
    pairs: BTreeMap<String, Pair>,
}

/// What happened to frames of one device for one recipient.
#[derive(Clone, Debug, Default)]
struct Pair {
    /// Decisions, whatever their outcome.
    came: Counts,
    /// Those that became releases.
    left: Counts,
    delivered: u64,
    /// What did not leave, and why.
    kept: BTreeMap<String, u64>,
    /// Releases that did not arrive: how they ended, and why.
    ended: BTreeMap<(Kind, String), u64>,
    /// The most bits an hour under the grants of today, if there are any.
    bits_per_hour: Option<f64>,
}

impl Report {
    /// Reads it. `store` is nothing where the gateway has never run.
    pub fn load(
        config: &Config,
        store: Option<&Connection>,
        question: Question,
    ) -> rusqlite::Result<Self> {
        let first = question.today - i64::from(question.days.clamp(1, DAYS_MAX)) + 1;
        let lines = store.map_or(Ok(Vec::new()), |it| daily::since(it, first))?;
        let about = |device: &str| question.is_about(config, device);
        let mut devices = BTreeMap::new();
        let mut by_day: BTreeMap<_, _> = (first..=question.today).map(|it| (it, (0, 0))).collect();
        for line in lines.iter().filter(|it| about(&it.device)) {
            count(&mut devices, line);
            let day = by_day.entry(line.day).or_default();
            day.0 += if line.kind.is_decision() { line.counts.events } else { 0 };
            day.1 += if line.kind == Kind::Queued { line.counts.events } else { 0 };
        }
        for grant in config.grants.iter().filter(|it| about(&it.device)) {
            agree(&mut devices, grant);
        }
        let mut waiting = store.map_or(Ok(Vec::new()), outbox::oldest)?;
        waiting.retain(|it| about(&it.0));
        Ok(Self {
            devices: devices
                .into_iter()
                .map(|(name, pairs)| DeviceReport { name, pairs })
                .collect(),
            by_day: by_day.into_iter().map(|(day, (came, left))| (day, came, left)).collect(),
            waiting: waiting.iter().map(|it| it.1).sum(),
            oldest: waiting.iter().map(|it| it.2).min(),
            head: store.map_or(Ok(Head::default()), ledger::head)?,
            figures: Figures::default(),
            question,
        })
    }

    /// With what only the gateway's own keys open: the privacy figures.
    pub fn measured(
        mut self,
        config: &Config,
        (store, keys): (&Connection, &Keys),
    ) -> rusqlite::Result<Self> {
        self.figures = Figures::load(config, &self.question, (store, keys), Millis::now())?;
        Ok(self)
    }

    /// The privacy figures, a sentence each.
    pub fn figures(&self) -> Vec<String> {
        self.figures.sentences()
    }

    /// As one page that needs nothing else.
    pub fn html(&self, config: &Config) -> String {
        page::render(self, &flow::draw(config, |it| self.question.is_about(config, it)))
    }

    /// How much of what came stayed at home, in one line; nothing where nothing came.
    pub fn stayed(&self) -> Option<String> {
        let Pair { came, left, delivered, .. } = self.total();
        let messages = reduction(came.events, left.events)?;
        let fields = reduction(came.fields_in, left.fields_out)
            .map(|it| format!(" and {it:.1} % of the fields"))
            .unwrap_or_default();
        Some(format!(
            "in {} days {messages:.1} % of the messages{fields} stayed at home; {delivered} arrived",
            self.question.days,
        ))
    }

    /// All pairs of device and recipient together.
    fn total(&self) -> Pair {
        let mut total = Pair::default();
        for pair in self.devices.iter().flat_map(|it| it.pairs.values()) {
            total.came.add(pair.came);
            total.left.add(pair.left);
            total.delivered += pair.delivered;
        }
        total
    }
}

impl Question {
    /// Whose data it is not about: devices, and grants that are there; nothing if it is about everybody's.
    fn others(&self, config: &Config) -> Option<Whose> {
        self.subject.as_ref()?;
        let names = config.devices.iter().map(|it| it.name.to_string());
        let devices: Vec<_> = names.filter(|it| !self.is_about(config, it)).collect();
        let grants = config.grants.iter().filter(|it| devices.contains(&it.device));
        Some(Whose { grants: grants.map(|it| it.id.clone()).collect(), devices })
    }

    /// Whether what `device` sends is about the subject.
    fn is_about(&self, config: &Config, device: &str) -> bool {
        let Some(subject) = &self.subject else { return true };
        let is_theirs = |it: &crate::config::Device| it.subjects.contains(subject);
        config.devices.iter().any(|it| *it.name.0 == *device && is_theirs(it))
    }
}

fn count(devices: &mut BTreeMap<String, BTreeMap<String, Pair>>, line: &Line) {
    let pairs = devices.entry(line.device.clone()).or_default();
    let pair = pairs.entry(line.recipient.clone()).or_default();
    let events = line.counts.events;
    if line.kind.is_decision() {
        pair.came.add(line.counts);
    }
    match line.kind {
        Kind::Queued => pair.left.add(line.counts),
        Kind::Withheld | Kind::Quarantined => {
            *pair.kept.entry(line.reason.clone()).or_default() += events;
        }
        Kind::Delivered => pair.delivered += events,
        // Not about frames: the daily counts have none of these.
        Kind::Withdrawn | Kind::Deleted | Kind::Ended => {}
        Kind::Expired | Kind::Purged => {
            *pair.ended.entry((line.kind, line.reason.clone())).or_default() += events;
        }
    }
}

fn agree(devices: &mut BTreeMap<String, BTreeMap<String, Pair>>, grant: &Grant) {
    let pairs = devices.entry(grant.device.clone()).or_default();
    let pair = pairs.entry(grant.recipient.clone()).or_default();
    if grant.permit(Clock::Known(Millis::now())).is_some() {
        *pair.bits_per_hour.get_or_insert(0.0) += grant.capacity().bits_per_hour;
    }
}

/// How much less leaves than came, in hundredths: 97 is "3 of 100 left". Nothing where nothing came.
fn reduction(came: u64, left: u64) -> Option<f64> {
    (came > 0).then(|| 100.0 * (1.0 - left as f64 / came as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reduction_of_nothing_is_none_and_padding_can_make_it_negative() {
        assert_eq!(reduction(0, 0), None);
        assert_eq!(reduction(200, 3), Some(98.5));
        assert_eq!(reduction(100, 200), Some(-100.0));
    }
}
