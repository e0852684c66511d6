//! What servers ask in the middle of a turn, and what becomes of it.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use std::time::Duration;

use chat::{Answer, Ask, CallStatus, ErrorCode, Item, Question, QuestionStatus, Rule, ToolChoice, TurnEvent};
use common::{Desk, Told, asker};
use engine::{AppEvent, Events};
use serde_json::{Value, json};
use testkit::Round;

/// A turn in which the model calls one tool of the server that asks back.
async fn desk(tool: &str, more: Vec<Round>, sampling: bool) -> Desk {
    let called = Round::new().call("a", &format!("asker__{tool}"), json!({}));
    let rounds = [called].into_iter().chain(more).chain([Round::text("done")]).collect();
    Desk::with(rounds, |options| {
        options.servers = Some(vec![asker()]);
        options.rules = vec![Rule::AllowAll];
        options.settings = options.settings.take().map(|settings| engine::Settings { sampling, ..settings });
    })
    .await
}

/// The newest event's question, where that waits.
fn asked(told: &Told) -> Option<&Question> {
    match told.events.last() {
        Some(TurnEvent::Item { item: Item::Question(question) }) if question.status == QuestionStatus::Waiting => {
            Some(question)
        }
        _ => None,
    }
}

fn result(told: &Told) -> String {
    match &told.calls()[0].status {
        CallStatus::Succeeded { output } => output.model_text.clone(),
        other => panic!("no result: {other:?}"),
    }
}

fn accept(content: Value) -> Answer {
    Answer::Accept { content: Some(content), model: None }
}

#[tokio::test]
async fn a_form_waits_until_it_is_filled_as_it_must_be() {
    let desk = desk("form", vec![], false).await;
    let told = desk.ask_in(None, "hi", |engine, told| {
        if let Some(question) = asked(told) {
            assert!(matches!(&question.ask, Ask::Form { message, .. } if message == "Who are you?"));
            assert_eq!(question.call.as_ref(), Some(&told.calls()[0].id));
            let wrong = engine.answer_question(&question.id, accept(json!({ "age": "old" }))).unwrap_err();
            assert_eq!(wrong.code, ErrorCode::InvalidInput);
            engine.answer_question(&question.id, accept(json!({ "name": "Ann" }))).unwrap();
            assert!(engine.answer_question(&question.id, Answer::Decline).is_err(), "answered once");
        }
    });
    let told = told.await;
    assert_eq!(
        told.log(),
        "? <form proposed><form runs>(asked) (accepted) <form ok> ? [says] done = completed".replace(">(", "> (")
    );
    assert_eq!(result(&told), r#"{"action":"accept","content":{"name":"Ann","age":42}}"#, "defaults are filled in");
    let kept = desk.turns(&told.conversation).await;
    let questions = kept[0].items.iter().filter(|item| matches!(item, Item::Question(_))).count();
    assert_eq!(questions, 1, "it is part of the turn");
    desk.finish().await;
}

#[tokio::test]
async fn a_declined_form_is_told_to_the_server() {
    let desk = desk("form", vec![], false).await;
    let told = desk.ask_in(None, "hi", |engine, told| {
        if let Some(question) = asked(told) {
            engine.answer_question(&question.id, Answer::Decline).unwrap();
        }
    });
    assert_eq!(result(&told.await), r#"{"action":"decline"}"#);
    desk.finish().await;
}

#[tokio::test]
async fn stopping_the_turn_closes_the_question() {
    let desk = desk("form", vec![], false).await;
    let told = desk.ask_in(None, "hi", |engine, told| {
        if asked(told).is_some() {
            engine.stop(&told.conversation);
        }
    });
    let told = told.await;
    let kept = desk.turns(&told.conversation).await;
    let open = kept[0].items.iter().any(|item| matches!(item, Item::Question(question) if !question.status.is_final()));
    assert!(!open && told.log().contains("(cancelled)") && told.log().ends_with("= stopped"), "{}", told.log());
    desk.engine.shut_down().await;
}

#[tokio::test]
async fn the_model_writes_for_a_server_once_a_person_agreed() {
    let desk = desk("sample", vec![Round::text("hi from the model")], true).await;
    let told = desk.ask_in(None, "hi", |engine, told| {
        if let Some(question) = asked(told) {
            assert!(matches!(&question.ask, Ask::Sampling { request } if request.max_tokens == Some(50)));
            engine.answer_question(&question.id, Answer::Accept { content: None, model: None }).unwrap();
        }
    });
    let told = told.await;
    assert!(told.log().contains("(asked) (answering) (accepted)"), "{}", told.log());
    assert!(result(&told).contains("hi from the model"), "{}", result(&told));
    let requests = desk.finish().await;
    assert!(requests[1]["messages"].to_string().contains("Say hi"), "the server's words were sent, and no others");
    assert_eq!(requests[1]["messages"].as_array().unwrap().len(), 1);
}

/// The next question that belongs to no turn, as it stands then.
async fn outside(events: &mut Events) -> Question {
    loop {
        match events.recv().await {
            Some(AppEvent::Question { question }) => return question,
            Some(_) => (),
            None => panic!("nothing was asked"),
        }
    }
}

#[tokio::test]
async fn what_is_asked_while_a_resource_is_read_is_shown_by_itself() {
    let desk = Desk::with(vec![], |options| options.servers = Some(vec![asker()])).await;
    desk.engine.servers_settled(Duration::from_secs(60)).await;
    let declined = desk.engine.offers(None).read_resource("asker", "note://ask").await.unwrap();
    assert!(!declined.text.contains("Ann"), "nobody sees it yet: {}", declined.text);
    desk.engine.attend();
    let (_, mut events) = desk.engine.subscribe();
    let answered = async {
        let question = outside(&mut events).await;
        assert!(matches!(&question.ask, Ask::Form { message, .. } if message == "Who reads?"));
        assert_eq!((question.call.as_ref(), question.server.as_str()), (None, "asker"));
        assert_eq!(
            desk.engine.subscribe().0.questions,
            std::slice::from_ref(&question),
            "a reloaded window shows it again"
        );
        desk.engine.answer_question(&question.id, accept(json!({ "name": "Ann" }))).unwrap();
        outside(&mut events).await
    };
    let offers = desk.engine.offers(None);
    let (read, question) = tokio::join!(offers.read_resource("asker", "note://ask"), answered);
    assert_eq!(read.unwrap().text, "Ann");
    assert!(matches!(question.status, QuestionStatus::Accepted { .. }), "{question:?}");
    assert!(desk.engine.subscribe().0.questions.is_empty());
    desk.finish().await;
}

#[tokio::test]
async fn what_is_asked_out_of_the_blue_is_shown_by_itself() {
    let desk = Desk::with(vec![], |options| options.servers = Some(vec![asker()])).await;
    desk.engine.attend();
    desk.engine.servers_settled(Duration::from_secs(60)).await;
    let (snapshot, mut events) = desk.engine.subscribe();
    let settings = engine::Settings { folders: vec!["/ask".into()], ..snapshot.settings.settings };
    desk.engine.change_settings(settings).unwrap();
    let question = outside(&mut events).await;
    assert_eq!(question.server, "asker");
    desk.engine.answer_question(&question.id, Answer::Decline).unwrap();
    assert_eq!(outside(&mut events).await.status, QuestionStatus::Declined);
    desk.finish().await;
}

#[tokio::test]
async fn a_conversation_has_folders_of_its_own() {
    let desk = desk("roots", vec![], false).await;
    let folders = Some(vec!["/home/ann/notes".to_owned()]);
    let wrong = ToolChoice { folders: Some(vec!["notes".into()]), ..ToolChoice::default() };
    assert_eq!(desk.engine.choose_tools(None, wrong).await.unwrap_err().code, ErrorCode::InvalidInput);
    desk.engine.choose_tools(None, ToolChoice { folders, ..ToolChoice::default() }).await.unwrap();
    let told = desk.ask("hi").await;
    assert!(result(&told).contains("file:///home/ann/notes"), "{}", result(&told));
    desk.finish().await;
}

#[tokio::test]
async fn the_model_reads_what_results_link_to_and_nothing_else() {
    let read = |uri: &str| Round::new().call("b", "loquat__read_resource", json!({ "uri": uri }));
    let desk = desk("link", vec![read("note://1"), read("note://2")], false).await;
    let told = desk.ask("hi").await;
    let calls = told.calls();
    assert!(matches!(&calls[1].status, CallStatus::Succeeded { output } if output.model_text == "text of note://1"));
    assert!(matches!(&calls[2].status, CallStatus::Failed { error } if error.code == ErrorCode::ArgumentsInvalid));
    let requests = desk.finish().await;
    let offered = |at: usize| requests[at]["tools"].to_string().contains("loquat__read_resource");
    assert!(!offered(0) && offered(1), "offered once there is something to read");
}
