//! Turns that go wrong: at the provider, on the way, or because a person stops them.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use chat::{CallStatus, ErrorCode, Item, TurnEvent, TurnStatus};
use common::{Desk, Told, check, fixture};
use engine::Engine;
use serde_json::json;
use testkit::Round;

#[tokio::test]
async fn errors_that_stay_are_said_at_once() {
    check(vec![Round::unauthorized()], "? = failed KeyRejected").await;
    check(vec![Round::no_quota()], "? = failed QuotaExhausted").await;
    check(vec![Round::too_long()], "? = failed ContextOverflow").await;
}

#[tokio::test]
async fn errors_that_pass_are_tried_again() {
    check(vec![Round::crashed(), Round::text("ok")], "? (again: ProviderFailed) [says] ok = completed").await;
    check(vec![Round::rate_limited(0), Round::text("ok")], "? (again: RateLimited) [says] ok = completed").await;
    check(vec![Round::new().cut(), Round::text("ok")], "? (again: AnswerCut) [says] ok = completed").await;
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_left_to_the_person() {
    check(vec![Round::rate_limited(3600)], "? = failed RateLimited").await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_keeps_what_arrived_and_is_not_asked_again() {
    let desk = Desk::new(vec![Round::new().say("half").cut()]).await;
    let told = desk.ask("hi").await;
    assert_eq!(told.log(), "? [says] half = failed AnswerCut");
    let turns = desk.turns(&told.conversation).await;
    assert!(matches!(&turns[0].items[1], Item::Message(message) if message.text == "half"));
    desk.finish().await;
}

#[tokio::test]
async fn an_answer_that_reached_its_longest_length_did_not_break_off() {
    let cut_short = Round::new().say("half <thi").call("a", "kb__get_article", json!({})).finish("length");
    let desk = Desk::new(vec![cut_short]).await;
    let told = desk.ask("hi").await;
    // Words held back for what they might begin are said; a call that may not be whole is not made.
    assert_eq!(told.log(), "? [says] half  <thi = failed AnswerTooLong");
    desk.finish().await;
}

#[tokio::test]
async fn an_error_inside_a_stream_is_an_error() {
    let overflow = json!({ "message": "Trying to keep the first 5000 tokens when context the overflows" });
    check(vec![Round::new().say("well").fail(overflow)], "? [says] well = failed ContextOverflow").await;
}

#[tokio::test]
async fn an_address_that_is_no_provider_is_said_to_be_none() {
    let page = Round::new().raw("<!doctype html><title>Hello</title>");
    let desk = Desk::new(vec![page]).await;
    let told = desk.ask("hi").await;
    assert!(matches!(told.status(), TurnStatus::Failed { .. }), "{}", told.log());
    desk.engine.shut_down().await;
}

#[tokio::test]
async fn nobody_at_the_address() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let desk = Desk::with(vec![], |options| {
        options.settings.as_mut().unwrap().custom_base_url = format!("http://127.0.0.1:{port}/v1");
    });
    let desk = desk.await;
    let told = desk.ask("hi").await;
    let TurnStatus::Failed { error } = told.status() else { panic!("{}", told.log()) };
    assert_eq!(error.code, ErrorCode::ProviderUnreachable);
    assert!(error.cause.is_some() && error.fix.is_some(), "{error:?}");
    desk.finish().await;
}

/// Stops the turn as soon as `when` says so.
async fn stopped(desk: &Desk, when: impl Fn(&Told) -> bool) -> Told {
    let stop = |engine: &Engine, told: &Told| {
        if when(told) {
            engine.stop(&told.conversation);
        }
    };
    desk.ask_in(None, "hi", stop).await
}

#[tokio::test]
async fn stopping_between_two_words() {
    let desk = Desk::new(vec![Round::new().say("one ").hold().say("two")]).await;
    let told = stopped(&desk, |told| matches!(told.events.last(), Some(TurnEvent::Text { .. }))).await;
    assert_eq!(told.log(), "? [says] one  = stopped");
    assert!(matches!(&desk.turns(&told.conversation).await[0].items[1], Item::Message(m) if m.text == "one "));
    desk.engine.shut_down().await;
}

#[tokio::test]
async fn stopping_before_the_first_word() {
    let desk = Desk::new(vec![Round::new().hold().say("never")]).await;
    let told = stopped(&desk, |told| matches!(told.events.last(), Some(TurnEvent::Asked))).await;
    assert_eq!(told.log(), "? = stopped");
    desk.engine.shut_down().await;
}

#[tokio::test]
async fn stopping_during_a_call_says_that_it_may_have_run() {
    let rounds =
        vec![Round::new().call("a", "fixture__progress", json!({ "steps": 100_000, "ms": 50 })), Round::text("next")];
    let desk = Desk::with(rounds, |options| {
        options.servers = Some(vec![fixture("good")]);
        options.rules = vec![chat::Rule::AllowAll];
    });
    let desk = desk.await;
    // Only the tool itself can tell how far it is: then it runs for certain.
    let running =
        |told: &Told| told.calls().iter().any(|call| matches!(call.status, CallStatus::Running { progress: Some(_) }));
    let told = stopped(&desk, running).await;
    assert!(matches!(told.calls()[0].status, CallStatus::Failed { .. }), "{}", told.log());
    assert_eq!(*told.status(), TurnStatus::Stopped);
    // The next question's request answers the stopped call all the same: the script checks it.
    let told = desk.ask_in(Some(told.conversation), "go on", |_, _| ()).await;
    assert!(told.log().ends_with("[says] next = completed"), "{}", told.log());
    desk.finish().await;
}

#[tokio::test]
async fn stopping_while_a_call_waits_for_a_word() {
    let rounds = vec![Round::new().call("a", "fixture__echo", json!({ "text": "x" }))];
    let desk = Desk::with(rounds, |options| options.servers = Some(vec![fixture("good")])).await;
    let told = stopped(&desk, |told| told.waiting().is_some()).await;
    assert_eq!(told.log(), "? <echo proposed><echo asks><echo refused> = stopped");
    desk.finish().await;
}

#[tokio::test]
async fn a_server_that_dies_in_a_call_fails_that_call_and_the_turn_goes_on() {
    let rounds = vec![Round::new().call("a", "fixture__die", json!({})), Round::text("died")];
    let desk = Desk::with(rounds, |options| {
        options.servers = Some(vec![fixture("dies-in-call")]);
        options.rules = vec![chat::Rule::AllowAll];
    });
    let desk = desk.await;
    let told = desk.ask("hi").await;
    assert!(matches!(told.calls()[0].status, CallStatus::Failed { .. }), "{}", told.log());
    assert!(told.log().ends_with("[says] died = completed"), "{}", told.log());
    desk.finish().await;
}

#[tokio::test]
async fn one_answer_at_a_time_in_a_conversation() {
    let desk = Desk::new(vec![Round::new().say("a").hold().say("b")]).await;
    let (_, mut events) = desk.engine.subscribe();
    let question = |conversation| engine::Question { conversation, text: "hi".into(), ..Default::default() };
    let (conversation, _) = desk.engine.send(question(None)).await.unwrap();
    let again = desk.engine.send(question(Some(conversation.clone()))).await.unwrap_err();
    assert_eq!(again.code, ErrorCode::InvalidInput);
    desk.script.release();
    while !desk.engine.conversations().iter().all(|it| !it.running) {
        events.recv().await.unwrap();
    }
    let turns = desk.turns(&conversation).await;
    assert_eq!((turns.len(), &turns[0].status), (1, &TurnStatus::Completed));
    desk.finish().await;
}

#[tokio::test]
async fn nothing_is_sent_without_words_or_a_model() {
    let desk = Desk::with(vec![], |options| options.settings.as_mut().unwrap().model = None).await;
    for text in ["", "  \n", "hi"] {
        let question = engine::Question { text: text.into(), ..Default::default() };
        let error = desk.engine.send(question).await.unwrap_err();
        assert_eq!((error.code, error.fix.is_some()), (ErrorCode::InvalidInput, true));
    }
    assert!(desk.engine.conversations().is_empty());
    desk.finish().await;
}
