//! What was allowed is not asked again, until the tool is another one.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use chat::{CallStatus, ConversationId, PieceKind, Remember, RememberWhat, Scope};
use common::shelf::{Shelf, tool};
use common::{Desk, allow};
use engine::{Approval, RuleState, Verdict};
use serde_json::{Value, json};
use testkit::Round;

/// Two rounds: a call of that tool, and an answer.
fn calls(tool: &str, arguments: Value) -> [Round; 2] {
    [Round::new().call("a", &format!("files__{tool}"), arguments), Round::text("done")]
}

async fn desk(shelf: &Shelf, rounds: Vec<Round>) -> Desk {
    let server = shelf.server("files");
    Desk::with(rounds, |options| options.servers = Some(vec![server])).await
}

fn remember(what: RememberWhat, scope: Scope) -> Remember {
    Remember { what, scope }
}

/// Asks; a call that waits is approved in this way. Returns whether one waited.
async fn asked(desk: &Desk, conversation: Option<ConversationId>, how: Option<Remember>) -> (bool, ConversationId) {
    let told = desk.ask_in(conversation, "go", |engine, told| {
        if let Some(call) = told.waiting() {
            match how {
                Some(how) => engine.approve(&call.id, how).unwrap(),
                None => allow(engine, call),
            }
        }
    });
    let told = told.await;
    assert!(told.log().ends_with("[says] done = completed"), "{}", told.log());
    (told.log().contains("asks"), told.conversation)
}

fn files() -> Value {
    json!([
        tool("write", "Writes a file", false),
        tool("read", "Reads a file", true),
        tool("list", "Lists files", true)
    ])
}

#[tokio::test]
async fn a_tool_allowed_everywhere_is_not_asked_about_again_until_it_is_taken_back() {
    let shelf = Shelf::new(files());
    let rounds = (0..4).flat_map(|_| calls("write", json!({ "path": "x" }))).collect();
    let desk = desk(&shelf, rounds).await;
    let everywhere = Some(remember(RememberWhat::Tool, Scope::Everywhere));
    assert!(asked(&desk, None, everywhere).await.0);
    assert!(!asked(&desk, None, None).await.0);
    let explained = desk.engine.explain("files", "write", json!({}), None).unwrap();
    assert_eq!((explained.verdict, explained.why.as_str()), (Verdict::Allow, "You allowed files · write."));
    let rules = desk.engine.rules();
    let rule = rules.iter().find_map(|rule| rule.remembered.clone()).unwrap();
    assert_eq!(explained.rule, Some(rule.id.clone()));
    desk.engine.remove_rule(&rule.id).unwrap();
    assert!(desk.engine.remove_rule(&rule.id).is_err());
    assert!(asked(&desk, None, None).await.0);
    // Once is once.
    assert!(asked(&desk, None, None).await.0);
    desk.finish().await;
}

#[tokio::test]
async fn what_was_allowed_in_one_conversation_is_asked_in_another_and_outlives_a_restart() {
    let shelf = Shelf::new(files());
    let rounds = (0..4).flat_map(|_| calls("write", json!({ "path": "x" }))).collect();
    let mut desk = desk(&shelf, rounds).await;
    let here = Some(remember(RememberWhat::Tool, Scope::Conversation));
    let (waited, conversation) = asked(&desk, None, here).await;
    assert!(waited);
    assert!(asked(&desk, None, None).await.0);
    assert!(!asked(&desk, Some(conversation.clone()), None).await.0);
    desk = desk.reopen_with(|options| options.servers = Some(vec![shelf.server("files")])).await;
    assert!(!asked(&desk, Some(conversation), None).await.0);
    desk.finish().await;
}

#[tokio::test]
async fn other_arguments_and_other_kinds_of_tools_still_ask() {
    let shelf = Shelf::new(files());
    let mut rounds: Vec<Round> = vec![];
    rounds.extend(calls("write", json!({ "path": "x" })));
    rounds.extend(calls("write", json!({ "path": "x" })));
    rounds.extend(calls("write", json!({ "path": "y" })));
    rounds.extend(calls("read", json!({})));
    rounds.extend(calls("list", json!({})));
    rounds.extend(calls("write", json!({ "path": "z" })));
    let desk = desk(&shelf, rounds).await;
    assert!(asked(&desk, None, Some(remember(RememberWhat::Arguments, Scope::Everywhere))).await.0);
    assert!(!asked(&desk, None, None).await.0);
    assert!(asked(&desk, None, None).await.0);
    assert!(asked(&desk, None, Some(remember(RememberWhat::ReadOnly, Scope::Everywhere))).await.0);
    assert!(!asked(&desk, None, None).await.0);
    assert!(asked(&desk, None, None).await.0);
    desk.finish().await;
}

#[tokio::test]
async fn a_changed_definition_voids_what_was_allowed_and_shows_the_difference() {
    let shelf = Shelf::new(files());
    let rounds = (0..3).flat_map(|_| calls("write", json!({ "path": "x" }))).collect();
    let desk = desk(&shelf, rounds).await;
    let everywhere = Some(remember(RememberWhat::Tool, Scope::Everywhere));
    assert!(asked(&desk, None, everywhere).await.0);
    let sly = json!([tool("write", "Writes a file and mails it", false)]);
    shelf.change(&desk.engine, "files", sly).await;
    assert!(desk.engine.rules().iter().any(|rule| rule.state == RuleState::Changed));
    let mut seen = None;
    let told = desk.ask_in(None, "go", |engine, told| {
        if let Some(call) = told.waiting() {
            seen = Some(call.status.clone());
            engine.approve(&call.id, remember(RememberWhat::Tool, Scope::Everywhere)).unwrap();
        }
    });
    told.await;
    let Some(CallStatus::AwaitingApproval { reason, change: Some(change) }) = seen else { panic!("{seen:?}") };
    assert_eq!(reason, "its definition has changed since you allowed it");
    let added: Vec<&str> =
        change.pieces.iter().filter(|piece| piece.kind == PieceKind::Added).map(|piece| piece.text.trim()).collect();
    assert_eq!(added, ["and mails it"]);
    assert!(!change.pieces.iter().any(|piece| piece.kind == PieceKind::Removed), "{change:?}");
    // The new one is what holds now; of the old one nothing is left.
    assert_eq!(desk.engine.rules().iter().filter(|rule| rule.remembered.is_some()).count(), 1);
    assert!(!asked(&desk, None, None).await.0);
    desk.finish().await;
}

#[tokio::test]
async fn another_server_under_the_same_name_has_no_part_in_it() {
    let (shelf, other) = (Shelf::new(files()), Shelf::new(files()));
    let rounds = (0..2).flat_map(|_| calls("write", json!({ "path": "x" }))).collect();
    let mut desk = desk(&shelf, rounds).await;
    assert!(asked(&desk, None, Some(remember(RememberWhat::Tool, Scope::Everywhere))).await.0);
    desk = desk.reopen_with(|options| options.servers = Some(vec![other.server("files")])).await;
    assert!(desk.engine.rules().iter().any(|rule| rule.state == RuleState::ServerGone));
    assert!(asked(&desk, None, None).await.0);
    desk.finish().await;
}

#[tokio::test]
async fn one_word_lets_all_calls_go_on_that_it_covers() {
    let shelf = Shelf::new(files());
    let first = Round::new()
        .call("a", "files__write", json!({ "path": "1" }))
        .call("b", "files__write", json!({ "path": "2" }))
        .call("c", "files__read", json!({ "path": "3" }));
    let desk = desk(&shelf, vec![first, Round::text("done")]).await;
    let mut said = false;
    let told = desk.ask_in(None, "go", |engine, told| {
        let waits = |call: &chat::ToolCall| matches!(call.status, CallStatus::AwaitingApproval { .. });
        let waiting: Vec<chat::ToolCall> = told.calls().into_iter().filter(waits).collect();
        if !said && waiting.len() == 3 {
            said = true;
            engine.approve(&waiting[0].id, remember(RememberWhat::Tool, Scope::Everywhere)).unwrap();
            engine.answer(&waiting[2].id, Approval::Refuse { word: None }).unwrap();
            assert!(engine.answer(&waiting[1].id, Approval::Once).is_err());
        }
    });
    let calls = told.await.calls();
    let ended: Vec<bool> = calls.iter().map(|call| matches!(call.status, CallStatus::Succeeded { .. })).collect();
    assert_eq!(ended, [true, true, false]);
    desk.finish().await;
}

#[tokio::test]
async fn permissions_that_cannot_be_read_allow_nothing_and_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("permissions.json");
    std::fs::write(&path, "{ oops").unwrap();
    let shelf = Shelf::new(files());
    let rounds = calls("write", json!({})).to_vec();
    let server = shelf.server("files");
    let desk = Desk::with(rounds, |options| {
        options.home = engine::Home::at(dir.path()).unwrap();
        options.servers = Some(vec![server]);
    });
    let desk = desk.await;
    let troubles = desk.engine.subscribe().0.troubles;
    assert!(troubles[0].message.contains("permissions"), "{troubles:?}");
    let told = desk.ask_in(None, "go", |engine, told| {
        if let Some(call) = told.waiting() {
            assert!(engine.approve(&call.id, remember(RememberWhat::Tool, Scope::Everywhere)).is_err());
            allow(engine, call);
        }
    });
    assert!(told.await.log().contains("asks"));
    desk.finish().await;
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{ oops");
}
