//! Turns a frame into what its grants allow to leave: decode (and is it fresh?), decide, minimize, oblige, clamp, seal.
//!
//! # Promises
//!
//! - Every path ends in at least one [`Decision`], and in exactly one for each grant that was asked.
//! - A plugin that fails costs its own step: adapter, the frame is quarantined; minimizer or policy, the
//!   grant's part is withheld. So does one that is missing: no stage of a grant is ever skipped.
//! - Nothing here waits: no I/O, no lock.
//! - What plugins end with belongs to the slot in which they end. They can work on beyond the end of the slot in which
//!   the frame came, and would choose the moment of sending by that.

pub mod decode;
pub mod fresh;
pub mod live;
pub mod minimize;
pub mod oblige;
pub mod seal;
pub mod shadow;
pub mod steps;

use crate::{
    consent::{
        grant::{Clock, Grant, Permit},
        operator::{Coins, noise::sample},
        release::{self, Consented, Host, Nothing, Tightening},
    },
    message::Frame,
    outcome::Reason,
    plugins::plan::{DevicePlan, GrantPlan},
};
use hushgate_wasm::{bindings::Reading, sandbox::CallError};
use live::{LiveDevice, LiveGrant};
use seal::{Sealed, Sealing};
use std::sync::Arc;
use steps::Steps;

/// What was decided for one grant, or for a whole frame where no grant was asked.
#[derive(Debug)]
pub struct Decision {
    /// The grant; empty where none was asked.
    pub grant: String,
    /// Its recipient; empty where none was asked.
    pub recipient: String,
    /// The digest of the grant's text; nothing where none was asked.
    pub grant_digest: Option<[u8; 8]>,
    /// How many fields were understood.
    pub fields: usize,
    /// What was done until then.
    pub steps: Steps,
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
    /// It waits for its recipient; the reason is there if it is out of the ordinary.
    Queued(Sealed, Option<Reason>),
}

impl Decision {
    /// A decision for a whole frame.
    pub fn whole(outcome: Outcome) -> Self {
        let (grant, recipient) = (String::new(), String::new());
        Self { grant, recipient, grant_digest: None, fields: 0, steps: Steps::default(), outcome }
    }

    /// The same, after these steps.
    fn after(self, steps: Steps) -> Self {
        Self { steps, ..self }
    }
}

/// Runs the steps for one frame. `live` is the device's own and remembers for the next frame; `clock` tells the time
/// whenever it is asked.
pub fn run(
    plan: &DevicePlan,
    live: &mut LiveDevice,
    frame: &Frame,
    (clock, sealing): (impl Fn() -> Clock, &Sealing),
) -> Vec<Decision> {
    let now = clock();
    let permits: Vec<_> = plan.grants.iter().map(|it| it.grant.permit(now)).collect();
    let asks_nobody = permits.iter().all(Option::is_none);
    let nobody = if now == Clock::Unknown { Reason::ClockUnknown } else { Reason::NoGrant };
    live.happened.clear();
    if asks_nobody && !plan.awaits() {
        return vec![Decision::whole(Outcome::Withheld(nobody))];
    }
    let mut steps = Steps::default();
    steps.call(&plan.adapter.name);
    let decoded = decode::run(&plan.adapter, &mut live.adapter, frame).and_then(|readings| {
        steps.understood(&readings, &plan.known);
        let counter = plan.adapter.counter.as_ref();
        counter.map_or(Ok(()), |it| live.highest.check(&it.0, &readings)).map(|()| readings)
    });
    let readings = match decoded {
        Ok(readings) => readings,
        Err(reason) => {
            return vec![Decision::whole(Outcome::Quarantined(reason)).after(steps)];
        }
    };
    live.happened.extend(plan.endings.iter().filter(|it| it.ends_now(&readings, now)).cloned());
    if asks_nobody {
        return vec![Decision::whole(Outcome::Withheld(nobody)).after(steps)];
    }
    let grants = plan.grants.iter().zip(permits).enumerate();
    let decide = |(place, (plan, permit)): (usize, (&Arc<GrantPlan>, Option<_>))| {
        let asked = Asked { plan, permit: permit? };
        let live = live.grants.get_mut(place);
        Some(decide(asked, (&clock, sealing), live, (&readings, steps.clone())))
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
    (clock, sealing): (impl Fn() -> Clock, &Sealing),
    live: Option<&mut LiveGrant>,
    (readings, mut steps): (&[Reading], Steps),
) -> Decision {
    let secret = sealing.pseudonyms();
    let hand = Hand { secret, coins: &mut sample::system, steps: &mut steps };
    let sealed =
        consented(asked, (clock, hand), live, readings).and_then(|(consented, tightening)| {
            let noted = tightening.noted.then_some(Reason::Emergency);
            seal::run(sealing, &asked.plan.contract, &consented, tightening.pad_kib)
                .map(|it| (it, noted))
        });
    let outcome = match sealed {
        Ok((sealed, noted)) => Outcome::Queued(sealed, noted),
        Err(reason) => Outcome::Withheld(reason),
    };
    let grant = &asked.plan.grant;
    let fields = steps::count(readings);
    let (grant_digest, recipient) = (Some(grant.digest), grant.recipient.clone());
    Decision { grant: grant.id.clone(), recipient, grant_digest, fields, steps, outcome }
}

/// What operators need of the host, and where it is noted what was done.
struct Hand<'a> {
    secret: &'a [u8; 32],
    coins: Coins<'a>,
    steps: &'a mut Steps,
}

/// What may leave of `readings`, and what policies asked for.
fn consented(
    asked: Asked<'_>,
    (clock, hand): (impl Fn() -> Clock, Hand<'_>),
    live: Option<&mut LiveGrant>,
    readings: &[Reading],
) -> Result<(Consented, Tightening), Reason> {
    // Not this frame any more: it tells of the event.
    if asked.plan.grant.ends_with(readings) {
        return Err(Reason::GrantEnded);
    }
    let live = live.filter(|it| it.fits(asked.plan)).ok_or(Reason::PluginTrap)?;
    if live.is_used_up(asked.plan.grant.uses) {
        return Err(Reason::UsedUp);
    }
    live.flows.came(&asked.plan.grant.fields, readings);
    let now = asked.permit.now();
    let less = minimize::run(&asked.plan.minimizers, live, (now, &mut *hand.steps), readings)?;
    if less.is_empty() {
        return Err(Reason::Minimized);
    }
    let noting = (now, &mut *hand.steps);
    let tightening = oblige::run(asked.plan, &mut live.policies, noting, &less)?;
    let permit = still_valid(&asked.plan.grant, clock())?;
    let (slots, memory) = live.kept_by_the_host();
    let host = Host { slots, memory, secret: hand.secret, coins: hand.coins };
    let consented = release::clamp(permit, &less, host, &tightening).map_err(|it| match it {
        Nothing::NotGranted => Reason::NotGranted,
        Nothing::SlotTaken => Reason::SlotTaken,
        Nothing::Obligation => Reason::Obligation,
        Nothing::Summarized => Reason::Minimized,
        Nothing::Spent => Reason::BudgetSpent,
    })?;
    live.use_once();
    live.flows.left(&asked.plan.grant.fields, consented.fields());
    hand.steps.host.extend(asked.plan.operators_on(consented.fields()));
    Ok((consented, tightening))
}

fn still_valid(grant: &Grant, clock: Clock) -> Result<Permit<'_>, Reason> {
    match clock {
        Clock::Known(_) => grant.permit(clock).ok_or(Reason::GrantEnded),
        Clock::Unknown => Err(Reason::ClockUnknown),
    }
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

#[cfg(test)]
mod tests {
    use super::live::Warm;
    use super::*;
    use crate::{
        contract::{Address, Contract, Format},
        message::Millis,
    };
    use hushgate_wasm::bindings::{Field, Scalar};

    const GRANT: &str = r#"
subject = "ada"
device = "door"
recipient = "hospital"
purpose = "p"
every = "10 s"
retention = "1 h"
valid-from = 1970-01-01T00:00:00Z
valid-until = 1970-01-01T00:01:00Z
field = [{ path = "open", flag = true }]
"#;

    /// A grant without plugins.
    fn plan() -> GrantPlan {
        let contract = Contract {
            name: "hospital".into(),
            address: Address::Loopback("127.0.0.1:9000".parse().unwrap()),
            format: Format::PrivateIot,
            envelope_bytes: 1024,
            code: None,
        };
        GrantPlan {
            grant: Grant::of_text(GRANT),
            sources: vec!["ada".into()],
            subjects: vec!["ada".into()],
            contract: Arc::new(contract),
            minimizers: Vec::new(),
            policies: Vec::new(),
            operators: Vec::new(),
        }
    }

    /// When the slot begins, and ends, in which something leaves that came at `came`, if plugins end at `clock`.
    fn leaves(came: i64, clock: Clock) -> Result<(i64, i64), Reason> {
        let plan = plan();
        let mut live = LiveGrant::unused(&plan);
        leaves_with(&plan, Some(&mut live), (came, clock))
    }

    fn leaves_with(
        plan: &GrantPlan,
        live: Option<&mut LiveGrant>,
        (came, clock): (i64, Clock),
    ) -> Result<(i64, i64), Reason> {
        let permit = plan.grant.permit(Clock::Known(Millis(came))).unwrap();
        let field = Field { path: "open".into(), value: Scalar::Flag(true), unit: None };
        let readings = [Reading { kind: "k".into(), at_ms: None, fields: vec![field] }];
        let steps = &mut Steps::default();
        let hand = Hand { secret: &[0; 32], coins: &mut || None, steps };
        let consented = consented(Asked { plan, permit }, (|| clock, hand), live, &readings);
        consented.map(|it| (it.0.at().0, it.0.due().0))
    }

    #[test]
    fn where_a_stage_is_missing_or_one_too_many_nothing_leaves() {
        let (plan, now) = (plan(), (0, Clock::Known(Millis(0))));
        let with = |change: fn(&mut LiveGrant)| {
            let mut live = LiveGrant::unused(&plan);
            change(&mut live);
            leaves_with(&plan, Some(&mut live), now)
        };
        assert_eq!(with(|_| {}), Ok((0, 10_000)));
        assert_eq!(with(|it| it.policies.push(Warm::default())), Err(Reason::PluginTrap));
        assert_eq!(with(|it| it.minimizers.push(Warm::default())), Err(Reason::PluginTrap));
        assert_eq!(leaves_with(&plan, None, now), Err(Reason::PluginTrap));
        let mut other = self::plan();
        other.grant.id = "ben".into();
        let mut live = LiveGrant::unused(&other);
        assert_eq!(leaves_with(&plan, Some(&mut live), now), Err(Reason::PluginTrap));
    }

    #[test]
    fn what_plugins_end_with_belongs_to_the_slot_in_which_they_end() {
        let leaves = |ended| leaves(19_000, Clock::Known(Millis(ended)));
        assert_eq!(leaves(19_000), Ok((10_000, 20_000)));
        assert_eq!(leaves(19_899), Ok((10_000, 20_000)));
        // Not at this moment, nor at any other that a plugin could choose by working on.
        assert_eq!(leaves(20_013), Ok((20_000, 30_000)));
        // Too late to be on disk before the end.
        assert_eq!(leaves(19_950), Ok((20_000, 30_000)));
    }

    #[test]
    fn a_grant_for_two_uses_lets_two_releases_leave_also_across_a_restart() {
        let mut plan = plan();
        plan.grant.uses = Some(2);
        let mut live = LiveGrant::unused(&plan);
        let leaves = |plan: &GrantPlan, live: &mut LiveGrant, now| {
            let clock = Clock::Known(Millis(now));
            leaves_with(plan, Some(live), (now, clock)).map(drop)
        };
        assert_eq!(leaves(&plan, &mut live, 0), Ok(()));
        // What leaves nothing uses nothing.
        assert_eq!(leaves(&plan, &mut live, 5), Err(Reason::SlotTaken));
        let mut live = live.restarted(&plan);
        assert_eq!(leaves(&plan, &mut live, 10_000), Ok(()));
        let mut live = live.restarted(&plan);
        assert_eq!(leaves(&plan, &mut live, 20_000), Err(Reason::UsedUp));
        // A new text is a new consent.
        plan.grant.digest = [9; 8];
        let mut live = live.restarted(&plan);
        assert_eq!(leaves(&plan, &mut live, 20_000), Ok(()));
    }

    #[test]
    fn a_grant_that_ends_while_plugins_work_lets_nothing_leave() {
        assert_eq!(leaves(59_000, Clock::Known(Millis(60_000))), Err(Reason::GrantEnded));
        assert_eq!(leaves(59_000, Clock::Unknown), Err(Reason::ClockUnknown));
    }
}
