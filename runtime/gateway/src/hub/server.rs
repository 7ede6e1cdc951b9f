//! The hub's HTTP: releases and introductions in, receipts and a page out.

use super::{
    page::{PageView, render},
    settings::{BODY_BYTES_MAX, HubConfig},
    store::{Deposit, Field, HubStore, Inserted, Received, RedeemError, Value},
};
use crate::{
    ingress::visitor::{Door, Forms, page_headers, who_are_you},
    keys::{Keys, SealingKey},
    message::Millis,
    wire::{
        deposit,
        envelope::{self, Content, ContentValue, Envelope},
        letter::Letter,
        pairing,
        receipt::{Answer, Receipt},
        withdrawal::{Deletion, Withdrawal},
    },
};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, put},
};
use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::SigningKey;
use std::sync::{Arc, Mutex, PoisonError};

/// The longest that anything is kept, in milliseconds: 10 years, whatever a gateway says.
const KEEP_MS_MAX: i64 = 3650 * 86_400_000;

/// A hub at work. Cheap to clone.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    store: HubStore,
    opening: SealingKey,
    signing: SigningKey,
    door: Door,
    name: String,
    address: Mutex<String>,
    accept_prototype: bool,
}

/// Why a hub cannot work.
#[derive(Debug, thiserror::Error)]
#[error("the hub's store: {0}")]
pub struct HubError(String);

impl Hub {
    /// Opens the hub's store.
    pub fn open(config: &HubConfig, keys: &Keys) -> Result<Self, HubError> {
        let store =
            HubStore::open(&config.home.hub_store()).map_err(|it| HubError(it.to_string()))?;
        Ok(Self(Arc::new(Inner {
            store,
            opening: keys.sealing().0,
            signing: keys.signing(),
            door: Door::new("hub", config.password.as_deref()),
            name: config.name.clone(),
            address: Mutex::default(),
            accept_prototype: config.accept_prototype,
        })))
    }

    /// Where gateways find it: shown on the page.
    pub fn set_address(&self, address: &str) {
        *self.0.address.lock().unwrap_or_else(PoisonError::into_inner) = address.to_owned();
    }

    /// Lets the gateway with this code in, until then.
    pub fn expect(&self, code_hash: [u8; 32], until_ms: i64) -> Result<(), HubError> {
        self.0.store.add_invite(code_hash, until_ms).map_err(|it| HubError(it.to_string()))
    }

    /// How many releases it holds.
    pub fn releases(&self) -> Result<u64, HubError> {
        self.0.store.counts().map(|it| it.releases).map_err(|it| HubError(it.to_string()))
    }

    /// What it keeps for gateways, a line each: whose it is, when it came, and what only that gateway can read.
    pub fn checkpoints(&self) -> Result<Vec<String>, HubError> {
        let kept = self.0.store.deposits().map_err(|it| HubError(it.to_string()))?;
        let line = |it: &Deposit| {
            let at = jiff::Timestamp::from_millisecond(it.at_ms).unwrap_or_default();
            format!("{} {at:.0} {}", HEXLOWER.encode(&it.gateway), BASE64.encode(&it.kept))
        };
        Ok(kept.iter().map(line).collect())
    }

    /// The newest value of each field, as people say it.
    pub fn latest_in_words(&self) -> String {
        let devices = self.0.store.latest(Millis::now().0).unwrap_or_default();
        let word = |it: &super::store::FieldLatest| {
            let unit = it.field.unit.as_deref().unwrap_or_default();
            match &it.field.value {
                Value::Number(number) => format!("{} {number} {unit}", it.field.path),
                Value::Flag(flag) => format!("{} {flag}", it.field.path),
                Value::Choice(text) => format!("{} {text}", it.field.path),
            }
        };
        let words: Vec<_> = devices.iter().flat_map(|it| &it.fields).map(word).collect();
        words.join(", ")
    }

    /// Deletes what was kept for as long as was agreed.
    pub fn sweep(&self) {
        if let Err(error) = self.0.store.sweep(Millis::now().0) {
            tracing::warn!(%error, "what is past its time could not be deleted yet");
        }
    }

    /// Its routes.
    pub fn routes(&self) -> Router {
        Router::new()
            .route("/", get(page).put(prototype))
            .route("/v1/releases", put(releases))
            .route("/v1/withdrawals", put(withdrawal))
            .route("/v1/deposits", put(deposits))
            .route("/v1/pair", put(pair))
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(self.clone())
    }
}

async fn page(State(hub): State<Hub>, headers: HeaderMap) -> Response {
    if !hub.0.door.opens(&headers).await {
        return who_are_you();
    }
    let rendered = tokio::task::spawn_blocking(move || {
        let address = hub.0.address.lock().unwrap_or_else(PoisonError::into_inner).clone();
        PageView::load(&hub.0.store, Millis::now().0, &hub.0.name, &address).map(|it| render(&it))
    });
    match rendered.await {
        Ok(Ok(html)) => (page_headers(Forms::None), Html(html)).into_response(),
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "the hub's store failed");
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "10")]).into_response()
}

async fn pair(State(hub): State<Hub>, body: Bytes) -> Response {
    let Some(introduction) = pairing::open(&hub.0.opening, &body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let now = Millis::now().0;
    match hub.0.store.redeem(introduction.code_hash, introduction.gateway, now) {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(RedeemError::NotKept(error)) => failed(&error),
        Err(error) => {
            tracing::warn!(%error, "a gateway was not let in");
            StatusCode::FORBIDDEN.into_response()
        }
    }
}

async fn releases(State(hub): State<Hub>, body: Bytes) -> Response {
    aside(move || take(&hub, &body)).await
}

/// What the store is asked for must not hold up the other connections.
async fn aside(work: impl FnOnce() -> Response + Send + 'static) -> Response {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| failed(&error))
}

fn take(hub: &Hub, body: &[u8]) -> Response {
    let Ok(envelopes) = envelope::unpack(body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let mut answer = Answer { receipts: Vec::new(), refused: Vec::new() };
    let (mut opened, mut received) = (Vec::new(), Vec::new());
    for envelope in envelopes {
        match open(hub, &envelope) {
            Ok(it) => {
                opened.push(envelope);
                received.push(it);
            }
            Err(Refusal::Never) => answer.refused.push(envelope.id.to_string()),
            Err(Refusal::NotPaired) => return StatusCode::FORBIDDEN.into_response(),
            Err(Refusal::Later(error)) => return failed(&error),
        }
    }
    // All of a body come from one gateway as a rule: one transaction, and each by itself if that is refused.
    let stored = hub.0.store.insert(&received);
    let outcomes: Vec<Result<Inserted, _>> = match stored {
        Ok(inserted) => inserted.into_iter().map(Ok).collect(),
        Err(_) => received
            .iter()
            .map(|it| hub.0.store.insert(std::slice::from_ref(it)).map(|_| Inserted::New))
            .collect(),
    };
    for (envelope, outcome) in opened.iter().zip(outcomes) {
        match outcome {
            Ok(_) => {
                let receipt = Receipt::sign(&hub.0.signing, envelope.id, &envelope.digest());
                answer.receipts.push(receipt);
            }
            Err(error) if error.is_final() => answer.refused.push(envelope.id.to_string()),
            Err(error) => return failed(&error),
        }
    }
    json(&answer)
}

fn json(answer: &impl serde::Serialize) -> Response {
    let json = HeaderValue::from_static("application/json");
    match serde_json::to_vec(answer) {
        Ok(body) => ([(header::CONTENT_TYPE, json)], body).into_response(),
        Err(error) => failed(&error),
    }
}

async fn withdrawal(State(hub): State<Hub>, body: Bytes) -> Response {
    aside(move || withdraw(&hub, &body)).await
}

fn withdraw(hub: &Hub, body: &[u8]) -> Response {
    answer(hub, body, |letter, sender| {
        let asked = Withdrawal::open(letter, &hub.0.opening, sender).ok()?;
        let deleted = hub.0.store.withdraw(letter.key_id, asked.tag.0, Millis::now().0);
        Some(deleted.map(|it| {
            let asked = (asked.id, asked.tag);
            json(&Deletion::sign(&hub.0.signing, asked, it.values, it.at_ms))
        }))
    })
}

async fn deposits(State(hub): State<Hub>, body: Bytes) -> Response {
    aside(move || keep(&hub, &body)).await
}

fn keep(hub: &Hub, body: &[u8]) -> Response {
    answer(hub, body, |letter, sender| {
        let kept = deposit::open(letter, &hub.0.opening, sender).ok()?;
        let it = Deposit { gateway: letter.key_id, at_ms: Millis::now().0, kept };
        Some(hub.0.store.deposit(&it).map(|()| StatusCode::NO_CONTENT.into_response()))
    })
}

/// Does what a letter asks for. What is not from a gateway that is known here changes nothing.
fn answer(
    hub: &Hub,
    body: &[u8],
    done: impl FnOnce(&Letter<'_>, &[u8; 32]) -> Option<Result<Response, super::store::StoreError>>,
) -> Response {
    let Ok(letter) = Letter::parse(body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let sender = match hub.0.store.gateway_by_key_id(letter.key_id) {
        Ok(Some(sender)) => sender,
        Ok(None) => return StatusCode::FORBIDDEN.into_response(),
        Err(error) => return failed(&error),
    };
    match done(&letter, &sender) {
        Some(Ok(response)) => response,
        Some(Err(error)) => failed(&error),
        None => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// Why a release is not taken now.
enum Refusal {
    /// Its gateway was never invited, or introduced itself to a hub that lost its store: it can do so again.
    NotPaired,
    /// It is not for us, or was changed.
    Never,
    /// The store failed.
    Later(super::store::StoreError),
}

fn open(hub: &Hub, envelope: &Envelope<'_>) -> Result<Received, Refusal> {
    let sender = hub.0.store.gateway_by_key_id(envelope.key_id).map_err(Refusal::Later)?;
    let sender = sender.ok_or(Refusal::NotPaired)?;
    let content = envelope.open(&hub.0.opening, &sender).map_err(|_| Refusal::Never)?;
    Ok(received(envelope, content))
}

fn received(envelope: &Envelope<'_>, content: Content) -> Received {
    let now = Millis::now();
    let Content { device, purpose, at_ms, keep_ms, tag, fields } = content;
    let field = |it: envelope::ContentField| Field {
        path: it.path,
        unit: it.unit,
        value: match it.value {
            ContentValue::Flag(flag) => Value::Flag(flag),
            ContentValue::Number(number) => Value::Number(number),
            ContentValue::Choice(text) => Value::Choice(text),
        },
        at_ms,
    };
    Received {
        release: envelope.id.0,
        gateway: envelope.key_id,
        device,
        purpose,
        tag: tag.map(|it| it.0),
        received_ms: now.0,
        keep_until_ms: now.plus(keep_ms.clamp(0, KEEP_MS_MAX)).0,
        fields: fields.into_iter().map(field).collect(),
    }
}

/// What the 2021 prototype sends.
#[derive(serde::Deserialize)]
struct PrototypeBody {
    id_device: String,
    data: String,
}

async fn prototype(State(hub): State<Hub>, body: Bytes) -> Response {
    if !hub.0.accept_prototype {
        let hint =
            "this hub does not accept the prototype's format: see accept-prototype in hub.toml\n";
        return (StatusCode::FORBIDDEN, hint).into_response();
    }
    let Ok(body) = serde_json::from_slice::<PrototypeBody>(&body) else {
        return (StatusCode::BAD_REQUEST, "expected JSON with id_device and data\n")
            .into_response();
    };
    match hub.0.store.insert_legacy(&body.id_device, &body.data, Millis::now().0) {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) if error.is_final() => StatusCode::BAD_REQUEST.into_response(),
        Err(error) => failed(&error),
    }
}
