//! Models that get calls nearly right: understood where there is one meaning, and never silently where it matters.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use chat::{CallStatus, Item, Rule, ToolCall};
use common::{Desk, allow, fixture};
use serde_json::json;
use testkit::Round;

const ARTICLE: &str = r#"{"name": "kb__get_article", "arguments": {"article_id": "KB-001"}}"#;

/// Plays a first round, then an end; answers the calls it led to, what was kept of its words, and the next request.
async fn played(first: Round) -> (Vec<ToolCall>, String, serde_json::Value) {
    let desk = Desk::new(vec![first, Round::text("done")]).await;
    let told = desk.ask("hi").await;
    let turn = desk.turns(&told.conversation).await.remove(0);
    let text = turn.items.iter().find_map(|item| match item {
        Item::Message(message) if message.round == 1 => Some(message.text.clone()),
        Item::Message(_) | Item::ToolCall(_) | Item::Question(_) => None,
    });
    let requests = desk.finish().await;
    (told.calls(), text.unwrap_or_default(), requests.last().unwrap()["messages"].clone())
}

fn succeeded(call: &ToolCall) -> bool {
    matches!(call.status, CallStatus::Succeeded { .. })
}

#[tokio::test]
async fn calls_written_as_text_run_where_they_only_read() {
    for text in [
        format!("<tool_call>{ARTICLE}</tool_call>"),
        format!("[TOOL_REQUEST]{ARTICLE}[END_TOOL_REQUEST]"),
        format!("```json\n{ARTICLE}\n```"),
        ARTICLE.to_owned(),
    ] {
        let (calls, said, messages) = played(Round::text(&text)).await;
        let [call] = calls.as_slice() else { panic!("{text}: {calls:?}") };
        assert!(succeeded(call) && call.mended.is_some(), "{text}: {call:?}");
        assert_eq!((said.as_str(), call.tool.as_str()), ("", "get_article"));
        // The model reads it as if it had called in the way that was offered.
        assert_eq!(messages[1]["tool_calls"][0]["function"]["name"], "kb__get_article");
        assert_eq!(messages[2]["tool_call_id"], messages[1]["tool_calls"][0]["id"]);
    }
}

#[tokio::test]
async fn what_was_said_besides_stays() {
    let (calls, said, _) =
        played(Round::new().say("I look it up.\n<tool").say(&format!("_call>{ARTICLE}</tool_call>"))).await;
    assert_eq!((calls.len(), said.as_str()), (1, "I look it up."));
}

#[tokio::test]
async fn a_written_call_that_changes_something_asks_even_where_all_is_allowed() {
    let text = r#"<tool_call>{"name": "fixture__echo", "arguments": {"text": "x"}}</tool_call>"#;
    let rounds = vec![Round::text(text), Round::text("done")];
    let desk = Desk::with(rounds, |options| {
        options.servers = Some(vec![fixture("good")]);
        options.rules = vec![Rule::AllowAll];
    });
    let desk = desk.await;
    let mut reason = String::new();
    let told = desk.ask_in(None, "hi", |engine, told| {
        if let Some(call) = told.waiting() {
            if let CallStatus::AwaitingApproval { reason: why, .. } = &call.status {
                reason.clone_from(why);
            }
            allow(engine, call);
        }
    });
    let calls = told.await.calls();
    assert!(succeeded(&calls[0]) && reason.contains("wrote this call into its text"), "{reason} {calls:?}");
    desk.finish().await;
}

#[tokio::test]
async fn broken_arguments_are_mended_only_where_they_have_one_meaning() {
    let mended = r#"{"article_id": "KB-001","#;
    let (calls, ..) = played(Round::new().broken_call("a", Some("kb__get_article"), mended)).await;
    assert!(succeeded(&calls[0]) && calls[0].mended.is_some(), "{calls:?}");
    assert_eq!(calls[0].arguments, json!({ "article_id": "KB-001" }));
    let (calls, ..) = played(Round::new().broken_call("a", Some("kb__get_article"), r#"{"article_id": "KB-0"#)).await;
    assert!(matches!(calls[0].status, CallStatus::Failed { .. }) && calls[0].mended.is_none(), "{calls:?}");
}

#[tokio::test]
async fn what_cannot_be_understood_is_shown_and_told_to_the_model() {
    let (calls, _, messages) = played(Round::text("<tool_call>just look it up</tool_call>")).await;
    assert!(matches!(calls[0].status, CallStatus::Failed { .. }), "{calls:?}");
    assert!(messages.to_string().contains("There is no tool called unnamed"), "{messages}");
    let (calls, _, messages) = played(Round::text(r#"[TOOL_REQUEST]{"name":"nowhere"}[END_TOOL_REQUEST]"#)).await;
    assert_eq!(calls[0].called, "nowhere");
    assert!(messages.to_string().contains("There is no tool called nowhere"), "{messages}");
}

#[tokio::test]
async fn an_answer_in_json_is_an_answer() {
    for text in [r#"{"name": "Ann", "arguments": {"age": 7}}"#, "Write `<tool_call>` like that."] {
        let desk = Desk::new(vec![Round::text(text)]).await;
        let told = desk.ask("hi").await;
        assert_eq!((told.calls().len(), told.text().as_str()), (0, text));
        desk.finish().await;
    }
}

#[tokio::test]
async fn calls_without_a_name_are_said_to_be_left_out() {
    let desk = Desk::new(vec![Round::new().broken_call("a", None, "{}")]).await;
    let told = desk.ask("hi").await;
    assert!(told.log().contains("without naming a tool"), "{}", told.log());
    desk.finish().await;
}
