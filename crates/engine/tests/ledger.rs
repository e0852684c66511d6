//! The ledger: every call, by whose leave it ran, and what came of it.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use common::shelf::{Shelf, tool};
use common::{Desk, allow};
use engine::{Approval, Face, LedgerDecision, LedgerFilter, LedgerFormat, LedgerOutcome};
use mcp::CallRequest;
use serde_json::{Value, json};
use testkit::Round;
use tokio_util::sync::CancellationToken;

fn files() -> Value {
    json!([tool("write", "Writes a file", false), tool("read", "Reads a file", true)])
}

fn calls(tool: &str, arguments: Value) -> [Round; 2] {
    [Round::new().call("a", &format!("files__{tool}"), arguments), Round::text("done")]
}

async fn desk(rounds: Vec<Round>) -> (Shelf, Desk) {
    let shelf = Shelf::new(files());
    let server = shelf.server("files");
    let desk = Desk::with(rounds, |options| options.servers = Some(vec![server])).await;
    (shelf, desk)
}

#[tokio::test]
async fn every_call_is_kept_with_who_decided_and_outlives_its_conversation() {
    let rounds = [
        calls("write", json!({ "path": "a.txt" })),
        calls("write", json!({ "path": "b.txt" })),
        calls("nothing", json!({})),
    ];
    let (_shelf, desk) = desk(rounds.concat()).await;
    let first = desk.ask_in(None, "go", |engine, told| {
        if let Some(call) = told.waiting() {
            allow(engine, call);
        }
    });
    let first = first.await;
    let second = desk.ask_in(None, "go", |engine, told| {
        if let Some(call) = told.waiting() {
            // It is in the ledger before anybody has answered.
            let word = Some("not today".to_owned());
            engine.answer(&call.id, Approval::Refuse { word }).unwrap();
        }
    });
    second.await;
    desk.ask("go").await;
    desk.engine.remove(&first.conversation).unwrap();

    let page = desk.engine.ledger(&LedgerFilter::default()).await.unwrap();
    assert_eq!((page.total, page.more), (3, false));
    let [unknown, refused, approved] = page.entries.as_slice() else { panic!("{page:?}") };
    assert_eq!((approved.decision, approved.outcome), (LedgerDecision::Approved, LedgerOutcome::Succeeded));
    assert_eq!((approved.face, approved.server.as_str(), approved.tool.as_str()), (Face::Terminal, "files", "write"));
    assert_eq!(approved.arguments, json!({ "path": "a.txt" }));
    assert_eq!(approved.conversation, Some(first.conversation));
    assert_eq!(approved.model.as_ref().map(|model| model.model.as_str()), Some("scripted"));
    assert!(approved.bytes.is_some() && approved.started_at <= approved.ended_at);
    assert_eq!((refused.decision, refused.outcome), (LedgerDecision::Refused, LedgerOutcome::Refused));
    assert_eq!(refused.reason.as_deref(), Some("the user said no: not today"));
    assert_eq!((unknown.decision, unknown.outcome), (LedgerDecision::None, LedgerOutcome::Failed));

    for (filter, found) in [
        (LedgerFilter { server: Some("files".into()), ..Default::default() }, 2),
        (LedgerFilter { text: Some("B.TXT today".into()), ..Default::default() }, 1),
        (LedgerFilter { text: Some("100%_".into()), ..Default::default() }, 0),
        (LedgerFilter { outcome: Some(LedgerOutcome::Succeeded), ..Default::default() }, 1),
        (LedgerFilter { since: Some(u64::MAX), ..Default::default() }, 0),
        (LedgerFilter { before: Some(approved.number), ..Default::default() }, 0),
    ] {
        assert_eq!(desk.engine.ledger(&filter).await.unwrap().entries.len(), found, "{filter:?}");
    }
    desk.finish().await;
}

#[tokio::test]
async fn a_rule_that_decides_is_named_and_calls_by_hand_are_kept_too() {
    let shelf = Shelf::new(files());
    let server = shelf.server("files");
    let desk = Desk::with(calls("read", json!({ "key": "sk-0123456789abcdef0123" })).to_vec(), |options| {
        options.servers = Some(vec![server]);
        options.rules = vec![chat::Rule::AllowTool { server: "files".into(), tool: "read".into() }];
        options.face = Face::Window;
        options.settings.as_mut().unwrap().titles = false;
    });
    let desk = desk.await;
    desk.ask("go").await;
    let request = CallRequest::new("files", "write", serde_json::Map::new());
    desk.engine.call_by_hand(request, |_| (), CancellationToken::new()).await.unwrap();
    let page = desk.engine.ledger(&LedgerFilter::default()).await.unwrap();
    let [by_hand, allowed] = page.entries.as_slice() else { panic!("{page:?}") };
    assert_eq!((by_hand.decision, by_hand.outcome), (LedgerDecision::ByHand, LedgerOutcome::Succeeded));
    assert_eq!((allowed.decision, allowed.face), (LedgerDecision::Allowed, Face::Window));
    assert_eq!(allowed.rule.as_deref(), Some("files · read may run."));
    assert!(!allowed.arguments.to_string().contains("0123456789"), "{}", allowed.arguments);

    let mut lines = vec![];
    let written = desk.engine.export_ledger(&LedgerFilter::default(), LedgerFormat::JsonLines, &mut lines).await;
    assert_eq!(written.unwrap(), 2);
    let lines = String::from_utf8(lines).unwrap();
    let read: Vec<engine::LedgerEntry> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, page.entries);
    let mut table = vec![];
    desk.engine.export_ledger(&LedgerFilter::default(), LedgerFormat::Csv, &mut table).await.unwrap();
    let table = String::from_utf8(table).unwrap();
    assert_eq!(table.lines().count(), 3);
    assert!(table.starts_with("number,at,face,"), "{table}");
    desk.finish().await;
}
