//! Errors as OpenAI's clients expect them.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header::RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use chat::{ErrorCode, ErrorReport};
use listen::Unread;
use serde_json::{Value, json};

/// An error object of OpenAI's API, with the status it is sent by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ApiError {
    status: StatusCode,
    kind: &'static str,
    code: &'static str,
    message: String,
    /// The field that is wrong, where it is one.
    param: Option<String>,
    /// When to try again, in seconds.
    retry_after: Option<u64>,
}

impl ApiError {
    fn new(status: StatusCode, kind: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, code, message: message.into(), param: None, retry_after: None }
    }

    /// The request cannot be understood as it is.
    pub(crate) fn wrong(param: &str, message: impl Into<String>) -> Self {
        let error = Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", "invalid_value", message);
        Self { param: (!param.is_empty()).then(|| param.to_owned()), ..error }
    }

    /// The request was not read.
    pub(crate) fn unread(unread: Unread, most: usize) -> Self {
        let (status, code) = match unread {
            Unread::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, "request_too_large"),
            Unread::TooSlow => (StatusCode::REQUEST_TIMEOUT, "request_too_slow"),
            Unread::BrokenOff => (StatusCode::BAD_REQUEST, "request_broken_off"),
        };
        let message = format!("The request was not read: {unread}. At most {} MiB are.", most >> 20);
        Self::new(status, "invalid_request_error", code, message)
    }

    pub(crate) fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", code, message)
    }

    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_request_error", "invalid_api_key", message)
    }

    pub(crate) fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "invalid_request_error", code, message)
    }

    pub(crate) fn budget(retry_after: u64, message: impl Into<String>) -> Self {
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "insufficient_quota", "insufficient_quota", message);
        Self { retry_after: Some(retry_after), ..error }
    }

    pub(crate) fn empty() -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "server_error", "empty_answer", "The model answered twice with nothing.")
    }

    pub(crate) fn stopped() -> Self {
        let message = "The answer was stopped before it was complete.";
        Self::new(StatusCode::CONFLICT, "server_error", "stopped", message)
    }

    /// For programs; never changes.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// As it stands in a body or in a stream.
    pub(crate) fn body(&self) -> Value {
        json!({ "error": { "message": self.message, "type": self.kind, "param": self.param, "code": self.code } })
    }
}

impl From<ErrorReport> for ApiError {
    fn from(report: ErrorReport) -> Self {
        let (status, kind, code) = match report.code {
            ErrorCode::InvalidInput => (StatusCode::BAD_REQUEST, "invalid_request_error", "invalid_value"),
            ErrorCode::NotFound => (StatusCode::NOT_FOUND, "invalid_request_error", "not_found"),
            ErrorCode::ContextOverflow => (StatusCode::BAD_REQUEST, "invalid_request_error", "context_length_exceeded"),
            ErrorCode::TimedOut => (StatusCode::GATEWAY_TIMEOUT, "server_error", "provider_timed_out"),
            ErrorCode::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", "rate_limit_exceeded"),
            ErrorCode::QuotaExhausted => (StatusCode::TOO_MANY_REQUESTS, "insufficient_quota", "insufficient_quota"),
            ErrorCode::KeyRejected => (StatusCode::BAD_GATEWAY, "server_error", "provider_key_rejected"),
            ErrorCode::KeyMissing => (StatusCode::BAD_GATEWAY, "server_error", "provider_key_missing"),
            ErrorCode::ProviderUnreachable => (StatusCode::BAD_GATEWAY, "server_error", "provider_unreachable"),
            _ => (StatusCode::BAD_GATEWAY, "server_error", "answer_failed"),
        };
        let parts = [Some(report.message), report.cause, report.fix];
        let message = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Self::new(status, kind, code, message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(axum::http::header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
