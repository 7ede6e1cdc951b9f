//! Decides one frame again, by the plugins and the text of a grant that the ledger names by their digests.
//!
//! # Promises
//!
//! - Nothing leaves and nothing is kept. What is told are names and words, no values.
//! - Other bytes than those that are named are never used in their place.
//! - Nothing is remembered from frames before: what hung on that comes out otherwise.

use crate::{
    config::Config,
    consent::grant::Clock,
    keys::Keys,
    message::Frame,
    pipeline::{self, Outcome, live::LiveDevice, seal::Sealing},
    plugins::{
        named,
        plan::{DevicePlan, Generation},
        shelf::{self, Shelf},
    },
};
use data_encoding::HEXLOWER;
use std::convert::Infallible;

/// What is to be decided again.
pub struct Asked<'a> {
    /// The frame, with the time at which it came then.
    pub frame: Frame,
    /// The plugins that were called, as [`named::plugin`] calls them.
    pub plugins: Vec<&'a str>,
    /// The grant and the digest of its text; nothing where no grant was asked.
    pub grant: Option<(&'a str, &'a str)>,
}

/// What comes out now.
#[derive(Debug, PartialEq, Eq)]
pub struct Comes {
    /// `withheld`, `quarantined` or `queued`.
    pub kind: &'static str,
    /// Why.
    pub reason: &'static str,
    /// The plugins that were called, and what each did.
    pub plugins: Vec<(String, Vec<&'static str>)>,
    /// The names of the fields that would leave.
    pub fields: Vec<String>,
}

/// Decides it; or says what is not here any more.
pub fn again(config: &Config, keys: &Keys, asked: &Asked<'_>) -> Result<Comes, String> {
    let mut shelf = super::shelf(config, keys).map_err(|it| it.to_string())?;
    for name in &asked.plugins {
        shelf = having(shelf, config, name)?;
    }
    let generation = Generation::build(0, config, &shelf).map_err(|it| it.to_string())?;
    let device = &asked.frame.device;
    let plan = generation.plan(device).ok_or_else(|| format!("no device `{device}` any more"))?;
    let plan = asked.of(plan)?;
    let Ok(mut live) = LiveDevice::new::<Infallible>(&plan, None, |_| Ok(None));
    let (clock, sealing) = (|| Clock::Known(asked.frame.received), Sealing::new(keys));
    let decided = pipeline::run(&plan, &mut live, &asked.frame, (clock, &sealing));
    let decision = decided.into_iter().next().ok_or("the grant was not valid then")?;
    let (kind, reason, fields) = match &decision.outcome {
        Outcome::Withheld(reason) => ("withheld", reason.name(), Vec::new()),
        Outcome::Quarantined(reason) => ("quarantined", reason.name(), Vec::new()),
        Outcome::Queued(sealed, noted) => {
            ("queued", noted.map_or("", |it| it.name()), sealed.names().to_vec())
        }
    };
    let called = decision.steps.plugins.iter();
    let plugins = called.map(|it| (it.0.to_string(), it.1.names().collect())).collect();
    Ok(Comes { kind, reason, plugins, fields })
}

impl Asked<'_> {
    /// `plan` with the adapter and the grant of then alone.
    fn of(&self, plan: &DevicePlan) -> Result<DevicePlan, String> {
        if self.plugins.first().is_none_or(|it| **it != *plan.adapter.name) {
            return Err(format!(
                "then it was decoded by `{}`, and now it would be by `{}`: give the device its \
                 adapter and settings of then in hushgate.toml",
                self.plugins.first().unwrap_or(&""),
                plan.adapter.name
            ));
        }
        let Some((id, text)) = self.grant else {
            return Ok(DevicePlan::new(0, plan.adapter.clone(), plan.grants.clone()));
        };
        let same = |it: &&std::sync::Arc<crate::plugins::plan::GrantPlan>| {
            it.grant.id == id && HEXLOWER.encode(&it.grant.digest) == text
        };
        let Some(grant) = plan.grants.iter().find(same) else {
            return Err(format!(
                "no grant `{id}` whose text has the digest {text}: put its text of then into grants/"
            ));
        };
        Ok(DevicePlan::new(0, plan.adapter.clone(), vec![grant.clone()]))
    }
}

/// A shelf with exactly the version of a plugin that is named: the one in use, or one that was kept.
fn having(shelf: Shelf, config: &Config, name: &str) -> Result<Shelf, String> {
    let mut parts = name.split(' ').skip(1);
    let (id, digest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let is_it = |it: &Shelf| it.get(id).is_some_and(|it| named::digest(it) == digest);
    if is_it(&shelf) {
        return Ok(shelf);
    }
    let kept = config.home.kept();
    let dirs = [kept.join(id), shelf::before(&kept, id)];
    let tried = dirs.iter().filter_map(|it| shelf.trying(it).ok());
    let mut found = tried.filter(|(it, found)| found == id && is_it(it)).map(|it| it.0);
    found.next().ok_or_else(|| {
        format!(
            "plugin `{id}` of digest {digest} is not here: put that version into {}",
            config.home.plugins().join(id).display()
        )
    })
}
