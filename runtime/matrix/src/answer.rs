//! Tells from an SDK's error whether to try again or to call the owner, and keeps the rest of it to itself.
//!
//! What a homeserver or a library says may quote addresses, rooms or names: none of it goes on.

use matrix_sdk::{ClientBuildError, Error, HttpError, ruma::api::error::ErrorKind};

use crate::MatrixError;

/// The homeserver no longer knows the session.
pub(crate) const SESSION_GONE: MatrixError =
    MatrixError::Fix("the matrix session is gone: log in again");

const AWAY: MatrixError = MatrixError::Later("the homeserver cannot be reached");
const LIMITED: MatrixError = MatrixError::Later("the homeserver limits how much may be sent");
const FAILING: MatrixError = MatrixError::Later("the homeserver failed");
const STRANGE: MatrixError =
    MatrixError::Later("what answers does not speak matrix: is the homeserver's address right?");
const STORE: MatrixError = MatrixError::Later("the matrix store failed");
const STORE_CLOSED: MatrixError =
    MatrixError::Fix("the matrix store does not open: another passphrase, or damaged");
const NOT_JOINED: MatrixError = MatrixError::Fix("the bot is no longer in the room");
const BAD_CLIENT: MatrixError = MatrixError::Fix("the matrix settings cannot be used");

/// What a failed call means. `refused` is the reason if the homeserver understood and said no.
pub(crate) fn failed(error: &Error, refused: &'static str) -> MatrixError {
    match error {
        Error::Http(error) => not_answered(error, refused),
        Error::WrongRoomState(_) => NOT_JOINED,
        Error::Identifier(_) | Error::Url(_) | Error::SerdeJson(_) => MatrixError::Fix(refused),
        Error::Timeout | Error::ConcurrentRequestFailed => AWAY,
        _ => STORE,
    }
}

/// What it means that there is no client.
pub(crate) fn not_built(error: &ClientBuildError) -> MatrixError {
    match error {
        ClientBuildError::SqliteStore(_) => STORE_CLOSED,
        _ => BAD_CLIENT,
    }
}

fn not_answered(error: &HttpError, refused: &'static str) -> MatrixError {
    match error {
        HttpError::Reqwest(_) => AWAY,
        HttpError::Cached(error) => not_answered(error, refused),
        HttpError::RefreshToken(_) => SESSION_GONE,
        HttpError::IntoHttp(_) => MatrixError::Fix(refused),
        HttpError::Api(_) => match error.as_client_api_error() {
            Some(answer) => said_no(answer.status_code.as_u16(), answer.error_kind(), refused),
            // The homeserver asks for more than a password.
            None if error.as_uiaa_response().is_some() => MatrixError::Fix(refused),
            None => STRANGE,
        },
    }
}

fn said_no(status: u16, kind: Option<&ErrorKind>, refused: &'static str) -> MatrixError {
    match (status, kind) {
        (_, Some(ErrorKind::UnknownToken(_) | ErrorKind::MissingToken)) => SESSION_GONE,
        (429, _) | (_, Some(ErrorKind::LimitExceeded(_))) => LIMITED,
        (500.., _) => FAILING,
        (_, Some(_)) => MatrixError::Fix(refused),
        (_, None) => STRANGE,
    }
}

#[cfg(test)]
mod tests {
    use matrix_sdk::ruma::{
        api::{
            EndpointError,
            client::uiaa::UiaaResponse,
            error::{Error as ApiError, FromHttpResponseError},
        },
        exports::http,
    };

    use super::*;

    fn check(status: u16, body: &str, meaning: MatrixError) {
        let response = http::Response::builder().status(status).body(body.as_bytes()).unwrap();
        let error = UiaaResponse::MatrixError(ApiError::from_http_response(response));
        let error = HttpError::from(FromHttpResponseError::Server(error));
        assert_eq!(failed(&error.into(), "refused"), meaning, "{status} {body}");
    }

    #[test]
    fn an_answer_is_told_by_what_to_do_about_it() {
        let refused = MatrixError::Fix("refused");
        check(401, r#"{"errcode":"M_UNKNOWN_TOKEN","error":""}"#, SESSION_GONE);
        check(401, r#"{"errcode":"M_MISSING_TOKEN","error":""}"#, SESSION_GONE);
        check(403, r#"{"errcode":"M_FORBIDDEN","error":"@ada:example.org"}"#, refused);
        check(404, r#"{"errcode":"M_NOT_FOUND","error":""}"#, refused);
        check(413, r#"{"errcode":"M_TOO_LARGE","error":""}"#, refused);
        check(429, r#"{"errcode":"M_LIMIT_EXCEEDED","error":"","retry_after_ms":9}"#, LIMITED);
        check(429, "slow down", LIMITED);
        check(500, r#"{"errcode":"M_UNKNOWN","error":""}"#, FAILING);
        check(502, "<html>", FAILING);
        check(404, "<html>", STRANGE);
        check(302, "", STRANGE);
    }
}
