//! Builds the parts, starts them, and stops them in the order of the flow.

pub mod again;
mod consents;
mod disclosure;
mod health;
pub mod replay;
mod watch;

use crate::{
    config::Config,
    delivery::{Delivery, sweep},
    home::Home,
    ingress::{
        broker::Broker, credentials::Credentials, http::Http, serve, serve::Server,
        subscriber::Subscriber, topics::Topics,
    },
    intake::Intake,
    keys::Keys,
    message::DeviceName,
    page::{self, Page},
    pipeline::seal::Sealing,
    plugins::{lock::Lock, plan::Generation, shelf::Shelf, trust::Trust},
    store::{Store, daily},
    telemetry::{self, Telemetry},
    transport::Transport,
};
use consents::Consents;
use health::Health;
use hushgate_wasm::{cache::Cache, engine::Engine};
use std::{
    fs::File,
    net::SocketAddr,
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use watch::{Seen, Watch};

/// How long a stop may take before tasks are abandoned. What they held is on disk.
pub const STOP_GRACE: Duration = Duration::from_secs(10);

/// Why a gateway did not start: what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another gateway or hub works in this directory.
    #[error("another hushgate is running in {0}: stop it, or use another --dir")]
    Busy(String),
    /// Something in the settings, on the disk or on this machine must be changed.
    #[error("{0}")]
    Fix(String),
}

/// A running gateway.
pub struct Gateway {
    /// Where MQTT devices connect.
    pub mqtt: Option<SocketAddr>,
    /// Where HTTP devices connect.
    pub http: Option<SocketAddr>,
    /// Where it tells its numbers.
    pub metrics: Option<SocketAddr>,
    /// Where the owner's page is.
    pub page: Option<SocketAddr>,
    /// What is on disk.
    pub store: Arc<Store>,
    intake: Arc<Intake>,
    ingress: (TaskTracker, CancellationToken),
    outbound: (TaskTracker, CancellationToken),
    _lock: File,
}

/// Who may send, and where.
#[derive(Clone)]
struct Enrolled {
    topics: Arc<Topics>,
    credentials: Arc<Credentials>,
}

impl Enrolled {
    fn new(config: &Config) -> Self {
        let topics = Arc::new(Topics::new(topics(config)));
        let credentials = Arc::new(Credentials::new(secrets(config)));
        Self { topics, credentials }
    }

    /// From now on it is the devices of `config`.
    fn replace(&self, config: &Config) {
        self.topics.replace(topics(config));
        self.credentials.replace(secrets(config));
    }
}

fn topics(config: &Config) -> impl Iterator<Item = (DeviceName, Vec<String>)> {
    config.devices.iter().map(|it| (it.name.clone(), it.topics.clone()))
}

fn secrets(config: &Config) -> impl Iterator<Item = (DeviceName, String)> {
    config.devices.iter().map(|it| (it.name.clone(), it.secret.clone()))
}

fn fix(error: impl std::fmt::Display) -> StartError {
    StartError::Fix(error.to_string())
}

/// Takes the lock that one process holds in a directory.
pub fn lock(home: &Home) -> Result<File, StartError> {
    let path = home.lock();
    let fail = |error: std::io::Error| fix(format!("{}: {error}", path.display()));
    let file = File::options().create(true).append(true).open(&path).map_err(fail)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(StartError::Busy(home.dir().display().to_string()))
        }
        Err(std::fs::TryLockError::Error(error)) => Err(fail(error)),
    }
}

/// This very program, also after another version was installed in its place.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// Where this home keeps what it compiled.
pub fn cache(config: &Config, keys: &Keys) -> Result<Cache, StartError> {
    let cache = Cache::open(&config.home.cache(), keys.derive("hushgate plugin cache v1"));
    Ok(cache.map_err(fix)?.compiled_by(THIS_PROGRAM.into()))
}

/// The plugins in this home's directory.
pub fn shelf(config: &Config, keys: &Keys) -> Result<Shelf, StartError> {
    let engine = Engine::new().map_err(fix)?;
    let cache = cache(config, keys)?;
    let dirs = (&*config.home.plugins(), &*config.home.kept());
    Shelf::read(&engine, &cache, dirs, trust(config)?).map_err(fix)
}

/// Whom and what the owner trusts plugins with.
pub fn trust(config: &Config) -> Result<Trust, StartError> {
    let lock = Lock::read(&config.home.plugin_lock()).map_err(fix)?;
    Ok(Trust::new(&config.trusted_keys, lock))
}

/// With the plugins as they stand in their directory, or else with those that worked last.
fn first_generation(config: &Config, shelf: Shelf) -> Result<(Generation, Shelf), StartError> {
    let error = match Generation::build(1, config, &shelf) {
        Ok(generation) => return Ok((generation, shelf)),
        Err(error) => fix(error),
    };
    let Some(kept) = shelf.instead(&error.to_string()) else { return Err(error) };
    Generation::build(1, config, &kept).map(|it| (it, kept)).map_err(|_| error)
}

async fn end((tasks, stop): &(TaskTracker, CancellationToken)) {
    stop.cancel();
    tasks.close();
    tasks.wait().await;
}

impl Gateway {
    /// Starts all parts: first what keeps, then what sends, last what takes in.
    pub async fn start(home: &Home, keys: &Keys) -> Result<Self, StartError> {
        let lock = lock(home)?;
        // First what a change is told by: one that comes while this starts is one.
        let seen = Seen::read(home);
        let mut config = Config::read(home).map_err(fix)?;
        for (grant, better) in config.former_purposes() {
            tracing::warn!(%grant, "`purpose` is no term of the DPV: write `{better}`");
        }
        let shelf = shelf(&config, keys)?;
        let (generation, shelf) = first_generation(&config, shelf)?;
        let store = Store::open(&config.home.store(), keys.vault(), config.outbox_entries_max)
            .map_err(fix)?;
        store.recall_ended(&mut config.grants).map_err(fix)?;
        let config = &config;
        consents::hear(home, &store).await.map_err(fix)?;
        let sealing = Arc::new(Sealing::new(keys));
        sealing.set_lives(store.lives().map_err(fix)?);
        consents::keep(&store, &sealing, &generation).await.map_err(fix)?;
        let intake = Arc::new(Intake::new(generation, sealing.clone(), store.clone()));
        let transport = Transport::start(&config.way, &config.home.tor()).await.map_err(fix)?;
        let mut gateway = Self {
            mqtt: None,
            http: None,
            metrics: None,
            page: None,
            store,
            intake,
            ingress: (TaskTracker::new(), CancellationToken::new()),
            outbound: (TaskTracker::new(), CancellationToken::new()),
            _lock: lock,
        };
        gateway.start_delivery(config, keys, &transport);
        let enrolled = Enrolled::new(config);
        let consents = gateway.start_consents(home, sealing);
        let problems = gateway.start_watch(home, shelf, (seen, enrolled.clone(), consents));
        gateway.start_metrics(config, problems).await?;
        gateway.start_page(config).await?;
        gateway.start_witness(config, keys).await?;
        gateway.start_ingress(config, enrolled).await?;
        Ok(gateway)
    }

    fn start_delivery(&self, config: &Config, keys: &Keys, transport: &Transport) {
        let (tasks, stop) = &self.outbound;
        for contract in config.contracts.values() {
            let both = (self.intake.clone(), self.store.clone());
            let delivery = Delivery::new(contract.clone(), transport.clone(), both, keys);
            tasks.spawn(delivery.run(stop.child_token()));
        }
        let (store, intake) = (self.store.clone(), self.intake.clone());
        tasks.spawn(daily::run(store.clone(), stop.child_token()));
        tasks.spawn(sweep::run(store, intake, stop.child_token()));
    }

    fn start_consents(&self, home: &Home, sealing: Arc<Sealing>) -> Arc<Consents> {
        let (tasks, stop) = &self.outbound;
        let both = (self.store.clone(), sealing);
        let consents = Arc::new(Consents::new(home.clone(), both, self.intake.clone()));
        tasks.spawn(consents.clone().run(stop.child_token()));
        consents
    }

    /// How many problems it sees, now and later.
    fn start_watch(
        &self,
        home: &Home,
        shelf: Shelf,
        (seen, enrolled, consents): (Seen, Enrolled, Arc<Consents>),
    ) -> Arc<AtomicUsize> {
        let (tasks, stop) = &self.outbound;
        let mut health = Health::new(home.degraded());
        health.set(shelf.problems().map(ToString::to_string).collect());
        let problems = health.count();
        let (home, intake) = (home.clone(), self.intake.clone());
        let watch = Watch::new((home, seen), shelf, (intake, consents, enrolled, health));
        watch.keep();
        tasks.spawn(watch.run(stop.child_token()));
        problems
    }

    async fn start_metrics(
        &mut self,
        config: &Config,
        problems: Arc<AtomicUsize>,
    ) -> Result<(), StartError> {
        let Some(address) = config.metrics_listen else { return Ok(()) };
        let (listener, bound) = serve::bind(address).await.map_err(fix)?;
        let recipients = config.contracts.keys().cloned().collect();
        let (intake, store) = (self.intake.clone(), self.store.clone());
        let routes = Telemetry { intake, store, recipients, problems }.routes();
        let (tasks, stop) = &self.outbound;
        let server = Server::new(routes, tasks.clone(), stop.child_token());
        tasks.spawn(server.at_most(telemetry::CONNECTIONS_MAX).run(listener));
        self.metrics = Some(bound);
        Ok(())
    }

    async fn start_page(&mut self, config: &Config) -> Result<(), StartError> {
        let Some(settings) = &config.page else { return Ok(()) };
        let (listener, bound) = serve::bind(settings.listen).await.map_err(fix)?;
        let page = Page::new(&config.home, &settings.password);
        let page = page.ok_or_else(|| fix("the operating system gave no randomness"))?;
        let (tasks, stop) = &self.outbound;
        let server = Server::new(page.routes(), tasks.clone(), stop.child_token());
        tasks.spawn(server.at_most(page::CONNECTIONS_MAX).run(listener));
        self.page = Some(bound);
        Ok(())
    }

    #[cfg(feature = "matrix")]
    async fn start_witness(&self, config: &Config, keys: &Keys) -> Result<(), StartError> {
        use crate::witness::{self, Witness};
        let Some(matrix) = &config.matrix else { return Ok(()) };
        let settings = witness::settings(&config.home, matrix, keys);
        let witness = Witness::restore((self.store.clone(), &config.home), matrix, &settings).await;
        let witness = witness.map_err(|error| {
            fix(format!("the Matrix session: {error}; log in once with `hushgate matrix login`"))
        })?;
        let (tasks, stop) = &self.outbound;
        tasks.spawn(witness.run(stop.child_token()));
        Ok(())
    }

    #[cfg(not(feature = "matrix"))]
    #[expect(clippy::unused_async, reason = "waits with Matrix only")]
    async fn start_witness(&self, config: &Config, _keys: &Keys) -> Result<(), StartError> {
        match config.matrix {
            None => Ok(()),
            Some(_) => Err(fix("this hushgate was built without Matrix")),
        }
    }

    async fn start_ingress(
        &mut self,
        config: &Config,
        Enrolled { topics, credentials }: Enrolled,
    ) -> Result<(), StartError> {
        let (tasks, stop) = (self.ingress.0.clone(), self.ingress.1.clone());
        let (intake, frame_bytes_max) = (self.intake.clone(), config.frame_bytes_max);
        if let Some(address) = config.mqtt_listen {
            let broker = Broker {
                intake: intake.clone(),
                credentials: credentials.clone(),
                topics: topics.clone(),
                frame_bytes_max,
            };
            let (bound, run) = broker.listen(address, stop.clone()).await.map_err(fix)?;
            self.mqtt = Some(bound);
            tasks.spawn(run);
        }
        if let Some(settings) = config.mqtt_subscribe.clone() {
            let (intake, topics) = (intake.clone(), topics.clone());
            let subscriber = Subscriber { intake, topics, frame_bytes_max, settings };
            tasks.spawn(subscriber.start(stop.clone()).map_err(fix)?);
        }
        if let Some(address) = config.http_listen {
            let (listener, bound) = serve::bind(address).await.map_err(fix)?;
            let routes = Http { intake, credentials, topics, frame_bytes_max }.routes();
            self.http = Some(bound);
            tasks.spawn(Server::new(routes, tasks.clone(), stop).run(listener));
        }
        Ok(())
    }

    /// Stops taking in, then sending. Whether all ended within [`STOP_GRACE`].
    pub async fn stop(self) -> Result<(), tokio::time::error::Elapsed> {
        let stop = async {
            end(&self.ingress).await;
            self.intake.flush().await;
            end(&self.outbound).await;
            if let Err(error) = self.store.keep_numbers().await {
                tracing::warn!(%error, "the last numbers of this day were not kept");
            }
        };
        tokio::time::timeout(STOP_GRACE, stop).await
    }
}
