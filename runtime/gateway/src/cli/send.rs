//! `send`: one frame, as a device would.

use super::{Failure, open, out::say};
use crate::{home::Home, transport};
use clap::Args;
use http_body_util::Full;
use hyper::{
    Request, StatusCode,
    body::Bytes,
    header::{AUTHORIZATION, HOST},
};
use hyper_util::rt::TokioIo;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

const ANSWER_MAX: Duration = Duration::from_secs(30);

/// What is sent.
#[derive(Debug, Args)]
pub(super) struct SendArgs {
    /// The device.
    device: String,
    /// Its secret, as `device add` printed it.
    #[arg(long, env = "HUSHGATE_SECRET", hide_env_values = true)]
    secret: String,
    /// The topic; without one the payload is the prototype's JSON.
    #[arg(long, default_value = "")]
    topic: String,
    /// The frame, such as 'Beats: 70.00 bpm'.
    payload: String,
}

pub(super) async fn run(home: &Home, args: SendArgs) -> Result<(), Failure> {
    let (config, _) = open(home)?;
    let Some(address) = config.http_listen else {
        let text = format!("{}: [http] has no `listen`", home.settings().display());
        return Err(Failure::fix(text));
    };
    let ip =
        if address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
    let status =
        tokio::time::timeout(ANSWER_MAX, put(SocketAddr::new(ip, address.port()), args)).await;
    match status.map_err(|_| Failure::failed("the gateway did not answer in time"))?? {
        StatusCode::NO_CONTENT => {
            say("kept: see `hushgate ledger show` for what was decided");
            Ok(())
        }
        StatusCode::UNAUTHORIZED => Err(Failure::fix("unknown device or wrong secret")),
        StatusCode::FORBIDDEN => Err(Failure::fix("not one of this device's topics")),
        StatusCode::PAYLOAD_TOO_LARGE => Err(Failure::fix("larger than a frame may be")),
        status => Err(Failure::failed(format!("the gateway answered {status}"))),
    }
}

async fn put(address: SocketAddr, args: SendArgs) -> Result<StatusCode, Failure> {
    let stream = transport::loopback(address)
        .await
        .map_err(|error| Failure::failed(format!("no gateway at {address}: {error}")))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(Failure::failed)?;
    tokio::spawn(connection);
    let request = Request::put(format!("/{}", args.topic))
        .header(HOST, address.to_string())
        .header(AUTHORIZATION, format!("Bearer {}.{}", args.device, args.secret))
        .body(Full::new(Bytes::from(args.payload)))
        .map_err(Failure::fix)?;
    let response = sender.send_request(request).await.map_err(Failure::failed)?;
    Ok(response.status())
}
