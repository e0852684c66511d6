//! Turns that belong to their callers.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use chat::{ErrorCode, Item, ItemId, Message, Role, TurnEvent, TurnStatus};
use common::Desk;
use engine::{Keep, Visit, Visiting};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};
use testkit::Round;

fn question(keep: Keep) -> Visit {
    let (text, reasoning, attachments) = ("hi".to_owned(), String::new(), vec![]);
    let (id, role, at) = (ItemId("q".into()), Role::User, 0);
    let asked = Message { id, role, round: 0, text, attachments, reasoning, at, spoke_at: None };
    Visit { keep, items: vec![Item::Message(asked)], ..Visit::default() }
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
