//! The HTTP server: one path for MCP, one for health, and a few for operators.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, DefaultBodyLimit, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use listen::{Bounds, Pace, Unread};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService,
    session::{SessionStore, local::LocalSessionManager},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::gateway::Inner;

use super::{admin, fast, kept::Kept, sessions::Sessions, speaker::Speaker};

const TIDY: Duration = Duration::from_secs(60);
pub(super) const SESSION: &str = "mcp-session-id";

#[derive(Clone)]
pub(super) struct Face {
    pub(super) inner: Arc<Inner>,
    pub(super) sessions: Arc<Sessions>,
    mcp: StreamableHttpService<Speaker, LocalSessionManager>,
}

/// Serves until `end`, and then lets what runs come to its end.
pub(crate) async fn serve(inner: Arc<Inner>, listener: TcpListener, end: CancellationToken) -> io::Result<()> {
    let path = inner.shown().plan.path.clone();
    let manager = Arc::new(manager());
    let speaking = inner.clone();
    let kept = inner.redis.clone().map(Kept::new);
    // Names, origins and sizes are judged before it is asked, by rules that may change while it runs.
    let mut config = StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .disable_allowed_origins()
        .with_json_response(true)
        .with_max_request_body_bytes(usize::MAX)
        .with_cancellation_token(end.clone());
    config.session_store = kept.clone().map(|kept| Arc::new(kept) as Arc<dyn SessionStore>);
    let known = kept.clone();
    let speaker = move || Ok(Speaker::new(speaking.clone(), None, known.clone()));
    let mcp = StreamableHttpService::new(speaker, manager.clone(), config);
    let sessions = Arc::new(Sessions::new(kept));
    let face = Face { inner: inner.clone(), sessions: sessions.clone(), mcp };
    let router = Router::new()
        .route(&path, any(speak))
        .route("/health", get(admin::health))
        .route("/metrics", get(admin::metrics))
        .route("/admin/approvals", get(admin::approvals))
        .route("/admin/approvals/{id}", post(admin::answer))
        .route("/.well-known/oauth-protected-resource", get(admin::protected_resource))
        .route(&format!("/.well-known/oauth-protected-resource{path}"), get(admin::protected_resource))
        .layer(DefaultBodyLimit::max(64 << 10))
        .layer(middleware::from_fn_with_state(face.clone(), turn_away))
        .with_state(face);
    let ended = end.clone();
    tokio::spawn(async move {
        let tidying = async {
            loop {
                tokio::time::sleep(TIDY).await;
                sessions.tidy(&manager).await;
            }
        };
        ended.run_until_cancelled(tidying).await;
    });
    listen::serve(listener, router, Bounds::default(), end).await;
    Ok(())
}

fn manager() -> LocalSessionManager {
    let mut manager = LocalSessionManager::default();
    // Sessions are ended by our own count of their use: the fast path uses them too.
    manager.session_config.keep_alive = None;
    manager
}

/// Names and origins, for every path alike; and what a page of a welcome origin needs to read the answer.
async fn turn_away(State(face): State<Face>, request: Request, next: Next) -> Response {
    if let Err(turned) = face.inner.may_ask(request.headers()) {
        return turned.into_response();
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let asks_first =
        request.method() == Method::OPTIONS && request.headers().contains_key("access-control-request-method");
    let mut response = if asks_first { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let Some(origin) = origin else { return response };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("mcp-session-id, www-authenticate, retry-after"),
    );
    if asks_first {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, DELETE"));
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static(
                "authorization, content-type, accept, last-event-id, mcp-session-id, mcp-protocol-version, mcp-method, \
                 mcp-name",
            ),
        );
    }
    response
}

/// One request to the MCP server.
async fn speak(State(face): State<Face>, ConnectInfo(from): ConnectInfo<SocketAddr>, request: Request) -> Response {
    let caller = match face.inner.admit(request.headers(), from.ip()).await {
        Ok(caller) => caller,
        Err(turned) => return turned.into_response(),
    };
    let (mut parts, body) = request.into_parts();
    let session = parts.headers.get(SESSION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if let Some(session) = &session
        && !face.sessions.belongs_to(session, &caller.credential).await
    {
        // Whose it is else is nobody's business.
        return (StatusCode::NOT_FOUND, "Not Found: Session not found").into_response();
    }
    let body = match listen::whole(body, face.inner.shown().plan.max_body, Pace::default()).await {
        Ok(body) => body,
        Err(Unread::TooLong) => return (StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large").into_response(),
        Err(Unread::TooSlow) => return (StatusCode::REQUEST_TIMEOUT, "Request Timeout").into_response(),
        Err(Unread::BrokenOff) => return StatusCode::BAD_REQUEST.into_response(),
    };
    if parts.method == Method::POST {
        if let Some(response) = fast::answer(&face, &caller, &parts.headers, session.as_deref(), &body).await {
            return response;
        }
        if session.is_none() && face.sessions.is_full(&caller.credential) {
            return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")], "Too many sessions").into_response();
        }
    }
    let ends = parts.method == Method::DELETE;
    parts.extensions.insert(caller.clone());
    let said = body.clone();
    let response = face.mcp.handle(Request::from_parts(parts, whole(body))).await;
    match session {
        Some(session) if ends && response.status().is_success() => face.sessions.end(&session),
        Some(_) => (),
        None => {
            if let Some(begun) = response.headers().get(SESSION).and_then(|value| value.to_str().ok()) {
                face.sessions.begin(begun, &caller.credential, can_be_asked_nothing(&said)).await;
            }
        }
    }
    response.map(Body::new)
}

/// Whether a client that begins a session so can answer no question of a server.
fn can_be_asked_nothing(initialize: &Bytes) -> bool {
    let said: serde_json::Value = serde_json::from_slice(initialize).unwrap_or_default();
    let capabilities = &said["params"]["capabilities"];
    ["elicitation", "sampling", "roots"].iter().all(|question| capabilities[question].is_null())
}

fn whole(body: Bytes) -> Body {
    Body::from(body)
}
