//! Both endpoints over real loopback HTTP.

#![allow(clippy::unwrap_used, reason = "the functions around the tests are tests too")]

use practice::{Options, Practice, Round, Script};
use reqwest::{Client, Response};
use serde_json::{Value, json};

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

async fn post(url: &str, key: &str, body: &Value) -> Response {
    let url = format!("{url}/chat/completions");
    client().post(url).bearer_auth(key).body(body.to_string()).send().await.unwrap()
}

async fn ask(script: &Script, mut body: Value) -> Response {
    body["model"] = json!("any");
    if body.get("messages").is_none() {
        body["messages"] = json!([{"role": "user", "content": "hi"}]);
    }
    post(&script.base_url(), "k", &body).await
}

/// The `data:` lines of a stream; the last must be `[DONE]`.
fn chunks(body: &str) -> Vec<Value> {
    let mut lines: Vec<&str> = body.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(lines.pop(), Some("[DONE]"), "{body}");
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Puts the deltas of a stream together: text, reasoning, calls by index, finish reason, usage.
fn gathered(chunks: &[Value]) -> Value {
    let (mut text, mut reasoning, mut finish, mut usage) = (String::new(), String::new(), Value::Null, Value::Null);
    let mut calls: Vec<Value> = Vec::new();
    for chunk in chunks {
        if let Some(counts) = chunk.get("usage") {
            assert_eq!(chunk["choices"], json!([]));
            usage = counts.clone();
            continue;
        }
        let choice = &chunk["choices"][0];
        text += choice["delta"]["content"].as_str().unwrap_or_default();
        reasoning += choice["delta"]["reasoning_content"].as_str().unwrap_or_default();
        for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let index = call["index"].as_u64().unwrap() as usize;
            if index == calls.len() {
                calls.push(json!({"id": call["id"], "name": call["function"]["name"], "arguments": ""}));
            }
            let so_far = calls[index]["arguments"].as_str().unwrap().to_owned();
            calls[index]["arguments"] = json!(so_far + call["function"]["arguments"].as_str().unwrap());
        }
        if !choice["finish_reason"].is_null() {
            finish = choice["finish_reason"].clone();
        }
    }
    json!({"text": text, "reasoning": reasoning, "calls": calls, "finish": finish, "usage": usage})
}

async fn practice() -> Practice {
    practice::start(Options::default()).await.unwrap()
}

fn question(text: &str) -> Value {
    json!({"model": "practice", "messages": [{"role": "user", "content": text}]})
}

#[tokio::test]
async fn only_who_knows_the_key_on_this_machine_is_answered() {
    let practice = practice().await;
    let url = format!("{}/models", practice.base_url());
    let get = || client().get(&url);
    let listed: Value =
        serde_json::from_str(&get().bearer_auth(practice.key()).send().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(listed["data"][0]["id"], "practice");
    let keyed = || get().bearer_auth(practice.key());
    assert_eq!(keyed().header("Origin", "http://localhost:5173").send().await.unwrap().status(), 200);
    assert_eq!(keyed().header("Origin", "https://example.com").send().await.unwrap().status(), 403);
    assert_eq!(keyed().header("Origin", "null").send().await.unwrap().status(), 403);
    assert_eq!(keyed().header("Host", "example.com").send().await.unwrap().status(), 403);
    assert_eq!(get().send().await.unwrap().status(), 401);
    let wrong = get().bearer_auth("0".repeat(32)).send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    let error: Value = serde_json::from_str(&wrong.text().await.unwrap()).unwrap();
    assert_eq!(error["error"]["code"], "invalid_api_key");
}

#[tokio::test]
async fn bad_requests_are_refused_in_the_words_of_the_api() {
    let practice = practice().await;
    let orphan = json!({"model": "practice", "messages": [{"role": "tool", "tool_call_id": "x", "content": "{}"}]});
    let cases = [
        (json!("no object"), 400, json!(null)),
        (json!({"messages": [{"role": "user", "content": "hi"}]}), 400, json!("model")),
        (json!({"model": "practice"}), 400, json!("messages")),
        (orphan, 400, json!("messages")),
        (json!({"model": "other", "messages": [{"role": "user", "content": "hi"}]}), 404, json!("model")),
    ];
    for (body, status, param) in cases {
        let response = post(&practice.base_url(), practice.key(), &body).await;
        assert_eq!(response.status(), status, "{body}");
        let error: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(error["error"]["type"], "invalid_request_error");
        assert_eq!(error["error"]["param"], param, "{error}");
        assert!(error["error"]["message"].is_string());
    }
}

#[tokio::test]
async fn the_practice_model_says_the_same_streamed_and_whole() {
    let practice = practice().await;
    let mut body = question("Hello?");
    let whole = post(&practice.base_url(), practice.key(), &body).await.text().await.unwrap();
    let whole: Value = serde_json::from_str(&whole).unwrap();
    body["stream"] = json!(true);
    body["stream_options"] = json!({"include_usage": true});
    let streamed = post(&practice.base_url(), practice.key(), &body).await.text().await.unwrap();
    let chunks = chunks(&streamed);
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    assert!(chunks.len() > 5, "word by word");
    let gathered = gathered(&chunks);
    assert_eq!(gathered["text"], whole["choices"][0]["message"]["content"]);
    assert_eq!(gathered["finish"], "stop");
    assert!(gathered["usage"]["prompt_tokens"].as_u64().unwrap() > 0);
    assert!(gathered["text"].as_str().unwrap().contains("no AI"));
}

#[tokio::test]
async fn several_calls_come_in_one_answer_in_pieces() {
    let practice = practice().await;
    let tool = |name: &str| {
        let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
        json!({"type": "function", "function": {"name": name, "description": "By city", "parameters": parameters}})
    };
    let mut body = question("Show the weather and the traffic in Amsterdam");
    body["tools"] = json!([tool("get_weather"), tool("get_traffic")]);
    body["stream"] = json!(true);
    let streamed = post(&practice.base_url(), practice.key(), &body).await.text().await.unwrap();
    let chunks = chunks(&streamed);
    let gathered = gathered(&chunks);
    assert_eq!(gathered["finish"], "tool_calls");
    assert_eq!(gathered["usage"], Value::Null, "nobody asked for it");
    let calls = gathered["calls"].as_array().unwrap();
    assert_eq!(calls.iter().map(|call| &call["name"]).collect::<Vec<_>>(), ["get_weather", "get_traffic"]);
    assert!(calls.iter().all(|call| call["arguments"] == "{\"city\":\"Amsterdam\"}"), "{calls:?}");
    assert_ne!(calls[0]["id"], calls[1]["id"]);
    let deltas = chunks.iter().filter(|chunk| chunk["choices"][0]["delta"]["tool_calls"][0]["index"] == 1);
    assert!(deltas.count() > 2, "arguments come in several chunks");
}

#[tokio::test]
async fn dropping_the_endpoint_closes_its_port() {
    let practice = practice().await;
    let address = practice.base_url().trim_start_matches("http://").trim_end_matches("/v1").to_owned();
    drop(practice);
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_script_plays_its_rounds_in_order() {
    let round = Round::new().reasoning("Let me think.").say("I look.").call("a", "f", json!({"x": 1}));
    let round = round.call("b", "g", json!({})).usage(10, 5, 2).chunks(2);
    let script = Script::start(vec![round, Round::text("Bye now.")]).await.unwrap();
    let first = ask(&script, json!({"stream": true, "stream_options": {"include_usage": true}})).await;
    let first = gathered(&chunks(&first.text().await.unwrap()));
    assert_eq!(first["text"], "I look.");
    assert_eq!(first["reasoning"], "Let me think.");
    assert_eq!(first["finish"], "tool_calls");
    assert_eq!(first["usage"]["prompt_tokens_details"]["cached_tokens"], 2);
    assert_eq!(first["calls"][0], json!({"id": "a", "name": "f", "arguments": "{\"x\":1}"}));
    assert_eq!(first["calls"][1], json!({"id": "b", "name": "g", "arguments": "{}"}));
    let second: Value = serde_json::from_str(&ask(&script, json!({})).await.text().await.unwrap()).unwrap();
    assert_eq!(second["choices"][0]["message"]["content"], "Bye now.");
    assert_eq!(script.keys(), [Some("k".to_owned()), Some("k".to_owned())]);
    assert_eq!(script.finish().unwrap().len(), 2);
}

#[tokio::test]
async fn a_script_breaks_as_real_servers_break() {
    let rounds = vec![
        Round::unauthorized(),
        Round::rate_limited(7),
        Round::no_quota(),
        Round::error(502, "<html>bad gateway</html>"),
        Round::text("half of").cut(),
        Round::text("oh ").fail(json!({"message": "overloaded"})),
        Round::new().broken_call("", None, "{\"x\": "),
    ];
    let script = Script::start(rounds).await.unwrap();
    let streamed = || ask(&script, json!({"stream": true}));
    assert_eq!(streamed().await.status(), 401);
    let limited = streamed().await;
    assert_eq!((limited.status().as_u16(), limited.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    assert!(streamed().await.text().await.unwrap().contains("insufficient_quota"));
    assert_eq!(streamed().await.text().await.unwrap(), "<html>bad gateway</html>");
    let mut cut = streamed().await;
    let mut got = String::new();
    let broken = loop {
        match cut.chunk().await {
            Ok(Some(bytes)) => got.push_str(std::str::from_utf8(&bytes).unwrap()),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken && got.contains("of") && !got.contains("[DONE]"), "{got}");
    assert!(streamed().await.text().await.unwrap().contains("{\"error\":{\"message\":\"overloaded\"}}"));
    let call = gathered(&chunks(&streamed().await.text().await.unwrap()));
    assert_eq!(call["calls"][0], json!({"id": "", "name": null, "arguments": "{\"x\": "}));
    script.finish().unwrap();
}

#[tokio::test]
async fn a_held_round_waits_for_the_test() {
    let script = Script::start(vec![Round::text("before ").hold().say("after")]).await.unwrap();
    let mut response = ask(&script, json!({"stream": true})).await;
    script.arrived(1).await;
    let mut got = String::new();
    while !got.contains("before") {
        got += std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap();
    }
    assert!(!got.contains("after"));
    script.release();
    while let Some(bytes) = response.chunk().await.unwrap() {
        got += std::str::from_utf8(&bytes).unwrap();
    }
    assert_eq!(gathered(&chunks(&got))["text"], "before after");
    script.finish().unwrap();
}

#[tokio::test]
async fn a_script_that_ends_lets_held_readers_go() {
    let script = Script::start(vec![Round::text("never ").hold()]).await.unwrap();
    let response = ask(&script, json!({"stream": true})).await;
    drop(script);
    assert!(response.text().await.is_err());
}

#[tokio::test]
async fn a_script_tells_what_was_wrong() {
    let script = Script::start(vec![Round::text("a"), Round::text("b")]).await.unwrap();
    let call = json!({"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let unanswered = json!([{"role": "assistant", "tool_calls": [call]}, {"role": "user", "content": "?"}]);
    assert_eq!(ask(&script, json!({"messages": unanswered})).await.status(), 400);
    assert_eq!(ask(&script, json!({})).await.status(), 200);
    let failure = script.finish().unwrap_err();
    assert_eq!((failure.violations.len(), failure.unplayed), (1, 1));
    assert_eq!(
        failure.to_string(),
        "request 1: message 0: the tool call 'x' has no result directly after it\n1 rounds were never asked for"
    );
    let script = Script::start(vec![]).await.unwrap();
    assert_eq!(ask(&script, json!({})).await.status(), 500);
    assert!(script.finish().unwrap_err().to_string().contains("no round left"));
}
