//! The short way for most calls: read once, called, answered as JSON. What is in any way special goes the long way,
//! which knows the whole protocol.

use std::{borrow::Cow, sync::Arc};

use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use mcp::{BrokeOff, ToItsEnd};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value, value::RawValue};
use tokio_util::sync::CancellationToken;

use crate::{
    answer::Verbatim,
    caller::Caller,
    config::Approval,
    door::Call,
    line::Line,
    offer::{Offer, Via},
};

use super::http::Face;

const MODERN: &str = "2026-07-28";
const LEGACY: [&str; 3] = ["2025-03-26", "2025-06-18", "2025-11-25"];
const META: [&str; 3] = ["clientInfo", "clientCapabilities", "protocolVersion"];

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    jsonrpc: Cow<'a, str>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Params<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(default)]
    arguments: Option<Map<String, Value>>,
    #[serde(default, rename = "_meta")]
    meta: Option<Map<String, Value>>,
    #[serde(default)]
    task: Option<IgnoredAny>,
    #[serde(default)]
    input_responses: Option<IgnoredAny>,
    #[serde(default)]
    request_state: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cancelled<'a> {
    #[serde(borrow)]
    request_id: &'a RawValue,
}

/// The answer, where this way leads to one.
pub(super) async fn answer(
    face: &Face,
    caller: &Arc<Caller>,
    headers: &HeaderMap,
    session: Option<&str>,
    body: &Bytes,
) -> Option<Response> {
    let message: Message<'_> = serde_json::from_slice(body).ok()?;
    if message.jsonrpc != "2.0" || !is_plain(headers) {
        return None;
    }
    match (&*message.method, message.id, session) {
        ("notifications/cancelled", None, Some(session)) => {
            let cancelled: Cancelled<'_> = serde_json::from_str(message.params?.get()).ok()?;
            face.sessions.concluded(session, cancelled.request_id.get())?.cancel();
            Some(StatusCode::ACCEPTED.into_response())
        }
        ("logging/setLevel", Some(_), Some(session)) => {
            face.sessions.listens(session).await;
            None
        }
        ("tools/call", Some(id), _) if is_id(id) => {
            let params: Params<'_> = serde_json::from_str(message.params?.get()).ok()?;
            let offer = face.inner.shown().offers.get(&*params.name).cloned()?;
            if !fits(&params, &offer, headers, session) || !hears_nothing(face, &offer, session) {
                return None;
            }
            Some(call(face, caller, params, session, id).await)
        }
        _ => None,
    }
}

/// Whether nothing that another server says meanwhile could be missed by whoever calls.
fn hears_nothing(face: &Face, offer: &Offer, session: Option<&str>) -> bool {
    let of_server = matches!(offer.via, Via::Server { .. });
    !of_server || session.is_some_and(|session| face.sessions.is_plain(session))
}

fn is_id(id: &RawValue) -> bool {
    id.get().starts_with('"') || id.get().parse::<i64>().is_ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether the headers say what nearly all clients say.
fn is_plain(headers: &HeaderMap) -> bool {
    let accept = text(headers, "accept").unwrap_or_default();
    let kind = text(headers, "content-type").unwrap_or_default();
    let accepts = accept.contains("application/json") && accept.contains("text/event-stream") && !accept.contains("q=");
    accepts && kind.split(';').next().unwrap_or_default().trim() == "application/json"
}

fn fits(params: &Params<'_>, offer: &Offer, headers: &HeaderMap, session: Option<&str>) -> bool {
    if params.task.is_some() || params.input_responses.is_some() || params.request_state.is_some() {
        return false;
    }
    let meta = params.meta.as_ref();
    let wants_progress = meta.is_some_and(|meta| meta.contains_key("progressToken"));
    let of_server = matches!(offer.via, Via::Server { .. });
    if offer.approval == Approval::Person || (of_server && wants_progress) {
        return false;
    }
    let said = |key: &str| meta.and_then(|meta| meta.get(&format!("io.modelcontextprotocol/{key}")));
    match (text(headers, "mcp-protocol-version"), session) {
        (Some(MODERN), None) => {
            // Arguments of other servers' tools may have to be repeated in headers.
            !of_server
                && META.iter().all(|key| said(key).is_some())
                && said("protocolVersion").and_then(Value::as_str) == Some(MODERN)
                && said("clientCapabilities").is_some_and(Value::is_object)
                && said("clientInfo").is_some_and(Value::is_object)
                && text(headers, "mcp-method") == Some("tools/call")
                && text(headers, "mcp-name") == Some(&params.name)
        }
        (version, Some(_)) => {
            let named = ["mcp-method", "mcp-name"].iter().any(|name| headers.contains_key(*name));
            !named && said("protocolVersion").is_none() && version.is_none_or(|version| LEGACY.contains(&version))
        }
        (_, None) => false,
    }
}

async fn call(face: &Face, caller: &Arc<Caller>, params: Params<'_>, session: Option<&str>, id: &RawValue) -> Response {
    let stop = CancellationToken::new();
    // Whoever leaves no longer wants it.
    let _left = stop.clone().drop_guard();
    if let Some(session) = session {
        face.sessions.running(session, id.get(), stop.clone());
    }
    let (inner, caller, name) = (face.inner.clone(), caller.clone(), params.name.into_owned());
    let arguments = params.arguments.unwrap_or_default();
    // Whatever becomes of the connection, what was done is written down.
    let called = ToItsEnd::new(async move {
        let line = Arc::new(Line::silent());
        let answer = inner.call(Call { caller, tool: &name, arguments, line: &line, stop }).await;
        answer.map_err(|_| name)
    });
    let called = called.await;
    let is_session = session.is_some();
    if let Some(session) = session {
        face.sessions.concluded(session, id.get());
    }
    let (mut retry_after, mut body) = (None, String::with_capacity(512));
    body.push_str("{\"jsonrpc\":\"2.0\",\"id\":");
    body.push_str(id.get());
    match called {
        Ok(Ok(answer)) => {
            retry_after = answer.retry_after;
            match answer.verbatim.as_deref() {
                Some(Verbatim { code, message, data }) => body.push_str(&error(*code, message, data.as_ref())),
                None => {
                    let mut result = answer.into_value();
                    if !is_session {
                        result["resultType"] = "complete".into();
                    } else if let Some(result) = result.as_object_mut() {
                        // Older clients do not know it.
                        result.shift_remove("resultType");
                    }
                    body.push_str(",\"result\":");
                    body.push_str(&result.to_string());
                }
            }
        }
        Ok(Err(name)) => body.push_str(&error(-32602, &format!("Unknown tool: {name}"), None)),
        Err(BrokeOff) => body.push_str(&error(-32603, "the call broke off", None)),
    }
    body.push('}');
    let mut response = ([(header::CONTENT_TYPE, "application/json")], body).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn error(code: i32, message: &str, data: Option<&Value>) -> String {
    let mut error = serde_json::json!({ "code": code, "message": message });
    if let Some(data) = data {
        error["data"] = data.clone();
    }
    format!(",\"error\":{error}")
}
