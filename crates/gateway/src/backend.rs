//! Calling an HTTP backend: as the tenant says where, as the tool says how, within bounds.

use std::time::Duration;

use http::{HeaderValue, Method, StatusCode};
use serde_json::{Map, Value};
use tokio::time::sleep;

use crate::{
    answer::{Answer, Class, Refusal},
    breaker::Breakers,
    caller::Caller,
    offer::Path,
    plan::{BackendRules, Plan, Service},
};

/// A backend that asks for a longer pause than this is not waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

pub(crate) struct Backends {
    http: reqwest::Client,
    breakers: Breakers,
}

/// One call of one backend.
pub(crate) struct Request<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) caller: &'a Caller,
    pub(crate) correlation: &'a str,
    pub(crate) service: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) path: &'a Path,
    /// Whether it may be sent again where it is not known to have been done.
    pub(crate) repeatable: bool,
}

/// What went wrong once, and whether trying again could help.
enum Failure {
    /// It never left, so nothing was done.
    NotSent(Refusal),
    /// It may have been done.
    Unclear(Refusal),
    /// The backend said so; it would say so again.
    Final(Refusal),
}

impl Backends {
    /// Backends are the operator's own: no proxy stands between, and no redirect leads elsewhere.
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .pool_idle_timeout(Duration::from_secs(60))
            .user_agent(concat!("loquat-gateway/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, breakers: Breakers::default() })
    }

    pub(crate) async fn call(
        &self,
        request: Request<'_>,
        mut arguments: Map<String, Value>,
    ) -> Result<Answer, Refusal> {
        let rules = request.plan.backends;
        let service = find(&request)?;
        let path = request.path.fill(&mut arguments).map_err(|name| {
            Refusal::new(Class::Client, "invalid_arguments", format!("`{name}` cannot stand in an address."))
                .fix("Give an id without slashes, not empty.")
        })?;
        let url = format!("{}{path}", service.url);
        let backend = format!("{}/{}", request.caller.tenant, request.service);
        let mut tries = 0;
        loop {
            self.breakers.may_try(&backend, rules.breaker_pause).map_err(|left| resting(request.service, left))?;
            let failure = match self.once(&request, service, &url, &arguments).await {
                Ok(answer) => {
                    self.breakers.succeeded(&backend);
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            let (again, refusal) = match failure {
                Failure::NotSent(refusal) => (true, refusal),
                Failure::Unclear(refusal) => (request.repeatable, refusal),
                Failure::Final(refusal) => (false, refusal),
            };
            match refusal.class {
                Class::Backend => self.breakers.failed(&backend, rules.breaker_failures, rules.breaker_pause),
                // It answered: whatever it thinks of the call, it is there.
                _ => self.breakers.succeeded(&backend),
            }
            let pause = refusal.retry_after.unwrap_or(Duration::from_millis(50) * (1 << tries.min(5)));
            if !again || tries >= rules.retries || pause > LONGEST_PAUSE {
                return Err(refusal);
            }
            tries += 1;
            sleep(pause).await;
        }
    }

    async fn once(
        &self,
        request: &Request<'_>,
        service: &Service,
        url: &str,
        arguments: &Map<String, Value>,
    ) -> Result<Answer, Failure> {
        let rules = request.plan.backends;
        let name = request.service;
        let timeout = service.timeout.unwrap_or(rules.timeout);
        let has_body = !matches!(*request.method, Method::GET | Method::DELETE);
        let mut full = url::Url::parse(url).map_err(|_| Failure::Final(no_address(name)))?;
        if !has_body && !arguments.is_empty() {
            full.query_pairs_mut().extend_pairs(arguments.iter().map(|(name, value)| (name, plain(value))));
        }
        let mut sending =
            self.http.request(request.method.clone(), full).timeout(timeout).headers(service.headers.clone());
        for (header, value) in [
            ("x-tenant-id", &*request.caller.tenant),
            ("x-actor-id", &*request.caller.actor),
            ("x-actor-role", request.caller.roles.first().map_or("", String::as_str)),
            ("x-correlation-id", request.correlation),
            ("idempotency-key", request.correlation),
        ] {
            let value = HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static("unprintable"));
            sending = sending.header(header, value);
        }
        if has_body {
            sending = sending.json(arguments);
        }
        let response = sending.send().await.map_err(|error| unreachable(name, &error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = body(response, &rules, name).await?;
        if status.is_success() {
            return Ok(match serde_json::from_slice::<Value>(&body) {
                Ok(value) => Answer::json(value),
                Err(_) => Answer::text(String::from_utf8_lossy(&body)),
            });
        }
        let wait = headers.get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        Err(refused(name, status, &body, wait.map(Duration::from_secs)))
    }
}

fn find<'a>(request: &Request<'a>) -> Result<&'a Service, Refusal> {
    let tenant = request.plan.tenants.get(&*request.caller.tenant);
    tenant.and_then(|tenant| tenant.services.get(request.service)).ok_or_else(|| no_address(request.service))
}

fn no_address(service: &str) -> Refusal {
    Refusal::new(Class::Client, "no_such_service", format!("This tenant has no service {service:?}."))
        .fix("Use another tool, or have the service added to the tenant.")
}

fn resting(service: &str, left: Duration) -> Refusal {
    let message = format!("The service {service} failed several times in a row and is left alone for a moment.");
    Refusal::new(Class::Backend, "backend_resting", message).retry_after(left).fix("Try again later.")
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn unreachable(service: &str, error: &reqwest::Error) -> Failure {
    let refusal = |code, what: &str| {
        Refusal::new(Class::Backend, code, format!("The service {service} {what}.")).fix("Try again later.")
    };
    if error.is_connect() {
        Failure::NotSent(refusal("backend_unreachable", "cannot be reached"))
    } else if error.is_timeout() {
        Failure::Unclear(refusal("backend_timeout", "did not answer in time"))
    } else {
        Failure::Unclear(refusal("backend_broken", "broke the connection off"))
    }
}

async fn body(mut response: reqwest::Response, rules: &BackendRules, service: &str) -> Result<Vec<u8>, Failure> {
    let mut body = vec![];
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(service, &error))? {
        if body.len() + chunk.len() > rules.max_response {
            let message = format!("The service {service} answered with more than {} bytes.", rules.max_response);
            let refusal = Refusal::new(Class::Backend, "backend_too_large", message).fix("Ask for less at once.");
            return Err(Failure::Final(refusal));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An error of the backend in the caller's terms.
fn refused(service: &str, status: StatusCode, body: &[u8], wait: Option<Duration>) -> Failure {
    let said = said(body);
    let message = |what: &str| format!("The service {service} {what} ({status}){said}");
    let new =
        |class, code, what: &str, fix: &str| Refusal::new(class, code, message(what)).status(status.as_u16()).fix(fix);
    match status.as_u16() {
        401 | 403 => {
            Failure::Final(new(Class::Permission, "backend_denied", "does not allow it", "Ask an administrator."))
        }
        404 | 410 => {
            Failure::Final(new(Class::Client, "not_found", "has no such thing", "Check the id; search for it first."))
        }
        429 => {
            let refusal = new(Class::RateLimit, "backend_rate_limited", "has had enough calls", "Try again later.");
            // It was not done.
            Failure::NotSent(refusal.retry_after(wait.unwrap_or(Duration::from_secs(60))))
        }
        400..=499 => {
            Failure::Final(new(Class::Client, "backend_refused", "does not accept it", "Correct the arguments."))
        }
        502..=504 => {
            let mut refusal = new(Class::Backend, "backend_failed", "failed", "Try again later.");
            refusal.retry_after = wait;
            Failure::Unclear(refusal)
        }
        300..=399 => {
            Failure::Final(new(Class::Backend, "backend_moved", "points elsewhere", "Have its address corrected."))
        }
        _ => Failure::Unclear(new(Class::Backend, "backend_failed", "failed", "Try again later.")),
    }
}

/// The backend's own words, where they are words.
fn said(body: &[u8]) -> String {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return ".".to_owned() };
    let text = ["detail", "message", "error"].iter().find_map(|name| match value.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Object(inner) => inner.get("message")?.as_str().map(str::to_owned),
        other => Some(other.to_string()),
    });
    match text {
        Some(text) => format!(": {}", text.chars().take(500).collect::<String>()),
        None => ".".to_owned(),
    }
}
