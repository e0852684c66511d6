//! Questions asked in other words and answers asked for once more: nothing is lost, and the model hears one branch only.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use chat::{Conversation, ConversationId, ErrorCode, ModelRef, TurnId, VersionOf};
use common::Desk;
use engine::{AppEvent, Place, Question};
use serde_json::Value;
use testkit::Round;

fn rounds(words: &[&str]) -> Vec<Round> {
    words.iter().copied().map(Round::text).collect()
}

/// Asks in that place and waits for the end of the answer.
async fn ask(desk: &Desk, id: &ConversationId, text: &str, place: Place) -> TurnId {
    let question = Question { conversation: Some(id.clone()), text: text.into(), place, ..Default::default() };
    desk.follow(question).await.turn
}

/// Every message, question and answer, in a line.
fn page(conversation: &Conversation) -> String {
    let messages = conversation.turns.iter().flat_map(|turn| &turn.items).filter_map(|item| match item {
        chat::Item::Message(message) => Some(message.text.as_str()),
        _ => None,
    });
    messages.collect::<Vec<_>>().join(" ")
}

fn heard(request: &Value) -> String {
    let messages = request["messages"].as_array().unwrap();
    messages.iter().filter_map(|message| message["content"].as_str()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn an_edited_question_begins_a_branch_and_the_old_one_stays() {
    let desk = Desk::new(rounds(&["one", "two", "three", "four", "five"])).await;
    let first = desk.ask("q1").await;
    let id = first.conversation.clone();
    let second = ask(&desk, &id, "q2", Place::End).await;
    ask(&desk, &id, "q3", Place::End).await;
    let edited = ask(&desk, &id, "q2b", Place::Edited(second.clone())).await;
    let shown = desk.engine.conversation(&id).await.unwrap();
    assert_eq!(page(&shown), "q1 one q2b four");
    assert_eq!(shown.versions.iter().map(|link| &link.turn).collect::<Vec<_>>(), [&second, &edited]);

    // Back to the first version: with all that followed it.
    desk.engine.choose_version(&id, &second, VersionOf::Question).await.unwrap();
    assert_eq!(page(&desk.engine.conversation(&id).await.unwrap()), "q1 one q2 two q3 three");

    // The choice is there after a restart, and the next question follows it.
    let desk = desk.reopen().await;
    assert_eq!(page(&desk.engine.conversation(&id).await.unwrap()), "q1 one q2 two q3 three");
    ask(&desk, &id, "q4", Place::End).await;
    desk.engine.choose_version(&id, &edited, VersionOf::Question).await.unwrap();
    assert_eq!(page(&desk.engine.conversation(&id).await.unwrap()), "q1 one q2b four");
    desk.engine.choose_version(&id, &second, VersionOf::Question).await.unwrap();
    assert_eq!(page(&desk.engine.conversation(&id).await.unwrap()), "q1 one q2 two q3 three q4 five");

    let requests = desk.finish().await;
    assert_eq!(heard(&requests[3]), "q1 one q2b");
    assert_eq!(heard(&requests[4]), "q1 one q2 two q3 three q4");
}

#[tokio::test]
async fn an_answer_is_asked_for_once_more_with_another_model() {
    let desk = Desk::new(rounds(&["one", "two", "three", "four"])).await;
    let first = desk.ask("q1").await;
    let id = first.conversation.clone();
    let model = ModelRef { provider: "custom".into(), model: "another".into() };
    let place = Place::Again(first.turn.clone());
    let question = Question { conversation: Some(id.clone()), model: Some(model.clone()), place, ..Default::default() };
    let again = desk.follow(question).await.turn;
    ask(&desk, &id, "q2", Place::End).await;
    let shown = desk.engine.conversation(&id).await.unwrap();
    assert_eq!(page(&shown), "q1 two q2 three");
    assert_eq!((&shown.turns[0].model, &shown.turns[0].again), (&model, &Some(first.turn.clone())));

    // A third answer, begun at the second, is another answer to the same question.
    let third = ask(&desk, &id, "", Place::Again(again.clone())).await;
    let shown = desk.engine.conversation(&id).await.unwrap();
    assert_eq!(shown.versions.iter().filter(|link| link.question() == &first.turn).count(), 3);
    assert_eq!(shown.turns.last().unwrap().id, third);
    desk.engine.choose_version(&id, &again, VersionOf::Answer).await.unwrap();
    assert_eq!(page(&desk.engine.conversation(&id).await.unwrap()), "q1 two q2 three");

    let requests = desk.finish().await;
    assert_eq!(requests[1]["model"], "another");
    assert_eq!(heard(&requests[1]), "q1");
    assert_eq!(heard(&requests[2]), "q1 two q2");
    assert_eq!(heard(&requests[3]), "q1");
}

#[tokio::test]
async fn the_very_first_question_can_be_edited_and_faces_are_told_of_the_branch() {
    let desk = Desk::new(rounds(&["one", "two"])).await;
    let first = desk.ask("q1").await;
    let id = first.conversation.clone();
    let edited = ask(&desk, &id, "q1b", Place::Edited(first.turn.clone())).await;
    let (_, mut events) = desk.engine.subscribe();
    desk.engine.choose_version(&id, &first.turn, VersionOf::Question).await.unwrap();
    let told = loop {
        if let AppEvent::ConversationOpened { conversation, .. } = events.recv().await.unwrap() {
            break conversation;
        }
    };
    assert_eq!(page(&told), "q1 one");
    assert_eq!(told.versions.iter().map(|link| &link.turn).collect::<Vec<_>>(), [&first.turn, &edited]);
    desk.finish().await;
}

#[tokio::test]
async fn a_place_that_is_not_there_is_said() {
    let desk = Desk::new(rounds(&["one"])).await;
    let id = desk.ask("q1").await.conversation;
    let nowhere = TurnId("nowhere".into());
    for place in [Place::Edited(nowhere.clone()), Place::Again(nowhere.clone())] {
        let question = Question { conversation: Some(id.clone()), text: "x".into(), place, ..Default::default() };
        assert_eq!(desk.engine.send(question).await.unwrap_err().code, ErrorCode::NotFound);
    }
    let error = desk.engine.choose_version(&id, &nowhere, VersionOf::Answer).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
    desk.finish().await;
}

#[tokio::test]
async fn another_version_is_not_looked_at_while_an_answer_is_written() {
    let desk = Desk::new(vec![Round::text("one"), Round::text("two").hold()]).await;
    let first = desk.ask("q1").await;
    let id = first.conversation.clone();
    let question = Question { conversation: Some(id.clone()), text: "q2".into(), ..Default::default() };
    desk.engine.send(question).await.unwrap();
    let error = desk.engine.choose_version(&id, &first.turn, VersionOf::Answer).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    desk.engine.stop(&id);
    desk.engine.shut_down().await;
}

#[tokio::test]
async fn conversations_are_kept_on_top() {
    let desk = Desk::new(rounds(&["one"])).await;
    let id = desk.ask("q1").await.conversation;
    desk.engine.pin(&id, true).unwrap();
    let desk = desk.reopen().await;
    assert!(desk.engine.conversations()[0].pinned);
    desk.engine.pin(&id, false).unwrap();
    let desk = desk.reopen().await;
    assert!(!desk.engine.conversations()[0].pinned);
    desk.finish().await;
}

#[tokio::test]
async fn a_conversation_is_copied_whole_or_up_to_a_turn() {
    let desk = Desk::new(rounds(&["one", "two", "three", "four", "five"])).await;
    let first = desk.ask("q1").await;
    let id = first.conversation.clone();
    let second = ask(&desk, &id, "q2", Place::End).await;
    let edited = ask(&desk, &id, "q2b", Place::Edited(second.clone())).await;
    desk.engine.choose_version(&id, &second, VersionOf::Question).await.unwrap();
    ask(&desk, &id, "q3", Place::End).await;
    let before = desk.engine.conversation(&id).await.unwrap();

    let whole = desk.engine.fork(&id, None).await.unwrap();
    let part = desk.engine.fork(&id, Some(&edited)).await.unwrap();
    let copy = desk.engine.conversation(&whole).await.unwrap();
    assert_eq!((page(&copy), copy.title.as_str()), ("q1 one q2 two q3 four".into(), "q1 (2)"));
    assert_eq!(copy.versions.len(), 2);
    let copy = desk.engine.conversation(&part).await.unwrap();
    assert_eq!((page(&copy), copy.title.as_str()), ("q1 one q2b three".into(), "q1 (3)"));

    // What is said in a copy is not said in the original.
    ask(&desk, &part, "q4", Place::End).await;
    let desk = desk.reopen().await;
    assert_eq!(desk.engine.conversation(&id).await.unwrap(), before);
    assert_eq!(page(&desk.engine.conversation(&part).await.unwrap()), "q1 one q2b three q4 five");
    assert_eq!(desk.engine.conversations().len(), 3);
    assert_eq!(desk.engine.fork(&id, Some(&"nowhere".into())).await.unwrap_err().code, ErrorCode::NotFound);
    let requests = desk.finish().await;
    assert_eq!(heard(&requests[4]), "q1 one q2b three q4");
}

#[tokio::test]
async fn what_stands_on_another_branch_is_reached() {
    let desk = Desk::new(rounds(&["one", "two", "three", "four"])).await;
    let first = desk.ask("q1").await;
    let id = first.conversation.clone();
    let second = ask(&desk, &id, "q2", Place::End).await;
    let third = ask(&desk, &id, "q3", Place::End).await;
    let edited = ask(&desk, &id, "q2b", Place::Edited(second.clone())).await;
    assert!(!desk.engine.reach_turn(&id, &edited).await.unwrap());
    assert!(desk.engine.reach_turn(&id, &second).await.unwrap());
    assert_eq!(page(&desk.engine.conversation(&id).await.unwrap()), "q1 one q2 two q3 three");
    assert!(!desk.engine.reach_turn(&id, &third).await.unwrap());
    assert!(desk.engine.reach_turn(&id, &edited).await.unwrap());
    let missing = desk.engine.reach_turn(&id, &"nowhere".into()).await.unwrap_err();
    assert_eq!(missing.code, ErrorCode::NotFound);
    desk.finish().await;
}
