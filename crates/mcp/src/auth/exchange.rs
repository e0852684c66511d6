//! Requests of the sign-in and what of them may be shown.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::{HeaderMap, Request, Response, StatusCode, header};
use oauth2::AsyncHttpClient;
use serde_json::Value;
use url::Url;

use crate::{http::causes, mask};

/// Metadata are a few kilobytes; what is longer is something else.
const MAX_BODY: usize = 512 * 1024;
const MAX_REDIRECTS: usize = 5;
/// A face shows this much of a body.
const MAX_SHOWN: usize = 600;
const MASK: &str = "•••";

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum WebError {
    #[error("{host} could not be reached: {cause}")]
    Unreachable { host: String, cause: String },
    #[error("No safe connection to {host}: {cause}")]
    Tls { host: String, cause: String },
    #[error("{url} did not answer in time")]
    Silent { url: String },
    #[error("{url} answered with more than can be read")]
    TooLong { url: String },
    #[error("{url} must not be asked: {why}")]
    Forbidden { url: String, why: &'static str },
}

/// Asks, remembering what went over the wire for those who want to see it.
#[derive(Clone)]
pub(crate) struct Web {
    client: reqwest::Client,
    /// The server that is signed in to: what may be asked depends on where it is.
    server: Url,
    tape: Arc<Mutex<Vec<String>>>,
}

impl Web {
    /// `client` follows no redirects by itself.
    pub(crate) fn new(client: reqwest::Client, server: Url) -> Self {
        Self { client, server, tape: Arc::default() }
    }

    /// What went over the wire since this was last asked, masked.
    pub(crate) fn tape(&self) -> Vec<String> {
        std::mem::take(&mut *self.tape.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, line: String) {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// A document; redirects are followed as long as they stay within the origin.
    pub(crate) async fn get(&self, url: &Url) -> Result<Response<Vec<u8>>, WebError> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let request = Request::get(url.as_str()).header(header::ACCEPT, "application/json").body(vec![]);
            let response = self.send(request.map_err(|_| unusable(&url))?).await?;
            let next = redirect(&response, &url);
            match next {
                Some(next) if next.origin() == url.origin() => url = next,
                _ => return Ok(response),
            }
        }
        Err(WebError::Forbidden { url: url.to_string(), why: "it is redirected again and again" })
    }

    pub(crate) async fn post_json(&self, url: &Url, body: &Value) -> Result<Response<Vec<u8>>, WebError> {
        let request = Request::post(url.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json, text/event-stream")
            .body(body.to_string().into_bytes());
        self.send(request.map_err(|_| unusable(url))?).await
    }

    /// One request as it is, one answer as it is.
    pub(crate) async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, WebError> {
        let url = Url::parse(&request.uri().to_string())
            .map_err(|_| WebError::Forbidden { url: request.uri().to_string(), why: "it is no web address" })?;
        self.permit(&url)?;
        let shown = mask::url(url.as_str());
        self.note(format!("→ {} {shown}{}", request.method(), shown_body(request.headers(), request.body())));
        let outcome = self.exchange(request, &url).await;
        match &outcome {
            Ok(response) => {
                let kind = content_type(response.headers());
                let shown = shown_body(response.headers(), response.body());
                self.note(format!("← {} {kind}{shown}", response.status()));
            }
            Err(error) => self.note(format!("← {error}")),
        }
        outcome
    }

    async fn exchange(&self, request: Request<Vec<u8>>, url: &Url) -> Result<Response<Vec<u8>>, WebError> {
        let request = reqwest::Request::try_from(request).map_err(|_| unusable(url))?;
        let failed = |error: reqwest::Error| failure(&error, url);
        let mut response = self.client.execute(request).await.map_err(failed)?;
        let mut answer = Response::new(vec![]);
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        // A stream never ends, and nothing that is wanted here is one.
        if content_type(answer.headers()) == "text/event-stream" {
            return Ok(answer);
        }
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            answer.body_mut().extend_from_slice(&chunk);
            if answer.body().len() > MAX_BODY {
                return Err(WebError::TooLong { url: mask::url(url.as_str()) });
            }
        }
        Ok(answer)
    }

    /// A server on the web must not make us ask this machine, nor anything in the clear.
    pub(crate) fn permit(&self, url: &Url) -> Result<(), WebError> {
        let forbidden = |why| Err(WebError::Forbidden { url: mask::url(url.as_str()), why });
        let local = is_loopback(&self.server);
        match url.scheme() {
            "https" => (),
            "http" if is_loopback(url) || self.server.scheme() == "http" => (),
            "http" => return forbidden("it is not encrypted, and the server itself is"),
            _ => return forbidden("only http and https are spoken"),
        }
        if is_loopback(url) && !local {
            return forbidden("it points back at this machine, and the server is elsewhere");
        }
        if is_reserved(url) {
            return forbidden("nobody signs people in there");
        }
        Ok(())
    }
}

impl<'c> AsyncHttpClient<'c> for Web {
    type Error = WebError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, WebError>> + Send + 'c>>;

    fn call(&'c self, request: Request<Vec<u8>>) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// The client all this goes over: no redirects of its own, and an end to waiting.
pub(crate) fn client(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, reqwest::Error> {
    builder
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(15))
        .timeout(Duration::from_secs(30))
        .build()
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Where clouds keep the keys of machines.
fn is_reserved(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.starts_with("metadata.") && name.ends_with(".internal"),
        Some(url::Host::Ipv4(address)) => address.is_link_local() || address.is_unspecified(),
        Some(url::Host::Ipv6(address)) => address.is_unicast_link_local() || address.is_unspecified(),
        None => true,
    }
}

fn redirect(response: &Response<Vec<u8>>, from: &Url) -> Option<Url> {
    let to = response.headers().get(header::LOCATION)?.to_str().ok()?;
    response.status().is_redirection().then(|| from.join(to).ok())?
}

fn unusable(url: &Url) -> WebError {
    WebError::Forbidden { url: mask::url(url.as_str()), why: "it cannot be sent as it is" }
}

fn failure(error: &reqwest::Error, url: &Url) -> WebError {
    let host = url.host_str().unwrap_or_default().to_owned();
    if error.is_timeout() {
        return WebError::Silent { url: mask::url(url.as_str()) };
    }
    let cause = causes(error);
    if is_tls(error) { WebError::Tls { host, cause } } else { WebError::Unreachable { host, cause } }
}

fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    crate::http::chain(error).any(|cause| {
        let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause.is::<rustls::Error>() || inner.is_some_and(|inner| inner.is::<rustls::Error>())
    })
}

pub(crate) fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

/// The body as JSON, where it is a good answer and JSON. Pages that say 200 to everything are none.
pub(crate) fn json(response: &Response<Vec<u8>>) -> Option<Value> {
    (response.status() == StatusCode::OK).then(|| serde_json::from_slice(response.body()).ok())?
}

/// What may be seen of a body: names of everything, values of what is no secret.
fn shown_body(headers: &HeaderMap, body: &[u8]) -> String {
    if body.is_empty() {
        return String::new();
    }
    let shown = match content_type(headers) {
        "application/x-www-form-urlencoded" => {
            let pairs = url::form_urlencoded::parse(body);
            let pairs = pairs.map(|(name, value)| format!("{name}={}", if is_hidden(&name) { MASK } else { &value }));
            pairs.collect::<Vec<_>>().join("&")
        }
        _ => match serde_json::from_slice::<Value>(body) {
            Ok(value) => masked(value).to_string(),
            Err(_) => format!("({} bytes)", body.len()),
        },
    };
    match shown.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("\n{}…", &shown[..end]),
        None => format!("\n{shown}"),
    }
}

fn masked(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let hide = |(name, value): (String, Value)| {
                let value = if is_hidden(&name) { Value::from(MASK) } else { masked(value) };
                (name, value)
            };
            Value::Object(map.into_iter().map(hide).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(masked).collect()),
        other => other,
    }
}

/// Values that open something, for however short a time. What describes them is none.
pub(crate) fn is_hidden(name: &str) -> bool {
    const PLAIN: [&str; 5] = ["token_type", "token_endpoint", "grant_type", "expires_in", "authorization_servers"];
    const HIDDEN: [&str; 7] =
        ["state", "code_verifier", "code_challenge", "assertion", "client_assertion", "username", "actor_token"];
    let describes = name.contains("_endpoint") || name.contains("supported") || name.contains("expires");
    let method = name.ends_with("_method") || name.ends_with("_type");
    HIDDEN.contains(&name) || (!PLAIN.contains(&name) && !describes && !method && mask::is_secret_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web(server: &str) -> Web {
        Web::new(reqwest::Client::new(), server.parse().unwrap())
    }

    #[test]
    fn a_server_on_the_web_cannot_send_us_to_this_machine_or_into_the_clear() {
        let allowed = |server: &str, url: &str| web(server).permit(&url.parse().unwrap()).is_ok();
        assert!(allowed("https://a.example/mcp", "https://b.example/authorize"));
        assert!(allowed("http://127.0.0.1:1/mcp", "http://localhost:2/token"));
        assert!(allowed("http://server.lan/mcp", "http://sso.lan/token"));
        assert!(!allowed("https://a.example/mcp", "http://b.example/token"));
        assert!(!allowed("https://a.example/mcp", "http://127.0.0.1:9/x"));
        assert!(!allowed("https://a.example/mcp", "https://localhost/x"));
        assert!(!allowed("https://a.example/mcp", "https://169.254.169.254/x"));
        assert!(!allowed("http://127.0.0.1/mcp", "http://169.254.169.254/x"));
        assert!(!allowed("http://127.0.0.1/mcp", "file:///etc/passwd"));
    }

    #[test]
    fn what_opens_something_is_never_shown() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap());
        let form =
            b"grant_type=authorization_code&code=c0de&code_verifier=v3r&client_secret=s3c&resource=http%3A%2F%2Fx";
        let shown = shown_body(&headers, form);
        assert_eq!(
            shown.trim(),
            "grant_type=authorization_code&code=•••&code_verifier=•••&client_secret=•••&resource=http://x"
        );
        let json =
            br#"{"access_token":"a","token_type":"Bearer","expires_in":1,"refresh_token":"r","x":{"id_token":"i"}}"#;
        let shown = shown_body(&HeaderMap::new(), json);
        assert_eq!(
            shown.trim(),
            r#"{"access_token":"•••","token_type":"Bearer","expires_in":1,"refresh_token":"•••","x":{"id_token":"•••"}}"#
        );
        assert!(shown_body(&HeaderMap::new(), b"<p>secret").contains("bytes"));
        let names = r#"{"authorization_servers":["https://a.example"],"resource":"https://s.example/mcp"}"#;
        assert_eq!(shown_body(&HeaderMap::new(), names.as_bytes()).trim(), names);
    }
}
