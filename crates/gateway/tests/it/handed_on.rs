//! A session that one copy began and others go on with.

use std::time::Duration;

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::copies::Copies;

const SESSION: &str = "mcp-session-id";

/// A client of an older revision, which may ask any copy.
struct Visitor<'a> {
    copies: &'a Copies,
    http: reqwest::Client,
    session: String,
}

impl<'a> Visitor<'a> {
    async fn begin(copies: &'a Copies, copy: usize) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut visitor = Self { copies, http, session: String::new() };
        let client = json!({ "name": "visitor", "version": "1" });
        let params = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
        let begun = visitor.says(copy, "Agent", json!({ "id": 0, "method": "initialize", "params": params })).await;
        visitor.session = begun.headers()[SESSION].to_str().unwrap().to_owned();
        begun.bytes().await.unwrap();
        let heard = visitor.says(copy, "Agent", json!({ "method": "notifications/initialized" })).await;
        assert_eq!(heard.status(), StatusCode::ACCEPTED);
        visitor
    }

    fn headed(&self, request: RequestBuilder, role: &str) -> RequestBuilder {
        let request = request.bearer_auth(self.copies.key(role)).header("mcp-protocol-version", "2025-06-18");
        let request = request.header("accept", "application/json, text/event-stream");
        if self.session.is_empty() { request } else { request.header(SESSION, &self.session) }
    }

    async fn says(&self, copy: usize, role: &str, mut message: Value) -> Response {
        message["jsonrpc"] = "2.0".into();
        let request = self.http.post(self.copies.url(copy)).json(&message);
        self.headed(request, role).send().await.unwrap()
    }

    async fn asks(&self, copy: usize, method: &str, params: Value) -> Value {
        let answer = self.says(copy, "Agent", json!({ "id": 7, "method": method, "params": params })).await;
        assert_eq!(answer.status(), StatusCode::OK, "{method}");
        let text = answer.text().await.unwrap();
        // As JSON, or as the one event of a stream.
        let data = text.lines().rev().find_map(|line| line.strip_prefix("data: {")).map(|rest| format!("{{{rest}"));
        serde_json::from_str::<Value>(&data.unwrap_or(text)).unwrap()["result"].clone()
    }

    async fn ends(&self, copy: usize) {
        let ended = self.headed(self.http.delete(self.copies.url(copy)), "Agent").send().await.unwrap();
        assert!(ended.status().is_success(), "{}", ended.status());
    }

    /// What one of the copies says to a question in the session.
    async fn status(&self, copy: usize, role: &str) -> StatusCode {
        self.says(copy, role, json!({ "id": 8, "method": "tools/list", "params": {} })).await.status()
    }
}

#[tokio::test]
async fn a_session_goes_on_where_its_copy_has_ended() {
    let mut copies = Copies::open("").await;
    let visitor = Visitor::begin(&copies, 0).await;
    assert_eq!(visitor.status(1, "Admin").await, StatusCode::NOT_FOUND, "it is somebody else's");
    let (http, session) = (visitor.http.clone(), visitor.session.clone());
    copies.end_one(0).await;
    // The one that is left stands at the place of the first.
    let visitor = Visitor { copies: &copies, http, session };
    let call = json!({ "name": "memory_search", "arguments": { "query": "x" } });
    let called = visitor.asks(0, "tools/call", call).await;
    assert_eq!(called["isError"], json!(false), "{called}");
    let listed = visitor.asks(0, "tools/list", json!({})).await;
    assert!(listed["tools"].as_array().unwrap().len() > 20, "{listed}");
    visitor.ends(0).await;
    assert_eq!(visitor.status(0, "Agent").await, StatusCode::NOT_FOUND);
    copies.end().await;
}

#[tokio::test]
async fn a_session_ended_at_one_copy_is_ended_at_all() {
    let mut copies = Copies::open("").await;
    let visitor = Visitor::begin(&copies, 0).await;
    for copy in [1, 0] {
        assert_eq!(visitor.status(copy, "Agent").await, StatusCode::OK);
    }
    visitor.ends(0).await;
    let ended = async {
        while visitor.status(1, "Agent").await != StatusCode::NOT_FOUND {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ended).await.unwrap();
    copies.end().await;
}
