//! The vocabulary of a script: what one request gets, in the order in which it is written down.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::stream::{self, Called, Piece, Voice};
use crate::wire::{ChatRequest, Usage};

/// One answer of a script. Steps happen in the order in which they are called.
#[derive(Debug, Clone, Default)]
pub struct Round {
    steps: Vec<Step>,
    reply: Option<Reply>,
    usage: Option<Usage>,
    finish: Option<String>,
    chunks: Option<usize>,
    delay: Option<Duration>,
    pace: Option<Duration>,
}

#[derive(Debug, Clone)]
enum Step {
    Text(String),
    Reasoning(String),
    Call(Called),
    Raw(String),
    Hold,
    Cut,
}

/// An answer that is no stream: a status, a body, headers.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    body: Value,
    headers: Vec<(&'static str, String)>,
}

impl Round {
    pub fn new() -> Self {
        Self::default()
    }

    /// A round that says something.
    pub fn text(text: &str) -> Self {
        Self::new().say(text)
    }

    /// A round that is an error from the start. A JSON object is sent as JSON, a string as an HTML page.
    pub fn error(status: u16, body: impl Into<Value>) -> Self {
        Self { reply: Some(Reply { status, body: body.into(), headers: Vec::new() }), ..Self::default() }
    }

    /// 401: the key is wrong.
    pub fn unauthorized() -> Self {
        Self::error(401, worded("Incorrect API key provided.", "invalid_request_error", "invalid_api_key"))
    }

    /// 429 with `Retry-After` in seconds.
    pub fn rate_limited(retry_after: u64) -> Self {
        Self::error(429, worded("Rate limit reached.", "requests", "rate_limit_exceeded"))
            .header(RETRY_AFTER.as_str(), retry_after.to_string())
    }

    /// 429 that no waiting cures: the account has no credit.
    pub fn no_quota() -> Self {
        let message = "You exceeded your current quota, please check your plan and billing details.";
        Self::error(429, worded(message, "insufficient_quota", "insufficient_quota"))
    }

    /// 400: the conversation is longer than the model can read.
    pub fn too_long() -> Self {
        let message =
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.";
        Self::error(400, worded(message, "invalid_request_error", "context_length_exceeded"))
    }

    /// 500 in the API's words.
    pub fn crashed() -> Self {
        Self::error(
            500,
            worded("The server had an error while processing your request.", "server_error", "server_error"),
        )
    }

    /// A header of an error round.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Some(reply) = &mut self.reply {
            reply.headers.push((name, value.into()));
        }
        self
    }

    pub fn say(self, text: &str) -> Self {
        self.step(Step::Text(text.to_owned()))
    }

    /// `delta.reasoning_content`, as reasoning models of several providers stream it.
    pub fn reasoning(self, text: &str) -> Self {
        self.step(Step::Reasoning(text.to_owned()))
    }

    pub fn call(self, id: &str, name: &str, arguments: Value) -> Self {
        self.broken_call(id, Some(name), &arguments.to_string())
    }

    /// A call sent exactly as given: any text as arguments, an empty or repeated id, no name.
    pub fn broken_call(self, id: &str, name: Option<&str>, arguments: &str) -> Self {
        let name = name.map(str::to_owned);
        self.step(Step::Call(Called { id: id.to_owned(), name, arguments: arguments.to_owned() }))
    }

    /// An error inside the stream that began with 200.
    pub fn fail(self, error: Value) -> Self {
        self.raw(&format!("data: {}\n\n", json!({"error": error})))
    }

    /// Bytes put into the stream as they are; only streams carry them.
    pub fn raw(self, text: &str) -> Self {
        self.step(Step::Raw(text.to_owned()))
    }

    /// Waits here for [`Script::release`](super::Script::release).
    pub fn hold(self) -> Self {
        self.step(Step::Hold)
    }

    /// Closes the connection here, without a last chunk.
    pub fn cut(self) -> Self {
        self.step(Step::Cut)
    }

    /// Token counts, sent in the last chunk to who asks for them.
    pub fn usage(self, prompt: u64, completion: u64, cached: u64) -> Self {
        Self { usage: Some(Usage::new(prompt, completion, cached)), ..self }
    }

    /// The `finish_reason`, where it is not `stop` or `tool_calls` as the steps say.
    pub fn finish(self, reason: &str) -> Self {
        Self { finish: Some(reason.to_owned()), ..self }
    }

    /// In how many chunks each text and each call's arguments come; without it text comes word by word.
    pub fn chunks(self, count: usize) -> Self {
        Self { chunks: Some(count), ..self }
    }

    /// Time before the first byte of the answer.
    pub fn delay(self, time: Duration) -> Self {
        Self { delay: Some(time), ..self }
    }

    /// Time before each chunk.
    pub fn pace(self, time: Duration) -> Self {
        Self { pace: Some(time), ..self }
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    pub(super) async fn play(self, request: &ChatRequest, gate: &Arc<Semaphore>) -> Response {
        if let Some(delay) = self.delay {
            tokio::time::sleep(delay).await;
        }
        if self.reply.is_none() && request.stream {
            return stream::respond(self.pieces(request, gate));
        }
        for step in &self.steps {
            match step {
                Step::Hold => match gate.acquire().await {
                    Ok(permit) => permit.forget(),
                    Err(_closed) => return stream::respond(vec![Piece::Cut]),
                },
                Step::Cut => return stream::respond(vec![Piece::Cut]),
                Step::Text(_) | Step::Reasoning(_) | Step::Call(_) | Step::Raw(_) => {}
            }
        }
        match self.reply {
            Some(reply) => reply.into_response(),
            None => Json(self.completion(request)).into_response(),
        }
    }

    fn pieces(&self, request: &ChatRequest, gate: &Arc<Semaphore>) -> Vec<Piece> {
        let voice = Voice::new(&request.model);
        let mut pieces = Vec::new();
        let mut calls = 0;
        let mut spoke = false;
        for step in &self.steps {
            let is_content = matches!(step, Step::Text(_) | Step::Reasoning(_) | Step::Call(_));
            if is_content && !std::mem::replace(&mut spoke, true) {
                pieces.push(voice.role());
            }
            match step {
                Step::Text(text) => {
                    pieces.extend(self.split(text).into_iter().map(|part| voice.delta(json!({"content": part}))))
                }
                Step::Reasoning(text) => {
                    let parts = self.split(text).into_iter();
                    pieces.extend(parts.map(|part| voice.delta(json!({"reasoning_content": part}))));
                }
                Step::Call(call) => {
                    pieces.extend(voice.call(calls, call, stream::parts(&call.arguments, self.chunks.unwrap_or(3))));
                    calls += 1;
                }
                Step::Raw(text) => pieces.push(Piece::Raw(text.clone())),
                Step::Hold => pieces.push(Piece::Wait(Arc::clone(gate))),
                Step::Cut => pieces.push(Piece::Cut),
            }
        }
        if !self.steps.iter().any(|step| matches!(step, Step::Cut)) {
            pieces.push(voice.finish(self.reason()));
            if let Some(usage) = self.usage.filter(|_| request.stream_options.include_usage) {
                pieces.push(voice.usage(usage));
            }
            pieces.push(stream::done());
        }
        match self.pace {
            Some(pace) => pieces.into_iter().flat_map(|piece| [Piece::Pause(pace), piece]).collect(),
            None => pieces,
        }
    }

    fn split(&self, text: &str) -> Vec<String> {
        self.chunks.map_or_else(|| stream::words(text), |count| stream::parts(text, count))
    }

    fn reason(&self) -> &str {
        let calls = self.steps.iter().any(|step| matches!(step, Step::Call(_)));
        self.finish.as_deref().unwrap_or(if calls { "tool_calls" } else { "stop" })
    }

    fn completion(&self, request: &ChatRequest) -> Value {
        let (mut text, mut reasoning, mut calls) = (String::new(), String::new(), Vec::new());
        for step in &self.steps {
            match step {
                Step::Text(more) => text.push_str(more),
                Step::Reasoning(more) => reasoning.push_str(more),
                Step::Call(call) => calls.push(call.message()),
                Step::Raw(_) | Step::Hold | Step::Cut => {}
            }
        }
        let mut message = json!({"role": "assistant", "content": text});
        if !reasoning.is_empty() {
            message["reasoning_content"] = json!(reasoning);
        }
        if !calls.is_empty() {
            message["tool_calls"] = json!(calls);
        }
        Voice::new(&request.model).completion(message, self.reason(), self.usage.unwrap_or_default())
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let (kind, body) = match self.body {
            Value::String(text) => ("text/html", text),
            json => ("application/json", json.to_string()),
        };
        let mut response = Body::from(body).into_response();
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

fn worded(message: &str, kind: &str, code: &str) -> Value {
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
}
