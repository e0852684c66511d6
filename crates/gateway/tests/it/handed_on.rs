//! A session that one copy began and others go on with.

use std::time::Duration;

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::{copies::Copies, upstream::example};

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

    /// Until a tool is there: what stands behind a copy may come up after it.
    async fn finds(&self, copy: usize, tool: &str) {
        let finding = async {
            while !self.asks(copy, "tools/list", json!({})).await.to_string().contains(tool) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), finding).await.unwrap();
    }

    /// What is said in the session beside the answers.
    async fn listens(&self, copy: usize) -> Response {
        self.headed(self.http.get(self.copies.url(copy)), "Agent").send().await.unwrap()
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

#[tokio::test]
async fn what_a_session_wants_to_be_told_is_told_by_whichever_copy_goes_on_with_it() {
    const NOTE: &str = "note://today";
    let notes = example("gateway-asker");
    let mut copies = Copies::open(&format!(
        "servers: {{ notes: {{ command: {notes:?}, era: legacy }} }}\nsecurity: {{ servers: {{ notes: {{ allowed_roles: [Agent] }} }} }}\n"
    ))
    .await;
    let visitor = Visitor::begin(&copies, 0).await;
    visitor.finds(0, "notes__write").await;
    visitor.asks(0, "logging/setLevel", json!({ "level": "warning" })).await;
    visitor.asks(0, "resources/subscribe", json!({ "uri": NOTE })).await;
    let (http, session) = (visitor.http.clone(), visitor.session.clone());
    copies.end_one(0).await;
    let visitor = Visitor { copies: &copies, http, session };
    let mut told = visitor.listens(0).await;
    assert_eq!(told.status(), StatusCode::OK);
    visitor.finds(0, "notes__write").await;
    let call = async |tool: &str, arguments: Value| {
        let params = json!({ "name": tool, "arguments": arguments });
        let answer = visitor.says(0, "Agent", json!({ "id": 9, "method": "tools/call", "params": params })).await;
        answer.text().await.unwrap()
    };
    let mut heard = String::new();
    for (level, text) in [("info", "quiet"), ("error", "loud")] {
        heard += &call("notes__write", json!({ "message": { "level": level, "data": text } })).await;
    }
    heard += &call("notes__change", json!({})).await;
    let hearing = async {
        while !heard.contains("notifications/resources/updated") {
            heard.push_str(std::str::from_utf8(&told.chunk().await.unwrap().unwrap()).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(60), hearing).await.unwrap();
    assert!(heard.contains("loud") && !heard.contains("quiet") && heard.contains(NOTE), "{heard}");
    drop(told);
    copies.end().await;
}
