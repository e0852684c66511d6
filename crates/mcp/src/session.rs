//! A session with a server that has been agreed on: requests out, raw answers in.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use rmcp::{
    RoleClient,
    model::{ClientRequest, PingRequest, ServerResult},
    service::{Peer, PeerRequestOptions, ServiceError},
};
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{host::ProgressSender, http};

/// Which lifecycle the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    /// `initialize`, up to 2025-11-25.
    Legacy,
    /// Every request stands for itself, from 2026-07-28 on.
    Modern,
}

/// Cheap to clone; all clones are the same session.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) peer: Peer<RoleClient>,
    pub(crate) era: Era,
    /// Cancelled as soon as the session cannot answer any more.
    pub(crate) closed: CancellationToken,
    pub(crate) progress: ProgressSender,
    /// A call saw something that makes this session doubtful.
    pub(crate) suspect: Arc<Notify>,
    running: Arc<AtomicUsize>,
    /// Whether it was ever called.
    used: Arc<AtomicBool>,
}

#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("{0}")]
    Lost(String),
    #[error("the server wants a sign-in")]
    SignIn,
    #[error("{message} ({code})")]
    Rejected { code: i32, message: String },
    #[error("no answer within {} s", .0.as_secs_f64())]
    TimedOut(Duration),
}

impl Session {
    pub(crate) fn new(peer: Peer<RoleClient>, era: Era, progress: ProgressSender) -> Self {
        Self {
            peer,
            era,
            closed: CancellationToken::new(),
            progress,
            suspect: Arc::default(),
            running: Arc::default(),
            used: Arc::default(),
        }
    }

    /// Counts a call as running for as long as what is returned lives.
    pub(crate) fn running(&self) -> impl Drop + Send + use<> {
        struct Running(Arc<AtomicUsize>);
        impl Drop for Running {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.running.fetch_add(1, Ordering::Relaxed);
        self.used.store(true, Ordering::Relaxed);
        Running(self.running.clone())
    }

    pub(crate) fn was_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    /// A server that works on a call may have no time for anything else.
    pub(crate) fn is_busy(&self) -> bool {
        self.running.load(Ordering::Relaxed) > 0
    }

    /// Asks and waits. Whatever shape the result has, it comes back as it is.
    pub(crate) async fn ask(&self, request: ClientRequest, deadline: Duration) -> Result<Value, RequestError> {
        let options = PeerRequestOptions::with_timeout(deadline);
        let answer = async { self.peer.send_cancellable_request(request, options).await?.await_response().await };
        tokio::select! {
            answer = answer => answer.map(raw).map_err(RequestError::from),
            () = self.closed.cancelled() => Err(RequestError::Lost("the session ended".to_owned())),
        }
    }

    /// Whether it still answers, and how fast. An error that it answers with is an answer too.
    pub(crate) async fn ping(&self, deadline: Duration) -> Result<Duration, RequestError> {
        let begun = Instant::now();
        match self.ask(ClientRequest::PingRequest(PingRequest::default()), deadline).await {
            Ok(_) | Err(RequestError::Rejected { .. }) => Ok(begun.elapsed()),
            Err(error) => Err(error),
        }
    }
}

/// The result as JSON, also where it fits none of the shapes that rmcp knows.
pub(crate) fn raw(result: ServerResult) -> Value {
    serde_json::to_value(result).unwrap_or_default()
}

impl From<ServiceError> for RequestError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::McpError(error) => Self::Rejected { code: error.code.0, message: error.message.into_owned() },
            ServiceError::Timeout { timeout } => Self::TimedOut(timeout),
            ServiceError::TransportSend(error) if http::wants_sign_in(error.error.as_ref()) => Self::SignIn,
            ServiceError::TransportSend(error) => Self::Lost(http::causes(error.error.as_ref())),
            ServiceError::TransportClosed => Self::Lost("the connection was closed".to_owned()),
            // The enum may grow; what is new cannot be gone on with either.
            other => Self::Lost(other.to_string()),
        }
    }
}
