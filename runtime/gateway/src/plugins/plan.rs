//! One generation: for each device, who decodes it, under which grants, and through which plugins.

use super::{
    manifest::{Declared, Kind},
    named,
    pace::{Pace, Turn},
    shelf::{OnShelf, Shelf},
    trust::Right,
};
use crate::{
    config::{Config, Device},
    consent::{
        decision::{self, Joint},
        ending::Ending,
        grant::Grant,
        release::ConsentedField,
        stage::Stage,
    },
    contract::Contract,
    message::DeviceName,
};
use data_encoding::HEXLOWER;
use hushgate_wasm::plugin::{Adapter, LinkError, Minimizer, Policy, Setup};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

/// All devices. Immutable: a change makes a new one.
pub struct Generation {
    /// Grows by one with each change.
    pub number: u64,
    devices: HashMap<DeviceName, Arc<DevicePlan>>,
    paces: BTreeMap<String, Arc<Pace>>,
}

/// What happens to one device's frames.
pub struct DevicePlan {
    /// The generation that it belongs to.
    pub generation: u64,
    /// Who decodes them.
    pub adapter: Arc<AdapterPlan>,
    /// What may leave. Validity in time is asked for each frame.
    pub grants: Vec<Arc<GrantPlan>>,
    /// What its frames may tell of that ends grants, of this and of other devices.
    pub endings: Vec<Ending>,
    /// The names of fields that may be told: see [`named::known`].
    pub known: HashSet<Arc<str>>,
    /// Of all these plugins, each once, by id.
    paces: Vec<Arc<Pace>>,
}

/// An adapter under one device's settings.
pub struct AdapterPlan {
    /// What it is called where it is noted: see [`named::plugin`].
    pub name: Arc<str>,
    /// The plugin.
    pub plugin: Adapter,
    /// What its calls cost.
    pub pace: Arc<Pace>,
    /// What it may emit.
    pub declared: Declared,
    /// The device's counter against replay, if its adapter names one: the field, and the name of its state.
    pub counter: Option<(String, String)>,
}

/// One grant and what works for it.
pub struct GrantPlan {
    /// The grant; for a device with several subjects, what all of theirs allow.
    pub grant: Grant,
    /// The grants that it was made of. If one goes, this goes.
    pub sources: Vec<String>,
    /// Whose data it is.
    pub subjects: Vec<String>,
    /// How its recipient is reached.
    pub contract: Arc<Contract>,
    /// Plugins that make less.
    pub minimizers: Vec<MinimizerPlan>,
    /// Plugins that may tighten.
    pub policies: Vec<PolicyPlan>,
    /// What the host does to each of its fields: see [`named::operators`].
    pub operators: Vec<Arc<str>>,
}

/// A minimizer under one grant's settings.
pub struct MinimizerPlan {
    /// See [`AdapterPlan::name`].
    pub name: Arc<str>,
    /// The plugin.
    pub plugin: Minimizer,
    /// What its calls cost.
    pub pace: Arc<Pace>,
    /// What it may emit.
    pub declared: Declared,
    /// Changes when the code or the settings do: then what it remembered is void.
    pub fingerprint: [u8; 8],
}

/// A policy under one grant's settings.
pub struct PolicyPlan {
    /// See [`AdapterPlan::name`].
    pub name: Arc<str>,
    /// The plugin.
    pub plugin: Policy,
    /// Whether it may see values.
    pub sees_values: bool,
    /// What its calls cost.
    pub pace: Arc<Pace>,
}

/// What is wrong, where it was asked for.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{at}: {problem}")]
pub struct PlanError {
    at: String,
    problem: String,
}

impl DevicePlan {
    /// For one device of a generation.
    pub fn new(generation: u64, adapter: Arc<AdapterPlan>, grants: Vec<Arc<GrantPlan>>) -> Self {
        let stages = grants.iter().flat_map(|it| {
            let minimizers = it.minimizers.iter().map(|it| &it.pace);
            minimizers.chain(it.policies.iter().map(|it| &it.pace))
        });
        let mut paces: Vec<_> = [&adapter.pace].into_iter().chain(stages).cloned().collect();
        paces.sort_by(|one, other| one.id().cmp(other.id()));
        paces.dedup_by(|one, other| one.id() == other.id());
        let known = named::known(&adapter.declared, grants.iter().map(|it| &it.grant));
        Self { generation, adapter, grants, endings: Vec::new(), known, paces }
    }

    /// The same, whose frames may tell of these.
    #[must_use]
    fn telling_of(self, endings: Vec<Ending>) -> Self {
        Self { endings, ..self }
    }

    /// Whether its frames may tell of something that ends a grant and has not happened.
    pub fn awaits(&self) -> bool {
        self.endings.iter().any(Ending::is_awaited)
    }

    /// Whether one of its plugins is slow.
    pub fn is_slow(&self) -> bool {
        // Without a grant, and an event to wait for, no plugin is asked.
        let asks = !self.grants.is_empty() || self.awaits();
        self.paces.iter().any(|it| it.is_slow()) && asks
    }

    /// Waits for the turn with all slow plugins at once.
    ///
    /// Nobody holds one while waiting for another: a plugin must not wait for one that is slower.
    pub async fn turns(&self) -> Vec<Turn> {
        let slow: Vec<_> = self.paces.iter().filter(|it| it.is_slow()).collect();
        let mut next = slow.first().copied();
        let mut turns = Vec::new();
        while let Some(waited_for) = next.take() {
            turns.clear();
            turns.push(waited_for.turn().await);
            for other in slow.iter().copied().filter(|it| !Arc::ptr_eq(it, waited_for)) {
                match other.turn_now() {
                    Some(turn) => turns.push(turn),
                    None => next = Some(other),
                }
            }
        }
        turns
    }

    /// A frame waited for a turn in vain.
    pub fn refused(&self) {
        self.paces.iter().filter(|it| it.is_slow()).for_each(|it| it.refused());
    }

    /// How many plugin instances serve the device.
    pub fn instances(&self) -> usize {
        1 + self.grants.iter().map(|it| it.minimizers.len() + it.policies.len()).sum::<usize>()
    }
}

impl GrantPlan {
    /// What the host did to those fields that left, and did anything to.
    pub fn operators_on(&self, left: &[ConsentedField]) -> impl Iterator<Item = Arc<str>> {
        let rules = self.grant.fields.iter().zip(&self.operators);
        let done = rules.filter(|(rule, name)| {
            !name.starts_with(' ') && left.iter().any(|it| it.path == rule.path)
        });
        done.map(|it| it.1.clone())
    }
}

impl Generation {
    /// Builds all plans, or says what the first mistake is and builds none.
    pub fn build(number: u64, config: &Config, shelf: &Shelf) -> Result<Self, PlanError> {
        let mut builder = Builder { number, config, shelf, started: Started::default() };
        let plans = config.devices.iter().map(|device| {
            let plan = builder.device(device)?;
            Ok((device.name.clone(), Arc::new(plan)))
        });
        let devices = plans.collect::<Result<_, _>>()?;
        let paces = config.plugins().filter_map(|it| shelf.get(it.0));
        let paces = paces.map(|it| (it.manifest.id.clone(), it.pace.clone())).collect();
        Ok(Self { number, devices, paces })
    }

    /// How many bits an hour each recipient can learn at most, of all devices.
    pub fn bits_per_hour(&self) -> BTreeMap<&str, f64> {
        let mut all: BTreeMap<&str, f64> = BTreeMap::new();
        for plan in self.devices.values().flat_map(|it| &it.grants) {
            *all.entry(&plan.grant.recipient).or_default() += plan.grant.capacity().bits_per_hour;
        }
        all
    }

    /// The next generation: this one without the grants that `stays` refuses.
    #[must_use]
    pub fn keeping(&self, stays: impl Fn(&str) -> bool) -> Self {
        let number = self.number + 1;
        let less = |plan: &DevicePlan| {
            let stand = |it: &&Arc<GrantPlan>| decision::stands(&it.sources, &stays);
            let grants = plan.grants.iter().filter(stand).cloned().collect();
            let endings = plan.endings.iter().filter(|it| stays(&it.grant)).cloned().collect();
            Arc::new(DevicePlan::new(number, plan.adapter.clone(), grants).telling_of(endings))
        };
        let devices = self.devices.iter().map(|(name, plan)| (name.clone(), less(plan)));
        Self { number, devices: devices.collect(), paces: self.paces.clone() }
    }

    /// The plan for `device`.
    pub fn plan(&self, device: &DeviceName) -> Option<&Arc<DevicePlan>> {
        self.devices.get(device)
    }

    /// All grants of all devices.
    pub fn grants(&self) -> impl Iterator<Item = &GrantPlan> {
        self.devices.values().flat_map(|it| it.grants.iter().map(AsRef::as_ref))
    }

    /// The accounts of all plugins in use, by id.
    pub fn paces(&self) -> impl Iterator<Item = &Pace> {
        self.paces.values().map(AsRef::as_ref)
    }

    /// The grant `id`, if it is still part of this generation, and still says what it said then.
    pub fn grant(&self, device: &str, id: &str, digest: [u8; 8]) -> Option<&Grant> {
        let plan = self.devices.get(&DeviceName(device.into()))?;
        decision::same(plan.grants.iter().map(|it| &it.grant), id, digest)
    }
}

/// Plugins by id and settings.
type ById<P> = HashMap<(String, String), P>;

/// Each plugin is started once for each different settings and shared: so plans of many devices stay small.
#[derive(Default)]
struct Started {
    adapters: ById<Adapter>,
    minimizers: ById<Minimizer>,
    policies: ById<Policy>,
}

struct Builder<'a> {
    number: u64,
    config: &'a Config,
    shelf: &'a Shelf,
    started: Started,
}

impl Builder<'_> {
    fn device(&mut self, device: &Device) -> Result<DevicePlan, PlanError> {
        let engine = self.shelf.engine();
        let start = |it: &OnShelf, setup: &Setup| Adapter::new(engine, &it.compiled, setup);
        let (on_shelf, plugin) =
            ready(self.shelf, (&device.adapter, Kind::Adapter), &mut self.started.adapters, start)?;
        let declared = on_shelf.manifest.declared.clone();
        let pace = on_shelf.pace.clone();
        let counter = on_shelf.manifest.replay.clone().map(|field| {
            let settings = HEXLOWER.encode(&Sha256::digest(&device.adapter.settings)[..8]);
            (field, format!("device:{}:{settings}", device.name))
        });
        let name = named::plugin((Kind::Adapter, on_shelf), Some(&device.adapter.settings));
        let adapter = Arc::new(AdapterPlan { name, plugin, pace, declared, counter });
        let grants = decision::joint(&device.name.0, &device.subjects, &self.config.grants)
            .into_iter()
            .map(|joint| self.grant(joint, device).map(Arc::new))
            .collect::<Result<_, _>>()?;
        // Also of grants that do not count while another subject's is missing.
        let endings = self.config.grants.iter().flat_map(|it| &it.endings);
        let endings = endings.filter(|it| it.said_by == *device.name.0).cloned().collect();
        Ok(DevicePlan::new(self.number, adapter, grants).telling_of(endings))
    }

    fn grant(
        &mut self,
        Joint { grant, sources }: Joint,
        device: &Device,
    ) -> Result<GrantPlan, PlanError> {
        let contract = self.config.contracts.get(&grant.recipient).ok_or_else(|| PlanError {
            at: format!("grants/{}.toml", grant.id),
            problem: format!("no recipient `{}`", grant.recipient),
        })?;
        Ok(GrantPlan {
            contract: contract.clone(),
            minimizers: grant
                .minimizers
                .iter()
                .map(|it| self.minimizer(it))
                .collect::<Result<_, _>>()?,
            policies: grant.policies.iter().map(|it| self.policy(it)).collect::<Result<_, _>>()?,
            subjects: device.subjects.clone(),
            operators: named::operators(&grant),
            sources,
            grant,
        })
    }

    fn minimizer(&mut self, stage: &Stage) -> Result<MinimizerPlan, PlanError> {
        let engine = self.shelf.engine();
        let start = |it: &OnShelf, setup: &Setup| Minimizer::new(engine, &it.compiled, setup);
        let (on_shelf, plugin) =
            ready(self.shelf, (stage, Kind::Minimizer), &mut self.started.minimizers, start)?;
        let (declared, pace) = (on_shelf.manifest.declared.clone(), on_shelf.pace.clone());
        let fingerprint = fingerprint(on_shelf, &stage.settings);
        let name = named::plugin((Kind::Minimizer, on_shelf), None);
        Ok(MinimizerPlan { name, plugin, pace, declared, fingerprint })
    }

    fn policy(&mut self, stage: &Stage) -> Result<PolicyPlan, PlanError> {
        let engine = self.shelf.engine();
        let start = |it: &OnShelf, setup: &Setup| Policy::new(engine, &it.compiled, setup);
        let (on_shelf, plugin) =
            ready(self.shelf, (stage, Kind::Policy), &mut self.started.policies, start)?;
        let sees_values = on_shelf.rights.contains(&Right::Values);
        let name = named::plugin((Kind::Policy, on_shelf), None);
        Ok(PolicyPlan { name, plugin, sees_values, pace: on_shelf.pace.clone() })
    }
}

/// Takes a plugin from the shelf, started under its settings.
fn ready<'a, P: Clone>(
    shelf: &'a Shelf,
    (stage, kind): (&Stage, Kind),
    started: &mut ById<P>,
    start: impl FnOnce(&OnShelf, &Setup) -> Result<P, LinkError>,
) -> Result<(&'a OnShelf, P), PlanError> {
    let fail = |setting: Option<&str>, problem: String| {
        let at = stage.place(setting).to_owned();
        PlanError { at, problem }
    };
    let on_shelf = shelf.take(&stage.plugin, kind).map_err(|it| fail(None, it))?;
    let key = (stage.plugin.clone(), stage.settings.clone());
    if let Some(plugin) = started.get(&key) {
        return Ok((on_shelf, plugin.clone()));
    }
    let plugin = on_shelf
        .setup(&stage.settings)
        .and_then(|it| start(on_shelf, &it))
        .map_err(|error| fail(error.setting(), format!("plugin `{}`: {error}", stage.plugin)))?;
    started.insert(key, plugin.clone());
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
