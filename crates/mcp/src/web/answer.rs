//! What a server answers to a message that was posted.

use http::{StatusCode, header};
use reqwest::Response;
use rmcp::{
    model::{ClientJsonRpcMessage, JsonRpcError, JsonRpcMessage, ServerJsonRpcMessage},
    transport::streamable_http_client::{StreamableHttpError, StreamableHttpPostResponse},
};
use serde::de::DeserializeOwned;

use super::{EVENTS, JSON, MAX_MESSAGE, NotMcp, Outcome, SESSION, StatusError, WebError, error::body, messages};

use crate::shallow;

/// What is read of an answer that says no.
const MAX_REFUSAL: usize = 64 * 1024;

/// What came back.
pub(super) enum Received {
    /// It was taken; there is nothing to say to it.
    Nothing,
    /// The answer comes as a stream of events.
    Events(Response),
    /// A no in JSON-RPC: an answer like any other.
    Refusal(JsonRpcError),
    Text(Text),
}

/// The body of an answer, nothing in it nested too deeply.
pub(super) struct Text {
    pub(super) text: Vec<u8>,
    /// What it says it is.
    kind: String,
}

impl Text {
    pub(super) fn read<T: DeserializeOwned>(&self) -> Outcome<T> {
        serde_json::from_slice(&self.text).map_err(|error| {
            // Some servers forget to say that it is JSON.
            let what = if is_kind(&self.kind, JSON) {
                format!("no JSON-RPC message ({error})")
            } else {
                format!("{} instead of JSON", self.kind)
            };
            not_mcp(what, &self.text)
        })
    }
}

fn not_mcp(what: String, text: &[u8]) -> StreamableHttpError<WebError> {
    StreamableHttpError::Client(NotMcp::new(what, text).into())
}

pub(super) async fn read(
    response: Response,
    message: &ClientJsonRpcMessage,
    in_session: bool,
    max_event: usize,
) -> Outcome<StreamableHttpPostResponse> {
    let asked = match message {
        ClientJsonRpcMessage::Request(request) => Some(&request.id),
        _ => None,
    };
    let session = response.headers().get(SESSION).and_then(|id| id.to_str().ok()).map(str::to_owned);
    Ok(match received(response, in_session, asked.is_some()).await? {
        Received::Nothing => StreamableHttpPostResponse::Accepted,
        Received::Events(response) => StreamableHttpPostResponse::Sse(messages(response, max_event), session),
        Received::Refusal(error) => {
            // Whoever stands in between often does not know what it was asked; an answer belongs to its request all the
            // same.
            let error = JsonRpcError { id: asked.cloned(), ..error };
            StreamableHttpPostResponse::Json(JsonRpcMessage::Error(error), None)
        }
        Received::Text(text) => StreamableHttpPostResponse::Json(text.read()?, session),
    })
}

/// Reads what came back, except for a stream. `asked`: whether an answer is waited for.
pub(super) async fn received(response: Response, in_session: bool, asked: bool) -> Outcome<Received> {
    let status = response.status();
    if !status.is_success() {
        return refusal(response, asked, in_session).await;
    }
    if matches!(status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT) {
        return Ok(Received::Nothing);
    }
    let kind = kind(&response);
    if is_kind(&kind, EVENTS) {
        return Ok(Received::Events(response));
    }
    let text = body(response, MAX_MESSAGE).await.map_err(StreamableHttpError::Client)?;
    // Nothing is waited for after a notification or a reply, so nothing can be wrong with what comes.
    if !asked {
        return Ok(Received::Nothing);
    }
    if text.trim_ascii().is_empty() {
        return Err(not_mcp("empty".to_owned(), b""));
    }
    Ok(Received::Text(Text { text: shallow::message(text), kind }))
}

async fn refusal(response: Response, asked: bool, in_session: bool) -> Outcome<Received> {
    let status = response.status();
    let text = body(response, MAX_REFUSAL).await.unwrap_or_default();
    if in_session && is_about_session(status, &text) {
        return Err(StreamableHttpError::SessionExpired);
    }
    match serde_json::from_slice::<ServerJsonRpcMessage>(&text) {
        Ok(JsonRpcMessage::Error(error)) if asked => Ok(Received::Refusal(error)),
        Ok(_) | Err(_) => Err(StreamableHttpError::Client(WebError::Status(StatusError::of(status, &text)))),
    }
}

/// The specification says 404. Some servers say 400 and explain it in words.
fn is_about_session(status: StatusCode, text: &[u8]) -> bool {
    match status {
        StatusCode::NOT_FOUND => true,
        StatusCode::BAD_REQUEST => String::from_utf8_lossy(text).to_ascii_lowercase().contains("session"),
        _ => false,
    }
}

pub(super) fn is(response: &Response, wanted: &str) -> bool {
    is_kind(&kind(response), wanted)
}

fn is_kind(kind: &str, wanted: &str) -> bool {
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(wanted))
}

fn kind(response: &Response) -> String {
    let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| String::from_utf8_lossy(kind.as_bytes()));
    kind.map_or_else(|| "something without a type".to_owned(), |kind| kind.into_owned())
}
