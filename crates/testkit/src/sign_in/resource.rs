//! The MCP server itself: nothing without a token, and little with one.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::Shared;

pub(super) async fn answer(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let reply = reply(&shared, &headers, &body);
    let (calls, meet) = {
        let books = shared.books();
        (books.seen.calls, books.conduct.calls_meet)
    };
    shared.calls.send_replace(calls);
    if reply.status() == StatusCode::OK && is_call(&body) {
        // The sender lives as long as this does.
        let _ = shared.calls.subscribe().wait_for(|calls| *calls >= meet).await;
    }
    reply
}

/// One that tells who calls does so in all that it offers.
fn capabilities(tells_who: bool) -> Value {
    if tells_who { json!({ "tools": {}, "prompts": {}, "resources": {} }) } else { json!({ "tools": {} }) }
}

fn is_call(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|message| message["method"] == "tools/call")
}

fn reply(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Response {
    let mut books = shared.books();
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let Some(grant) = bearer.and_then(|token| books.access.get(token)).cloned() else {
        let refused = (StatusCode::UNAUTHORIZED, "who are you?");
        return match &books.conduct.challenge {
            Some(challenge) => ([(header::WWW_AUTHENTICATE, challenge.clone())], refused).into_response(),
            None => refused.into_response(),
        };
    };
    let Ok(message) = serde_json::from_slice::<Value>(body) else {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    };
    let reply =
        |result: Value| Json(json!({ "jsonrpc": "2.0", "id": message["id"], "result": result })).into_response();
    match message["method"].as_str().unwrap_or_default() {
        "server/discover" => (StatusCode::BAD_REQUEST, "no such thing here").into_response(),
        "initialize" => reply(json!({
            "protocolVersion": "2025-06-18", "capabilities": capabilities(books.conduct.tells_who),
            "serverInfo": { "name": "box", "version": "1" },
        })),
        "tools/list" => reply(json!({ "tools": [{ "name": "whoami", "inputSchema": { "type": "object" } }] })),
        "tools/call" => {
            if let Some(needed) = books.conduct.call_needs
                && !grant.scope.split(' ').any(|has| has == needed)
            {
                let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{needed}\"");
                return (StatusCode::FORBIDDEN, [(header::WWW_AUTHENTICATE, challenge)]).into_response();
            }
            books.seen.calls += 1;
            books.seen.callers.push(grant.person);
            let text = if books.conduct.tells_who { grant.person.to_string() } else { grant.scope };
            reply(json!({ "content": [{ "type": "text", "text": text }] }))
        }
        "prompts/list" => reply(json!({ "prompts": [{ "name": "hello", "description": grant.person.to_string() }] })),
        "prompts/get" => {
            let text = json!({ "type": "text", "text": grant.person.to_string() });
            reply(json!({ "messages": [{ "role": "user", "content": text }] }))
        }
        "resources/list" => reply(json!({ "resources": [{ "uri": "note://me", "name": grant.person.to_string() }] })),
        "resources/templates/list" => reply(json!({ "resourceTemplates": [] })),
        "resources/read" => reply(json!({ "contents": [{ "uri": "note://me", "text": grant.person.to_string() }] })),
        "ping" => reply(json!({})),
        _ => StatusCode::ACCEPTED.into_response(),
    }
}
