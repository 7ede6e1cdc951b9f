//! Privacy in figures, as sentences: the same ones for `status` and for the report.
//!
//! # Promises
//!
//! - They are computed from what is on disk and from the settings; what each means is in `docs/metrics.md`.

use super::{Question, page::moment};
use crate::{
    config::Config,
    consent::{
        decision, entropy::Estimate, grant::Grant, linkage::Shared, operator::noise::Account,
    },
    keys::Keys,
    message::Millis,
    store::{
        estimates, known,
        oldest::{self, Oldest},
        silence::{self, Silence},
        state,
    },
};
use rusqlite::Connection;
use std::time::Duration;

/// Of everybody, or of one subject.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    budgets: Vec<Budget>,
    oldest: Oldest,
    silence: Option<Silence>,
    shared: Vec<Shared>,
    estimates: Vec<Estimate>,
}

/// The budget of one field for one recipient.
#[derive(Clone, Debug)]
struct Budget {
    device: String,
    recipient: String,
    path: String,
    account: Account,
}

impl Figures {
    /// Computes them.
    pub(super) fn load(
        config: &Config,
        question: &Question,
        (store, keys): (&Connection, &Keys),
        now: Millis,
    ) -> rusqlite::Result<Self> {
        let (others, agreed) = (question.others(config), agreed(config, question));
        Ok(Self {
            budgets: budgets(&agreed, (store, keys), now)?,
            oldest: oldest::look(store, others.as_ref())?,
            silence: silence::last(store)?,
            estimates: estimated(&agreed, store)?,
            shared: shared(config, &agreed, (store, keys))?,
        })
    }

    /// A sentence for each.
    pub(super) fn sentences(&self) -> Vec<String> {
        let budgets = self.budgets.iter().map(Budget::sentence);
        let silence = self.silence.as_ref().map(silent);
        let shared = self.shared.iter().map(Shared::in_words);
        let none =
            self.shared.is_empty().then(|| "no two recipients know one identifier".to_owned());
        let estimates = self.estimates.iter().map(in_bits);
        estimates
            .chain(budgets)
            .chain(shared)
            .chain(none)
            .chain(kept(&self.oldest))
            .chain(silence)
            .collect()
    }
}

impl Budget {
    fn sentence(&self) -> String {
        let Self { device, recipient, path, account } = self;
        let [spent, budget] = [account.spent, account.budget].map(|it| it as f64 / 1e6);
        let until = moment(account.until);
        format!(
            "`{path}` of {device} for {recipient}: epsilon {spent} of {budget} spent until {until}"
        )
    }
}

fn silent(silence: &Silence) -> String {
    let millis = |it: Duration| it.as_micros().div_ceil(1000);
    format!(
        "last withdrawal while the gateway ran, heard of {}: in force after {} ms, and after {} ms nothing waited any more",
        moment(silence.at),
        millis(silence.denied),
        millis(silence.purged)
    )
}

/// Since when the oldest is there.
fn kept(oldest: &Oldest) -> impl Iterator<Item = String> {
    let waiting = oldest
        .waiting
        .map(|it| format!("oldest release that waits here, sealed: it came in {}", moment(it)));
    let remembered = oldest.remembered.as_ref().map(|(at, owner)| {
        format!(
            "oldest memory of plugins and operators here, sealed: written last {} for `{owner}`",
            moment(*at)
        )
    });
    let entry = oldest
        .entry
        .map(|it| format!("oldest entry of the ledger, which has no values: of {}", moment(it)));
    [waiting, remembered, entry].into_iter().flatten()
}

/// What all subjects of each device allow together.
fn agreed(config: &Config, question: &Question) -> Vec<Grant> {
    let devices = config.devices.iter().filter(|it| question.is_about(config, &it.name.0));
    let joint = devices.flat_map(|it| decision::joint(&it.name.0, &it.subjects, &config.grants));
    joint.map(|it| it.grant).collect()
}

fn in_bits(estimate: &Estimate) -> String {
    let Estimate { device, recipient, path, came, left, .. } = estimate;
    format!("`{path}` of {device} for {recipient}: came in {came}, left {left}")
}

/// Of the grants that were agreed.
fn estimated(agreed: &[Grant], store: &Connection) -> rusqlite::Result<Vec<Estimate>> {
    let mut all = estimates::look(store)?;
    all.retain(|it| agreed.iter().any(|grant| grant.id == it.grant));
    Ok(all)
}

fn budgets(
    agreed: &[Grant],
    (store, keys): (&Connection, &Keys),
    now: Millis,
) -> rusqlite::Result<Vec<Budget>> {
    let (vault, mut budgets) = (keys.vault(), Vec::new());
    for grant in agreed {
        if grant.fields.iter().all(|it| it.operators.noise.is_none()) {
            continue;
        }
        let memory = state::operators(store, &vault, &grant.id)?;
        budgets.extend(grant.fields.iter().filter_map(|rule| {
            Some(Budget {
                device: grant.device.clone(),
                recipient: grant.recipient.clone(),
                path: rule.path.clone(),
                account: memory.account(rule, now)?,
            })
        }));
    }
    Ok(budgets)
}

fn shared<'a>(
    config: &'a Config,
    agreed: &'a [Grant],
    (store, keys): (&Connection, &Keys),
) -> rusqlite::Result<Vec<Shared>> {
    let both = |it: &'a Grant| Some((it, &**config.contracts.get(&it.recipient)?));
    let agreed: Vec<_> = agreed.iter().filter_map(both).collect();
    known::look(store, (&keys.vault(), |it: &[u8; 32]| keys.sealing_public_to(it)), &agreed)
}
