//! Who is let in, how often, and what comes of calls that go wrong.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, http::StatusCode};
use gateway::{Client, ClientError, DevBackend};
use serde_json::json;

use crate::common::{House, arguments, code};

fn raw() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn call_body() -> serde_json::Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {} })
}

#[tokio::test]
async fn nobody_comes_in_without_a_key_that_is_known() {
    let house = House::open().await;
    for key in [None, Some("loq_wrong".to_owned()), Some(String::new()), Some("a.b.c".to_owned())] {
        let refused = Client::new(house.served.url(), key.clone()).unwrap().tools().await;
        assert!(matches!(refused, Err(ClientError::Refused { status: 401, .. })), "{key:?}: {refused:?}");
    }
    for path in ["/metrics", "/admin/approvals"] {
        let url = format!("http://{}{path}", house.served.address());
        assert_eq!(raw().get(&url).send().await.unwrap().status(), 401, "{path}");
        let agent = raw().get(&url).bearer_auth(house.key("Agent")).send().await.unwrap();
        assert_eq!(agent.status(), 403, "{path}");
    }
    assert_eq!(house.client("Agent").health().await.unwrap()["status"], "ok");
    let records = house.end().await;
    let denied = records.iter().filter(|record| record["kind"] == "denied").count();
    assert!(denied >= 2, "{records:#?}");
}

#[tokio::test]
async fn foreign_names_and_pages_are_turned_away_even_with_a_key() {
    let house = House::open().await;
    let post = |name: &'static str, value: &'static str| {
        raw().post(house.served.url()).bearer_auth(house.key("Agent")).header(name, value).json(&call_body())
    };
    for (name, value) in [
        ("host", "evil.example"),
        ("host", "localhost.evil.example"),
        ("host", "127.0.0.1.nip.io"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost.evil.example"),
    ] {
        assert_eq!(post(name, value).send().await.unwrap().status(), 403, "{name}: {value}");
    }
    let local = post("origin", "http://localhost:3000").send().await.unwrap();
    assert_ne!(local.status(), 403);
}

#[tokio::test]
async fn a_tool_is_limited_at_its_limit_and_no_other() {
    let more = "rate_limits:\n  default_per_minute: 1000\n  per_actor_per_minute: 1000\n  tools:\n    \
                - { tool: memory_search, requests: 3, window_seconds: 3600 }\n";
    let house = House::with(more).await;
    let (agent, admin) = (house.client("Agent"), house.client("Admin"));
    let search = || arguments(json!({ "query": "x" }));
    let mut codes = vec![];
    // Another name of a tool is the same tool.
    for name in ["memory_search", "memory.search", "memory_search", "memory.search"] {
        codes.push(code(&agent.call(name, search()).await.unwrap()));
    }
    assert_eq!(codes, ["ok", "ok", "ok", "rate_limited"]);
    let refused = agent.call("memory_search", search()).await.unwrap();
    let error = &refused["structuredContent"]["error"];
    assert_eq!(error["class"], "RateLimitError");
    assert!(error["retryAfterSeconds"].as_u64().unwrap() > 0, "{error}");
    assert_eq!(code(&agent.call("memory_telemetry", arguments(json!({}))).await.unwrap()), "ok");
    assert_eq!(code(&admin.call("memory_search", search()).await.unwrap()), "ok");
}

#[tokio::test]
async fn too_many_requests_of_any_kind_are_answered_with_429() {
    let house = House::with("rate_limits: { requests_per_minute: 2 }\n").await;
    let agent = house.client("Agent");
    agent.tools().await.unwrap();
    agent.tools().await.unwrap();
    let refused = agent.tools().await;
    assert!(
        matches!(refused, Err(ClientError::Refused { status: 429, retry_after: Some(wait), .. }) if wait > 0),
        "{refused:?}"
    );
    house.client("Admin").tools().await.unwrap();
}

#[tokio::test]
async fn identities_in_arguments_count_for_nothing() {
    let house = House::open().await;
    let agent = house.client("Agent");
    for (given, expected) in [
        (json!({ "query": "x", "actor_role": "Agent", "tenant_id": "default", "actor_id": "Agent" }), "ok"),
        (json!({ "query": "x", "actor_role": "Admin" }), "identity_mismatch"),
        (json!({ "query": "x", "tenant_id": "other" }), "identity_mismatch"),
        (json!({ "limit": 5 }), "invalid_arguments"),
        (json!({ "query": "x", "surprise": 1 }), "invalid_arguments"),
    ] {
        assert_eq!(code(&agent.call("memory_search", arguments(given.clone())).await.unwrap()), expected, "{given}");
    }
    let unknown = agent.call("no_such_tool", arguments(json!({}))).await;
    assert!(matches!(unknown, Err(ClientError::Rejected { code: -32602, .. })), "{unknown:?}");
}

/// A backend that fails a number of times before it answers; it counts what reaches it.
async fn failing(times: usize, status: StatusCode) -> (String, Arc<AtomicUsize>) {
    let reached = Arc::new(AtomicUsize::new(0));
    let counter = reached.clone();
    let router = Router::new().fallback(move || {
        let number = counter.fetch_add(1, Ordering::SeqCst);
        async move { if number < times { (status, "{\"detail\":\"no\"}") } else { (StatusCode::OK, "{\"fine\":true}") } }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, reached)
}

#[tokio::test]
async fn only_what_may_be_repeated_is_sent_again() {
    let rows = [
        ("memory_search", json!({ "query": "x" }), 2, StatusCode::SERVICE_UNAVAILABLE, "ok", 3),
        ("memory_search", json!({ "query": "x" }), 9, StatusCode::SERVICE_UNAVAILABLE, "backend_failed", 3),
        ("memory_search", json!({ "query": "x" }), 1, StatusCode::NOT_FOUND, "not_found", 1),
        ("memory_search", json!({ "query": "x" }), 1, StatusCode::FORBIDDEN, "backend_denied", 1),
        ("memory_write", json!({ "content": "x" }), 1, StatusCode::SERVICE_UNAVAILABLE, "backend_failed", 1),
        ("memory_write", json!({ "content": "x" }), 1, StatusCode::TOO_MANY_REQUESTS, "backend_rate_limited", 1),
        ("memory_write", json!({ "content": "x" }), 1, StatusCode::FOUND, "backend_moved", 1),
    ];
    for (tool, given, times, status, expected, sent) in rows {
        let (address, reached) = failing(times, status).await;
        let spare = DevBackend::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        let house = House::before(spare, &address, "").await;
        let result = house.client("Agent").call(tool, arguments(given)).await.unwrap();
        assert_eq!(
            (code(&result).as_str(), reached.load(Ordering::SeqCst)),
            (expected, sent),
            "{tool} {status}: {result}"
        );
    }
}

#[tokio::test]
async fn a_backend_that_fails_again_and_again_is_left_alone() {
    let (address, reached) = failing(usize::MAX, StatusCode::INTERNAL_SERVER_ERROR).await;
    let spare = DevBackend::start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let more = "backends: { retries: 0, breaker_failures: 2, breaker_seconds: 3600 }\n";
    let house = House::before(spare, &address, more).await;
    let agent = house.client("Agent");
    let mut codes = vec![];
    for _ in 0..4 {
        codes.push(code(&agent.call("memory_write", arguments(json!({ "content": "x" }))).await.unwrap()));
    }
    assert_eq!(codes, ["backend_failed", "backend_failed", "backend_resting", "backend_resting"]);
    assert_eq!(reached.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn calls_are_counted_for_prometheus() {
    let house = House::open().await;
    house.client("Agent").call("memory_search", arguments(json!({ "query": "x" }))).await.unwrap();
    house.client("Agent").call("crm_create_team", arguments(json!({ "name": "x" }))).await.unwrap();
    let url = format!("http://{}/metrics", house.served.address());
    let text = raw().get(url).bearer_auth(house.key("Admin")).send().await.unwrap().text().await.unwrap();
    for line in [
        "loquat_gateway_calls_total{tool=\"memory_search\",result=\"ok\"} 1",
        "loquat_gateway_calls_total{tool=\"crm_create_team\",result=\"role_not_allowed\"} 1",
        "loquat_gateway_call_duration_seconds_count{tool=\"memory_search\"} 1",
        "loquat_gateway_calls_running 0",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
}
