//! Turns that belong to their callers.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use std::time::Duration;

use chat::{ErrorCode, Item, ItemId, Message, Role, TurnEvent, TurnStatus, Usage};
use common::{Desk, fixture};
use engine::{AppEvent, Keep, LedgerFilter, LedgerOutcome, Scope, Visit, Visiting};
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};
use testkit::Round;

fn question(keep: Keep) -> Visit {
    let (text, reasoning, attachments) = ("hi".to_owned(), String::new(), vec![]);
    let (id, role, at) = (ItemId("q".into()), Role::User, 0);
    let asked = Message { id, role, round: 0, text, attachments, reasoning, at, spoke_at: None };
    Visit { keep, items: vec![Item::Message(asked)], ..Visit::default() }
}

/// A question of somebody who waits for the whole answer.
fn patient() -> Visit {
    Visit { whole: true, ..question(Keep::Nothing) }
}

/// What is said to it, with the calls that are made.
async fn told(mut visiting: Visiting) -> (String, Vec<String>, TurnStatus) {
    let (mut said, mut calls) = (String::new(), vec![]);
    loop {
        match visiting.next().await.unwrap() {
            TurnEvent::Text { delta, .. } => said.push_str(&delta),
            TurnEvent::Item { item: Item::ToolCall(call) } if call.status.is_final() => calls.push(call.called),
            TurnEvent::Ended { status, .. } => return (said, calls, status),
            _ => (),
        }
    }
}

async fn ended(mut visiting: Visiting) -> TurnStatus {
    loop {
        if let TurnEvent::Ended { status, .. } = visiting.next().await.unwrap() {
            return status;
        }
    }
}

#[tokio::test]
async fn a_turn_that_cannot_begin_holds_up_nobody() {
    let mut database = None;
    let rounds = ["one", "two"].map(Round::text).to_vec();
    let desk = Desk::with(rounds, |options| database = Some(options.home.database())).await;
    let first = desk.engine.visit(question(Keep::New)).await.unwrap();
    let id = first.conversation.clone().unwrap();
    assert_eq!(ended(first).await, TurnStatus::Completed);
    assert_eq!(desk.turns(&id).await.len(), 1, "it is on the disk");
    // What its model is told cannot be read.
    let options = SqliteConnectOptions::new().filename(database.unwrap());
    let mut beside = SqliteConnection::connect_with(&options).await.unwrap();
    let spoil = "UPDATE conversations SET instructions = CAST(x'ff' AS TEXT)";
    assert_eq!(sqlx::query(spoil).execute(&mut beside).await.unwrap().rows_affected(), 1);
    let refused = desk.engine.visit(question(Keep::In(id.clone()))).await;
    assert_eq!(refused.err().unwrap().code, ErrorCode::StorageFailed);
    sqlx::query("UPDATE conversations SET instructions = NULL").execute(&mut beside).await.unwrap();
    beside.close().await.unwrap();
    let again = desk.engine.visit(question(Keep::In(id.clone()))).await.unwrap();
    assert_eq!(ended(again).await, TurnStatus::Completed);
    assert_eq!(desk.turns(&id).await.len(), 2);
    assert_eq!(desk.finish().await.len(), 2);
}

#[tokio::test]
async fn whoever_is_gone_before_it_has_begun_stops_it() {
    let desk = Desk::new(vec![]).await;
    let (_, mut events) = desk.engine.subscribe();
    let mut asking = Box::pin(desk.engine.visit(question(Keep::New)));
    // It is asked for, and given up at once.
    assert!(futures::poll!(&mut asking).is_pending());
    drop(asking);
    let id = loop {
        if let engine::AppEvent::Turn { conversation, event: TurnEvent::Ended { status, .. }, .. } =
            events.recv().await.unwrap()
        {
            assert_eq!(status, TurnStatus::Stopped);
            break conversation;
        }
    };
    assert_eq!(desk.turns(&id).await[0].status, TurnStatus::Stopped);
    desk.finish().await;
}

#[tokio::test]
async fn who_waits_for_the_whole_asks_for_the_whole() {
    let search = json!({ "priority": "critical" });
    let calls = Round::new()
        .reasoning("Both.")
        .broken_call("", Some("ticket__search_tickets"), &search.to_string())
        .broken_call("", Some("customer__list_customers"), "");
    let desk = Desk::new(vec![calls, Round::text("<think>So.</think>Three.").usage(100, 20, 5)]).await;
    let visiting = desk.engine.visit(patient()).await.unwrap();
    let turn = visiting.turn.clone();
    let (said, calls, status) = told(visiting).await;
    assert_eq!((said.as_str(), status), ("Three.", TurnStatus::Completed));
    assert_eq!(calls.len(), 2, "{calls:?}");
    let exchanges = desk.engine.model_exchanges(&turn);
    assert_eq!(exchanges[1].usage, Some(Usage { input: 100, output: 20, cached: 5 }));
    assert!(exchanges[1].response.contains("Three.") && exchanges[1].ended_at.is_some(), "{:?}", exchanges[1]);
    let requests = desk.finish().await;
    assert!(requests.iter().all(|request| request["stream"] == json!(false)), "{requests:?}");
    assert!(requests.iter().all(|request| request.get("stream_options").is_none()), "{requests:?}");
}

#[tokio::test]
async fn others_read_along_in_what_is_kept() {
    let desk = Desk::new(vec![Round::text("hello")]).await;
    let visiting = desk.engine.visit(Visit { whole: true, ..question(Keep::New) }).await.unwrap();
    assert_eq!(told(visiting).await.0, "hello");
    assert_eq!(desk.finish().await[0]["stream"], json!(true));
}

#[tokio::test]
async fn where_no_whole_answer_comes_it_is_asked_for_in_pieces() {
    let only_streams = json!({ "error": { "message": "This model only supports stream mode." } });
    let no_answer = json!({ "id": "x", "choices": [] });
    // What breaks off may do so for any reason; who said that it cannot is not asked again.
    let firsts =
        [(Round::new().cut(), false), (Round::error(400, only_streams), true), (Round::error(200, no_answer), true)];
    for (first, remembered) in firsts {
        let desk = Desk::new(vec![first, Round::text("there"), Round::text("there")]).await;
        for _ in 0..2 {
            let (said, _, status) = told(desk.engine.visit(patient()).await.unwrap()).await;
            assert_eq!((said.as_str(), status), ("there", TurnStatus::Completed));
        }
        let streamed: Vec<bool> = desk.finish().await.iter().map(|request| request["stream"] == json!(true)).collect();
        assert_eq!(streamed, [false, true, remembered]);
    }
}

#[tokio::test]
async fn what_fails_whole_fails_as_it_would_in_pieces() {
    let broke = json!({ "error": { "message": "no credit", "code": "insufficient_quota" } });
    let rounds = [
        (Round::error(200, broke), ErrorCode::QuotaExhausted),
        (Round::unauthorized(), ErrorCode::KeyRejected),
        (Round::text("So far").finish("length"), ErrorCode::AnswerTooLong),
    ];
    for (round, code) in rounds {
        let desk = Desk::new(vec![round]).await;
        let (_, _, status) = told(desk.engine.visit(patient()).await.unwrap()).await;
        assert!(matches!(&status, TurnStatus::Failed { error } if error.code == code), "{code:?}: {status:?}");
        desk.finish().await;
    }
}

#[tokio::test]
async fn what_a_patient_caller_leaves_behind_comes_to_its_end() {
    let echo = Round::new().call("a", "fixture__echo", json!({ "text": "x" }));
    let desk = Desk::with(vec![echo], |options| options.servers = Some(vec![fixture("good")])).await;
    desk.engine.servers_settled(Duration::from_secs(60)).await;
    let (_, mut events) = desk.engine.subscribe();
    let scope = Scope { patience: Some(Duration::from_secs(600)), ..Scope::default() };
    let mut visiting = desk.engine.visit(Visit { scope, ..patient() }).await.unwrap();
    let waits = async {
        while !matches!(events.recv().await.unwrap(), AppEvent::VisitorCalls { calls, .. } if !calls.is_empty()) {}
    };
    tokio::select! {
        event = visiting.next() => panic!("{event:?} was told before anybody answered"),
        () = waits => (),
    }
    drop(visiting);
    let desk = desk.reopen().await;
    let page = desk.engine.ledger(&LedgerFilter::default()).await.unwrap();
    assert_eq!(page.entries.iter().map(|it| it.outcome).collect::<Vec<_>>(), [LedgerOutcome::Refused]);
    desk.finish().await;
}
