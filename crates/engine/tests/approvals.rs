//! What a person does with single calls: change what is sent, cancel one, run it again, make rules.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use chat::{CallStatus, Effect, ErrorCode, Item, LeaveBy, Level, ToolCall, TurnEvent};
use common::{Desk, Told, fixture};
use engine::{Approval, LedgerFilter, NewRule, Verdict};
use serde_json::{Value, json};
use testkit::Round;

async fn desk(rounds: Vec<Round>) -> Desk {
    Desk::with(rounds, |options| options.servers = Some(vec![fixture("good")])).await
}

fn echo(text: &str) -> [Round; 2] {
    [Round::new().call("a", "fixture__echo", json!({ "text": text })), Round::text("done")]
}

fn output(call: &ToolCall) -> &str {
    match &call.status {
        CallStatus::Succeeded { output } => &output.model_text,
        other => panic!("no result: {other:?}"),
    }
}

fn rule(effect: Effect, tool: Option<&str>) -> NewRule {
    let (server, tool) = ("fixture".to_owned(), tool.map(str::to_owned));
    NewRule { effect, server, tool, arguments: Default::default(), conversation: None, standing: false }
}

/// A rule about calls of `echo` whose text fits.
fn about(effect: Effect, pattern: &str) -> NewRule {
    NewRule { arguments: [("text".to_owned(), pattern.to_owned())].into(), ..rule(effect, Some("echo")) }
}

#[tokio::test]
async fn what_was_proposed_approved_and_sent_are_kept_apart() {
    let desk = desk(echo("mine").to_vec()).await;
    let told = desk.ask_in(None, "go", |engine, told| {
        if let Some(call) = told.waiting() {
            let with = |arguments: Value| engine.answer(&call.id, Approval::With { arguments });
            assert_eq!(with(json!("text")).unwrap_err().code, ErrorCode::ArgumentsInvalid);
            with(json!({ "text": "yours" })).unwrap();
        }
    });
    let told = told.await;
    let kept = desk.turns(&told.conversation).await;
    let call = kept[0].calls().next().unwrap();
    assert_eq!(output(call), "yours");
    assert_eq!(call.arguments, json!({ "text": "mine" }), "what the model proposed stays");
    let leave = call.leave.as_ref().unwrap();
    assert_eq!(leave.by, LeaveBy::Person);
    assert_eq!((&leave.approved, &leave.sent), (&Some(json!({ "text": "yours" })), &Some(json!({ "text": "yours" }))));
    let ledger = desk.engine.ledger(&LedgerFilter::default()).await.unwrap();
    let entry = &ledger.entries[0];
    assert_eq!((&entry.arguments, &entry.proposed), (&json!({ "text": "yours" }), &Some(json!({ "text": "mine" }))));
    let requests = desk.finish().await;
    let messages = requests[1]["messages"].as_array().unwrap();
    let [asked, result] = &messages[messages.len() - 2..] else { panic!("{messages:?}") };
    assert_eq!(asked["tool_calls"][0]["function"]["arguments"], r#"{"text":"mine"}"#);
    let result = result["content"].as_str().unwrap();
    assert!(result.contains(r#"changed the arguments before it ran, to {"text":"yours"}"#), "{result}");
}

#[tokio::test]
async fn one_running_call_is_cancelled_and_the_turn_goes_on() {
    let both = Round::new().call("a", "fixture__slow", json!({ "ms": 60_000 })).call(
        "b",
        "fixture__echo",
        json!({ "text": "hi" }),
    );
    let desk = desk(vec![both, Round::text("done")]).await;
    desk.engine.servers_settled(std::time::Duration::from_secs(60)).await;
    desk.engine.add_rule(rule(Effect::Allow, Some("slow"))).unwrap();
    desk.engine.add_rule(rule(Effect::Allow, Some("echo"))).unwrap();
    let told = desk.ask_in(None, "go", |engine, told: &Told| {
        let ended = |call: &ToolCall| call.tool == "echo" && matches!(call.status, CallStatus::Succeeded { .. });
        if let Some(TurnEvent::Item { item: Item::ToolCall(call) }) = told.events.last()
            && ended(call)
        {
            let slow = &told.calls()[0].id;
            engine.cancel_call(slow).unwrap();
            assert_eq!(engine.cancel_call(slow).unwrap_err().code, ErrorCode::NotFound);
        }
    });
    let told = told.await;
    assert!(told.log().ends_with("[says] done = completed"), "{}", told.log());
    let calls = told.calls();
    assert!(matches!(&calls[0].status, CallStatus::Failed { error } if error.message == "You cancelled the call."));
    assert!(matches!(&calls[0].leave.as_ref().unwrap().by, LeaveBy::Rule { rule: Some(_), .. }));
    desk.finish().await;
}

#[tokio::test]
async fn a_call_runs_again_by_a_click_unless_a_rule_is_against_it() {
    let desk = desk(echo("hi").to_vec()).await;
    let told = desk.ask_in(None, "go", |engine, told| {
        if let Some(call) = told.waiting() {
            common::allow(engine, call);
        }
    });
    let told = told.await;
    let call = &told.calls()[0];
    let again = desk.engine.run_again(&told.conversation, &call.id).await.unwrap();
    assert_eq!(output(&again), "hi");
    assert_ne!(again.id, call.id);
    assert_eq!(desk.turns(&told.conversation).await[0].calls().count(), 1, "the conversation stays as it was");
    desk.engine.add_rule(rule(Effect::Deny, None)).unwrap();
    let refused = desk.engine.run_again(&told.conversation, &call.id).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidInput);
    desk.finish().await;
}

#[tokio::test]
async fn rules_are_looked_at_in_order() {
    let desk = desk(vec![]).await;
    desk.engine.servers_settled(std::time::Duration::from_secs(60)).await;
    let explain = |text: &str| {
        let explained = desk.engine.explain("fixture", "echo", json!({ "text": text }), None).unwrap();
        (explained.verdict, explained.level)
    };
    let put = |rule: NewRule| desk.engine.add_rule(rule).unwrap();
    let standing = |effect, tool| NewRule { standing: true, ..rule(effect, tool) };
    assert_eq!(explain("x"), (Verdict::Ask, Level::Default));
    put(standing(Effect::Deny, None));
    assert_eq!(explain("x"), (Verdict::Deny, Level::Server));
    put(standing(Effect::Allow, Some("echo")));
    assert_eq!(explain("x"), (Verdict::Allow, Level::Tool));
    put(about(Effect::Ask, "*.md"));
    assert_eq!(explain("a.md"), (Verdict::Ask, Level::Rule));
    put(about(Effect::Deny, "/etc/*"));
    assert_eq!(explain("/etc/a.md"), (Verdict::Deny, Level::Rule));
    let own = format!("{}/permissions.json", desk.engine.subscribe().0.home);
    put(rule(Effect::Allow, Some("echo")));
    assert_eq!(explain(&own), (Verdict::Deny, Level::BuiltIn));
    let levels: Vec<Level> = desk.engine.rules().iter().map(|rule| rule.level).collect();
    assert!(levels.is_sorted(), "{levels:?}");
    // Another word on the same thing takes the place of the one before.
    put(standing(Effect::Ask, Some("echo")));
    assert_eq!(explain("x"), (Verdict::Ask, Level::Tool), "what was allowed of it is gone");
    assert!(desk.engine.add_rule(rule(Effect::Allow, None)).is_err(), "nobody looks at a whole server");
    assert!(desk.engine.add_rule(rule(Effect::Allow, Some("none"))).is_err());
    desk.finish().await;
}

#[tokio::test]
async fn a_rule_against_a_waiting_call_refuses_it() {
    let desk = desk(echo("secret").to_vec()).await;
    let told = desk.ask_in(None, "go", |engine, told| {
        if let Some(call) = told.waiting() {
            let arguments = json!({ "text": "secret!" });
            engine.add_rule(about(Effect::Deny, "secret*!")).unwrap();
            let refused = engine.answer(&call.id, Approval::With { arguments }).unwrap_err();
            assert_eq!(refused.code, ErrorCode::InvalidInput, "a rule holds for changed arguments, too");
            engine.add_rule(about(Effect::Deny, "secret*")).unwrap();
        }
    });
    assert!(told.await.log().contains("<echo refused>"));
    desk.finish().await;
}
