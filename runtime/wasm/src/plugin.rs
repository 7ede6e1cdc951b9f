//! The three kinds of plugin: a linked component with its settings, and its live instances.

use crate::{
    bindings::{
        DecodeError, Frame, Reading, Request, Step, Verdict, adapter::AdapterPlugin,
        adapter::AdapterPluginPre, log, minimizer::MinimizerPlugin, minimizer::MinimizerPluginPre,
        policy::PolicyPlugin, policy::PolicyPluginPre,
    },
    cache::Compiled,
    engine::Engine,
    limits::{Limits, Used},
    sandbox::{CallError, ConfigRefusal, Host, LogGate, Sandbox},
    wasi,
};
use std::sync::Arc;
use wasmtime::{
    Store, StoreContextMut,
    component::{InstancePre, Linker},
};

/// How a plugin is run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Its name in the local log.
    pub id: String,
    /// Its settings as JSON, handed to `configure`.
    pub config: String,
    /// What one instance may use.
    pub limits: Limits,
    /// Whether its log lines are shown. They may quote device values: off unless the owner asks.
    pub log: bool,
    /// Whether it may have an empty WASI ([`crate::wasi`]).
    pub wasi: bool,
}

/// Why a component cannot serve as the plugin that it should be.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// It is of another kind, or wants what no plugin gets.
    #[error("the component does not fit: {0}")]
    Unfit(String),
    /// Its first instance could not be made.
    #[error("the component does not start: {0}")]
    Start(#[source] CallError),
    /// It refused its settings: a setting is missing.
    #[error("setting `{0}` is missing")]
    Missing(String),
    /// It refused its settings: the setting, and what it must be.
    #[error("setting `{0}` {1}")]
    Invalid(String, String),
}

impl LinkError {
    /// The setting that is missing or wrong.
    pub fn setting(&self) -> Option<&str> {
        match self {
            Self::Missing(name) | Self::Invalid(name, _) => Some(name),
            Self::Unfit(_) | Self::Start(_) => None,
        }
    }
}

#[derive(Clone)]
struct Linked<P> {
    engine: Engine,
    pre: P,
    config: Arc<str>,
    limits: Limits,
    log: Arc<LogGate>,
}

impl<P> Linked<P> {
    fn new(
        engine: &Engine,
        compiled: &Compiled,
        setup: &Setup,
        typed: impl FnOnce(InstancePre<Host>) -> wasmtime::Result<P>,
    ) -> Result<Self, LinkError> {
        let unfit = |error: wasmtime::Error| LinkError::Unfit(format!("{error:#}"));
        let mut linker = Linker::new(&engine.inner);
        log::add_to_linker::<_, Host>(&mut linker, |host| host).map_err(unfit)?;
        if setup.wasi {
            wasi::link(&mut linker, engine, compiled).map_err(unfit)?;
        }
        let pre = linker.instantiate_pre(&compiled.component).and_then(typed).map_err(unfit)?;
        Ok(Self {
            engine: engine.clone(),
            pre,
            config: setup.config.as_str().into(),
            limits: setup.limits.capped(),
            log: Arc::new(LogGate::new(&setup.id, setup.log)),
        })
    }
}

impl<P> Linked<P> {
    /// A live instance under the limits, not configured yet; `make` is the generated `instantiate`.
    fn sandbox<B>(
        &self,
        make: impl FnOnce(&P, &mut Store<Host>) -> wasmtime::Result<B>,
    ) -> Result<Sandbox<B>, CallError> {
        let log = self.log.clone();
        Sandbox::new(&self.engine, self.limits, log, |store| make(&self.pre, store))
    }
}

fn refused(refusal: ConfigRefusal) -> LinkError {
    match refusal {
        ConfigRefusal::Missing(name) => LinkError::Missing(name),
        ConfigRefusal::Invalid(name, rule) => LinkError::Invalid(name, rule),
    }
}

/// A plugin that understands one kind of device.
#[derive(Clone)]
pub struct Adapter(Linked<AdapterPluginPre<Host>>);

/// A live adapter for one device.
pub struct AdapterInstance(Sandbox<AdapterPlugin>);

impl Adapter {
    /// Links the component and starts it once, so that a wrong one is known now.
    pub fn new(engine: &Engine, compiled: &Compiled, setup: &Setup) -> Result<Self, LinkError> {
        let plugin = Self(Linked::new(engine, compiled, setup, AdapterPluginPre::new)?);
        plugin.start().map_err(LinkError::Start)?.map_err(refused)?;
        Ok(plugin)
    }

    /// A configured instance of its own.
    pub fn instance(&self) -> Result<AdapterInstance, CallError> {
        self.start()?.map_err(|_| CallError::NotConfigured)
    }

    fn start(&self) -> Result<Result<AdapterInstance, ConfigRefusal>, CallError> {
        let it = &self.0;
        let mut sandbox = it.sandbox(|pre, store| pre.instantiate(store))?;
        let answer = sandbox.call(0, |it2, store| {
            it2.hushgate_plugin_adapter().call_configure(store, &it.config)
        })?;
        Ok(answer.map(|()| AdapterInstance(sandbox)).map_err(Into::into))
    }
}

impl AdapterInstance {
    /// What it has used since it was made.
    pub fn used(&self) -> Used {
        self.0.used()
    }

    /// Decodes one frame.
    pub fn decode(
        &mut self,
        frame: &Frame,
    ) -> Result<Result<Vec<Reading>, DecodeError>, CallError> {
        let decode = |it: &AdapterPlugin, store: StoreContextMut<'_, Host>| {
            it.hushgate_plugin_adapter().call_decode(store, frame)
        };
        self.0.call(frame.received_ms, decode)
    }

    /// Whether a call killed it.
    pub fn is_dead(&self) -> bool {
        self.0.is_dead()
    }
}

/// A plugin that makes less of readings.
#[derive(Clone)]
pub struct Minimizer(Linked<MinimizerPluginPre<Host>>);

/// A live minimizer for one device.
pub struct MinimizerInstance(Sandbox<MinimizerPlugin>);

impl Minimizer {
    /// Links the component and starts it once, so that a wrong one is known now.
    pub fn new(engine: &Engine, compiled: &Compiled, setup: &Setup) -> Result<Self, LinkError> {
        let plugin = Self(Linked::new(engine, compiled, setup, MinimizerPluginPre::new)?);
        plugin.start().map_err(LinkError::Start)?.map_err(refused)?;
        Ok(plugin)
    }

    /// A configured instance of its own.
    pub fn instance(&self) -> Result<MinimizerInstance, CallError> {
        self.start()?.map_err(|_| CallError::NotConfigured)
    }

    fn start(&self) -> Result<Result<MinimizerInstance, ConfigRefusal>, CallError> {
        let it = &self.0;
        let mut sandbox = it.sandbox(|pre, store| pre.instantiate(store))?;
        let answer = sandbox.call(0, |it2, store| {
            it2.hushgate_plugin_minimizer().call_configure(store, &it.config)
        })?;
        Ok(answer.map(|()| MinimizerInstance(sandbox)).map_err(Into::into))
    }
}

impl MinimizerInstance {
    /// What it has used since it was made.
    pub fn used(&self) -> Used {
        self.0.used()
    }

    /// Makes less of `readings`, given the state that the last call left.
    pub fn minimize(
        &mut self,
        state: Option<&[u8]>,
        now_ms: u64,
        readings: &[Reading],
    ) -> Result<Result<Step, String>, CallError> {
        self.0.call(now_ms, |it, store| {
            it.hushgate_plugin_minimizer().call_minimize(store, state, now_ms, readings)
        })
    }
}

/// A plugin that tightens grants.
#[derive(Clone)]
pub struct Policy(Linked<PolicyPluginPre<Host>>);

/// A live policy for one device.
pub struct PolicyInstance(Sandbox<PolicyPlugin>);

impl Policy {
    /// Links the component and starts it once, so that a wrong one is known now.
    pub fn new(engine: &Engine, compiled: &Compiled, setup: &Setup) -> Result<Self, LinkError> {
        let plugin = Self(Linked::new(engine, compiled, setup, PolicyPluginPre::new)?);
        plugin.start().map_err(LinkError::Start)?.map_err(refused)?;
        Ok(plugin)
    }

    /// A configured instance of its own.
    pub fn instance(&self) -> Result<PolicyInstance, CallError> {
        self.start()?.map_err(|_| CallError::NotConfigured)
    }

    fn start(&self) -> Result<Result<PolicyInstance, ConfigRefusal>, CallError> {
        let it = &self.0;
        let mut sandbox = it.sandbox(|pre, store| pre.instantiate(store))?;
        let answer = sandbox
            .call(0, |it2, store| it2.hushgate_plugin_policy().call_configure(store, &it.config))?;
        Ok(answer.map(|()| PolicyInstance(sandbox)).map_err(Into::into))
    }
}

impl PolicyInstance {
    /// What it has used since it was made.
    pub fn used(&self) -> Used {
        self.0.used()
    }

    /// Judges one release.
    pub fn evaluate(&mut self, request: &Request) -> Result<Result<Verdict, String>, CallError> {
        let evaluate = |it: &PolicyPlugin, store: StoreContextMut<'_, Host>| {
            it.hushgate_plugin_policy().call_evaluate(store, request)
        };
        self.0.call(request.now_ms, evaluate)
    }
}
