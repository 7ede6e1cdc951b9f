//! Hosts one onion service for as long as it is wanted.
//!
//! # Promises
//!
//! - It has the same address for as long as its key is kept, also when the client under it is
//!   replaced.
//! - A name is hosted once at a time.
//! - Strangers can make it hold a bounded number of circuits, streams and waiting requests.
//! - All other ports are refused the way every other onion service refuses them.

use std::{
    collections::HashSet,
    error::Error,
    fmt,
    sync::{Arc, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use arti_client::HasKind;
use futures_util::{FutureExt, StreamExt, future::Either, stream, stream::BoxStream};
use safelog::DisplayRedacted;
use tokio::{
    sync::{mpsc, watch},
    time,
};
use tor_cell::relaycell::msg::{Connected, End, EndReason};
use tor_hsservice::{
    HsNickname, OnionServiceConfig, RendRequest, RunningOnionService, StreamRequest,
    config::OnionServiceConfigBuilder,
};
use tor_proto::stream::IncomingStreamRequest;

use crate::{
    client::Client,
    keeper::{self, ClientSlot, Kept, Names},
    settings::chain,
    stream::Stream,
    watchdog::Report,
};

/// Circuits open at once, about 65 KiB each; further clients wait.
const CIRCUITS_MAX: usize = 512;
/// Streams on one circuit; arti closes a circuit that wants more.
const STREAMS_PER_CIRCUIT_MAX: u32 = 256;
/// Stream requests being answered at once.
const ANSWERS_MAX: usize = 32;
/// The longest an answer may take to leave.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);
/// Accepted streams that wait for [`Service::accept`]; further clients wait for an answer.
const BACKLOG_MAX: usize = 64;
/// How long to wait for an earlier service of the same name to end.
const NAME_WAIT_MAX: Duration = Duration::from_secs(5);
/// How often that is tried.
const NAME_RETRY: Duration = Duration::from_millis(100);
/// Pause before a service that could not be launched is tried again.
const LAUNCH_RETRY: Duration = Duration::from_secs(1);
/// How long a service may be unreachable before the client under it is replaced. It doubles each
/// time that this has not helped.
const UNREACHABLE_TIME_MIN: Duration = Duration::from_secs(3 * 60);
/// Where the doubling ends.
const UNREACHABLE_TIME_MAX: Duration = Duration::from_secs(60 * 60);

/// Why a service is not hosted, by what the caller should do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// A service of this name is hosted already: end that one first.
    #[error("a service of this name is hosted already")]
    InUse,
    /// Trying again changes nothing: the owner must act.
    #[error("the service cannot be hosted like this: {0}")]
    Fix(String),
}

/// An onion service. It ends when this is dropped; streams already accepted may break then, and
/// when Tor has to start anew.
pub struct Service {
    address: String,
    streams: mpsc::Receiver<Stream>,
    reachable: watch::Receiver<bool>,
}

/// Without the address, which is for those alone who may connect.
impl fmt::Debug for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Service(..)")
    }
}

impl Service {
    /// Its address: 56 letters and digits, then `.onion`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The next stream somebody opened; `None` if the service has ended. Who it is is not known.
    /// Dropping this future loses nothing.
    pub async fn accept(&mut self) -> Option<Stream> {
        self.streams.recv().await
    }

    /// Whether it is believed that others can connect, and each change.
    #[must_use]
    pub fn reachable(&self) -> watch::Receiver<bool> {
        self.reachable.clone()
    }
}

pub(crate) async fn host(kept: &Kept, nickname: &str, port: u16) -> Result<Service, HostError> {
    let config = config(nickname)?;
    let name = Name::take(kept.names.clone(), nickname).await.ok_or(HostError::InUse)?;
    let address = address(kept, &config)?;
    let (streams_in, streams) = mpsc::channel(BACKLOG_MAX);
    let (reachable_in, reachable) = watch::channel(false);
    let host = Host {
        config,
        port,
        clients: kept.clients.clone(),
        reports: kept.reports.clone(),
        streams: streams_in,
        reachable: reachable_in,
        patience: UNREACHABLE_TIME_MIN,
        _name: name,
    };
    tokio::spawn(host.run());
    Ok(Service { address, streams, reachable })
}

/// A name that is hosted until this is dropped.
struct Name {
    names: Names,
    name: String,
}

impl Name {
    async fn take(names: Names, name: &str) -> Option<Self> {
        let give_up_at = Instant::now() + NAME_WAIT_MAX;
        loop {
            if lock(&names).insert(name.to_owned()) {
                return Some(Self { names, name: name.to_owned() });
            }
            if Instant::now() >= give_up_at {
                return None;
            }
            time::sleep(NAME_RETRY).await;
        }
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        lock(&self.names).remove(&self.name);
    }
}

/// The set is whole at any time, also after a panic elsewhere.
fn lock(names: &Names) -> MutexGuard<'_, HashSet<String>> {
    names.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The task behind a [`Service`].
struct Host {
    config: OnionServiceConfig,
    port: u16,
    clients: ClientSlot,
    reports: mpsc::Sender<Report>,
    streams: mpsc::Sender<Stream>,
    reachable: watch::Sender<bool>,
    patience: Duration,
    _name: Name,
}

/// A service on one client. It ends when this is dropped.
struct Launched {
    service: Arc<RunningOnionService>,
    requests: BoxStream<'static, RendRequest>,
    /// Held so that the client is not replaced before this is dropped.
    _client: Arc<Client>,
}

impl Host {
    async fn run(mut self) {
        let streams = self.streams.clone();
        tokio::select! {
            () = streams.closed() => {}
            () = self.keep_hosting() => {}
        }
    }

    /// Goes from client to client; ends only when there will be no other.
    async fn keep_hosting(&mut self) {
        while let Some(client) = keeper::client(&mut self.clients).await {
            match launch(client, &self.config) {
                Ok(launched) => self.serve(launched).await,
                Err(error) => tracing::warn!(%error, "onion service not launched yet"),
            }
            self.reachable.send_replace(false);
            // A client that is being replaced is gone at once, so this delays nothing.
            time::sleep(LAUNCH_RETRY).await;
        }
    }

    /// Serves until the client is being replaced.
    async fn serve(&mut self, launched: Launched) {
        let Launched { service, requests, _client } = launched;
        let (port, streams) = (self.port, &self.streams);
        let answers = stream_requests(requests)
            .for_each_concurrent(ANSWERS_MAX, |request| answer(request, port, streams));
        tokio::select! {
            () = answers => tracing::warn!("onion service has ended; launching it again"),
            () = follow(&service, &self.reachable, (&self.reports, &mut self.patience)) => {}
            _ = self.clients.changed() => {}
        }
    }
}

fn config(nickname: &str) -> Result<OnionServiceConfig, HostError> {
    let nickname: HsNickname =
        nickname.parse().map_err(|_| HostError::Fix("unusable nickname".into()))?;
    OnionServiceConfigBuilder::default()
        .nickname(nickname)
        .max_concurrent_streams_per_circuit(STREAMS_PER_CIRCUIT_MAX)
        .build()
        .map_err(|error| HostError::Fix(chain(&error)))
}

/// The address, from the key; the key is made if there is none.
fn address(kept: &Kept, config: &OnionServiceConfig) -> Result<String, HostError> {
    let fix = |error: &dyn Error| HostError::Fix(chain(error));
    let service = Client::create_onion_service(&kept.config, config.clone());
    let service = service.map_err(|error| fix(&error))?;
    let address = service.generate_identity_key(Default::default()).map_err(|error| fix(&error))?;
    Ok(address.display_unredacted().to_string())
}

fn launch(client: Arc<Client>, config: &OnionServiceConfig) -> Result<Launched, HostError> {
    let launched = client.launch_onion_service(config.clone());
    match launched.map_err(|error| HostError::Fix(chain(&error)))? {
        Some((service, requests)) => {
            Ok(Launched { service, requests: requests.boxed(), _client: client })
        }
        None => Err(HostError::Fix("it is switched off".into())),
    }
}

/// What clients want to open, over all circuits.
fn stream_requests(
    requests: BoxStream<'static, RendRequest>,
) -> impl stream::Stream<Item = StreamRequest> {
    requests.flat_map_unordered(CIRCUITS_MAX, |request| {
        Box::pin(request.accept())
            .map(|circuit| match circuit {
                Ok(streams) => Either::Left(streams),
                Err(error) => {
                    tracing::debug!(kind = %error.kind(), "circuit of a client failed");
                    Either::Right(stream::empty())
                }
            })
            .flatten_stream()
    })
}

async fn answer(request: StreamRequest, port: u16, streams: &mpsc::Sender<Stream>) {
    let wanted = match request.request() {
        IncomingStreamRequest::Begin(begin) => begin.port() == port,
        _ => false,
    };
    if !wanted {
        // Any other reason than DONE would set this service apart.
        let refusal = request.reject(End::new_with_reason(EndReason::DONE));
        let _ = time::timeout(ANSWER_TIME_MAX, refusal).await;
        return;
    }
    let Ok(place) = streams.reserve().await else { return };
    match time::timeout(ANSWER_TIME_MAX, request.accept(Connected::new_empty())).await {
        Ok(Ok(stream)) => place.send(Stream(stream)),
        Ok(Err(error)) => tracing::debug!(kind = %error.kind(), "stream of a client failed"),
        Err(_) => tracing::debug!("stream of a client not opened in time"),
    }
}

/// Passes on what arti believes, and reports when it is bad for long. Ends with the service.
async fn follow(
    service: &RunningOnionService,
    reachable: &watch::Sender<bool>,
    (reports, patience): (&mpsc::Sender<Report>, &mut Duration),
) {
    let mut events = service.status_events();
    let mut since = time::Instant::now();
    loop {
        let now_reachable = match time::timeout_at(since + *patience, events.next()).await {
            Ok(Some(status)) => status.state().is_fully_reachable(),
            Ok(None) => return,
            Err(_) => {
                since = time::Instant::now();
                if !*reachable.borrow() {
                    *patience = (*patience * 2).min(UNREACHABLE_TIME_MAX);
                    // A full channel is read soon; the next report comes then.
                    let _ = reports.try_send(Report::Unreachable);
                }
                continue;
            }
        };
        let was_reachable = *reachable.borrow();
        if now_reachable != was_reachable {
            reachable.send_replace(now_reachable);
            tracing::info!(reachable = now_reachable, "onion service");
            since = time::Instant::now();
            *patience = UNREACHABLE_TIME_MIN;
        }
    }
}
