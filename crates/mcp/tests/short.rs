//! Calls that go the short way, and everything that a server may do meanwhile.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use std::{
    convert::Infallible,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use common::{call, http, is_ready, request, settled, state};
use futures::{StreamExt, stream};
use mcp::{CallError, Servers};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;

/// Numbers from here on are of calls that went the short way.
const SHORT: i64 = 1_000_000_000;

/// A server that does with each call what its argument `how` says.
struct Web {
    sessions: AtomicU32,
    /// Every message with the session that it came in.
    seen: Mutex<Vec<(Value, String)>>,
    /// Of those that belong to a call.
    last: watch::Sender<Value>,
    /// How often what broke off was asked for again.
    resumed: AtomicU32,
}

impl Web {
    async fn start() -> (Arc<Self>, Servers) {
        let (last, _) = watch::channel(Value::Null);
        let web =
            Arc::new(Self { sessions: AtomicU32::new(0), seen: Mutex::default(), last, resumed: AtomicU32::new(0) });
        let app = Router::new().route("/mcp", any(answer)).with_state(web.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let servers = settled(vec![http("web", url)]).await;
        assert!(is_ready(&state(&servers, "web")), "{:?}", state(&servers, "web"));
        (web, servers)
    }

    fn session(&self) -> String {
        format!("session-{}", self.sessions.load(Ordering::SeqCst))
    }

    /// The calls that came, by what they said.
    fn calls(&self) -> Vec<Value> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|(message, _)| message.clone()).filter(|message| message["method"] == "tools/call").collect()
    }

    fn went_short(&self) -> Vec<bool> {
        self.calls().iter().map(|call| call["id"].as_i64().unwrap() >= SHORT).collect()
    }

    /// Until a message came of which that is so.
    async fn hears(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        self.last.subscribe().wait_for(|message| wanted(message)).await.unwrap().clone()
    }
}

fn events(events: impl futures::Stream<Item = String> + Send + 'static) -> Response {
    let body = Body::from_stream(events.map(|event| Ok::<_, Infallible>(Bytes::from(event))));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

/// A stream that breaks off before anything is said.
fn gone_again() -> Response {
    let body = Body::from_stream(stream::iter([Err::<Bytes, _>(io::Error::other("gone"))]));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

fn event(message: &Value) -> String {
    format!("data: {message}\n\n")
}

fn text(id: &Value, text: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "result": { "content": [{ "type": "text", "text": text }] } })
}

fn plain(message: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], message.to_string()).into_response()
}

async fn answer(State(web): State<Arc<Web>>, way: Method, headers: HeaderMap, body: Bytes) -> Response {
    if way == Method::GET {
        // Only what broke off is gone on with.
        let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
        let Some(id) = last.and_then(|last| last.strip_prefix("broke-")?.parse::<i64>().ok()) else {
            return StatusCode::METHOD_NOT_ALLOWED.into_response();
        };
        return match web.resumed.fetch_add(1, Ordering::SeqCst) {
            0 => gone_again(),
            // The connection ends without a word, and nobody is told of a panic.
            1 => std::panic::resume_unwind(Box::new(())),
            _ => events(stream::iter([event(&text(&json!(id), "resumed"))])),
        };
    }
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    let session = headers.get("mcp-session-id").map(|id| id.to_str().unwrap().to_owned()).unwrap_or_default();
    web.seen.lock().unwrap().push((message.clone(), session.clone()));
    web.last.send_replace(message.clone());
    let result = |result: Value| plain(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }));
    match message["method"].as_str().unwrap_or_default() {
        "server/discover" => StatusCode::BAD_REQUEST.into_response(),
        "initialize" => {
            web.sessions.fetch_add(1, Ordering::SeqCst);
            let about = json!({
                "protocolVersion": "2025-06-18", "capabilities": { "tools": { "listChanged": true } }, "serverInfo": { "name": "web", "version": "1" }
            });
            ([("mcp-session-id", web.session())], result(about)).into_response()
        }
        _ if session != web.session() => StatusCode::NOT_FOUND.into_response(),
        "tools/list" => result(json!({ "tools": [{ "name": "do", "inputSchema": { "type": "object" } }] })),
        "tools/call" => called(&web, &message),
        "ping" => result(json!({})),
        _ => StatusCode::ACCEPTED.into_response(),
    }
}

fn called(web: &Arc<Web>, message: &Value) -> Response {
    let (id, web) = (message["id"].clone(), web.clone());
    match message["params"]["arguments"]["how"].as_str().unwrap() {
        "plainly" => plain(&text(&id, "plain")),
        "in an event" => events(stream::iter([event(&text(&id, "an event"))])),
        "before the list changes" => {
            let changed = json!({ "jsonrpc": "2.0", "method": "notifications/tools/list_changed" });
            let answered = stream::iter([event(&text(&id, "changing"))]);
            events(answered.chain(stream::once(async move {
                // Said by whoever has the answer already.
                web.hears(|message| message == "answered").await;
                event(&changed)
            })))
        }
        "in words" => plain(&text(&json!(id.to_string()), "plain")),
        "streaming" => {
            let token = &message["params"]["_meta"]["progressToken"];
            let progress = |done: u32| {
                let params = json!({ "progressToken": token, "progress": done });
                event(&json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params }))
            };
            let question = event(&json!({ "jsonrpc": "2.0", "id": "roots?", "method": "roots/list" }));
            let first = stream::iter([progress(1), question]);
            let more = progress(2);
            events(first.chain(stream::once(async move {
                let heard = web.hears(|message| message["id"] == "roots?").await;
                format!("{more}{}", event(&text(&id, &heard["result"]["roots"].to_string())))
            })))
        }
        "breaking off" => events(stream::iter([format!("id: broke-{id}\ndata:\n\n")])),
        "for another" => plain(&text(&json!(7), "not yours")),
        "with nothing" => plain(&json!({ "jsonrpc": "2.0", "id": id, "result": null })),
        "without a number" => {
            plain(&json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32700, "message": "what?" } }))
        }
        "refusing" => {
            plain(&json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32000, "message": "no", "data": [1] } }))
        }
        "locked" => StatusCode::UNAUTHORIZED.into_response(),
        "silently" => StatusCode::ACCEPTED.into_response(),
        "never" => events(stream::pending()),
        how => panic!("{how}?"),
    }
}

async fn does(servers: &Servers, how: &str) -> Result<String, CallError> {
    call(servers, "web", "do", json!({ "how": how })).await.map(|output| output.model_text)
}

#[tokio::test]
async fn once_the_server_has_answered_calls_go_the_short_way() {
    let (web, servers) = Web::start().await;
    for (how, said) in
        [("plainly", "plain"), ("plainly", "plain"), ("in words", "plain"), ("with nothing", "(no output)")]
    {
        assert_eq!(does(&servers, how).await.unwrap(), said, "{how}");
    }
    assert_eq!(web.went_short(), [false, true, true, true]);
    let calls = web.calls();
    assert_ne!(calls[1]["id"], calls[2]["id"]);
    for call in &calls {
        assert_eq!((&call["params"]["name"], &call["jsonrpc"]), (&json!("do"), &json!("2.0")));
        assert!(call["params"]["_meta"]["progressToken"].is_i64(), "{call}");
    }
    let wire = servers.wire("web");
    let about_calls = |line: &&chat::WireLine| line.text.contains("plain");
    assert_eq!(wire.iter().filter(about_calls).count(), 5, "{wire:?}");
    servers.shutdown().await;
}

#[tokio::test]
async fn what_a_server_says_on_a_stream_is_heard_also_on_the_short_way() {
    let (web, servers) = Web::start().await;
    does(&servers, "plainly").await.unwrap();
    let heard = Mutex::new(vec![]);
    let asking = request("web", "do", json!({ "how": "streaming" }));
    let progress = |progress: chat::Progress| heard.lock().unwrap().push(progress.done);
    let said = servers.call(asking, progress, CancellationToken::new()).await.unwrap();
    assert_eq!((said.model_text.as_str(), heard.into_inner().unwrap()), ("[]", vec![1.0, 2.0]));
    servers.shutdown().await;
    assert_eq!(web.went_short(), [false, true]);
}

#[tokio::test]
async fn calls_that_are_answered_on_a_stream_go_the_short_way_too() {
    let (web, servers) = Web::start().await;
    for how in ["in an event", "in an event", "plainly", "in an event"] {
        does(&servers, how).await.unwrap();
    }
    assert_eq!(web.went_short(), [false, true, true, true]);
    let wire = servers.wire("web");
    assert_eq!(wire.iter().filter(|line| !line.out && line.text.contains("an event")).count(), 3, "{wire:?}");
    servers.shutdown().await;
}

#[tokio::test]
async fn what_a_server_says_after_its_answer_is_heard() {
    let (web, servers) = Web::start().await;
    does(&servers, "plainly").await.unwrap();
    let lists = || web.seen.lock().unwrap().iter().filter(|(message, _)| message["method"] == "tools/list").count();
    assert_eq!((does(&servers, "before the list changes").await.unwrap().as_str(), lists()), ("changing", 1));
    web.last.send_replace(json!("answered"));
    web.hears(|message| message["method"] == "tools/list").await;
    assert_eq!(web.went_short(), [false, true]);
    servers.shutdown().await;
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_gone_on_with() {
    let (web, servers) = Web::start().await;
    does(&servers, "plainly").await.unwrap();
    assert_eq!(does(&servers, "breaking off").await.unwrap(), "resumed");
    assert_eq!((web.went_short(), web.resumed.load(Ordering::SeqCst)), (vec![false, true], 3));
    servers.shutdown().await;
}

#[tokio::test]
async fn a_call_in_a_session_that_is_over_is_made_once_in_a_new_one() {
    let (web, servers) = Web::start().await;
    does(&servers, "plainly").await.unwrap();
    web.sessions.fetch_add(1, Ordering::SeqCst);
    assert_eq!(does(&servers, "plainly").await.unwrap(), "plain");
    assert_eq!(does(&servers, "plainly").await.unwrap(), "plain");
    let answered: Vec<bool> = {
        let seen = web.seen.lock().unwrap();
        let calls = seen.iter().filter(|(message, _)| message["method"] == "tools/call");
        calls
            .filter(|(_, session)| *session == web.session())
            .map(|(call, _)| call["id"].as_i64() >= Some(SHORT))
            .collect()
    };
    assert_eq!(answered, [false, true], "{:?}", web.seen.lock().unwrap());
    servers.shutdown().await;
}

#[tokio::test]
async fn what_is_refused_or_lost_is_told_as_such() {
    let (web, servers) = Web::start().await;
    for how in ["refusing", "without a number", "for another", "silently", "locked"] {
        does(&servers, "plainly").await.unwrap();
        let error = does(&servers, how).await.unwrap_err();
        match how {
            "refusing" => {
                let refused = CallError::Rejected { code: -32000, message: "no".into(), data: Some(json!([1])) };
                assert_eq!(error, refused);
            }
            "without a number" => {
                let refused = CallError::Rejected { code: -32700, message: "what?".into(), data: None };
                assert_eq!(error, refused);
            }
            "locked" => assert_eq!(error, CallError::SignInRequired { server: "web".into() }),
            _ => assert!(matches!(error, CallError::Lost { .. }), "{how}: {error:?}"),
        }
        assert_eq!(web.went_short().last(), Some(&true), "{how}");
    }
    servers.shutdown().await;
}

#[tokio::test]
async fn a_server_is_told_that_a_call_is_no_longer_wanted() {
    let (web, servers) = Web::start().await;
    does(&servers, "plainly").await.unwrap();
    let stop = CancellationToken::new();
    let asking = request("web", "do", json!({ "how": "never" }));
    let stopping = async {
        let call = web.hears(|message| message["params"]["arguments"]["how"] == "never").await;
        stop.cancel();
        call["id"].clone()
    };
    let (error, id) = tokio::join!(servers.call(asking, |_| (), stop.clone()), stopping);
    assert_eq!(error.unwrap_err(), CallError::Stopped);
    assert!(id.as_i64() >= Some(SHORT));
    let told = web.hears(|message| message["method"] == "notifications/cancelled").await;
    assert_eq!(told["params"]["requestId"], id);
    servers.shutdown().await;
}
