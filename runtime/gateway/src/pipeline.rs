//! Turns a frame into what its grants allow to leave: decode (and is it fresh?), decide, minimize, oblige, clamp, seal.
//!
//! # Promises
//!
//! - Every path ends in at least one [`Decision`], and in exactly one for each grant that was asked.
//! - A plugin that fails costs its own step: adapter, the frame is quarantined; minimizer or policy, the
//!   grant's part is withheld.
//! - Nothing here waits: no I/O, no lock, no clock but the frame's.

pub mod decode;
pub mod fresh;
pub mod live;
pub mod minimize;
pub mod oblige;
pub mod seal;
pub mod shadow;

use crate::{
    consent::{
        grant::{Clock, Permit},
        release::{self, Consented, Nothing, Tightening},
    },
    message::Frame,
    outcome::Reason,
    plugins::plan::{DevicePlan, GrantPlan},
};
use hushgate_wasm::{bindings::Reading, sandbox::CallError};
use live::{LiveDevice, LiveGrant};
use seal::{Sealed, Sealing};
use std::sync::Arc;

/// What was decided for one grant, or for a whole frame where no grant was asked.
#[derive(Debug)]
pub struct Decision {
    /// The grant; empty where none was asked.
    pub grant: String,
    /// Its recipient; empty where none was asked.
    pub recipient: String,
    /// What was decided.
    pub outcome: Outcome,
}

/// How it goes on.
#[derive(Debug)]
pub enum Outcome {
    /// Not at all: this is the gateway doing its work.
    Withheld(Reason),
    /// Not at all: nobody understood the frame.
    Quarantined(Reason),
    /// It waits for its recipient.
    Queued(Sealed),
}

impl Decision {
    /// A decision for a whole frame.
    pub fn whole(outcome: Outcome) -> Self {
        Self { grant: String::new(), recipient: String::new(), outcome }
    }
}

/// Runs the steps for one frame. `live` is the device's own and remembers for the next frame.
pub fn run(
    plan: &DevicePlan,
    live: &mut LiveDevice,
    frame: &Frame,
    (clock, sealing): (Clock, &Sealing),
) -> Vec<Decision> {
    let permits: Vec<_> = plan.grants.iter().map(|it| it.grant.permit(clock)).collect();
    if permits.iter().all(Option::is_none) {
        let reason = if clock == Clock::Unknown { Reason::ClockUnknown } else { Reason::NoGrant };
        return vec![Decision::whole(Outcome::Withheld(reason))];
    }
    let decoded = decode::run(&plan.adapter, &mut live.adapter, frame).and_then(|readings| {
        let counter = plan.adapter.counter.as_ref();
        counter.map_or(Ok(()), |it| live.highest.check(&it.0, &readings)).map(|()| readings)
    });
    let readings = match decoded {
        Ok(readings) => readings,
        Err(reason) => return vec![Decision::whole(Outcome::Quarantined(reason))],
    };
    let grants = plan.grants.iter().zip(&mut live.grants).zip(permits);
    let decide = |((plan, live), permit): ((&Arc<GrantPlan>, &mut _), Option<_>)| {
        decide(Asked { plan, permit: permit? }, sealing, live, &readings)
    };
    grants.filter_map(decide).collect()
}

/// One grant that is valid for one frame.
#[derive(Clone, Copy)]
struct Asked<'a> {
    plan: &'a GrantPlan,
    permit: Permit<'a>,
}

fn decide(
    asked: Asked<'_>,
    sealing: &Sealing,
    live: &mut LiveGrant,
    readings: &[Reading],
) -> Option<Decision> {
    let sealed = consented(asked, live, readings).and_then(|(consented, tightening)| {
        seal::run(sealing, &asked.plan.contract, &consented, tightening.pad_kib)
    });
    let outcome = match sealed {
        Ok(sealed) => Outcome::Queued(sealed),
        Err(reason) => Outcome::Withheld(reason),
    };
    let grant = &asked.plan.grant;
    Some(Decision { grant: grant.id.clone(), recipient: grant.recipient.clone(), outcome })
}

/// What may leave of `readings`, and what policies asked for.
fn consented(
    asked: Asked<'_>,
    live: &mut LiveGrant,
    readings: &[Reading],
) -> Result<(Consented, Tightening), Reason> {
    let now = asked.permit.now();
    let less = minimize::run(&asked.plan.minimizers, live, now, readings)?;
    if less.is_empty() {
        return Err(Reason::Minimized);
    }
    let tightening = oblige::run(asked.plan, &mut live.policies, now, &less)?;
    let consented =
        release::clamp(asked.permit, &less, live.slots(), &tightening).map_err(|it| match it {
            Nothing::NotGranted => Reason::NotGranted,
            Nothing::SlotTaken => Reason::SlotTaken,
            Nothing::Obligation => Reason::Obligation,
        })?;
    Ok((consented, tightening))
}

/// Why a call that gave no answer ends the step.
fn reason(error: CallError) -> Reason {
    match error {
        CallError::TimedOut => Reason::PluginTime,
        CallError::OutOfMemory => Reason::PluginMemory,
        CallError::BadOutput => Reason::PluginOutput,
        CallError::Trapped | CallError::NoInstance | CallError::NotConfigured => Reason::PluginTrap,
    }
}
