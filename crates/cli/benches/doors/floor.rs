//! The floor: the least that must happen. What comes is passed on, the tool loop runs here, and nobody is asked for a key;
//! nothing is judged, counted or written down.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::behind::{CALLS, listen};

struct Floor {
    http: reqwest::Client,
    behind: String,
    tools: Vec<Value>,
    names: Vec<String>,
}

pub(crate) async fn serve(behind: &str) {
    let http = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build().unwrap();
    let mut floor = Floor { http, behind: behind.to_owned(), tools: vec![], names: vec![] };
    let listed = floor.rpc("tools/list", json!({})).await;
    for tool in listed["tools"].as_array().unwrap() {
        floor.names.push(tool["name"].as_str().unwrap().to_owned());
        let function =
            json!({ "name": tool["name"], "description": tool["description"], "parameters": tool["inputSchema"] });
        floor.tools.push(json!({ "type": "function", "function": function }));
    }
    let router = Router::new().route("/v1/chat/completions", post(complete)).route("/mcp", post(pass));
    listen(router.with_state(Arc::new(floor))).await;
}

impl Floor {
    async fn rpc(&self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let response = self.http.post(format!("{}/mcp", self.behind)).json(&body).send().await.unwrap();
        serde_json::from_slice::<Value>(&response.bytes().await.unwrap()).unwrap()["result"].take()
    }

    async fn ask(&self, body: Bytes) -> reqwest::Response {
        let request = self.http.post(format!("{}/v1/chat/completions", self.behind));
        request.header(CONTENT_TYPE, "application/json").body(body).send().await.unwrap()
    }

    /// What came of a call, as the model is told.
    async fn call(&self, call: &Value) -> Value {
        let arguments: Value = serde_json::from_str(call["function"]["arguments"].as_str().unwrap()).unwrap();
        let params = json!({ "name": call["function"]["name"], "arguments": arguments });
        let result = self.rpc("tools/call", params).await;
        json!({ "role": "tool", "tool_call_id": call["id"], "content": result["content"][0]["text"] })
    }
}

async fn complete(State(floor): State<Arc<Floor>>, body: Bytes) -> Response {
    let model = format!("\"model\":\"{CALLS}\"");
    if !body.windows(model.len()).any(|window| window == model.as_bytes()) {
        let response = floor.ask(body).await;
        let kind = response.headers()[CONTENT_TYPE].clone();
        return ([(CONTENT_TYPE, kind)], Body::from_stream(response.bytes_stream())).into_response();
    }
    let mut request: Value = serde_json::from_slice(&body).unwrap();
    request["tools"] = floor.tools.clone().into();
    loop {
        let answer = floor.ask(Bytes::from(request.to_string())).await.bytes().await.unwrap();
        let mut parsed: Value = serde_json::from_slice(&answer).unwrap();
        let message = parsed["choices"][0]["message"].take();
        let Some(calls) = message["tool_calls"].as_array().cloned() else {
            return ([(CONTENT_TYPE, "application/json")], answer).into_response();
        };
        let results = join_all(calls.iter().map(|call| floor.call(call))).await;
        let messages = request["messages"].as_array_mut().unwrap();
        messages.push(message);
        messages.extend(results);
    }
}

/// Only tools that are there are passed on.
async fn pass(State(floor): State<Arc<Floor>>, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap();
    let name = request["params"]["name"].as_str().unwrap_or_default();
    if request["method"] == "tools/call" && !floor.names.iter().any(|known| known == name) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let request = floor.http.post(format!("{}/mcp", floor.behind)).header(CONTENT_TYPE, "application/json");
    let response = request.body(body).send().await.unwrap();
    let (status, kind) = (response.status(), response.headers()[CONTENT_TYPE].clone());
    (status, [(CONTENT_TYPE, kind)], response.bytes().await.unwrap()).into_response()
}
