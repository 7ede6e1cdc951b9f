//! One generation: for each device, who decodes it, under which grants, and through which plugins.

use super::{
    manifest::{Declared, Kind},
    shelf::{OnShelf, Shelf},
};
use crate::{
    config::{Config, Device},
    consent::grant::{Grant, Stage},
    contract::Contract,
    message::DeviceName,
};
use hushgate_wasm::plugin::{Adapter, LinkError, Minimizer, Policy};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// All devices. Immutable: a change makes a new one.
pub struct Generation {
    /// Grows by one with each change.
    pub number: u64,
    devices: HashMap<DeviceName, Arc<DevicePlan>>,
}

/// What happens to one device's frames.
pub struct DevicePlan {
    /// The generation that it belongs to.
    pub generation: u64,
    /// Who decodes them.
    pub adapter: AdapterPlan,
    /// What may leave. Validity in time is asked for each frame.
    pub grants: Vec<GrantPlan>,
}

/// An adapter under one device's settings.
pub struct AdapterPlan {
    /// The plugin.
    pub plugin: Adapter,
    /// What it may emit.
    pub declared: Declared,
}

/// One grant and what works for it.
pub struct GrantPlan {
    /// The grant; for a device with several subjects, what all of theirs allow.
    pub grant: Grant,
    /// Whose data it is.
    pub subjects: Vec<String>,
    /// How its recipient is reached.
    pub contract: Arc<Contract>,
    /// Plugins that make less.
    pub minimizers: Vec<MinimizerPlan>,
    /// Plugins that may tighten.
    pub policies: Vec<PolicyPlan>,
}

/// A minimizer under one grant's settings.
pub struct MinimizerPlan {
    /// The plugin.
    pub plugin: Minimizer,
    /// What it may emit.
    pub declared: Declared,
    /// Changes when the code or the settings do: then what it remembered is void.
    pub fingerprint: [u8; 8],
}

/// A policy under one grant's settings.
pub struct PolicyPlan {
    /// The plugin.
    pub plugin: Policy,
}

/// What is wrong, where it was asked for.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{at}: {problem}")]
pub struct PlanError {
    at: String,
    problem: String,
}

impl DevicePlan {
    /// How many plugin instances serve the device.
    pub fn instances(&self) -> usize {
        1 + self.grants.iter().map(|it| it.minimizers.len() + it.policies.len()).sum::<usize>()
    }
}

impl Generation {
    /// Builds all plans, or says what the first mistake is and builds none.
    pub fn build(number: u64, config: &Config, shelf: &Shelf) -> Result<Self, PlanError> {
        let mut devices = HashMap::new();
        for device in &config.devices {
            let plan = Arc::new(plan(number, device, config, shelf)?);
            devices.insert(device.name.clone(), plan);
        }
        Ok(Self { number, devices })
    }

    /// The plan for `device`.
    pub fn plan(&self, device: &DeviceName) -> Option<&Arc<DevicePlan>> {
        self.devices.get(device)
    }

    /// Whether a grant of this name, as it was agreed on, is still part of this generation and valid.
    pub fn grant(&self, device: &str, id: &str) -> Option<&Grant> {
        let plan = self.devices.get(&DeviceName(device.into()))?;
        plan.grants.iter().map(|it| &it.grant).find(|it| it.id == id)
    }
}

fn plan(
    generation: u64,
    device: &Device,
    config: &Config,
    shelf: &Shelf,
) -> Result<DevicePlan, PlanError> {
    let (on_shelf, adapter) = ready(shelf, &device.adapter, Kind::Adapter, |it, setup| {
        Adapter::new(shelf.engine(), &it.compiled, &setup)
    })?;
    let adapter = AdapterPlan { plugin: adapter, declared: on_shelf.manifest.declared.clone() };
    let grants = joint_grants(device, &config.grants)
        .into_iter()
        .map(|grant| grant_plan(grant, device, config, shelf))
        .collect::<Result<_, _>>()?;
    Ok(DevicePlan { generation, adapter, grants })
}

fn grant_plan(
    grant: Grant,
    device: &Device,
    config: &Config,
    shelf: &Shelf,
) -> Result<GrantPlan, PlanError> {
    let contract = config.contracts.get(&grant.recipient).ok_or_else(|| PlanError {
        at: format!("grants/{}.toml", grant.id),
        problem: format!(
            "no recipient `{}`: add its invite with `hushgate recipient add`",
            grant.recipient
        ),
    })?;
    let minimizer = |stage: &Stage| {
        let (on_shelf, plugin) = ready(shelf, stage, Kind::Minimizer, |it, setup| {
            Minimizer::new(shelf.engine(), &it.compiled, &setup)
        })?;
        let declared = on_shelf.manifest.declared.clone();
        Ok(MinimizerPlan { plugin, declared, fingerprint: fingerprint(on_shelf, &stage.settings) })
    };
    let policy = |stage: &Stage| {
        let (_, plugin) = ready(shelf, stage, Kind::Policy, |it, setup| {
            Policy::new(shelf.engine(), &it.compiled, &setup)
        })?;
        Ok(PolicyPlan { plugin })
    };
    Ok(GrantPlan {
        minimizers: grant.minimizers.iter().map(minimizer).collect::<Result<_, _>>()?,
        policies: grant.policies.iter().map(policy).collect::<Result<_, _>>()?,
        contract: contract.clone(),
        subjects: device.subjects.clone(),
        grant,
    })
}

/// Takes a plugin from the shelf and starts it under its settings.
fn ready<'a, P>(
    shelf: &'a Shelf,
    stage: &Stage,
    kind: Kind,
    start: impl FnOnce(&OnShelf, hushgate_wasm::plugin::Setup) -> Result<P, LinkError>,
) -> Result<(&'a OnShelf, P), PlanError> {
    let fail = |problem: String| PlanError { at: stage.asked_at.clone(), problem };
    let on_shelf = shelf.take(&stage.plugin, kind).map_err(fail)?;
    let plugin = start(on_shelf, on_shelf.setup(&stage.settings))
        .map_err(|error| fail(format!("plugin `{}`: {error}", stage.plugin)))?;
    Ok((on_shelf, plugin))
}

fn fingerprint(on_shelf: &OnShelf, settings: &str) -> [u8; 8] {
    let mut hash = Sha256::new();
    hash.update(on_shelf.compiled.digest);
    hash.update(settings);
    let hash: [u8; 32] = hash.finalize().into();
    let mut fingerprint = [0; 8];
    fingerprint.copy_from_slice(&hash[..8]);
    fingerprint
}

/// The grants of a device; where it has several subjects, what all of them granted to one recipient for one
/// purpose. Deny overrides: where one is missing, there is none.
fn joint_grants(device: &Device, grants: &[Grant]) -> Vec<Grant> {
    let mut by_aim: BTreeMap<(&str, &str), Vec<&Grant>> = BTreeMap::new();
    for grant in grants.iter().filter(|it| *it.device == *device.name.0) {
        by_aim.entry((&grant.recipient, &grant.purpose)).or_default().push(grant);
    }
    by_aim.into_values().flat_map(|grants| joint(device, &grants)).collect()
}

fn joint(device: &Device, grants: &[&Grant]) -> Vec<Grant> {
    if device.subjects.len() == 1 {
        return grants.iter().map(|it| (*it).clone()).collect();
    }
    let agreed: BTreeSet<_> = grants.iter().map(|it| it.subject.as_str()).collect();
    if !device.subjects.iter().all(|it| agreed.contains(it.as_str())) {
        return Vec::new();
    }
    let Some((first, rest)) = grants.split_first() else { return Vec::new() };
    let joint = rest.iter().try_fold((*first).clone(), |joint, it| joint.and(it));
    joint.into_iter().collect()
}
