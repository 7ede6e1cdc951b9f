//! Serves HTTP on whatever was accepted: a TCP connection or an onion stream.
//!
//! # Promises
//!
//! - A client that says nothing, or says it slowly, is cut off; so is one too many.

use axum::Router;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How many connections one listener serves at once.
const CONNECTIONS_MAX: usize = 1024;
/// How long the head of a request may take.
const HEAD_MAX: Duration = Duration::from_secs(20);
/// How long a connection may live. Clients open a new one.
const CONNECTION_MAX: Duration = Duration::from_secs(600);

/// Serves one router on many connections.
#[derive(Clone)]
pub struct Server {
    routes: Router,
    tasks: TaskTracker,
    stop: CancellationToken,
    room: Arc<Semaphore>,
}

impl Server {
    /// Serves `routes` until `stop`; each connection is a task of `tasks`.
    pub fn new(routes: Router, tasks: TaskTracker, stop: CancellationToken) -> Self {
        Self { routes, tasks, stop, room: Arc::new(Semaphore::new(CONNECTIONS_MAX)) }
    }

    /// The same for fewer connections at once.
    #[must_use]
    pub fn at_most(self, connections: usize) -> Self {
        Self { room: Arc::new(Semaphore::new(connections)), ..self }
    }

    /// Accepts connections until the stop.
    pub async fn run(self, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => self.serve(stream),
                Err(error) => {
                    // Too many open files, as a rule: wait until some are closed.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// Serves one connection in a task of its own, or drops it if there are too many.
    pub fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let Ok(room) = self.room.clone().try_acquire_owned() else {
            tracing::warn!("a connection was dropped: there are too many");
            return;
        };
        let service = TowerToHyperService::new(self.routes.clone());
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let _room = room;
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_MAX)
                .max_buf_size(64 << 10)
                .serve_connection(TokioIo::new(stream), service);
            tokio::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
                () = tokio::time::sleep(CONNECTION_MAX) => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
}

/// Listens on `address`.
pub async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), String> {
    let fail = |error: std::io::Error| format!("cannot listen on {address}: {error}");
    let listener = TcpListener::bind(address).await.map_err(fail)?;
    let bound = listener.local_addr().map_err(fail)?;
    Ok((listener, bound))
}
