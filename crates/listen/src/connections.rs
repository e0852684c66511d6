//! Taking connections, as many as there is room for, and ending those on which nothing is asked.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

/// How soon it is tried again where the system has no room for another connection.
const NO_ROOM: Duration = Duration::from_millis(500);

/// What a client may take up.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// A request's head is there within that of the connection's begin, or of the answer before. Longer than load
    /// balancers keep connections that they do not use, so that it is they who end them.
    pub head: Duration,
    /// So many connections at once; others wait to be taken.
    pub connections: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { head: Duration::from_secs(75), connections: 16_384 }
    }
}

/// Serves until `end`, and returns when what was being answered then has been. Whoever asks is known by
/// [`ConnectInfo`] of a [`SocketAddr`].
pub async fn serve(listener: TcpListener, router: Router, bounds: Bounds, end: CancellationToken) {
    crate::room::make(bounds.connections);
    let places = Arc::new(Semaphore::new(bounds.connections));
    let open = TaskTracker::new();
    let taking = async {
        // The semaphore is never closed.
        while let Ok(place) = places.clone().acquire_owned().await {
            let (stream, from) = accept(&listener).await;
            let asker = Asker { router: router.clone(), from };
            open.spawn(converse(stream, asker, bounds, end.clone(), place));
        }
    };
    end.run_until_cancelled(taking).await;
    // Whoever comes now is turned away at once instead of waiting.
    drop(listener);
    open.close();
    open.wait().await;
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // A client that was gone at once is no trouble; anything else is the system's, and passes.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => (),
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken just now");
                tokio::time::sleep(NO_ROOM).await;
            }
        }
    }
}

async fn converse(
    stream: TcpStream,
    asker: Asker,
    bounds: Bounds,
    end: CancellationToken,
    _place: OwnedSemaphorePermit,
) {
    // Without it every small piece would wait for the other side's acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection stays slow");
    }
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(bounds.head);
    let service = TowerToHyperService::new(asker);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = end.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// The router, for whoever is at the other end of one connection.
#[derive(Clone)]
struct Asker {
    router: Router,
    from: SocketAddr,
}

impl Service<hyper::Request<Incoming>> for Asker {
    type Response = Response;
    type Error = Infallible;
    type Future = <Router as Service<Request>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, request: hyper::Request<Incoming>) -> Self::Future {
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(self.from));
        self.router.call(request)
    }
}
