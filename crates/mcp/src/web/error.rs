//! What goes wrong between us and a web server, told apart by what can be done about it.

use http::{StatusCode, header};
use reqwest::Response;

use crate::credentials::CredentialError;

/// A whole page of HTML explains nothing.
const MAX_BODY: usize = 64 * 1024;
const MAX_WORDS: usize = 300;

#[derive(Debug, thiserror::Error)]
pub(crate) enum WebError {
    #[error("{0}")]
    Network(#[source] reqwest::Error),
    #[error("{0}")]
    Refused(#[from] Refused),
    #[error("{0}")]
    Status(#[from] StatusError),
    #[error("{0}")]
    NotMcp(#[from] NotMcp),
    #[error("{0}")]
    Credentials(#[from] CredentialError),
}

/// It wants to know who we are, or does not let us with what we are.
#[derive(Debug, thiserror::Error)]
#[error("the server wants a sign-in (HTTP {status})")]
pub(crate) struct Refused {
    pub(crate) status: u16,
    /// Every `WWW-Authenticate` header as it came.
    pub(crate) challenge: Vec<String>,
}

impl Refused {
    /// Any 401 is a challenge, also one that says nothing; a 403 only where it asks for more than we have.
    pub(super) fn read(response: &Response) -> Option<Self> {
        let status = response.status();
        let values = response.headers().get_all(header::WWW_AUTHENTICATE);
        let challenge: Vec<String> =
            values.iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
        let wants_more = || challenge.iter().any(|challenge| challenge.contains("insufficient_scope"));
        let refused = status == StatusCode::UNAUTHORIZED || (status == StatusCode::FORBIDDEN && wants_more());
        refused.then(|| Self { status: status.as_u16(), challenge })
    }
}

/// Any other status that is no success.
#[derive(Debug, thiserror::Error)]
#[error("HTTP {status}{}", .words.as_ref().map_or_else(String::new, |words| format!(": {words}")))]
pub(crate) struct StatusError {
    pub(crate) status: u16,
    words: Option<String>,
}

impl StatusError {
    pub(crate) async fn read(response: Response) -> Self {
        let status = response.status();
        let body = body(response, MAX_BODY).await.unwrap_or_default();
        Self::of(status, &body)
    }

    pub(super) fn of(status: StatusCode, body: &[u8]) -> Self {
        let named = status.canonical_reason().unwrap_or_default();
        let words = words(body).map(|words| format!("{named} · {words}")).or((!named.is_empty()).then(|| named.into()));
        Self { status: status.as_u16(), words }
    }

    /// The server, or what stands before it, is unwell or wants to be left alone for a while.
    pub(crate) fn may_pass(&self) -> bool {
        self.status == 429 || self.status >= 500
    }
}

/// It answered, but not as an MCP server does.
#[derive(Debug, thiserror::Error)]
#[error("the answer is {what}{}", .words.as_ref().map_or_else(String::new, |words| format!(": {words}")))]
pub(crate) struct NotMcp {
    what: String,
    words: Option<String>,
}

impl NotMcp {
    pub(crate) fn new(what: impl Into<String>, body: &[u8]) -> Self {
        Self { what: what.into(), words: words(body) }
    }
}

/// The beginning of a body as one line of text; of a page, only its title.
fn words(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let page = text.trim_start().to_ascii_lowercase();
    let text = if page.starts_with("<!doctype") || page.starts_with("<html") {
        let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
        title.map_or("a web page", |(title, _)| title).to_owned()
    } else {
        crate::wire::masked::json(&text)
    };
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_WORDS).collect();
    (!line.is_empty()).then_some(line)
}

/// The whole body, unless it is longer than that.
pub(super) async fn body(mut response: Response, most: usize) -> Result<Vec<u8>, WebError> {
    let too_long = |kept: &[u8]| NotMcp::new(format!("longer than {most} bytes"), kept);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(WebError::Network)? {
        if body.len() + chunk.len() > most {
            return Err(too_long(&body[..body.len().min(MAX_WORDS)]).into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
