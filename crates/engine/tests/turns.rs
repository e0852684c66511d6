//! Whole turns over real HTTP and real processes: what the model does, and what is told of it.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use chat::{CallStatus, Item, Usage};
use common::{Desk, allow, check, fixture};
use engine::Approval;
use serde_json::json;
use testkit::Round;

#[tokio::test]
async fn a_plain_answer() {
    check(vec![Round::text("hello")], "? [says] hello = completed").await;
}

#[tokio::test]
async fn parallel_calls_then_an_answer() {
    let rounds = vec![
        Round::new().call("a", "ticket__search_tickets", json!({ "priority": "critical" })).call(
            "b",
            "customer__lookup_customer",
            json!({ "customer_id": "CUST-001" }),
        ),
        Round::text("done"),
    ];
    let desk = Desk::new(rounds).await;
    let told = desk.ask("hi").await;
    let calls = told.calls();
    assert!(calls.iter().all(|call| matches!(call.status, CallStatus::Succeeded { .. })), "{calls:?}");
    assert!(told.log().ends_with("? [says] done = completed"), "{}", told.log());
    let requests = desk.finish().await;
    // Results go back in the order of the calls, whoever was faster.
    let messages = requests[1]["messages"].as_array().unwrap();
    let ids: Vec<&str> = messages.iter().filter_map(|message| message["tool_call_id"].as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert!(messages[2]["content"].as_str().unwrap().contains("TKT-"));
}

#[tokio::test]
async fn reasoning_is_told_and_not_sent_back() {
    let rounds = vec![
        Round::new().reasoning("hm").say("yes").call("a", "kb__get_article", json!({ "article_id": "KB-001" })),
        Round::text("done"),
    ];
    let desk = Desk::new(rounds).await;
    let told = desk.ask("hi").await;
    assert!(told.log().starts_with("? [says] ~hm~ [says] yes <get_article proposed>"), "{}", told.log());
    let turns = desk.turns(&told.conversation).await;
    assert!(matches!(&turns[0].items[1], Item::Message(m) if m.reasoning == "hm" && m.spoke_at.is_some()));
    let requests = desk.finish().await;
    assert!(!requests[1].to_string().contains("\"hm\""));
}

#[tokio::test]
async fn a_call_outside_the_help_desk_asks_first() {
    let rounds = vec![Round::new().call("a", "fixture__echo", json!({ "text": "x" })), Round::text("done")];
    let desk = Desk::with(rounds, |options| options.servers = Some(vec![fixture("good")])).await;
    let told = desk.ask_in(None, "hi", |engine, told| {
        if let Some(call) = told.waiting() {
            assert_eq!(call.arguments, json!({ "text": "x" }));
            allow(engine, call);
        }
    });
    let told = told.await;
    assert_eq!(told.log(), "? <echo proposed><echo asks><echo runs><echo ok> ? [says] done = completed");
    desk.finish().await;
}

#[tokio::test]
async fn a_refusal_is_told_to_the_model_and_nothing_runs() {
    let rounds = vec![Round::new().call("a", "fixture__echo", json!({ "text": "x" })), Round::text("ok")];
    let desk = Desk::with(rounds, |options| options.servers = Some(vec![fixture("good")])).await;
    let told = desk.ask_in(None, "hi", |engine, told| {
        if let Some(call) = told.waiting() {
            let word = Some("not today".into());
            engine.answer(&call.id, Approval::Refuse { word }).unwrap();
            // A second word comes too late, and is said to.
            assert!(engine.answer(&call.id, Approval::Once).is_err());
        }
    });
    let told = told.await;
    assert_eq!(told.log(), "? <echo proposed><echo asks><echo refused> ? [says] ok = completed");
    let requests = desk.finish().await;
    assert!(requests[1]["messages"].to_string().contains("not today"));
}

#[tokio::test]
async fn unknown_tools_and_broken_arguments_are_answered_without_running_anything() {
    let rounds = vec![
        Round::new()
            .call("a", "nowhere__tool", json!({}))
            .broken_call("b", Some("kb__get_article"), "{\"article_id\": ")
            .broken_call("c", Some("kb__get_article"), "[1]"),
        Round::text("sorry"),
    ];
    check(
        rounds,
        "? <nowhere__tool failed ToolUnknown><get_article failed ArgumentsInvalid>\
         <get_article failed ArgumentsInvalid> ? [says] sorry = completed",
    )
    .await;
}

#[tokio::test]
async fn empty_and_repeated_ids_still_get_one_result_each() {
    let article = json!({ "article_id": "KB-001" });
    let rounds = vec![
        Round::new().call("", "kb__get_article", article.clone()).call("", "kb__get_article", article.clone()),
        Round::new().call("x", "kb__get_article", article.clone()),
        Round::new().call("x", "kb__get_article", article),
        Round::text("done"),
    ];
    let desk = Desk::new(rounds).await;
    let told = desk.ask("hi").await;
    assert_eq!(told.calls().len(), 4);
    assert!(told.log().ends_with("= completed"), "{}", told.log());
    // The script itself checks that every id is there exactly once.
    desk.finish().await;
}

#[tokio::test]
async fn usage_of_all_rounds_adds_up() {
    let rounds = vec![
        Round::new().call("a", "kb__get_article", json!({ "article_id": "KB-001" })).usage(100, 10, 5),
        Round::text("done").usage(200, 20, 50),
    ];
    let desk = Desk::new(rounds).await;
    let told = desk.ask("hi").await;
    assert_eq!(desk.turns(&told.conversation).await[0].usage, Usage { input: 300, output: 30, cached: 55 });
    desk.finish().await;
}

#[tokio::test]
async fn the_round_limit_holds() {
    let call = || Round::new().call("a", "kb__get_article", json!({ "article_id": "KB-001" }));
    let desk = Desk::with(vec![call(), call()], |options| {
        options.settings.as_mut().unwrap().max_rounds = 2;
    });
    let desk = desk.await;
    let told = desk.ask("hi").await;
    assert!(told.log().ends_with("= failed RoundLimit"), "{}", told.log());
    desk.finish().await;
}

#[tokio::test]
async fn the_system_prompt_and_earlier_turns_are_sent() {
    let desk = Desk::with(vec![Round::text("one"), Round::text("two")], |options| {
        options.settings.as_mut().unwrap().system_prompt = "Be brief.".into();
    });
    let desk = desk.await;
    let first = desk.ask("first").await;
    desk.ask_in(Some(first.conversation.clone()), "second", |_, _| ()).await;
    assert_eq!(desk.turns(&first.conversation).await.len(), 2);
    let requests = desk.finish().await;
    let words: Vec<&str> =
        requests[1]["messages"].as_array().unwrap().iter().filter_map(|m| m["content"].as_str()).collect();
    assert_eq!(words, ["Be brief.", "first", "one", "second"]);
    let first_words = &requests[0]["tools"].as_array().unwrap().len();
    assert_eq!(*first_words, 20);
}

#[tokio::test]
async fn what_faces_are_told_adds_up_to_what_is_stored() {
    let rounds = vec![
        Round::new().reasoning("let me see").say("Looking. ").chunks(3).call(
            "a",
            "kb__get_article",
            json!({ "article_id": "KB-001" }),
        ),
        Round::text("All is well, and this is long enough to come in pieces.").chunks(9).usage(5, 5, 0),
    ];
    let desk = Desk::new(rounds).await;
    let (_, mut events) = desk.engine.subscribe();
    let told = desk.ask("hi").await;
    let mut turn = None;
    while turn.is_none() {
        if let Some(engine::AppEvent::TurnStarted { turn: begun, .. }) = events.recv().await {
            turn = Some(begun);
        }
    }
    let mut turn = turn.unwrap();
    for event in &told.events {
        turn.apply(event);
    }
    assert_eq!(desk.turns(&told.conversation).await, [turn]);
    desk.finish().await;
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let desk = Desk::new(vec![Round::text("one"), Round::text("two")]).await;
    let told = desk.ask("What is the first question of this conversation, the one that gives it its title?").await;
    let before = desk.turns(&told.conversation).await;
    let desk = desk.reopen().await;
    let list = desk.engine.conversations();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].title, "What is the first question of this conversation, the one…");
    assert_eq!(desk.turns(&told.conversation).await, before);
    desk.ask_in(Some(told.conversation), "again", |_, _| ()).await;
    desk.finish().await;
}

/// Four calls at once take about as long as one: far less than one after the other.
#[tokio::test]
async fn calls_of_a_round_run_at_the_same_time() {
    let slow = |count: usize| {
        let ids = ["a", "b", "c", "d"];
        ids[..count].iter().fold(Round::new(), |round, id| round.call(id, "fixture__slow", json!({ "ms": 400 })))
    };
    let rounds = vec![slow(1), Round::text("one"), slow(4), Round::text("four")];
    let desk = Desk::with(rounds, |options| {
        options.servers = Some(vec![fixture("good")]);
        options.rules = vec![chat::Rule::AllowAll];
    });
    let desk = desk.await;
    let mut spans = vec![];
    for _ in 0..2 {
        let calls = desk.ask("hi").await.calls();
        let began = calls.iter().filter_map(|call| call.started_at).min().unwrap();
        let ended = calls.iter().filter_map(|call| call.ended_at).max().unwrap();
        spans.push(ended - began);
    }
    assert!(spans[1] < 3 * spans[0], "one call {} ms, four calls {} ms", spans[0], spans[1]);
    desk.finish().await;
}
