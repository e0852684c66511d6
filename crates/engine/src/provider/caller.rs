//! Sends a request to a provider and understands how it was received.

use std::time::Duration;

use async_openai::{error::OpenAIError, middleware::HttpRequestFactory};
use http_body_util::BodyExt;
use mcp::Secret;

use super::ProviderError;
use super::failure::without;
use super::openai::causes;
use crate::exchanges::Line;

/// Sends requests and turns refusals into errors while their headers are still there.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) http: reqwest::Client,
    pub(super) provider: &'static str,
    pub(super) address: String,
    pub(super) key: Secret,
    /// Where what goes over the wire is kept, if anywhere.
    pub(super) line: Option<Line>,
}

impl Caller {
    pub(super) async fn call(self, request: HttpRequestFactory) -> Result<reqwest::Response, OpenAIError> {
        let mut request = request.build().await?;
        if self.key.expose().is_empty() {
            request.headers_mut().remove("authorization");
        }
        let response = self.http.execute(request).await.map_err(|error| {
            boxed(ProviderError::Unreachable {
                provider: self.provider.into(),
                address: self.address.clone(),
                cause: causes(&error),
            })
        })?;
        let status = response.status().as_u16();
        if let Some(line) = &self.line {
            line.answered(status);
        }
        if response.status().is_success() {
            return Ok(match self.line {
                Some(line) => overheard(response, line),
                None => response,
            });
        }
        let wait = retry_after(response.headers());
        let body = without(&response.text().await.unwrap_or_default(), self.key.expose());
        if let Some(line) = &self.line {
            line.hear(body.as_bytes());
        }
        Err(boxed(ProviderError::from_status(self.provider, status, wait, &body)))
    }
}

/// The same answer; what comes of it is also kept.
fn overheard(response: reqwest::Response, line: Line) -> reqwest::Response {
    let heard = |body: reqwest::Body| {
        body.map_frame(move |frame| {
            if let Some(piece) = frame.data_ref() {
                line.hear(piece);
            }
            frame
        })
    };
    http::Response::from(response).map(|body| reqwest::Body::wrap(heard(body))).into()
}

fn boxed(error: ProviderError) -> OpenAIError {
    OpenAIError::Boxed(Box::new(error))
}

/// `Retry-After` in seconds, or OpenAI's own `x-ratelimit-reset-…` such as `1s` or `6m0s`: the longer.
fn retry_after(headers: &reqwest::header::HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let resets = ["requests", "tokens"].into_iter().filter_map(|what| {
        let left = text(&format!("x-ratelimit-remaining-{what}"))?;
        let reset = text(&format!("x-ratelimit-reset-{what}"))?;
        (left.trim() == "0").then(|| span(reset)).flatten()
    });
    let asked = text("retry-after")
        .and_then(|value| value.trim().parse().ok())
        .and_then(|s| Duration::try_from_secs_f64(s).ok());
    asked.into_iter().chain(resets).max()
}

/// `1h2m3.5s` and `250ms` as a duration.
fn span(text: &str) -> Option<Duration> {
    let mut total = 0.0;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    Duration::try_from_secs_f64(total).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_rate_limit_headers() {
        let ms = |text| span(text).map(|span| span.as_millis());
        assert_eq!(ms("1s"), Some(1000));
        assert_eq!(ms("6m0s"), Some(360_000));
        assert_eq!(ms("250ms"), Some(250));
        assert_eq!(ms("1h2m3.5s"), Some(3_723_500));
        assert_eq!((ms("soon"), ms("5")), (None, None));
    }
}
