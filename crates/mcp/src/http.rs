//! The way to servers on the web.

use std::{collections::BTreeMap, error::Error, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect;
use rmcp::transport::{
    StreamableHttpClientTransport,
    streamable_http_client::{AuthRequiredError, StreamableHttpClientTransportConfig, StreamableHttpError},
};

use crate::connect::ConnectError;

/// A whole page of HTML explains nothing.
const MAX_CAUSE: usize = 500;

pub(crate) type HttpTransport = StreamableHttpClientTransport<reqwest::Client>;

/// A client for one server. Its headers go to that server's origin and nowhere else.
pub(crate) fn client(url: &str, headers: &BTreeMap<String, String>) -> Result<reqwest::Client, ConnectError> {
    let builder = reqwest::Client::builder();
    // A proxy knows nothing of servers on this machine.
    let builder = if is_local(url) { builder.no_proxy() } else { builder };
    builder
        .default_headers(header_map(headers)?)
        .connect_timeout(Duration::from_secs(15))
        .redirect(redirect::Policy::custom(same_origin))
        .build()
        .map_err(|error| ConnectError::Settings(causes(&error)))
}

pub(crate) fn transport(client: reqwest::Client, url: &str) -> HttpTransport {
    StreamableHttpClientTransport::with_client(client, StreamableHttpClientTransportConfig::with_uri(url))
}

fn is_local(url: &str) -> bool {
    match url::Url::parse(url).as_ref().map(url::Url::host) {
        Ok(Some(url::Host::Domain(name))) => name == "localhost" || name.ends_with(".localhost"),
        Ok(Some(url::Host::Ipv4(address))) => address.is_loopback(),
        Ok(Some(url::Host::Ipv6(address))) => address.is_loopback(),
        Ok(None) | Err(_) => false,
    }
}

fn header_map(headers: &BTreeMap<String, String>) -> Result<HeaderMap, ConnectError> {
    let wrong = |name: &str| ConnectError::Settings(format!("the header '{name}' cannot be sent as it is"));
    headers
        .iter()
        .map(|(name, value)| {
            let mut value = HeaderValue::from_str(value.trim()).map_err(|_| wrong(name))?;
            value.set_sensitive(true);
            Ok((HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong(name))?, value))
        })
        .collect()
}

/// Only where the question stays the same question (307, 308) and the answer comes from the same origin.
fn same_origin(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let from = attempt.previous().last();
    let same = from.is_some_and(|from| from.origin() == attempt.url().origin());
    let keeps_method = matches!(attempt.status().as_u16(), 307 | 308);
    if same && keeps_method && attempt.previous().len() <= 5 {
        return attempt.follow();
    }
    let to = crate::mask::url(attempt.url().as_str());
    attempt.error(Redirected { to })
}

/// The server is elsewhere now; what we would send there was meant for here.
#[derive(Debug, thiserror::Error)]
#[error("the server sent us on to {to}")]
pub(crate) struct Redirected {
    pub(crate) to: String,
}

/// Whether anything in the chain of causes is a 401. Not every server sends the challenge that belongs to it.
pub(crate) fn wants_sign_in(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|cause| {
        cause.is::<AuthRequiredError>()
            || cause.downcast_ref().is_some_and(|error: &StreamableHttpError<reqwest::Error>| match error {
                StreamableHttpError::AuthRequired(_) => true,
                StreamableHttpError::HttpStatus(error) => error.status == 401,
                StreamableHttpError::Client(error) => error.status().is_some_and(|status| status == 401),
                // rmcp keeps the status of this case in its words only.
                StreamableHttpError::UnexpectedServerResponse(words) => words.starts_with("HTTP 401"),
                _ => false,
            })
    })
}

pub(crate) fn redirected<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Redirected> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

/// Whether the server could not be reached, or answered only that it is unwell: it may be better soon.
pub(crate) fn may_pass(error: &(dyn Error + 'static)) -> bool {
    redirected(error).is_none()
        && chain(error).any(|cause| match cause.downcast_ref() {
            Some(StreamableHttpError::<reqwest::Error>::Client(error)) => error.is_connect() || error.is_timeout(),
            Some(StreamableHttpError::HttpStatus(_)) => true,
            _ => false,
        })
}

/// An error and everything below it. rmcp does not count what the web client says among its causes; here it is.
pub(crate) fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| match (*error).downcast_ref() {
        Some(StreamableHttpError::<reqwest::Error>::Client(cause)) => Some(cause as &(dyn Error + 'static)),
        _ => (*error).source(),
    })
}

/// The words of an error and of all its causes, each said once; no secret of an address among them, and no novel.
pub(crate) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for cause in chain(error) {
        let words = cause.to_string();
        if !text.contains(&words) {
            text = if text.is_empty() { words } else { format!("{text}: {words}") };
        }
    }
    for url in chain(error).filter_map(|cause| cause.downcast_ref::<reqwest::Error>()?.url()) {
        text = text.replace(url.as_str(), &crate::mask::url(url.as_str()));
    }
    match text.char_indices().nth(MAX_CAUSE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
