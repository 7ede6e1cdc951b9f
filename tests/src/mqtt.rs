//! A device that speaks MQTT 5 and says which frames were acknowledged.

use rumqttc::v5::{
    Client, Connection, Event, Incoming, MqttOptions, RecvTimeoutError,
    mqttbytes::{QoS, v5::PubAckReason},
};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// A connected device.
pub struct Device {
    client: Client,
    connection: Connection,
}

/// How long an acknowledgement may take.
const ACK_MAX: Duration = Duration::from_secs(20);

impl Device {
    /// Connects as `name` with `secret`; an error if the broker refuses or is away.
    pub fn connect(broker: SocketAddr, name: &str, secret: &str) -> Result<Self, String> {
        let mut options = MqttOptions::new(name, broker.ip().to_string(), broker.port());
        options.set_credentials(name, secret);
        options.set_keep_alive(Duration::from_secs(60));
        let (client, mut connection) = Client::new(options, 64);
        loop {
            match connection.recv_timeout(ACK_MAX) {
                Ok(Ok(Event::Incoming(Incoming::ConnAck(_)))) => {
                    return Ok(Self { client, connection });
                }
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(error.to_string()),
                Err(error) => return Err(format!("{error:?}")),
            }
        }
    }

    /// Publishes with QoS 1 and waits for the acknowledgement.
    pub fn publish(&mut self, topic: &str, payload: &[u8]) -> Result<PubAckReason, String> {
        self.send(topic, payload)?;
        self.acknowledgement(ACK_MAX)?.ok_or_else(|| "not acknowledged in time".to_owned())
    }

    /// Publishes with QoS 1 and does not wait.
    pub fn send(&self, topic: &str, payload: &[u8]) -> Result<(), String> {
        self.client
            .publish(topic, QoS::AtLeastOnce, false, payload.to_vec())
            .map_err(|it| it.to_string())
    }

    /// Waits for the next acknowledgement; nothing if none came within `max`.
    pub fn acknowledgement(&mut self, max: Duration) -> Result<Option<PubAckReason>, String> {
        let end = Instant::now() + max;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.connection.recv_timeout(left) {
                Ok(Ok(Event::Incoming(Incoming::PubAck(ack)))) => return Ok(Some(ack.reason)),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(error.to_string()),
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Err(error) => return Err(format!("{error:?}")),
            }
        }
    }
}
