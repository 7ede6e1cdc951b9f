//! Step four: policies may tighten, and the host does what they ask or withholds.

use super::{
    live::Warm,
    steps::{Steps, Word, Words, asked},
};
use crate::{
    consent::{
        release::{PAD_KIB_MAX, Tightening},
        schema::is_step,
    },
    contract::{Contract, Format},
    message::Millis,
    outcome::Reason,
    plugins::plan::GrantPlan,
};
use hushgate_wasm::{
    bindings::{Field, FieldView, Obligation, Reading, Request, Verdict},
    plugin::PolicyInstance,
};
use std::collections::BTreeSet;

/// Asks all policies of a grant. The first that says no ends it.
pub fn run(
    plan: &GrantPlan,
    live: &mut [Warm<PolicyInstance>],
    (now, steps): (Millis, &mut Steps),
    readings: &[Reading],
) -> Result<Tightening, Reason> {
    let mut tightening = Tightening::default();
    if plan.policies.is_empty() {
        return Ok(tightening);
    }
    let mut request = request(plan, now, readings);
    for (policy, live) in plan.policies.iter().zip(live) {
        show(&mut request, policy.sees_values.then_some(readings));
        let (paced, make) = ((now, &*policy.pace), || policy.plugin.instance());
        steps.call(&policy.name);
        let answer = live.call(paced, make, |it| it.evaluate(&request))?;
        let verdict = answer.map_err(|_| Reason::PluginError)?;
        steps.did(words(&verdict));
        match verdict {
            Verdict::Release(obligations) => {
                for obligation in obligations {
                    oblige(&mut tightening, obligation, now)?;
                }
            }
            Verdict::HoldUntil(ms) => {
                hold(&mut tightening, Millis(i64::try_from(ms).unwrap_or(i64::MAX)));
            }
            Verdict::Withhold(_) | Verdict::NeedConsent(_) => return Err(Reason::Policy),
        }
    }
    padded(tightening, &plan.contract)
}

fn words(verdict: &Verdict) -> Words {
    let released = Words::default().and(Word::Released);
    match verdict {
        Verdict::Release(all) => all.iter().map(asked).fold(released, Words::and),
        Verdict::HoldUntil(_) => released.and(Word::Delay),
        Verdict::Withhold(_) | Verdict::NeedConsent(_) => Words::default().and(Word::Withheld),
    }
}

/// The prototype's page is sent no envelopes that could be padded.
fn padded(tightening: Tightening, contract: &Contract) -> Result<Tightening, Reason> {
    match contract.format {
        Format::PrivateIot if tightening.pad_kib > 0 => Err(Reason::Obligation),
        Format::PrivateIot | Format::Hushgate(_) => Ok(tightening),
    }
}

fn oblige(all: &mut Tightening, obligation: Obligation, now: Millis) -> Result<(), Reason> {
    match obligation {
        Obligation::Keep(paths) => {
            let paths: BTreeSet<_> = paths.into_iter().collect();
            all.keep = Some(match &all.keep {
                Some(kept) => paths.intersection(kept).cloned().collect(),
                None => paths,
            });
        }
        Obligation::Drop(paths) => all.drop.extend(paths),
        Obligation::Coarsen((path, step)) if is_step(step) => {
            all.coarsen.push((path, step));
        }
        Obligation::Noise((field, epsilon)) => all.noise.push((field, epsilon)),
        Obligation::Pseudonymise(field) => {
            all.pseudonymise.insert(field);
        }
        Obligation::Delay(0) => all.noted = true,
        Obligation::Delay(seconds) => hold(all, now.plus(i64::from(seconds) * 1000)),
        Obligation::PadTo(bytes) if bytes.div_ceil(1 << 10) <= PAD_KIB_MAX => {
            all.pad_kib = all.pad_kib.max(bytes.div_ceil(1 << 10));
        }
        // What this host cannot do is not released without it.
        Obligation::Coarsen(_) | Obligation::PadTo(_) => return Err(Reason::Obligation),
    }
    Ok(())
}

/// Not cut: what is too far away must be seen to be, and withholds.
fn hold(all: &mut Tightening, until: Millis) {
    all.not_before = all.not_before.max(until);
}

/// Policies see which fields there are. Their values only where the owner allowed it.
fn show(request: &mut Request, values: Option<&[Reading]>) {
    let mut values = values.into_iter().flatten().flat_map(|it| &it.fields);
    for field in &mut request.fields {
        field.value = values.next().map(|it| it.value.clone());
    }
}

fn request(plan: &GrantPlan, now: Millis, readings: &[Reading]) -> Request {
    let view = |it: &Field| FieldView { path: it.path.clone(), unit: it.unit.clone(), value: None };
    Request {
        device: plan.grant.device.clone(),
        subjects: plan.subjects.clone(),
        purpose: plan.grant.purpose.clone(),
        recipient: plan.grant.recipient.clone(),
        now_ms: now.unsigned(),
        fields: readings.iter().flat_map(|it| &it.fields).map(view).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{contract::Address, wire::invite::RecipientKeys};

    fn after(obligations: Vec<Obligation>) -> Result<Tightening, Reason> {
        let mut all = Tightening::default();
        for it in obligations {
            oblige(&mut all, it, Millis(1_000))?;
        }
        Ok(all)
    }

    #[test]
    fn obligations_add_up_to_the_strictest() {
        let texts = |it: &[&str]| it.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let all = after(vec![
            Obligation::Keep(texts(&["a", "b"])),
            Obligation::Keep(texts(&["b", "c"])),
            Obligation::Delay(5),
            Obligation::Delay(2),
            Obligation::PadTo(1500),
            Obligation::PadTo(512),
        ])
        .unwrap();
        assert_eq!(all.keep, Some(["b".to_owned()].into()));
        assert_eq!((all.not_before, all.pad_kib), (Millis(6_000), 2));
    }

    #[test]
    fn long_lists_of_paths_are_compared_as_sets() {
        let paths = |from: u32| (from..from + 30_000).map(|it| it.to_string()).collect();
        let all = after(vec![Obligation::Keep(paths(0)), Obligation::Keep(paths(20_000))]).unwrap();
        assert_eq!(all.keep.unwrap().len(), 10_000);
    }

    #[test]
    fn what_is_padded_does_not_leave_for_the_prototypes_page() {
        let keys = RecipientKeys { sealing: [0; 32], receipt: [0; 32] };
        let contract = |format| {
            let address = Address::Loopback("127.0.0.1:9000".parse().unwrap());
            Contract { name: "hospital".into(), address, format, envelope_bytes: 1024, code: None }
        };
        let padded = |bytes, format| {
            let all = after(vec![Obligation::PadTo(bytes)]).unwrap();
            padded(all, &contract(format)).map(|it| it.pad_kib)
        };
        assert_eq!(padded(1, Format::PrivateIot), Err(Reason::Obligation));
        assert_eq!(padded(0, Format::PrivateIot), Ok(0));
        assert_eq!(padded(1, Format::Hushgate(keys)), Ok(1));
    }

    #[test]
    fn a_time_that_never_comes_stays_one() {
        let all = after(vec![Obligation::Delay(u32::MAX), Obligation::Delay(5)]).unwrap();
        assert_eq!(all.not_before, Millis(1_000 + i64::from(u32::MAX) * 1_000));
        let mut all = Tightening::default();
        hold(&mut all, Millis(i64::MAX));
        assert_eq!(all.not_before, Millis(i64::MAX));
    }

    #[test]
    fn a_delay_of_nothing_is_a_note() {
        assert!(after(vec![Obligation::Delay(0)]).unwrap().noted);
        assert!(!after(vec![Obligation::Delay(1)]).unwrap().noted);
    }

    #[test]
    fn what_this_host_cannot_do_withholds() {
        for it in [
            Obligation::Coarsen(("a".into(), f64::NAN)),
            Obligation::PadTo(16_385),
            Obligation::PadTo(u32::MAX),
        ] {
            // Also where the path would not leave, and with what it can do beside it.
            let all = vec![Obligation::Drop(vec!["a".into()]), it, Obligation::Delay(1)];
            assert_eq!(after(all).unwrap_err(), Reason::Obligation);
        }
    }
}
