//! An existing MQTT broker: we subscribe to the devices' topics there.
//!
//! # Promises
//!
//! - A message is acknowledged to the broker after the commit; until then the broker keeps it.
//! - The session is kept at the broker while we are away (MQTT 5, session expiry 7 days).
//! - All devices share one connection: frames for a slow plugin take a part of it only. What is too many for that
//!   is quarantined, and the ledger says so.
//! - A topic belongs to the one device whose filters match it; others are withheld.
//! - The only module that names `rumqttc`.

use super::topics::Topics;
use crate::{
    config::Subscribe,
    intake::{self, Intake, IntakeError},
    message::{DeviceName, Frame, Millis},
    store::Pending,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use rumqttc::v5::{
    AsyncClient, Event, EventLoop, Incoming, MqttOptions,
    mqttbytes::{
        QoS,
        v5::{Filter, Publish},
    },
};
use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How many messages may be on their way to the disk.
const IN_FLIGHT_MAX: u16 = 1024;
/// Room for an acknowledgement of every packet id that there is: one that found no room would be lost, and its
/// message would come again only after a new connection. (mosquitto can be told to ignore our receive maximum.)
const REQUESTS_MAX: usize = 65_536;
/// How many of them may wait for slow plugins, and how many of one device.
const SLOW_MAX: usize = 512;
const SLOW_OF_DEVICE_MAX: usize = 32;
const SESSION_EXPIRY_SECONDS: u32 = 7 * 86_400;
const RETRY_DELAY_MIN: Duration = Duration::from_millis(200);
const RETRY_DELAY_MAX: Duration = Duration::from_secs(30);
/// Frames of nobody are booked under this name.
const NOBODY: &str = "unknown";

/// Subscribes and takes in.
pub struct Subscriber {
    /// Where frames go.
    pub intake: Arc<Intake>,
    /// Whose topic is whose.
    pub topics: Arc<Topics>,
    /// The largest payload, in bytes.
    pub frame_bytes_max: usize,
    /// Where the broker is.
    pub settings: Subscribe,
}

/// Frames that wait for slow plugins: each holds its places until it is dropped.
#[derive(Default)]
struct Slow {
    all: Arc<()>,
    by_device: HashMap<DeviceName, Arc<()>>,
}

impl Slow {
    /// Places for one more of `device`, if there are any.
    fn place(&mut self, device: &DeviceName) -> Option<[Arc<()>; 2]> {
        if !self.by_device.contains_key(device) {
            self.by_device.insert(device.clone(), Arc::default());
        }
        let of_device = self.by_device.get(device)?;
        // One is ours.
        let is_free = |it: &Arc<()>, max: usize| Arc::strong_count(it) <= max;
        let free = is_free(&self.all, SLOW_MAX) && is_free(of_device, SLOW_OF_DEVICE_MAX);
        free.then(|| [self.all.clone(), of_device.clone()])
    }
}

/// The settings name a password file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct SubscribeError {
    path: String,
    reason: String,
}

type Keeping = Pin<Box<dyn Future<Output = (Publish, Result<(), IntakeError>)> + Send>>;

impl Subscriber {
    /// Reads what is needed to log in; the task runs until `stop`.
    pub fn start(
        self,
        stop: CancellationToken,
    ) -> Result<impl Future<Output = ()> + Send, SubscribeError> {
        let options = self.options()?;
        let (client, events) = AsyncClient::new(options, REQUESTS_MAX);
        Ok(async move { self.run(client, events, stop).await })
    }

    fn options(&self) -> Result<MqttOptions, SubscribeError> {
        let Subscribe { broker, client_id, login, .. } = &self.settings;
        let mut options = MqttOptions::new(client_id, broker.ip().to_string(), broker.port());
        options.set_clean_start(false);
        options.set_manual_acks(true);
        options.set_keep_alive(Duration::from_secs(30));
        let mut properties = rumqttc::v5::mqttbytes::v5::ConnectProperties::new();
        properties.session_expiry_interval = Some(SESSION_EXPIRY_SECONDS);
        properties.receive_maximum = Some(IN_FLIGHT_MAX);
        properties.max_packet_size = u32::try_from(self.frame_bytes_max + 4096).ok();
        options.set_connect_properties(properties);
        if let Some((user, path)) = login {
            let password = std::fs::read_to_string(path).map_err(|error| SubscribeError {
                path: path.display().to_string(),
                reason: error.to_string(),
            })?;
            options.set_credentials(user, password.trim_end());
        }
        Ok(options)
    }

    /// Takes in what comes, and acknowledges what is on disk, in whatever order it gets there.
    async fn run(self, client: AsyncClient, mut events: EventLoop, stop: CancellationToken) {
        let mut keeping: FuturesUnordered<Keeping> = FuturesUnordered::new();
        let (mut delay, mut slow) = (RETRY_DELAY_MIN, Slow::default());
        loop {
            let has_room = keeping.len() < usize::from(IN_FLIGHT_MAX);
            tokio::select! {
                () = stop.cancelled() => return,
                Some((publish, kept)) = keeping.next() => self.acknowledge(&client, &publish, kept),
                event = events.poll(), if has_room => match event {
                    Ok(Event::Incoming(Incoming::ConnAck(_))) => {
                        delay = RETRY_DELAY_MIN;
                        self.subscribe(&client);
                    }
                    Ok(Event::Incoming(Incoming::Publish(publish))) => {
                        let it = self.take(publish, &mut slow);
                        keeping.push(it);
                    }
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!(%error, retry_in = ?delay, "the MQTT broker is away");
                        // What is on its way to the disk belongs to the lost connection: it comes again.
                        keeping.clear();
                        tokio::select! {
                            () = stop.cancelled() => return,
                            () = tokio::time::sleep(delay) => {}
                        }
                        delay = (delay * 2).min(RETRY_DELAY_MAX);
                    }
                },
            }
        }
    }

    /// On every connection: the client does not do it by itself.
    fn subscribe(&self, client: &AsyncClient) {
        let share =
            self.settings.share.as_ref().map(|it| format!("$share/{it}/")).unwrap_or_default();
        let filter = |it: String| Filter::new(format!("{share}{it}"), QoS::AtLeastOnce);
        let filters: Vec<_> = self.topics.filters().into_iter().map(filter).collect();
        if filters.is_empty() {
            return;
        }
        if let Err(error) = client.try_subscribe_many(filters) {
            tracing::warn!(%error, "could not subscribe");
        }
    }

    /// Asks for a decision in the order of arrival, once it is polled; the disk follows. One that has to wait keeps
    /// only its own device waiting.
    fn take(&self, publish: Publish, slow: &mut Slow) -> Keeping {
        let topic = String::from_utf8_lossy(&publish.topic).into_owned();
        let intake = self.intake.clone();
        let taken = match self.topics.owner(&topic) {
            None => Err((DeviceName(NOBODY.into()), intake::foreign_topic())),
            Some(device) if publish.payload.len() > self.frame_bytes_max => {
                Err((device, intake::too_large()))
            }
            Some(device) if !intake.is_slow(&device) => Ok((device, None)),
            Some(device) => match slow.place(&device) {
                None => Err((device, intake::too_many())),
                place => Ok((device, place)),
            },
        };
        let received = Millis::now();
        match taken {
            Err((device, outcome)) => {
                Box::pin(async move { (publish, intake.refuse(device, outcome).await) })
            }
            Ok((device, place)) => Box::pin(async move {
                let frame = Frame::new(device, topic, publish.payload.to_vec(), received);
                let begun = intake.begin(&frame).await;
                let kept = kept(&intake, frame, begun).await;
                drop(place);
                (publish, kept)
            }),
        }
    }

    fn acknowledge(&self, client: &AsyncClient, publish: &Publish, kept: Result<(), IntakeError>) {
        let result = match kept {
            Ok(()) if publish.qos == QoS::AtMostOnce => return,
            Ok(()) => client.try_ack(publish).map_err(|it| it.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = result {
            tracing::warn!(error, "a message was not acknowledged; the broker brings it again");
        }
    }
}

/// Waits for the disk; tries again until it takes the frame.
async fn kept(
    intake: &Arc<Intake>,
    frame: Frame,
    begun: Result<Pending, IntakeError>,
) -> Result<(), IntakeError> {
    let mut result = match begun {
        Ok(pending) => pending.kept().await.map_err(IntakeError::NotKept),
        Err(error) => Err(error),
    };
    let mut delay = RETRY_DELAY_MIN;
    while let Err(error) = &result {
        if !error.may_pass() {
            break;
        }
        tracing::warn!(%error, retry_in = ?delay, "a frame cannot be kept; its PUBACK is withheld");
        tokio::time::sleep(delay).await;
        delay = (delay * 2).min(RETRY_DELAY_MAX);
        result = intake.accept(&frame).await;
    }
    result
}
