//! What operators and machines ask besides MCP: health, metrics, who waits for a yes.

use std::net::SocketAddr;

use axum::{
    Json,
    body::Bytes,
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::approvals::{NotTaken, Unreachable};

use super::http::Face;

/// Whether calls can be made. Says nothing about who may.
pub(super) async fn health(State(face): State<Face>) -> Response {
    let inner = &face.inner;
    let shown = inner.shown();
    let word = |is_well: bool| if is_well { "ok" } else { "failing" };
    let (audit, limits) = (!inner.audit.is_broken(), inner.limits().are_there().await);
    let servers: Vec<_> = inner.upstream.all().map(mcp::Servers::snapshot).collect();
    let servers = || servers.iter().flat_map(|servers| servers.iter());
    let ready = servers().filter(|server| matches!(server.state, chat::ServerState::Ready { .. })).count();
    let is_well = audit && limits;
    let status = if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "status": word(is_well),
        "name": shown.plan.name,
        "version": env!("CARGO_PKG_VERSION"),
        "tools": shown.leading().count(),
        "servers": { "ready": ready, "configured": servers().count() },
        "audit": word(audit),
        "limits": word(limits),
    });
    (status, Json(body)).into_response()
}

pub(super) async fn metrics(
    State(face): State<Face>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let caller = match face.inner.admit(&headers, from.ip()).await {
        Ok(caller) => caller,
        Err(turned) => return turned.into_response(),
    };
    if !caller.has_one_of(&face.inner.shown().plan.admin_roles) {
        return refused("The metrics are for the roles of `security.admin_roles`.");
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match face.inner.metrics.text(face.inner.audit.written()) {
        Ok(text) => ([(header::CONTENT_TYPE, kind)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

pub(super) async fn approvals(
    State(face): State<Face>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let caller = match face.inner.admit(&headers, from.ip()).await {
        Ok(caller) => caller,
        Err(turned) => return turned.into_response(),
    };
    if !caller.has_one_of(&face.inner.shown().plan.approvals.approvers) {
        return refused("Only the roles of `security.approvals.approvers` may look.");
    }
    match face.inner.approvals.pending(&caller.tenant).await {
        Ok(pending) => Json(json!({ "approvals": pending })).into_response(),
        Err(Unreachable) => unreachable(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    approve: bool,
}

pub(super) async fn answer(
    State(face): State<Face>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let caller = match face.inner.admit(&headers, from.ip()).await {
        Ok(caller) => caller,
        Err(turned) => return turned.into_response(),
    };
    if !caller.has_one_of(&face.inner.shown().plan.approvals.approvers) {
        return refused("Only the roles of `security.approvals.approvers` may answer.");
    }
    let Ok(said) = serde_json::from_slice::<Said>(&body) else {
        let error = json!({ "error": { "code": "invalid_body", "message": "Send {\"approve\": true} or false." } });
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    };
    match face.inner.approvals.answer(id, &caller, said.approve).await {
        Ok(()) => Json(json!({ "id": id, "approved": said.approve })).into_response(),
        Err(NotTaken::Unreachable) => unreachable(),
        Err(NotTaken::Own) => refused("Nobody answers for a call of their own."),
        Err(NotTaken::Gone) => {
            let error =
                json!({ "error": { "code": "not_waiting", "message": "No call with this id waits any more." } });
            (StatusCode::NOT_FOUND, Json(error)).into_response()
        }
    }
}

/// Which authorization server clients go to (RFC 9728).
pub(super) async fn protected_resource(State(face): State<Face>) -> Response {
    let shown = face.inner.shown();
    let Some((jwt, resource)) = shown.plan.jwt.as_ref().and_then(|jwt| Some((jwt, jwt.resource.as_ref()?))) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut metadata: Value = json!({
        "resource": resource.as_str(),
        "authorization_servers": [jwt.issuer],
        "bearer_methods_supported": ["header"],
        "resource_name": shown.plan.name,
    });
    if !jwt.scopes.is_empty() {
        metadata["scopes_supported"] = json!(jwt.scopes);
    }
    Json(metadata).into_response()
}

fn unreachable() -> Response {
    let message = "The calls that wait cannot be reached now. Try again in a moment.";
    let error = json!({ "error": { "code": "approvals_unavailable", "message": message } });
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], Json(error)).into_response()
}

fn refused(message: &str) -> Response {
    let error = json!({ "error": { "code": "role_not_allowed", "message": message } });
    (StatusCode::FORBIDDEN, Json(error)).into_response()
}
