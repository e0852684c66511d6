//! One call, from the request to its result, its refusal, or its loss. Nothing here is ever sent twice.

use std::time::Duration;

use chat::{Output, Progress};
use rmcp::{
    RoleClient,
    model::{
        CallToolRequest, CallToolRequestParams, CancelledNotificationParam, ClientRequest, RequestId, ServerResult,
    },
    service::{Peer, PeerRequestOptions, ServiceError},
};
use serde_json::{Map, Value};
use tokio::{
    sync::{broadcast::error::RecvError, oneshot},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    CallError, output,
    session::{RequestError, Session, raw},
};

/// One call of one tool.
#[derive(Debug, Clone)]
pub struct CallRequest {
    /// The server's configured name.
    pub server: String,
    /// The tool's own name at its server.
    pub tool: String,
    pub arguments: Map<String, Value>,
    /// How long it may be silent, where the server's own setting is not meant.
    pub timeout: Option<Duration>,
    /// How long it may take altogether, where the server's own setting is not meant.
    pub limit: Option<Duration>,
}

impl CallRequest {
    pub fn new(server: impl Into<String>, tool: impl Into<String>, arguments: Map<String, Value>) -> Self {
        Self { server: server.into(), tool: tool.into(), arguments, timeout: None, limit: None }
    }
}

pub(crate) struct Deadlines {
    pub(crate) idle: Duration,
    pub(crate) total: Duration,
}

pub(crate) async fn call(
    session: &Session,
    request: CallRequest,
    deadlines: Deadlines,
    progress: impl Fn(Progress) + Send,
    stop: CancellationToken,
) -> Result<Output, CallError> {
    let _running = session.running();
    let server = request.server;
    let params = CallToolRequestParams::new(request.tool).with_arguments(request.arguments);
    let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
    // Listening begins before the request leaves: the first progress may be faster than we are.
    let mut updates = session.progress.subscribe();
    let sent = session.peer.send_cancellable_request(request, PeerRequestOptions::no_options()).await;
    let sent = sent.map_err(|error| failed(session, &server, error))?;
    let (mut answer, token) = (sent.rx, sent.progress_token);
    let mut pending = Pending { peer: sent.peer, id: Some(sent.id) };
    let begun = Instant::now();
    let (mut silent_until, mut done) = (begun + deadlines.idle, f64::MIN);
    loop {
        tokio::select! {
            biased;
            result = &mut answer => {
                pending.id = None;
                return read(session, &server, result);
            }
            () = stop.cancelled() => return Err(CallError::Stopped),
            () = session.closed.cancelled() => return Err(lost(&server, "it ended or was restarted")),
            update = updates.recv() => match update {
                Ok((of, update)) if of == token => {
                    silent_until = Instant::now() + deadlines.idle;
                    // Notifications may overtake one another; what is older is no news.
                    if update.done >= done {
                        done = update.done;
                        progress(update);
                    }
                }
                Ok(_) => (),
                Err(RecvError::Lagged(_)) => silent_until = Instant::now() + deadlines.idle,
                Err(RecvError::Closed) => return Err(lost(&server, "it ended")),
            },
            () = sleep_until(silent_until) => return Err(CallError::TimedOut { after: deadlines.idle, total: false }),
            () = sleep_until(begun + deadlines.total) => {
                return Err(CallError::TimedOut { after: deadlines.total, total: true });
            }
        }
    }
}

type Answer = Result<Result<ServerResult, ServiceError>, oneshot::error::RecvError>;

fn read(session: &Session, server: &str, answer: Answer) -> Result<Output, CallError> {
    let result = match answer {
        Err(_) => return Err(lost(server, "the connection was closed")),
        Ok(Err(error)) => return Err(failed(session, server, error)),
        Ok(Ok(result)) => raw(result),
    };
    let what = match result.get("resultType").and_then(Value::as_str) {
        Some("input_required") => Some("a question"),
        Some("task") => Some("a task"),
        _ => None,
    };
    if let Some(what) = what {
        return Err(CallError::NotSupported { server: server.to_owned(), what });
    }
    let (output, tool_failed) = output::read(&result);
    if tool_failed { Err(CallError::ToolFailed { output: Box::new(output) }) } else { Ok(output) }
}

fn failed(session: &Session, server: &str, error: ServiceError) -> CallError {
    match RequestError::from(error) {
        RequestError::Rejected { code, message } => CallError::Rejected { code, message },
        RequestError::SignIn => {
            session.suspect.notify_one();
            CallError::SignInRequired { server: server.to_owned() }
        }
        RequestError::Lost(cause) => {
            session.suspect.notify_one();
            lost(server, &cause)
        }
        RequestError::TimedOut(after) => CallError::TimedOut { after, total: false },
    }
}

fn lost(server: &str, cause: &str) -> CallError {
    CallError::Lost { server: server.to_owned(), cause: cause.to_owned() }
}

/// Tells the server when its answer is no longer waited for, for whatever reason.
struct Pending {
    peer: Peer<RoleClient>,
    id: Option<RequestId>,
}

impl Drop for Pending {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (self.id.take(), tokio::runtime::Handle::try_current()) else { return };
        let peer = self.peer.clone();
        runtime.spawn(async move {
            let reason = Some("the result is no longer wanted".to_owned());
            // A server that is gone need not be told.
            let _ = peer.notify_cancelled(CancelledNotificationParam::new(Some(id), reason)).await;
        });
    }
}
