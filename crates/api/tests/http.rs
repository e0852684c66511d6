//! The API as other programs meet it: a real socket, a real engine, the help desk's servers as real processes.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;
mod window;

use common::{Service, data, delta_text};
use serde_json::{Value, json};
use testkit::Round;

fn ask(text: &str) -> Value {
    json!({ "messages": [{ "role": "user", "content": text }] })
}

/// One point, white.
const DOT: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

fn picture(url: &str) -> Value {
    json!({ "type": "image_url", "image_url": { "url": url } })
}

fn article(round: Round, id: &str) -> Round {
    round.call(id, "kb__get_article", json!({ "article_id": "KB-001" }))
}

#[tokio::test]
async fn an_answer_comes_whole_with_its_usage() {
    let service = Service::start(vec![Round::text("Hello.").usage(7, 3, 2)]).await;
    let (status, answer) = service.post("/v1/chat/completions", &ask("hi")).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["choices"][0]["message"]["content"], "Hello.");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!(answer["usage"]["total_tokens"], 10);
    assert_eq!(answer["usage"]["prompt_tokens_details"]["cached_tokens"], 2);
    service.end().await;
}

#[tokio::test]
async fn an_answer_that_ends_early_says_why() {
    let whys = [("length", "max_output_tokens"), ("content_filter", "content_filter")];
    for (why, told) in whys {
        for (path, streams) in [("chat/completions", false), ("chat/completions", true), ("responses", false)] {
            let service = Service::start(vec![Round::text("Far").finish(why)]).await;
            let mut body = ask("hi");
            (body["stream"], body["input"]) = (json!(streams), json!("hi"));
            let said = service.post_text(&format!("/v1/{path}"), &body).await;
            let end = match path {
                "responses" => format!(r#""incomplete_details":{{"reason":"{told}"}}"#),
                _ => format!(r#""finish_reason":"{why}""#),
            };
            assert!(said.contains("Far") && said.contains(&end) && !said.contains(r#""error":{"#), "{said}");
            service.end().await;
        }
    }
}

#[tokio::test]
async fn a_conversation_that_is_too_long_is_the_callers_to_shorten() {
    let service = Service::start(vec![Round::too_long()]).await;
    let (status, answer) = service.post("/v1/chat/completions", &ask("hi")).await;
    assert_eq!((status, answer["error"]["code"].as_str()), (400, Some("context_length_exceeded")), "{answer}");
    service.end().await;
}

#[tokio::test]
async fn tools_run_here_while_the_answer_streams() {
    let rounds = vec![
        article(article(Round::new().say("Looking."), "a"), "b"),
        article(Round::new(), "c"),
        Round::text("Found it.").usage(5, 5, 0),
    ];
    let service = Service::start(rounds).await;
    let mut body = ask("which article?");
    (body["stream"], body["stream_options"]) = (json!(true), json!({ "include_usage": true }));
    let events = data(service.post_text("/v1/chat/completions", &body).await);
    assert_eq!(events.last().map(String::as_str), Some("[DONE]"));
    let chunks: Vec<Value> = events[..events.len() - 1].iter().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!(delta_text(&chunks), "Looking.\n\nFound it.");
    let succeeded = chunks.iter().filter(|chunk| chunk["loquat"]["call"]["state"] == "succeeded").count();
    assert_eq!(succeeded, 3, "every call is told of");
    let (last, before) = (&chunks[chunks.len() - 1], &chunks[chunks.len() - 2]);
    assert_eq!(before["choices"][0]["finish_reason"], "stop");
    assert!(last["choices"].as_array().unwrap().is_empty() && last["usage"]["total_tokens"].as_u64() > Some(0));
    // Other clients read every chunk's first choice.
    assert!(chunks[..chunks.len() - 1].iter().all(|chunk| chunk["choices"][0]["delta"].is_object()));
    service.end().await;
}

#[tokio::test]
async fn what_the_caller_brought_is_handed_back_and_gone_on_with() {
    let both = article(Round::new(), "own").call("theirs", "weather", json!({ "city": "Trier" }));
    let service = Service::start(vec![both, Round::text("Rain.")]).await;
    let weather = json!({ "type": "function", "function": { "name": "weather", "parameters": { "type": "object" } } });
    let mut body = ask("weather?");
    body["tools"] = json!([weather]);
    let (_, answer) = service.post("/v1/chat/completions", &body).await;
    assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls", "{answer}");
    let calls = answer["choices"][0]["message"]["tool_calls"].clone();
    assert_eq!(calls.as_array().unwrap().len(), 1, "our own call is not the caller's business");
    assert_eq!(calls[0]["function"], json!({ "name": "weather", "arguments": "{\"city\":\"Trier\"}" }));
    let result = json!({ "role": "tool", "tool_call_id": calls[0]["id"], "content": "12 degrees" });
    let messages = body["messages"].as_array_mut().unwrap();
    messages.extend([answer["choices"][0]["message"].clone(), result]);
    let (_, answer) = service.post("/v1/chat/completions", &body).await;
    assert_eq!(answer["choices"][0]["message"]["content"], "Rain.", "{answer}");
    let second = service.script.requests().pop().unwrap();
    let roles: Vec<&str> = second["messages"].as_array().unwrap().iter().filter_map(|it| it["role"].as_str()).collect();
    assert_eq!(roles, ["user", "assistant", "tool", "tool"], "the model sees its own call's result, too");
    service.end().await;
}

#[tokio::test]
async fn a_session_is_kept_and_belongs_to_its_key() {
    let service = Service::start(vec![Round::text("One."), Round::text("Two.")]).await;
    let (status, first) = service.post("/chat", &json!({ "message": "first" })).await;
    assert_eq!((status, first["response"].as_str()), (200, Some("One.")), "{first}");
    let session = first["session_id"].clone();
    let (_, second) = service.post("/chat", &json!({ "message": "second", "session_id": session })).await;
    assert_eq!((second["response"].as_str(), &second["session_id"]), (Some("Two."), &session));
    let request = service.script.requests().pop().unwrap();
    assert_eq!(request["messages"].as_array().unwrap().len(), 3, "the model is told what was said before");
    assert_eq!(service.engine.conversations().len(), 1);
    let another = service.key("another", &[]);
    let stolen = json!({ "message": "third", "session_id": session });
    let (status, error) = service.post_as(&another, "/chat", &stolen).await;
    assert_eq!((status, error["error"]["code"].as_str()), (404, Some("session_not_found")));
    service.end().await;
}

#[tokio::test]
async fn responses_tell_of_calls_and_go_on() {
    let rounds = vec![article(Round::new(), "a"), Round::text("Found."), Round::text("Again.")];
    let service = Service::start(rounds).await;
    let events = data(service.post_text("/v1/responses", &json!({ "input": "find", "stream": true })).await);
    let events: Vec<Value> = events.iter().map(|it| serde_json::from_str(it).unwrap()).collect();
    let kinds: Vec<&str> = events.iter().filter_map(|it| it["type"].as_str()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"response.created"), Some(&"response.completed")));
    for kind in ["response.mcp_call.completed", "response.output_text.delta", "response.output_item.done"] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    let whole = &events.last().unwrap()["response"];
    let types: Vec<&str> = whole["output"].as_array().unwrap().iter().filter_map(|it| it["type"].as_str()).collect();
    assert_eq!(types, ["mcp_call", "message"]);
    let next = json!({ "input": "again", "previous_response_id": whole["id"] });
    let (status, next) = service.post("/v1/responses", &next).await;
    assert_eq!((status, next["output"][0]["content"][0]["text"].as_str()), (200, Some("Again.")), "{next}");
    service.end().await;
}

#[tokio::test]
async fn nobody_gets_in_without_a_valid_key_or_from_a_web_page() {
    let service = Service::start(vec![]).await;
    let body = ask("hi");
    for key in ["", "wrong", "lq-0000"] {
        let (status, error) = service.post_as(key, "/v1/chat/completions", &body).await;
        assert_eq!((status, error["error"]["code"].as_str()), (401, Some("invalid_api_key")), "{key}");
    }
    for (header, value) in [("origin", "https://evil.example"), ("host", "evil.example")] {
        let request = service.request("/v1/chat/completions", &service.key).header(header, value);
        assert_eq!(request.json(&body).send().await.unwrap().status(), 403, "{header}");
    }
    service.keys.revoke("test").unwrap();
    service.refused_soon().await;
    assert!(service.script.requests().is_empty(), "no model was asked");
    service.end().await;
}

#[tokio::test]
async fn what_may_not_run_unasked_is_refused_and_a_right_allows_it() {
    let rounds = || [Round::new().call("a", "open__echo", json!({ "text": "hi" })), Round::text("Done.")];
    let service = Service::with_fixture(rounds().into_iter().chain(rounds()).collect()).await;
    let (_, answer) = service.post("/v1/chat/completions", &ask("echo")).await;
    assert_eq!(answer["loquat"]["calls"][0]["state"], "refused", "{answer}");
    let may = service.key("may", &["open/echo"]);
    let (_, answer) = service.post_as(&may, "/v1/chat/completions", &ask("echo")).await;
    assert_eq!(answer["loquat"]["calls"][0]["state"], "succeeded", "{answer}");
    service.end().await;
}

#[tokio::test]
async fn wrong_requests_and_failing_providers_are_told_in_openai_s_words() {
    let service = Service::start(vec![Round::unauthorized(), Round::text(""), Round::text("")]).await;
    let said = |role: &str, content: Value| json!({ "messages": [{ "role": role, "content": content }] });
    let with = |key: &str, value: Value| {
        let mut body = ask("hi");
        body[key] = value;
        body
    };
    for (body, param) in [
        (json!({}), "messages"),
        (json!({ "messages": [] }), "messages"),
        (said("robot", json!("hi")), "messages[0].role"),
        (said("user", json!(7)), "messages[0].content"),
        (said("user", json!([picture("https://example.com/a.png")])), "messages[0].content[0].image_url"),
        (said("user", json!([picture("data:image/png;base64,aGk=")])), "messages[0].content[0].image_url"),
        (said("system", json!([picture(DOT)])), "messages[0].content"),
        (said("user", json!([{ "type": "input_audio" }])), "messages[0].content"),
        (said("assistant", json!("hi")), "messages"),
        (said("tool", json!("")), "messages[0].tool_call_id"),
        (with("n", json!(2)), "n"),
        (with("temperature", json!("hot")), "temperature"),
        (with("tools", json!([{ "type": "web_search" }])), "tools[0]"),
    ] {
        let (status, error) = service.post("/v1/chat/completions", &body).await;
        assert_eq!((status, error["error"]["param"].as_str()), (400, Some(param)), "{error}");
    }
    for (body, param) in [(json!({}), "input"), (json!({ "input": null }), "input"), (json!({ "model": {} }), "model")]
    {
        let (status, error) = service.post("/v1/embeddings", &body).await;
        assert_eq!((status, error["error"]["param"].as_str()), (400, Some(param)), "{error}");
    }
    let wrong = json!({ "input": "hi", "previous_response_id": {} });
    let (status, error) = service.post("/v1/responses", &wrong).await;
    assert_eq!((status, error["error"]["param"].as_str()), (400, Some("previous_response_id")), "{error}");
    let (status, error) = service.post("/v1/chat/completions", &ask("hi")).await;
    assert_eq!((status, error["error"]["code"].as_str()), (502, Some("provider_key_rejected")), "{error}");
    let (status, error) = service.post("/v1/chat/completions", &ask("hi")).await;
    assert_eq!((status, error["error"]["code"].as_str()), (502, Some("empty_answer")), "asked twice: {error}");
    service.end().await;
}

#[tokio::test]
async fn pictures_reach_the_model_and_stay_with_their_session() {
    let service = Service::start(["A dot.", "Still.", "A dot, too."].map(Round::text).to_vec()).await;
    let content = json!([{ "type": "text", "text": "What is it?" }, picture(DOT)]);
    let body = json!({ "session_id": "new", "messages": [{ "role": "user", "content": content }] });
    let (status, answer) = service.post("/v1/chat/completions", &body).await;
    assert_eq!(status, 200, "{answer}");
    let mut later = ask("And now?");
    later["session_id"] = answer["session_id"].clone();
    assert_eq!(service.post("/v1/chat/completions", &later).await.0, 200);
    let content = json!([{ "type": "input_text", "text": "What is it?" }, { "type": "input_image", "image_url": DOT }]);
    let body = json!({ "store": false, "input": [{ "role": "user", "content": content }] });
    assert_eq!(service.post("/v1/responses", &body).await.0, 200);
    let requests = service.script.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        let asked = request["messages"].as_array().unwrap().iter().find(|message| message["role"] == "user").unwrap();
        let parts = asked["content"].as_array().unwrap();
        let url = parts.iter().find_map(|part| part["image_url"]["url"].as_str()).unwrap();
        assert!(url.starts_with("data:image/png;base64,"), "{url}");
        assert!(parts.iter().any(|part| part["text"].as_str().is_some_and(|text| text.ends_with("What is it?"))));
    }
    service.end().await;
}

#[tokio::test]
async fn whoever_hangs_up_stops_the_turn() {
    let service = Service::start(vec![Round::text("A long story.").chunks(4).hold()]).await;
    let mut body = ask("tell me");
    (body["stream"], body["session_id"]) = (json!(true), json!("new"));
    let mut response = service.request("/v1/chat/completions", &service.key).json(&body).send().await.unwrap();
    response.chunk().await.unwrap();
    service.script.arrived(1).await;
    drop(response);
    service.stopped().await;
    service.end().await;
}

#[tokio::test]
async fn what_is_too_long_is_not_read() {
    let service = Service::start(vec![]).await;
    let huge = json!({ "messages": [{ "role": "user", "content": "x".repeat(33 << 20) }] });
    for (path, key) in [("/v1/chat/completions", service.key.as_str()), ("/chat", service.key.as_str()), ("/chat", "")]
    {
        match service.request(path, key).json(&huge).send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                assert_eq!(status, if key.is_empty() { 401 } else { 413 }, "{path}");
            }
            // It may be told no before it has said all; then the connection is closed under it.
            Err(error) => assert!(error.is_request(), "{error:?}"),
        }
    }
    assert_eq!(service.script.requests().len(), 0);
    service.end().await;
}

#[tokio::test]
async fn a_budget_ends_at_its_end() {
    let service = Service::start(vec![Round::text("One.").usage(60, 60, 0)]).await;
    let small = service.small_key("small", 100);
    let (status, _) = service.post_as(&small, "/v1/chat/completions", &ask("hi")).await;
    assert_eq!(status, 200);
    let (status, error) = service.post_as(&small, "/v1/chat/completions", &ask("hi")).await;
    assert_eq!((status, error["error"]["code"].as_str()), (429, Some("insufficient_quota")), "{error}");
    service.end().await;
}

#[tokio::test]
async fn the_documents_name_every_route() {
    let service = Service::start(vec![]).await;
    let document: Value = service.get("/openapi.json").await;
    for path in ["/chat", "/v1/models", "/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/metrics"] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
    let metrics = service.get_text("/metrics").await;
    assert!(metrics.contains("loquat_api_requests_total 0"), "{metrics}");
    let models: Value = service.get("/v1/models").await;
    assert!(models["data"].as_array().unwrap().iter().any(|model| model["id"] == "practice/practice"), "{models}");
    service.end().await;
}
