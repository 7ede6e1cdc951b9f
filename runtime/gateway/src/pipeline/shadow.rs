//! What frames would release under a plan, without sealing or keeping anything: to compare plans.
//!
//! # Promises
//!
//! - Nothing leaves and nothing is remembered: instances and states are its own.
//! - What it tells are numbers: how often something would leave and in how many different values.

use super::{Asked, Hand, consented, decode, live::LiveDevice, steps::Steps};
use crate::{
    consent::{grant::Clock, schema::Allowed},
    message::Frame,
    plugins::plan::DevicePlan,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    fmt,
};

/// What some frames would release: by grant and path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disclosed(BTreeMap<(String, String), Told>);

/// How one path of one grant differs between two generations, in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    grant: String,
    path: String,
    before: Told,
    after: Told,
}

/// How much one path would tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    releases: usize,
    values: BTreeSet<String>,
}

/// Runs `frames` through `plan`, oldest first.
pub fn run<'a>(plan: &DevicePlan, frames: impl Iterator<Item = &'a Frame>) -> Disclosed {
    let Ok(mut live) = LiveDevice::new::<Infallible>(plan, None, |_| Ok(None));
    let mut disclosed = Disclosed::default();
    let mut chance = fastrand::Rng::with_seed(0);
    for frame in frames {
        let Ok(readings) = decode::run(&plan.adapter, &mut live.adapter, frame) else { continue };
        for (place, grant) in plan.grants.iter().enumerate() {
            let then = Clock::Known(frame.received);
            let Some(permit) = grant.grant.permit(then) else { continue };
            let asked = Asked { plan: grant, permit };
            let live = live.grants.get_mut(place);
            // The same chance for both plans, or they would differ by it.
            let steps = &mut Steps::default();
            let hand = Hand { secret: &[0; 32], coins: &mut || Some(chance.u64(..)), steps };
            let consented = consented(asked, (|| then, hand), live, &readings);
            let Ok((consented, _)) = consented else { continue };
            for field in consented.fields() {
                let told = disclosed.0.entry((grant.grant.id.clone(), field.path.clone()));
                let told = told.or_default();
                told.releases += 1;
                told.values.insert(text(field.value.reveal()));
            }
        }
    }
    disclosed
}

fn text(value: &Allowed) -> String {
    match value {
        Allowed::Number(it) => it.to_string(),
        Allowed::Flag(it) => it.to_string(),
        Allowed::Choice(it) => it.clone(),
    }
}

impl Disclosed {
    /// Each path that either of the two would tell, with what `before` told of it.
    pub fn beside(mut self, mut before: Self) -> Vec<Difference> {
        let places: BTreeSet<_> = self.0.keys().chain(before.0.keys()).cloned().collect();
        let difference = |place: (String, String)| {
            let after = self.0.remove(&place).unwrap_or_default();
            let before = before.0.remove(&place).unwrap_or_default();
            Difference { grant: place.0, path: place.1, before, after }
        };
        places.into_iter().map(difference).collect()
    }
}

impl Difference {
    /// Whether more would be told: more often, or in more different values.
    pub fn is_more(&self) -> bool {
        let (before, after) = (&self.before, &self.after);
        after.releases > before.releases || after.values.len() > before.values.len()
    }

    /// Whether other values would be told than before.
    fn is_same(&self) -> bool {
        self.before == self.after
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { grant, path, before, after } = self;
        write!(
            f,
            "{grant}: {path} in {} releases instead of {}, {} different values instead of {}",
            after.releases,
            before.releases,
            after.values.len(),
            before.values.len()
        )?;
        match () {
            () if before.releases == 0 => write!(f, ": NEW, it would not leave now"),
            () if after.releases == 0 => write!(f, ": GONE, it would leave no more"),
            () if self.is_more() => write!(f, ": MORE"),
            () if self.is_same() => write!(f, ": the same"),
            () => write!(f, ": not more, but not the same values"),
        }
    }
}
