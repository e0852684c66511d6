//! Who comes in: a key, and never a web page that merely guessed the address.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use listen::Pace;

use crate::api::{Api, Door};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::keys::KeyRights;

/// A request may be as long as a whole conversation with what tools returned.
const LONGEST_BODY: usize = 32 * 1024 * 1024;

/// Lets in who has a key; on an open door, whoever is on this machine and is no web page.
pub(crate) async fn admit(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let caller = match caller(&api, request.headers()) {
        Ok(caller) => caller,
        Err(error) => {
            api.metrics.refused();
            return error.into_response();
        }
    };
    let (mut parts, body) = request.into_parts();
    match listen::whole(body, LONGEST_BODY, Pace::default()).await {
        Ok(body) => {
            parts.extensions.insert(caller);
            next.run(Request::from_parts(parts, body.into())).await
        }
        Err(unread) => ApiError::unread(unread, LONGEST_BODY).into_response(),
    }
}

fn caller(api: &Api, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(origin) = text(ORIGIN.as_str())
        && !origin.split_once("://").is_some_and(|(_, host)| is_loopback(host))
    {
        return Err(ApiError::forbidden("foreign_origin", "Requests of web pages are not answered."));
    }
    if api.door != Door::Network && !text(HOST.as_str()).is_some_and(is_loopback) {
        let message = "Only requests to this machine's own names are answered: localhost, 127.0.0.1 or [::1].";
        return Err(ApiError::forbidden("foreign_host", message));
    }
    if api.door == Door::Open {
        return Ok(Caller { name: "local".into(), rights: KeyRights::default() });
    }
    let given = text(AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer ")).map(str::trim);
    let Some(given) = given.filter(|given| !given.is_empty()) else {
        let message = "No API key was given. Send it as `Authorization: Bearer …`; `loq keys create NAME` makes one.";
        return Err(ApiError::unauthorized(message));
    };
    let key = api.keys.find(given);
    key.map(Caller::from)
        .ok_or_else(|| ApiError::unauthorized("Incorrect API key provided: it is not known here, or was revoked."))
}

/// Whether an authority (`host` or `host:port`) names this machine itself.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inner, _)) => inner,
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
