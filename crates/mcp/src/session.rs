//! A session with a server that has been agreed on: requests out, raw answers in.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

use chat::{LogLevel, Offers};
use rmcp::{
    RoleClient,
    model::{ClientRequest, PingRequest, RequestMetaObject, ServerResult},
    service::{Peer, PeerRequestOptions, ServiceError},
};
use serde_json::{Map, Value, json};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    Root,
    common::Common,
    exchange::request,
    folders::Folders,
    host::{self, ProgressSender},
    http,
    lists::{Kept, Kind},
    news::News,
    running::Running,
    web::Short,
};

const DEADLINE: Duration = Duration::from_secs(30);

/// Which lifecycle the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    /// `initialize`, up to 2025-11-25.
    Legacy,
    /// Every request stands for itself, from 2026-07-28 on.
    Modern,
}

/// What a session shares with its host, from before there is a session.
#[derive(Clone)]
pub(crate) struct Ties {
    pub(crate) progress: ProgressSender,
    pub(crate) news: Arc<News>,
    /// The requests under way.
    pub(crate) running: Running,
    pub(crate) common: Common,
    pub(crate) folders: Folders,
    /// Whether this session was told that models can be asked.
    pub(crate) sampling: bool,
    pub(crate) subscribed: Subscribed,
}

/// Resources of which we want to know when they change, over all sessions with one server.
pub(crate) type Subscribed = Arc<watch::Sender<BTreeSet<String>>>;

/// Cheap to clone; all clones are the same session.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) peer: Peer<RoleClient>,
    pub(crate) era: Era,
    /// Cancelled as soon as the session cannot answer any more.
    pub(crate) closed: CancellationToken,
    /// Where there is one for calls.
    pub(crate) short: Option<Arc<Short>>,
    ties: Ties,
    /// A call saw something that makes this session doubtful.
    pub(crate) suspect: Arc<Notify>,
    pub(crate) kept: Arc<Kept>,
    log_level: Arc<AtomicU8>,
}

impl std::ops::Deref for Session {
    type Target = Ties;

    fn deref(&self) -> &Ties {
        &self.ties
    }
}

#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("{0}")]
    Lost(String),
    #[error("the server wants a sign-in")]
    SignIn,
    #[error("{message} ({code})")]
    Rejected { code: i32, message: String, data: Option<Value> },
    #[error("no answer within {} s", .0.as_secs_f64())]
    TimedOut(Duration),
}

impl Session {
    pub(crate) fn new(peer: Peer<RoleClient>, era: Era, ties: Ties) -> Self {
        Self {
            peer,
            era,
            closed: CancellationToken::new(),
            short: None,
            ties,
            suspect: Arc::default(),
            kept: Arc::default(),
            log_level: Arc::new(AtomicU8::new(LogLevel::Info as u8)),
        }
    }

    /// Whether anything was ever asked of it that a person or a model wanted.
    pub(crate) fn was_used(&self) -> bool {
        self.running.has_run()
    }

    /// A server that works on a call may have no time for anything else.
    pub(crate) fn is_busy(&self) -> bool {
        !self.running.is_empty()
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

    /// Which kinds of things the server says it offers.
    pub(crate) fn offers(&self) -> Offers {
        let Some(info) = self.peer.peer_info() else { return Offers::default() };
        let capabilities = &info.capabilities;
        Offers {
            prompts: capabilities.prompts.is_some(),
            resources: capabilities.resources.is_some(),
            completion: capabilities.completions.is_some(),
            logging: capabilities.logging.is_some(),
            subscriptions: capabilities.resources.as_ref().is_some_and(|it| it.subscribe == Some(true)),
            ..Offers::default()
        }
        .sending(LogLevel::Info)
    }

    /// Whether the server said that it tells when that list changes.
    pub(crate) fn tells_of(&self, kind: Kind) -> bool {
        let Some(info) = self.peer.peer_info() else { return false };
        let capabilities = &info.capabilities;
        let tells = match kind {
            Kind::Tools => capabilities.tools.as_ref().and_then(|it| it.list_changed),
            Kind::Prompts => capabilities.prompts.as_ref().and_then(|it| it.list_changed),
            Kind::Resources | Kind::Templates => capabilities.resources.as_ref().and_then(|it| it.list_changed),
        };
        tells == Some(true)
    }

    /// What goes with every request that may take a while.
    pub(crate) fn request_meta(&self) -> RequestMetaObject {
        let mut meta = RequestMetaObject::new();
        if self.era == Era::Modern && self.offers().logging {
            let level = self.log_level.load(Ordering::Relaxed);
            if let Ok(level) = serde_json::from_value(json!(host::level_name(level))) {
                meta.set_log_level(level);
            }
        }
        meta
    }

    pub(crate) async fn set_log_level(&self, level: LogLevel) -> Result<(), RequestError> {
        self.log_level.store(level as u8, Ordering::Relaxed);
        if self.era == Era::Modern {
            return Ok(());
        }
        let params = Map::from_iter([("level".to_owned(), json!(host::level_name(level as u8)))]);
        self.ask(request("logging/setLevel", &params), DEADLINE).await.map(|_| ())
    }

    pub(crate) fn roots(&self) -> Vec<Root> {
        self.common.roots()
    }

    /// Servers of the newer era are told with their requests.
    pub(crate) async fn roots_changed(&self) {
        if self.era == Era::Legacy {
            // One that is gone need not know.
            let _ = self.peer.notify_roots_list_changed().await;
        }
    }

    pub(crate) async fn subscribe(&self, uri: &str) -> Result<(), RequestError> {
        if self.era == Era::Legacy {
            self.ask_for_updates(uri).await?;
        }
        self.subscribed.send_if_modified(|uris| uris.insert(uri.to_owned()));
        Ok(())
    }

    /// Servers of the newer era are told with what is listened to.
    pub(crate) async fn ask_for_updates(&self, uri: &str) -> Result<(), RequestError> {
        self.ask(request("resources/subscribe", &of(uri)), DEADLINE).await.map(|_| ())
    }

    pub(crate) async fn unsubscribe(&self, uri: &str) -> Result<(), RequestError> {
        self.subscribed.send_if_modified(|uris| uris.remove(uri));
        if self.era == Era::Legacy {
            self.ask(request("resources/unsubscribe", &of(uri)), DEADLINE).await?;
        }
        Ok(())
    }
}

fn of(uri: &str) -> Map<String, Value> {
    Map::from_iter([("uri".to_owned(), json!(uri))])
}

/// The result as JSON, also where it fits none of the shapes that rmcp knows.
pub(crate) fn raw(result: ServerResult) -> Value {
    serde_json::to_value(result).unwrap_or_default()
}

impl From<ServiceError> for RequestError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::McpError(error) => {
                Self::Rejected { code: error.code.0, message: error.message.into_owned(), data: error.data }
            }
            ServiceError::Timeout { timeout } => Self::TimedOut(timeout),
            ServiceError::TransportSend(error) if http::wants_sign_in(error.error.as_ref()) => Self::SignIn,
            ServiceError::TransportSend(error) => Self::Lost(http::causes(error.error.as_ref())),
            ServiceError::TransportClosed => Self::Lost("the connection was closed".to_owned()),
            // The enum may grow; what is new cannot be gone on with either.
            other => Self::Lost(other.to_string()),
        }
    }
}
