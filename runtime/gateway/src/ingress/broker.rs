//! The embedded MQTT broker: devices publish to it, and to nobody else through it.
//!
//! # Promises
//!
//! - PUBACK leaves after the commit. While nothing can be kept, it is withheld and the device's other messages
//!   wait behind it: MQTT's own flow control.
//! - Nobody can subscribe: what one device says, no other hears. Nothing is retained: a last will that asks for it is
//!   taken, because devices insist, and forgotten.
//! - The only module that names `mqtt5`.

use super::{credentials::Credentials, topics::Topics};
use crate::{
    intake::{self, Intake, IntakeError},
    message::{DeviceName, Frame, Millis},
};
use mqtt5::{
    broker::{
        BrokerConfig, MqttBroker,
        auth::{AuthProvider, AuthResult},
        config::StorageConfig,
        events::{
            BrokerEventHandler, ClientDisconnectEvent, ClientPublishEvent, PublishAction,
            RetainedSetEvent,
        },
        router::MessageRouter,
    },
    packet::publish::PublishPacket,
};
use std::{
    collections::HashMap,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock, PoisonError, Weak},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How many devices may be connected at once.
const CLIENTS_MAX: usize = 10_000;
/// What a PUBLISH needs besides its payload: topic, properties, header.
const PACKET_EXTRA_BYTES: usize = 4 << 10;
const RETRY_DELAY_MIN: Duration = Duration::from_millis(50);
const RETRY_DELAY_MAX: Duration = Duration::from_secs(5);

/// By connection: the packet that QoS 2 may bring a second time.
type Repeats = HashMap<Arc<str>, (u16, Vec<u8>)>;

/// Who keeps retained messages, once there is a broker. It holds the handler, which must not hold it in turn.
type Retained = Arc<OnceLock<Weak<MessageRouter>>>;

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The broker could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the MQTT broker cannot listen on {address}: {reason}")]
pub struct BrokerError {
    address: SocketAddr,
    reason: String,
}

/// What the broker needs to know.
pub struct Broker {
    /// Where frames go.
    pub intake: Arc<Intake>,
    /// Who may connect.
    pub credentials: Arc<Credentials>,
    /// Who may publish where.
    pub topics: Arc<Topics>,
    /// The largest payload, in bytes.
    pub frame_bytes_max: usize,
}

impl Broker {
    /// Listens on `address`; the address that it got is returned with the task that runs it until `stop`.
    pub async fn listen(
        self,
        address: SocketAddr,
        stop: CancellationToken,
    ) -> Result<(SocketAddr, impl Future<Output = ()> + Send + 'static), BrokerError> {
        let fail = |error: mqtt5::MqttError| BrokerError { address, reason: error.to_string() };
        let door = Door {
            credentials: self.credentials.clone(),
            topics: self.topics.clone(),
            intake: self.intake.clone(),
            stop: stop.clone(),
        };
        let retained = Arc::new(OnceLock::new());
        let config = self.config((address, retained.clone()), stop.clone());
        let broker = MqttBroker::with_config(config).await.map_err(fail)?;
        retained.get_or_init(|| Arc::downgrade(&broker.router()));
        let mut broker = broker.with_auth_provider(Arc::new(door));
        let bound = broker.local_addr().unwrap_or(address);
        let shutdown = broker.shutdown_handle();
        let run = async move {
            let stopping = async {
                stop.cancelled().await;
                shutdown.shutdown();
            };
            let (ended, ()) = tokio::join!(broker.run(), stopping);
            if let Err(error) = ended {
                tracing::error!(%error, "the MQTT broker ended");
            }
        };
        Ok((bound, run))
    }

    /// The crate's defaults bind every address, let everybody in and keep sessions on disk.
    fn config(
        self,
        (address, retained): (SocketAddr, Retained),
        stop: CancellationToken,
    ) -> BrokerConfig {
        let Self { intake, topics, frame_bytes_max, .. } = self;
        let last_qos2 = Mutex::default();
        let handler = Handler { intake, topics, frame_bytes_max, stop, last_qos2, retained };
        let mut config = BrokerConfig::new()
            .with_bind_address(address)
            .with_max_clients(CLIENTS_MAX)
            .with_max_packet_size(frame_bytes_max + PACKET_EXTRA_BYTES)
            .with_retain_available(true)
            .with_max_subscriptions_per_client(1)
            .with_client_channel_capacity(16)
            .with_session_expiry(Duration::from_secs(3600))
            .with_sys_topics_enabled(false)
            .with_storage(StorageConfig { enable_persistence: false, ..StorageConfig::default() });
        // Only chooses the crate's own provider, which `listen` replaces by `Door` before anybody can connect;
        // `false` asks for password files.
        config.auth_config.allow_anonymous = true;
        config.topic_alias_maximum = 16;
        config.event_handler = Some(Arc::new(handler));
        config
    }
}

/// Lets devices in.
struct Door {
    credentials: Arc<Credentials>,
    topics: Arc<Topics>,
    intake: Arc<Intake>,
    stop: CancellationToken,
}

impl AuthProvider for Door {
    fn authenticate<'a>(
        &'a self,
        connect: &'a mqtt5::packet::connect::ConnectPacket,
        _client: SocketAddr,
    ) -> Answer<'a, mqtt5::error::Result<AuthResult>> {
        Box::pin(async move {
            let refused = AuthResult::fail(
                mqtt5::protocol::v5::reason_codes::ReasonCode::BadUsernameOrPassword,
            );
            let (Some(user), Some(password)) = (&connect.username, &connect.password) else {
                return Ok(refused);
            };
            Ok(match self.credentials.check(user, password).await {
                Some(device) => AuthResult::success_with_user(device.to_string()),
                None => {
                    tracing::warn!("a device was refused: unknown user or wrong password");
                    refused
                }
            })
        })
    }

    fn authorize_publish<'a>(
        &'a self,
        _client_id: &str,
        user: Option<&'a str>,
        topic: &'a str,
    ) -> Answer<'a, bool> {
        Box::pin(async move {
            let Some(user) = user else { return false };
            if self.topics.lets(user, topic) {
                return true;
            }
            tracing::warn!("a device published on a topic that is not its own");
            let refuse = || self.intake.refuse(DeviceName(user.into()), intake::foreign_topic());
            // MQTT 3.1.1 cannot say no: the PUBACK that follows is then covered by the ledger.
            let mut patience = Patience::new(&self.stop);
            while let Err(error) = refuse().await {
                patience.wait(error).await;
            }
            false
        })
    }

    fn authorize_subscribe<'a>(
        &'a self,
        _client_id: &str,
        _user: Option<&'a str>,
        _filter: &'a str,
    ) -> Answer<'a, bool> {
        Box::pin(async { false })
    }
}

/// Waits between attempts to keep a frame, longer each time.
struct Patience<'a> {
    delay: Duration,
    stop: &'a CancellationToken,
}

impl<'a> Patience<'a> {
    fn new(stop: &'a CancellationToken) -> Self {
        Self { delay: RETRY_DELAY_MIN, stop }
    }

    /// After the stop this does not return: returning could become a PUBACK.
    async fn wait(&mut self, error: IntakeError) {
        tracing::warn!(%error, retry_in = ?self.delay, "a frame cannot be kept; its PUBACK is withheld");
        tokio::select! {
            () = tokio::time::sleep(self.delay) => {}
            () = self.stop.cancelled() => std::future::pending().await,
        }
        self.delay = (self.delay * 2).min(RETRY_DELAY_MAX);
    }
}

/// Hands frames to the intake, before PUBACK.
struct Handler {
    intake: Arc<Intake>,
    topics: Arc<Topics>,
    frame_bytes_max: usize,
    stop: CancellationToken,
    last_qos2: Mutex<Repeats>,
    retained: Retained,
}

impl BrokerEventHandler for Handler {
    fn on_client_publish<'a>(&'a self, event: ClientPublishEvent) -> Answer<'a, PublishAction> {
        Box::pin(async move {
            self.take(event).await;
            PublishAction::Handled
        })
    }

    fn on_client_disconnect<'a>(&'a self, event: ClientDisconnectEvent) -> Answer<'a, ()> {
        self.repeats().remove(&event.client_id);
        Box::pin(async {})
    }

    /// Only last wills come here: what a device publishes is handled before.
    fn on_retained_set<'a>(&'a self, event: RetainedSetEvent) -> Answer<'a, ()> {
        Box::pin(forget(&self.retained, event))
    }
}

/// Clears what was just retained, as MQTT does it: by an empty message.
async fn forget(retained: &Retained, event: RetainedSetEvent) {
    let router = retained.get().and_then(Weak::upgrade);
    let Some(router) = router.filter(|_| !event.cleared) else { return };
    let mut nothing = PublishPacket::new(event.topic.as_ref(), Vec::new(), event.qos);
    nothing.retain = true;
    router.route_message_local_only(&nothing, None).await;
}

impl Handler {
    async fn take(&self, event: ClientPublishEvent) {
        let Some(user) = &event.user_id else { return };
        if self.is_repeat(&event) || !self.topics.lets(user, &event.topic) {
            return;
        }
        let device = DeviceName(user.clone());
        let mut patience = Patience::new(&self.stop);
        let mut frame =
            Frame::new(device, event.topic.to_string(), event.payload.to_vec(), Millis::now());
        // Returning means PUBACK. While nothing can be kept, this does not return.
        while let Err(error) = self.keep(&frame).await {
            patience.wait(error).await;
            frame.received = Millis::now();
        }
    }

    async fn keep(&self, frame: &Frame) -> Result<(), IntakeError> {
        if frame.content.reveal().body.len() > self.frame_bytes_max {
            return self.intake.refuse(frame.device.clone(), intake::too_large()).await;
        }
        self.intake.accept(frame).await
    }

    /// The hook fires twice for a QoS 2 PUBLISH that comes a second time.
    fn is_repeat(&self, event: &ClientPublishEvent) -> bool {
        let (mqtt5::QoS::ExactlyOnce, Some(packet)) = (event.qos, event.packet_id) else {
            return false;
        };
        let this = (packet, event.payload.to_vec());
        self.repeats().insert(event.client_id.clone(), this.clone()).is_some_and(|it| it == this)
    }

    fn repeats(&self) -> std::sync::MutexGuard<'_, Repeats> {
        self.last_qos2.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Forgetful(Retained);

    impl BrokerEventHandler for Forgetful {
        fn on_retained_set<'a>(&'a self, event: RetainedSetEvent) -> Answer<'a, ()> {
            Box::pin(forget(&self.0, event))
        }
    }

    #[tokio::test]
    async fn a_last_will_that_asks_to_be_retained_is_forgotten() {
        let retained = Retained::default();
        let router = MessageRouter::new();
        let router = Arc::new(router.with_event_handler(Arc::new(Forgetful(retained.clone()))));
        retained.get_or_init(|| Arc::downgrade(&router));
        let mut will = PublishPacket::new("door/status", &b"offline"[..], mqtt5::QoS::AtLeastOnce);
        will.retain = true;
        router.route_message(&will, None).await;
        assert_eq!(router.retained_count().await, 0);
    }
}
