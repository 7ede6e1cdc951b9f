//! Step three: minimizers make less of the readings, one after another.

use super::{
    decode,
    live::LiveGrant,
    steps::{Steps, count},
};
use crate::{message::Millis, outcome::Reason, plugins::plan::MinimizerPlan};
use hushgate_wasm::bindings::Reading;
use std::borrow::Cow;

/// The most that one minimizer may leave for its next call, in bytes.
const STATE_BYTES_MAX: usize = 16 << 10;

/// Runs all minimizers of a grant. On an error all states stay as they were.
pub fn run<'a>(
    plans: &[MinimizerPlan],
    live: &mut LiveGrant,
    (now, steps): (Millis, &mut Steps),
    readings: &'a [Reading],
) -> Result<Cow<'a, [Reading]>, Reason> {
    let mut less = Cow::Borrowed(readings);
    let mut left = Vec::with_capacity(plans.len());
    for (place, plan) in plans.iter().enumerate() {
        let mut warm = std::mem::take(&mut live.minimizers[place]);
        let make = || plan.plugin.instance();
        steps.call(&plan.name);
        let answer = warm.call((now, &plan.pace), make, |it| {
            it.minimize(live.left(place), now.unsigned(), &less)
        });
        live.minimizers[place] = warm;
        let step = answer?.map_err(|_| Reason::PluginError)?;
        decode::check(&step.readings)?;
        if step.state.as_ref().is_some_and(|it| it.len() > STATE_BYTES_MAX) {
            return Err(Reason::PluginOutput);
        }
        left.push(step.state);
        let passed = declared(plan, step.readings);
        steps.passed(count(&less), count(&passed));
        less = Cow::Owned(passed);
        if less.is_empty() {
            break;
        }
    }
    for (place, state) in left.into_iter().enumerate() {
        live.leave(place, state);
    }
    Ok(less)
}

fn declared(plan: &MinimizerPlan, mut readings: Vec<Reading>) -> Vec<Reading> {
    for reading in &mut readings {
        reading.fields.retain(|it| plan.declared.lets(it));
    }
    readings
}
