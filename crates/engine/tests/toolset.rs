//! Which tools the model gets and in which shape, and what it reads of results.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use chat::{CallStatus, ModelRef, ToolChoice, ToolRef, Turn};
use common::shelf::{Shelf, tool};
use common::{Desk, allow};
use engine::Options;
use serde_json::{Value, json};
use testkit::Round;

/// The names of the tools in a request, in its order.
fn offered(request: &Value) -> Vec<String> {
    let tools = request["tools"].as_array().cloned().unwrap_or_default();
    tools.iter().map(|tool| tool["function"]["name"].as_str().unwrap().to_owned()).collect()
}

fn limited(options: &mut Options, budget: u32) {
    let settings = options.settings.clone().unwrap();
    options.settings = Some(engine::Settings { tool_budget: Some(budget), ..settings });
}

async fn yes(desk: &Desk, conversation: Option<chat::ConversationId>) -> common::Told {
    desk.ask_in(conversation, "go", |engine, told| {
        if let Some(call) = told.waiting() {
            allow(engine, call);
        }
    })
    .await
}

#[tokio::test]
async fn a_tool_that_the_provider_refuses_is_left_out_and_the_rest_goes_on() {
    let refused =
        |message: &str| Round::error(400, json!({ "error": { "message": message, "param": "tools[1].function" } }));
    let rounds = vec![refused("Invalid schema"), Round::text("done"), Round::text("again")];
    let shelf = Shelf::new(json!([tool("a", "A", true), tool("b", "B", true), tool("c", "C", true)]));
    let desk = Desk::with(rounds, |options| options.servers = Some(vec![shelf.server("s")])).await;
    let told = desk.ask("hi").await;
    let log = told.log();
    assert!(
        log.starts_with("? (The provider does not take the tool s__b; it is left out of this turn. Invalid schema)")
    );
    assert!(log.ends_with("[says] done = completed"), "{log}");
    let turns: Vec<Turn> = desk.turns(&told.conversation).await;
    assert_eq!((turns[0].notes.len(), turns[0].rounds), (1, 1));
    desk.ask("hi").await;
    let requests = desk.finish().await;
    assert_eq!(offered(&requests[0]), ["s__a", "s__b", "s__c"]);
    assert_eq!(offered(&requests[1]), ["s__a", "s__c"]);
    // The next turn tries it again: the server may have mended it.
    assert_eq!(offered(&requests[2]), ["s__a", "s__b", "s__c"]);
}

#[tokio::test]
async fn a_refusal_that_names_no_tool_ends_the_turn() {
    let rounds = vec![Round::error(400, json!({ "error": { "message": "no such model" } }))];
    let desk = Desk::with(rounds, |_| ()).await;
    assert_eq!(desk.ask("hi").await.log(), "? = failed ProviderFailed");
    desk.finish().await;
}

#[tokio::test]
async fn schemas_are_made_plain_and_what_cannot_be_is_left_out_alone() {
    let shelf = Shelf::new(json!([
        { "name": "odd", "description": "Odd", "inputSchema": {
            "$schema": "http://json-schema.org/draft-07/schema#", "$defs": { "Id": { "type": "string" } },
            "properties": { "ids": { "type": "array", "items": { "$ref": "#/$defs/Id" } }, "any": { "type": "array" } },
        } },
        { "name": "endless", "description": "Endless", "inputSchema": {
            "type": "object", "properties": { "x": { "description": "x".repeat(70_000) } },
        } },
    ]));
    let desk = Desk::with(vec![Round::text("hi")], |options| options.servers = Some(vec![shelf.server("s")])).await;
    desk.ask("hi").await;
    let views = desk.engine.server_views();
    let tools = &views[0].tools;
    let of =
        |view: &engine::ToolsetView, name: &str| view.tools.iter().find(|tool| tool.tool == name).cloned().unwrap();
    assert!(tools[0].input_schema["$defs"].is_object(), "what is shown is verbatim");
    assert!(tools[1].warnings[0].ends_with("It is not given to models."), "{:?}", tools[1].warnings);
    let view = desk.engine.toolset(None, None).await.unwrap();
    let (odd, endless) = (of(&view, "odd"), of(&view, "endless"));
    assert!(endless.problem.is_some() && !endless.sent && odd.sent && odd.problem.is_none());
    let requests = desk.finish().await;
    assert_eq!(offered(&requests[0]), ["s__odd"]);
    assert_eq!(
        requests[0]["tools"][0]["function"]["parameters"],
        json!({ "type": "object", "properties": {
            "ids": { "type": "array", "items": { "type": "string" } }, "any": { "type": "array", "items": {} },
        } })
    );
}

#[tokio::test]
async fn arguments_arrive_as_they_were_meant() {
    let rounds = vec![
        Round::new().broken_call("a", Some("s__count"), "").call("b", "s__count", json!({ "count": "5", "path": "7" })),
        Round::text("done"),
    ];
    let shelf = Shelf::new(json!([tool("count", "Counts", true)]));
    let desk = Desk::with(rounds, |options| options.servers = Some(vec![shelf.server("s")])).await;
    let told = yes(&desk, None).await;
    let texts: Vec<String> = told.calls().iter().map(text).collect();
    assert_eq!(texts, ["count {}", "count {\"count\":5,\"path\":\"7\"}"]);
    desk.finish().await;
}

fn text(call: &chat::ToolCall) -> String {
    match &call.status {
        CallStatus::Succeeded { output } => output.model_text.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn past_the_budget_tools_are_found_and_stay_found() {
    let many = (0..60).map(|at| tool(&format!("thing_{at}"), &format!("Handles thing number {at}"), false));
    let mut tools: Vec<Value> = many.collect();
    tools.push(tool("send_mail", "Sends an e-mail to somebody", false));
    let shelf = Shelf::new(Value::Array(tools));
    let rounds = vec![
        Round::new().call("a", "loquat__find_tools", json!({ "query": "mail a message" })),
        Round::new().call("b", "s__send_mail", json!({ "path": "x" })),
        Round::text("sent"),
        Round::new().call("c", "loquat__find_tools", json!({ "query": "thing 7" })),
        Round::text("found"),
    ];
    let server = shelf.server("s");
    let mut desk = Desk::with(rounds, |options| {
        options.servers = Some(vec![server]);
        limited(options, 1000);
    })
    .await;
    let told = yes(&desk, None).await;
    assert!(told.log().ends_with("[says] sent = completed"), "{}", told.log());
    assert!(told.calls()[0].own && told.calls()[0].server.is_empty());
    desk = desk
        .reopen_with(|options| {
            options.servers = Some(vec![shelf.server("s")]);
            limited(options, 1000);
        })
        .await;
    let again = yes(&desk, Some(told.conversation.clone())).await;
    let view = desk.engine.toolset(Some(&told.conversation), None).await.unwrap();
    assert!(view.finds && view.sent < view.all && view.choice.found[0] == ToolRef::new("s", "send_mail"));
    assert!(again.log().ends_with("= completed"));
    let requests = desk.finish().await;
    assert_eq!(offered(&requests[0]), ["loquat__find_tools"]);
    assert!(requests[0]["tools"][0]["function"]["description"].as_str().unwrap().contains("s (61)"));
    assert_eq!(offered(&requests[1])[..2], ["loquat__find_tools", "s__send_mail"]);
    // What was offered once keeps its place, so that the provider's cache holds.
    for (before, after) in [(1, 2), (2, 3), (3, 4)] {
        let (before, after) = (offered(&requests[before]), offered(&requests[after]));
        assert_eq!(after[..before.len()], before, "{after:?}");
    }
    assert!(offered(&requests[4]).contains(&"s__thing_7".to_owned()));
}

#[tokio::test]
async fn pinned_tools_are_always_there_and_what_is_off_cannot_be_called() {
    let tools: Vec<Value> = (0..60).map(|at| tool(&format!("t{at}"), &format!("Does {at}"), true)).collect();
    let shelf = Shelf::new(Value::Array(tools));
    let rounds = vec![
        Round::new().call("a", "s__t5", json!({})).call("b", "s__t7", json!({})).call(
            "c",
            "loquat__find_tools",
            json!({ "query": "does 5" }),
        ),
        Round::text("done"),
    ];
    let server = shelf.server("s");
    let desk = Desk::with(rounds, |options| {
        options.servers = Some(vec![server]);
        limited(options, 500);
    })
    .await;
    let choice = ToolChoice {
        tools_off: vec![ToolRef::new("s", "t5")],
        pinned: vec![ToolRef::new("s", "t9")],
        ..ToolChoice::default()
    };
    desk.engine.choose_tools(None, choice.clone()).await.unwrap();
    let told = yes(&desk, None).await;
    let calls = told.calls();
    assert!(matches!(&calls[0].status, CallStatus::Failed { .. }), "{calls:?}");
    assert!(matches!(&calls[1].status, CallStatus::Succeeded { .. }), "{calls:?}");
    let kept = desk.engine.tool_choice(Some(&told.conversation)).await.unwrap();
    assert_eq!((&kept.tools_off, &kept.pinned), (&choice.tools_off, &choice.pinned));
    assert!(!kept.found.contains(&choice.tools_off[0]));
    let requests = desk.finish().await;
    assert_eq!(offered(&requests[0]), ["loquat__find_tools", "s__t9"]);
}

#[tokio::test]
async fn servers_can_be_left_out_of_one_conversation() {
    let shelf = Shelf::new(json!([tool("a", "A", true)]));
    let desk = Desk::with(vec![Round::text("1"), Round::text("2"), Round::text("3")], |options| {
        options.servers = Some(vec![shelf.server("one"), shelf.server("two")]);
    });
    let desk = desk.await;
    let told = desk.ask("hi").await;
    let choice = ToolChoice { servers_off: vec!["one".into()], ..ToolChoice::default() };
    desk.engine.choose_tools(Some(&told.conversation), choice).await.unwrap();
    desk.ask_in(Some(told.conversation), "hi", |_, _| ()).await;
    desk.ask("hi").await;
    let requests = desk.finish().await;
    assert_eq!(offered(&requests[0]), ["one__a", "two__a"]);
    assert_eq!(offered(&requests[1]), ["two__a"]);
    assert_eq!(offered(&requests[2]), ["one__a", "two__a"]);
}

#[tokio::test]
async fn a_long_result_is_cut_and_can_be_read_on() {
    let long = format!("{}NEEDLE{}", "x".repeat(60_000), "y".repeat(60_000));
    let results = json!({ "dump": { "content": [{ "type": "text", "text": long }] } });
    let shelf = Shelf::with(json!([tool("dump", "Dumps", true)]), results);
    let rounds = vec![Round::new().call("a", "s__dump", json!({})), Round::text("done")];
    let desk = Desk::with(rounds, |options| options.servers = Some(vec![shelf.server("s")])).await;
    let told = yes(&desk, None).await;
    let given = text(&told.calls()[0]);
    assert!(given.chars().count() < 51_000 && !given.contains("NEEDLE"));
    let id = given.split_once(", result ").unwrap().1.split_once(' ').unwrap().0;
    desk.script.push(Round::new().call("b", "loquat__read_result", json!({ "result": id, "search": "needle" })).call(
        "c",
        "loquat__read_result",
        json!({ "result": id, "offset": 59_998, "length": 10 }),
    ));
    desk.script.push(Round::text("done"));
    let told = desk.ask_in(Some(told.conversation), "and then?", |_, _| ()).await;
    let texts: Vec<String> = told.calls().iter().map(text).collect();
    assert!(texts[0].starts_with("“needle” stands there 1 times; the first 1:\n\nAt 60000: …x"), "{}", texts[0]);
    assert_eq!(texts[1], "Characters 59998 to 60008 of 120006:\nxxNEEDLEyy");
    let requests = desk.finish().await;
    assert_eq!(offered(&requests[0]), ["s__dump"]);
    assert_eq!(offered(&requests[1]), ["s__dump", "loquat__read_result"]);
}

#[tokio::test]
async fn images_go_to_models_that_see() {
    let mut bytes = std::io::Cursor::new(vec![]);
    image::DynamicImage::new_rgb8(3000, 30).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let data = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes.into_inner());
    let content =
        json!([{ "type": "text", "text": "here" }, { "type": "image", "data": data, "mimeType": "image/png" }]);
    let shelf = Shelf::with(json!([tool("shot", "Shoots", true)]), json!({ "shot": { "content": content } }));
    for (model, sees) in [("gpt-4o", true), ("gpt-3.5-turbo", false)] {
        let rounds = vec![Round::new().call("a", "s__shot", json!({})), Round::text("done")];
        let desk = Desk::with(rounds, |options| {
            let settings = options.settings.clone().unwrap();
            options.settings = Some(engine::Settings {
                openai_base_url: settings.custom_base_url.clone(),
                model: Some(ModelRef { provider: "openai".into(), model: model.into() }),
                ..settings
            });
            options.servers = Some(vec![shelf.server("s")]);
        });
        let desk = desk.await;
        desk.engine.store_key("openai", "sk-test").await.unwrap();
        yes(&desk, None).await;
        let requests = desk.finish().await;
        let last = requests[1]["messages"].as_array().unwrap().last().unwrap().clone();
        if !sees {
            assert_eq!(
                (&last["role"], &last["content"]),
                (&json!("tool"), &json!(format!("here\n[image: image/png, {}]", size(&data))))
            );
            continue;
        }
        assert_eq!(last["role"], "user");
        let url = last["content"][1]["image_url"]["url"].as_str().unwrap();
        let sent = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, url.split_once(";base64,").unwrap().1);
        assert_eq!(image::load_from_memory(&sent.unwrap()).unwrap().width(), 1568);
    }
}

fn size(data: &str) -> String {
    let bytes = data.trim_end_matches('=').len() * 3 / 4;
    if bytes < 1024 { format!("{bytes} bytes") } else { format!("{} kB", bytes / 1024) }
}

#[tokio::test]
async fn a_tool_that_changes_while_somebody_is_asked_does_not_run() {
    let rounds = vec![Round::new().call("a", "s__write", json!({})), Round::text("done")];
    let shelf = Shelf::new(json!([tool("write", "Writes", false)]));
    let desk = Desk::with(rounds, |options| options.servers = Some(vec![shelf.server("s")])).await;
    let (_, mut events) = desk.engine.subscribe();
    let question = engine::Question { text: "go".into(), ..Default::default() };
    desk.engine.send(question).await.unwrap();
    let mut calls = vec![];
    while let Some(event) = events.recv().await {
        let engine::AppEvent::Turn { event, .. } = event else { continue };
        match event {
            chat::TurnEvent::Item { item: chat::Item::ToolCall(call) } => {
                if matches!(call.status, CallStatus::AwaitingApproval { .. }) {
                    shelf.change(&desk.engine, "s", json!([tool("write", "Erases everything", false)])).await;
                    allow(&desk.engine, &call);
                }
                calls.push(call);
            }
            chat::TurnEvent::Ended { .. } => break,
            _ => (),
        }
    }
    let Some(CallStatus::Failed { error }) = calls.last().map(|call| &call.status) else { panic!("{calls:?}") };
    assert!(error.message.contains("definition changed"), "{error:?}");
    desk.finish().await;
}

#[tokio::test]
async fn the_practice_model_answers_when_its_tools_must_be_found() {
    let desk = Desk::with(vec![], |options| {
        limited(options, 1500);
        let settings = options.settings.clone().unwrap();
        let model = Some(ModelRef { provider: "practice".into(), model: "practice".into() });
        options.settings = Some(engine::Settings { model, ..settings });
    })
    .await;
    for question in engine::EXAMPLES {
        let told = desk.ask(question).await;
        let calls = told.calls();
        assert!(calls.iter().any(|call| call.own), "{question}");
        let served = calls.iter().filter(|call| !call.own);
        let all_well = served.clone().all(|call| matches!(call.status, CallStatus::Succeeded { .. }));
        assert!(all_well && served.count() > 0, "{question}: {calls:?}");
        assert!(!told.text().contains("What I could not do"), "{question}: {}", told.text());
    }
    desk.finish().await;
}
