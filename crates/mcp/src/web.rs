//! MCP's streamable HTTP: what rmcp's transport asks of a web client, answered by ours.
//!
//! It tells refusals apart (and asks [`Credentials`] what to do about them), keeps what the server really said, and
//! does not run in circles.

mod answer;
mod error;
mod events;
mod follow;
mod listening;
mod pace;
mod short;

use std::{collections::HashMap, sync::Arc};

use futures::stream::BoxStream;
use http::{HeaderName, HeaderValue, StatusCode, header};
use reqwest::{RequestBuilder, Response};
use rmcp::{
    model::{ClientJsonRpcMessage, ClientRequest, JsonRpcRequest},
    transport::streamable_http_client::{
        AuthRequiredError, SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
    },
};
use sse_stream::Sse;

use crate::credentials::{Again, Credentials};
pub(crate) use error::{NotMcp, Refused, StatusError, WebError};
pub(crate) use events::events;
use events::messages;
use listening::Listening;
use pace::Pace;
use short::Road;
pub(crate) use short::{Missed, Short};

const EVENTS: &str = "text/event-stream";
const JSON: &str = "application/json";
const BOTH: &str = "text/event-stream, application/json";
const SESSION: &str = "mcp-session-id";
const LAST_EVENT: &str = "last-event-id";
/// One message may be this long; a screenshot in base64 is a few megabytes.
pub(crate) const MAX_MESSAGE: usize = 64 * 1024 * 1024;

type Outcome<T> = Result<T, StreamableHttpError<WebError>>;
type Headers = HashMap<HeaderName, HeaderValue>;

/// A web client for one server, and who we are to it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Web {
    pub(crate) client: reqwest::Client,
    credentials: Arc<dyn Credentials>,
    pace: Arc<Pace>,
    listening: Arc<Listening>,
    road: Arc<Road>,
}

impl Web {
    pub(crate) fn new(client: reqwest::Client, credentials: Arc<dyn Credentials>) -> Self {
        Self { client, credentials, pace: Arc::default(), listening: Arc::default(), road: Arc::default() }
    }

    /// Sends as who we are; where that is refused, once more if there is something new to say.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, WebError> {
        let again = request.try_clone();
        let sent = self.credentials.bearer().await?;
        let refused = match self.attempt(request, sent.as_ref()).await? {
            Ok(response) => return Ok(response),
            Err(refused) => refused,
        };
        let answer = self.credentials.refused(refused.status, &refused.challenge, sent.as_ref()).await?;
        let (Again::Yes, Some(request)) = (answer, again) else { return Err(refused.into()) };
        let sent = self.credentials.bearer().await?;
        Ok(self.attempt(request, sent.as_ref()).await??)
    }

    async fn attempt(
        &self,
        request: RequestBuilder,
        bearer: Option<&crate::Secret>,
    ) -> Result<Result<Response, Refused>, WebError> {
        let request = match bearer {
            Some(bearer) => request.bearer_auth(bearer.expose()),
            None => request,
        };
        let response = request.send().await.map_err(WebError::Network)?;
        Ok(match Refused::read(&response) {
            Some(refused) => Err(refused),
            None => Ok(response),
        })
    }

    async fn get(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        headers: Headers,
        max_event: usize,
    ) -> Outcome<BoxStream<'static, Result<Sse, SseError>>> {
        self.pace.next().await;
        let mut request = self.client.get(&*uri).header(header::ACCEPT, BOTH);
        if let Some(session) = session {
            request = request.header(SESSION, &*session);
        }
        if let Some(last) = last_event {
            request = request.header(LAST_EVENT, last);
        }
        let response = match self.send(with(request, headers)).await {
            Ok(response) => response,
            // Asking again would be refused again.
            Err(WebError::Refused(refused)) => {
                return Err(StreamableHttpError::AuthRequired(AuthRequiredError::new(refused.challenge.join(", "))));
            }
            Err(error) => return Err(StreamableHttpError::Client(error)),
        };
        match response.status() {
            // There is no such stream here, in the words of many servers.
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_ACCEPTABLE => {
                Err(StreamableHttpError::ServerDoesNotSupportSse)
            }
            status if !status.is_success() => {
                Err(StreamableHttpError::Client(StatusError::read(response).await.into()))
            }
            _ if answer::is(&response, EVENTS) => Ok(messages(response, max_event)),
            _ => Err(StreamableHttpError::ServerDoesNotSupportSse),
        }
    }

    async fn post(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        headers: Headers,
        max_event: usize,
    ) -> Outcome<StreamableHttpPostResponse> {
        let mut request = self.client.post(&*uri).header(header::ACCEPT, BOTH);
        let in_session = session.is_some();
        if in_session && asks_back(&message) {
            self.listening.begun().await;
        }
        if let Some(session) = &session {
            request = request.header(SESSION, &**session);
        }
        let request = with(request, headers.clone()).json(&message);
        let response = self.send(request).await.map_err(StreamableHttpError::Client)?;
        let answer = answer::read(response, &message, in_session, max_event).await;
        if is_call(&message) {
            match &answer {
                Ok(StreamableHttpPostResponse::Json(..) | StreamableHttpPostResponse::Sse(..)) => {
                    self.road.open(uri, session, headers)
                }
                Ok(_) | Err(_) => self.road.close(),
            }
        }
        answer
    }
}

fn with(request: RequestBuilder, headers: Headers) -> RequestBuilder {
    headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))
}

fn is_call(message: &ClientJsonRpcMessage) -> bool {
    matches!(message, ClientJsonRpcMessage::Request(JsonRpcRequest { request: ClientRequest::CallToolRequest(_), .. }))
}

/// Whether a server may want to know something before it answers that.
fn asks_back(message: &ClientJsonRpcMessage) -> bool {
    let ClientJsonRpcMessage::Request(request) = message else { return false };
    matches!(
        request.request,
        ClientRequest::CallToolRequest(_) | ClientRequest::GetPromptRequest(_) | ClientRequest::ReadResourceRequest(_)
    )
}

impl StreamableHttpClient for Web {
    type Error = WebError;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        _: Option<String>,
        custom_headers: Headers,
    ) -> Outcome<StreamableHttpPostResponse> {
        self.post(uri, message, session_id, custom_headers, MAX_MESSAGE).await
    }

    async fn post_message_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        _: Option<String>,
        custom_headers: Headers,
        max_sse_event_size: usize,
    ) -> Outcome<StreamableHttpPostResponse> {
        self.post(uri, message, session_id, custom_headers, max_sse_event_size).await
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session_id: Arc<str>,
        _: Option<String>,
        custom_headers: Headers,
    ) -> Outcome<()> {
        let request = self.client.delete(&*uri).header(SESSION, &*session_id);
        // Not every server lets its sessions be ended; they end all the same.
        self.send(with(request, custom_headers)).await.map(drop).map_err(StreamableHttpError::Client)
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        _: Option<String>,
        custom_headers: Headers,
    ) -> Outcome<BoxStream<'static, Result<Sse, SseError>>> {
        let stream = self.get(uri, session_id, last_event_id, custom_headers, MAX_MESSAGE).await;
        self.listening.begin();
        stream
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        _: Option<String>,
        custom_headers: Headers,
        max_sse_event_size: usize,
    ) -> Outcome<BoxStream<'static, Result<Sse, SseError>>> {
        let stream = self.get(uri, session_id, last_event_id, custom_headers, max_sse_event_size).await;
        self.listening.begin();
        stream
    }
}
