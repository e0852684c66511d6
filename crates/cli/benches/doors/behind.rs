//! What stands behind the doors: a model that answers at once, and an MCP server that gives back what it is given.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The model that calls the tool once before it answers; any other answers.
pub(crate) const CALLS: &str = "calls";
/// The tool that does not say it only reads.
pub(crate) const CHANGES: &str = "keep";
/// The tool whose result comes as an event of a stream.
pub(crate) const TELLS: &str = "tell";
const WORDS: usize = 8;

pub(crate) async fn serve() {
    let models = ["answers", CALLS].map(|id| json!({ "id": id, "object": "model" }));
    let models = json!({ "object": "list", "data": models });
    let router = Router::new()
        .route("/v1/chat/completions", post(complete))
        .route("/v1/models", get(async move || Json(models.clone())))
        .route("/mcp", post(speak));
    listen(router).await;
}

/// Serves at a free port, and says where.
pub(crate) async fn listen(router: Router) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    eprintln!("http://{}", listener.local_addr().unwrap());
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    axum::serve(listener, router).await.unwrap();
}

async fn complete(body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap();
    let called = request["messages"].as_array().unwrap().iter().any(|message| message["role"] == "tool");
    let tools = request["tools"].as_array().into_iter().flatten();
    let mut names = tools.filter_map(|tool| tool["function"]["name"].as_str());
    let echo = names.find(|name| name.ends_with("echo")).filter(|_| request["model"] == CALLS && !called);
    if request["stream"] == json!(true) { stream(echo) } else { Json(whole(echo)).into_response() }
}

fn usage() -> Value {
    json!({ "prompt_tokens": 20, "completion_tokens": WORDS, "total_tokens": 20 + WORDS })
}

fn call(echo: &str) -> Value {
    let function = json!({ "name": echo, "arguments": "{\"message\":\"hello\"}" });
    json!([{ "index": 0, "id": "call_0", "type": "function", "function": function }])
}

fn whole(echo: Option<&str>) -> Value {
    let (message, reason) = match echo {
        Some(echo) => (json!({ "role": "assistant", "content": null, "tool_calls": call(echo) }), "tool_calls"),
        None => (json!({ "role": "assistant", "content": "token ".repeat(WORDS) }), "stop"),
    };
    let choice = json!({ "index": 0, "message": message, "finish_reason": reason });
    json!({ "id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage() })
}

fn stream(echo: Option<&str>) -> Response {
    let chunk = |delta: Value, reason: Value| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": reason });
        let chunk =
            json!({ "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice] });
        format!("data: {chunk}\n\n")
    };
    let mut chunks = vec![chunk(json!({ "role": "assistant", "content": "" }), Value::Null)];
    match echo {
        Some(echo) => chunks.push(chunk(json!({ "tool_calls": call(echo) }), Value::Null)),
        None => chunks.extend((0..WORDS).map(|_| chunk(json!({ "content": "token " }), Value::Null))),
    }
    chunks.push(chunk(json!({}), json!(if echo.is_some() { "tool_calls" } else { "stop" })));
    let used = json!({ "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [], "usage": usage() });
    chunks.push(format!("data: {used}\n\ndata: [DONE]\n\n"));
    let body = Body::from_stream(futures::stream::iter(chunks.into_iter().map(Ok::<_, Infallible>)));
    ([(CONTENT_TYPE, "text/event-stream")], body).into_response()
}

/// MCP over HTTP as of 2025-06-18, without sessions.
async fn speak(body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap();
    match answer(&request) {
        Some(answer) if request["params"]["name"] == TELLS => {
            ([(CONTENT_TYPE, "text/event-stream")], format!("event: message\ndata: {answer}\n\n")).into_response()
        }
        Some(answer) => Json(answer).into_response(),
        None => StatusCode::ACCEPTED.into_response(),
    }
}

/// The same over the standard streams.
pub(crate) fn speak_here() {
    for line in std::io::stdin().lines() {
        if let Some(answer) = answer(&serde_json::from_str(&line.unwrap()).unwrap()) {
            println!("{answer}");
        }
    }
}

/// Nothing where none is wanted.
fn answer(request: &Value) -> Option<Value> {
    let params = &request["params"];
    let result = match request["method"].as_str().unwrap_or_default() {
        "initialize" => json!({
            "protocolVersion": "2025-06-18",
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "echo", "version": "1" },
        }),
        "ping" => json!({}),
        "tools/list" => json!({ "tools": tools() }),
        "tools/call" => json!({ "content": [{ "type": "text", "text": params["arguments"]["message"] }] }),
        _ if request["id"].is_null() => return None,
        _ => {
            let error = json!({ "code": -32601, "message": "Method not found" });
            return Some(json!({ "jsonrpc": "2.0", "id": request["id"], "error": error }));
        }
    };
    Some(json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }))
}

/// As many as a small server has, each with a few arguments.
fn tools() -> Vec<Value> {
    let back = |name: &str, only_reads: bool| {
        json!({
            "name": name,
            "description": "Gives back the message.",
            "inputSchema": { "type": "object", "properties": { "message": { "type": "string" } }, "required": ["message"] },
            "annotations": { "readOnlyHint": only_reads },
        })
    };
    let text = |description: &str| json!({ "type": "string", "description": description });
    let other = |number: usize| {
        let properties = json!({
            "owner": text("The account that owns the repository, a person or an organisation."),
            "repo": text("The repository's name."),
            "state": { "type": "string", "enum": ["open", "closed", "all"], "description": "Open by default." },
            "page": { "type": "integer", "minimum": 1, "description": "Which page, from 1." },
        });
        let schema = json!({ "type": "object", "properties": properties, "required": ["owner", "repo"] });
        let description = format!("Lists what is of kind {number} in a repository, newest first, at most 100 a page.");
        json!({ "name": format!("list_{number}"), "description": description, "inputSchema": schema })
    };
    let known = [back("echo", true), back(TELLS, true), back(CHANGES, false)];
    known.into_iter().chain((3..5).map(other)).collect()
}
