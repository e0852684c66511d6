//! What a server answers to a message that was posted.

use http::{StatusCode, header};
use reqwest::Response;
use rmcp::{
    model::{ClientJsonRpcMessage, JsonRpcMessage, RequestId, ServerJsonRpcMessage},
    transport::streamable_http_client::{StreamableHttpError, StreamableHttpPostResponse},
};

use super::{EVENTS, JSON, MAX_MESSAGE, NotMcp, Outcome, SESSION, StatusError, WebError, error::body, messages};

use crate::shallow;

/// What is read of an answer that says no.
const MAX_REFUSAL: usize = 64 * 1024;

pub(super) async fn read(
    response: Response,
    message: &ClientJsonRpcMessage,
    in_session: bool,
    max_event: usize,
) -> Outcome<StreamableHttpPostResponse> {
    let status = response.status();
    let asked = match message {
        ClientJsonRpcMessage::Request(request) => Some(&request.id),
        _ => None,
    };
    if !status.is_success() {
        return refusal(response, asked, in_session).await;
    }
    if matches!(status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT) {
        return Ok(StreamableHttpPostResponse::Accepted);
    }
    let session = response.headers().get(SESSION).and_then(|id| id.to_str().ok()).map(str::to_owned);
    if is(&response, EVENTS) {
        return Ok(StreamableHttpPostResponse::Sse(messages(response, max_event), session));
    }
    let (is_json, kind) = (is(&response, JSON), kind(&response));
    let text = body(response, MAX_MESSAGE).await.map_err(StreamableHttpError::Client)?;
    // Nothing is waited for after a notification or a reply, so nothing can be wrong with what comes.
    if asked.is_none() {
        return Ok(StreamableHttpPostResponse::Accepted);
    }
    let wrong = |what: String, text: &[u8]| Err(StreamableHttpError::Client(NotMcp::new(what, text).into()));
    if text.trim_ascii().is_empty() {
        return wrong("empty".to_owned(), b"");
    }
    let text = shallow::message(text);
    match serde_json::from_slice::<ServerJsonRpcMessage>(&text) {
        // Some servers forget to say that it is JSON.
        Ok(message) => Ok(StreamableHttpPostResponse::Json(message, session)),
        Err(error) if is_json => wrong(format!("no JSON-RPC message ({error})"), &text),
        Err(_) => wrong(format!("{kind} instead of JSON"), &text),
    }
}

/// A refusal in JSON-RPC is an answer like any other; anything else is about the way there.
async fn refusal(
    response: Response,
    asked: Option<&RequestId>,
    in_session: bool,
) -> Outcome<StreamableHttpPostResponse> {
    let status = response.status();
    let text = body(response, MAX_REFUSAL).await.unwrap_or_default();
    if in_session && is_about_session(status, &text) {
        return Err(StreamableHttpError::SessionExpired);
    }
    let read = serde_json::from_slice::<ServerJsonRpcMessage>(&text);
    let (Some(id), Ok(JsonRpcMessage::Error(mut error))) = (asked, read) else {
        return Err(StreamableHttpError::Client(WebError::Status(StatusError::of(status, &text))));
    };
    // Whoever stands in between often does not know what it was asked; an answer belongs to its request all the same.
    error.id = Some(id.clone());
    Ok(StreamableHttpPostResponse::Json(JsonRpcMessage::Error(error), None))
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
    kind(response).split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(wanted))
}

fn kind(response: &Response) -> String {
    let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| String::from_utf8_lossy(kind.as_bytes()));
    kind.map_or_else(|| "something without a type".to_owned(), |kind| kind.into_owned())
}
