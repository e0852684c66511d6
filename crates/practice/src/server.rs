//! The endpoint: loopback only, one random key, and the three routes of the API that a chat needs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::MODEL;
use crate::plan::{self, Answer};
use crate::stream::{self, Called, Piece, Voice};
use crate::verify;
use crate::wire::{ChatRequest, Refusal, Usage};

/// A conversation with many large results still fits.
const LARGEST_BODY: usize = 64 << 20;

#[derive(Debug, thiserror::Error)]
pub enum PracticeError {
    #[error("no port of the loopback address could be opened: {0}")]
    Bind(#[from] std::io::Error),
}

/// How the practice model behaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Time between two chunks of a stream; none means as fast as the reader reads.
    pub pace: Option<Duration>,
}

/// A running endpoint; dropping it stops it, after the answers under way.
#[derive(Debug)]
pub struct Practice {
    bound: Bound,
    key: Arc<str>,
}

impl Practice {
    /// `http://127.0.0.1:PORT/v1`, what a client takes for its base URL.
    pub fn base_url(&self) -> String {
        self.bound.base_url()
    }

    /// The bearer token every request must carry; new at each start.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Starts the practice model on a free loopback port.
pub async fn start(options: Options) -> Result<Practice, PracticeError> {
    let key: Arc<str> = Uuid::new_v4().simple().to_string().into();
    let router = Router::new()
        .route("/v1/models", get(models))
        .route("/v1/models/{id}", get(model))
        .route("/v1/chat/completions", post(complete))
        .fallback(unknown)
        .layer(middleware::from_fn_with_state(Arc::clone(&key), admit))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(options);
    Ok(Practice { bound: bind(router).await?, key })
}

/// A router being served on a loopback port until it is dropped.
#[derive(Debug)]
pub(crate) struct Bound {
    address: SocketAddr,
    /// Dropping the sender is the signal.
    _stop: oneshot::Sender<()>,
}

impl Bound {
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }
}

pub(crate) async fn bind(router: Router) -> Result<Bound, PracticeError> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    // A stream's small pieces leave at once; held back for company, they would wait 40 ms for an acknowledgement.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let stopped = async move {
            let _ = stopped.await;
        };
        // Serving ends only by the signal: axum retries what a single connection gets wrong.
        let _ = axum::serve(listener, router).with_graceful_shutdown(stopped).await;
    });
    Ok(Bound { address, _stop: stop })
}

/// Lets in only who knows the key and comes from this machine: a web page that guesses the port (or rebinds a name to
/// loopback) is told nothing.
async fn admit(State(key): State<Arc<str>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host_is_local = text(headers, HOST.as_str()).is_some_and(is_loopback);
    let origin_is_local = !headers.contains_key(ORIGIN)
        || text(headers, ORIGIN.as_str())
            .and_then(|origin| origin.split_once("://"))
            .is_some_and(|(_, host)| is_loopback(host));
    if !host_is_local || !origin_is_local {
        return Refusal::bad_request("Only requests from this machine are answered.", None)
            .with(StatusCode::FORBIDDEN, "not_loopback")
            .into_response();
    }
    let given = text(headers, AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer "));
    if !given.is_some_and(|given| is_same(given.as_bytes(), key.as_bytes())) {
        return Refusal::bad_request("Incorrect API key provided.", None)
            .with(StatusCode::UNAUTHORIZED, "invalid_api_key")
            .into_response();
    }
    next.run(request).await
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether an authority (`host` or `host:port`) names this machine itself.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inner, _)) => inner,
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Compares in time that depends on the lengths alone.
fn is_same(given: &[u8], key: &[u8]) -> bool {
    given.len() == key.len() && given.iter().zip(key).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

async fn models() -> Json<Value> {
    Json(json!({"object": "list", "data": [listed()]}))
}

async fn model(axum::extract::Path(id): axum::extract::Path<String>) -> Response {
    if id == MODEL { Json(listed()).into_response() } else { no_model(&id).into_response() }
}

fn listed() -> Value {
    json!({"id": MODEL, "object": "model", "created": 0, "owned_by": "practice (no AI)"})
}

fn no_model(id: &str) -> Refusal {
    Refusal::bad_request(format!("The model '{id}' does not exist; this endpoint has '{MODEL}'."), Some("model"))
        .with(StatusCode::NOT_FOUND, "model_not_found")
}

async fn unknown() -> Refusal {
    Refusal::bad_request("Unknown request URL.", None).with(StatusCode::NOT_FOUND, "unknown_url")
}

async fn complete(State(options): State<Options>, body: Bytes) -> Result<Response, Refusal> {
    let request = ChatRequest::read(&body)?;
    if request.model != MODEL {
        return Err(no_model(&request.model));
    }
    if let Some(violation) = verify::violations(&request.messages).first() {
        return Err(Refusal::bad_request(violation.to_string(), Some("messages")));
    }
    let today = jiff::Timestamp::now().to_zoned(TimeZone::UTC).date();
    let answer = plan::plan(&request, today);
    let calls: Vec<Called> = answer.calls.iter().map(called).collect();
    let usage = estimate(body.len(), &answer);
    if request.stream {
        return Ok(stream::respond(pieces(&request, &answer.text, &calls, usage, options)));
    }
    let mut message = json!({"role": "assistant", "content": answer.text});
    if !calls.is_empty() {
        message["tool_calls"] = calls.iter().map(Called::message).collect();
    }
    Ok(Json(Voice::new(MODEL).completion(message, reason(&calls), usage)).into_response())
}

fn called(call: &plan::Call) -> Called {
    Called {
        id: format!("call_{}", Uuid::new_v4().simple()),
        name: Some(call.tool.clone()),
        arguments: Value::Object(call.arguments.clone()).to_string(),
    }
}

fn reason(calls: &[Called]) -> &'static str {
    if calls.is_empty() { "stop" } else { "tool_calls" }
}

fn estimate(request: usize, answer: &Answer) -> Usage {
    let called: usize = answer.calls.iter().map(|call| Value::Object(call.arguments.clone()).to_string().len()).sum();
    let tokens = |letters: usize| letters.div_ceil(4) as u64;
    Usage::new(tokens(request), tokens(answer.text.len() + called), 0)
}

fn pieces(request: &ChatRequest, text: &str, calls: &[Called], usage: Usage, options: Options) -> Vec<Piece> {
    let voice = Voice::new(MODEL);
    let mut pieces = vec![voice.role()];
    pieces.extend(stream::words(text).into_iter().map(|word| voice.delta(json!({"content": word}))));
    for (index, call) in calls.iter().enumerate() {
        let parts = stream::parts(&call.arguments, call.arguments.len().div_ceil(12));
        pieces.extend(voice.call(index, call, parts));
    }
    pieces.push(voice.finish(reason(calls)));
    if request.stream_options.include_usage {
        pieces.push(voice.usage(usage));
    }
    pieces.push(stream::done());
    match options.pace {
        Some(pace) => pieces.into_iter().flat_map(|piece| [Piece::Pause(pace), piece]).collect(),
        None => pieces,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for local in ["127.0.0.1:80", "localhost", "LocalHost:1", "[::1]:99", "127.0.0.2"] {
            assert!(is_loopback(local), "{local}");
        }
        for foreign in ["example.com", "localhost.example.com:80", "10.0.0.1", "[::2]", "", "0.0.0.0"] {
            assert!(!is_loopback(foreign), "{foreign}");
        }
    }

    #[test]
    fn keys_are_compared_whole() {
        assert!(is_same(b"abc", b"abc"));
        assert!(!is_same(b"abd", b"abc"));
        assert!(!is_same(b"ab", b"abc"));
        assert!(!is_same(b"", b"abc"));
    }
}
