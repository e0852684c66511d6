//! Before anything is read: under which name it is reached, from which page, by whom, and how often.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Json,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{AUTHORIZATION, HOST, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde_json::json;
use url::Url;

use crate::{
    auth::{self, NotKnown},
    caller::Caller,
    gateway::Inner,
    limits::Held,
    plan::Plan,
};

/// Why a request goes no further.
pub(super) enum Turned {
    /// Reached under a name, or from a page, that is none of ours.
    Away(&'static str),
    Unknown {
        metadata: Option<String>,
        shown_one: bool,
    },
    CannotJudge,
    TooOften(Duration),
    CannotCount,
}

impl From<Held> for Turned {
    fn from(held: Held) -> Self {
        match held {
            Held::TooOften(wait) => Self::TooOften(wait),
            Held::Uncounted => Self::CannotCount,
        }
    }
}

impl Inner {
    /// Against names that were rebound to this machine, and against pages of others.
    pub(super) fn may_ask(&self, headers: &HeaderMap) -> Result<(), Turned> {
        let plan = &self.shown().plan;
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        if !text(HOST).is_some_and(|host| is_ours(plan, host)) {
            self.metrics.denied("host");
            return Err(Turned::Away("This name is none of the gateway's. Add it to `server.hosts`."));
        }
        if headers.contains_key(ORIGIN) && !text(ORIGIN).is_some_and(|origin| is_welcome(plan, origin)) {
            self.metrics.denied("origin");
            return Err(Turned::Away("Pages of this origin may not ask. Add it to `server.origins`."));
        }
        Ok(())
    }

    /// Who asks, counted.
    pub(super) async fn admit(&self, headers: &HeaderMap, from: IpAddr) -> Result<Arc<Caller>, Turned> {
        let shown = self.shown();
        let header = headers.get(AUTHORIZATION);
        let known = match header.map(HeaderValue::to_str) {
            Some(Err(_)) => Err(NotKnown::Wrong),
            Some(Ok(header)) => auth::known(&shown.plan, &self.tokens, &self.team_keys, Some(header)).await,
            None => auth::known(&shown.plan, &self.tokens, &self.team_keys, None).await,
        };
        let not_known = match known {
            Ok(caller) => {
                return match self.limits().count_request(&caller.credential).await {
                    Ok(()) => Ok(caller),
                    Err(held) => {
                        self.metrics.denied("rate");
                        Err(held.into())
                    }
                };
            }
            Err(not_known) => not_known,
        };
        if not_known == NotKnown::CannotJudge {
            self.metrics.denied("cannot_judge");
            return Err(Turned::CannotJudge);
        }
        self.metrics.denied("credential");
        self.limits().count_guess(from).await?;
        // A client that only asks how to sign in is no event; one that shows something wrong is.
        if header.is_some() {
            self.note("denied", "credential").await;
        }
        let metadata = shown.plan.jwt.as_ref().and_then(|jwt| jwt.resource.as_ref()).map(metadata_url);
        Err(Turned::Unknown { metadata, shown_one: header.is_some() })
    }
}

/// Where a client learns which authorization server to go to (RFC 9728).
pub(super) fn metadata_url(resource: &Url) -> String {
    let path = resource.path().trim_end_matches('/');
    format!("{}/.well-known/oauth-protected-resource{path}", resource.origin().ascii_serialization())
}

fn is_ours(plan: &Plan, authority: &str) -> bool {
    let authority = authority.to_ascii_lowercase();
    let host = name_of(&authority);
    is_this_machine(host) || plan.hosts.iter().any(|known| *known == authority || known == host)
}

fn is_welcome(plan: &Plan, origin: &str) -> bool {
    let Ok(url) = Url::parse(origin) else { return false };
    let text = url.origin().ascii_serialization();
    url.host_str().is_some_and(is_this_machine) || plan.origins.contains(&text)
}

fn name_of(authority: &str) -> &str {
    match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inner, _)) => inner,
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    }
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        let body = |code: &str, message: &str| Json(json!({ "error": { "code": code, "message": message } }));
        match self {
            Self::Away(message) => (StatusCode::FORBIDDEN, body("not_allowed_here", message)).into_response(),
            Self::Unknown { metadata, shown_one } => {
                let mut challenge = "Bearer".to_owned();
                let error = shown_one.then(|| "error=\"invalid_token\"".to_owned());
                let metadata = metadata.map(|url| format!("resource_metadata=\"{url}\""));
                let parts: Vec<String> = error.into_iter().chain(metadata).collect();
                if !parts.is_empty() {
                    challenge.push(' ');
                    challenge.push_str(&parts.join(", "));
                }
                let message = if shown_one { "This key or token is not known." } else { "A key or token is needed." };
                let challenge = HeaderValue::from_str(&challenge).unwrap_or(HeaderValue::from_static("Bearer"));
                (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)], body("unknown_caller", message))
                    .into_response()
            }
            Self::CannotJudge => {
                let message = "The authorization server's keys cannot be read, so no token can be judged.";
                (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "10")], body("cannot_judge", message)).into_response()
            }
            Self::CannotCount => {
                let message = "Requests cannot be counted now, so none is answered.";
                (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "5")], body("limits_unavailable", message))
                    .into_response()
            }
            Self::TooOften(wait) => {
                let seconds = wait.as_millis().div_ceil(1000).max(1).to_string();
                let message = "Too many requests; wait as long as Retry-After says.";
                (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds)], body("rate_limited", message)).into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_of_this_machine() {
        for ours in ["127.0.0.1:9000", "localhost", "LOCALHOST:1", "[::1]:99", "127.0.0.2"] {
            assert!(is_this_machine(name_of(ours)), "{ours}");
        }
        for foreign in
            ["example.com", "localhost.example.com:80", "10.0.0.1", "[::2]", "", "0.0.0.0", "127.0.0.1.nip.io"]
        {
            assert!(!is_this_machine(name_of(foreign)), "{foreign}");
        }
    }

    #[test]
    fn metadata_lies_where_the_standard_says() {
        let at = |resource: &str| metadata_url(&Url::parse(resource).unwrap());
        assert_eq!(at("https://g.example/mcp"), "https://g.example/.well-known/oauth-protected-resource/mcp");
        assert_eq!(at("https://g.example:8443/"), "https://g.example:8443/.well-known/oauth-protected-resource");
    }
}
