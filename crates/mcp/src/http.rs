//! The way to servers on the web, and what errors on it mean.

use std::{collections::BTreeMap, error::Error, path::Path, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, redirect};
use rmcp::transport::streamable_http_client::{AuthRequiredError, StreamableHttpError};

use crate::{
    ServerConfig, Transport,
    connect::{ConnectError, Setting},
    credentials::CredentialError,
    web::{Refused, StatusError, Web, WebError},
};

/// A whole page of HTML explains nothing.
const MAX_CAUSE: usize = 500;

/// The web client for one server. Its headers go to that server's origin and nowhere else.
pub(crate) async fn web(config: &ServerConfig, setting: &Setting) -> Result<Web, ConnectError> {
    let (Transport::Http { headers, .. } | Transport::Sse { headers, .. }) = &config.transport else {
        return Err(ConnectError::Settings("it has no web address".to_owned()));
    };
    let client = builder(config)
        .await?
        .user_agent(format!("{}/{}", setting.client_name, setting.client_version))
        .default_headers(header_map(headers)?)
        .connect_timeout(Duration::from_secs(15))
        .redirect(redirect::Policy::custom(same_origin))
        .build()
        .map_err(|error| ConnectError::Settings(causes(&error)))?;
    Ok(Web::new(client, setting.accounts.of(config)))
}

/// Whom to trust on the way to that server, and whether a proxy stands in it.
pub(crate) async fn builder(config: &ServerConfig) -> Result<reqwest::ClientBuilder, ConnectError> {
    let (Transport::Http { url, .. } | Transport::Sse { url, .. }) = &config.transport else {
        return Err(ConnectError::Settings("it has no web address".to_owned()));
    };
    let builder = reqwest::Client::builder();
    // A proxy knows nothing of servers on this machine.
    let builder = if is_local(url) { builder.no_proxy() } else { builder };
    // The system decides whom to trust; what is added here is trusted for this server alone.
    Ok(match &config.ca {
        Some(file) => builder.tls_certs_merge(certificates(file).await?),
        None => builder,
    })
}

async fn certificates(file: &Path) -> Result<Vec<Certificate>, ConnectError> {
    let wrong = |cause: String| {
        ConnectError::Settings(format!("the certificates in {} cannot be used: {cause}", file.display()))
    };
    let text = tokio::fs::read(file).await.map_err(|error| wrong(error.to_string()))?;
    match Certificate::from_pem_bundle(&text) {
        Ok(certificates) if certificates.is_empty() => Err(wrong("there are none in it (PEM is expected)".to_owned())),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(wrong(causes(&error))),
    }
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

/// Whether nothing helps but a person who signs in.
pub(crate) fn wants_sign_in(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|cause| {
        cause.is::<AuthRequiredError>()
            || cause.is::<Refused>()
            || matches!(cause.downcast_ref(), Some(CredentialError::SignIn))
    })
}

pub(crate) fn redirected<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Redirected> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

/// The status that the server answered with, where that is all it said.
pub(crate) fn status<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a StatusError> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

/// Whether the server was not reached at all: no question was heard, so no other would be.
pub(crate) fn is_unreachable(error: &(dyn Error + 'static)) -> bool {
    redirected(error).is_none()
        && chain(error).any(|cause| match cause.downcast_ref::<WebError>() {
            Some(WebError::Network(error)) => error.is_connect() || error.is_timeout(),
            Some(WebError::Credentials(CredentialError::Unavailable { .. })) => true,
            _ => false,
        })
}

/// An error and everything below it. rmcp does not count what the web client says among its causes; here it is.
pub(crate) fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| match (*error).downcast_ref() {
        Some(StreamableHttpError::<WebError>::Client(cause)) => Some(cause as &(dyn Error + 'static)),
        _ => (*error).source(),
    })
}

/// The words of an error and of all its causes, each said once; no secret of an address among them, and no novel.
pub(crate) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    let wrapper = |cause: &&(dyn Error + 'static)| {
        matches!(cause.downcast_ref(), Some(StreamableHttpError::<WebError>::Client(_)))
    };
    for cause in chain(error).filter(|cause| !wrapper(cause)) {
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
