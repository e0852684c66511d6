//! How servers on the web are spoken to: which way is found, what is remembered of it, and what lies cost.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use chat::{Check, ServerState, StepOutcome};
use common::{LONG, call, http, is_ready, settled, state, stdio};
use futures::{StreamExt, stream};
use mcp::{Era, ServerConfig, Servers, ServersOptions, Transport};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};

/// A server that lies in one way.
struct Web {
    lie: &'static str,
    /// Every request as `METHOD rpc-method`.
    seen: Mutex<Vec<String>>,
    forgetful: AtomicBool,
}

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

async fn web(lie: &'static str) -> (Arc<Web>, String) {
    let web = Arc::new(Web { lie, seen: Mutex::default(), forgetful: AtomicBool::new(false) });
    let url = serve(Router::new().route("/mcp", any(answer)).with_state(web.clone())).await;
    (web, format!("{url}/mcp"))
}

fn typed(kind: &'static str, body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, kind)], body.into()).into_response()
}

fn result_of(message: &Value) -> Value {
    match message["method"].as_str().unwrap_or_default() {
        "initialize" => json!({
            "protocolVersion": "2025-06-18", "capabilities": { "tools": {} }, "serverInfo": { "name": "web", "version": "1" }
        }),
        "tools/list" => json!({ "tools": [{ "name": "echo", "inputSchema": { "type": "object" } }] }),
        "tools/call" => json!({ "content": [{ "type": "text", "text": "hi" }] }),
        _ => json!({}),
    }
}

async fn answer(State(web): State<Arc<Web>>, way: Method, headers: HeaderMap, body: Bytes) -> Response {
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    let method = message["method"].as_str().unwrap_or_default();
    web.seen.lock().unwrap().push(format!("{way} {method}").trim().to_owned());
    if way != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if web.lie == "thinks" {
        return match method {
            "server/discover" => {
                typed("text/event-stream", Body::from_stream(stream::pending::<Result<Bytes, axum::Error>>()))
            }
            _ => StatusCode::UNAUTHORIZED.into_response(),
        };
    }
    if web.lie == "sleepy" {
        return sleepy(&web, &message);
    }
    if method == "server/discover" && !matches!(web.lie, "html" | "busy" | "teapot") {
        return (StatusCode::BAD_REQUEST, "no such thing here").into_response();
    }
    if message["id"].is_null() {
        return StatusCode::ACCEPTED.into_response();
    }
    if web.forgetful.load(Ordering::SeqCst) && headers.contains_key("mcp-session-id") && method != "initialize" {
        web.forgetful.store(false, Ordering::SeqCst);
        return (StatusCode::BAD_REQUEST, "Bad Request: No valid session ID provided").into_response();
    }
    let plain = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result_of(&message) }).to_string();
    match web.lie {
        "html" => typed("text/html", "<!DOCTYPE html><html><title>Log in to continue</title></html>"),
        "html-list" if method == "tools/list" => typed("text/html", "<html><title>Gone</title></html>"),
        "empty" => typed("application/json", ""),
        "no-type" => Response::new(Body::from(plain)),
        "text" => typed("text/plain", plain),
        "shouting" => typed("APPLICATION/JSON; Charset=UTF-8", plain),
        "silent-stream" => {
            typed("text/event-stream", Body::from_stream(stream::pending::<Result<Bytes, axum::Error>>()))
        }
        "odd-events" => typed(
            "text/event-stream",
            format!(": a comment\n\nevent: ping\ndata: 1\n\ndata:\n\nid: 7\nretry: x\n\ndata: {plain}\n\n"),
        ),
        "refusal" if method == "initialize" => {
            let error =
                json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32000, "message": "the trial is over" } });
            (StatusCode::BAD_REQUEST, typed("application/json", error.to_string())).into_response()
        }
        "teapot" => StatusCode::IM_A_TEAPOT.into_response(),
        "busy" => (StatusCode::SERVICE_UNAVAILABLE, "back in an hour").into_response(),
        "batch" => typed("application/json", format!("[{plain}]")),
        "no-content" => StatusCode::NO_CONTENT.into_response(),
        "circle" => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/mcp")]).into_response(),
        "array" => typed("application/json", "[1, 2"),
        "abyss" => typed("application/json", with_abyss(&plain)),
        "abyss-events" => typed("text/event-stream", format!("data: {}\n\n", with_abyss(&plain))),
        _ => ([("mcp-session-id", "s1")], typed("application/json", plain)).into_response(),
    }
}

/// Of the newest protocol alone; the first question of all finds it asleep.
fn sleepy(web: &Web, message: &Value) -> Response {
    let method = message["method"].as_str().unwrap_or_default();
    let is_first = web.seen.lock().unwrap().len() == 1;
    let said = match method {
        "server/discover" if is_first => {
            return typed("text/event-stream", Body::from_stream(stream::pending::<Result<Bytes, axum::Error>>()));
        }
        "server/discover" => json!({ "result": {
            "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": { "tools": {} },
            "serverInfo": { "name": "web", "version": "1" }, "ttlMs": 0, "cacheScope": "private",
        } }),
        "initialize" => json!({ "error": { "code": -32020, "message": "Missing MCP-Protocol-Version header" } }),
        _ => json!({ "result": result_of(message) }),
    };
    let mut answer = json!({ "jsonrpc": "2.0", "id": message["id"] });
    answer.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
    typed("application/json", answer.to_string())
}

/// The same with something in it that is deeper than readers of JSON go.
fn with_abyss(plain: &str) -> String {
    let abyss = format!("{}0{}", "[{\"a\":".repeat(10_000), "}]".repeat(10_000));
    // Nothing follows on it in a result that is empty otherwise.
    let with = format!("\"result\":{{\"abyss\":{abyss},");
    plain.replacen("\"result\":{", &with, 1).replacen(",}", "}", 1)
}

/// What the server's report says; nothing where it is ready and answers.
async fn cost(lie: &'static str) -> Option<String> {
    let (_, url) = web(lie).await;
    let mut config = http("web", url);
    if lie == "silent-stream" {
        config.start_timeout = Duration::from_secs(2);
    }
    let servers = settled(vec![config]).await;
    let standing = state(&servers, "web");
    let said = match &standing {
        ServerState::Ready { .. } => {
            assert_eq!(call(&servers, "web", "echo", json!({})).await.unwrap().model_text, "hi", "{lie}");
            None
        }
        ServerState::Failed { error } | ServerState::Reconnecting { error, .. } => error.cause.clone(),
        other => panic!("{lie}: {other:?}"),
    };
    servers.shutdown().await;
    said
}

#[tokio::test]
async fn lies_on_the_web_cost_what_they_must() {
    for (lie, expected) in [
        ("", None),
        ("no-type", None),
        ("text", None),
        ("shouting", None),
        ("odd-events", None),
        ("html", Some("Log in to continue")),
        ("html-list", Some("Gone")),
        ("empty", Some("the answer is empty")),
        ("silent-stream", Some("did not answer")),
        ("refusal", Some("the trial is over")),
        ("teapot", Some("418")),
        ("busy", Some("back in an hour")),
        ("batch", Some("no JSON-RPC message")),
        ("no-content", Some("")),
        ("circle", Some("has moved")),
        ("array", Some("no JSON-RPC message")),
        ("abyss", None),
        ("abyss-events", None),
    ] {
        let said = cost(lie).await;
        match expected {
            None => assert_eq!(said, None, "{lie}"),
            Some(words) => assert!(said.as_ref().is_some_and(|said| said.contains(words)), "{lie}: {said:?}"),
        }
    }
}

/// It is no failure: a person can do something about it.
#[tokio::test]
async fn who_wants_a_sign_in_says_so_also_where_the_newer_question_was_not_answered() {
    let (_, url) = web("thinks").await;
    let config = ServerConfig { start_timeout: Duration::from_secs(16), ..http("web", url) };
    let servers = settled(vec![config]).await;
    assert_eq!(state(&servers, "web"), ServerState::NeedsSignIn);
    servers.shutdown().await;
}

#[tokio::test]
async fn who_was_only_slow_to_answer_in_the_newest_way_is_asked_once_more() {
    let (web, url) = web("sleepy").await;
    let config = ServerConfig { start_timeout: Duration::from_secs(9), ..http("web", url) };
    let servers = settled(vec![config]).await;
    assert!(is_ready(&state(&servers, "web")), "{:?}", state(&servers, "web"));
    assert_eq!(call(&servers, "web", "echo", json!({})).await.unwrap().model_text, "hi");
    servers.shutdown().await;
    let seen = web.seen.lock().unwrap();
    assert_eq!(seen[..3], ["POST server/discover", "POST initialize", "POST server/discover"], "{seen:?}");
}

#[tokio::test]
async fn a_session_that_a_400_denies_is_begun_anew_and_ended_in_the_end() {
    let (web, url) = web("").await;
    let servers = settled(vec![http("web", url)]).await;
    web.forgetful.store(true, Ordering::SeqCst);
    assert_eq!(call(&servers, "web", "echo", json!({})).await.unwrap().model_text, "hi");
    servers.shutdown().await;
    let seen = web.seen.lock().unwrap();
    assert_eq!(seen.iter().filter(|line| *line == "POST initialize").count(), 2, "{seen:?}");
    assert!(seen.iter().any(|line| line == "DELETE"), "{seen:?}");
}

/// The older HTTP with a stream of events beside it.
async fn events() -> String {
    type Posts = Arc<Mutex<Option<mpsc::UnboundedSender<String>>>>;
    let posts = Posts::default();
    let stream = async |State(posts): State<Posts>| {
        let (sender, receiver) = mpsc::unbounded_channel();
        *posts.lock().unwrap() = Some(sender);
        let first = stream::iter(["event: endpoint\ndata: /post?session=1\n\n".to_owned()]);
        let later = stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
        typed("text/event-stream", Body::from_stream(first.chain(later).map(Ok::<_, axum::Error>)))
    };
    let take = async |State(posts): State<Posts>, body: Bytes| {
        let message: Value = serde_json::from_slice(&body).unwrap();
        if !message["id"].is_null() {
            let reply = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result_of(&message) });
            let _ = posts.lock().unwrap().as_ref().unwrap().send(format!("event: message\ndata: {reply}\n\n"));
        }
        StatusCode::ACCEPTED
    };
    let app = Router::new().route("/sse", get(stream)).route("/post", post(take)).with_state(posts);
    format!("{}/sse", serve(app).await)
}

#[tokio::test]
async fn a_server_of_the_older_http_is_found_and_can_be_named() {
    let url = events().await;
    let named = ServerConfig::new("named", Transport::Sse { url: url.clone(), headers: Default::default() });
    for config in [http("found", url), named] {
        let name = config.name.clone();
        let servers = settled(vec![config]).await;
        assert!(is_ready(&state(&servers, &name)), "{name}: {:?}", state(&servers, &name));
        assert_eq!(call(&servers, &name, "echo", json!({})).await.unwrap().model_text, "hi");
        servers.shutdown().await;
    }
}

#[tokio::test]
async fn what_worked_is_tried_first_the_next_time() {
    let (web, url) = web("").await;
    let folder = tempfile::tempdir().unwrap();
    let options = ServersOptions { eras: Some(folder.path().join("eras.json")), ..Default::default() };
    let discovered = || web.seen.lock().unwrap().iter().filter(|line| line.contains("discover")).count();
    for expected in [1, 1] {
        let servers = Servers::start(options.clone(), vec![http("web", url.clone())]);
        servers.settled(LONG).await;
        assert!(is_ready(&state(&servers, "web")));
        servers.shutdown().await;
        let kept = async {
            while !folder.path().join("eras.json").exists() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LONG, kept).await.unwrap();
        assert_eq!(discovered(), expected);
    }
    // Whoever knows better says so.
    let modern = ServerConfig { era: Era::Modern, ..http("web", url.clone()) };
    let servers = Servers::start(options, vec![modern]);
    servers.settled(LONG).await;
    assert!(matches!(state(&servers, "web"), ServerState::Failed { .. }));
    servers.shutdown().await;
}

#[tokio::test]
async fn everything_that_was_tried_is_told() {
    let (_, url) = web("teapot").await;
    let servers = settled(vec![http("web", url)]).await;
    let ServerState::Failed { error } = state(&servers, "web") else { panic!("{:?}", state(&servers, "web")) };
    assert!(error.cause.unwrap().contains("418"));
    servers.shutdown().await;
}

#[tokio::test]
async fn what_was_said_can_be_read_afterwards() {
    let (_, url) = web("").await;
    let servers = settled(vec![http("web", url)]).await;
    call(&servers, "web", "echo", json!({ "password": "hunter2" })).await.unwrap();
    let wire = servers.wire("web");
    let said = |out: bool, words: &str| wire.iter().any(|line| line.out == out && line.text.contains(words));
    assert!(said(true, "\"initialize\"") && said(false, "serverInfo") && said(true, "tools/call"), "{wire:?}");
    assert!(!wire.iter().any(|line| line.text.contains("hunter2")), "{wire:?}");
    assert!(servers.wire("nobody").is_empty());
    servers.shutdown().await;
}

#[tokio::test]
async fn a_diagnosis_names_the_step_that_fails() {
    let (_, well) = web("").await;
    let (_, page) = web("html").await;
    let (_, unlisted) = web("html-list").await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let plain = well.replace("http:", "https:");
    let configs = [
        ("well", well, None),
        ("page", page, Some(Check::Protocol)),
        ("unlisted", unlisted, Some(Check::List)),
        ("nobody", format!("http://{nobody}/mcp"), Some(Check::Reach)),
        ("plain", plain, Some(Check::Tls)),
    ];
    let off = |name: &str, url: &str| ServerConfig { enabled: false, ..http(name, url) };
    let servers = settled(configs.iter().map(|(name, url, _)| off(name, url)).collect()).await;
    for (name, _, expected) in configs {
        let diagnosis = servers.diagnose(name).await.unwrap();
        let failed = diagnosis.steps.iter().find(|step| step.outcome == StepOutcome::Failed);
        assert_eq!(failed.map(|step| step.step), expected, "{diagnosis:?}");
        assert_eq!(diagnosis.is_well(), expected.is_none());
        assert!(failed.is_none_or(|step| step.meaning.is_some() && step.fix.is_some()), "{diagnosis:?}");
    }
    assert_eq!(servers.diagnose("other").await, None);
    servers.shutdown().await;
}

#[tokio::test]
async fn what_is_not_added_yet_is_asked_in_nobodys_name() {
    let (seen, url) = web("").await;
    let servers = settled(vec![]).await;
    let diagnosis = servers.look_at(&http("web", &url)).await.unwrap();
    assert!(diagnosis.is_well(), "{diagnosis:?}");
    assert!(servers.snapshot().is_empty());
    let asked = seen.seen.lock().unwrap().len();
    // What would send along what is kept on this computer waits for a word, as a program does.
    let headers = [("x-path".to_owned(), "${PATH}".to_owned())].into();
    let telling = ServerConfig::new("web", Transport::Http { url, headers });
    assert_eq!(servers.look_at(&telling).await, None);
    assert_eq!(servers.look_at(&stdio("program", "good")).await, None);
    assert_eq!(seen.seen.lock().unwrap().len(), asked);
    servers.shutdown().await;
}
