//! Servers on the web: rmcp's own, and one written by hand that can be made to do what real ones do.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use chat::{ErrorCode, ServerState};
use common::{call, http, is_ready, settled, state, until};
use mcp::{CallError, ServerConfig, Transport};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult, PaginatedRequestParams,
    },
    service::RequestContext,
    transport::{
        StreamableHttpServerConfig, StreamableHttpService, streamable_http_server::session::local::LocalSessionManager,
    },
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Serves until the test ends.
async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

/// A server as it is written with rmcp.
struct Real;

impl ServerHandler for Real {
    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = json!({ "type": "object", "properties": { "text": { "type": "string" } } });
        let tool = json!({ "name": "echo", "description": "Says it again.", "inputSchema": schema });
        Ok(ListToolsResult::with_all_items(vec![serde_json::from_value(tool).unwrap()]))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let text = request.arguments.and_then(|arguments| arguments.get("text")?.as_str().map(str::to_owned));
        Ok(CallToolResult::success(vec![ContentBlock::text(text.unwrap_or_default())]).into())
    }
}

/// What the server by hand does, and what it has seen.
#[derive(Default)]
struct Web {
    sessions: Mutex<HashSet<String>>,
    begun: AtomicUsize,
    calls: AtomicUsize,
    /// Answers 401 to everything; with a challenge where `challenge` is set.
    locked: AtomicBool,
    challenge: bool,
    /// What stood in `Authorization`.
    seen: Mutex<Vec<String>>,
}

impl Web {
    async fn start(self) -> (Arc<Self>, String) {
        let web = Arc::new(self);
        let app = Router::new().route("/mcp", any(answer)).with_state(web.clone());
        let url = format!("{}/mcp", serve(app).await);
        (web, url)
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let id = headers.get("mcp-session-id").and_then(|id| id.to_str().ok());
        id.is_some_and(|id| self.sessions.lock().unwrap().contains(id))
    }
}

async fn answer(State(web): State<Arc<Web>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        web.seen.lock().unwrap().push(value.to_str().unwrap().to_owned());
    }
    if web.locked.load(Ordering::SeqCst) {
        let response = (StatusCode::UNAUTHORIZED, "who are you?");
        return if web.challenge {
            ([(header::WWW_AUTHENTICATE, "Bearer resource_metadata=\"http://127.0.0.1/x\"")], response).into_response()
        } else {
            response.into_response()
        };
    }
    let Ok(message) = serde_json::from_slice::<Value>(&body) else {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    };
    let reply = |result: Value| {
        let body = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }).to_string();
        ([(header::CONTENT_TYPE, "application/json")], body).into_response()
    };
    match message["method"].as_str().unwrap_or_default() {
        "server/discover" => (StatusCode::BAD_REQUEST, "no such thing here").into_response(),
        "initialize" => {
            let id = format!("session-{}", web.begun.fetch_add(1, Ordering::SeqCst));
            web.sessions.lock().unwrap().insert(id.clone());
            let result = json!({
                "protocolVersion": "2025-06-18", "capabilities": { "tools": {} }, "serverInfo": { "name": "web", "version": "1" }
            });
            ([("mcp-session-id", id)], reply(result)).into_response()
        }
        _ if !web.knows(&headers) => StatusCode::NOT_FOUND.into_response(),
        "tools/list" => reply(json!({ "tools": [{ "name": "count", "inputSchema": { "type": "object" } }] })),
        "tools/call" => {
            let count = web.calls.fetch_add(1, Ordering::SeqCst) + 1;
            reply(json!({ "content": [{ "type": "text", "text": count.to_string() }] }))
        }
        "ping" => reply(json!({})),
        _ => StatusCode::ACCEPTED.into_response(),
    }
}

/// Sends everything on to `to` with that status.
async fn redirecting(status: StatusCode, to: String) -> String {
    let handler = move || async move { (status, [(header::LOCATION, to)]) };
    format!("{}/mcp", serve(Router::new().route("/mcp", any(handler))).await)
}

fn with_token(name: &str, url: &str) -> ServerConfig {
    let headers = [("Authorization".to_owned(), "Bearer abc".to_owned())].into();
    ServerConfig::new(name, Transport::Http { url: url.to_owned(), headers })
}

#[tokio::test]
async fn a_server_written_with_rmcp_answers() {
    let manager = Arc::new(LocalSessionManager::default());
    let service = StreamableHttpService::new(|| Ok(Real), manager, StreamableHttpServerConfig::default());
    let url = serve(Router::new().nest_service("/mcp", service)).await;
    let servers = settled(vec![http("real", format!("{url}/mcp"))]).await;
    assert!(is_ready(&state(&servers, "real")), "{:?}", state(&servers, "real"));
    let output = call(&servers, "real", "echo", json!({ "text": "hi" })).await.unwrap();
    assert_eq!(output.model_text, "hi");
    servers.shutdown().await;
}

#[tokio::test]
async fn an_older_server_answers_and_gets_our_headers() {
    let (web, url) = Web::default().start().await;
    let servers = settled(vec![with_token("web", &url)]).await;
    assert!(is_ready(&state(&servers, "web")), "{:?}", state(&servers, "web"));
    assert_eq!(call(&servers, "web", "count", json!({})).await.unwrap().model_text, "1");
    servers.shutdown().await;
    assert!(web.seen.lock().unwrap().iter().all(|value| value == "Bearer abc"));
}

#[tokio::test]
async fn a_forgotten_session_is_begun_anew_and_the_call_is_made_once() {
    let (web, url) = Web::default().start().await;
    let servers = settled(vec![http("web", url)]).await;
    web.sessions.lock().unwrap().clear();
    assert_eq!(call(&servers, "web", "count", json!({})).await.unwrap().model_text, "1");
    assert_eq!(web.calls.load(Ordering::SeqCst), 1);
    servers.shutdown().await;
}

#[tokio::test]
async fn a_401_asks_for_a_sign_in_with_and_without_a_challenge() {
    for challenge in [true, false] {
        let (web, url) = Web { challenge, locked: true.into(), ..Web::default() }.start().await;
        let servers = settled(vec![http("web", url)]).await;
        assert_eq!(state(&servers, "web"), ServerState::NeedsSignIn, "challenge: {challenge}");
        web.locked.store(false, Ordering::SeqCst);
        servers.reconnect("web").await;
        until(&servers, "web", |server| is_ready(&server.state)).await;
        web.locked.store(true, Ordering::SeqCst);
        let error = call(&servers, "web", "count", json!({})).await.unwrap_err();
        assert_eq!(error, CallError::SignInRequired { server: "web".into() }, "challenge: {challenge}");
        until(&servers, "web", |server| server.state == ServerState::NeedsSignIn).await;
        servers.shutdown().await;
    }
}

#[tokio::test]
async fn what_we_send_never_goes_to_another_origin() {
    let (web, url) = Web::default().start().await;
    let elsewhere = redirecting(StatusCode::TEMPORARY_REDIRECT, url.clone()).await;
    let servers = settled(vec![with_token("web", &elsewhere)]).await;
    let ServerState::Failed { error } = state(&servers, "web") else { panic!("{:?}", state(&servers, "web")) };
    assert!(error.fix.as_ref().unwrap().contains(&url), "{error:?}");
    assert!(web.seen.lock().unwrap().is_empty());
    servers.shutdown().await;
}

#[tokio::test]
async fn a_redirect_within_the_origin_is_followed() {
    let web = Arc::new(Web::default());
    let app = Router::new()
        .route("/old", any(|| async { (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, "/mcp")]) }))
        .route("/mcp", any(answer))
        .with_state(web);
    let url = serve(app).await;
    let servers = settled(vec![http("web", format!("{url}/old"))]).await;
    assert!(is_ready(&state(&servers, "web")), "{:?}", state(&servers, "web"));
    servers.shutdown().await;
}

#[tokio::test]
async fn what_is_no_mcp_server_is_said_to_be_none() {
    let page = || async { (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/html")], "<h1>Nothing here</h1>") };
    let url = serve(Router::new().fallback(any(page))).await;
    let servers = settled(vec![http("web", url)]).await;
    let ServerState::Failed { error } = state(&servers, "web") else { panic!("{:?}", state(&servers, "web")) };
    assert!(error.cause.unwrap().contains("404") && error.fix.unwrap().contains("/mcp"));
    servers.shutdown().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let servers = settled(vec![http("web", format!("http://{address}/mcp"))]).await;
    let ServerState::Reconnecting { error, .. } = state(&servers, "web") else {
        panic!("{:?}", state(&servers, "web"))
    };
    assert_eq!(error.code, ErrorCode::ServerUnavailable);
    servers.shutdown().await;
}

#[tokio::test]
async fn no_report_gives_a_token_away() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp?token=hunter2", listener.local_addr().unwrap());
    drop(listener);
    let servers = settled(vec![http("web", url)]).await;
    let shown = format!("{:?} {:?}", state(&servers, "web"), common::server(&servers, "web").config);
    assert!(!shown.contains("hunter2"), "{shown}");
    servers.shutdown().await;
}
