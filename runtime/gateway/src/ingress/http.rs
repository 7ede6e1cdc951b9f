//! HTTP: `PUT` or `POST`, with the body as the frame and the path as its channel.
//!
//! - `Authorization: Bearer <name>.<secret>` (RFC 6750), or Basic with name and secret (RFC 7617).
//! - `/` takes what the 2021 prototype sent: JSON `{"device","topic","payload"}`; any other path is a topic and
//!   must be one of the device's own.
//! - Answers: 204 kept · 401 who are you · 403 not your topic · 413 too large · 503 come again (Retry-After).

use super::{credentials::Credentials, topics::Topics};
use crate::{
    intake::{self, Intake, IntakeError},
    message::{DeviceName, Frame, Millis},
};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::put,
};
use data_encoding::BASE64;
use std::sync::Arc;

/// What the listener needs to know. Cheap to clone.
#[derive(Clone)]
pub struct Http {
    /// Where frames go.
    pub intake: Arc<Intake>,
    /// Who may send.
    pub credentials: Arc<Credentials>,
    /// Who may send where.
    pub topics: Arc<Topics>,
    /// The largest body, in bytes.
    pub frame_bytes_max: usize,
}

impl Http {
    /// Its routes.
    pub fn routes(self) -> Router {
        let limit = DefaultBodyLimit::max(self.frame_bytes_max);
        Router::new()
            .route("/", put(frame).post(frame))
            .route("/{*topic}", put(frame).post(frame))
            .layer(limit)
            .with_state(self)
    }
}

async fn frame(
    State(http): State<Http>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    let Some(device) = device(&http.credentials, &headers).await else {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"hushgate\"")];
        let hint = "unknown device or wrong secret: send `Authorization: Bearer NAME.SECRET`\n";
        return (StatusCode::UNAUTHORIZED, challenge, hint).into_response();
    };
    let topic = uri.path().trim_start_matches('/').to_owned();
    if !topic.is_empty() && !http.topics.lets(&device.0, &topic) {
        let refused = http.intake.refuse(device, intake::foreign_topic()).await;
        return answer(refused, StatusCode::FORBIDDEN, "not one of this device's topics\n");
    }
    let Ok(body) = body else {
        let refused = http.intake.refuse(device, intake::too_large()).await;
        return answer(refused, StatusCode::PAYLOAD_TOO_LARGE, "larger than a frame may be\n");
    };
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let frame = Frame::new(device, topic, body.to_vec(), Millis::now())
        .with_content_type(content_type.map(Into::into));
    answer(http.intake.accept(&frame).await, StatusCode::NO_CONTENT, "")
}

fn answer(kept: Result<(), IntakeError>, status: StatusCode, text: &'static str) -> Response {
    match kept {
        Ok(()) => (status, text).into_response(),
        Err(error) => {
            tracing::warn!(%error, "a frame cannot be kept; its device was told to come again");
            let hint = "not kept: send it again later\n";
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], hint).into_response()
        }
    }
}

async fn device(credentials: &Credentials, headers: &HeaderMap) -> Option<DeviceName> {
    let authorization = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    if let Some(token) = authorization.strip_prefix("Bearer ") {
        let (name, secret) = token.trim().split_once('.')?;
        return credentials.check(name, secret.as_bytes()).await;
    }
    let basic = BASE64.decode(authorization.strip_prefix("Basic ")?.trim().as_bytes()).ok()?;
    let at = basic.iter().position(|it| *it == b':')?;
    let name = std::str::from_utf8(&basic[..at]).ok()?;
    credentials.check(name, &basic[at + 1..]).await
}
