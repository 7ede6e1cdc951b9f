//! A simulated pacemaker: a real MQTT client that says what the 2021 prototype's ESP32 said.

use rumqttc::v5::{
    AsyncClient, Event, EventLoop, Incoming, MqttOptions,
    mqttbytes::{QoS, v5::PubAckReason},
};
use std::{f64::consts::TAU, net::SocketAddr, time::Duration};
use tokio::sync::mpsc;

/// The device's name.
pub(super) const NAME: &str = "pacemaker";

const PAIR_EVERY: Duration = Duration::from_secs(1);

/// Publishes a pair of readings each second, `frames` in all or for ever, and says each that was acknowledged.
pub(super) async fn run(
    broker: SocketAddr,
    secret: String,
    frames: Option<u32>,
    seen: mpsc::Sender<Result<String, String>>,
) {
    let mut options = MqttOptions::new(NAME, broker.ip().to_string(), broker.port());
    options.set_credentials(NAME, secret);
    options.set_keep_alive(Duration::from_secs(30));
    let (client, mut events) = AsyncClient::new(options, 16);
    let mut tick = tokio::time::interval(PAIR_EVERY);
    let mut sent = 0;
    for second in 0_u32.. {
        tick.tick().await;
        for (topic, text) in readings(second) {
            if frames.is_some_and(|max| sent >= max) {
                return;
            }
            sent += 1;
            let result = publish(&client, &mut events, topic, &text).await;
            let failed = result.is_err();
            if seen.send(result.map(|()| text.trim().to_owned())).await.is_err() || failed {
                return;
            }
        }
    }
}

/// A heart that speeds up and slows down, with the two decimals that the prototype sent.
fn readings(second: u32) -> [(&'static str, String); 2] {
    let phase = f64::from(second) / 60.0 * TAU;
    let bpm = 72.0 + 9.0 * phase.sin() + 1.3 * (7.3 * phase).sin();
    let mmhg = 121.0 + 6.0 * (0.7 * phase).cos() + 0.9 * (5.1 * phase).sin();
    [
        ("patient/beats/bpm", format!("Beats: {bpm:.2} bpm ")),
        ("patient/tension/mmHg", format!("Tension: {mmhg:.2} mmHg ")),
    ]
}

async fn publish(
    client: &AsyncClient,
    events: &mut EventLoop,
    topic: &str,
    text: &str,
) -> Result<(), String> {
    let publish = client.publish(topic, QoS::AtLeastOnce, false, text.to_owned());
    publish.await.map_err(|error| error.to_string())?;
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Incoming::PubAck(ack))) if ack.reason == PubAckReason::Success => {
                return Ok(());
            }
            Ok(Event::Incoming(Incoming::PubAck(_))) => {
                return Err("the gateway refused a frame".into());
            }
            Ok(_) => {}
            Err(error) => return Err(format!("the pacemaker lost its gateway: {error}")),
        }
    }
}
