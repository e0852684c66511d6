//! A call that is refused for want of a sign-in waits for it, and goes on by itself.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use std::time::Duration;

use chat::{Answer, Ask, ErrorCode, Item, Question, QuestionStatus, Rule, TurnEvent};
use common::{Desk, Told};
use engine::Engine;
use mcp::{ServerConfig, Transport};
use serde_json::{Value, json};
use testkit::{Conduct, Round, SignInServer, browse};

/// A person clicks, and says yes in the browser.
async fn sign_in(engine: &Engine) {
    let report = |step: chat::SignInStep| {
        if let Some(link) = step.link {
            tokio::spawn(async move { browse(&link).await });
        }
    };
    engine.sign_in("box", None, report).await.unwrap();
}

/// A turn in which the model calls the tool so often at once; somebody is signed in.
async fn desk(there: &SignInServer, calls: &[&str]) -> Desk {
    let transport = Transport::Http { url: there.url(), headers: Default::default() };
    let server =
        ServerConfig { auth: Some(json!({ "oauth": { "scopes": ["read"] } })), ..ServerConfig::new("box", transport) };
    let called = calls.iter().fold(Round::new(), |round, id| round.call(id, "box__whoami", json!({})));
    let desk = Desk::with(vec![called, Round::text("done")], |options| {
        options.servers = Some(vec![server]);
        options.rules = vec![Rule::AllowAll];
    })
    .await;
    desk.engine.servers_settled(Duration::from_secs(60)).await;
    sign_in(&desk.engine).await;
    desk
}

fn asked(told: &Told) -> Option<&Question> {
    match told.events.last() {
        Some(TurnEvent::Item { item: Item::Question(question) }) if question.status == QuestionStatus::Waiting => {
            Some(question)
        }
        _ => None,
    }
}

#[tokio::test]
async fn one_sign_in_resumes_every_call_that_waits_for_it() {
    let there = SignInServer::start(Conduct::default()).await;
    let desk = desk(&there, &["a", "b"]).await;
    there.change(|conduct| conduct.refuses_refresh = true);
    there.expire();
    let mut waiting = 0;
    let told = desk.ask_in(None, "hi", |engine, told| {
        if asked(told).is_some() {
            waiting += 1;
            if waiting == 2 {
                let engine = engine.clone();
                tokio::spawn(async move { sign_in(&engine).await });
            }
        }
    });
    let told = told.await;
    assert!(told.log().ends_with("= completed"), "{}", told.log());
    assert_eq!(told.log().matches("(accepted)").count(), 2, "{}", told.log());
    assert_eq!(told.log().matches("<whoami ok>").count(), 2, "{}", told.log());
    let seen = there.seen();
    assert_eq!((seen.calls, seen.authorizations.len()), (2, 2), "each call was made once, after one more sign-in");
    desk.finish().await;
}

#[tokio::test]
async fn more_rights_are_asked_for_by_name_and_added_to_those_there_are() {
    let there = SignInServer::start(Conduct::default()).await;
    let desk = desk(&there, &["a"]).await;
    there.change(|conduct| conduct.call_needs = Some("write"));
    let mut wanted = None;
    let told = desk.ask_in(None, "hi", |engine, told| {
        if let Some(question) = asked(told) {
            wanted = Some(question.ask.clone());
            let engine = engine.clone();
            tokio::spawn(async move { sign_in(&engine).await });
        }
    });
    let told = told.await;
    assert!(told.log().ends_with("= completed"), "{}", told.log());
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let expected = Ask::SignIn {
        tool: "whoami".into(),
        account: Some("default".into()),
        more: words(&["write"]),
        rights: words(&["read"]),
    };
    assert_eq!(wanted, Some(expected));
    assert_eq!(there.seen().authorizations.last().unwrap()["scope"], "read write");
    desk.finish().await;
}

#[tokio::test]
async fn a_no_fails_the_call_with_what_it_lacks() {
    let there = SignInServer::start(Conduct { call_needs: Some("write"), ..Conduct::default() }).await;
    let desk = desk(&there, &["a"]).await;
    let told = desk.ask_in(None, "hi", |engine, told| {
        if let Some(question) = asked(told) {
            engine.answer_question(&question.id, Answer::Decline).unwrap();
        }
    });
    let told = told.await;
    assert!(told.log().contains("(asked) (declined) <whoami failed SignInRequired>"), "{}", told.log());
    let chat::CallStatus::Failed { error } = &told.calls()[0].status else { panic!("it has failed") };
    assert_eq!(error.code, ErrorCode::SignInRequired);
    assert!(error.message.contains("more rights for this: write"), "{}", error.message);
    let requests: Vec<Value> = desk.finish().await;
    assert!(requests[1]["messages"].to_string().contains("more rights"), "the model is told as well");
}
