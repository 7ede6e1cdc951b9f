//! What frames would release under a plan, without sealing or keeping anything: to compare plans.
//!
//! # Promises
//!
//! - Nothing leaves and nothing is remembered: instances and states are its own.
//! - What it tells are numbers: how often something would leave and in how many different values.

use super::{Asked, consented, decode, live::LiveDevice};
use crate::{
    consent::{grant::Clock, schema::Allowed},
    message::Frame,
    plugins::plan::DevicePlan,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
};

/// What some frames would release: by grant and path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disclosed(BTreeMap<(String, String), Told>);

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
    for frame in frames {
        let Ok(readings) = decode::run(&plan.adapter, &mut live.adapter, frame) else { continue };
        for (grant, live) in plan.grants.iter().zip(&mut live.grants) {
            let Some(permit) = grant.grant.permit(Clock::Known(frame.received)) else { continue };
            let Ok((consented, _)) = consented(Asked { plan: grant, permit }, live, &readings)
            else {
                continue;
            };
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
    /// Where this tells more than `before`, in words.
    pub fn more_than(&self, before: &Self) -> Vec<String> {
        let none = Told::default();
        let more = self.0.iter().filter_map(|(place, now)| {
            let was = before.0.get(place).unwrap_or(&none);
            let more = now.releases > was.releases || now.values.len() > was.values.len();
            let (grant, path) = place;
            more.then(|| {
                format!(
                    "{grant}: {path} in {} releases instead of {}, {} different values instead of {}",
                    now.releases,
                    was.releases,
                    now.values.len(),
                    was.values.len()
                )
            })
        });
        more.collect()
    }
}
