//! The routes, and serving them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use chat::VisitorRequest;
use listen::Bounds;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::api::Api;
use crate::error::ApiError;
use crate::keys::KeyError;
use crate::{completions, docs, door, models, responses, simple};

/// How often what keys have used is written down.
const SYNC_EVERY: Duration = Duration::from_secs(1);

impl Api {
    /// All routes, without a socket.
    pub fn router(self) -> Router {
        routes(Arc::new(self))
    }
}

fn routes(api: Arc<Api>) -> Router {
    let guarded = Router::new()
        .route("/chat", post(simple::chat))
        .route("/v1/models", get(models::list))
        .route("/v1/models/{*id}", get(models::one))
        .route("/v1/chat/completions", post(completions::create))
        .route("/v1/responses", post(responses::create))
        .route("/v1/embeddings", post(models::embeddings))
        .route("/metrics", get(metrics))
        .route_layer(middleware::from_fn_with_state(api.clone(), door::admit));
    Router::new()
        .route("/", get(simple::welcome))
        .route("/health", get(health))
        .route("/openapi.json", get(docs::openapi))
        .route("/docs", get(docs::page))
        .merge(guarded)
        .fallback(unknown)
        // What is read is read by the door, which has its own bounds.
        .layer(DefaultBodyLimit::disable())
        .with_state(api)
}

/// Load balancers send nothing to who could not write down what comes of it.
async fn health(State(api): State<Arc<Api>>) -> impl IntoResponse {
    let (status, word) = match api.writes.load(Ordering::Relaxed) {
        true => (StatusCode::OK, "ok"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "what keys have used cannot be written down"),
    };
    (status, axum::Json(serde_json::json!({ "status": word })))
}

async fn metrics(State(api): State<Arc<Api>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], api.metrics.text())
}

async fn unknown() -> impl IntoResponse {
    (StatusCode::NOT_FOUND, ApiError::not_found("not_found", "There is nothing here. GET /docs tells what there is."))
}

/// The API being served. Dropping it ends it.
pub struct Served {
    api: Arc<Api>,
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
    _stop: DropGuard,
}

impl Served {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is being answered now and what was a moment ago, newest first.
    pub fn requests(&self) -> Vec<VisitorRequest> {
        self.api.requests.list()
    }

    /// Until it has ended, answers under way included.
    pub async fn end(self) {
        let Self { task, _stop, .. } = self;
        drop(_stop);
        let _ = task.await;
    }

    /// The same, but nobody is waited for longer than that.
    pub(crate) async fn end_within(self, deadline: Duration) {
        let abort = self.task.abort_handle();
        if tokio::time::timeout(deadline, self.end()).await.is_err() {
            abort.abort();
        }
    }
}

/// Serves on a socket that is bound already.
pub fn serve(api: Api, listener: TcpListener) -> Result<Served, KeyError> {
    api.keys.keep_secret()?;
    let address = listener.local_addr().unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
    let stop = CancellationToken::new();
    let api = Arc::new(api);
    let (router, kept) = (routes(api.clone()), api.clone());
    let stopped = stop.clone();
    let task = tokio::spawn(async move {
        let counting = tokio::spawn(count(api.clone(), stopped.clone()));
        listen::serve(listener, router, Bounds::default(), stopped).await;
        let _ = counting.await;
    });
    Ok(Served { api: kept, address, task, _stop: stop.drop_guard() })
}

/// Writes down what keys have used, and takes in keys that were made or revoked meanwhile.
async fn count(api: Arc<Api>, stop: CancellationToken) {
    let mut running = true;
    while running {
        tokio::select! {
            () = stop.cancelled() => running = false,
            () = tokio::time::sleep(SYNC_EVERY) => (),
        }
        let here = api.clone();
        let synced = tokio::task::spawn_blocking(move || here.keys.sync()).await.unwrap_or(Ok(()));
        let synced = synced.and(api.keys.sync_team().await);
        let wrote = api.writes.swap(synced.is_ok(), Ordering::Relaxed);
        if let Err(error) = synced
            && wrote
        {
            tracing::warn!(%error, "what keys have used cannot be written down; it is tried again every second");
        }
    }
}
