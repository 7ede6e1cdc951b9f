//! One kept connection to a hub: HTTP/1.1 (RFC 9112) inside whatever the transport opened.

use crate::{
    contract::{Address, Contract},
    keys::Vault,
    outbox::Parcel,
    transport::{Stream, Transport, TransportError},
    wire::{
        envelope::{self, Content, ContentField, ContentValue, Envelope, ReleaseId},
        invite::RecipientKeys,
        pairing,
        receipt::{Answer, parse_release},
        withdrawal::{Deletion, GrantTag},
    },
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1::{self, SendRequest},
    header::{CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use std::{collections::HashMap, time::Duration};

/// How long a hub may take to answer. A slow onion circuit needs some seconds.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// The largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 256 << 10;

/// A kept connection.
pub struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

/// What a hub says to releases.
#[derive(Debug)]
pub enum Answered {
    /// What became of them; of those that are missing, nothing is known.
    Delivered(Vec<Delivered>),
    /// It does not know this gateway, or no longer: introduce it again.
    NotPaired,
}

/// What became of one release.
#[derive(Debug)]
pub struct Delivered {
    /// Which.
    pub release: ReleaseId,
    /// The hub's signature (empty where the recipient signs none); nothing if the hub refused it for good.
    pub proof: Option<Vec<u8>>,
}

impl Client {
    /// Connects over `transport`.
    pub async fn connect(
        transport: &Transport,
        contract: &Contract,
    ) -> Result<Self, TransportError> {
        let stream: Stream = transport.connect(contract).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(http)?;
        // Ends with the connection, which ends when `sender` is dropped.
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to a hub ended");
            }
        });
        let host = match &contract.address {
            Address::Onion { host, .. } => host.clone(),
            Address::Loopback(address) => address.to_string(),
        };
        Ok(Self { sender, host })
    }

    /// Introduces this gateway with the code of its invite.
    pub async fn pair(
        &mut self,
        keys: &RecipientKeys,
        gateway: &[u8; 32],
        code: &[u8; 32],
    ) -> Result<(), TransportError> {
        let body = pairing::seal(&keys.sealing, gateway, code)
            .ok_or_else(|| TransportError::Broken("the invite's key is broken".into()))?;
        match self.put("/v1/pair", "application/octet-stream", body).await?.status() {
            StatusCode::NO_CONTENT => Ok(()),
            StatusCode::FORBIDDEN => Err(TransportError::Broken(
                "the hub does not know the invite's code any more: ask for a new invite".into(),
            )),
            status => Err(unexpected(status)),
        }
    }

    /// Sends releases and returns what the hub signed for. A receipt that does not verify counts for nothing.
    pub async fn releases(
        &mut self,
        keys: &RecipientKeys,
        parcels: &[Parcel],
    ) -> Result<Answered, TransportError> {
        let body = envelope::pack(parcels.iter().map(|it| it.envelope.as_slice()));
        let response = self.put("/v1/releases", "application/octet-stream", body).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::FORBIDDEN => return Ok(Answered::NotPaired),
            status => return Err(unexpected(status)),
        }
        let answer: Answer = serde_json::from_slice(&read(response).await?)
            .map_err(|_| TransportError::Unreachable("the hub's answer is not one".into()))?;
        let delivered = check(keys, parcels, &answer);
        if delivered.is_empty() {
            return Err(TransportError::Unreachable("the hub signed for nothing".into()));
        }
        Ok(Answered::Delivered(delivered))
    }

    /// Tells that a consent was withdrawn; the hub's word that it deleted what it had, or nothing if it does not know
    /// this gateway.
    pub async fn withdrawal(
        &mut self,
        keys: &RecipientKeys,
        sealed: Vec<u8>,
        asked: (ReleaseId, GrantTag),
    ) -> Result<Option<Vec<u8>>, TransportError> {
        let response = self.put("/v1/withdrawals", "application/octet-stream", sealed).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::FORBIDDEN => return Ok(None),
            StatusCode::NOT_FOUND => {
                return Err(TransportError::Broken(
                    "the hub is older than withdrawals: its owner must update it".into(),
                ));
            }
            status => return Err(unexpected(status)),
        }
        let answer: Option<Deletion> = serde_json::from_slice(&read(response).await?).ok();
        let proof = answer.and_then(|it| it.verify(&keys.receipt, asked));
        let unsigned =
            || TransportError::Unreachable("the hub did not sign for the deletion".into());
        proof.map(Some).ok_or_else(unsigned)
    }

    /// Has the hub keep something. False if it is older than that.
    pub async fn deposit(&mut self, sealed: Vec<u8>) -> Result<bool, TransportError> {
        let answer = self.put("/v1/deposits", "application/octet-stream", sealed).await?;
        match answer.status() {
            StatusCode::NO_CONTENT => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            status => Err(unexpected(status)),
        }
    }

    /// Sends releases one by one as the 2021 prototype did. It signs nothing: its answer has to do.
    pub async fn prototype(
        &mut self,
        vault: &Vault,
        parcels: &[Parcel],
    ) -> Result<Vec<Delivered>, TransportError> {
        let mut delivered = Vec::new();
        for it in parcels {
            let release = it.waiting.release;
            let Some(content) = open(vault, it) else {
                // Nobody can read it any more; it would block all others for ever.
                delivered.push(Delivered { release, proof: None });
                continue;
            };
            self.prototype_fields(&content).await?;
            delivered.push(Delivered { release, proof: Some(Vec::new()) });
        }
        Ok(delivered)
    }

    async fn prototype_fields(&mut self, content: &Content) -> Result<(), TransportError> {
        for field in &content.fields {
            let response =
                self.put("/", "application/json", prototype_body(content, field)).await?;
            if !response.status().is_success() {
                return Err(unexpected(response.status()));
            }
            read(response).await?;
        }
        Ok(())
    }

    async fn put(
        &mut self,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<Response<Incoming>, TransportError> {
        let request = Request::builder()
            .method(Method::PUT)
            .uri(path)
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, content_type)
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| TransportError::Broken(error.to_string()))?;
        let exchange = async {
            self.sender.ready().await?;
            self.sender.send_request(request).await
        };
        let answered = tokio::time::timeout(ANSWER_MAX, exchange).await;
        answered.map_err(|_| TransportError::Unreachable("no answer in time".into()))?.map_err(http)
    }
}

async fn read(response: Response<Incoming>) -> Result<Bytes, TransportError> {
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect();
    let body = tokio::time::timeout(ANSWER_MAX, body).await;
    let body = body.map_err(|_| TransportError::Unreachable("no answer in time".into()))?;
    Ok(body.map_err(|_| TransportError::Unreachable("the answer broke off".into()))?.to_bytes())
}

fn check(keys: &RecipientKeys, parcels: &[Parcel], answer: &Answer) -> Vec<Delivered> {
    let sent: HashMap<_, _> = parcels.iter().map(|it| (it.waiting.release, it)).collect();
    let signed = answer.receipts.iter().filter_map(|receipt| {
        let (release, parcel) = sent.get_key_value(&receipt.release()?)?;
        let digest = Envelope::parse(&parcel.envelope).ok()?.digest();
        let proof = receipt.verify(&keys.receipt, *release, &digest)?;
        Some(Delivered { release: *release, proof: Some(proof.to_vec()) })
    });
    let refused = answer.refused.iter().filter_map(|it| {
        let release = parse_release(it)?;
        sent.contains_key(&release).then_some(Delivered { release, proof: None })
    });
    signed.chain(refused).collect()
}

fn open(vault: &Vault, parcel: &Parcel) -> Option<Content> {
    let plain = vault.open(&parcel.waiting.release.to_string(), &parcel.envelope)?;
    serde_json::from_slice(&plain).ok()
}

/// `{"id_device":"patient","data":"heart-rate:  70 /min "}`.
fn prototype_body(content: &Content, field: &ContentField) -> Vec<u8> {
    let value = match &field.value {
        ContentValue::Flag(flag) => flag.to_string(),
        ContentValue::Number(number) => number.to_string(),
        ContentValue::Choice(text) => text.clone(),
    };
    let data = format!("{}:  {value} {} ", field.path, field.unit.as_deref().unwrap_or_default());
    serde_json::json!({ "id_device": content.device, "data": data }).to_string().into_bytes()
}

fn unexpected(status: StatusCode) -> TransportError {
    TransportError::Unreachable(format!("the hub answered {status}"))
}

fn http(error: hyper::Error) -> TransportError {
    TransportError::Unreachable(error.to_string())
}
