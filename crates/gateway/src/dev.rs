//! A backend to try things with: answers every call of the catalogue with made-up data that it keeps in memory.
//!
//! Nothing here is needed by a gateway; it stands behind one like any other service.

mod crm;
mod memory;
mod records;
mod report;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::GatewayError;
use records::Records;

/// Imports are the largest that comes.
const LARGEST: usize = 4 << 20;

/// A running backend; dropping it ends it.
pub struct DevBackend {
    address: SocketAddr,
    task: JoinHandle<std::io::Result<()>>,
    _end: DropGuard,
}

type Tenants = Arc<Mutex<HashMap<String, Records>>>;
type Arguments = Map<String, Value>;

/// What the backend answers with instead of a result.
#[derive(Debug)]
enum Wrong {
    NotFound(String),
    Invalid(String),
}

impl DevBackend {
    pub async fn start(listen: SocketAddr) -> Result<Self, GatewayError> {
        let bind = |source| GatewayError::Bind { address: listen.to_string(), source };
        let listener = TcpListener::bind(listen).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let end = CancellationToken::new();
        let router = Router::new().fallback(answer).with_state(Tenants::default());
        let ended = end.clone().cancelled_owned();
        let task = tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(ended).await });
        Ok(Self { address, task, _end: end.drop_guard() })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Until it ends by itself, which it only does where it fails.
    pub async fn ended(&mut self) -> Result<(), GatewayError> {
        let ended = (&mut self.task).await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        ended.map_err(GatewayError::Serve)
    }
}

async fn answer(State(tenants): State<Tenants>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path: Vec<String> = parts.uri.path().split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    if path.last().is_some_and(|last| last == "health") {
        return Json(json!({ "status": "ok" })).into_response();
    }
    let Ok(body) = axum::body::to_bytes(body, LARGEST).await else {
        return error(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
    };
    let Some(arguments) = arguments(&body) else {
        return error(StatusCode::BAD_REQUEST, "the body is no JSON object");
    };
    let tenant = text(&parts.headers, "x-tenant-id").unwrap_or("default").to_owned();
    let actor = text(&parts.headers, "x-actor-id").unwrap_or("somebody").to_owned();
    let mut tenants = tenants.lock().unwrap_or_else(PoisonError::into_inner);
    let records = tenants.entry(tenant).or_insert_with(Records::filled);
    records.actor = actor;
    let result = run(records, &path, &arguments);
    drop(tenants);
    match result {
        Ok(value) => Json(value).into_response(),
        Err(Wrong::NotFound(what)) => error(StatusCode::NOT_FOUND, &what),
        Err(Wrong::Invalid(what)) => error(StatusCode::UNPROCESSABLE_ENTITY, &what),
    }
}

fn run(records: &mut Records, path: &[String], arguments: &Arguments) -> Result<Value, Wrong> {
    let at = |name: &str| path.iter().position(|part| part == name).and_then(|at| path.get(at + 1));
    if let Some(operation) = at("memory") {
        return memory::run(records, operation, arguments);
    }
    if let Some(operation) = at("crm") {
        return crm::run(records, operation, arguments);
    }
    match path.last().map(String::as_str) {
        Some(service @ ("support" | "marketing" | "website" | "backoffice" | "onboarding")) => {
            Ok(workflow(records, service, arguments))
        }
        _ => Err(Wrong::NotFound(format!("there is nothing at /{}", path.join("/")))),
    }
}

/// Every workflow has the same three steps and comes to its end.
fn workflow(records: &mut Records, service: &str, arguments: &Arguments) -> Value {
    let name = arguments.get("workflow").and_then(Value::as_str).unwrap_or("default");
    let dry = arguments.get("dry_run") == Some(&json!(true));
    let steps: Vec<Value> = ["checked the request", "did the work", "wrote the report"]
        .iter()
        .map(|step| json!({ "step": step, "state": if dry { "planned" } else { "done" } }))
        .collect();
    let mut fields = Map::new();
    fields.insert("service".to_owned(), json!(service));
    fields.insert("workflow".to_owned(), json!(name));
    fields.insert("state".to_owned(), json!(if dry { "planned" } else { "completed" }));
    fields.insert("steps".to_owned(), json!(steps));
    if dry { Value::Object(fields) } else { records.create("run", "RUN", fields) }
}

fn arguments(body: &Bytes) -> Option<Arguments> {
    if body.is_empty() {
        return Some(Map::new());
    }
    serde_json::from_slice(body).ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn error(status: StatusCode, detail: &str) -> Response {
    (status, Json(json!({ "detail": detail }))).into_response()
}
