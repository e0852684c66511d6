//! A scripted model for tests: plays rounds back in order, one per request, records what it was asked, and refuses
//! requests in which calls and results do not match.

mod round;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};

pub use round::{Reply, Round};

use crate::server::{Bound, PracticeError, bind};
use crate::verify::{Violation, violations};
use crate::wire::{ChatRequest, Refusal};

/// The model id the script lists; it answers to any.
pub const SCRIPTED: &str = "scripted";

/// What a script found wrong when it ended.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.lines())]
pub struct ScriptFailure {
    /// Violations, with the number of the request they were in, counted from one.
    pub violations: Vec<(usize, Violation)>,
    /// Requests that were no chat request, or came when every round was played.
    pub refused: Vec<String>,
    /// Rounds nobody asked for.
    pub unplayed: usize,
}

impl ScriptFailure {
    fn lines(&self) -> String {
        let mut lines: Vec<String> = self.violations.iter().map(|(n, found)| format!("request {n}: {found}")).collect();
        lines.extend(self.refused.iter().cloned());
        if self.unplayed > 0 {
            lines.push(format!("{} rounds were never asked for", self.unplayed));
        }
        lines.join("\n")
    }
}

/// A running script. Dropping it stops the endpoint; [`Script::finish`] also judges what happened.
#[derive(Debug)]
pub struct Script {
    bound: Bound,
    played: Arc<Played>,
}

#[derive(Debug)]
struct Played {
    log: Mutex<Log>,
    arrived: watch::Sender<usize>,
    gate: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Log {
    rounds: VecDeque<Round>,
    requests: Vec<Value>,
    keys: Vec<Option<String>>,
    violations: Vec<(usize, Violation)>,
    refused: Vec<String>,
}

impl Played {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Script {
    /// Starts an endpoint that will play the rounds in order.
    pub async fn start(rounds: Vec<Round>) -> Result<Self, PracticeError> {
        let log = Log { rounds: rounds.into(), ..Log::default() };
        let gate = Arc::new(Semaphore::new(0));
        let played = Arc::new(Played { log: Mutex::new(log), arrived: watch::Sender::new(0), gate });
        let router = Router::new()
            .route("/v1/models", get(models))
            .route("/v1/chat/completions", post(play))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&played));
        Ok(Self { bound: bind(router).await?, played })
    }

    /// `http://127.0.0.1:PORT/v1`.
    pub fn base_url(&self) -> String {
        self.bound.base_url()
    }

    /// Adds a round at the end, also while others play.
    pub fn push(&self, round: Round) {
        self.played.log().rounds.push_back(round);
    }

    /// Opens one hold: the one that waits, or the next that will.
    pub fn release(&self) {
        self.played.gate.add_permits(1);
    }

    /// Waits until `count` requests have arrived since the start.
    pub async fn arrived(&self, count: usize) {
        let mut arrived = self.played.arrived.subscribe();
        // The sender lives as long as this script, so waiting ends only by the count.
        let _ = arrived.wait_for(|arrived| *arrived >= count).await;
    }

    /// The bodies of all requests so far.
    pub fn requests(&self) -> Vec<Value> {
        self.played.log().requests.clone()
    }

    /// The bearer token of each request so far.
    pub fn keys(&self) -> Vec<Option<String>> {
        self.played.log().keys.clone()
    }

    /// Ends the script: the recorded bodies when every round was played and no request broke a rule.
    pub fn finish(self) -> Result<Vec<Value>, ScriptFailure> {
        let mut log = self.played.log();
        let log = std::mem::take(&mut *log);
        let failure = ScriptFailure { violations: log.violations, refused: log.refused, unplayed: log.rounds.len() };
        if failure.violations.is_empty() && failure.refused.is_empty() && failure.unplayed == 0 {
            return Ok(log.requests);
        }
        Err(failure)
    }
}

impl Drop for Script {
    /// Held rounds end as a broken connection rather than keep the endpoint alive.
    fn drop(&mut self) {
        self.played.gate.close();
    }
}

async fn models() -> Json<Value> {
    Json(json!({"object": "list", "data": [{"id": SCRIPTED, "object": "model", "created": 0, "owned_by": "script"}]}))
}

async fn play(State(played): State<Arc<Played>>, headers: HeaderMap, body: Bytes) -> Response {
    let key = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = key.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    match take(&played, key, &body) {
        Ok((request, round)) => round.play(&request, &played.gate).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Records the request and takes the round that answers it.
fn take(played: &Played, key: Option<String>, body: &[u8]) -> Result<(ChatRequest, Round), Refusal> {
    let mut log = played.log();
    let number = log.requests.len() + 1;
    log.requests.push(serde_json::from_slice(body).unwrap_or(Value::Null));
    log.keys.push(key);
    played.arrived.send_replace(number);
    let request = ChatRequest::read(body)
        .inspect_err(|refusal| log.refused.push(format!("request {number}: {}", refusal.message)))?;
    let found = violations(&request.messages);
    if let Some(first) = found.first() {
        let refusal = Refusal::bad_request(first.to_string(), Some("messages"));
        log.violations.extend(found.into_iter().map(|violation| (number, violation)));
        return Err(refusal);
    }
    match log.rounds.pop_front() {
        Some(round) => Ok((request, round)),
        None => {
            let message = format!("request {number}: the script has no round left");
            log.refused.push(message.clone());
            Err(Refusal::bad_request(message, None).with(StatusCode::INTERNAL_SERVER_ERROR, "script_ended"))
        }
    }
}
