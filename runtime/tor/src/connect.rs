//! Opens streams to onion services, and says what to do when that fails.

use std::{fmt, time::Duration};

use arti_client::{ErrorKind, HasKind, StreamPrefs, isolation::IsolationHelper};
use tokio::time;

use crate::{
    keeper::{self, Kept},
    onion::check_onion,
    stream::Stream,
    watchdog::Report,
};

/// The longest a connection attempt takes. Arti's own attempts at a service that has just
/// vanished go on for minutes.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(60);

/// Why there is no stream, by what the caller should do. The texts are constant: no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Try again in a second or so; when that fails repeatedly, as with `Later`.
    #[error("the connection broke: {0}")]
    Soon(String),
    /// Try again with growing pauses, from 5 s to 5 min: the service or the network is away.
    #[error("the service cannot be reached now: {0}")]
    Later(String),
    /// Trying again changes nothing: the owner must act.
    #[error("the service cannot be reached like this: {0}")]
    Fix(String),
}

/// Opens a stream. Dropping this future is safe: what was begun is closed.
pub(crate) async fn open(
    kept: &Kept,
    target: (&str, u16),
    isolation: &str,
) -> Result<Stream, ConnectError> {
    let (onion, port) = target;
    check_onion(onion).map_err(|error| ConnectError::Fix(error.to_string()))?;
    if port == 0 {
        return Err(ConnectError::Fix("port 0 does not exist".into()));
    }
    let mut prefs = StreamPrefs::new();
    prefs.set_isolation(Isolation(isolation.into()));
    time::timeout(CONNECT_TIME_MAX, attempt(kept, target, &prefs))
        .await
        .unwrap_or_else(|_| Err(ConnectError::Later(late(kept).into())))
}

async fn attempt(
    kept: &Kept,
    target: (&str, u16),
    prefs: &StreamPrefs,
) -> Result<Stream, ConnectError> {
    let mut clients = kept.clients.clone();
    let client = keeper::client(&mut clients).await;
    let client = client.ok_or_else(|| ConnectError::Later("tor has stopped".into()))?;
    let outcome = tokio::select! {
        outcome = client.connect_with_prefs(target, prefs) => outcome,
        _ = clients.changed() => return Err(ConnectError::Soon("tor is starting anew".into())),
    };
    let outcome = outcome.map_err(|error| error.kind());
    if let Some(report) = report(outcome.as_ref().err()) {
        // A full channel already has enough of the same.
        let _ = kept.reports.try_send(report);
    }
    outcome.map(Stream).map_err(|kind| {
        tracing::debug!(%kind, "connection failed");
        by_reaction(kind)
    })
}

fn late(kept: &Kept) -> &'static str {
    if kept.clients.borrow().is_some() { "no answer in time" } else { "tor is not ready yet" }
}

/// What the outcome of an attempt says about the way into the network; `None` if nothing.
fn report(failure: Option<&ErrorKind>) -> Option<Report> {
    use ErrorKind as Kind;
    match failure {
        None
        | Some(
            // Somebody inside the network has answered.
            Kind::OnionServiceNotFound
            | Kind::OnionServiceNotRunning
            | Kind::OnionServiceConnectionFailed
            | Kind::OnionServiceMissingClientAuth
            | Kind::OnionServiceWrongClientAuth
            | Kind::RemoteStreamClosed
            | Kind::RemoteStreamReset
            | Kind::RemoteStreamError,
        ) => Some(Report::Reached),
        Some(Kind::TorAccessFailed) => Some(Report::Refused),
        Some(_) => None,
    }
}

fn by_reaction(kind: ErrorKind) -> ConnectError {
    use ErrorKind as Kind;
    let reason = kind.to_string();
    match kind {
        Kind::RemoteStreamClosed
        | Kind::RemoteStreamReset
        | Kind::RemoteStreamError
        | Kind::CircuitCollapse
        | Kind::RemoteNetworkTimeout
        | Kind::TorNetworkTimeout
        | Kind::TransientFailure => ConnectError::Soon(reason),
        Kind::OnionServiceMissingClientAuth
        | Kind::OnionServiceWrongClientAuth
        | Kind::OnionServiceAddressInvalid
        | Kind::InvalidStreamTarget
        | Kind::ForbiddenStreamTarget
        | Kind::InvalidConfig
        | Kind::FeatureDisabled
        | Kind::FsPermissions
        | Kind::KeystoreCorrupted
        | Kind::SoftwareDeprecated => ConnectError::Fix(reason),
        // A wrong clock is among these: many small machines start with one and correct it.
        _ => ConnectError::Later(reason),
    }
}

/// Two streams may share a circuit if and only if they have the same text here.
#[derive(Clone, PartialEq, Eq)]
struct Isolation(Box<str>);

impl IsolationHelper for Isolation {
    fn compatible_same_type(&self, other: &Self) -> bool {
        self == other
    }

    fn join_same_type(&self, other: &Self) -> Option<Self> {
        (self == other).then(|| self.clone())
    }
}

/// Arti logs this; the text may name a device or a recipient.
impl fmt::Debug for Isolation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Isolation(..)")
    }
}

#[cfg(test)]
mod tests {
    use arti_client::{ErrorKind as Kind, isolation::Isolation as _};

    use super::{ConnectError, Isolation, Report, by_reaction, report};

    #[test]
    fn an_error_is_sorted_by_what_to_do() {
        for (kind, soon, fix, says) in [
            (Kind::CircuitCollapse, true, false, None),
            (Kind::RemoteStreamClosed, true, false, Some(Report::Reached)),
            (Kind::TorNetworkTimeout, true, false, None),
            (Kind::OnionServiceNotFound, false, false, Some(Report::Reached)),
            (Kind::OnionServiceConnectionFailed, false, false, Some(Report::Reached)),
            (Kind::TorAccessFailed, false, false, Some(Report::Refused)),
            (Kind::ClockSkew, false, false, None),
            (Kind::Internal, false, false, None),
            (Kind::OnionServiceWrongClientAuth, false, true, Some(Report::Reached)),
            (Kind::OnionServiceAddressInvalid, false, true, None),
        ] {
            let error = by_reaction(kind);
            assert_eq!(matches!(error, ConnectError::Soon(_)), soon, "{kind}");
            assert_eq!(matches!(error, ConnectError::Fix(_)), fix, "{kind}");
            assert_eq!(report(Some(&kind)), says, "{kind}");
        }
        assert_eq!(report(None), Some(Report::Reached));
    }

    #[test]
    fn only_the_same_isolation_shares_and_none_is_shown() {
        let [one, same, other] = ["ada", "ada", "bob"].map(|text| Isolation(text.into()));
        assert!(one.compatible(&same) && one.join(&same).is_some());
        assert!(!one.compatible(&other) && one.join(&other).is_none());
        assert_eq!(format!("{one:?}"), "Isolation(..)");
    }
}
