//! What a changed plugin would release: the newest frames of each device, under both generations.

use crate::{
    intake::Intake,
    message::DeviceName,
    pipeline::shadow::{self, Difference},
    plugins::plan::{DevicePlan, Generation, GrantPlan},
};
use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

/// The longest that generations are compared.
const TIME_MAX: Duration = Duration::from_secs(10);

/// What came of a comparison.
#[derive(Default)]
pub(super) struct Compared {
    pub(super) devices: usize,
    pub(super) frames: usize,
    pub(super) differences: Vec<Difference>,
}

/// What `next` would release of these devices' newest frames, beside the generation that counts now, under grants
/// whose text is the same.
pub(super) fn compare(
    intake: &Intake,
    next: &Generation,
    devices: BTreeSet<&str>,
) -> Result<Compared, String> {
    let (current, start) = (intake.generation(), Instant::now());
    let mut compared = Compared::default();
    for device in devices {
        if start.elapsed() > TIME_MAX {
            return Err("changed plugins take too long to be compared with what works".into());
        }
        let device = DeviceName(device.into());
        let (Some(before), Some(after)) = (current.plan(&device), next.plan(&device)) else {
            continue;
        };
        let frames = intake.recent(&device);
        let disclosed = |plan: &DevicePlan, other: &DevicePlan| {
            shadow::run(&common(plan, other), frames.iter())
        };
        compared.devices += 1;
        compared.frames += frames.len();
        let (before, after) = (disclosed(before, after), disclosed(after, before));
        compared.differences.extend(after.beside(before));
    }
    Ok(compared)
}

/// `plan` with the grants that `other` has with the same text: a changed grant is its subject's own word.
fn common(plan: &DevicePlan, other: &DevicePlan) -> DevicePlan {
    let same = |it: &&Arc<GrantPlan>| {
        let text = |it: &GrantPlan| (it.grant.id.clone(), it.grant.digest);
        other.grants.iter().any(|theirs| text(theirs) == text(it))
    };
    let grants = plan.grants.iter().filter(same).cloned().collect();
    DevicePlan::new(plan.generation, plan.adapter.clone(), grants)
}
